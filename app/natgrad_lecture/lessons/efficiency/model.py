"""What the engine says of the race to efficiency: exact moments and many runs of the same data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import numpy as np

from natgrad_core.analysis.online_mean import (
    AVERAGED,
    Along,
    Errors,
    Examples,
    Response,
    along,
    drawing,
    errors,
    exact,
    falling,
    fixed,
    limit,
    mean_product,
    ratio,
)
from natgrad_core.types import Array
from natgrad_lecture.bounded_cache import bounded_cache, recent_cache
from natgrad_lecture.drawing.heat_map import Kept, keeper
from natgrad_lecture.lessons.efficiency.state import STEPS, TIMES

TURN = np.deg2rad(30.0)
ROTATION = np.array([[np.cos(TURN), -np.sin(TURN)], [np.sin(TURN), np.cos(TURN)]])
"""The data's two directions are not the coordinates'."""
METHODS = ("natural", "gradient", AVERAGED)


def _fisher(s1: float, s2: float) -> Array:
    return ROTATION @ np.diag([s1**-2.0, s2**-2.0]) @ ROTATION.T


def _average(s1: float, s2: float) -> float:
    """A fixed rate that shrinks every direction: the smaller variance."""
    return min(s1, s2) ** 2


def _drawing(seed: int) -> Iterator[Examples]:
    return drawing(STEPS, seed=seed)


_drawn = keeper(_drawing)
"""The examples of a seed, as far as they were asked for: 24 MB each."""


def _known(seed: int, part: int) -> Examples:
    """The examples of this many blocks, drawn again where their memory was needed for something
    else.
    """
    known = _drawn(seed).upto(part)
    assert known is not None
    return known


RESPONSES: dict[str, Callable[[float, Any], Response]] = {"falling": falling, "fixed": fixed}

Learned = tuple[str, float]
"""One of these, and p. It tells all of one direction: what a slider does not change is kept."""


@recent_cache
def _response(how: Learned) -> Response:
    name, pull = how
    return RESPONSES[name](pull, TIMES)


@recent_cache
def _along(seed: int, part: int, i: int, how: Learned) -> Along:
    """A response, applied to the examples along one direction."""
    return along(_known(seed, part), i, _response(how))


@bounded_cache
def _product(seed: int, part: int, one: Learned, other: Learned, i: int, j: int) -> Array:
    """What a covariance of the errors along two directions is made of."""
    return mean_product(_known(seed, part), i, _response(one), j, _response(other), TIMES)


def _learned(method: str, s1: float, s2: float, c: float | None) -> list[Learned]:
    """How a method learns in each of F's directions."""
    spreads = sorted((s1, s2), reverse=True)  # F's eigenvalues rise
    if method == AVERAGED:
        return [("fixed", _average(s1, s2) / s**2) for s in spreads]
    return [("falling", 1.0 if c is None else c / s**2) for s in spreads]


@recent_cache
def _errors(
    method: str, s1: float, s2: float, c: float | None, start: Any, seed: int, part: int
) -> Errors:
    """What became of one method in the runs of this many blocks, which are all that were made."""
    how = _learned(method, s1, s2, c)
    return errors(
        _fisher(s1, s2),
        start,
        TIMES,
        [_along(seed, part, i, one) for i, one in enumerate(how)],
        lambda i, j: _product(seed, part, how[i], how[j], i, j),
    )


@bounded_cache
def _exact(s1: float, s2: float, c: float | None, start: Any) -> Array:
    fisher = _fisher(s1, s2)
    gain = np.linalg.inv(fisher) if c is None else c * np.eye(2)
    return exact(fisher, gain, start, TIMES)


class Model:
    """What the engine says of a race."""

    def __init__(self, state: Any) -> None:
        self.state = state

    @cached_property
    def fisher(self) -> Array:
        """F, the inverse of the data's covariance."""
        return _fisher(self.state.s1, self.state.s2)

    @property
    def kept(self) -> Kept[Examples]:
        """The examples of all runs as far as they were asked for; they depend on the seed alone."""
        return _drawn(self.state.seed)

    def _c(self, method: str) -> float | None:
        return self.state.c if method == "gradient" else None

    def errors(self, method: str) -> Errors:
        """What became of a method in the runs that have been made, of which there are some."""
        s, part = self.state, max(1, self.kept.part)
        return _errors(method, s.s1, s.s2, self._c(method), s.start, s.seed, part)

    def in_directions(self, error: Any) -> Array:
        """An error in the data's own two directions, ``[2]``."""
        return np.asarray(ROTATION.T @ np.asarray(error, float))

    def exact(self, method: str) -> Array:
        """t·E[eeᵀ] at the times, ``[times, 2, 2]``, without any sampling."""
        s = self.state
        return _exact(s.s1, s.s2, self._c(method), s.start)

    def limit(self, c: float | None = None) -> Array:
        """The limit of t·E[eeᵀ] for gradient descent; infinite where c is too small."""
        return limit(self.fisher, (self.state.c if c is None else c) * np.eye(2))

    def ratio(self, moments: Any) -> Array:
        """Over the bound: 1 where it is met."""
        return ratio(self.fisher, moments)

    @property
    def paths(self) -> dict[str, Any]:
        """What a notebook reads as the widget's ``path``: the exact moments of the methods."""
        return {method: self.exact(method) for method in METHODS[:2]}
