"""A claim holds wherever a reader moves a control that its sentence does not name.

A claim's scope draws what its sentence leaves open; the rest stays as the click sets it. But a
reader can move that, too: "the rates are the same at every angle" was false with damping, of which
the sentence said nothing. So a control either leaves the claim true, or is named by its sentence.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Claim, Lesson
from tests.support.states import possible_in

MORE = int(os.environ.get("CLAIM_STATES", "25")) > 25
"""Whether ``make claims`` runs: then controls are moved from more states, and to more values."""

PARTS = (0.1, 0.3, 0.5, 0.7, 0.85)
"""Where along a slider a control is set."""

HERE = r"\b[Hh]ere\b|\bthis (start|minimum|run|picture|data|net|saddle)\b"
PLACE = rf"{HERE}|\bstart|[Nn]ear |[Cc]lose |[Ff]ar from|\bat (the|a) (minimum|origin|saddle|point)"
METRIC = r"\bG\b|\bF\b|Fisher|metric|ellipse|eigenvalue|indefinite|singular|unit vectors"
PROBLEM = (
    rf"{PLACE}|normal|gamma|double well|Rosenbrock|quadratic|logistic|mixture|\bnet\b|banana|"
    r"line\b|of the model|need not|beetles|regression|Cavendish|sigma|loss alone|posterior|reward|"
    r"canonical|hyperbola|empirical|diagonal|has an inverse|no inverse|distribution|one outcome|"
    r"any (average )?error"
)
COORDINATES = (
    r"coordinates|bend|bent|shear|linear|rotat|parameter|stretch|\bA\b|sigma|angle|precision"
)
OWN = r"\btext\b|loss of your own"
NAMES: Mapping[str, str] = {
    "damping": r"damp|lambda|[FH]\^\{-1\}",
    "kind": r"damp|lambda",
    "rate": r"\brates?\b|alpha|\bflow\b|small steps|first order|\bat a minimum\b",
    "gradient_rate": r"\brates?\b|alpha",
    "steps": r"\bsteps\b|\bends?\b|\bafter\b|converge|diverge|plateau|arrive|\bat a minimum\b",
    "start": PLACE,
    "theta": PLACE,
    "w": PLACE,
    "problem": PROBLEM,
    "of": rf"{PROBLEM}|{METRIC}",
    "chart": COORDINATES,
    "bend": COORDINATES,
    "shear": COORDINATES,
    "matrix": COORDINATES,
    "stretch": COORDINATES,
    "angle": rf"{COORDINATES}|direction|other points",
    "option_values": rf"{PROBLEM}|{COORDINATES}|\bn\b",
    "hessian": r"Hessian|second term",
    "singular": r"F\^\{-1\}|pseudo-inverse",
    "q": r"natural (gradient|step|run)|F\^\{?-?1|F\^q|\bq\b|normals",
    "p": r"\bp\b|normals",
    "radius": r"fixed length|\br\b|varepsilon",
    "graph": r"\bmap\b",
    "up": r"\bmap\b|\bline\b",
    "rules": r"natural (gradient|run)|gradient descent|Newton|Adam|F \+|damping",
    "f": r"\bf\b|slope|unit|\|x\|",
    "change": r"variable|parameter|\bf\b|y =|\bx\b",
    "eig": METRIC,
    "turn": METRIC,
    "metric": METRIC,
    "gradient": r"nabla J|slope|lowers|loss",
    "a": r"sigma|mean|ends?\b",
    "b": r"sigma|mean|ends?\b",
    "c": r"c\b",
    "s1": r"standard deviation|\bs\b|gamma_",
    "s2": r"standard deviation|\bs\b|gamma_",
    "noise": r"noise|from the model|skewed data|[Ff]ar from",
    "text": OWN,
    "reads": OWN,
    "names": OWN,
    "source": OWN,
    "window": rf"starts|{OWN}",
}
"""The words by which a sentence names a field of the state, so that it may be false elsewhere."""

ASIDE = {"graph", "stage", "arrows", "look", "show", "nats_a_step", "starts", "fit", "fit-paths"}
"""Controls of what is looked at, which only ``make claims`` moves."""

UNCHECKED = {
    *(("fisher", id, "problem") for id in ("first", "second", "outer")),
    *(("natural-gradient", id, "problem") for id in ("flow", "plain", "both")),
    *(("coordinates", id, "rate") for id in ("rotation", "chain")),
    ("coordinates", "rotation", "damping"),
}
"""Where a check cannot tell: integrals of three families only, an order in α read at rates that
suit some problems, and runs that diverge, which amplify rounding."""


def named(field: str, sentence: str) -> bool:
    """Whether a sentence names a field of the state."""
    return field in NAMES and bool(re.search(NAMES[field], sentence))


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


def moved(lesson: Lesson, id: str, state: Any) -> Iterator[tuple[str, Any, Any]]:
    """The states that one control, which a claim does not name, leads to: field, value, state."""
    sentence, before = lesson.text().claims[id].source, state.plain()
    shown = lesson.values(state)
    for control in (each for group in lesson.control_groups() for each in group["controls"]):
        field, hidden = control["field"], False
        for name, wanted in control.get("when", ()):
            chosen = shown.get(name)
            chosen = chosen if isinstance(chosen, list | tuple) else [chosen]
            hidden |= not any(each in wanted for each in chosen)
        if hidden or field == "rules" or named(field, sentence):
            continue
        if (lesson.name, id, field) in UNCHECKED or (field in ASIDE and not MORE):
            continue
        found = values(control, shown.get(field))
        ends = {*found[:1], *found[-1:]} if control["kind"] == "slider" else found[:1]
        for value in found if MORE else ends:
            store = lesson.store()
            store.state = state
            if store.set({field: value}):
                continue  # which the page refuses, and says why
            after = store.state.plain()
            changed = [field, *(name for name in after if after[name] != before[name])]
            if len(changed) > 1 and not any(named(name, sentence) for name in changed):
                yield field, value, store.state


def grounds(lesson: Lesson, claim: Claim) -> Iterator[Any]:
    """The states from which controls are moved: where the click leads, and two of the scope."""

    yield lesson.state_after(claim.set)
    if MORE and claim.scope:
        drawn = claim.scope.states(claim.set, possible_in(lesson), 2)
        yield from (lesson.state_after(changes) for changes in drawn)


@pytest.mark.parametrize("name", [name for name, lesson in lessons.items() if not lesson.slow])
def test_a_control_that_a_claim_does_not_name_leaves_it_true(name: str) -> None:
    lesson, broken = lessons[name], list[str]()
    for id, claim in lesson.claims.items():
        for ground in grounds(lesson, claim) if claim.scope else ():
            for field, value, state in moved(lesson, id, ground):
                if claim.check(lesson.model(state)) is not True:
                    broken.append(f"{id} is false with {field} = {value}: name it in the sentence")
    assert not broken, broken


@pytest.mark.parametrize("name", ["approximations", "after-kfac"])
def test_a_claim_on_one_step_that_does_not_name_damping_holds_with_it(name: str) -> None:
    """Of the lessons that train; what their text says once for all sentences is the range of λ."""
    lesson, text = lessons[name], lessons[name].text()
    for id, claim in lesson.claims.items():
        drawn = claim.scope is not None and "damping" in claim.scope.draws
        if not drawn and "show" not in claim.set and not named("damping", text.claims[id].source):
            assert claim.check(lesson.after({**claim.set, "damping": 1.0})) is True, id
