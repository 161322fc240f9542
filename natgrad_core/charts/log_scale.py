"""The logarithm of a positive parameter."""

from __future__ import annotations

from typing import Any

from natgrad_core.charts import charts
from natgrad_core.charts._componentwise import Componentwise
from natgrad_core.tracing.ops import exp, log


@charts.register()
class LogScale(Componentwise):
    """θ = e^x, for the components ``which`` (by default the last one).

    Args:
        which: The indices of the components that change; −1 is the last one.

    Raises:
        ValueError: If an index is no whole number, or (when the chart is used) there is no such
            component.
    """

    latex = r"\theta_2 = e^{x_2}"
    pattern = "log {}"
    needs = ""

    def _to(self, x: Any) -> Any:
        return exp(x)

    def _from(self, theta: Any) -> Any:
        return log(theta)
