"""G = E[Sᵀ ∇²A S]: the Hessian without the curvature of the model's own outputs."""

from __future__ import annotations

from natgrad_core.core.charted import Charted
from natgrad_core.core.evaluation import At
from natgrad_core.linalg.operators import Dense, Operator
from natgrad_core.metrics import Metric, metrics


@metrics.register(
    latex=r"G = \mathbb{E}\left[S^\top\, \nabla^2\! A\; S\right],\quad "
    r"S = \partial\eta / \partial\theta",
    transforms="tensor",
    needs="exponential family",
)
def gauss_newton() -> Metric:
    """G = E[Sᵀ ∇²A S], with S = ∂η/∂θ and A the log-partition; for least squares JᵀJ.

    The loss is A(η) − η·T, convex in the natural parameters η; the Hessian's other term, with
    the second derivatives of η(θ), is left out. What remains equals the Fisher matrix (Schraudolph
    2002; Martens 2020, sec. 9), so it transforms as a tensor. A loss that is not stated in natural
    parameters has none.

    Returns:
        The metric.

    Raises:
        TypeError: At a point of a problem that is not an exponential family.
    """
    return Metric(_at_point)


def _at_point(at: At) -> Operator:
    base = at.problem
    while isinstance(base, Charted):
        base = base.base
    if not base.exponential:
        raise TypeError(
            f"{base.name} is not stated as a convex loss of natural parameters η(θ), so it has "
            "no Gauss–Newton matrix; take a least-squares or exponential-family problem, or "
            "the metric fisher or hessian"
        )
    return Dense(at.fisher)
