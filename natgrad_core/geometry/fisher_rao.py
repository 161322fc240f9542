"""Fisher–Rao geometry in closed form: the half-plane, the sphere, the flat torus.

Normals (μ, σ) with the Fisher metric are the hyperbolic half-plane, with μ/√2 across and lengths
stretched by √2; categoricals are a sphere of radius 2 in √p; Bernoullis are flat in arcsin √p.
Atkinson and Mitchell 1981; Rao 1945; Costa, Santos and Strapasson 2015 for the normals.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from natgrad_core.core.problem import Problem
from natgrad_core.types import Array


class Rao(NamedTuple):
    """The distance of two points ``[d]``, and the geodesic at shares of its length ``[n, d]``."""

    distance: Callable[[Array, Array], float]
    geodesic: Callable[[Array, Array, Array], Array]


def closed(problem: Problem) -> Rao | None:
    """Return the closed forms of a problem, or None if it has none."""
    return _CLOSED.get(problem.name)


def _half_plane_distance(a: Array, b: Array) -> float:
    """√2 · 2 arsinh(√(((Δμ)²/2 + (Δσ)²) / (4σ₁σ₂))): the same as √2 arcosh(1 + …), kept exact
    for near points.
    """
    gap = (a[0] - b[0]) ** 2 / 2 + (a[1] - b[1]) ** 2
    return float(2 * np.sqrt(2) * np.arcsinh(np.sqrt(gap / (4 * a[1] * b[1]))))


def _half_plane_geodesic(a: Array, b: Array, share: Array) -> Array:
    """Half-ellipses (μ − c)²/2 + σ² = R², or vertical lines, at constant speed.

    In u = μ/√2 they are half-circles, whose arc length is log tan of half the angle.
    """
    (u, y), (v, z) = (a[0] / np.sqrt(2), a[1]), (b[0] / np.sqrt(2), b[1])
    if abs(u - v) <= 1e-9 * (y + z):
        return np.stack([a[0] + share * (b[0] - a[0]), y * (z / y) ** share], -1)
    center = ((u * u + y * y) - (v * v + z * z)) / (2 * (u - v))
    radius = np.hypot(u - center, y)
    ends = [np.log(np.tan(np.arctan2(q, p - center) / 2)) for p, q in ((u, y), (v, z))]
    angle = 2 * np.arctan(np.exp(ends[0] + share * (ends[1] - ends[0])))
    across = np.sqrt(2) * (center + radius * np.cos(angle))
    return np.stack([across, radius * np.sin(angle)], -1)


def _shares(theta: Array) -> Array:
    """Probabilities of logits whose last one is 0."""
    logits = np.append(theta, 0.0)
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()


def _sphere_distance(a: Array, b: Array) -> float:
    """2 arccos Σ √(p q), written with a chord so that near points keep their digits."""
    chord = np.linalg.norm(np.sqrt(_shares(a)) - np.sqrt(_shares(b)))
    return float(4 * np.arcsin(min(1.0, chord / 2)))


def _sphere_geodesic(a: Array, b: Array, share: Array) -> Array:
    first, last = np.sqrt(_shares(a)), np.sqrt(_shares(b))
    angle = _sphere_distance(a, b) / 2
    if angle < 1e-12:
        return np.repeat(a[None], len(share), 0)
    weights = np.stack([np.sin((1 - share) * angle), np.sin(share * angle)], -1) / np.sin(angle)
    p = (weights @ np.stack([first, last])) ** 2
    return np.log(p[:, :-1] / p[:, -1:])


def _torus_distance(a: Array, b: Array) -> float:
    return float(2 * np.linalg.norm(np.arcsin(np.sqrt(a)) - np.arcsin(np.sqrt(b))))


def _torus_geodesic(a: Array, b: Array, share: Array) -> Array:
    first, last = np.arcsin(np.sqrt(a)), np.arcsin(np.sqrt(b))
    return np.sin(first + share[:, None] * (last - first)) ** 2


_CLOSED = {
    "normal": Rao(_half_plane_distance, _half_plane_geodesic),
    "categorical": Rao(_sphere_distance, _sphere_geodesic),
    "two-bernoullis": Rao(_torus_distance, _torus_geodesic),
}
