"""Which cases a test of shared code is tried on: few, which together show all that is there."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any, cast

import pytest

from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.protocol import Picture, Trace
from tests.support import features
from tests.support.coverings import EVERY, covering, spared

TRACES = features.kinds_of_traces, features.placed_traces, features.traces
FEW = [lessons[name] for name in ("efficiency", "fisher", "singular")]
"""Lessons whose first picture is made soon."""


def test_a_covering_shows_every_feature_and_no_item_of_it_can_be_spared() -> None:
    shown = {"a": {1, 2, 3}, "b": {1, 2, 4, 5}, "c": {4}, "d": {3, 5, 6}, "e": set[int]()}
    taken = covering([*shown], shown.__getitem__)
    assert taken == ["b", "d"], "a came first, and the others have all that it shows"
    assert covering([*reversed(shown)], shown.__getitem__) == ["d", "b"], "in the order given"
    assert covering([], shown.__getitem__) == []


@pytest.mark.covering(tens=lambda number: {number // 10, number % 10})
@pytest.mark.parametrize("tens", [10, 11, 21])
@pytest.mark.parametrize("letter", "abc")
@pytest.mark.parametrize("other", "xyz")
def test_of_several_parameters_each_two_values_or_features_are_tried_together(
    request: pytest.FixtureRequest, tens: int, letter: str, other: str
) -> None:
    cases = [
        each
        for each in request.session.items
        if isinstance(each, pytest.Function) and each.obj is request.node.obj
    ]
    some, every = ([each.callspec.params for each in them] for them in (kept(cases), cases))

    def shown(params: dict[str, Any]) -> dict[str, set[Any]]:
        tens = params["tens"]
        return {**{name: {it} for name, it in params.items()}, "tens": {tens // 10, tens % 10}}

    def pairs(them: list[dict[str, Any]]) -> set[Any]:
        return {
            (one, other, *two)
            for of in map(shown, them)
            for one, other in itertools.combinations(sorted(of), 2)
            for two in itertools.product(of[one], of[other])
        }

    assert {"tens": tens, "letter": letter, "other": other} in some, "this one is tried"
    assert pairs(some) == pairs(every)
    assert EVERY or len(every) < 27 or 9 <= len(some) < 14


def test_no_test_has_all_its_cases_skipped(request: pytest.FixtureRequest) -> None:
    tests: dict[Any, list[pytest.Function]] = {}
    for each in request.session.items:
        if isinstance(each, pytest.Function) and each.path == request.path:
            tests.setdefault(each.obj, []).append(each)
    for cases in tests.values():
        assert kept(cases), cases[0].nodeid


def kept(cases: list[pytest.Function]) -> list[pytest.Function]:
    return [each for each in cases if not spared(each)]


def with_(lesson: Lesson, **options: Any) -> Lesson:
    """The same lesson with one trace more, or one control."""

    def picture(model: Any, sheet: Sheet) -> Picture:
        said = lesson.picture(model, sheet)
        if trace := options.get("trace"):
            sheet.traces.append(cast("Trace", {**sheet.traces[0], **trace}))
        said["handles"] = [*said["handles"], *options.get("handles", [])]
        return said

    def controls() -> list[dict[str, Any]]:
        first, *others = lesson.control_groups()
        added = [{"field": "seed", "label": "x", **one} for one in options.get("controls", [])]
        return [{**first, "controls": [*first["controls"], *added]}, *others]

    return replace(lesson, picture=picture, controls=controls)


def test_what_is_new_in_a_lesson_brings_it_in() -> None:
    known = FEW[0]
    plane = features.first_answers(known)[0]["planes"][0]["name"]
    at = {"id": "new", "plane": plane, "at": [0, 0], "label": "", "field": "", "style": "start"}
    for added, brings in (
        ({"trace": {"kind": "rose"}}, TRACES),
        ({"trace": {"glow": 1}}, (features.traces,)),
        ({"handles": [{**at, "from": [0, 0], "scale": 2}]}, (features.handles,)),
        ({"controls": [{"kind": "dial"}]}, (features.controls, features.kinds_of_controls)),
        ({"controls": [{"kind": "slider", "curved": True}]}, (features.controls,)),
    ):
        new = with_(known, **added)
        for feature in (*TRACES, features.handles, features.controls, features.kinds_of_controls):
            assert (new in covering([*FEW, new], feature)) == (feature in brings), (added, feature)


def test_what_a_lesson_has_does_not_hang_on_what_was_computed_before() -> None:
    steps = itertools.count()
    grown = bounded_cache(lambda: next(steps))

    def picture(model: Any, sheet: Sheet) -> Picture:
        said = FEW[1].picture(model, sheet)
        if grown():
            sheet.traces.append(cast("Trace", {**sheet.traces[0], "kind": "rose"}))
        return said

    grown()
    assert ("trace", "rose") in features.kinds_of_traces(replace(FEW[1], picture=picture))
    assert grown() == 0, "what was kept before is there again"
