"""G = I: the metric that plain gradient descent takes for granted."""

from __future__ import annotations

from natgrad_core.core.evaluation import At
from natgrad_core.linalg.operators import Dense, Operator
from natgrad_core.linalg.small_matrices import eye
from natgrad_core.metrics import Metric, metrics


@metrics.register(latex=r"G = I", transforms="none")
def euclidean() -> Metric:
    """G = I: the metric that plain gradient descent takes for granted (Cauchy 1847)."""
    return Metric(_at_point)


def _at_point(at: At) -> Operator:
    return Dense(eye(len(at.theta)))
