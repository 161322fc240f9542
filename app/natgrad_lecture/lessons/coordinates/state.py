"""What a reader can change, and what the presets set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from natgrad_core.charts.linear import Linear, Parts, compose, decompose
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.state.fields import BadInput, choice, control, number, numbers
from natgrad_lecture.state.items import ChartKey
from natgrad_lecture.state.runs import Runs
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

STARTS = ("one", "hundred")
STAGES = ("off", "gradient", "step", "back")

PROBLEMS = {"normal": 0.02, "logistic-regression": 0.1}
"""The problems of this lesson, each with a rate at which its runs are worth seeing."""


SHEAR = ((1.0, 0.8), (0.0, 1.0))
ROTATION = tuple(map(tuple, compose(Parts(40.0, 1.0, 1.0, 0.0)).tolist()))
DOUBLE = ((2.0, 0.0), (0.0, 2.0))
WORST_CONDITION = 1e4
"""Beyond this a picture of A is a line, and its numbers lose more digits than the meter shows."""


@bounded_cache
def _condition(rows: tuple[tuple[float, ...], ...]) -> float:
    """Kept, for every ask brings its A, whatever is dragged."""
    return Linear(rows).condition


def _matrix(value: Any) -> tuple[tuple[float, ...], ...]:
    allowed = say("any-number-up-to-a-thousand")
    rows = tuple(
        tuple(
            number(f"matrix.{i}.{j}", say("this-entry-of-a"), -1e3, 1e3, allowed)(part)
            for j, part in enumerate(row)
        )
        for i, row in enumerate(value)
    )
    if len(rows) != 2 or any(len(row) != 2 for row in rows):
        raise BadInput("matrix", say("a-must-have-two-rows-of"))
    try:
        condition = _condition(rows)
    except ValueError as error:
        raise BadInput("matrix", say("the-last-good-a-stays", error=error)) from None
    if condition > WORST_CONDITION:
        raise BadInput(
            "matrix",
            say(
                "a-is-nearly-singular-condition-number",
                condition=f"{condition:.1e}",
                worst_condition=f"{WORST_CONDITION:.0e}",
            ),
        )
    return rows


@dataclass(frozen=True)
class Coordinates(Runs):
    """Runs, in θ and in x = A⁻¹θ. A is set by its entries, its columns or its parts."""

    problem: str = control("normal", "problem", choice("problem", "problem", tuple(PROBLEMS)))
    matrix: tuple[tuple[float, ...], ...] = control(SHEAR, "A", _matrix)

    starts: str = control("one", "starts", choice("starts", say.later("choice-of-starts"), STARTS))
    """Whether the runs from a cloud of starts are drawn, too."""

    stage: str = control("off", "why", choice("stage", "stage", STAGES))
    """How far AAᵀ is built up: the gradient in x, the step made there, the step carried back."""

    suited: ClassVar = {name: {"rate": rate} for name, rate in PROBLEMS.items()}

    @property
    def cloudy(self) -> bool:
        """Whether there is a cloud of starts."""
        return self.starts == "hundred"

    @property
    def chart_key(self) -> ChartKey:
        """θ = A x."""
        return "linear", (("matrix", self.matrix),)

    def changes(self, name: str, value: Any) -> dict[str, Any]:
        """A part of A (rotation, stretches, shear) is a control too."""
        if name not in Parts._fields:
            return super().changes(name, value)
        allowed = say("any-number-up-to-a-thousand")
        part = number(name, say("this-part-of-a"), -1e3, 1e3, allowed)(*numbers(name, [value]))
        if name == "stretch1" and not part > 0:
            raise BadInput(name, say("the-first-stretch-is-it-must", part=f"{part:g}"))
        return {"matrix": compose(decompose(self.matrix)._replace(**{name: part})).tolist()}

    def values(self) -> dict[str, Any]:
        """The fields, and the parts of A."""
        return {**super().values(), **decompose(self.matrix)._asdict()}


WHY = {"matrix": SHEAR, "rules": ["gradient"], "k": 2, "steps": 60}
TOO_FAST = {
    "matrix": ((2.0, 1.6), (0.0, 1.0)),
    "rules": ["gradient", "natural"],
    "steps": 100,
}
CLOUD: dict[str, Any] = {
    "starts": "hundred",
    "rules": ["gradient", "natural"],
    "rate": 0.02,
    "steps": 100,
    "k": 20,
}
"""A rate at which both rules go somewhere from every start of the cloud."""
NEARBY = (5.45, 0.22)
"""Near the minimum."""
PRESETS: dict[str, dict[str, Any]] = {
    "a-shear-splits-plain-descent": {},
    "a-rotation-changes-nothing": {"matrix": ROTATION},
    "a-stretch-is-another-learning-rate": {
        "matrix": DOUBLE,
        "rules": ["gradient", "natural"],
        "rate": 0.005,
    },
    "damping-breaks-it": {"damping": 10.0, "rules": ["gradient", "natural"]},
    "damping-done-right": {
        "damping": 10.0,
        "kind": "pulled-back",
        "rules": ["gradient", "natural"],
    },
    "newton-is-natural-here": {"problem": "logistic-regression", "rules": ["newton", "natural"]},
    "too-fast-for-x": TOO_FAST,
    "why-aaᵀ": {**WHY, "stage": "back"},
}
"""What each preset sets, by its id in text.md."""
