"""What the engine says of draws from a model: sums over them, and their error."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from natgrad_core.analysis.fisher_sampling import Gathered, gather, scores
from natgrad_core.types import Array, Whole
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.state.items import problem_named

_PER_DECADE = 12
_FIRST, _BLOCK, MOST = 1000, 100_000, 1_000_000
"""Draws of the first answer, of each one after, and in all."""

POINTS = 300
"""Scores drawn as points."""

_NS: Whole = np.unique(np.round(10 ** np.arange(0, 6.01, 1 / _PER_DECADE)).astype(np.int64))
_ENDS = (0, _FIRST, *range(_BLOCK, MOST + 1, _BLOCK))
PARTS = len(_ENDS) - 1


def _numbers_in(part: int) -> Whole:
    """How many draws have been made at each stop of a part, counted from its beginning."""
    low, high = _ENDS[part], _ENDS[part + 1]
    stops = _NS[(low < _NS) & (high > _NS)]
    return np.append(stops, high) - low


STEPS = sum(len(_numbers_in(part)) for part in range(PARTS)) - 1


@bounded_cache
def _part(name: str, theta: tuple[float, ...], seed: int, part: int) -> Gathered:
    return gather(problem_named(name), theta, _numbers_in(part), (seed, part))


@bounded_cache
def gathered(name: str, theta: tuple[float, ...], seed: int, parts: int) -> Gathered:
    """The sums over the first so many parts of the draws."""
    found = _part(name, theta, seed, 0)
    for part in range(1, parts):
        found = found.then(_part(name, theta, seed, part))
    return found


class Draws:
    """What the engine says of draws from p(· | θ)."""

    def __init__(self, state: Any) -> None:
        self.state = state
        self.problem = problem_named(state.problem)
        self.theta = tuple(float(v) for v in state.point)

    @cached_property
    def fisher(self) -> Array:
        """F at θ, exactly."""
        return self.problem.fisher(self.theta)

    def gathered(self, parts: int = 1) -> Gathered:
        """The sums over the first so many parts."""
        return gathered(self.state.problem, self.theta, self.state.seed, parts)

    @cached_property
    def first(self) -> Array:
        """The first scores, ``[POINTS, 2]``, or with covariates one a row of the first draws."""
        rng = np.random.default_rng((self.state.seed, 0))
        data = self.problem.sample(self.theta, rng, _FIRST)
        return scores(self.problem, self.theta, data).reshape(-1, 2)[:POINTS]
