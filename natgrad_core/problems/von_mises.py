"""Directions on a circle: where a roulette wheel stopped, in von Mises's polar coordinates (μ, κ).

The natural parameters are Cartesian, η = κ (cos μ, sin μ); direction and concentration are their
polar coordinates, which is why the Fisher matrix is diagonal and the Hessian is not.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from natgrad_core.core.problem import Preset
from natgrad_core.datasets import load
from natgrad_core.families.exponential_family import ExponentialFamily
from natgrad_core.linalg.small_matrices import symmetric
from natgrad_core.problems import problems
from natgrad_core.tracing.ops import (
    bessel_ratio,
    bessel_ratio_slope,
    cos,
    i0e,
    log,
    log_i0,
    sin,
    sqrt,
)
from natgrad_core.types import ArrayLike, Matrix, Vector


@problems.register()
class VonMises(ExponentialFamily):
    """p(y | μ, κ) = e^{κ cos(y − μ)} / (2π I₀(κ)): η = κ (cos μ, sin μ), T = (cos y, sin y).

    Args:
        data: Angles in radians, ``[n]``; None: the published data.
        weights: How many observations each number stands for, ``[n]``; None: one each.

    Raises:
        ValueError: If there are no data, or one is outside the support.
    """

    title = "a von Mises distribution of where a roulette wheel stopped"
    symbols = ("μ", "κ")
    latex = r"p(y) = \frac{e^{\kappa \cos(y - \mu)}}{2\pi I_0(\kappa)}"
    source = "Mardia and Jupp 2000, ex. 1.1"
    domain = "concentration κ > 0; angles in radians"
    outside = (0.3, -1.0)
    view = ((-1.5, 3.0), (0.1, 5.0))
    start = (-0.8, 1.0)
    support = (-math.pi, math.pi)
    measured = ("angle at which the wheel stopped (radians)",)
    presets: ClassVar = {
        "roulette": Preset(),
        "far round the circle": Preset(start=(-1.5, 0.8)),
        "sharp": Preset({"data": (0.9, 1.0, 1.1, 1.3)}, (0.5, 2.0)),
    }

    def __init__(self, data: ArrayLike | None = None, weights: ArrayLike | None = None) -> None:
        angles = np.radians(load("roulette")[:, 0]) if data is None else np.asarray(data, float)
        self.observe(np.arctan2(np.sin(angles), np.cos(angles)), weights=weights)
        if data is not None:
            self._suit(self.guess(), (1.0, 0.0))

    def guess(self) -> tuple[float, ...]:
        """The mean direction, and κ ≈ R(2 − R²)/(1 − R²) from the mean resultant length R.

        Banerjee et al. 2005, eq. 4.4, with p = 2.
        """
        c, s = (float(part[0]) for part in self._sums.columns[1:3])
        r = min(math.hypot(c, s), 1 - 1e-9)
        return math.atan2(s, c), max(r * (2 - r * r) / (1 - r * r), 1e-3)

    def _inside(self, *theta: Any) -> Vector:
        """κ > 0."""
        return (theta[1] > 0,)

    def _log_prob(self, datum: Vector, *theta: Any) -> Any:
        """κ(cos(y − μ) − 1) − log(e^{−κ} I₀(κ)) − log 2π: for a large κ the two κ would cancel."""
        mu, kappa = theta
        half = sin((datum[0] - mu) / 2)
        return -2 * kappa * half * half - log(i0e(kappa)) - math.log(2 * math.pi)

    def _natural(self, x: Vector, *theta: Any) -> Vector:
        mu, kappa = theta
        return kappa * cos(mu), kappa * sin(mu)

    def _slope(self, x: Vector, *theta: Any) -> Matrix:
        mu, kappa = theta
        return (-(kappa * sin(mu)), cos(mu)), (kappa * cos(mu), sin(mu))

    def _bend(self, x: Vector, *theta: Any) -> tuple[Matrix, ...]:
        mu, kappa = theta
        c, s = cos(mu), sin(mu)
        return symmetric(-(kappa * c), -s, 0), symmetric(-(kappa * s), c, 0)

    def _partition(self, u: Any, v: Any) -> Any:
        return log_i0(sqrt(u * u + v * v)) + math.log(2 * math.pi)

    def _mean(self, u: Any, v: Any) -> Vector:
        kappa = sqrt(u * u + v * v)
        length = bessel_ratio(kappa) / kappa
        return length * u, length * v

    def _variance(self, u: Any, v: Any) -> Matrix:
        kappa = sqrt(u * u + v * v)
        ratio = bessel_ratio(kappa)
        across = ratio / kappa
        excess = (1 - 2 * across - ratio * ratio) / (kappa * kappa)
        return symmetric(across + excess * u * u, excess * u * v, across + excess * v * v)

    def _fisher(self, *theta: Any) -> Matrix:
        """diag(κA(κ), A'(κ)): what Sᵀ ∇²A S is, without its cancellation."""
        _, kappa = theta
        return symmetric(kappa * bessel_ratio(kappa), 0, bessel_ratio_slope(kappa))

    def _statistics(self, *y: Any) -> Vector:
        return np.cos(y[0]), np.sin(y[0])

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...], *eta: Any) -> Vector:
        return (rng.vonmises(np.arctan2(eta[1], eta[0]), np.hypot(*eta), shape),)
