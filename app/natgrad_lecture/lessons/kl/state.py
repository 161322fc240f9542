"""What a reader can change, and what the presets set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from natgrad_core import charts
from natgrad_core.analysis.data_transforms import VARIABLES
from natgrad_core.types import Array
from natgrad_lecture.state.fields import BadInput, choice, control, number, numbers, point
from natgrad_lecture.state.items import in_theta
from natgrad_lecture.state.state import State
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

WINDOW = (-4.0, 4.0)
"""Of x, on the page."""
KNOTS: Array = np.linspace(-3.0, 3.0, 7)
"""Where the reader's curve can be taken."""

WINDOWS = {
    "units": (-8.0, 8.0),
    "exp": (0.0, 10.0),
    "arsinh": (-2.2, 2.2),
    "logistic": (0.0, 1.0),
    "fold": (0.0, 4.0),
    "drawn": WINDOW,
}
"""Of y, on the page."""

CHARTS = ("log-scale", "variance", "precision", "natural", "expectation")

_CHANGES = ("data", "parameters")
_APART = 0.05
"""The least that the curve must rise from one knot to the next."""


def _normal(name: str) -> Any:
    def check(value: Any) -> tuple[float, ...]:
        mean, sigma = point(name, say("the-parameters-of", which=name))(value)
        return (
            number(f"{name}.0", say("mu-of", which=name), -3, 3, say("take-one-from-3-to-3"))(mean),
            number(f"{name}.1", say("sigma-of", which=name), 0.2, 2, say("take-one-from-0-2-to"))(
                sigma
            ),
        )

    return check


def _curve(value: Any) -> tuple[float, ...]:
    high = WINDOWS["drawn"][1]
    found = point("curve", "the curve", size=len(KNOTS), most=high)(value)
    if not (np.diff(found) >= _APART - 1e-9).all():
        raise BadInput("curve", say("the-curve-must-rise-by-at", apart=f"{_APART:g}"))
    return found


@dataclass(frozen=True)
class Two(State):
    """Two normals by (μ, σ); which change is made; the variable or the chart it leads to."""

    p: tuple[float, ...] = control((-0.7, 0.7), "p", _normal("p"))
    q: tuple[float, ...] = control((0.8, 1.0), "q", _normal("q"))
    change: str = control("data", "of", choice("change", "change", _CHANGES))
    f: str = control("drawn", "f", choice("f", "variable", (*VARIABLES, "drawn")))
    curve: tuple[float, ...] = control((-2.8, -2.4, -1.6, 0.2, 1.9, 2.6, 3.0), "curve", _curve)
    chart: str = control("log-scale", "chart", choice("chart", "chart", CHARTS))

    def whole(self) -> Self:
        """The state itself if its two densities are two."""
        if np.hypot(*np.subtract(self.p, self.q)) < 0.01:
            raise BadInput("q", say("p-and-q-are-the-same"))
        return self

    def changes(self, name: str, value: Any) -> dict[str, Any]:
        """``peak.p`` is a density's highest point, ``knot.3`` a point of the curve, ``chart.p`` the
        parameters as the chart has them.
        """
        head, _, which = name.partition(".")
        if head == "peak":
            mean, height = numbers(name, value)
            tallest, lowest = (1 / (s * np.sqrt(2 * np.pi)) for s in (0.2, 2.0))
            if not lowest <= height <= tallest:
                raise BadInput(name, say("a-normal-this-high-has-a"))
            return {which: (mean, float(1 / (height * np.sqrt(2 * np.pi))))}
        if head == "knot":
            curve = list(self.curve)
            curve[int(which)] = numbers(name, value)[1]
            return {"curve": curve, "f": "drawn"}
        if head == "chart" and which:
            return {which: in_theta(charts[self.chart](), name, value)}
        return super().changes(name, value)


OPENING = {"curve": (-3.9, -2.2, -1.0, -0.3, 0.3, 1.0, 3.8)}
"""A curve that squeezes the middle: under it the L² distance grows by a sixth, KL stays."""
PARAMETERS = {"change": "parameters", "p": (-0.3, 0.3), "q": (0.3, 1.5)}
"""Two normals whose parameters lie much farther apart, or much closer, in other coordinates."""
NARROW = {"p": (-0.2, 0.25), "q": (0.2, 0.25)}
STRETCHED = {"curve": (-3.6, -3.3, -2.9, -2.3, -1.3, 0.6, 3.4)}
LOGS = {"f": "exp", "p": (-0.6, 0.6), "q": (0.6, 0.8)}
PRESETS: dict[str, dict[str, Any]] = {
    "bend-the-line": {},
    "stretched": STRETCHED,
    "other-units": {"f": "units"},
    "undo-a-logarithm": LOGS,
    "into-0-1": {"f": "logistic"},
    "fold-it": {"f": "fold"},
    "other-parameters": PARAMETERS,
}
"""What each preset sets, by its id in text.md."""
