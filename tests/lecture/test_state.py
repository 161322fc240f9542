"""Links restore states exactly, and a broken link opens the nearest good state."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.coordinates import Coordinates
from natgrad_lecture.state.fields import BadInput
from natgrad_lecture.state.link import UNKNOWN, read_query
from tests.fuzz.texts import anything

DEFAULT = Coordinates()


@st.composite
def states(draw: st.DrawFn) -> Coordinates:
    size = st.floats(-50, 50, allow_nan=False).map(lambda v: v or 1.0)
    angle = draw(st.floats(0.3, 2.8))
    matrix = ((draw(st.floats(0.1, 9)), angle), (0.0, draw(st.floats(0.1, 9))))
    return DEFAULT.with_(
        matrix=matrix,
        problem=draw(st.sampled_from(["normal", "logistic-regression"])),
        start=draw(st.none() | st.tuples(size, st.floats(0.01, 50))),
        rate=draw(st.floats(1e-6, 100)),
        damping=draw(st.floats(0, 1e6)),
        kind=draw(st.sampled_from(["identity", "pulled-back"])),
        steps=draw(st.integers(1, 2000)),
        rules=draw(st.lists(st.sampled_from(["gradient", "natural"]), min_size=1, unique=True)),
        k=draw(st.none() | st.integers(0, 2000)),
    )


@pytest.mark.slow
@settings(derandomize=True, max_examples=200, deadline=None)
@given(states())
def test_a_link_restores_its_state_exactly(state: Coordinates) -> None:
    restored, dropped = read_query(state.query(DEFAULT), DEFAULT)
    assert restored == state
    assert dropped == []


@settings(derandomize=True, max_examples=50, deadline=None)
@given(states())
def test_a_state_survives_json(state: Coordinates) -> None:
    assert DEFAULT.with_(**json.loads(json.dumps(state.plain()))) == state


@pytest.mark.parametrize("lesson", lessons.values(), ids=list(lessons))
def test_a_link_says_nothing_where_the_default_says_something(lesson: Lesson) -> None:
    for f in fields(lesson.default):
        try:
            state = lesson.default.with_(**{f.name: None})
        except BadInput:
            continue
        restored, dropped = read_query(state.query(lesson.default), lesson.default)
        assert (getattr(restored, f.name), dropped) == (None, []), f.name


def test_a_link_says_only_what_differs_from_the_default() -> None:
    assert DEFAULT.query(DEFAULT) == ""
    assert DEFAULT.with_(rate=0.5).query(DEFAULT) == "v=1&rate=0.5"


@pytest.mark.parametrize(
    ("query", "kept", "said"),
    [
        ("v=1&rate=0.5&A=1,1,1,1", {"rate": 0.5}, "singular"),
        ("v=1&rate=fast&steps=10", {"steps": 10}, "must be a number"),
        ("v=1&color=red&steps=10", {"steps": 10}, "color"),
        ("v=99&steps=10", {"steps": 10}, "version 99"),
        ("v=1&rules=gradient,sgd&steps=10", {"steps": 10}, "sgd"),
        ("v=1&A=1,2,3", {}, "two rows"),
        ("v=1&k=-3", {}, "not allowed"),
        ("v=1&start=5,-1&rate=0.3", {"rate": 0.3}, "σ > 0"),
    ],
)
def test_a_broken_link_opens_the_nearest_good_state_and_says_what_was_dropped(
    query: str, kept: dict[str, object], said: str
) -> None:
    state, dropped = read_query(query, DEFAULT)
    assert state == DEFAULT.with_(**kept)
    assert said in " ".join(dropped)


def test_of_a_link_that_is_none_a_few_sentences_are_said_and_each_once() -> None:
    names = "&".join(f"no{i}=1" for i in range(3000))
    state, dropped = read_query(f"v=1&rate=0.03&{names}&no1=2&rate=x&rate=x", DEFAULT)
    assert state == DEFAULT.with_(rate=0.03)
    assert len(dropped) == len(set(dropped)) == UNKNOWN + 1


@settings(derandomize=True, max_examples=300, deadline=None)
@given(anything(80))
def test_no_query_string_raises(query: str) -> None:
    state, _ = read_query(query, DEFAULT)
    assert state.with_(**state.plain()) == state


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("rate", -1, "not allowed"),
        ("rate", "x", "must be a number"),
        ("rate", float("nan"), "not allowed"),
        ("damping", -0.1, "0 \\(none\\) or more"),
        ("matrix", ((1, 2), (2, 4)), "singular"),
        ("matrix", ((1, 0), (0, 1e-7)), "nearly singular"),
        ("matrix", ((1, "?"), (0, 1)), "must be a number"),
        ("matrix", None, "cannot be"),
        ("steps", 2.5, "not possible"),
        ("steps", 0, "whole number from 1"),
        ("rules", [], "at least one"),
        ("problem", "gausian", "there are"),
        ("kind", "none", "there are identity, pulled-back"),
        ("colour", 1, "no field"),
    ],
)
def test_a_bad_value_is_refused_with_what_is_allowed(field: str, value: object, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        DEFAULT.with_(**{field: value})
