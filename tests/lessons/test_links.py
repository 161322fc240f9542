"""Every link of version 1 still opens the state that it opened when it was recorded.

``links.json`` holds, for each lesson by its name at that time, the default state and links, each
with the fields in which its state differs from the default.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from natgrad_lecture.lesson_names import current
from natgrad_lecture.lessons import lessons
from natgrad_lecture.state.link import VERSION, read_query

RECORDED: dict[str, Any] = json.loads(Path(__file__).with_name("links.json").read_text("utf-8"))


def test_every_lesson_of_a_recorded_link_is_still_there() -> None:
    """A lesson that is new has no old links."""
    assert {current(name) for name in RECORDED} <= set(lessons)
    assert all(len(kept["links"]) >= 7 for kept in RECORDED.values())


@pytest.mark.parametrize("name", RECORDED)
def test_every_recorded_link_opens_its_state(name: str) -> None:
    default = lessons[current(name)].default
    kept = RECORDED[name]
    for link, changes in kept["links"].items():
        assert link.startswith(f"v={VERSION}&")
        state, dropped = read_query(link, default)
        plain = json.loads(json.dumps(state.plain()))
        assert dropped == [], link
        assert {field: plain[field] for field in kept["default"]} == kept["default"] | changes, link
