"""Student's t distribution fitted to measurements with outliers: Newcomb's speed of light."""

from __future__ import annotations

import math
from typing import ClassVar

from natgrad_core.core.problem import Preset
from natgrad_core.datasets import load
from natgrad_core.families.density_family import DensityFamily
from natgrad_core.families.exponential_family import quantile
from natgrad_core.problems import problems
from natgrad_core.types import ArrayLike


@problems.register()
class StudentT(DensityFamily):
    """Student's t in location m, scale s and degrees of freedom ν.

    Args:
        data: Numbers, ``[n]``; None: the published data.
        weights: How many observations each number stands for, ``[n]``; None: one each.

    Raises:
        ValueError: If there are no data, or one is outside the support.
    """

    density_name = "student_logpdf"
    positive = (1, 2)
    title = "Student's t distribution of Newcomb's times of light"
    symbols = ("m", "s", "ν")
    latex = (
        r"p(y) = \frac{\Gamma((\nu + 1)/2)}{\Gamma(\nu/2)\, s \sqrt{\pi\nu}}"
        r" \left(1 + \frac{(y - m)^2}{\nu s^2}\right)^{-(\nu + 1)/2}"
    )
    source = "Newcomb 1891; Lange, Little and Taylor 1989"
    domain = "scale s > 0, degrees of freedom ν > 0"
    outside = (0.0, -1.0, 1.0)
    view = ((20.0, 32.0), (2.0, 9.0), (1.0, 8.0))
    start = (25.0, 6.0, 4.0)
    support = (-math.inf, math.inf)
    measured = ("time of light, above 24.8 μs (nanoseconds)",)
    presets: ClassVar = {
        "Newcomb's light": Preset(),
        "nearly normal": Preset(start=(26.0, 8.0, 7.0)),
    }

    def __init__(self, data: ArrayLike | None = None, weights: ArrayLike | None = None) -> None:
        self.observe(load("newcomb")[:, 0] if data is None else data, weights)
        if data is not None:
            self._suit(self.guess(), (self.guess()[1], 0.0, 0.0))

    def guess(self) -> tuple[float, ...]:
        """The median, a scale from the quartiles, and 4 degrees of freedom."""
        low, middle, high = (quantile(self.rows, share) for share in (0.25, 0.5, 0.75))
        return middle, (high - low) / 1.5 or 1e-3 * abs(middle) or 1.0, 4.0
