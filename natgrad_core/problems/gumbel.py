"""A Gumbel distribution fitted to maxima: the highest sea level at Venice in each year."""

from __future__ import annotations

import math
from typing import ClassVar

from natgrad_core.core.problem import Preset
from natgrad_core.datasets import load
from natgrad_core.families.densities import EULER
from natgrad_core.families.density_family import DensityFamily
from natgrad_core.families.exponential_family import mean_and_variance
from natgrad_core.problems import problems
from natgrad_core.types import ArrayLike


@problems.register()
class Gumbel(DensityFamily):
    """p(y | m, s) = e^{−z − e^{−z}}/s with z = (y − m)/s: the law of maxima.

    Args:
        data: Numbers, ``[n]``; None: the published data.
        weights: How many observations each number stands for, ``[n]``; None: one each.

    Raises:
        ValueError: If there are no data, or one is outside the support.
    """

    density_name = "gumbel_logpdf"
    title = "a Gumbel distribution of the highest sea levels at Venice"
    symbols = ("m", "s")
    latex = r"p(y) = \frac{1}{s}\, e^{-z - e^{-z}},\; z = \frac{y - m}{s}"
    source = "Pirazzoli 1982; Gumbel 1958"
    domain = "s > 0"
    outside = (1.0, -0.1)
    view = ((0.9, 1.5), (0.06, 0.5))
    start = (1.35, 0.35)
    support = (-math.inf, math.inf)
    measured = ("highest sea level of a year (meters)",)
    presets: ClassVar = {
        "Venice": Preset(),
        "too low and too wide": Preset(start=(0.95, 0.4)),
    }

    def __init__(self, data: ArrayLike | None = None, weights: ArrayLike | None = None) -> None:
        self.observe(load("venice")[:, 0] / 100 if data is None else data, weights)
        if data is not None:
            self._suit(self.guess(), (self.guess()[1], 0.0))

    def guess(self) -> tuple[float, ...]:
        """The m and s with the data's mean, m + γs, and variance, π²s²/6."""
        mean, variance = mean_and_variance(self.rows)
        s = math.sqrt(6 * variance) / math.pi or 1e-3 * abs(mean) or 1.0
        return mean - EULER * s, s
