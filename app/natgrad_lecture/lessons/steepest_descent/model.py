"""What the engine says of a metric, a gradient and a direction."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from natgrad_core.geometry.ellipses import reach
from natgrad_core.geometry.level_sets import kl_level_set
from natgrad_core.geometry.steepest import Steepest, steepest, unit_directions
from natgrad_core.types import Array
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.state.items import problem_named


class Model:
    """What the engine says of a metric, a gradient and a direction."""

    def __init__(self, state: Any) -> None:
        self.state = state
        self.metric = state.metric
        self.gradient = np.asarray(state.entries("gradient"), float)
        self.half, self.arrow = state.entries("frame")

    @property
    def paths(self) -> dict[str, Array]:
        """What a notebook reads as the widget's ``path``: the metric and the vectors drawn."""
        return {
            "G": self.metric,
            "gradient": self.gradient,
            "steepest": self.best.a,
            "yours": self.yours,
            "against_gradient": self.against_gradient,
        }

    @cached_property
    def best(self) -> Steepest:
        """The minimizer, where there is one."""
        return steepest(self.metric, self.gradient)

    @cached_property
    def formula(self) -> Array:
        """−G⁻¹∇J / √(∇Jᵀ G⁻¹ ∇J), also where it is not the steepest; NaN where it has no value."""
        if self.best.kind == "strip":
            return np.full(2, np.nan)
        raised = np.linalg.solve(self.metric, self.gradient)
        with np.errstate(invalid="ignore"):
            return np.asarray(-raised / np.sqrt(self.gradient @ raised))

    @cached_property
    def same_kl(self) -> Array | None:
        """δ/ε for the steps δ of exactly ½ε² nats from the problem's start; None without one."""
        name = self.state.of
        return None if name in ("hand", "double-well") else _same_kl(name)

    @property
    def level_along_the_strip(self) -> bool:
        """Whether J does not change along the strip of a singular G."""
        values, vectors = np.linalg.eigh(self.metric)
        part = abs(float(vectors[:, np.argmin(np.abs(values))] @ self.gradient))
        return part < 1e-9 * float(np.linalg.norm(self.gradient))

    @cached_property
    def yours(self) -> Array:
        """The unit vector along the reader's direction; NaN where none has length one."""
        return unit_directions(self.metric, np.deg2rad([self.state.angle]))[0]

    @cached_property
    def against_gradient(self) -> Array:
        """The unit vector straight against ∇J."""
        return reach(-self.gradient, self.metric, 0.5)

    def slopes(self, degrees: Array) -> Array:
        """∇J·a for the unit vectors a along these directions."""
        return unit_directions(self.metric, np.deg2rad(degrees)) @ self.gradient

    def slope(self, a: Array) -> float:
        """∇J·a."""
        return float(self.gradient @ a)


_SMALL = 0.1
"""ε of the steps whose exact KL is drawn, magnified by 1/ε."""


@bounded_cache
def _same_kl(name: str) -> Array:
    """The steps from a problem's start that change the distribution by ½ε² nats, over ε."""
    problem = problem_named(name)
    start = np.asarray(problem.start, float)
    around = kl_level_set(problem, start, _SMALL**2 / 2)
    return np.asarray((np.vstack([around, around[:1]]) - start) / _SMALL)
