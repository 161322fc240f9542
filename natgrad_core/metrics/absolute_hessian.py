"""G = |∇²J|: the Hessian with every eigenvalue made positive."""

from __future__ import annotations

from natgrad_core.core.evaluation import At
from natgrad_core.linalg.operators import Dense, Operator
from natgrad_core.linalg.spectral import absolute
from natgrad_core.metrics import Metric, metrics


@metrics.register(latex=r"G = |H| = \sqrt{H^2}", transforms="none")
def absolute_hessian() -> Metric:
    """G = |H| = √(H²): Newton's steps where H is positive, and downhill where it is not.

    It leaves saddles, to which Newton's method converges. It does not transform as a tensor,
    because the eigenvalues of H depend on the coordinates. Dauphin and others 2014.

    Returns:
        The metric.
    """
    return Metric(_at_point)


def _at_point(at: At) -> Operator:
    return Dense(absolute(at.hessian))
