"""A beta distribution fitted to shares: the batting averages of eighteen players."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from natgrad_core.core.problem import Preset
from natgrad_core.datasets import load
from natgrad_core.families.densities import DENSITIES
from natgrad_core.families.exponential_family import ExponentialFamily, mean_and_variance
from natgrad_core.linalg.small_matrices import symmetric
from natgrad_core.problems import problems
from natgrad_core.tracing.ops import digamma, lgamma, trigamma
from natgrad_core.types import ArrayLike, Matrix, Vector


@problems.register()
class Beta(ExponentialFamily):
    """p(y | a, b) = yᵃ⁻¹ (1 − y)ᵇ⁻¹ / B(a, b): η = (a, b), T = (log y, log(1 − y)).

    Args:
        data: Numbers in (0, 1), ``[n]``; None: the published data.
        weights: How many observations each number stands for, ``[n]``; None: one each.

    Raises:
        ValueError: If there are no data, or one is outside the support.
    """

    title = "a beta distribution of early-season batting averages"
    symbols = ("a", "b")
    latex = r"p(y) = \frac{y^{a-1} (1-y)^{b-1}}{B(a, b)}"
    source = "Efron and Morris 1975"
    domain = "a > 0, b > 0"
    outside = (-2.0, 3.0)
    view = ((1.0, 25.0), (2.0, 60.0))
    start = (5.0, 30.0)
    support = (0.0, 1.0)
    measured = ("batting average",)
    presets: ClassVar = {
        "batting averages": Preset(),
        "from the uniform": Preset(start=(1.0, 1.0)),
        "mostly extremes": Preset({"data": (0.02, 0.05, 0.9, 0.97)}, (1.0, 1.0)),
    }

    def __init__(self, data: ArrayLike | None = None, weights: ArrayLike | None = None) -> None:
        hits = load("batting")
        self.observe(hits[:, 0] / hits[:, 1] if data is None else data, weights=weights)
        if data is not None:
            self._suit(self.guess(), (0.0, 0.0))

    def guess(self) -> tuple[float, ...]:
        """The a and b with the data's mean m and variance v: a + b = m(1 − m)/v − 1."""
        m, variance = mean_and_variance(self.rows)
        whole = max(m * (1 - m) / (variance or 1e-6 * m * (1 - m)) - 1, 1e-2)
        return m * whole, (1 - m) * whole

    def _inside(self, *theta: Any) -> Vector:
        """Both are positive."""
        return tuple(part > 0 for part in theta)

    def _log_prob(self, datum: Vector, *theta: Any) -> Any:
        """By Stirling's formula for log Γ: far out the terms of η·T − A cancel to eight digits."""
        log_p: Any = DENSITIES["beta_logpdf"].log_p
        return log_p(datum[0], *theta)

    def _partition(self, a: Any, b: Any) -> Any:
        return lgamma(a) + lgamma(b) - lgamma(a + b)

    def _mean(self, a: Any, b: Any) -> Vector:
        return digamma(a) - digamma(a + b), digamma(b) - digamma(a + b)

    def _variance(self, a: Any, b: Any) -> Matrix:
        both = trigamma(a + b)
        return symmetric(trigamma(a) - both, -both, trigamma(b) - both)

    def _statistics(self, *y: Any) -> Vector:
        return np.log(y[0]), np.log1p(-y[0])

    def _carrier(self, *y: Any) -> Any:
        return -np.log(y[0]) - np.log1p(-y[0])

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...], *eta: Any) -> Vector:
        return (rng.beta(eta[0], eta[1], shape),)
