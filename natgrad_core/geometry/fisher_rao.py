"""Fisher–Rao geometry in closed form: the half-plane, the sphere, the flat torus.

Normals (μ, σ) with the Fisher metric are the hyperbolic half-plane, with μ/√2 across and lengths
stretched by √2; so are Weibulls, as every location-scale family is, and inverse Gaussians; gammas
and von Mises distributions need two integrals (``natgrad_core.geometry.warped``). Categoricals are
a sphere of radius 2 in √p; Bernoullis are flat in arcsin √p.
Atkinson and Mitchell 1981; Rao 1945; Costa, Santos and Strapasson 2015 for the normals.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import NamedTuple

import numpy as np

from natgrad_core.core.problem import Problem
from natgrad_core.geometry.warped import Warped, distance, path
from natgrad_core.tracing.ops import bessel_ratio, bessel_ratio_slope, trigamma
from natgrad_core.types import Array


class Rao(NamedTuple):
    """The distance of two points ``[d]``, and the geodesic at shares of its length ``[n, d]``."""

    distance: Callable[[Array, Array], float]
    geodesic: Callable[[Array, Array, Array], Array]


def closed(problem: Problem) -> Rao | None:
    """Return the closed forms of a problem.

    With one parameter the distance is |∫ √F dθ| (Rao 1945); the others are in this module's list.

    Args:
        problem: The problem.

    Returns:
        Its distance and its geodesic, or None if it has no closed form.
    """
    if problem.dim == 1:
        return Rao(partial(_line_distance, problem), partial(_line_geodesic, problem))
    return _CLOSED.get(problem.name)


class HalfPlane(NamedTuple):
    """A family that is the half-plane (x, y), y > 0, with ``scale``² (dx² + dy²)/y².

    Points of the family are ``[d]``; ``to`` maps one to (x, y), and ``back`` maps x and y, ``[n]``,
    to points ``[n, d]``.
    """

    scale: float
    to: Callable[[Array], tuple[float, float]]
    back: Callable[[Array, Array], Array]

    def distance(self, a: Array, b: Array) -> float:
        """Return 2 scale arsinh √(((Δx)² + (Δy)²)/(4 y₁y₂)).

        Costa, Santos and Strapasson 2015, with arsinh for arcosh, so that near points keep their
        digits.

        Args:
            a: One point of the family, ``[d]``.
            b: Another, ``[d]``.

        Returns:
            The Fisher–Rao distance.
        """
        (u, y), (v, z) = self.to(a), self.to(b)
        return float(2 * self.scale * np.arcsinh(np.hypot(u - v, y - z) / (2 * np.sqrt(y * z))))

    def geodesic(self, a: Array, b: Array, share: Array) -> Array:
        """Return points of the geodesic, at constant speed.

        It is a half-circle (x − c)² + y² = R², or a vertical line (Atkinson and Mitchell 1981). Arc
        length along a half-circle is log tan of half the angle.

        Args:
            a: Where it starts, ``[d]``.
            b: Where it ends, ``[d]``.
            share: Shares of its length, ``[n]``, from 0 to 1.

        Returns:
            The points, ``[n, d]``.
        """
        (u, y), (v, z) = self.to(a), self.to(b)
        if abs(u - v) <= 1e-9 * (y + z):
            return self.back(u + share * (v - u), y * (z / y) ** share)
        center = ((u * u + y * y) - (v * v + z * z)) / (2 * (u - v))
        radius = np.hypot(u - center, y)
        ends = [np.log(np.tan(np.arctan2(q, p - center) / 2)) for p, q in ((u, y), (v, z))]
        angle = 2 * np.arctan(np.exp(ends[0] + share * (ends[1] - ends[0])))
        return self.back(center + radius * np.cos(angle), radius * np.sin(angle))


def _normal_plane(p: Array) -> tuple[float, float]:
    return float(p[0]) / math.sqrt(2), float(p[1])


def _normal_back(x: Array, y: Array) -> Array:
    return np.stack([math.sqrt(2) * x, y], -1)


NORMAL = HalfPlane(math.sqrt(2), _normal_plane, _normal_back)

_SPREAD, _SHIFT = math.pi / math.sqrt(6), 1 - float(np.euler_gamma)


def _weibull_plane(p: Array) -> tuple[float, float]:
    return (math.log(p[1]) + _SHIFT / float(p[0])) / _SPREAD, 1 / float(p[0])


def _weibull_back(x: Array, y: Array) -> Array:
    return np.stack([1 / y, np.exp(_SPREAD * x - _SHIFT * y)], -1)


WEIBULL = HalfPlane(_SPREAD, _weibull_plane, _weibull_back)
"""log y is a location-scale family with place log λ and width 1/k: in (log λ + (1 − γ)/k, 1/k) its
metric is that of the half-plane.
"""


def _half_plane(across: float, along: float) -> HalfPlane:
    """A location-scale family of (m, s) whose Fisher matrix is diag(across, along)/s²."""
    scale, stretch = math.sqrt(along), math.sqrt(across / along)

    def to(p: Array) -> tuple[float, float]:
        return stretch * float(p[0]), float(p[1])

    def back(x: Array, y: Array) -> Array:
        return np.stack([x / stretch, y], -1)

    return HalfPlane(scale, to, back)


def _gumbel_plane(p: Array) -> tuple[float, float]:
    return (float(p[0]) - _SHIFT * float(p[1])) / _SPREAD, float(p[1])


def _gumbel_back(x: Array, y: Array) -> Array:
    return np.stack([_SPREAD * x + _SHIFT * y, y], -1)


GUMBEL = HalfPlane(_SPREAD, _gumbel_plane, _gumbel_back)
"""In (m − (1 − γ)s, s), as Weibull's logarithms are."""


