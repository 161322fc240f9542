"""The mean in place of a gamma distribution's rate: coordinates in which its Fisher is diagonal."""

from __future__ import annotations

from typing import Any

from natgrad_core.charts import charts
from natgrad_core.core.chart import Chart
from natgrad_core.types import Vector


@charts.register()
class ShapeMean(Chart):
    """(a, b) = (a, a/m): shape and mean m = a/b, for positive ones (Cox and Reid 1987)."""

    latex = r"\theta = (a,\; a/m)"
    domain = "a > 0, m > 0, the plane only"

    def names(self, symbols: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names; the shape keeps its own.

        Raises:
            ValueError: If there are not two parameters.
        """
        if len(symbols) != 2:
            raise ValueError(f"shape and mean are two parameters; got {len(symbols)}")
        return symbols[0], "m"

    def _inside(self, *x: Any) -> Vector:
        """Both are positive."""
        return tuple(part > 0 for part in x)

    def _forward(self, a: Any, m: Any) -> Vector:
        return a, a / m

    def _inverse(self, a: Any, b: Any) -> Vector:
        return a, a / b
