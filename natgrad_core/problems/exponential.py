"""An exponential distribution fitted to waiting times of an air conditioner's failures."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from natgrad_core.core.problem import Preset
from natgrad_core.datasets import load
from natgrad_core.families.exponential_family import ExponentialFamily, mean_and_variance
from natgrad_core.problems import problems
from natgrad_core.tracing.ops import log
from natgrad_core.types import ArrayLike, Matrix, Vector


@problems.register()
class Exponential(ExponentialFamily):
    """p(y | b) = b e^{−by}: η = −b, T = y, A(η) = −log(−η).

    Args:
        data: Numbers > 0, ``[n]``; None: the published data.
        weights: How many observations each number stands for, ``[n]``; None: one each.

    Raises:
        ValueError: If there are no data, or one is outside the support.
    """

    title = "an exponential distribution of an air conditioner's times between failures"
    symbols = ("b",)
    latex = r"p(y) = b\, e^{-b y}"
    source = "Proschan 1963; Brown 1986, ch. 1"
    domain = "rate b > 0"
    outside = (-1.0,)
    view = ((0.3, 5.0),)
    start = (3.0,)
    support = (0.0, np.inf)
    measured = ("hours between failures / 100",)
    presets: ClassVar = {
        "air conditioning": Preset(),
        "a rate too low": Preset(start=(0.4,)),
    }

    def __init__(self, data: ArrayLike | None = None, weights: ArrayLike | None = None) -> None:
        self.observe(load("aircondit")[:, 0] / 100 if data is None else data, weights=weights)
        if data is not None:
            self._suit(self.guess(), (0.0,))

    def guess(self) -> tuple[float, ...]:
        """One over the mean, which is the estimate itself."""
        return (1 / mean_and_variance(self.rows)[0],)

    def _inside(self, *theta: Any) -> Vector:
        """The rate is positive."""
        return (theta[0] > 0,)

    def _natural(self, x: Vector, *theta: Any) -> Vector:
        return (-theta[0],)

    def _slope(self, x: Vector, *theta: Any) -> Matrix:
        return ((-1,),)

    def _partition(self, *eta: Any) -> Any:
        return -log(-eta[0])

    def _mean(self, *eta: Any) -> Vector:
        return (-1 / eta[0],)

    def _variance(self, *eta: Any) -> Matrix:
        return ((1 / (eta[0] * eta[0]),),)

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...], *eta: Any) -> Vector:
        return (rng.exponential(-1 / eta[0], shape),)
