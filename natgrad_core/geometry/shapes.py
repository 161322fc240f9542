"""The shapes a metric draws: its ellipses ½ δᵀGδ = r, exact KL level sets, the steepest direction.

A metric turns 'how far' into a number. Its unit ball decides which way is steepest (Suresh 2019,
section 3), and the KL divergence, of which ½ δᵀFδ is the beginning, draws the true shape.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from natgrad_core.core.problem import Problem
from natgrad_core.linalg.small_matrices import components
from natgrad_core.types import Array


def ellipse_axes(metric: Array, radius: float) -> Array:
    """Half-axes of {δ : ½ δᵀGδ = r}, as rows, longest first, ``[..., d, d]``.

    Each is an eigenvector of G ``[..., d, d]`` of length √(2r/eigenvalue). NaN where G is not
    positive definite: there the shape is no ellipse.
    """
    if metric.shape[-1] == 2:
        return _plane_axes(metric[..., 0, 0], metric[..., 0, 1], metric[..., 1, 1], radius)
    return axes_by_eigenvectors(metric, radius)


def axes_by_eigenvectors(metric: Array, radius: float) -> Array:
    """``ellipse_axes``, ``[..., d, d]``, for any d; in the plane its slow witness."""
    good = np.asarray(np.isfinite(metric).all((-1, -2)))
    safe = np.where(good[..., None, None], metric, np.eye(metric.shape[-1]))
    values, vectors = np.linalg.eigh(safe)
    with np.errstate(all="ignore"):
        lengths = np.sqrt(2 * radius / np.where(values > 0, values, np.nan))
    axes = np.swapaxes(vectors, -1, -2) * lengths[..., None]
    return np.where(good[..., None, None], axes, np.nan)


def _plane_axes(a: Array, b: Array, d: Array, radius: float) -> Array:
    """The same for G = [[a, b], [b, d]] in closed form: eigenvalues m ± r, turned by ½ atan2."""
    with np.errstate(all="ignore"):
        half = (a - d) / 2
        high = (a + d) / 2 + np.hypot(half, b)
        low = a * (d / high) - b * (b / high)  # det G / high, which loses no digits
        good = (low > 0) & np.isfinite(high)
        long, short = np.sqrt(2 * radius / low), np.sqrt(2 * radius / high)
        turn = np.arctan2(b, half) / 2
        cos, sin = np.cos(turn), np.sin(turn)
        axes = np.empty((*np.shape(a), 2, 2))
        axes[..., 0, 0], axes[..., 0, 1] = -sin * long, cos * long
        axes[..., 1, 0], axes[..., 1, 1] = cos * short, sin * short
    axes[~good] = np.nan
    return axes


def spread_axes(covariance: Array, radius: float) -> Array:
    """Half-axes of {s : ½ sᵀC⁻¹s = r}, as rows, longest first, ``[..., d, d]``: √(2r·eigenvalue).

    Of a singular C ``[..., d, d]``, as of one outer product, some are nought.
    """
    values, vectors = np.linalg.eigh(covariance)
    lengths = np.sqrt(2 * radius * np.maximum(values, 0.0))
    return (np.swapaxes(vectors, -1, -2) * lengths[..., None])[..., ::-1, :]


def outline(metric: Array, radius: float, count: int = 120) -> Array:
    """Points δ of {½ δᵀGδ = r} in the plane, once around, ``[..., count, 2]``."""
    first, second = np.moveaxis(ellipse_axes(metric, radius), -2, 0)
    turn = np.linspace(0.0, 2 * np.pi, count)[:, None]
    return np.cos(turn) * first[..., None, :] + np.sin(turn) * second[..., None, :]


def reach(direction: Array, metric: Array, radius: float) -> Array:
    """The multiple of ``direction [..., d]`` that ends on {δ : ½ δᵀGδ = r}, ``[..., d]``.

    √(2r / vᵀGv) v: how far one may go that way for r nats of KL. NaN where vᵀGv ≤ 0.
    """
    with np.errstate(all="ignore"):
        length = np.einsum("...i,...ij,...j->...", direction, metric, direction)
        scale = np.sqrt(2 * radius / np.where(length > 0, length, np.nan))
        return direction * scale[..., None]


def kl_level_set(
    problem: Problem, theta: Array, radius: float, count: int = 120, reverse: bool = False
) -> Array:
    """Points θ' with KL(p_θ ‖ p_θ') = r exactly, once around θ in the plane, ``[count, 2]``.

    Found along rays from θ, spread as the ellipse's own, each where KL first reaches ``radius``
    (nats). ``reverse`` takes KL(p_θ' ‖ p_θ). NaN on a ray that leaves the domain before.
    """
    if not radius > 0:
        raise ValueError(f"the radius must be more than 0 nats, got {radius}")
    here = problem.check(theta)
    if here.shape != (2,):
        raise ValueError(f"a level set in the plane needs one point of two numbers, got {here}")
    metric = problem.fisher(here)
    rays = outline(metric, radius, count)
    if not np.isfinite(rays).all():  # the Fisher matrix is singular: go the same way everywhere
        turn = np.linspace(0.0, 2 * np.pi, count)
        size = np.sqrt(2 * radius / np.linalg.eigvalsh(metric)[-1])
        rays = size * np.stack([np.cos(turn), np.sin(turn)], -1)

    def divergence(lengths: Array) -> Array:
        there = here + lengths[:, None] * rays
        ends = (components(here), components(there))
        with np.errstate(all="ignore"):
            kl = problem._kl(*(ends[::-1] if reverse else ends))
        return np.where(problem.inside(there), np.broadcast_to(kl, count), np.nan)

    low, high = np.zeros(count), np.full(count, 0.25)
    short, over = np.full(count, -radius), divergence(high) - radius
    for _ in range(60):  # outward in small strides, so that the first crossing is the one found
        below = over < 0
        if not below.any():
            break
        low, short = np.where(below, high, low), np.where(below, over, short)
        high = np.where(below, high * 1.25, high)
        over = divergence(high) - radius
    found = _crossing(lambda lengths: divergence(lengths) - radius, low, high, short, over)
    reached = np.abs(divergence(found) - radius) < 1e-6 * radius
    return np.where(reached[:, None], here + found[:, None] * rays, np.nan)


def _crossing(f: Callable[[Array], Array], a: Array, b: Array, at_a: Array, at_b: Array) -> Array:
    """Where f goes from negative at ``a`` to positive (or NaN) at ``b``, many at once: ``[n]``.

    By the secant, with the value at an end that stays halved (the Illinois rule; Dowell and Jarratt
    1971); by halves where ``b`` is no number.
    """
    last = np.zeros(a.shape, bool)
    settled = 1e-12 * np.abs(at_a)
    found = a
    for i in range(60):
        with np.errstate(all="ignore"):
            secant = a - at_a * (b - a) / (at_b - at_a)
        found = np.where(np.isfinite(secant), secant, (a + b) / 2)
        value = f(found)
        below = value < 0
        stays = (below == last) & (i > 0)
        at_b = np.where(below, np.where(stays, at_b / 2, at_b), value)
        at_a = np.where(below, value, np.where(stays, at_a / 2, at_a))
        a, b, last = np.where(below, found, a), np.where(below, b, found), below
        if ((np.abs(value) <= settled) | (b - a <= 1e-14 * b)).all():
            break
    return found


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
