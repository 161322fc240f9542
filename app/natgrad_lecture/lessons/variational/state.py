"""The state: a posterior, where q begins, and the coordinates of q's parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from natgrad_lecture.state.fields import choice, control, several, whole
from natgrad_lecture.state.items import ChartKey
from natgrad_lecture.state.runs import Runs
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

METHODS = ("gradient", "natural", "newton")

POSTERIORS = ("rosenbrock", "logistic-regression")
"""Problems of two parameters that are defined for all real numbers."""

CHARTS = ("shear", "log-scale", "precision")
"""Coordinates of q: all five parameters sheared, or the diagonal of L through a chart of scales."""

BANANA = ("problem.rosenbrock.steepness:2",)

MOST = 200
"""Steps of a run, each of which is a quadrature over q."""


@dataclass(frozen=True)
class Inference(Runs):
    """A posterior, the mean of q at the start, and how the methods run."""

    problem: str = control("rosenbrock", "problem", choice("problem", "problem", POSTERIORS))
    rules: tuple[str, ...] = control(METHODS, "rules", several("rules", "rule", METHODS))
    chart: str = control("shear", "chart", choice("chart", "chart", CHARTS))
    rate: float = control(0.2, "rate", Runs.__dataclass_fields__["rate"].metadata["check"])
    steps: int = control(40, "steps", whole("steps", say.later("the-number-of-steps"), 1, MOST))
    option_values: tuple[str, ...] = control(
        BANANA, "set", Runs.__dataclass_fields__["option_values"].metadata["check"]
    )

    @property
    def chart_of_q(self) -> ChartKey:
        """The coordinates of q's five parameters."""
        if self.chart != "shear":
            return self.chart, (("which", (2, 4)),)
        rows = tuple(tuple(float(i == j) + _MIXED * (i < j) for j in range(5)) for i in range(5))
        return "linear", (("matrix", rows),)


_MIXED = 0.3
"""Entries above the diagonal of the matrix that shears q's parameters."""

PRESETS: dict[str, dict[str, Any]] = {
    "a-normal-for-a-banana": {},
    "the-best-normal": {"rules": ["natural", "newton"], "steps": 160, "k": 160},
    "a-posterior-of-beetles": {
        "problem": "logistic-regression",
        "rules": ["natural", "newton"],
        "rate": 0.05,
        "steps": 80,
        "k": 20,
    },
}
"""What each preset sets, by its id in text.md."""
