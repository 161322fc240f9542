"""A Laplace distribution fitted to differences: Darwin's pairs of maize plants."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from natgrad_core.core.problem import Preset
from natgrad_core.datasets import load
from natgrad_core.families.density_family import DensityFamily
from natgrad_core.families.exponential_family import quantile
from natgrad_core.problems import problems
from natgrad_core.tracing.ops import maximum, where
from natgrad_core.types import ArrayLike, Vector


@problems.register()
class Laplace(DensityFamily):
    """p(y | m, s) = e^{−|y − m|/s}/(2s): the estimates are the median and the mean distance to it.

    The log-likelihood has a kink at each y, where ∇J is the shortest of its subgradients.

    Args:
        data: Numbers, ``[n]``; None: the published data.
        weights: How many observations each number stands for, ``[n]``; None: one each.

    Raises:
        ValueError: If there are no data, or one is outside the support.
    """

    density_name = "laplace_logpdf"
    kinks = True
    title = "a Laplace distribution of Darwin's differences between maize plants"
    symbols = ("m", "s")
    latex = r"p(y) = \frac{1}{2 s}\, e^{-|y - m|/s}"
    source = "Darwin 1876; Laplace 1774"
    domain = "s > 0"
    outside = (0.0, -1.0)
    view = ((-2.0, 8.0), (0.5, 8.0))
    start = (0.5, 6.0)
    support = (-math.inf, math.inf)
    measured = ("difference of heights (inches)",)
    presets: ClassVar = {
        "Darwin's maize": Preset(),
        "too narrow": Preset(start=(6.0, 1.0)),
    }

    def __init__(self, data: ArrayLike | None = None, weights: ArrayLike | None = None) -> None:
        self.observe(load("maize")[:, 0] / 8 if data is None else data, weights)
        if data is not None:
            self._suit(self.guess(), (self.guess()[1], 0.0))

    def guess(self) -> tuple[float, ...]:
        """The median and the mean distance to it, which are the estimate itself."""
        share, y = self.rows.columns
        middle = quantile(self.rows, 0.5)
        return middle, float(share @ np.abs(y - middle)) or 1e-3 * abs(middle) or 1.0

    def _grad(self, *theta: Any) -> Vector:
        """Where m is at data, the share of these data is what the slope may differ by."""

        def of_row(m: Any, s: Any, weight: Any, y: Any) -> Vector:
            side = where(m > y, 1.0, 0.0) - where(m < y, 1.0, 0.0)
            return weight * side, weight * (1.0 - side * side), weight * abs(y - m)

        m, s = theta
        slope, kink, gap = self.rows.total(of_row, m, s)
        shortest = maximum(abs(slope) - kink, 0.0)
        return where(slope < 0, -shortest, shortest) / s, (1 - gap / s) / s
