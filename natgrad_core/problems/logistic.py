"""A logistic distribution fitted to differences: the hours of sleep that a drug gains."""

from __future__ import annotations

import math
from typing import ClassVar

from natgrad_core.core.problem import Preset
from natgrad_core.datasets import load
from natgrad_core.families.density_family import DensityFamily
from natgrad_core.families.exponential_family import mean_and_variance
from natgrad_core.problems import problems
from natgrad_core.types import ArrayLike


@problems.register()
class Logistic(DensityFamily):
    """p(y | m, s) = e^{−z}/(s (1 + e^{−z})²) with z = (y − m)/s.

    Args:
        data: Numbers, ``[n]``; None: the published data.
        weights: How many observations each number stands for, ``[n]``; None: one each.

    Raises:
        ValueError: If there are no data, or one is outside the support.
    """

    density_name = "logistic_logpdf"
    title = "a logistic distribution of the sleep that a drug gains"
    symbols = ("m", "s")
    latex = r"p(y) = \frac{e^{-z}}{s\,(1 + e^{-z})^2},\; z = \frac{y - m}{s}"
    source = "Student 1908; Johnson, Kotz and Balakrishnan 1995, ch. 23"
    domain = "s > 0"
    outside = (0.0, -1.0)
    view = ((0.2, 3.2), (0.2, 2.0))
    start = (0.6, 1.5)
    support = (-math.inf, math.inf)
    measured = ("hours of sleep gained",)
    presets: ClassVar = {
        "hours of sleep": Preset(),
        "too narrow": Preset(start=(2.8, 0.4)),
    }

    def __init__(self, data: ArrayLike | None = None, weights: ArrayLike | None = None) -> None:
        self.observe(load("sleep")[:, 0] if data is None else data, weights)
        if data is not None:
            self._suit(self.guess(), (self.guess()[1], 0.0))

    def guess(self) -> tuple[float, ...]:
        """The m and s with the data's mean and variance, π²s²/3."""
        mean, variance = mean_and_variance(self.rows)
        return mean, math.sqrt(3 * variance) / math.pi or 1e-3 * abs(mean) or 1.0
