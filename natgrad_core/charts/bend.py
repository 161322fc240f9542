"""A smooth bend of the plane, from straight (strength 0) to as crooked as wanted."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from natgrad_core.charts import charts
from natgrad_core.core.chart import Chart
from natgrad_core.core.options import Span
from natgrad_core.types import ArrayLike, Numeric, Vector


@charts.register()
class Bend(Chart):
    """θ = (x₁, x₂ + k (x₁ − c) + s (x₁ − c)²), …: upright lines slide along themselves.

    Areas stay. The shear k is its linear part: with strength s = 0 the chart is affine. With s = 1
    it straightens Rosenbrock's valley: J becomes quadratic.

    Args:
        strength: s, the coefficient of the square: one number, or an array over the leading axes
            ``[...]``, which broadcast with the points'.
        center: c, the x₁ at which the map is the identity.
        shear: k, the coefficient of the linear part.

    Raises:
        ValueError: If one of them is not finite.
    """

    varying = ("strength", "center", "shear")
    latex = r"\theta = (x_1,\; x_2 + k\,(x_1 - c) + s\,(x_1 - c)^2)"

    def __init__(
        self,
        strength: Annotated[ArrayLike, Span(-3, 3)] = 1.0,
        center: Annotated[float, Span(-10, 10)] = 0.0,
        shear: Annotated[float, Span(-3, 3)] = 0.0,
    ) -> None:
        if not all(np.isfinite(part).all() for part in (strength, center, shear)):
            raise ValueError(
                f"strength, center and shear must be finite; got {strength}, {center}, {shear}"
            )
        strengths = np.asarray(strength, float)
        self.strength: Numeric = strengths if strengths.ndim else float(strengths)
        self.center, self.shear = float(center), float(shear)

    @classmethod
    def example(cls, problem: str, dim: int) -> dict[str, Any]:
        """A bend that keeps most of a problem's view inside its domain."""
        return {"strength": 0.6}

    def names(self, symbols: tuple[str, ...]) -> tuple[str, ...]:
        """Return x₁, x₂, ….

        Raises:
            ValueError: If there is one parameter.
        """
        if len(symbols) < 2:
            raise ValueError("a bend slides a second parameter by the first; there is only one")
        return super().names(symbols)

    def _slid(self, first: Any) -> Any:
        from_center = first - self.center
        return from_center * (self.shear + self.strength * from_center)

    def _forward(self, *x: Any) -> Vector:
        return x[0], x[1] + self._slid(x[0]), *x[2:]

    def _inverse(self, *theta: Any) -> Vector:
        return theta[0], theta[1] - self._slid(theta[0]), *theta[2:]
