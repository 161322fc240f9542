"""Distance and direction from a center."""

from __future__ import annotations

import math
from typing import Any

from natgrad_core.charts import charts
from natgrad_core.core.chart import Chart
from natgrad_core.tracing.ops import atan2, cos, sin, sqrt
from natgrad_core.types import Vector


@charts.register()
class Polar(Chart):
    """θ = c + r (cos φ, sin φ), x = (r, φ): no chart at its own ``center``.

    Args:
        center: c, in the problem's own coordinates, ``[2]``.

    Raises:
        ValueError: If c is not two finite numbers.
    """

    latex = r"\theta = c + r\,(\cos\varphi, \sin\varphi)"
    domain = "r > 0, the plane only"
    varying = ("center",)

    def __init__(self, center: tuple[float, float] = (0.0, 0.0)) -> None:
        if len(center) != 2 or not all(map(math.isfinite, center)):
            raise ValueError(f"the center must be two finite numbers; got {center}")
        self.center = tuple(map(float, center))

    def names(self, symbols: tuple[str, ...]) -> tuple[str, ...]:
        """Return r and φ.

        Raises:
            ValueError: If there are not two parameters.
        """
        if len(symbols) != 2:
            raise ValueError(f"polar coordinates are for the plane; got {len(symbols)} parameters")
        return "r", "φ"

    def _inside(self, *x: Any) -> Vector:
        """At the center, r = 0, the angle is undefined."""
        return (x[0] > 0,)

    def _forward(self, r: Any, phi: Any) -> Vector:
        return self.center[0] + r * cos(phi), self.center[1] + r * sin(phi)

    def _inverse(self, a: Any, b: Any) -> Vector:
        a, b = a - self.center[0], b - self.center[1]
        return sqrt(a * a + b * b), atan2(b, a)
