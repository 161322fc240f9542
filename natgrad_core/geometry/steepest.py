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
    """Which way J falls fastest among the vectors a with aᵀGa = 1.

    ``kind`` says what {aᵀGa = 1} is: a ``ball`` (G positive definite), a ``strip`` (singular) or a
    ``hyperbola`` (indefinite). Only on a ball is there a steepest direction ``a [d]``, with slope
    ``slope`` = ∇J·a per unit length and multiplier ``multiplier``: ∇J = 2λ G a. Elsewhere the three
    are NaN: one may go on falling without end at no cost in length.
    """

    kind: str
    a: Array
    slope: float
    multiplier: float


def steepest(metric: Array, gradient: Array) -> Steepest:
    """The minimizer of ∇J·a on aᵀGa = 1: a = −G⁻¹∇J / √(∇Jᵀ G⁻¹ ∇J).

    ``metric [d, d]`` symmetric, ``gradient [d]`` not zero. By Lagrange's condition ∇J = 2λ G a,
    with λ = −½ √(∇Jᵀ G⁻¹ ∇J). Amari 1998, theorem 1.
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
    if values[0] > tiny:
        raised = np.linalg.solve(g, covector)
        steepness = float(np.sqrt(covector @ raised))
        return Steepest("ball", -raised / steepness, -steepness, -steepness / 2)
    kind = "hyperbola" if values[0] < -tiny else "strip"
    return Steepest(kind, np.full(covector.size, np.nan), np.nan, np.nan)


def unit_directions(metric: Array, angles: Array) -> Array:
    """The vectors of {aᵀGa = 1} that point along ``angles`` (radians), ``[n, 2]``.

    NaN along directions in which aᵀGa ≤ 0: there the metric has no unit length.
    """
    aim = np.stack([np.cos(angles), np.sin(angles)], -1)
    return reach(aim, np.broadcast_to(metric, (*aim.shape, 2)), 0.5)
