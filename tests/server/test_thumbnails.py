"""Thumbnails are drawn in another process; if it fails, the page says so and does not wait."""

from __future__ import annotations

import asyncio
import sys

import pytest

from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.small_picture import thumbnail
from natgrad_lecture.server.thumbnails import Drawing
from tests.support.event_loops import run_apart


def drawn(names: list[str], faults: dict[str, BaseException]) -> list[str]:
    """The pictures of these lessons, asked for all at once."""

    async def ask() -> list[str]:
        drawing = Drawing(names, faults.__setitem__)
        try:
            return await asyncio.wait_for(asyncio.gather(*map(drawing.picture, names)), 120)
        finally:
            await drawing.close()

    return run_apart(ask())


@pytest.mark.slow
def test_another_process_draws_what_the_engine_draws_here() -> None:
    faults: dict[str, BaseException] = {}
    assert drawn(["coordinates"], faults) == [thumbnail(lessons["coordinates"])]
    assert not faults


def test_a_picture_that_cannot_be_drawn_is_empty_and_its_fault_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = ["coordinates", "newton"]
    faults: dict[str, BaseException] = {}
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert drawn(names, faults) == ["", ""]
    assert set(faults) == set(names)


def test_a_process_that_says_what_is_no_picture_keeps_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    faults: dict[str, BaseException] = {}
    monkeypatch.setattr(sys, "executable", "/bin/echo")
    assert drawn(["coordinates"], faults) == [""]
    assert set(faults) == {"coordinates"}
