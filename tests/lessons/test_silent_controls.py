"""A claim holds wherever a reader moves a control that its sentence does not name.

A claim's scope draws what its sentence leaves open; the rest stays as the click sets it. But a
reader can move that, too: "the rates are the same at every angle" was false with damping, of which
the sentence said nothing. So a control either leaves the claim true, or words of the sentence name
it. They stand in named_controls.txt: a word excuses one control of the one claim where it is
listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Claim, Lesson
from natgrad_lecture.lessons.page_data import page_data
from tests.support.states import MORE, drawn_states

LIST = Path(__file__).with_name("named_controls.txt")
"""Lines of ``lesson.claim | field | the words of the sentence that name what the field sets``."""


def _read() -> dict[tuple[str, str], dict[str, str]]:
    found: dict[tuple[str, str], dict[str, str]] = {}
    for line in LIST.read_text("utf-8").splitlines():
        where, field, words = line.split(" | ", 2)
        lesson, _, claim = where.partition(".")
        found.setdefault((lesson, claim), {})[field] = words
    return found


PARTS = (0.1, 0.3, 0.5, 0.7, 0.85)
"""Where along a slider a control is set."""

NAMED: Mapping[tuple[str, str], Mapping[str, str]] = _read()
"""By lesson and claim: the words of its sentence that name a control, by the control's field."""

ASIDE = {"graph", "stage", "arrows", "look", "show", "nats_a_step", "starts", "fit", "fit-paths"}
"""Controls of what is looked at, which only ``make claims`` moves."""

UNTOLD = {
    *(("fisher", id, "problem") for id in ("first", "second", "outer")),
    *(("natural-gradient", id, "problem") for id in ("flow", "plain", "both")),
    *(("coordinates", id, "rate") for id in ("rotation", "chain")),
    ("coordinates", "rotation", "damping"),
    ("playground", "cavendish", "window.1"),
}
"""Where a check cannot tell: integrals of three families only, an order in α read at rates that
suit some problems, and runs that diverge or have ended, which amplify rounding; and a window that
reaches outside the domain.
"""

GENERAL: Mapping[str, frozenset[str]] = {
    "approximations": frozenset({"data", "after", "damping"}),
    "after-kfac": frozenset({"data", "after", "damping", "batch", "root", "stretch"}),
}
"""The fields that a lesson which trains names once for all its sentences, "unless a sentence says
otherwise"; only ``make claims`` moves the others there.
"""

COSTLY = {("playground", "apart"), ("playground", "crosses"), ("playground", "saddle")}
"""Claims about maps of runs, whose controls only ``make claims`` moves."""


def values(control: Mapping[str, Any], now: Any) -> list[Any]:
    """What a control is set to, beside what it shows."""
    kind = control["kind"]
    if kind == "slider":
        low, high = control["min"], control["max"]
        low = max(low, control["step"] or high / 1e4) if control["scale"] == "log" else low
        scale = np.geomspace if control["scale"] == "log" else np.linspace
        found = [float(scale(low, high, 101)[round(100 * part)]) for part in PARTS]
        return [round(value) for value in found] if control["step"] >= 1 else found
    if kind == "number" and isinstance(now, int | float):
        return [float(now) + by * control["step"] for by in (-6, -3, 3, 6)]
    if kind == "choice":
        return [each["value"] for each in control["options"] if each["value"] != now]
    return [not now] if kind == "toggle" else []


def settings(lesson: Lesson, control: Mapping[str, Any], state: Any) -> list[Any]:
    """What a control is set to: the ends of a slider or another choice, or with MORE all values.

    Of rules: all that are offered at once, and all but one of those chosen.
    """
    now = lesson.values(state).get(control["field"])
    if control["kind"] == "checks" and isinstance(now, list | tuple):
        rules = [each["value"] for each in control["options"]]
        return [rules, *([rule for rule in now if rule != each] for each in now if len(now) > 1)]
    found = values(control, now)
    if MORE:
        return found
    return [*dict.fromkeys((*found[:1], *found[-1:]))] if control["kind"] == "slider" else found[:1]


