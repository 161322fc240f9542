"""A normal distribution fitted to data, in (μ, σ): Cavendish's weighings of the Earth."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from natgrad_core.core.problem import Preset, Problem
from natgrad_core.datasets import load
from natgrad_core.families.exponential_family import mean_and_variance, outcomes, shares
from natgrad_core.linalg.small_matrices import components, symmetric
from natgrad_core.problems import problems
from natgrad_core.tracing.ops import HALF_LOG_2PI, log, square
from natgrad_core.tracing.row_sums import Rows
from natgrad_core.types import Array, ArrayLike, Matrix, Vector


@problems.register()
class Normal(Problem):
    """−log p(y | μ, σ) = log σ + (y − μ)²/(2σ²) + ½ log 2π, averaged over ``data [n]``.

    Args:
        data: Numbers, ``[n]``; None: the published data.
        weights: How many observations each number stands for, ``[n]``; None: one each.

    Raises:
        ValueError: If there are no data, or one is outside the support.
    """

    exponential = True
    title = "a normal fitted to Cavendish's densities of the Earth"
    symbols = ("μ", "σ")
    latex = r"p(y) = \frac{1}{\sigma\sqrt{2\pi}}\, e^{-(y-\mu)^2/2\sigma^2}"
    source = "Cavendish 1798; Fisher matrix: Amari 1998"
    domain = "σ > 0"
    outside = (5.4, -0.3)
    view = ((5.15, 5.57), (0.08, 0.5))
    start = (5.2, 0.26)
    support = (-math.inf, math.inf)
    measured = ("density of the Earth (water = 1)",)
    presets: ClassVar = {
        "Cavendish's Earth": Preset(),
        "too wide, off to one side": Preset(start=(5.52, 0.45)),
        "too narrow: far in KL, near on paper": Preset(start=(5.3, 0.12)),
    }

    def __init__(self, data: ArrayLike | None = None, weights: ArrayLike | None = None) -> None:
        self.data = outcomes(
            self.name, load("cavendish")[:, 0] if data is None else data, self.support
        )
        share, self.size = shares(weights, self.data.size)
        self.rows = Rows(share, self.data)
        self.mean, self.variance = mean_and_variance(self.rows)
        if data is not None:
            self._suit(self.guess(), (self.guess()[1], 0.0))

    def guess(self) -> tuple[float, ...]:
        """The mean and the standard deviation, which are the estimate itself."""
        return self.mean, math.sqrt(self.variance) or 1e-3 * abs(self.mean) or 1.0

    def _inside(self, *theta: Any) -> Vector:
        """σ > 0."""
        return (theta[1] > 0,)

    def _log_prob(self, datum: Vector, mu: Any, sigma: Any) -> Any:
        return -log(sigma) - square((datum[0] - mu) / sigma) / 2 - HALF_LOG_2PI

    def _score(self, datum: Vector, mu: Any, sigma: Any) -> Vector:
        z = (datum[0] - mu) / sigma
        return z / sigma, (z * z - 1) / sigma

    def _loss(self, mu: Any, sigma: Any) -> Any:
        spread = self.variance + square(mu - self.mean)
        return log(sigma) + spread / (2 * square(sigma)) + HALF_LOG_2PI

    def _grad(self, mu: Any, sigma: Any) -> Vector:
        z = (mu - self.mean) / sigma
        return z / sigma, (1 - self.variance / square(sigma) - z * z) / sigma

    def _hessian(self, mu: Any, sigma: Any) -> Matrix:
        z, p = (mu - self.mean) / sigma, 1 / square(sigma)
        return symmetric(p, -2 * z * p, (3 * (self.variance * p + z * z) - 1) * p)

    def _fisher(self, mu: Any, sigma: Any) -> Matrix:
        return symmetric(1 / square(sigma), 0, 2 / square(sigma))

    def _kl(self, theta: Vector, other: Vector) -> Any:
        (mu, sigma), (nu, tau) = theta, other
        return (square(sigma) / square(tau) + square((mu - nu) / tau) - 1) / 2 - log(sigma / tau)

    def sample(self, theta: ArrayLike, rng: np.random.Generator, n: int) -> Array:
        """``[n, ...]`` draws."""
        mu, sigma = components(self.check(theta))
        return rng.normal(mu, sigma, (n, *np.shape(mu)))
