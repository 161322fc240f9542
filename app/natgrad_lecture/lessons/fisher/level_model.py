"""What the engine says of a point, a radius and a step: the level set of KL, the ellipse."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from natgrad_core.analysis.fisher_sampling import kl_misses
from natgrad_core.core.problem import Problem
from natgrad_core.geometry.ellipses import outline, reach
from natgrad_core.geometry.level_sets import kl_level_set
from natgrad_core.types import Array
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.state.items import problem_named

SIZES: Array = np.geomspace(1e-3, 2.0, 25)
"""The lengths ε = √(δᵀFδ) at which the error is drawn."""

_SMALL = np.array([0.02, 0.01])
"""Two lengths from which a slope is read."""


class Level:
    """What the engine says of a point θ, a radius r and the reader's step δ."""

    def __init__(self, state: Any) -> None:
        self.state = state
        self.problem: Problem = problem_named(state.problem)
        self.theta = np.array(state.point)
        self.radius = float(state.radius)

    @cached_property
    def fisher(self) -> Array:
        """F at θ."""
        return self.problem.fisher(self.theta)

    @cached_property
    def step(self) -> Array:
        """The reader's δ; until it is taken, straight up to the ellipse."""
        if self.state.step is not None:
            return np.array(self.state.step)
        return reach(np.array([0.0, 1.0]), self.fisher, self.radius)

    @cached_property
    def level(self) -> Array:
        """KL(p_θ ‖ p_θ+δ) = r, as points θ + δ."""
        return kl_level_set(self.problem, self.theta, self.radius, 181)

    @cached_property
    def backward(self) -> Array:
        """KL(p_θ+δ ‖ p_θ) = r."""
        return kl_level_set(self.problem, self.theta, self.radius, 121, reverse=True)

    @cached_property
    def ellipse(self) -> Array:
        """½δᵀFδ = r, as points θ + δ."""
        return self.theta + outline(self.fisher, self.radius, 181)

    @cached_property
    def kl(self) -> float:
        """KL(p_θ ‖ p_θ+δ) of the reader's step; NaN outside the domain."""
        there = self.theta + self.step
        if not bool(self.problem.inside(there)):
            return np.nan
        return float(self.problem.kl(self.theta, there))

    @cached_property
    def half(self) -> float:
        """½δᵀFδ of the reader's step."""
        return float(self.step @ self.fisher @ self.step / 2)

    @property
    def misses(self) -> tuple[Array, Array]:
        """By how much KL misses ½ε² at worst at each of SIZES, and on average of opposite ends."""
        return _misses(self.state.problem, tuple(self.theta.tolist()))

    @cached_property
    def own_misses(self) -> Array:
        """By how much KL misses ½ε² along the reader's δ, at each of SIZES; NaN past the domain."""
        along = self.step / np.sqrt(2 * self.half) if self.half > 0 else np.zeros_like(self.step)
        there = self.theta + SIZES[:, None] * along
        inside = self.problem.inside(there)
        there = np.where(inside[:, None], there, self.theta)
        kl = self.problem.kl(np.broadcast_to(self.theta, there.shape), there)
        return np.where(inside, np.abs(kl - SIZES**2 / 2), np.nan)

    @property
    def slopes(self) -> tuple[float, float]:
        """The two graphs' slopes at their small end; NaN where there is no error at all."""
        worst, pairs = worst_misses(self.problem, self.theta, _SMALL)
        if worst[0] < 1e-12:
            return np.nan, np.nan
        return float(np.log2(worst[0] / worst[1])), float(np.log2(pairs[0] / pairs[1]))


def worst_misses(problem: Problem, theta: Array, sizes: Array) -> tuple[Array, Array]:
    """The largest abs(KL − ½ε²) around each ellipse, and the largest mean of opposite ends."""
    found = kl_misses(problem, theta, sizes)
    half = found.shape[1] // 2
    pairs = (found[:, :half] + found[:, half:]) / 2
    with np.errstate(all="ignore"):
        return np.abs(found).max(-1), np.abs(pairs).max(-1)


@bounded_cache
def _misses(name: str, theta: tuple[float, ...]) -> tuple[Array, Array]:
    return worst_misses(problem_named(name), np.array(theta), SIZES)
