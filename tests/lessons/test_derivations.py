"""Every line of every derivation holds, and every exercise's answer is the engine's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from itertools import islice
from typing import Any

import numpy as np
import pytest

from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.derivation import Derivation, number, vector
from natgrad_lecture.lessons.scope import Scope
from natgrad_lecture.session import Live
from natgrad_lecture.text.lesson_text import INTRODUCTION
from natgrad_lecture.text.typeset import formula
from tests.support.states import drawn_states, how_many

APART = 5
"""States of the scope in which a wrong line must be told from the right one."""

MEASURED = {"race"}
"""Lessons that state measurements, so that there is nothing to derive."""

DERIVED = [
    pytest.param(lesson, name, id=f"{lesson.name}:{name}")
    for lesson in lessons.values()
    for name in lesson.derivations
]
EXERCISES = [
    pytest.param(lesson, name, id=f"{lesson.name}:{name}")
    for lesson in lessons.values()
    for name in lesson.exercises
]


def seen(lesson: Lesson, derivation: Derivation, scope: Scope) -> Iterator[Any]:
    """What the lines read in states of a scope."""

    for _, state in drawn_states(lesson, derivation.set, scope, how_many(scope)):
        yield derivation.look(lesson.model(state))


def wrong_lines(lesson: Lesson, derivation: Derivation, scope: Scope) -> set[str]:
    """The lines that do not hold in some state of a scope."""
    return {
        name
        for at in seen(lesson, derivation, scope)
        for name, line in derivation.lines.items()
        if not line.holds(at)
    }


@pytest.mark.slow
@pytest.mark.parametrize(("lesson", "name"), DERIVED)
def test_both_sides_of_every_line_are_equal_over_the_scope(lesson: Lesson, name: str) -> None:
    derivation = lesson.derivations[name]
    for at in seen(lesson, derivation, derivation.scope):
        for id, line in derivation.lines.items():
            assert np.isfinite(line.sides(at)).all(), id
            assert line.holds(at), id
            assert len(line.names("")) == len(line.numbers(at)), id
            assert not line.differ(line.numbers(at)), f"{id}: the page would print ≠"


@pytest.mark.parametrize(("lesson", "name"), DERIVED)
def test_a_wrong_line_is_told_from_the_right_one(lesson: Lesson, name: str) -> None:
    derivation = lesson.derivations[name]
    states = list(islice(seen(lesson, derivation, derivation.scope), APART))
    for id, line in derivation.lines.items():
        sides = [line.sides(at) for at in states]
        vanishes = line.zero > 0  # It says that something is zero.
        assert vanishes or any(np.abs(left).max() > 0 for left, _ in sides), f"{id} says 0 = 0"
        for what, wrong in line.false.items():
            assert any(line.distinguished(at, wrong) for at in states), f"{id}: {what}"
    assert any(line.false for line in derivation.lines.values()), "name a wrong line close to one"


@pytest.mark.parametrize(("lesson", "name"), DERIVED)
def test_a_derivation_states_its_condition_and_fails_without_it(lesson: Lesson, name: str) -> None:
    derivation = lesson.derivations[name]
    for language in lesson.languages:
        said = lesson.text(language).derivations[name]
        assert said.condition.source
        assert [line.id for line in said.lines] == list(derivation.lines)
    if derivation.beyond is not None:
        assert wrong_lines(lesson, derivation, derivation.beyond)


def test_a_planted_wrong_line_is_found() -> None:
    lesson = lessons["coordinates"]
    right = lesson.derivations["product"]
    wrong = vector(lambda at: at.A @ at.step_in_x, lambda at: -at.rate * at.gradient)
    planted = replace(right, lines={**right.lines, "planted": wrong})
    assert wrong_lines(lesson, planted, planted.scope) == {"planted"}


def test_the_page_gets_the_numbers_of_the_open_derivation_at_the_step_shown() -> None:
    live = Live(lessons["coordinates"])
    closed, _ = live.respond({"ask": 1, "set": {}})
    assert not [name for name in closed["numbers"] if name.startswith("derive.")]
    assert "shows" not in closed
    found = []
    for k in (2, 5):
        answer, _ = live.respond({"ask": 2, "set": {"derive": "product:1", "k": k}})
        found.append([answer["numbers"][f"derive.product.back.left.{i}"] for i in (0, 1)])
        assert answer["shows"] == k
        row = live.model.guide.in_theta.theta[k]
        step = live.model.matrix @ live.model.matrix.T @ live.model.problem.grad(row)
        assert np.allclose(found[-1], -live.model.state.rate * step)
    assert found[0] != found[1]


def test_what_is_open_is_in_the_link_and_another_lesson_knows_nothing_of_it() -> None:
    live = Live(lessons["coordinates"])
    answer, _ = live.respond({"ask": 1, "query": "v=1&derive=product:2"})
    assert answer["state"]["derive"] == "product:2"
    assert "derive=product:2" in answer["query"]
    answer, _ = live.respond({"ask": 1, "query": "v=1&derive=unknown:2"})
    assert answer["errors"] == {}
    answer, _ = live.respond({"ask": 1, "query": "v=1&derive=2"})
    assert "product:3" in answer["dropped"][0]


def test_a_line_prints_rounding_as_zero_and_what_is_missing_as_none() -> None:
    line = number(lambda at: at, lambda at: at * 1e-13)
    assert line.numbers(np.float64(2.0)) == [2.0, 0.0]
    assert line.numbers(np.float64("nan")) == [None, None]
    broken = Derivation(lambda seen: 1 / seen, Scope({}), {"only": line})
    assert broken.numbers("id", 0) == {"derive.id.only.left": None, "derive.id.only.right": None}


@pytest.mark.parametrize(("lesson", "name"), EXERCISES)
def test_the_answer_of_an_exercise_is_checked_and_names_its_numbers(
    lesson: Lesson, name: str
) -> None:
    exercise = lesson.exercises[name]
    shown = lesson.after(exercise.set or {})
    assert exercise.check(shown) is True
    for language in lesson.languages:
        answer = lesson.text(language).exercises[name].answer.source.replace("−", "-")
        written = {float(found) for found in re.findall(r"-?\d+(?:\.\d+)?", answer)}
        for value in exercise.numbers(shown):
            assert any(np.isclose(value, each, rtol=5e-3, atol=1e-12) for each in written), value


PLACED = [name for name, lesson in lessons.items() if lesson.order != Lesson.order]
"""The lessons with a place in the lecture; one that somebody adds may be shorter."""


@pytest.mark.parametrize("name", PLACED)
def test_a_lesson_opens_with_an_introduction_and_ends_with_exercises(name: str) -> None:
    lesson = lessons[name]
    assert bool(lesson.derivations) == (name not in MEASURED)
    for language in lesson.languages:
        text = lesson.text(language)
        assert list(text.introduction) == list(INTRODUCTION)
        assert text.summary
        assert text.formulas
    pencil = [exercise for exercise in lesson.exercises.values() if exercise.set is None]
    assert len(pencil) >= 2
    assert len(lesson.exercises) > len(pencil), "one exercise is for the page"


@pytest.mark.parametrize(("lesson", "name"), DERIVED)
def test_where_a_run_has_broken_off_a_derivation_has_no_numbers_and_no_fault(
    lesson: Lesson, name: str
) -> None:
    far: dict[str, Any] = {"rate": 10.0, "k": None}
    has_rate = "rate" in {f.name for f in fields(lesson.default)}
    if lesson.slow or not has_rate or lesson.store().set(far):
        return  # It has no run that could break off.
    model = lesson.after(far)
    assert set(lesson.derived(model, (name,))) == {
        place
        for line, each in lesson.derivations[name].lines.items()
        for place in each.names(f"derive.{name}.{line}")
    }


NEAR_THE_EDGE: list[tuple[str, str, dict[str, Any]]] = [
    ("fisher", "two-facts", {"problem": "gamma", "theta": (0.5, 1.4)}),
    ("fisher", "two-facts", {"problem": "normal", "theta": (0.0, 0.001)}),
    ("policy", "weights-cancel", {"start": (-14.0, -9.0), "k": 0}),
    ("policy", "gradient", {"start": (14.0, 6.0), "k": 0}),
    ("geodesics", "mirror", {"rate": 1.0, "k": 120}),
    ("geodesics", "mirrored", {"rate": 0.9, "k": 10}),
    ("newton", "second-term", {"rate": 0.5, "steps": 60, "k": 60, "rules": ["newton"]}),
    ("coordinates", "natural-step", {"rate": 0.5, "steps": 100, "k": 100}),
]
"""States in which a line is true, and its numbers are hard to compute: at a pole of the density, at
the end of a run, for a policy that is almost deterministic."""


@pytest.mark.parametrize(("lesson", "name", "changes"), NEAR_THE_EDGE)
def test_a_true_line_is_printed_with_equal_numbers_where_digits_are_few(
    lesson: str, name: str, changes: dict[str, Any]
) -> None:
    found = lessons[lesson].derived(lessons[lesson].after(changes), (name,))
    assert not [place for place in found if place.endswith(".sign")]
    assert any(value is not None for value in found.values())


def test_where_its_condition_fails_a_line_is_printed_with_a_sign_that_is_true() -> None:
    lesson = lessons["steepest-descent"]
    found = lesson.derived(lesson.after({"eig": (1.0, -0.73)}), ("lagrange",))
    assert found["derive.lagrange.least.sign"] == "≠"
    holds = lesson.derived(lesson.after({"eig": (1.0, 0.73)}), ("lagrange",))
    assert "derive.lagrange.least.sign" not in holds
    line = lesson.derivations["lagrange"].lines["least"]
    page = formula(line.latex("derive.lagrange.least"))
    assert '<mo data-live="derive.lagrange.least.sign" data-or="=">=</mo>' in page


@pytest.mark.parametrize("name", PLACED)
def test_the_reason_of_a_line_is_a_sentence_and_begins_with_a_word(name: str) -> None:
    """A formula that it began with would be typeset as the end of the line's own."""
    for language in lessons[name].languages:
        for derivation in lessons[name].text(language).derivations.values():
            for line in derivation.lines:
                assert not line.say[:1].islower(), line.say
                for more in line.parts[1:]:
                    assert more.startswith(("=", r"\quad")), (line.id, more)


@pytest.mark.parametrize(("lesson", "name"), DERIVED)
def test_the_numbers_are_those_of_the_step_that_the_page_shows(lesson: Lesson, name: str) -> None:
    """At its last step a net's page had the numbers of step 5."""
    live, ask = Live(lesson), {"ask": 1, "set": lesson.derivations[name].set}
    answer, _ = live.respond({**ask, "set": {**ask["set"], "derive": f"{name}:0"}})
    for k in (None, 10**4, 1):
        state = {**answer["state"], "k": k}
        answer, _ = live.respond({"ask": 2, "state": state})
        while "more" in answer and lesson.slow:
            answer, _ = live.respond({"ask": 3, "state": answer["state"], "fine": answer["more"]})
        shown, _ = live.respond({"ask": 4, "state": {**answer["state"], "k": answer["shows"]}})
        found, there = (derived_in(each) for each in (answer, shown))
        assert len(found) > 1
        assert found == there, (k, answer["shows"])


def derived_in(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers of an answer's derivation."""
    numbers = answer["numbers"].items()
    return {place: number for place, number in numbers if place.startswith("derive.")}
