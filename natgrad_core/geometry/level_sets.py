"""The exact level sets of the KL divergence around a point of the plane."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from natgrad_core.core.problem import Problem
from natgrad_core.geometry.ellipses import outline
from natgrad_core.linalg.small_matrices import components
from natgrad_core.types import Array


def kl_level_set(
    problem: Problem, theta: Array, radius: float, count: int = 120, reverse: bool = False
) -> Array:
    """Return points θ' with KL(p_θ ‖ p_θ') = r exactly, once around θ in the plane.

    They are found along rays from θ, spread as those of the Fisher ellipse, each where KL first
    reaches r.

    Args:
        problem: A problem with a probability model.
        theta: θ, ``[2]``.
        radius: r > 0, in nats.
        count: How many points.
        reverse: Take KL(p_θ' ‖ p_θ) instead.

    Returns:
        The points, ``[count, 2]``; NaN on a ray that leaves the domain before KL reaches r.

    Raises:
        ValueError: For a radius that is not positive, or a point that is not one of the plane.
        NoProbabilityModel: If the problem is a loss without a model.
    """
    if not radius > 0:
        raise ValueError(f"the radius must be more than 0 nats, got {radius}")
    here = problem.check(theta)
    if here.shape != (2,):
        raise ValueError(f"a level set in the plane needs one point of two numbers, got {here}")
    metric = problem.fisher(here)
    rays = outline(metric, radius, count)
    if not np.isfinite(rays).all():  # the Fisher matrix is singular: rays of equal length
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
    """Return where f crosses from negative at ``a`` to positive (or NaN) at ``b``, ``[n]``.

    By the secant, halving the value at an end that stays (the Illinois rule; Dowell and Jarratt
    1971), or by bisection where f is NaN at ``b``.
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
