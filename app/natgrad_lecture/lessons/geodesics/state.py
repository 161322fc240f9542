"""What a reader can change, and what the presets set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from natgrad_core import charts
from natgrad_core.core.chart import Chart
from natgrad_lecture.state.fields import BadInput, choice, control, number, point
from natgrad_lecture.state.items import in_theta
from natgrad_lecture.state.state import State
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

CHARTS: dict[str, Chart] = {
    "expectation": charts["expectation"](),
    "natural": charts["natural"](),
    "half-plane": charts["linear"](((np.sqrt(2.0), 0.0), (0.0, 1.0))),
    "log-scale": charts["log-scale"](),
    "variance": charts["variance"](),
}
LABELS = {"half-plane": ("μ/√2", "σ"), "log-scale": ("μ", "log\u00a0σ")}


def _end(name: str, label: str) -> Any:
    allowed = say("take-sigma-from-0-01-to")

    def check(value: Any) -> tuple[float, ...]:
        mean, sigma = point(name, label, most=1e3)(value)
        return mean, number(f"{name}.1", f"σ of {label}", 0.01, 100, allowed)(sigma)

    return check


@dataclass(frozen=True)
class Ends(State):
    """Two normals (μ, σ), the chart beside, and the rate of the natural steps made in it."""

    a: tuple[float, ...] = control((-1.3, 0.55), "a", _end("a", "the start"))
    b: tuple[float, ...] = control((1.3, 1.0), "b", _end("b", "the target"))
    chart: str = control("expectation", "chart", choice("chart", "chart", tuple(CHARTS)))
    rate: float = control(
        0.05, "rate", number("rate", "the rate", 0.01, 1.0, say.later("take-one-from-0-01-to"))
    )

    def whole(self) -> Ends:
        """The state itself if there is a way to go."""
        if np.hypot(*np.subtract(self.a, self.b)) < 1e-3:
            raise BadInput("b", say("start-and-target-are-the-same"))
        return self

    def changes(self, name: str, value: Any) -> dict[str, Any]:
        """An end dragged in the chart is written in (μ, σ)."""
        if name in ("a.x", "b.x"):
            return {name[0]: in_theta(CHARTS[self.chart], name, value)}
        return super().changes(name, value)


LEVEL = {"a": (-1.3, 0.7), "b": (1.3, 0.7)}
LEVEL_SLOW: dict[str, Any] = {**LEVEL, "chart": "half-plane", "rate": 0.01, "k": 120}
"""Steps so small that the runs lie on their geodesics, as far as can be seen."""
UPRIGHT = {"a": (0.0, 0.5), "b": (0.0, 2.8)}
E_CHART: dict[str, Any] = {"chart": "natural", "rate": 0.01, "k": 120}
PRESETS: dict[str, dict[str, Any]] = {
    "three-roads": {},
    "one-spread": {**LEVEL, "chart": "half-plane"},
    "straight-up": {**UPRIGHT, "chart": "half-plane"},
    "m-is-straight": {"chart": "expectation"},
    "e-is-straight": E_CHART,
    "half-circles": {**LEVEL, "chart": "half-plane"},
    "large-steps-stray": {"chart": "log-scale", "rate": 0.04, "k": 10},
}
"""What each preset sets, by its id in text.md."""
