"""What the engine says of the race to efficiency: exact moments and many runs of the same data."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from natgrad_core.analysis.online_mean import AVERAGED, Race, expected, limit, racing, ratio
from natgrad_core.types import Array
from natgrad_lecture.drawing.heat_map import Kept, keeper
from natgrad_lecture.lessons.efficiency.state import TIMES

TURN = np.deg2rad(30.0)
ROTATION = np.array([[np.cos(TURN), -np.sin(TURN)], [np.sin(TURN), np.cos(TURN)]])
"""The data's two directions are not the coordinates'."""
METHODS = ("natural", "gradient", AVERAGED)


def _fisher(s1: float, s2: float) -> Array:
    return ROTATION @ np.diag([s1**-2.0, s2**-2.0]) @ ROTATION.T


def _gains(s1: float, s2: float, c: float) -> dict[str, Array]:
    inverse: Array = np.asarray(np.linalg.inv(_fisher(s1, s2)), float)
    return {"natural": inverse, "gradient": c * np.eye(2)}


def _average(s1: float, s2: float) -> float:
    """A fixed rate that shrinks every direction: the smaller variance."""
    return min(s1, s2) ** 2


def _racing(s1: float, s2: float, c: float, start: Any, seed: int) -> Iterator[Race]:
    return racing(
        _fisher(s1, s2), _gains(s1, s2, c), start, TIMES, average=_average(s1, s2), seed=seed
    )


_kept = keeper(_racing)


@lru_cache(maxsize=256)
def _expected(s1: float, s2: float, gain: Any, start: Any) -> Array:
    matrix = np.linalg.inv(_fisher(s1, s2)) if gain == "natural" else gain * np.eye(2)
    return expected(_fisher(s1, s2), matrix, start, TIMES)


class Model:
    """What the engine says of a race."""

    def __init__(self, state: Any) -> None:
        self.state = state

    @cached_property
    def fisher(self) -> Array:
        """F, the inverse of the data's covariance."""
        return _fisher(self.state.s1, self.state.s2)

    @property
    def kept(self) -> Kept[Race]:
        """The race as far as it was asked for."""
        s = self.state
        return _kept(s.s1, s.s2, s.c, s.start, s.seed)

    @property
    def race(self) -> Race:
        """All of it."""
        found = self.kept.upto(1000)
        assert found is not None
        return found

    def in_directions(self, error: Any) -> Array:
        """An error in the data's own two directions, ``[2]``."""
        return np.asarray(ROTATION.T @ np.asarray(error, float))

    def exact(self, method: str) -> Array:
        """t·E[eeᵀ] at the times, ``[times, 2, 2]``, without any sampling."""
        s = self.state
        return _expected(s.s1, s.s2, "natural" if method == "natural" else s.c, s.start)

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
