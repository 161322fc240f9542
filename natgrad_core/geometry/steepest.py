"""The direction of steepest descent under a metric (Amari 1998, theorem 1; Suresh 2019, section 3).

"Steepest" means the largest decrease of J per unit length, and the metric decides what a unit of
length is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from natgrad_core.geometry.ellipses import reach
from natgrad_core.types import Array


@dataclass(frozen=True)
class Steepest:
    """The direction in which J falls fastest among the vectors a with aᵀGa = 1.

    Args:
        kind: What {aᵀGa = 1} is: a "ball" (G positive definite), a "strip" (singular) or a
            "hyperbola" (indefinite). Only a ball has one steepest direction: for the other two the
            fields below are NaN. On a hyperbola J falls without bound, and on a strip, too, unless
            ∇J has no part along it: then all vectors of one of its edges are equally steep.
        a: The steepest direction, ``[d]``.
        slope: ∇J·a, the change of J per unit length.
        multiplier: ν in ∇J = 2ν G a.
    """

    kind: str
    a: Array
    slope: float
    multiplier: float


def steepest(metric: Array, gradient: Array) -> Steepest:
    """Return the minimizer of ∇J·a on aᵀGa = 1: a = −G⁻¹∇J / √(∇Jᵀ G⁻¹ ∇J).

    By Lagrange's condition ∇J = 2ν G a with ν = −½ √(∇Jᵀ G⁻¹ ∇J). Amari 1998, theorem 1.

    Args:
        metric: G, symmetric, ``[d, d]``.
        gradient: ∇J, not zero, ``[d]``.

    Returns:
        The direction, its slope and its multiplier; NaN unless G is positive definite.

    Raises:
        ValueError: If G is not symmetric or has no eigenvalue above zero, so that no vector has
            length one, or the gradient is zero.
    """
    g, covector = np.asarray(metric, float), np.asarray(gradient, float)
    if g.shape != (covector.size, covector.size) or not np.allclose(g, g.T):
        raise ValueError(
            f"the metric must be symmetric, [{covector.size}, {covector.size}]; got {g}"
        )
    if not covector.any():
        raise ValueError("the gradient is zero: no direction is steeper than another")
    values = np.linalg.eigvalsh(g)
    tiny = 1e-12 * np.abs(values).max(initial=0.0)
    if values[-1] <= tiny:
        raise ValueError(f"no vector has length one: the metric's eigenvalues are {values}")
    if values[0] > tiny:
        raised = np.linalg.solve(g, covector)
        steepness = float(np.sqrt(covector @ raised))
        return Steepest("ball", -raised / steepness, -steepness, -steepness / 2)
    kind = "hyperbola" if values[0] < -tiny else "strip"
    return Steepest(kind, np.full(covector.size, np.nan), np.nan, np.nan)


def unit_directions(metric: Array, angles: Array) -> Array:
    """Return the vectors of {aᵀGa = 1} in given directions.

    Args:
        metric: G, ``[2, 2]``.
        angles: The directions, in radians, ``[n]``.

    Returns:
        The vectors, ``[n, 2]``; NaN in directions with aᵀGa ≤ 0, which have no vector of length 1.
    """
    aim = np.stack([np.cos(angles), np.sin(angles)], -1)
    return reach(aim, np.broadcast_to(metric, (*aim.shape, 2)), 0.5)
