"""A gamma distribution fitted to waiting times: failures of an aircraft's air conditioning."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from natgrad_core.core.problem import Preset
from natgrad_core.datasets import load
from natgrad_core.families.densities import DENSITIES
from natgrad_core.families.exponential_family import ExponentialFamily, mean_and_variance
from natgrad_core.linalg.small_matrices import symmetric
from natgrad_core.problems import problems
from natgrad_core.tracing.ops import digamma, lgamma, log, square, trigamma
from natgrad_core.types import ArrayLike, Matrix, Vector


@problems.register()
class Gamma(ExponentialFamily):
    """p(y | a, b) = bᵃ yᵃ⁻¹ e^{−by} / Γ(a): η = (a, −b), T = (log y, y).

    Args:
        data: Numbers > 0, ``[n]``; None: the published data.
        weights: How many observations each number stands for, ``[n]``; None: one each.

    Raises:
        ValueError: If there are no data, or one is outside the support.
    """

    title = "a gamma distribution of an air conditioner's times between failures"
    symbols = ("a", "b")
    latex = r"p(y) = \frac{b^a}{\Gamma(a)}\, y^{a-1} e^{-b y}"
    source = "Proschan 1963; Song, Song and Ermon 2018"
    domain = "shape a > 0, rate b > 0"
    outside = (1.0, -1.0)
    view = ((0.2, 3.0), (0.1, 3.0))
    start = (2.0, 1.2)
    support = (0.0, np.inf)
    measured = ("hours between failures / 100",)
    presets: ClassVar = {
        "air conditioning": Preset(),
        "a rate too high": Preset(start=(0.6, 1.5)),
        "exponential": Preset({"data": (0.2, 0.5, 1.0, 2.3)}, (2.0, 2.0)),
    }

    def __init__(self, data: ArrayLike | None = None, weights: ArrayLike | None = None) -> None:
        self.observe(load("aircondit")[:, 0] / 100 if data is None else data, weights=weights)
        if data is not None:
            self._suit(self.guess(), (0.0, 0.0))

    def guess(self) -> tuple[float, ...]:
        """The shape and rate with the data's mean and variance."""
        mean, variance = mean_and_variance(self.rows)
        rate = mean / (variance or 1e-6 * mean**2)
        return rate * mean, rate

    def _inside(self, *theta: Any) -> Vector:
        """Shape and rate are positive."""
        return tuple(part > 0 for part in theta)

    def _log_prob(self, datum: Vector, *theta: Any) -> Any:
        """By Stirling's formula for log Γ: far out the terms of η·T − A cancel to eight digits."""
        log_p: Any = DENSITIES["gamma_logpdf"].log_p
        return log_p(datum[0], *theta)

    def _natural(self, x: Vector, *theta: Any) -> Vector:
        return theta[0], -theta[1]

    def _slope(self, x: Vector, *theta: Any) -> Matrix:
        return (1, 0), (0, -1)

    def _partition(self, a: Any, minus_b: Any) -> Any:
        return lgamma(a) - a * log(-minus_b)

    def _mean(self, a: Any, minus_b: Any) -> Vector:
        return digamma(a) - log(-minus_b), -(a / minus_b)

    def _variance(self, a: Any, minus_b: Any) -> Matrix:
        return symmetric(trigamma(a), -1 / minus_b, a / square(minus_b))

    def _statistics(self, *y: Any) -> Vector:
        return np.log(y[0]), y[0]

    def _carrier(self, *y: Any) -> Any:
        return -np.log(y[0])

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...], *eta: Any) -> Vector:
        return (rng.gamma(eta[0], -1 / eta[1], shape),)
