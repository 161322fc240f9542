"""A Weibull distribution fitted to lifetimes: millions of turns that ball bearings endured."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from natgrad_core.core.problem import Preset, Problem
from natgrad_core.datasets import load
from natgrad_core.families.exponential_family import mean_and_variance, outcomes, shares
from natgrad_core.linalg.small_matrices import components, symmetric
from natgrad_core.problems import problems
from natgrad_core.tracing.ops import exp, lgamma, log, square
from natgrad_core.tracing.row_sums import Rows
from natgrad_core.types import Array, ArrayLike, Matrix, Vector

GAMMA = 0.5772156649015329
"""Euler's constant: −E[log z] of z = (y/λ)ᵏ, which is exponential."""


@problems.register()
class Weibull(Problem):
    """−log p(y | k, λ) = z − (k − 1) l − log(k/λ), with l = log(y/λ) and z = e^{kl} = (y/λ)ᵏ.

    z is exponential, whatever the parameters: E[z] = 1, E[z k l] = 1 − γ, E[z (kl)²] =
    π²/6 + (1 − γ)² − 1, which is all that the Fisher matrix needs.

    Args:
        data: Numbers > 0, ``[n]``; None: the published data.
        weights: How many observations each number stands for, ``[n]``; None: one each.

    Raises:
        ValueError: If there are no data, or one is outside the support.
    """

    title = "a Weibull distribution of ball bearings' lives"
    symbols = ("k", "λ")
    latex = r"p(y) = \frac{k}{\lambda} \left(\frac{y}{\lambda}\right)^{k-1} e^{-(y/\lambda)^k}"
    source = "Lieblein and Zelen 1956; Weibull 1951"
    domain = "shape k > 0, scale λ > 0"
    outside = (1.0, -1.0)
    view = ((0.6, 4.0), (0.3, 2.0))
    start = (3.6, 1.7)
    support = (0.0, math.inf)
    measured = ("turns endured / 100 million",)
    presets: ClassVar = {
        "ball bearings": Preset(),
        "from a scale too small": Preset(start=(1.0, 0.45)),
        "infant mortality": Preset({"data": (0.05, 0.2, 0.6, 2.5)}, (1.5, 1.5)),
    }

    def __init__(self, data: ArrayLike | None = None, weights: ArrayLike | None = None) -> None:
        given = load("bearings")[:, 0] / 100 if data is None else data
        y = outcomes(self.name, given, self.support)
        share, self.size = shares(weights, y.size)
        self.rows = Rows(share, y)
        if data is not None:
            self._suit(self.guess(), (0.0, 0.0))

    def guess(self) -> tuple[float, ...]:
        """From the mean and variance of log y, which are log λ − γ/k and π²/(6k²)."""
        mean, variance = mean_and_variance(self.rows, np.log(self.rows.columns[1]))
        k = math.pi / math.sqrt(6 * variance or 1e-6)
        return k, math.exp(mean + GAMMA / k)

    def _inside(self, *theta: Any) -> Vector:
        """Shape and scale are positive."""
        return tuple(part > 0 for part in theta)

    def _log_prob(self, datum: Vector, k: Any, scale: Any) -> Any:
        log_y = log(datum[0]) - log(scale)
        return log(k) - log(scale) + (k - 1) * log_y - exp(k * log_y)

    def _score(self, datum: Vector, k: Any, scale: Any) -> Vector:
        log_y = log(datum[0]) - log(scale)
        z = exp(k * log_y)
        return 1 / k + log_y - z * log_y, k * (z - 1) / scale

    def _hessian(self, k: Any, scale: Any) -> Matrix:
        def term(k: Any, log_scale: Any, weight: Any, y: Any) -> Vector:
            level = log(y) - log_scale
            z = weight * exp(k * level)
            return z, z * level, z * level * level

        z, zl, zll = self.rows.total(term, k, log(scale))
        return symmetric(
            1 / square(k) + zll, (1 - z - k * zl) / scale, k * ((k + 1) * z - 1) / square(scale)
        )

    def _fisher(self, k: Any, scale: Any) -> Matrix:
        of_shape = math.pi**2 / 6 + (1 - GAMMA) ** 2
        return symmetric(of_shape / square(k), -(1 - GAMMA) / scale, square(k) / square(scale))

    def _kl(self, theta: Vector, other: Vector) -> Any:
        (k, scale), (j, new) = theta, other
        ratio = log(scale) - log(new)
        mean_z = exp(j * ratio + lgamma(1 + j / k))
        return log(k) - log(j) - j * ratio - GAMMA * (1 - j / k) + mean_z - 1

    def sample(self, theta: ArrayLike, rng: np.random.Generator, n: int) -> Array:
        """N lifetimes, ``[n, ...]``."""
        k, scale = components(self.check(theta))
        return scale * rng.weibull(k, (n, *np.shape(k)))
