"""A smooth bend of the plane, from straight (strength 0) to as crooked as wanted."""

from __future__ import annotations

import math
from typing import Any

from natgrad_core.chart import Chart
from natgrad_core.charts import charts
from natgrad_core.small import Vector


@charts.register("bend")
class Bend(Chart):
    """θ = (x₁, x₂ + s (x₁ − c)²), …: upright lines slide along themselves, areas stay.

    With strength s = 1 it straightens Rosenbrock's valley: J becomes quadratic.
    """

    name = "bend"
    latex = r"\theta = (x_1,\; x_2 + s\,(x_1 - c)^2)"

    def __init__(self, strength: float = 1.0, center: float = 0.0) -> None:
        if not (math.isfinite(strength) and math.isfinite(center)):
            raise ValueError(f"strength and center must be finite; got {strength}, {center}")
        self.strength, self.center = float(strength), float(center)

    def _forward(self, *x: Any) -> Vector:
        return x[0], x[1] + self.strength * (x[0] - self.center) ** 2, *x[2:]

    def _inverse(self, *theta: Any) -> Vector:
        return theta[0], theta[1] - self.strength * (theta[0] - self.center) ** 2, *theta[2:]
