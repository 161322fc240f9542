"""What a reader can change, and what the presets set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

from natgrad_lecture.state.fields import choice, control, number, several
from natgrad_lecture.state.items import ChartKey, problem_named
from natgrad_lecture.state.runs import Runs
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

PROBLEMS: dict[str, dict[str, Any]] = {
    "rosenbrock": {"rate": 0.1, "bend": 0.5, "rules": ("newton", "natural")},
    "double-well": {"rate": 0.1, "bend": 0.4, "rules": ("newton", "absolute-hessian")},
    "normal": {"rate": 0.1, "bend": 1.5, "rules": ("newton", "natural")},
    "logistic-regression": {"rate": 0.1, "bend": 0.15, "rules": ("newton", "natural")},
}
"""The problems of this lesson, each with what is worth seeing in it."""


RULES = ("newton", "natural", "absolute-hessian", "gradient")
HESSIANS = {"true": "hessian", "carried": "transported-hessian"}
"""What Newton's method inverts in x: the Hessian there, or that of θ carried over as a tensor."""


BESIDE = (0.35, 0.15)
"""Beside the saddle of the double well, where the Hessian is indefinite and Newton climbs."""


ACROSS = (-0.7, 0.5)
"""Just above Rosenbrock's valley: the Hessian is indefinite, and Newton's step goes uphill."""


FAR = (5.5, 0.42)
"""A normal distribution too wide, and off to one side: its Hessian is indefinite."""


SHEARED = {"bend": 0.0, "shear": 0.8}
SADDLE = {"problem": "double-well", "bend": 0.0, "start": BESIDE, "steps": 80}
CURVED_APART = {"problem": "logistic-regression", "bend": 0.5, "rate": 0.02, "steps": 400, "k": 400}
"""What the page opens with: bent coordinates in which Newton's two runs are far apart."""
TERM_LEFT_OUT = {**CURVED_APART, "hessian": "carried"}
STRAIGHTENED = {"bend": 1.0, "rate": 1.0, "steps": 4, "k": 1, "rules": ["newton"]}


@dataclass(frozen=True)
class NewtonState(Runs):
    """Runs in θ and in x, where θ₂ = x₂ + k (x₁ − c) + s (x₁ − c)²."""

    problem: str = control("rosenbrock", "problem", choice("problem", "problem", tuple(PROBLEMS)))
    rules: tuple[str, ...] = control(
        ("newton", "natural"), "rules", several("rules", "rule", RULES)
    )
    bend: float = control(
        0.5, "bend", number("bend", "the bend s", -3, 3, say.later("take-one-from-3-to-3"))
    )
    shear: float = control(
        0.0, "shear", number("shear", "the shear k", -3, 3, say.later("take-one-from-3-to-3"))
    )
    hessian: str = control("true", "H", choice("hessian", "Hessian", HESSIANS))

    @property
    def chart_key(self) -> ChartKey:
        """The bend, about the middle of the picture."""
        center = sum(problem_named(self.problem).view[0]) / 2
        return "bend", (("strength", self.bend), ("center", center), ("shear", self.shear))

    suited = PROBLEMS

    def whole(self) -> Self:
        """The state itself if its start is in the domain; what cannot run there says so."""
        Runs.whole(replace(self, rules=()))
        return self


PRESETS: dict[str, dict[str, Any]] = {
    "a-bend-splits-newton": CURVED_APART,
    "a-shear-does-not": SHEARED,
    "leave-the-term-out": TERM_LEFT_OUT,
    "the-valley-made-straight": STRAIGHTENED,
    "drawn-to-the-saddle": {**SADDLE, "rules": ["newton", "absolute-hessian"], "k": 2},
    "above-the-valley": {"start": ACROSS, "rules": ["newton", "natural"], "k": 0, "steps": 100},
    "newton-flees": {"problem": "normal", "start": FAR, "bend": 0.0, "k": 0, "steps": 60},
    "h-f-but-not-bent": {"problem": "logistic-regression", "bend": 0.15},
}
"""What each preset sets, by its id in text.md."""
