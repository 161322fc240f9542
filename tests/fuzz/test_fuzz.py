"""Hostile asks and links: no exception, no state lost. ``make fuzz`` tries a hundred thousand."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.lessons import lessons
from natgrad_lecture.protocol import Picture
from natgrad_lecture.server.request_filter import Refused, ask_in, frame_of
from tests.fuzz.examine import fuzz, fuzz_states
from tests.fuzz.visits import visit


@pytest.mark.parametrize("name", lessons)
def test_whatever_is_asked_is_answered_and_no_state_is_lost(name: str) -> None:
    tried = fuzz(lessons[name], 16)
    assert tried.cases == 20
    assert tried.ask  # which took longest
    assert tried.seconds > 0


@pytest.mark.parametrize("name", lessons)
def test_whatever_a_link_says_opens_a_good_state(name: str) -> None:
    assert fuzz_states(lessons[name], 40) == 40


@pytest.mark.parametrize("name", [name for name, lesson in lessons.items() if not lesson.slow])
def test_whatever_a_reader_does_in_whatever_order_is_drawn(name: str) -> None:
    visit(lessons[name], visits=2, acts=10)


def test_a_visit_finds_what_nobody_foresaw() -> None:
    """A figure that fails once two controls were moved is met by somebody who moves controls."""
    lesson = lessons["coordinates"]

    def picture(seen: Any, sheet: Sheet) -> Picture:
        state, default = seen.state.plain(), lesson.default.plain()
        controls = ("damping", "rate", "steps", "start", "matrix", "problem")
        if sum(state[name] != default[name] for name in controls) > 1:
            raise StopIteration
        return lesson.picture(seen, sheet)

    with pytest.raises(AssertionError, match="StopIteration"):
        visit(replace(lesson, picture=picture), visits=200, acts=20, shrink=False)


COMM = "c" * 32
HEADER = {"msg_type": "comm_msg", "msg_id": "m"}
ASK = {"ask": 1, "state": {"rate": 0.1}, "set": {"rate": [0.2, "θ"]}, "have": []}
CONTENT = {"comm_id": COMM, "data": {"method": "custom", "content": ASK}}
PARTS = [b"shell", *(json.dumps(part).encode() for part in (HEADER, {}, {}, CONTENT))]
FRAME = frame_of(PARTS)

SPLICES = st.lists(
    st.tuples(st.integers(0, len(FRAME)), st.integers(0, 9), st.binary(max_size=9)),
    min_size=1,
    max_size=4,
)
"""Where a frame is changed, how many bytes go, and which come."""


def spliced(splices: list[tuple[int, int, bytes]], into: bytes) -> bytes:
    for at, gone, come in splices:
        into = into[:at] + come + into[at + gone :]
    return into


FRAMES = st.one_of(
    st.binary(max_size=400),
    SPLICES.map(lambda splices: spliced(splices, FRAME)),
    # The frame itself is whole, and one of its parts is not.
    st.tuples(st.integers(0, 4), SPLICES).map(
        lambda it: frame_of([*PARTS[: it[0]], spliced(it[1], PARTS[it[0]]), *PARTS[it[0] + 1 :]])
    ),
    st.lists(st.binary(max_size=60), max_size=7).map(frame_of),
)


@settings(max_examples=400, deadline=None)
@given(FRAMES)
def test_a_frame_is_an_ask_or_refused_and_nothing_else(frame: bytes) -> None:
    with suppress(Refused):
        assert isinstance(ask_in(frame, COMM), dict)


def test_the_frame_that_is_spoiled_is_a_good_one() -> None:
    assert ask_in(FRAME, COMM) == ASK
