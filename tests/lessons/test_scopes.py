"""A claim holds over its scope, and its check can tell it from false sentences close to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import pytest

from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Claim, Lesson
from natgrad_lecture.lessons.hidden_answers import hidden_by
from natgrad_lecture.lessons.page_data import page_data
from natgrad_lecture.lessons.scope import Scope
from tests.support.states import drawn_states, how_many

FALSE_STATES = 25
"""States in which a false sentence, or a dropped condition, must be caught."""

UNSCOPED = {
    name
    for name, lesson in lessons.items()
    if all(claim.scope is None for claim in lesson.claims.values())
}
"""A lesson that is just begun may check its claims in one state each: then it does so for all."""

SCOPED = [
    pytest.param((lesson, claim), id=f"{name}:{id}")
    for name, lesson in lessons.items()
    for id, claim in {**lesson.claims, **lesson.lines}.items()
    if isinstance(claim, Claim) and claim.scope is not None
]


@dataclass(frozen=True)
class Drawn:
    """A claim, and what the engine says of the states that its scope draws."""

    lesson: Lesson
    claim: Claim
    states: list[tuple[Any, Any]]


def seen(lesson: Lesson, claim: Claim, scope: Scope, n: int) -> Iterator[tuple[Any, Any]]:
    """What is set in each of ``n`` states of a scope, and what the engine says of it."""

    for changes, state in drawn_states(lesson, claim.set, scope, n):
        yield changes, lesson.model(state)


@pytest.fixture(scope="module", params=SCOPED)
def drawn(request: pytest.FixtureRequest) -> Drawn:
    """One claim's states, which the tests of this claim share: they run one after the other."""
    lesson, claim = request.param
    return Drawn(lesson, claim, list(seen(lesson, claim, claim.scope, how_many(claim.scope))))


def test_a_claim_holds_over_its_scope(drawn: Drawn) -> None:
    for changes, shown in drawn.states:
        assert drawn.claim.check(shown) is True, changes


def test_a_false_sentence_close_to_it_is_caught_in_the_scope(drawn: Drawn) -> None:
    claim = drawn.claim
    assert claim.false or claim.beyond, "name a false sentence, or drop a condition"
    for wrong, check in claim.false.items():
        assert not all(check(shown) for _, shown in drawn.states[:FALSE_STATES]), wrong


def test_without_its_condition_a_claim_fails_somewhere(drawn: Drawn) -> None:
    claim = drawn.claim
    if claim.beyond is not None:
        n = claim.beyond.count(FALSE_STATES)
        states = seen(drawn.lesson, claim, claim.beyond, n)
        assert not all(claim.check(shown) for _, shown in states)


@pytest.mark.parametrize("name", list(lessons))
def test_every_claim_of_a_lesson_states_its_scope(name: str) -> None:
    missing = [id for id, claim in lessons[name].claims.items() if claim.scope is None]
    assert name in UNSCOPED or not missing, missing
    assert len(UNSCOPED) <= 1, "one lesson at a time is begun"


@pytest.mark.parametrize("name", [name for name in lessons if name not in UNSCOPED])
def test_every_line_that_states_a_result_repeats_claims_or_has_a_check(name: str) -> None:
    """A takeaway, what a preset says and the reason of an answer are not left to be believed."""
    lesson = lessons[name]
    lines = {"takeaway", *(f"preset.{id}" for id in lesson.sets)}
    assert set(lesson.lines) == lines | {f"question.{id}" for id in lesson.questions}
    for line, backing in lesson.lines.items():
        if isinstance(backing, Claim):
            assert backing.scope, line
            assert backing.check(lesson.after(backing.set)) is True, line
        else:
            assert backing, line
            assert set(backing) <= set(lesson.claims), line


