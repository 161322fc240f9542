"""G = ∇²J: the matrix of Newton's method, which is not a metric where it is indefinite."""

from __future__ import annotations

from natgrad_core.core.evaluation import At
from natgrad_core.linalg.operators import Dense, Operator
from natgrad_core.metrics import Metric, metrics


@metrics.register(latex=r"G = H = \nabla^2 J", transforms="linear", indefinite=True)
def hessian() -> Metric:
    """G = ∇²J: the matrix of Newton's method, which is not a metric where it is indefinite.

    Nocedal and Wright 2006, ch. 3.

    Returns:
        The metric.
    """
    return Metric(_at_point)


def _at_point(at: At) -> Operator:
    return Dense(at.hessian)
