"""A lognormal distribution fitted to lifetimes: millions of turns that ball bearings endured."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from natgrad_core.core.problem import Preset
from natgrad_core.datasets import load
from natgrad_core.families.density_family import DensityFamily
from natgrad_core.families.exponential_family import mean_and_variance
from natgrad_core.problems import problems
from natgrad_core.types import ArrayLike


@problems.register()
class Lognormal(DensityFamily):
    """log y is normal: −log p(y | μ, σ) = log y + log σ + (log y − μ)²/(2σ²) + ½ log 2π.

    Args:
        data: Numbers > 0, ``[n]``; None: the published data.
        weights: How many observations each number stands for, ``[n]``; None: one each.

    Raises:
        ValueError: If there are no data, or one is outside the support.
    """

    density_name = "lognormal_logpdf"
    exponential = True
    title = "a lognormal distribution of ball bearings' lives"
    symbols = ("μ", "σ")
    latex = r"p(y) = \frac{1}{y \sigma\sqrt{2\pi}}\, e^{-(\log y-\mu)^2/2\sigma^2}"
    source = "Lieblein and Zelen 1956; Galton 1879"
    domain = "σ > 0"
    outside = (0.0, -1.0)
    view = ((-1.5, 0.7), (0.15, 1.5))
    start = (-1.0, 1.0)
    support = (0.0, math.inf)
    measured = ("turns endured / 100 million",)
    presets: ClassVar = {
        "ball bearings": Preset(),
        "from a scale too small": Preset(start=(0.3, 0.3)),
    }

    def __init__(self, data: ArrayLike | None = None, weights: ArrayLike | None = None) -> None:
        self.observe(load("bearings")[:, 0] / 100 if data is None else data, weights)
        if data is not None:
            self._suit(self.guess(), (self.guess()[1], 0.0))

    def guess(self) -> tuple[float, ...]:
        """The mean and the standard deviation of log y, which are the estimate itself."""
        mean, variance = mean_and_variance(self.rows, np.log(self.rows.columns[1]))
        return mean, math.sqrt(variance) or 1e-3 * abs(mean) or 1.0
