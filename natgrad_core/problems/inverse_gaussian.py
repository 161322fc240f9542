"""An inverse Gaussian distribution fitted to repair times of an airborne transceiver."""

from __future__ import annotations

import math
from typing import ClassVar

from natgrad_core.core.problem import Preset
from natgrad_core.datasets import load
from natgrad_core.families.density_family import DensityFamily
from natgrad_core.problems import problems
from natgrad_core.types import ArrayLike


@problems.register()
class InverseGaussian(DensityFamily):
    """p(y | m, k) = √(k/(2πy³)) e^{−k(y − m)²/(2m²y)}: mean m, shape k; E[1/y] = 1/m + 1/k.

    Args:
        data: Numbers > 0, ``[n]``; None: the published data.
        weights: How many observations each number stands for, ``[n]``; None: one each.

    Raises:
        ValueError: If there are no data, or one is outside the support.
    """

    density_name = "inverse_gaussian_logpdf"
    positive = (0, 1)
    exponential = True
    title = "an inverse Gaussian distribution of repair times"
    symbols = ("m", "k")
    latex = r"p(y) = \sqrt{\frac{k}{2\pi y^3}}\, e^{-k (y - m)^2/2m^2y}"
    source = "Chhikara and Folks 1977; Tweedie 1957"
    domain = "mean m > 0, shape k > 0"
    outside = (1.0, -1.0)
    view = ((1.0, 8.0), (0.4, 4.0))
    start = (6.0, 3.0)
    support = (0.0, math.inf)
    measured = ("hours of repair",)
    presets: ClassVar = {
        "repair times": Preset(),
        "a mean too low": Preset(start=(2.0, 0.8)),
    }

    def __init__(self, data: ArrayLike | None = None, weights: ArrayLike | None = None) -> None:
        self.observe(load("repairs")[:, 0] if data is None else data, weights)
        if data is not None:
            self._suit(self.guess(), (0.0, 0.0))

    def guess(self) -> tuple[float, ...]:
        """The mean, and k from the mean of 1/y: the estimate itself."""
        share, y = self.rows.columns
        mean = float(share @ y)
        return mean, 1 / (float(share @ (1 / y)) - 1 / mean or 1e-6 / mean)
