"""The problem's own coordinates."""

from __future__ import annotations

from typing import Any

from natgrad_core.charts import charts
from natgrad_core.core.chart import Chart
from natgrad_core.linalg.small_matrices import eye
from natgrad_core.types import Matrix, Vector


@charts.register()
class Identity(Chart):
    """θ = x."""

    latex = r"\theta = x"

    def _forward(self, *x: Any) -> Vector:
        return x

    def _inverse(self, *theta: Any) -> Vector:
        return theta

    def _jacobian(self, *x: Any) -> Matrix:
        return eye(len(x))
