"""What all tests share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test is marked by the folder it is in."""
    for item in items:
        for room in ("browser", "nets"):
            if HERE / room in item.path.parents:
                item.add_marker(room)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many sentences of the lessons are claims: each of them is a test above."""
    from app.lessons import lessons

    count = {name: len(lesson.claims) for name, lesson in lessons.items()}
    each = ", ".join(f"{name} {n}" for name, n in count.items())
    terminalreporter.write_line(f"{sum(count.values())} claims in {len(count)} lessons: {each}")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20190201)