def test_claims_about_stretches_are_checked_over_the_stretches_that_the_text_names() -> None:
    """The text said 3 to 50 where one stretch was drawn: at 50 the sentences were false."""
    lesson = lessons["after-kfac"]
    said = " ".join(section.source() for section in lesson.sections)
    found = re.search(r"the stretches (\d+) to (\d+)", said)
    assert found
    low, high = map(float, found.groups())
    for id in ("units", "scale"):
        scope = lesson.claims[id].scope
        assert scope
        draw = scope.draws["stretch"]
        drawn = [draw(np.random.default_rng(seed), {}) for seed in range(20)]
        assert low <= min(drawn) < max(drawn) <= high, id
        assert (max(drawn) / min(drawn)) ** 2 > high / low, (id, "reaches the whole range")


AT_ONE_STEP = ("approximations", "after-kfac")
"""The lessons that compare steps of a net, some steps of K-FAC after its start."""


@pytest.mark.parametrize("name", AT_ONE_STEP)
def test_the_text_says_after_how_many_steps_and_with_which_damping_its_numbers_hold(
    name: str,
) -> None:
    """Angles of one step were given without λ: at λ = 1 they are others."""
    lesson, text = lessons[name], lessons[name].text()
    said = " ".join(section.source() for section in lesson.sections)
    found = re.search(r"follows (\w+) steps of K-FAC, and \$(.*?) \\le \\lambda \\le (.*?)\$", said)
    assert found, "the text names the steps before, and the range of λ"
    first = cast("Any", lesson.default)
    assert (found[1], first.after) == ("five", 5)
    low, high = float(found[2]), float(found[3])
    assert low <= first.damping <= high
    for id, claim in lesson.claims.items():
        source, draw = text.claims[id].source, claim.scope and claim.scope.draws.get("damping")
        if draw and id != "cosine":  # which holds at every λ
            below = re.search(r"\\lambda \\le ([\d.]+)", source)
            least, most = (1e-6, float(below[1])) if below else (low, high)
            drawn = [draw(np.random.default_rng(seed), {}) for seed in range(20)]
            assert least <= min(drawn) < max(drawn) <= most, id
            assert (max(drawn) / min(drawn)) ** 2 > most / least, (id, "reaches the whole range")
        assert "after" not in claim.set or re.search(r"\bstart\b|\bsteps\b", source), id
        assert "damping" not in claim.set or "lambda" in source, id


@pytest.mark.parametrize("name", list(lessons))
def test_a_question_stands_before_what_answers_it_and_hides_it(name: str) -> None:
    lesson = lessons[name]
    order = lesson.text().order
    takeaway = lesson.lines.get("takeaway")
    repeated = set(takeaway) if isinstance(takeaway, tuple) else set()
    answers = set[str]()  # by the takeaway, though a question hides it
    for question in lesson.questions:
        hidden = hidden_by(lesson, question)
        answers |= repeated & set(hidden)
        checks = lesson.lines.get(f"question.{question}")
        if isinstance(checks, tuple):
            assert hidden, question
            assert order.index(f"question.{question}") < order.index(hidden[0])
        shown = {name for part in hidden for name in getattr(lesson.claims.get(part), "shows", ())}
        strip = {f"formula.{line.id}" for line in lesson.text().formulas}
        assert strip & shown <= set(hidden), question
        if "meter" in shown:
            with np.errstate(all="ignore"):  # Two runs that coincide have no ratio.
                first_shows = lesson.questions[question].truth(lesson.model(lesson.first))
            assert ("meter" in hidden) == (first_shows == lesson.truth(question)), question
    assert set(page_data(lesson)["takeaway_gives_away"]) == answers
    asked = [part["predict"] for part in page_data(lesson)["words"] if part["predict"]]
    assert all(predict["hides"] == list(hidden_by(lesson, predict["id"])) for predict in asked)


@pytest.mark.parametrize("wrong", ["first", "of no claim"])
def test_a_question_cannot_hide_what_does_not_stand_below_it(wrong: str) -> None:
    lesson = lessons["fisher"]
    assert lesson.text().order[0] == "first"
    asked = {**lesson.questions, "four": replace(lesson.questions["four"], hides=(wrong,))}
    with pytest.raises(ValueError, match=f"the question 'four' hides .'{wrong}'."):
        hidden_by(replace(lesson, questions=asked), "four")
