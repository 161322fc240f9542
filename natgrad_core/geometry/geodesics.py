"""Three geodesics between two distributions, which differ in general.

The m-geodesic is straight in expectation parameters (it mixes the two distributions), the
e-geodesic in natural parameters (it mixes log p), and the Fisher–Rao geodesic is the shortest path
under the Fisher metric. The natural-gradient flow of KL(p* ‖ p) runs along the m-geodesic, that of
KL(p ‖ p*) along the e-geodesic. Amari and Nagaoka 2000, ch. 2–3.
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
    """The problem has no geodesic of this kind, or none was found."""


def m_geodesic(problem: Problem, start: ArrayLike, end: ArrayLike, count: int = 101) -> Array:
    """Return the m-geodesic: straight in the expectation parameters m = E[T].

    Args:
        problem: An exponential family without covariates.
        start: Where it begins, in θ, ``[d]``.
        end: Where it ends, in θ, ``[d]``.
        count: How many points, evenly spaced in m.

    Returns:
        The points in θ, ``[count, d]``.

    Raises:
        NoGeodesic: If the problem has no such parameters, or the path leaves the domain.
    """
    return _straight(problem, "expectation", start, end, count)


def e_geodesic(problem: Problem, start: ArrayLike, end: ArrayLike, count: int = 101) -> Array:
    """Return the e-geodesic: straight in the natural parameters η.

    The arguments, the result and the errors are those of ``m_geodesic``.
    """
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
    """Return θ ↦ η or m, and its Jacobian, for a family whose inverse has no closed form."""
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
    """Solve to_there(θ) = target for each target, by Newton's method from the point before.

    A Newton step that leaves the domain is halved until it stays inside.
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
                    raise NoGeodesic(f"{problem.name}: the path leaves the domain near {theta}")
            theta = theta + step
            if np.abs(step).max() <= 1e-14 * (1 + np.abs(theta).max()):
                break
        points.append(theta)
    return np.array([*points, b])


def exponential(problem: Problem, start: ArrayLike, velocity: ArrayLike, count: int = 101) -> Array:
    """Return the Fisher–Rao geodesic from a point: the exponential map.

    It solves θ'' + Γ(θ', θ') = 0 (do Carmo 1992, ch. 3).

    Args:
        problem: The problem, which gives the Fisher metric.
        start: Where it begins, in θ, ``[d]``.
        velocity: θ' at the start, ``[d]``.
        count: How many points, at even times from 0 to 1.

    Returns:
        The points in θ, ``[count, d]``; NaN beyond the edge of the domain.
    """
    integrate = import_module("scipy.integrate")  # costs more than natgrad_core to import
    begin = problem.check(start)
    d = problem.dim

    def acceleration(_: float, state: Array) -> Array:
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
            acceleration, (0.0, 1.0), state, "DOP853", times, rtol=1e-10, atol=1e-12
        )
    path = np.full((count, d), np.nan)
    if found.t.size:
        path[: found.t.size] = found.y[:d].T
    return path


def fisher_rao(problem: Problem, start: ArrayLike, end: ArrayLike, count: int = 101) -> Array:
    """Return the shortest path under the Fisher metric, at constant speed.

    In closed form where there is one (normal, categorical, two Bernoullis), else by shooting.

    Args:
        problem: The problem, which gives the Fisher metric.
        start: Where it begins, in θ, ``[d]``.
        end: Where it ends, in θ, ``[d]``.
        count: How many points, at even distances.

    Returns:
        The points in θ, ``[count, d]``.

    Raises:
        NoGeodesic: If shooting finds none.
    """
    a, b = _ends(problem, start, end)
    known = closed(problem)
    if known:
        return known.geodesic(a, b, np.linspace(0.0, 1.0, count))
    return exponential(problem, a, shoot(problem, a, b), count)


def distance(problem: Problem, start: ArrayLike, end: ArrayLike) -> float:
    """Return the Fisher–Rao distance ∫√(θ'ᵀFθ') dt of two points (Rao 1945).

    Args:
        problem: The problem, which gives the Fisher metric.
        start: One point in θ, ``[d]``.
        end: The other point in θ, ``[d]``.

    Raises:
        NoGeodesic: If there is no closed form, and shooting finds no geodesic.
    """
    a, b = _ends(problem, start, end)
    known = closed(problem)
    if known:
        return known.distance(a, b)
    speed = shoot(problem, a, b)
    return float(np.sqrt(speed @ problem.fisher(a) @ speed))


def shoot(problem: Problem, a: Array, b: Array) -> Array:
    """Return the velocity at ``a`` whose geodesic ends in ``b``, ``[d]``.

    Collocation of the boundary value problem gives the first guess, and shooting refines it.

    Raises:
        NoGeodesic: If the refined geodesic misses ``b``.
    """
    integrate = import_module("scipy.integrate")  # costs more than natgrad_core to import
    optimize = import_module("scipy.optimize")
    d = problem.dim
    share = np.linspace(0.0, 1.0, 21)
    line = a[:, None] + share * (b - a)[:, None]

    def acceleration(_: Array, state: Array) -> Array:
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
            aim: Array = integrate.solve_bvp(
                acceleration, ends, share, guess, tol=1e-6, max_nodes=2000
            ).y[d:, 0]
            found: Array = optimize.root(miss, aim, tol=1e-12).x
            good = float(np.abs(miss(found)).max()) < 1e-7
        if good:
            return found
    except (ArithmeticError, ValueError, np.linalg.LinAlgError):
        pass  # raised below
    raise NoGeodesic(f"{problem.name}: no geodesic was found from {a} to {b} by shooting")


def length(problem: Problem, path: Array) -> float:
    """Return the Fisher length Σ √(δᵀFδ) of a path ``[n, d]``, with F at each step's midpoint."""
    middle, step = (path[1:] + path[:-1]) / 2, np.diff(path, axis=0)
    squares = np.einsum("ni,nij,nj->n", step, problem.fisher(middle), step)
    return float(np.sqrt(squares).sum())


def _ends(problem: Problem, start: ArrayLike, end: ArrayLike) -> tuple[Array, Array]:
    a, b = problem.check(start), problem.check(end)
    if a.shape != (problem.dim,) or b.shape != (problem.dim,):
        raise ValueError(
            f"a geodesic joins two points, [{problem.dim}]; got {list(a.shape)} and {list(b.shape)}"
        )
    return a, b
