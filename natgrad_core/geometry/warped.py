"""Geodesics of ds² = G(r)² dr² + f(r)² du², by Clairaut's relation.

The gamma family in (log shape, log mean) and the von Mises family in (log κ, μ) have this metric:
nothing depends on u, so f² du/ds = c along a geodesic, which is then a matter of two integrals
(do Carmo 1976, sec. 4-4). With f rising, r falls to the turning point r₀, where f(r₀) = c, and
rises again, or it does not come to the turn; the integrals are taken in t with r = r₀ + t², in
which nothing is singular.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple

import numpy as np

from natgrad_core.types import Array

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_PIECES = 24
_DEEP = 60.0
"""How far below the lower end a turning point is looked for, in r."""


class Warped(NamedTuple):
    """The coordinates (r, u), the metric in them, and the period of u (infinite if none)."""

    to: Callable[[Array], tuple[float, float]]
    back: Callable[[Array, Array], Array]
    """θ ``[n, d]`` of r ``[n]`` and u ``[n]``."""
    speed: Callable[[Array], Array]
    """G(r) ≥ 0."""
    square: Callable[[Array], Array]
    """f(r)², rising."""
    slope: Callable[[Array], Array]
    """Its derivative."""
    period: float = np.inf


class _Geodesic(NamedTuple):
    turning: float
    """r₀."""
    turns: bool
    gap: float
    """The change of u, with its sign."""


def _pieces(metric: Warped, turning: float, low: float, high: float) -> tuple[Array, Array, Array]:
    """Borders in t of pieces from r = low to high, and of each the change of u and the length."""
    ends = np.sqrt(max(low - turning, 0.0)), np.sqrt(max(high - turning, 0.0))
    borders: Array = np.linspace(float(ends[0]), float(ends[1]), _PIECES + 1)
    half = np.diff(borders)[:, None] / 2
    t: Array = (borders[1:] + borders[:-1])[:, None] / 2 + half * _NODES
    with np.errstate(all="ignore"):
        du, ds = _slopes(metric, turning, t)
    return borders, (half * du) @ _WEIGHTS, (half * ds) @ _WEIGHTS


def _slopes(metric: Warped, turning: float, t: Array) -> tuple[Array, Array]:
    """du/dt and ds/dt: with c = f(r₀), 2t G c/(f √(f² − c²)) and 2t G f/√(f² − c²)."""
    t = np.maximum(t, 1e-100)  # at the turn itself 0/0 has its limit
    step, start = t * t, np.array([turning])
    r: Array = turning + step
    square, least = metric.square(r), metric.square(start)[0]
    # f² − c² by Simpson's rule near the turn, where the difference cancels.
    three: Array = metric.slope(start)[0] + 4 * metric.slope(turning + step / 2) + metric.slope(r)
    rise: Array = np.where(step < 1e-2, step * three / 6, square - least)
    common = 2 * t * metric.speed(r) / np.sqrt(rise)
    return common * np.sqrt(least / square), common * np.sqrt(square)


def _found(metric: Warped, a: Array, b: Array) -> tuple[_Geodesic, float, float, float]:
    """The geodesic, r and u at ``a``, and r at ``b``."""
    optimize = import_module("scipy.optimize")  # costs more than natgrad_core to import
    (r_a, u_a), (r_b, u_b) = metric.to(a), metric.to(b)
    gap = u_b - u_a
    if np.isfinite(metric.period):
        gap = float(np.remainder(gap + metric.period / 2, metric.period) - metric.period / 2)
    low, high = min(r_a, r_b), max(r_a, r_b)

    def half_length(turning: float, turns: bool) -> float:
        """How much u changes on the way."""
        change = _pieces(metric, turning, low, high)[1].sum()
        if turns:
            change += 2 * _pieces(metric, turning, turning, low)[1].sum()
        return float(change)

    size = abs(gap)
    turns = size > half_length(low, False)
    deepest = low - _DEEP
    # The sign is that of (wanted − had): u changes the more, the deeper the turn, and without a
    # turn the less.
    if (size - half_length(deepest, turns)) * (1 if turns else -1) >= 0:
        return _Geodesic(deepest, turns, gap), r_a, u_a, r_b

    def missing(turning: float) -> float:
        return half_length(turning, turns) - size

    place = optimize.brentq(missing, deepest, low, xtol=1e-14, rtol=1e-14, maxiter=200)
    return _Geodesic(float(place), turns, gap), r_a, u_a, r_b


def distance(metric: Warped, a: Array, b: Array) -> float:
    """Return the length of the geodesic between two points.

    Args:
        metric: The metric, with r and u of a point.
        a: One point, ``[d]``.
        b: The other, ``[d]``.

    Returns:
        The length.
    """
    found, r_a, _, r_b = _found(metric, a, b)
    low, high = min(r_a, r_b), max(r_a, r_b)
    length = _pieces(metric, found.turning, low, high)[2].sum()
    if found.turns:
        length += 2 * _pieces(metric, found.turning, found.turning, low)[2].sum()
    return float(length)


def path(metric: Warped, a: Array, b: Array, share: Array) -> Array:
    """Return points of the geodesic between two points.

    Args:
        metric: The metric, with r and u of a point.
        a: Where it begins, ``[d]``.
        b: Where it ends, ``[d]``.
        share: Shares of its length, ``[n]``, from 0 to 1.

    Returns:
        The points, ``[n, d]``.
    """
    interpolate = import_module("scipy.interpolate")
    found, r_a, u_a, r_b = _found(metric, a, b)
    reach = [np.sqrt(max(r - found.turning, 0.0)) for r in (r_a, r_b)]
    # t runs from −√(r_a − r₀) over the turn at 0 to √(r_b − r₀), or between the two on one side.
    begin, end = (-reach[0] if found.turns else reach[0]), reach[1]
    if begin == end:
        return np.repeat(a[None], share.size, 0)
    t: Array = np.linspace(float(begin), float(end), 40 * _PIECES + 1)
    half = (end - begin) / (t.size - 1) / 2
    middle: Array = (t[1:] + t[:-1])[:, None] / 2 + half * _NODES[None]
    with np.errstate(all="ignore"):
        du, ds = _slopes(metric, found.turning, np.abs(middle))
        u_slope, s_slope = _slopes(metric, found.turning, np.abs(t))
    u = np.concatenate([[0.0], np.cumsum(np.abs(half) * (du @ _WEIGHTS))])
    s = np.concatenate([[0.0], np.cumsum(np.abs(half) * (ds @ _WEIGHTS))])
    moved = np.diff(s, prepend=-1.0) > 0  # deep down there the steps are below rounding
    s, t, u, slope = s[moved], t[moved], u[moved], u_slope[moved] / s_slope[moved]
    rate = np.sign(end - begin) / s_slope[moved]
    at: Array = interpolate.CubicHermiteSpline(s, t, rate)(share * s[-1])
    change: Array = interpolate.CubicHermiteSpline(s, u, slope)(share * s[-1])
    scale = found.gap / u[-1] if u[-1] else 0.0  # to the last digits, and with its sign
    points = metric.back(found.turning + at * at, u_a + scale * change)
    points[share == 0] = a
    if not np.isfinite(metric.period):  # else the path may end a period away
        points[share == 1] = b
    return points
