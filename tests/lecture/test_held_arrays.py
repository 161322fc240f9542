"""Arrays that a change leaves as they are: they are not sent again, and the page misses none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from natgrad_core.types import Array
from natgrad_lecture.held_arrays import RECENT, HeldArrays
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.session import Live
from tests.support import features
from tests.support.answers import unpack

LESSONS = [
    pytest.param(lesson, id=name, marks=[pytest.mark.nets] if lesson.slow else [])
    for name, lesson in lessons.items()
]


def moved(answer: dict[str, Any], lesson: Lesson) -> Iterator[tuple[str, list[Any]]]:
    """Each slider and each handle of a picture, and three values to which it is dragged."""
    for control in (control for group in lesson.control_groups() for control in group["controls"]):
        value = answer["values"].get(control["field"])
        if control["kind"] != "slider" or not isinstance(value, int | float):
            continue
        low, high = control["min"], control["max"]
        step = control.get("step") or 0.01 * (high - low)
        by = step * max(1, round(0.01 * (high - low) / step))
        way = by if value + 3 * by <= high else -by
        yield control["field"], [max(low, value + i * way) for i in (1, 2, 3)]
    for handle in answer["handles"]:
        start, scale = handle.get("from", [0, 0]), handle.get("scale") or 1
        at = [(v - s) / scale for v, s in zip(handle["at"], start, strict=True)]
        yield handle["field"], [[(1 + 0.01 * i) * v for v in at] for i in (1, 2, 3)]


class Page:
    """A page that keeps the arrays of the answers it had, and the kernel that it asks."""

    def __init__(self, lesson: Lesson) -> None:
        self.live, self.held = Live(lesson), HeldArrays()
        self.answer, self.whole = self.live.respond({"ask": 0, "state": {}, "set": {}, "have": []})
        self.have = [trace["cache"] for trace in self.answer["traces"] if "cache" in trace]
        self.arrays = unpack(self.answer, self.whole)
        self.sent = 0
        self.kept: str | None = None

    def ask(self, changes: dict[str, Any]) -> tuple[dict[str, Array], dict[str, Array]]:
        """Ask; return the arrays of the kernel's answer, and those that the page then has."""
        ask = {"ask": 1, "state": self.answer["state"], "set": changes, "have": self.have}
        answer, whole = self.live.respond(ask)
        reduced, data = self.held.reduced(answer, whole, self.kept)
        self.answer, self.sent, self.kept = answer, len(data), reduced["mark"]
        arrays = unpack(reduced, data)
        for name in reduced.get("held", {"names": []})["names"]:
            assert name not in arrays
            arrays[name] = self.arrays[name]
        self.arrays = arrays
        return unpack(answer, whole), arrays


@pytest.mark.covering(features.kinds_of_traces, features.kinds_of_controls, features.handles)
@pytest.mark.parametrize("lesson", LESSONS)
def test_only_what_a_drag_changes_is_sent(lesson: Lesson) -> None:
    """Of every slider and handle of a lesson, by the bytes."""
    page = Page(lesson)
    page.ask({})
    first = dict(page.answer["state"])
    dragged = 0
    for field, values in moved(dict(page.answer), lesson):
        for value in values:
            before = dict(page.arrays)
            whole, arrays = page.ask({field: value})
            assert arrays.keys() == whole.keys(), field
            for name, numbers in whole.items():
                assert np.array_equal(arrays[name], numbers, equal_nan=True), (field, name)
            changed = [
                numbers.nbytes + -numbers.nbytes % 8
                for name, numbers in whole.items()
                if name not in before
                or numbers.dtype != before[name].dtype
                or numbers.tobytes() != before[name].tobytes()
            ]
            assert page.sent == sum(changed), field
            dragged += 1
        page.answer["state"].update(first)
    assert dragged or not page.answer["handles"]


def test_a_kernel_that_does_not_know_the_page_sends_everything() -> None:
    page = Page(lessons["coordinates"])
    answer = {**page.answer, "buffers": dict(page.answer["buffers"])}
    known, _ = HeldArrays().reduced(answer, page.whole, None)
    for kept in (None, known["mark"], "", 7, ["x"], {"mark": "x"}):
        reduced, data = page.held.reduced(answer, page.whole, kept)
        assert "held" not in reduced
        assert data == page.whole


def test_as_many_answers_are_remembered_as_a_page_may_name() -> None:
    page = Page(lessons["coordinates"])
    marks = [page.held.reduced(page.answer, page.whole, None)[0]["mark"] for _ in range(RECENT + 1)]
    assert len(set(marks)) == len(marks)
    _, data = page.held.reduced(page.answer, page.whole, marks[-1])
    assert len(data) < 0.05 * len(page.whole)
    _, data = page.held.reduced(page.answer, page.whole, marks[0])
    assert data == page.whole


def test_words_without_a_picture_are_left_as_they_are() -> None:
    refusal = {"answer": 3, "fault": "no"}
    assert HeldArrays().reduced(refusal, b"", "x") == (refusal, b"")
