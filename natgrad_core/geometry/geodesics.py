"""Straight roads between two distributions: three of them, and they differ.

The m-geodesic is straight in expectation parameters (a mixture of the two), the e-geodesic straight
in natural ones (log p is mixed), the Fisher–Rao geodesic is the shortest by the Fisher metric. The
natural-gradient flow of KL(p* ‖ p) runs along the first, that of KL(p ‖ p*) along the second;
neither is the third. Amari and Nagaoka 2000, ch. 2–3.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import numpy as np

from natgrad_core.charts import charts
from natgrad_core.core.problem import Problem
from natgrad_core.families.exponential_family import ExponentialFamily
from natgrad_core.geometry.christoffel import bending
from natgrad_core.geometry.fisher_rao import closed
from natgrad_core.linalg.small_matrices import components, full
from natgrad_core.types import Array, ArrayLike


class NoGeodesic(ValueError):
    """A road that this problem does not have, or that was not found."""


def m_geodesic(problem: Problem, start: ArrayLike, end: ArrayLike, count: int = 101) -> Array:
    """The road straight in expectation parameters m = E[T], in θ, ``[count, d]``."""
    return _straight(problem, "expectation", start, end, count)


def e_geodesic(problem: Problem, start: ArrayLike, end: ArrayLike, count: int = 101) -> Array:
    """The road straight in natural parameters η, in θ, ``[count, d]``."""
    return _straight(problem, "natural", start, end, count)


def _straight(problem: Problem, kind: str, start: ArrayLike, end: ArrayLike, count: int) -> Array:
    a, b = _ends(problem, start, end)
    share = np.linspace(0.0, 1.0, count)[:, None]
    try:
        chart = charts[kind](family=problem.name)
    except ValueError:
        to_there, slope = _maps(problem, kind)
        there = (1 - share) * to_there(a) + share * to_there(b)
        return _inverted(problem, to_there, slope, there, a, b)
    there = (1 - share) * chart.inverse(a) + share * chart.inverse(b)
    return chart.forward(there)


def _maps(problem: Problem, kind: str) -> tuple[Callable[[Array], Array], Callable[[Array], Array]]:
    """θ ↦ η or m, and its Jacobian, of a family without a closed inverse."""
    if not isinstance(problem, ExponentialFamily) or problem.covariates:
        raise NoGeodesic(
            f"{problem.name} has no {kind} parameters of its own; "
            "take an exponential family without covariates (normal, gamma, beta, …)"
        )

    def slope(theta: Array) -> Array:
        return full(problem._slope((), *components(theta)), ())

    if kind == "natural":
        return problem.natural, slope

    # F = Sᵀ (∂m/∂θ), because ∂m/∂θ = ∇²A S.
    def of_mean(theta: Array) -> Array:
        return np.asarray(np.linalg.solve(slope(theta).T, problem.fisher(theta)), float)

    return problem.expectation, of_mean


def _inverted(
    problem: Problem,
    to_there: Callable[[Array], Array],
    slope: Callable[[Array], Array],
    targets: Array,
    a: Array,
    b: Array,
) -> Array:
    """θ with to_there(θ) = target, point after point, each by Newton's method from the one before.

    The prediction along the road is halved until it stays in the domain.
    """
    points = [a]
    for each in targets[1:-1]:
        target: Array = each
        theta = points[-1]
        for _ in range(50):
            step = np.asarray(np.linalg.solve(slope(theta), target - to_there(theta)), float)
            while not problem.inside(theta + step):
                step = step / 2
                if not np.abs(step).max() > 1e-300:
                    raise NoGeodesic(f"{problem.name}: the road leaves the domain near {theta}")
            theta = theta + step
            if np.abs(step).max() <= 1e-14 * (1 + np.abs(theta).max()):
                break
        points.append(theta)
    return np.array([*points, b])


def exponential(problem: Problem, start: ArrayLike, velocity: ArrayLike, count: int = 101) -> Array:
    """The Fisher–Rao geodesic from ``start [d]`` with ``velocity [d]``, ``[count, d]``.

    θ'' + Γ(θ', θ') = 0, at even times from 0 to 1. Points beyond the edge of the domain are NaN.
    """
    integrate = import_module("scipy.integrate")  # costs more than natgrad_core to import
    begin = problem.check(start)
    d = problem.dim

    def bend(_: float, state: Array) -> Array:
        theta, speed = tuple(state[:d].tolist()), tuple(state[d:].tolist())
        try:
            force = bending(problem.at(theta), speed)
        except (ArithmeticError, ValueError):
            return np.full(2 * d, np.nan)
        return np.array([*speed, *(-f for f in force)])

    times = np.linspace(0.0, 1.0, count)
    state = np.concatenate([begin, np.asarray(velocity, float)])
    with np.errstate(all="ignore"):
        found = integrate.solve_ivp(
            bend, (0.0, 1.0), state, "DOP853", times, rtol=1e-10, atol=1e-12
        )
    road = np.full((count, d), np.nan)
    if found.t.size:
        road[: found.t.size] = found.y[:d].T
    return road


def fisher_rao(problem: Problem, start: ArrayLike, end: ArrayLike, count: int = 101) -> Array:
    """The shortest road by the Fisher metric, at even pace, in θ, ``[count, d]``.

    In closed form where there is one (normal, categorical, two Bernoullis), else by shooting.
    """
    a, b = _ends(problem, start, end)
    known = closed(problem)
    if known:
        return known.road(a, b, np.linspace(0.0, 1.0, count))
    return exponential(problem, a, shoot(problem, a, b), count)


def distance(problem: Problem, start: ArrayLike, end: ArrayLike) -> float:
    """The Fisher–Rao distance of points ``[d]``, the road's length ∫√(θ'ᵀFθ') (Rao 1945)."""
    a, b = _ends(problem, start, end)
    known = closed(problem)
    if known:
        return known.distance(a, b)
    speed = shoot(problem, a, b)
    return float(np.sqrt(speed @ problem.fisher(a) @ speed))


