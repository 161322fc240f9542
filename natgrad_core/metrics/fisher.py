"""G = F, the Fisher matrix: the metric of KL divergence (Amari 1998, eq. 9)."""

from __future__ import annotations

from natgrad_core.core.problem import At
from natgrad_core.linalg.operators import Dense, Operator
from natgrad_core.metrics import Metric, metrics


@metrics.register(
    "fisher", r"G = F = \mathbb{E}\left[s s^\top\right],\quad s = \nabla \log p(y \mid \theta)"
)
def fisher() -> Metric:
    """G = F, the Fisher matrix: the metric of KL divergence (Amari 1998, eq. 9)."""

    def at_point(at: At) -> Operator:
        return Dense(at.fisher)

    return at_point
