"""G = JᵀHJ: the Hessian of the problem's own coordinates, carried into a chart as a tensor."""

from __future__ import annotations

from natgrad_core.core.charted import ChartedAt
from natgrad_core.core.evaluation import At
from natgrad_core.linalg.operators import Dense, Operator
from natgrad_core.linalg.small_matrices import congruent
from natgrad_core.metrics import Metric, metrics
from natgrad_core.types import Matrix


@metrics.register(latex=r"G = J^\top H J", transforms="tensor", indefinite=True)
def transported_hessian() -> Metric:
    """G = JᵀHJ, the Hessian in x without its term Σ_k g_k ∇²f_k; H itself in no chart.

    A tensor by construction, and so the covariant Hessian of one connection: that in which the
    problem's own coordinates are straight (Kristiadi, Dangel and Hennig 2023).

    Returns:
        The metric.
    """
    return Metric(_at_point)


def _at_point(at: At) -> Operator:
    return Dense(_carried(at))


def _carried(at: At) -> Matrix:
    if isinstance(at, ChartedAt):
        return congruent(at.jacobian, _carried(at.base))
    return at.hessian
