"""What a reader can change, and what the presets set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from natgrad_lecture.state.fields import BadInput, choice, control, several
from natgrad_lecture.state.items import problem_named
from natgrad_lecture.state.runs import Runs

NET, MIXTURE = "two-layer-linear", "mixture"


PROBLEMS = (NET, MIXTURE)
METHODS = ("gradient", "natural", "pseudo", "damped")
GRAPHS = ("loss", "eigenvalues")
SADDLE = (1.5, -1.49)
"""On the way to the net's saddle."""


NEAR = (-0.3, -0.24)
"""Of the mixture, near the line on which its two parts are one."""


@dataclass(frozen=True)
class Runner(Runs):
    """One start, the same rate, and several ways to use a matrix that may have no inverse."""

    problem: str = control(NET, "problem", choice("problem", "problem", PROBLEMS))
    rules: tuple[str, ...] = control(
        ("gradient", "pseudo", "damped"), "rules", several("rules", "method", METHODS)
    )
    graph: str = control("loss", "graph", choice("graph", "graph", GRAPHS))

    @property
    def point(self) -> tuple[float, ...]:
        """The start; each problem has one that shows its plateau."""
        if self.start is not None:
            return self.start
        return SADDLE if self.problem == NET else NEAR

    def whole(self) -> Self:
        """The state itself if something is damped where damping is chosen."""
        if "damped" in self.rules and self.damping <= 0:
            raise BadInput("damping", "λ = 0 is no damping; take more, or the method 'bare'")
        problem_named(self.problem).check(self.point)
        return self


MIXED: dict[str, Any] = {
    "problem": MIXTURE,
    "rate": 0.2,
    "steps": 100,
    "rules": ["gradient", "damped"],
}


ALL = ["gradient", "natural", "pseudo", "damped"]
PRESETS: dict[str, dict[str, Any]] = {
    "past-the-saddle": {},
    "eigenvalues-of-f": {"graph": "eigenvalues", "k": 12},
    "no-inverse": {"rules": ["natural"], "k": 0},
    "down-the-side": {"start": (2.2, -0.4), "k": 6},
    "two-normals": {**MIXED, "k": 25},
    "thrown-out": {**MIXED, "rules": ["natural", "damped"], "k": 1},
    "the-poorer-minimum": {**MIXED, "start": (0.5, 0.45), "rules": ALL},
}
"""What each preset sets, by its id in text.md."""
