"""Γ(v, v): how far a straight line in the coordinates is from a geodesic of the Fisher metric.

A geodesic obeys θ̈ = −Γ(θ̇, θ̇). The Christoffel symbols are built from the derivatives of F, which
are exact (forward mode). They do not transform as a tensor: a chart adds its own curvature,
Γ_x(v, v) = J⁻¹[Γ_θ(Jv, Jv) + ∇²f(v, v)], which makes a geodesic the same curve in every chart.
"""

from __future__ import annotations

from typing import Any

from natgrad_core.core.charted import ChartedAt
from natgrad_core.core.evaluation import At
from natgrad_core.linalg.small_matrices import dot, mv, solve
from natgrad_core.tracing.forward_mode import derivatives_of, times, variables
from natgrad_core.types import Vector


def bending(at: At, v: Vector) -> Vector:
    """Return Γᵏ_ij vⁱvʲ of the Fisher metric at a point (do Carmo 1992, ch. 2).

    Args:
        at: The point.
        v: A velocity there, by components.

    Returns:
        The components, k = 1 … d.
    """
    if isinstance(at, ChartedAt):
        curvature = at.problem.chart._curvature(*at.theta)
        in_theta = bending(at.base, mv(at.jacobian, v))
        curved = tuple(
            a + dot(v, mv(second, v)) for a, second in zip(in_theta, curvature, strict=True)
        )
        return solve(at.jacobian, curved)
    d = range(len(v))
    seeds = variables(at.theta, second=False)
    entries = at.problem._fisher(*seeds)
    slope = [[derivatives_of(entries[i][j], seeds[0]).grad for j in d] for i in d]

    def lowered(k: int) -> Any:
        """Σ_ij (∂_i F_kj − ½ ∂_k F_ij) vⁱvʲ."""
        result: Any = 0
        for i in d:
            for j in d:
                term = slope[k][j][i] + times(-0.5, slope[i][j][k])
                result = result + times(term, v[i] * v[j])
        return result

    return solve(at.fisher, tuple(lowered(k) for k in d))
