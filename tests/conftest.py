"""What all tests share."""

from __future__ import annotations

import gc
import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from natgrad_core.tracing import replay
from tests.support import servers
from tests.support.chromium import FLAGS, SHELL, chromium
from tests.support.coverings import spared

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# A busy machine is no fault: nothing here is a matter of how long an input takes to make.
settings.register_profile("patient", suppress_health_check=[HealthCheck.too_slow], deadline=None)
settings.load_profile("patient")

# Nearly all that tests leave, Python frees without its collector, which need look seldom.
gc.set_threshold(10_000, 10, 50)

servers.AHEAD = False

# What a test runs is over before a second, better compilation of its steps would pay; the digits
# are the same (tests/engine/test_compiled.py, which compiles them well, too).
replay.WELL = math.inf, 0.0

HERE = Path(__file__).parent

ROOMS = (
    "browser",
    "docs",
    "notebooks",
    "deploy",
    "packaging",
    "nets",
    "fuzz",
    "server",
    "lecture",
    "lessons",
)
"""The folders, the slowest tests' first. The others have so many quick ones that they even out what
the workers have left to do at the end. In a folder the fullest file comes first, because all tests
of a file run in one worker."""

SLOW = {"server", "exported", "drawn"}
"""Fixtures that take seconds: a server, an exported lesson, the states of the scope of a claim."""

TRAINED = ("after-kfac", "approximations", "net", "race")
"""The lessons whose states are trained: what asks for many of them is slow."""


def room(path: Path) -> str:
    """The folder that a test is in."""
    return str(path.parent.relative_to(HERE))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test is marked by the folder it is in, and comes when that folder does. What is trained is
    slow, and so is what needs a server or an export.
    """
    rooms = {path: room(path) for path in {item.path for item in items}}
    for item in items:
        if rooms[item.path] in ("browser", "nets"):
            item.add_marker(rooms[item.path])
        given = getattr(getattr(item, "callspec", None), "params", {})
        trained = getattr(given.get("lesson"), "name", "") in TRAINED
        if trained or not SLOW.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker("slow")
    count = Counter(item.path for item in items)
    last = len(ROOMS)
    rank = {
        path: (ROOMS.index(name) if name in ROOMS else last, -count[path])
        for path, name in rooms.items()
    }
    items.sort(key=lambda item: rank[item.path])


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before anything is opened for it, a case is skipped that others make needless."""
    if spared(item):
        pytest.skip("other cases have all its features: EVERY_VISIT=1 tries each")


def pytest_collection_finish() -> None:
    """What was imported and collected stays: nobody need look through it again for garbage."""
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many sentences of the lessons are claims: each of them is a test above."""
    from natgrad_lecture.lessons import lessons
    from tests.support.states import how_many

    count = {name: len(lesson.claims) for name, lesson in lessons.items()}
    each = ", ".join(f"{name} {n}" for name, n in count.items())
    terminalreporter.write_line(f"{sum(count.values())} claims in {len(count)} lessons: {each}")
    scoped = [c for lesson in lessons.values() for c in lesson.claims.values() if c.scope]
    false = sum(len(c.false) + bool(c.beyond) for c in scoped)
    states = sum(how_many(c.scope) for c in scoped if c.scope)
    terminalreporter.write_line(
        f"{len(scoped)} of them over a scope, in {states} states, beside {false} false ones"
    )
    derived = [d for lesson in lessons.values() for d in lesson.derivations.values()]
    lines = sum(len(d.lines) for d in derived)
    checked = sum(len(d.lines) * how_many(d.scope) for d in derived)
    exercises = sum(len(lesson.exercises) for lesson in lessons.values())
    terminalreporter.write_line(
        f"{lines} lines of {len(derived)} derivations, each in its states ({checked} in all); "
        f"{exercises} exercises"
    )


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, without a window. There is one for all folders: Playwright's
    synchronous functions can be started only once at a time in a process.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(SHELL), args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20190201)
