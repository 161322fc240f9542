"""What a reader can change, and what the presets set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from natgrad_core.core.problem import OutsideDomain
from natgrad_lecture.state.fields import BadInput, choice, control, number, perhaps, point, whole
from natgrad_lecture.state.items import problem_named
from natgrad_lecture.state.state import State
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

PLACES: dict[str, tuple[tuple[float, float], tuple[tuple[float, float], tuple[float, float]]]] = {
    "normal": ((0.0, 1.0), ((-2.0, 2.0), (0.0, 4.0))),
    "gamma": ((1.6, 1.4), ((0.0, 4.0), (0.0, 4.0))),
}
"""Where the problems of families stand on this page, and what of their parameters is seen."""


def place_of(name: str) -> tuple[float, ...]:
    """Where a problem's point stands when it is chosen."""
    return PLACES[name][0] if name in PLACES else problem_named(name).start


LOOKS = ("level", "draws", "data")
FAMILIES = ("normal", "gamma", "von-mises", "categorical")
PROBLEMS = (*FAMILIES, "logistic-regression", "linear-regression")


@dataclass(frozen=True)
class Look(State):
    """Which of three pictures; a problem, a point θ, a radius and a step; a line through data."""

    look: str = control("level", "look", choice("look", "picture", LOOKS))
    problem: str = control("normal", "problem", choice("problem", "problem", PROBLEMS))
    theta: tuple[float, ...] | None = control(None, "at", perhaps(point("theta", "θ")))
    step: tuple[float, ...] | None = control(None, "d", perhaps(point("step", "the step δ")))
    radius: float = control(
        0.1, "r", number("radius", "the radius r", 1e-6, 3, say.later("take-one-from-0-000001-to"))
    )
    show: str = control(
        "shown", "level", choice("show", say.later("way-to-show-it"), ("shown", "hidden"))
    )
    seed: int = control(0, "seed", whole("seed", "the seed", 0, 9999))
    w: tuple[float, ...] = control((-1.0, 0.0), "w", point("w", "the start", most=100))
    noise: float = control(
        1.0,
        "noise",
        number("noise", "the noise", 0.1, 5, say.later("take-a-standard-deviation-0-1")),
    )
    nats_a_step: float = control(
        0.1,
        "pace",
        number(
            "nats_a_step", say.later("the-kl-a-step"), 1e-3, 2, say.later("take-one-from-0-001-to")
        ),
    )

    @property
    def point(self) -> tuple[float, ...]:
        """Where the problem stands: the reader's θ, or its own."""
        return self.theta if self.theta is not None else place_of(self.problem)

    def entries(self, name: str) -> Any:
        """The point that is in force."""
        return self.point if name == "theta" else super().entries(name)

    def whole(self) -> Self:
        """The state itself if its point is in the domain, and has a Fisher matrix with inverse."""
        problem = problem_named(self.problem)
        try:
            fisher = problem.fisher(self.point)
        except OutsideDomain as error_:
            raise BadInput("theta", say("the-last-good-point-stays", error=error_)) from None
        values = np.linalg.eigvalsh(fisher)
        if not (np.isfinite(values).all() and values[0] > 1e-9 * values[1] > 1e-12):
            raise BadInput("theta", say("so-far-out-the-fisher-matrix"))
        return self

    def changes(self, name: str, value: Any) -> dict[str, Any]:
        """Another problem brings its own point and step."""
        if name == "problem":
            return {"problem": value, "theta": None, "step": None}
        return super().changes(name, value)


HALF = {"look": "level", "problem": "normal", "radius": 0.5}
DRAWS = {"look": "draws", "problem": "normal"}
DATA = {"look": "data", "k": 6}
SMALL_LINE = {"problem": "linear-regression", "radius": 0.1}
OPENING = {"radius": 0.3}
"""At this size one sees that KL's level set and the ellipse differ, and that they are close."""
FAR = (4.7, -1.0)
PRESETS: dict[str, dict[str, Any]] = {
    "kl-and-its-ellipse": {},
    "half-a-nat": HALF,
    "find-it-yourself": {**HALF, "show": "hidden"},
    "no-error-at-all": SMALL_LINE,
    "built-draw-by-draw": DRAWS,
    "without-chance": {**DRAWS, "problem": "gamma"},
    "the-empirical-fisher": DATA,
    "at-right-angles": {**DATA, "w": FAR, "k": 0},
}
"""What each preset sets, by its id in text.md."""
