"""The square root of a positive parameter: what steadies the variance of a count."""

from __future__ import annotations

from typing import Any

from natgrad_core.charts import charts
from natgrad_core.charts._componentwise import Componentwise
from natgrad_core.tracing.ops import sqrt


@charts.register()
class SquareRoot(Componentwise):
    """θ = x², x > 0, for the components ``which`` (by default the last one).

    Args:
        which: The indices of the components that change; −1 is the last one.

    Raises:
        ValueError: If an index is no whole number, or (when the chart is used) there is no such
            component.
    """

    latex = r"\theta_2 = x_2^2"
    pattern = "√{}"

    def _to(self, x: Any) -> Any:
        return x * x

    def _from(self, theta: Any) -> Any:
        return sqrt(theta)
