"""G = F, the Fisher matrix: the metric of KL divergence (Amari 1998, sec. 3)."""

from __future__ import annotations

from natgrad_core.core.evaluation import At
from natgrad_core.linalg.operators import Dense, Operator
from natgrad_core.metrics import Metric, metrics


@metrics.register(
    latex=r"G = F = \mathbb{E}\left[s s^\top\right],\quad s = \nabla \log p(y \mid \theta)",
    transforms="tensor",
    needs="model",
)
def fisher() -> Metric:
    """G = F, the Fisher matrix: the metric of KL divergence (Amari 1998, sec. 3).

    Returns:
        The metric.

    Raises:
        NoProbabilityModel: At a point of a problem without a probability model.
    """
    return Metric(_at_point)


def _at_point(at: At) -> Operator:
    return Dense(at.fisher)
