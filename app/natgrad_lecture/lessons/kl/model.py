"""What the engine says of two normals under a change of the data variable or of the parameters."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from natgrad_core import charts, problems
from natgrad_core.analysis.data_transforms import VARIABLES, Drawn, Variable
from natgrad_core.analysis.density_distances import Pair, normals
from natgrad_core.core.chart import Chart
from natgrad_core.types import Array
from natgrad_lecture.lessons.kl.state import KNOTS, WINDOW, WINDOWS

NORMAL = problems["normal"]()
STEPS = 120

SAME = 1e-9
"""A relative change below this is rounding."""


class Model:
    """What the engine says of two normals under one of the changes."""

    @property
    def paths(self) -> dict[str, Any]:
        """What a notebook reads as the widget's ``path``: the four measures, before and after."""
        return {"before": self.before, "after": self.after}

    def __init__(self, state: Any) -> None:
        self.state = state
        self.p, self.q = np.array(state.p), np.array(state.q)

    @property
    def of_data(self) -> bool:
        """Whether the data variable is changed, and not the parameters."""
        return self.state.change == "data"

    @cached_property
    def variable(self) -> Variable:
        """f."""
        return (
            Drawn(KNOTS, self.state.curve) if self.state.f == "drawn" else VARIABLES[self.state.f]
        )

    @property
    def chart(self) -> Chart:
        """The other parameters."""
        return charts[self.state.chart]()

    @cached_property
    def in_x(self) -> Pair:
        """In x."""
        return normals(self.p, self.q)

    @cached_property
    def in_y(self) -> Pair:
        """In y."""
        return normals(self.p, self.q, self.variable)

    @cached_property
    def places(self) -> tuple[Array, Array]:
        """The x of each step, and the place in y: f(x), or along y itself where f folds."""
        x = np.linspace(*WINDOW, STEPS + 1)
        if self.variable.one_to_one:
            return x, self.variable.forward(x)
        low, high = WINDOWS[self.state.f]
        return x, np.linspace(low + 1e-9, high, STEPS + 1)

    @cached_property
    def images(self) -> Array:
        """The y of each step's x, f(x): where f folds, these are not ``places``, which rise."""
        return self.variable.forward(self.places[0])

    @property
    def part(self) -> float:
        """How wide the window of y is, in windows of x."""
        low, high = WINDOWS[self.state.f]
        return (high - low) / (WINDOW[1] - WINDOW[0])

    @cached_property
    def curves(self) -> dict[str, tuple[Array, Array, Array]]:
        """p, q and p log(p/q) at the steps' places, on the left and in y."""
        if not self.of_data:
            return {"left": curves_at(self.in_x, self.places[0])}
        return {
            "left": curves_at(self.in_x, self.places[0]),
            "right": curves_at(self.in_y, self.places[1]),
        }

    @cached_property
    def numbers_of(self) -> tuple[Array, Array]:
        """The parameters of p and q in the chart, ``[2]`` each."""
        return self.chart.inverse(self.p), self.chart.inverse(self.q)

    @cached_property
    def kl_in_chart(self) -> float:
        """KL by the problem seen through the chart."""
        return float(NORMAL.through(self.chart).kl(*self.numbers_of))

    @cached_property
    def before(self) -> dict[str, float]:
        """Four ways to say how far apart, as they stand on the left."""
        if self.of_data:
            return self.in_x.measures
        return {**self.in_x.measures, "apart": float(np.linalg.norm(self.p - self.q))}

    @cached_property
    def after(self) -> dict[str, float]:
        """The same once the change is made."""
        if self.of_data:
            return self.in_y.measures
        first, second = self.numbers_of
        there = {"kl": self.kl_in_chart, "apart": float(np.linalg.norm(first - second))}
        return {**self.before, **there}

    def change(self, name: str) -> float:
        """By how much one of them changed, relatively."""
        return abs(self.after[name] / self.before[name] - 1)


def curves_at(pair: Pair, places: Array) -> tuple[Array, Array, Array]:
    """p, q and p log(p/q) at these places."""
    with np.errstate(all="ignore"):
        log_p, log_q = pair.logs(places)
        p = np.exp(log_p)
        return p, np.exp(log_q), p * (log_p - log_q)
