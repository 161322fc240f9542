"""The precision, one over the variance, in place of the standard deviation."""

from __future__ import annotations

import math
from typing import Any

from natgrad_core.charts import charts
from natgrad_core.charts._componentwise import Componentwise
from natgrad_core.tracing.ops import sqrt, where


@charts.register()
class Precision(Componentwise):
    """θ = 1/√x, x > 0: of σ it makes 1/σ².

    Args:
        which: The indices of the components that change; −1 is the last one.

    Raises:
        ValueError: If an index is no whole number, or (when the chart is used) there is no such
            component.
    """

    latex = r"\theta_2 = 1/\sqrt{x_2}"
    pattern = "1/{}²"

    def _to(self, x: Any) -> Any:
        return 1 / sqrt(x)

    def _from(self, theta: Any) -> Any:
        return where(theta > 0, 1 / (theta * theta), math.nan)