def shoot(problem: Problem, a: Array, b: Array) -> Array:
    """The velocity at ``a`` whose geodesic ends in ``b``, ``[d]``.

    The road as a boundary value problem, by collocation, gives the first aim; shooting the last.
    """
    integrate = import_module("scipy.integrate")  # costs more than natgrad_core to import
    optimize = import_module("scipy.optimize")
    d = problem.dim
    share = np.linspace(0.0, 1.0, 21)
    line = a[:, None] + share * (b - a)[:, None]

    def bend(_: Array, state: Array) -> Array:
        theta, speed = state[:d].T, state[d:].T
        good = problem.inside(theta)
        safe = np.where(good[:, None], theta, a)
        force = -full(bending(problem.at(components(safe)), components(speed)), good.shape)
        return np.concatenate([speed, np.where(good[:, None], force, 0.0)], -1).T

    def ends(first: Array, last: Array) -> Array:
        return np.concatenate([first[:d] - a, last[:d] - b])

    scale = np.linalg.cholesky(problem.fisher(b)).T

    def miss(velocity: Array) -> Array:
        end = exponential(problem, a, velocity, 2)[-1]
        return np.where(np.isfinite(end), scale @ (end - b), 1e6)

    try:
        with np.errstate(all="ignore"):
            guess = np.concatenate([line, np.repeat((b - a)[:, None], share.size, 1)])
            aim: Array = integrate.solve_bvp(bend, ends, share, guess, tol=1e-6, max_nodes=2000).y[
                d:, 0
            ]
            found: Array = optimize.root(miss, aim, tol=1e-12).x
            good = float(np.abs(miss(found)).max()) < 1e-7
        if good:
            return found
    except (ArithmeticError, ValueError, np.linalg.LinAlgError):
        pass  # said below
    raise NoGeodesic(f"{problem.name}: no geodesic was found from {a} to {b} by shooting")


def length(problem: Problem, road: Array) -> float:
    """The Fisher length of a road ``[n, d]``: Σ √(δᵀFδ), F at the middle of each piece."""
    middle, step = (road[1:] + road[:-1]) / 2, np.diff(road, axis=0)
    squares = np.einsum("ni,nij,nj->n", step, problem.fisher(middle), step)
    return float(np.sqrt(squares).sum())


def _ends(problem: Problem, start: ArrayLike, end: ArrayLike) -> tuple[Array, Array]:
    a, b = problem.check(start), problem.check(end)
    if a.shape != (problem.dim,) or b.shape != (problem.dim,):
        raise ValueError(
            f"a road joins two points, [{problem.dim}]; got {list(a.shape)} and {list(b.shape)}"
        )
    return a, b