def _inverse_gaussian_plane(p: Array) -> tuple[float, float]:
    return math.sqrt(2 / p[0]), 1 / math.sqrt(p[1])


def _inverse_gaussian_back(x: Array, y: Array) -> Array:
    return np.stack([2 / (x * x), 1 / (y * y)], -1)


INVERSE_GAUSSIAN = HalfPlane(math.sqrt(2), _inverse_gaussian_plane, _inverse_gaussian_back)
"""k dm²/m³ + dk²/(2k²) is 2 (dx² + dy²)/y² in x = √(2/m) and y = 1/√k."""


def _gamma_speed(r: Array) -> Array:
    """√(k²ψ₁(k) − k) of k = eʳ; by the series 1/2 + 1/(6k) − 1/(30k³) + … for large k."""
    k = np.exp(r)
    far = k > 50
    c = 1 / np.where(far, k, 50.0)
    series = 1 / 2 + c / 6 - c**3 / 30 + c**5 / 42 - c**7 / 30
    near = np.where(far, 1.0, k)
    # ψ₁(k) = 1/k² + ψ₁(k + 1), so that nothing overflows at k = 0.
    return np.sqrt(np.where(far, series, 1 + near * near * trigamma(near + 1) - near))


def _shape_and_mean(p: Array) -> tuple[float, float]:
    return math.log(p[0]), math.log(p[0]) - math.log(p[1])


def _shape_and_rate(r: Array, u: Array) -> Array:
    return np.stack([np.exp(r), np.exp(r - u)], -1)


GAMMA = Warped(_shape_and_mean, _shape_and_rate, _gamma_speed, np.exp, np.exp)
"""In shape k and mean m: (ψ₁(k) − 1/k) dk² + k dm²/m²."""


def _von_mises_square(r: Array) -> Array:
    kappa = np.exp(r)
    return kappa * bessel_ratio(kappa)


def _von_mises_slope(r: Array) -> Array:
    kappa = np.exp(r)
    return kappa * (bessel_ratio(kappa) + kappa * bessel_ratio_slope(kappa))


def _concentration_and_angle(p: Array) -> tuple[float, float]:
    return math.log(p[1]), float(p[0])


def _angle_and_concentration(r: Array, u: Array) -> Array:
    return np.stack([u, np.exp(r)], -1)


def _von_mises_speed(r: Array) -> Array:
    return np.exp(r) * np.sqrt(bessel_ratio_slope(np.exp(r)))


VON_MISES = Warped(
    _concentration_and_angle,
    _angle_and_concentration,
    _von_mises_speed,
    _von_mises_square,
    _von_mises_slope,
    2 * math.pi,
)
"""κA(κ) dμ² + A'(κ) dκ², the shorter way round the circle."""


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


def _line(problem: Problem, a: Array, b: Array) -> tuple[Array, Array, Array]:
    """For one parameter: points θ ``[n]`` from a to b, the length up to each, and √F there."""
    nodes, weights = np.polynomial.legendre.leggauss(16)
    both_positive = min(a[0], b[0]) > 0
    mirrored = np.array([[-a[0]], [-b[0]]])
    with np.errstate(all="ignore"):
        log = both_positive and not problem.inside(mirrored).any()

    def speed(theta: Array) -> Array:
        return np.sqrt(problem.fisher(theta[..., None])[..., 0, 0])

    ends = np.log([a[0], b[0]]) if log else np.array([a[0], b[0]])
    x: Array = np.linspace(float(ends[0]), float(ends[1]), 257)
    half = np.diff(x)[:, None] / 2
    within: Array = (x[1:] + x[:-1])[:, None] / 2 + half * nodes
    per_x = speed(np.exp(within)) * np.exp(within) if log else speed(within)
    lengths = np.abs((half * per_x) @ weights)
    points: Array = np.exp(x) if log else x
    return points, np.concatenate([[0.0], np.cumsum(lengths)]), speed(points)


def _line_distance(problem: Problem, a: Array, b: Array) -> float:
    """|∫ √F dθ|, which is all that there is to one parameter."""
    return 0.0 if a[0] == b[0] else float(_line(problem, a, b)[1][-1])


def _line_geodesic(problem: Problem, a: Array, b: Array, share: Array) -> Array:
    interpolate = import_module("scipy.interpolate")
    if a[0] == b[0]:
        return np.repeat(a[None], share.size, 0)
    points, lengths, speed = _line(problem, a, b)
    slope = np.sign(b[0] - a[0]) / speed
    path: Array = interpolate.CubicHermiteSpline(lengths, points, slope)(share * lengths[-1])
    return path[:, None]


def _warped(metric: Warped) -> Rao:
    return Rao(partial(distance, metric), partial(path, metric))


_PLANES = {
    "normal": NORMAL,
    "lognormal": NORMAL,
    "laplace": _half_plane(1.0, 1.0),
    "logistic": _half_plane(1 / 3, (3 + math.pi**2) / 9),
    "gumbel": GUMBEL,
    "weibull": WEIBULL,
    "inverse-gaussian": INVERSE_GAUSSIAN,
}
_CLOSED = {
    **{name: Rao(plane.distance, plane.geodesic) for name, plane in _PLANES.items()},
    "gamma": _warped(GAMMA),
    "von-mises": _warped(VON_MISES),
    "categorical": Rao(_sphere_distance, _sphere_geodesic),
    "two-bernoullis": Rao(_torus_distance, _torus_geodesic),
}
