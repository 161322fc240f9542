"""No move of a slider traces a step again or compiles one: it changes a number of the step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from natgrad_core.tracing import machine_code, trace_cache
from natgrad_core.tracing.replay import ahead
from natgrad_lecture.lessons import lessons
from natgrad_lecture.session import Live

WARM, MOVES = 2, 3
"""Moves that may trace, and moves that may not."""


class Slider(NamedTuple):
    """A slider of a lesson."""

    lesson: str
    field: str
    low: float
    high: float
    when: dict[str, Any]
    """What must be set for it to be on the page."""


def sliders() -> Iterator[Slider]:
    """Every slider of the lessons that run rules on problems."""
    for name, lesson in lessons.items():
        if lesson.slow:  # nets, which torch runs
            continue
        for group in lesson.control_groups():
            for control in group["controls"]:
                found: dict[str, Any] = {**control}
                if found.get("min") is None or found.get("max") is None:
                    continue
                when = {field: values[0] for field, values in found.get("when", ())}
                yield Slider(name, found["field"], found["min"], found["max"], when)


SLIDERS = list(sliders())


def test_there_are_sliders_in_every_lesson_that_runs_rules() -> None:
    assert len(SLIDERS) > 50
    assert {each.lesson for each in SLIDERS} >= {"coordinates", "variational", "playground"}


@pytest.mark.covering(slider=lambda each: {each.lesson, each.field.split(".")[-2:][0]})
@pytest.mark.parametrize("slider", SLIDERS, ids=lambda s: f"{s.lesson}-{s.field}")
def test_a_move_of_a_slider_traces_and_compiles_nothing(
    slider: Slider, monkeypatch: pytest.MonkeyPatch
) -> None:
    traced: list[int] = []
    compiled: list[int] = []
    trace, built = trace_cache.trace, machine_code._built
    monkeypatch.setattr(trace_cache, "trace", lambda *a: traced.append(1) or trace(*a))
    monkeypatch.setattr(machine_code, "_built", lambda *a: compiled.append(1) or built(*a))
    lesson = lessons[slider.lesson]
    live = Live(lesson)
    answer, _ = live.respond({"ask": 0, "state": {}, "set": slider.when, "have": []})
    whole = isinstance(lesson.values(live.store.state).get(slider.field), int)
    moved = 0
    with ahead():
        for i in range(WARM + MOVES):
            value = slider.low + (slider.high - slider.low) * (0.35 + 0.07 * i)
            change = {slider.field: round(value) if whole else value}
            before = answer["state"]
            ask = {"ask": i + 1, "state": before, "have": [], "set": change}
            answer, _ = live.respond(ask)
            moved += i >= WARM and answer["state"] != before
            if i < WARM:
                traced.clear()
                compiled.clear()
    assert moved, "no value of it is taken"
    assert (len(traced), len(compiled)) == (0, 0)