def offered(lesson: Lesson, state: Any) -> Iterator[tuple[str, list[Any]]]:
    """The fields that a reader can set in a state, with what they are set to; the step is one."""
    shown = lesson.values(state)
    for control in (each for group in lesson.control_groups() for each in group["controls"]):
        chosen = {name: shown.get(name) for name, _ in control.get("when", ())}
        lists = {n: v if isinstance(v, list | tuple) else [v] for n, v in chosen.items()}
        hidden = any(not set(lists[n]) & set(wanted) for n, wanted in control.get("when", ()))
        if not hidden and (control["field"] not in ASIDE or MORE):
            yield control["field"], settings(lesson, control, state)
    if "k" in state.plain():
        yield "k", [0, 10**6]


def moved(lesson: Lesson, state: Any) -> Iterator[tuple[str, Any, set[str], Any]]:
    """The states that one control leads to: field, value, all fields that change, state."""
    before = state.plain()
    for field, found in offered(lesson, state):
        for value in found:
            store = lesson.store()
            store.state = state
            if store.set({field: value}):
                continue  # which the page refuses, and says why
            after = store.state.plain()
            changed = {field, *(name for name in after if after[name] != before[name])}
            if len(changed) > 1 or (field in after and after[field] != before[field]):
                yield field, value, changed, store.state


def holds(lesson: Lesson, claim: Claim, state: Any) -> bool:
    """Whether a claim holds in a state, or is about a method that is not chosen there."""
    try:
        with np.errstate(all="ignore"):
            return claim.check(lesson.model(state)) is True
    except KeyError as missing:
        return missing.args[0] in page_data(lesson)["styles"]
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return False  # it is about another problem, or the run has left the domain


def grounds(lesson: Lesson, claim: Claim) -> Iterator[Any]:
    """The states from which controls are moved: where the click leads, and two of the scope."""

    yield lesson.state_after(claim.set)
    if MORE and claim.scope:
        yield from (state for _, state in drawn_states(lesson, claim.set, claim.scope, 2))


@pytest.mark.parametrize("name", list(lessons))
def test_the_words_that_name_a_control_are_in_the_sentence(name: str) -> None:
    claims = lessons[name].text().claims
    for (lesson, id), fields in NAMED.items():
        if lesson == name:
            sentence = " ".join(claims[id].source.split())
            assert [words for words in fields.values() if words not in sentence] == [], id


MOVED = [
    name
    for name, lesson in lessons.items()
    if (MORE and name in GENERAL) or (not lesson.slow and any(home == name for home, _ in NAMED))
]
"""The lessons whose controls are moved: not the race and the net, which are measured, nor a lesson
that is just begun and has no words in the list yet.
"""


@pytest.mark.parametrize("name", MOVED)
def test_a_control_that_a_claim_does_not_name_leaves_it_true(name: str) -> None:
    """And with MORE: one that it names makes it false somewhere, so that no word excuses more."""
    lesson, broken, needed = lessons[name], list[str](), set[tuple[str, str]]()
    for id, claim in lesson.claims.items():
        named = NAMED.get((name, id), {}).keys()
        if claim.scope is None or ((name, id) in COSTLY and not MORE):
            continue
        for ground in grounds(lesson, claim):
            for field, value, changed, state in moved(lesson, ground):
                excused = {(id, each) for each in named & changed}
                known = excused and (not MORE or excused <= needed)
                if field in GENERAL.get(name, ()) or (name, id, field) in UNTOLD:
                    continue
                if known or holds(lesson, claim, state):
                    continue
                needed |= excused
                if not excused:
                    broken.append(f"{id} is false with {field} = {value}: name it in the sentence")
    assert not broken, broken
    listed = {
        (id, field) for (home, id), fields in NAMED.items() if home == name for field in fields
    }
    assert not MORE or listed == needed


@pytest.mark.parametrize("name", ["approximations", "after-kfac"])
def test_a_claim_on_one_step_that_does_not_name_damping_holds_with_it(name: str) -> None:
    """Of the lessons that train; what their text says once for all sentences is the range of λ."""
    lesson, text = lessons[name], lessons[name].text()
    for id, claim in lesson.claims.items():
        drawn = claim.scope is not None and "damping" in claim.scope.draws
        if (
            not drawn
            and "show" not in claim.set
            and not re.search("damp|lambda", text.claims[id].source)
        ):
            assert claim.check(lesson.after({**claim.set, "damping": 1.0})) is True, id
