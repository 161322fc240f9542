"""In a view of a lesson each control changes the picture, or says why it does not."""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.page_data import page_data
from natgrad_lecture.session import Live
from natgrad_lecture.widget import plain
from tests.support.answers import unpack
from tests.support.states import MORE

LONG = frozenset({"steps", "width", "count", "budget", "task", "noise"})
"""Fields of the nets' lessons that make a picture grow for long; what they change is plain."""

PARTS = 12
"""Of a picture that grows, how many are asked for."""

VIEWS = 100 if MORE else 1
"""In how many views a control is moved: the first that shows it, or in ``make claims`` all."""


def overlap(value: Any, values: list[Any]) -> bool:
    """Whether a field has one of the values, or several one among its own."""
    chosen = value if isinstance(value, list) else [value]
    return any(each in values for each in chosen)


def visible(answer: dict[str, Any], groups: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The controls that a page shows beside an answer."""
    shown = answer.get("shown", {}).get("groups")
    for group in groups:
        for control in group["controls"] if shown is None or group["id"] in shown else ():
            when = control.get("when", [])
            if all(overlap(answer["values"].get(field), values) for field, values in when):
                yield control


def others(control: dict[str, Any], value: Any) -> Iterator[tuple[str, Any]]:
    """Moves of a control: the field that it sets, and another value."""
    field, kind = control["field"], control["kind"]
    if kind == "slider":
        low, high, step = control["min"], control["max"], control["step"]
        for part in (0.5, 0.13, 0.9):
            if control.get("scale") == "log":
                first = max(low, step or high / 1e4)
                wished = first * (high / first) ** part
            else:
                wished = low + (high - low) * part
            yield field, round(wished) if float(step) >= 1 else wished
    elif kind == "number":
        start = value if isinstance(value, int | float) and math.isfinite(value) else 0
        yield from ((field, start + by * control["step"]) for by in (3, 1, -3))
    elif kind == "choice":
        yield from ((field, o["value"]) for o in control["options"] if o["value"] != value)
    elif kind == "checks":
        for option in control["options"][:6]:
            one, chosen = option["value"], list(value or [])
            yield field, [x for x in chosen if x != one] if one in chosen else [*chosen, one]
    elif kind == "toggle":
        yield field, not value
    elif kind == "button":
        yield field, control.get("value", True)
    elif kind == "matrix":
        yield f"{field}.0.1", (value[0][1] if value else 0) + 0.37


def growing(lesson: Lesson, ask: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Any]]:
    """An answer as it grows, each with its picture, without what a clock says."""
    live = Live(lesson)
    answer, data = live.respond({"ask": 1, **ask})
    for part in range(1 + (PARTS if lesson.slow else 3)):
        if part:
            if "more" not in answer:
                return
            more = {"ask": 1, "state": answer["state"], "fine": answer["more"]}
            answer, data = live.respond(more)
        said = plain(answer)
        arrays = {k: v.tobytes() for k, v in unpack(said, data).items() if "second" not in k}
        kept = ("planes", "traces", "handles", "meter", "notes", "numbers")
        shown = said["traces"] if lesson.slow else {k: said.get(k) for k in kept}
        charts = [c for c in said.get("charts", []) if c["name"] != "times"]
        tables = [[c["name"], c.get("table")] for c in charts]
        yield said, (json.dumps(shown, sort_keys=True), arrays, tables)


@pytest.mark.slow
@pytest.mark.parametrize(
    "lesson", [pytest.param(x, id=n) for n, x in lessons.items() if n != "race"]
)
def test_every_control_that_is_shown_does_something_or_says_why_not(lesson: Lesson) -> None:
    """Of every lesson but the race, whose runs are as long as the clock says."""
    static = plain(page_data(lesson))
    seen, moves = set(), Counter[str]()
    for preset in [{}, *(preset["set"] for preset in static["presets"])]:
        few = {"steps": 12} if lesson.slow and "steps" in lesson.default.plain() else {}
        parts = growing(lesson, {"set": {**preset, **few}})
        answer, picture = next(parts)
        controls = list(visible(answer, static["controls"]))
        view = (*(c["field"] for c in controls), *sorted(answer["idle"]))
        if view in seen:
            continue
        seen.add(view)
        for control in controls:
            field = control["field"]
            explained = field in answer["idle"] or field in answer["errors"]
            if explained or (lesson.slow and field in LONG) or control["kind"] == "text":
                continue
            moves[field] += 1
            if moves[field] > VIEWS:
                continue
            refused = False
            for name, value in others(control, answer["values"].get(field)):
                ask = {"state": answer["state"], "set": {name: value}}
                # Most controls change the first part already: the others are made if need be.
                parts, again = itertools.tee(parts)
                errors, changed = {}, False
                for moved, before in itertools.zip_longest(
                    growing(lesson, ask), itertools.chain([(answer, picture)], again)
                ):
                    changed = not moved or not before or moved[1] != before[1]
                    errors = moved[0]["errors"] if moved else errors
                    if changed:
                        break
                refused |= errors != answer["errors"]
                if changed:
                    break
            else:
                assert refused, f"{field} does nothing in {answer['query'] or 'the default'}"


def test_a_reason_is_given_for_a_control_of_the_lesson() -> None:
    for lesson in lessons.values():
        fields = {c["field"] for group in lesson.controls() for c in group["controls"]}
        for preset in ({}, *(preset.set for preset in lesson.presets)):
            if not lesson.slow:
                assert lesson.idle(lesson.after(preset)).keys() <= fields, lesson.name
