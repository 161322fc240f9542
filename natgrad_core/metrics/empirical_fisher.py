"""G = E_data[s sᵀ]: the scores of the data themselves, which is not the Fisher matrix."""

from __future__ import annotations

from typing import Any

from natgrad_core.core.evaluation import At
from natgrad_core.linalg.operators import Dense, Operator
from natgrad_core.linalg.small_matrices import symmetric
from natgrad_core.metrics import Metric, metrics
from natgrad_core.types import Vector


@metrics.register(
    latex=r"G = \sum_n w_n\, s_n s_n^\top,\quad s_n = \nabla \log p(y_n \mid \theta)",
    transforms="tensor",
    needs="data",
)
def empirical_fisher() -> Metric:
    """G = Σ_rows weight · s sᵀ with s = ∇ log p(row | θ): gradients' second moment, uncentred.

    The Fisher matrix takes its outcomes from the model; this takes them from the data, and agrees
    only where the model fits (Kunstner, Balles and Hennig 2019). Needs a problem whose loss
    is a mean over data.

    Returns:
        The metric.

    Raises:
        TypeError: At a point of a problem without data.
    """
    return Metric(_at_point)


def _at_point(at: At) -> Operator:
    problem, d = at.problem, len(at.theta)
    if not len(problem.rows):
        raise TypeError(
            f"{problem.name} has no data, so it has no empirical Fisher matrix; take a problem "
            "whose loss is a mean over data, or the metric fisher or hessian"
        )

    def outer(*parts: Any) -> Vector:
        theta, weight, datum = parts[:d], parts[d], parts[d + 1 :]
        s = problem._score(datum, *theta)
        return tuple(weight * s[i] * s[j] for i in range(d) for j in range(i, d))

    return Dense(symmetric(*problem.rows.total(outer, *at.theta)))
