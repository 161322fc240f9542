"""A metric of the plane that is set by hand, and its set {a : aᵀGa = 1} of unit vectors.

G is given by its eigenvalues and the angle of its first axis. Two positive eigenvalues give an
ellipse with half-axes 1/√eigenvalue; if one is zero the set is a strip, if one is negative a
hyperbola. Lagrange's condition is that two covectors at a are equal: ∇J and 2νGa, the normal of
the set.
"""

from __future__ import annotations

import numpy as np

from natgrad_core.geometry.ellipses import outline
from natgrad_core.types import Array, ArrayLike

FLAT = 1e-12
"""An eigenvalue below this share of the other counts as zero."""


def spd_matrix(eigenvalues: ArrayLike, turn: float) -> Array:
    """Return the matrix with these eigenvalues and this turn.

    Args:
        eigenvalues: Two numbers.
        turn: The angle of the first axis, in degrees.

    Returns:
        G, ``[2, 2]``.
    """
    first, second = np.asarray(eigenvalues, float)
    c, s = np.cos(np.deg2rad(turn)), np.sin(np.deg2rad(turn))
    across = (first - second) * c * s
    return np.array(
        [[first * c * c + second * s * s, across], [across, first * s * s + second * c * c]]
    )


def axes(metric: ArrayLike, near: float = 0.0) -> tuple[tuple[float, float], float]:
    """Return the eigenvalues and the turn of a matrix: the inverse of ``spd_matrix``.

    The turn lies within 90° of ``near`` degrees, so that it follows a small change of G by a small
    change. The first eigenvalue is positive if one of the two is.

    Args:
        metric: G, ``[2, 2]``.
        near: An angle in degrees; the axis nearest to it comes first.

    Returns:
        The two eigenvalues, and the turn in degrees.
    """
    values, vectors = np.linalg.eigh(np.asarray(metric, float))
    if np.isclose(values[0], values[1], rtol=FLAT, atol=0.0):
        return (float(values[0]), float(values[1])), float(near)
    angles = np.rad2deg(np.arctan2(vectors[1], vectors[0]))
    offs = (angles - near + 90.0) % 180.0 - 90.0
    first = int(np.argmin(np.abs(offs)))
    if values[first] <= 0 < values[1 - first]:
        first = 1 - first
    return (float(values[first]), float(values[1 - first])), float(near + offs[first])


def boundary(metric: ArrayLike, reach: float, count: int = 200) -> list[Array]:
    """Return {aᵀGa = 1} in pieces.

    Args:
        metric: G, ``[2, 2]``.
        reach: How far it is followed where it is unbounded.
        count: How many points a piece has.

    Returns:
        The pieces, ``[count, 2]`` each: one closed one for a ball, two lines for a strip, two
        branches for a hyperbola; none where aᵀGa is never positive.
    """
    g = np.asarray(metric, float)
    values, vectors = np.linalg.eigh(g)
    low, high = values
    tiny = FLAT * np.abs(values).max()
    if high <= tiny:
        return []
    if low > tiny:
        return [outline(g, 0.5, count)]
    across, along = vectors[:, 1] / np.sqrt(high), vectors[:, 0]
    if low >= -tiny:
        share = np.linspace(-reach, reach, count)[:, None]
        return [sign * across + share * along for sign in (1.0, -1.0)]
    most = float(np.arccosh(max(2.0, reach * np.sqrt(high))))
    t = np.linspace(-most, most, count)[:, None]
    wing = np.sinh(t) * along / np.sqrt(-low)
    return [sign * np.cosh(t) * across + wing for sign in (1.0, -1.0)]


def normal(metric: ArrayLike, gradient: ArrayLike, a: ArrayLike) -> tuple[float, Array]:
    """Return the multiplier ν = ½∇J·a / aᵀGa and the covector 2νGa.

    The covector has the slope of ∇J along ``a``. It equals ∇J exactly where that slope is
    stationary.

    Args:
        metric: G, ``[2, 2]``.
        gradient: ∇J, ``[2]``.
        a: The point, ``[2]``.

    Returns:
        ν, and the covector, ``[2]``.
    """
    point = np.asarray(a, float)
    lowered = np.asarray(metric, float) @ point
    multiplier = float(np.asarray(gradient, float) @ point / (2 * (point @ lowered)))
    return multiplier, 2 * multiplier * lowered
