"""What is really sent is what the protocol states: of every lesson and preset, key by key."""

from __future__ import annotations

import types
from typing import Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints

import pytest

from natgrad_lecture import protocol
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.page_data import page_data
from natgrad_lecture.session import Live
from natgrad_lecture.widget import plain
from tests.support import features

LIGHT = [lesson for lesson in lessons.values() if not lesson.slow]
by_name = pytest.mark.parametrize("lesson", LIGHT, ids=[lesson.name for lesson in LIGHT])


def wrong(value: Any, kind: Any, where: str) -> list[str]:
    """Where a value, as JSON has it, is not of a type of the protocol."""
    if kind is Any:
        return []
    origin, args = get_origin(kind), get_args(kind)
    if origin is NotRequired:
        return wrong(value, args[0], where)
    if origin in (Union, types.UnionType):
        return [] if any(not wrong(value, each, where) for each in args) else [f"{where}: {value}"]
    if origin is Literal:
        return [] if value in args else [f"{where}: {value!r} is none of {args}"]
    if hasattr(kind, "__required_keys__"):
        if not isinstance(value, dict):
            return [f"{where}: {value!r} is not a {kind.__name__}"]
        hints = get_type_hints(kind, include_extras=True)
        lost = [f"{where}.{key} is missing" for key in kind.__required_keys__ - value.keys()]
        more = [f"{where}.{key} is not stated" for key in value.keys() - hints.keys()]
        inner = [
            wrong(value[key], hints[key], f"{where}.{key}") for key in hints.keys() & value.keys()
        ]
        return lost + more + [each for found in inner for each in found]
    if origin is list:
        if not isinstance(value, list):
            return [f"{where}: {value!r} is not a list"]
        return [
            each for i, part in enumerate(value) for each in wrong(part, args[0], f"{where}[{i}]")
        ]
    if origin is tuple:
        if not isinstance(value, list) or len(value) != len(args):
            return [f"{where}: {value!r} has not {len(args)} parts"]
        return [
            each for part, of in zip(value, args, strict=True) for each in wrong(part, of, where)
        ]
    if origin is dict:
        if not isinstance(value, dict):
            return [f"{where}: {value!r} is not a dictionary"]
        return [
            each for key, part in value.items() for each in wrong(part, args[1], f"{where}.{key}")
        ]
    if kind is float:
        kind = int | float
    fits = isinstance(value, kind) and not (isinstance(value, bool) and kind is not bool)
    return [] if fits else [f"{where}: {value!r} is not {kind}"]


@pytest.mark.covering(features.traces, features.planes, features.handles, features.parts)
@by_name
def test_every_answer_is_one_that_the_protocol_states(lesson: Lesson) -> None:
    live = Live(lesson)
    for preset in [{}, *(preset["set"] for preset in page_data(lesson)["presets"])]:
        answer, _ = live.respond({"ask": 1, "set": dict(preset)})
        assert wrong(plain(answer), protocol.Answer, "answer") == []


@pytest.mark.covering(features.controls, features.parts)
@by_name
def test_a_lesson_s_fixed_part_is_one_that_the_protocol_states(lesson: Lesson) -> None:
    for language in lesson.languages:
        assert wrong(plain(page_data(lesson, language)), protocol.LessonData, "lesson") == []


def test_what_is_refused_or_exported_is_stated_too() -> None:
    live = Live(lessons["coordinates"])
    refused, _ = live.respond({"ask": 1, "export": "nonsense"})
    assert wrong(plain(refused), protocol.Refusal, "refusal") == []


@pytest.mark.parametrize(
    ("part", "said"),
    [({"kind": "spiral"}, "spiral"), ({"thickness": 2}, "thickness"), ({"points": 3}, "points")],
)
def test_a_trace_that_the_protocol_does_not_state_is_found(
    part: dict[str, object], said: str
) -> None:
    trace = {"plane": "theta", "kind": "path", "style": "natural", "name": "run in θ"}
    assert wrong(trace, protocol.Trace, "trace") == []
    (found,) = wrong({**trace, **part}, protocol.Trace, "trace")
    assert said in found
