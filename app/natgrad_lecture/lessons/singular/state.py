"""What a reader can change, and what the presets set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from natgrad_lecture.state.fields import BadInput, choice, control, number, perhaps, several
from natgrad_lecture.state.items import problem_named
from natgrad_lecture.state.runs import Runs
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

NET, MIXTURE = "two-layer-linear", "mixture"


PROBLEMS = (NET, MIXTURE)
METHODS = ("gradient", "natural", "pseudo", "damped")
GRAPHS = ("loss", "eigenvalues")
SADDLE = (1.5, -1.49)
"""On the method to the net's saddle."""


NEAR = (-0.3, -0.24)
"""Of the mixture, near the line on which its two parts are one."""


@dataclass(frozen=True)
class Runner(Runs):
    """One start, the same rate, and several ways to use a matrix that may have no inverse."""

    problem: str = control(NET, "problem", choice("problem", "problem", PROBLEMS))
    rules: tuple[str, ...] = control(
        ("gradient", "pseudo", "damped"), "rules", several("rules", "method", METHODS)
    )
    gradient_rate: float | None = control(
        None,
        "plain",
        perhaps(
            number(
                "gradient_rate",
                say.later("gradient-descent-s-rate"),
                1e-4,
                10,
                say.later("take-one-from-0-0001-to-10"),
            )
        ),
    )
    """The rate of gradient descent; None: that of the others."""
    graph: str = control("loss", "graph", choice("graph", "graph", GRAPHS))

    @property
    def point(self) -> tuple[float, ...]:
        """The start; each problem has one that shows its plateau."""
        if self.start is not None:
            return self.start
        return SADDLE if self.problem == NET else NEAR

    def values(self) -> dict[str, Any]:
        """The fields, and the rate that gradient descent has."""
        return {**super().values(), "gradient_rate": self.gradient_rate or self.rate}

    def whole(self) -> Self:
        """The state itself if something is damped where damping is chosen."""
        if "damped" in self.rules and self.damping <= 0:
            raise BadInput("damping", say("0-is-no-damping-take-more"))
        problem_named(self.problem).check(self.point)
        return self


MIXED: dict[str, Any] = {
    "problem": MIXTURE,
    "rate": 0.2,
    "steps": 100,
    "rules": ["gradient", "damped"],
}


FAIR: dict[str, Any] = {"rate": 0.4, "gradient_rate": 0.3, "steps": 40, "k": 6}
"""Past the saddle, each with a rate that suits it."""
DOWN: dict[str, Any] = {"start": (2.2, -0.4)}
"""A start away from the saddle, and from the line w₁ = ±w₂."""
POORER: dict[str, Any] = {**MIXED, "start": (0.5, 0.45), "steps": 100, "k": 100}
ALL = ["gradient", "natural", "pseudo", "damped"]
PRESETS: dict[str, dict[str, Any]] = {
    "past-the-saddle": {},
    "each-at-its-own-rate": FAIR,
    "much-damping": {"damping": 1.0, "k": 12},
    "eigenvalues-of-f": {"graph": "eigenvalues", "k": 12},
    "no-inverse": {"rules": ["natural"], "k": 0},
    "down-the-side": {**DOWN, "k": 6},
    "two-normals": {**MIXED, "k": 25},
    "thrown-out": {**MIXED, "rules": ["natural", "damped"], "k": 1},
    "the-poorer-minimum": {**POORER, "rules": ALL},
}
"""What each preset sets, by its id in text.md."""
