"""A negative binomial distribution fitted to counts: mites on the leaves of apple trees."""

from __future__ import annotations

from typing import ClassVar

from natgrad_core.core.problem import Preset
from natgrad_core.datasets import load
from natgrad_core.families.density_family import DensityFamily
from natgrad_core.families.exponential_family import mean_and_variance
from natgrad_core.problems import problems
from natgrad_core.types import ArrayLike


@problems.register()
class NegativeBinomial(DensityFamily):
    """Counts with mean m and size r, whose variance is m + m²/r: Poisson for r → ∞.

    Args:
        data: Whole numbers ≥ 0, ``[n]``; None: the published data.
        weights: How many observations each number stands for, ``[n]``; None: one each.

    Raises:
        ValueError: If there are no data, or one is outside the support.
    """

    density_name = "negative_binomial_logpmf"
    positive = (0, 1)
    title = "a negative binomial distribution of mites on apple leaves"
    symbols = ("m", "r")
    latex = (
        r"p(y) = \frac{\Gamma(y + r)}{\Gamma(r)\, y!}"
        r" \left(\frac{r}{m + r}\right)^{r} \left(\frac{m}{m + r}\right)^{y}"
    )
    source = "Bliss and Fisher 1953; Anscombe 1950"
    domain = "mean m > 0, size r > 0"
    outside = (1.0, -1.0)
    view = ((0.4, 2.5), (0.3, 3.0))
    start = (2.0, 2.2)
    support = range(2**53)
    measured = ("mites on a leaf",)
    presets: ClassVar = {
        "mites": Preset(),
        "a mean too low": Preset(start=(0.6, 0.5)),
    }

    def __init__(self, data: ArrayLike | None = None, weights: ArrayLike | None = None) -> None:
        seen = load("mites")
        counts, times = (seen[:, 0], seen[:, 1]) if data is None else (data, weights)
        self.observe(counts, times)
        if data is not None:
            self._suit(self.guess(), (0.0, 0.0))

    def guess(self) -> tuple[float, ...]:
        """The mean, and r from the variance; where that is below the mean, 1000 times the mean."""
        mean, variance = mean_and_variance(self.rows)
        mean = mean or 0.5
        return mean, mean * mean / max(variance - mean, 1e-3 * mean)
