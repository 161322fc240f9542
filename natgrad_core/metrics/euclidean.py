"""G = I: the metric of gradient descent."""

from __future__ import annotations

from natgrad_core.core.evaluation import At
from natgrad_core.linalg.operators import Dense, Operator
from natgrad_core.linalg.small_matrices import eye
from natgrad_core.metrics import Metric, metrics


@metrics.register(latex=r"G = I", transforms="none")
def euclidean() -> Metric:
    """G = I: the metric of gradient descent, with the chart's own unit of length (Cauchy 1847).

    Returns:
        The metric.
    """
    return Metric(_at_point)


def _at_point(at: At) -> Operator:
    return Dense(eye(len(at.theta)))
