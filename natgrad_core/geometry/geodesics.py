"""Three geodesics between two distributions, which differ in general.

The m-geodesic is straight in expectation parameters (it mixes the two distributions), the
e-geodesic in natural parameters (it mixes log p), and the Fisher–Rao geodesic is the shortest path
under the Fisher metric. The natural-gradient flow of KL(p* ‖ p) runs along the m-geodesic, that of
KL(p ‖ p*) along the e-geodesic. Amari and Nagaoka 2000, ch. 2–3.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module

import numpy as np

from natgrad_core.charts import charts
from natgrad_core.core.charted import Charted
from natgrad_core.core.problem import Problem, must_be_a_problem
from natgrad_core.families.exponential_family import ExponentialFamily
from natgrad_core.geometry.christoffel import bending
from natgrad_core.geometry.fisher_rao import closed
from natgrad_core.geometry.relaxation import (
    SECONDS,
    NoGeodesic,
    curve_length,
    in_logarithms,
    relaxed,
)
from natgrad_core.linalg.small_matrices import components, full
from natgrad_core.types import Array, ArrayLike


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

    Args:
        problem: An exponential family without covariates.
        start: Where it begins, in θ, ``[d]``.
        end: Where it ends, in θ, ``[d]``.
        count: How many points, evenly spaced in η.

    Returns:
        The points in θ, ``[count, d]``.

    Raises:
        NoGeodesic: If the problem has no such parameters, or the path leaves the domain.
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


def exponential(
    problem: Problem,
    start: ArrayLike,
    velocity: ArrayLike,
    count: int = 101,
    seconds: float = 10.0,
) -> Array:
    """Return the Fisher–Rao geodesic from a point: the exponential map.

    It solves θ'' + Γ(θ', θ') = 0 (do Carmo 1992, ch. 3).

    Args:
        problem: The problem, which gives the Fisher metric.
        start: Where it begins, in θ, ``[d]``.
        velocity: θ' at the start, ``[d]``.
        count: How many points, at even times from 0 to 1.
        seconds: How long it is followed.

    Returns:
        The points in θ, ``[count, d]``; NaN beyond the edge of the domain.

    Raises:
        NoGeodesic: If that takes longer than ``seconds``.
    """
    integrate = import_module("scipy.integrate")  # costs more than natgrad_core to import
    begin = problem.check(start)
    d = problem.dim
    until = time.monotonic() + seconds

    def acceleration(_: float, state: Array) -> Array:
        if time.monotonic() > until:
            raise NoGeodesic(
                f"{problem.name}: the geodesic from {begin} with velocity {velocity} was not "
                f"followed to its end within {seconds:g} s"
            )
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


def fisher_rao(
    problem: Problem,
    start: ArrayLike,
    end: ArrayLike,
    count: int = 101,
    seconds: float = SECONDS,
) -> Array:
    """Return the shortest path under the Fisher metric, at constant speed.

    In closed form where there is one (normal, lognormal, Laplace, logistic, Gumbel, Weibull,
    inverse Gaussian, gamma, von Mises, categorical, two Bernoullis, one parameter, any of them in a
    chart), else by relaxation.

    Args:
        problem: The problem, which gives the Fisher metric.
        start: Where it begins, in θ, ``[d]``.
        end: Where it ends, in θ, ``[d]``.
        count: How many points, at even distances.
        seconds: How long it is looked for, where there is no closed form.

    Returns:
        The points in θ, ``[count, d]``.

    Raises:
        NoGeodesic: If none was found in that time, with the best bound of the distance.
    """
    a, b = _ends(problem, start, end)
    share = np.linspace(0.0, 1.0, count)
    if isinstance(problem, Charted):
        first, last = problem.chart.forward(a), problem.chart.forward(b)
        return problem.chart.inverse(fisher_rao(problem.base, first, last, count, seconds))
    known = closed(problem)
    if known:
        return known.geodesic(a, b, share)
    if (a == b).all():
        return np.repeat(a[None], count, 0)
    path = relaxed(problem, a, b, seconds).at(share)
    path[0], path[-1] = a, b
    return path


def distance(
    problem: Problem, start: ArrayLike, end: ArrayLike, seconds: float = SECONDS
) -> float | Array:
    """Return the Fisher–Rao distance ∫√(θ'ᵀFθ') dt (Rao 1945), to nine digits.

    Args:
        problem: With a probability model.
        start: Points ``[..., d]``.
        end: Points ``[..., d]``, to broadcast with ``start``.
        seconds: How long each is looked for, where there is no closed form.

    Returns:
        A number, or ``[...]`` where there are leading axes.

    Raises:
        NoGeodesic: Where none was found in that time, with the best bound.
        TypeError: If it is not a problem.
    """
    must_be_a_problem(problem)
    a, b = np.broadcast_arrays(problem.check(start), problem.check(end))
    found = np.empty(a.shape[:-1])
    for index in np.ndindex(found.shape):
        found[index] = _distance(problem, a[index], b[index], seconds)
    return found if found.ndim else float(found)


def _distance(problem: Problem, a: Array, b: Array, seconds: float) -> float:
    if isinstance(problem, Charted):
        first, last = problem.chart.forward(a), problem.chart.forward(b)
        return _distance(problem.base, first, last, seconds)
    known = closed(problem)
    if known:
        return known.distance(a, b)
    return 0.0 if (a == b).all() else relaxed(problem, a, b, seconds).length


def shoot(problem: Problem, a: Array, b: Array, seconds: float = SECONDS) -> Array:
    """Return the velocity whose geodesic from one point ends in another, by relaxation.

    Args:
        problem: The problem, which gives the Fisher metric.
        a: Where it begins, ``[d]``.
        b: Where it ends, ``[d]``.
        seconds: How long it is looked for.

    Returns:
        θ' at ``a``, ``[d]``.

    Raises:
        NoGeodesic: If none was found in that time.
    """
    return relaxed(problem, a, b, seconds).start_velocity


def length(problem: Problem, path: Array) -> float:
    """Return the Fisher length of a path, ∫ √(ẋᵀFẋ) dt of the spline through its points.

    With a hundred points of a smooth path it is right to nine digits. Where the spline leaves the
    domain it is that of the polygon, F at the middle of each side.

    Args:
        problem: The problem, which gives the Fisher metric.
        path: The points, ``[n, d]``.

    Returns:
        The length.
    """
    interpolate = import_module("scipy.interpolate")
    if len(path) > 3:
        times = np.linspace(0.0, 1.0, len(path))
        kept = in_logarithms(problem, path.min(0), path.max(0))
        spline = interpolate.make_interp_spline(times, kept.chart.inverse(path).T, axis=1, k=5)
        found = curve_length(kept, spline, times)
        if np.isfinite(found):
            return found
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
