"""A Fisher–Rao geodesic between two points where no closed form is known, within a time limit.

The boundary value problem θ̈ = −Γ(θ̇, θ̇), θ(0) = a, θ(1) = b is solved by collocation (SciPy's
``solve_bvp``), in the logarithms of the parameters that must be positive: there a path over many
decades is smooth. Where the straight line is too poor a guess, the end is moved there in steps,
each path the guess for the next (continuation; Ascher, Mattheij and Russell 1995, ch. 8).
"""

from __future__ import annotations

import time
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from natgrad_core.charts import charts
from natgrad_core.core.charted import Charted
from natgrad_core.core.problem import Problem
from natgrad_core.geometry.christoffel import bending
from natgrad_core.linalg.small_matrices import components, full
from natgrad_core.types import Array

SECONDS = 2.0
"""The default time limit of a search for a geodesic, in seconds."""

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(6)


class NoGeodesic(ValueError):
    """A path that this problem does not have, or that was not found.

    ``bound`` is the length of the shortest path that was found, which the distance does not
    exceed; None where there is none.
    """

    def __init__(self, message: str, bound: float | None = None) -> None:
        super().__init__(message)
        self.bound = bound

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.bound)


class _Late(Exception):
    """The time is up."""


class Relaxed(NamedTuple):
    """A geodesic: its length, and θ at shares ``[n]`` of it."""

    length: float
    start_velocity: Array
    problem: Charted
    curve: Any

    def at(self, share: Array) -> Array:
        """Return points of the geodesic.

        Args:
            share: Shares of its length, ``[n]``, from 0 to 1.

        Returns:
            θ, ``[n, d]``.
        """
        x = self.curve(share)[: self.problem.dim].T
        return np.asarray(self.problem.chart.forward(x))


def in_logarithms(problem: Problem, a: Array, b: Array) -> Charted:
    """Return the problem in the logarithms of the parameters that are positive near two points.

    Args:
        problem: The problem.
        a: One point, ``[d]``.
        b: The other, ``[d]``.

    Returns:
        The charted problem.
    """

    def positive(i: int) -> bool:
        mirrored = np.stack([a, b])
        if (mirrored[:, i] <= 0).any():
            return False
        mirrored[:, i] *= -1
        with np.errstate(all="ignore"):
            return not problem.inside(mirrored).any()

    which = tuple(i for i in range(problem.dim) if positive(i))
    return problem.through(charts["log-scale"](which) if which else charts["identity"]())


def curve_length(problem: Problem, curve: Any, borders: Array) -> float:
    """Return ∫ √(ẋᵀFẋ) dt of a curve, by 6 Gauss nodes between two borders.

    Args:
        problem: The problem, which gives F.
        curve: x(t), a spline of d parts (or more: the first d count).
        borders: The times between which it is smooth, ``[n]``.

    Returns:
        The length; NaN where the curve leaves the domain.
    """
    d = problem.dim
    half = np.diff(borders)[:, None] / 2
    times = ((borders[1:] + borders[:-1])[:, None] / 2 + half * _NODES).ravel()
    x, v = curve(times)[:d].T, curve(times, 1)[:d].T
    with np.errstate(all="ignore"):
        squares = np.einsum("ni,nij,nj->n", v, full(problem.at(components(x)).fisher, (len(x),)), v)
        speed = np.sqrt(squares).reshape(half.size, -1)
    return float(((half * speed) @ _WEIGHTS).sum())


def straight_length(problem: Problem, a: Array, b: Array) -> float:
    """Return the Fisher length of the straight line between two points.

    Args:
        problem: The problem, which gives F.
        a: Where it begins, ``[d]``.
        b: Where it ends, ``[d]``.

    Returns:
        The length; infinite where the line leaves the domain.
    """
    interpolate = import_module("scipy.interpolate")
    borders = np.linspace(0.0, 1.0, 65)
    line = interpolate.make_interp_spline([0.0, 1.0], np.stack([a, b], 1), k=1, axis=1)
    found = curve_length(problem, line, borders)
    return found if np.isfinite(found) else np.inf


def relaxed(problem: Problem, a: Array, b: Array, seconds: float = SECONDS) -> Relaxed:
    """Return the geodesic between two points, by relaxation of a first guess.

    Args:
        problem: The problem, which gives F.
        a: Where it begins, ``[d]``.
        b: Where it ends, ``[d]``.
        seconds: How long it is looked for.

    Returns:
        The geodesic.

    Raises:
        NoGeodesic: If F is singular at an end, or none was found in that time.
    """
    for end in (a, b):
        f = problem.fisher(end)
        scale = np.sqrt(np.abs(np.diag(f)))
        with np.errstate(all="ignore"):
            unit = f / np.outer(scale, scale)
        if not np.isfinite(unit).all() or np.linalg.eigvalsh(unit)[0] < 1e-12:
            raise NoGeodesic(
                f"{problem.name}: F is singular at {end}, so that it measures no length along its "
                "null direction; take a parameterization in which each parameter is seen"
            )
    return _Search(problem, a, b, seconds).found()


class _Search:
    """The boundary value problem in the coordinates x, and the clock."""

    def __init__(self, problem: Problem, a: Array, b: Array, seconds: float) -> None:
        self.problem = problem
        self.x = in_logarithms(problem, a, b)
        self.ends: list[Array] = [self.x.chart.inverse(p) for p in (a, b)]
        self.between = f"{problem.name}: from {a} to {b}"
        import_module("scipy.integrate")  # before the clock starts
        import_module("scipy.interpolate")
        self.seconds, self.until = seconds, time.monotonic() + seconds
        self.bound = min(straight_length(problem, a, b), straight_length(self.x, *self.ends))

    def force(self, _: Array, state: Array) -> Array:
        """(ẋ, −Γ(ẋ, ẋ)) at all nodes; raises when the time is up."""
        if time.monotonic() > self.until:
            raise _Late
        d = self.x.dim
        at, speed = self.x.at(components(state[:d].T)), state[d:]
        curved = full(bending(at, tuple(speed)), state.shape[1:])
        return np.concatenate([speed, np.where(np.isfinite(curved), -curved, 0.0).T])

    def solved(self, end: Array, times: Array, guess: Array, tol: float, nodes: int) -> Any:
        """The path to ``end`` from a guess, or None."""
        integrate = import_module("scipy.integrate")  # costs more than natgrad_core to import
        a, d = self.ends[0], self.x.dim

        def miss(first: Array, last: Array) -> Array:
            return np.concatenate([first[:d] - a, last[:d] - end])

        with np.errstate(all="ignore"):
            try:
                found = integrate.solve_bvp(
                    self.force, miss, times, guess, tol=tol, max_nodes=nodes
                )
            except (ArithmeticError, ValueError, np.linalg.LinAlgError):
                return None
        return found if found.success and np.isfinite(found.y).all() else None

    def towards(self) -> Any:
        """A rough path to the end: at once, or in steps."""
        a, b = self.ends
        times = np.linspace(0.0, 1.0, 15)
        path, share, step = None, 0.0, 1.0
        while share < 1:
            new = min(1.0, share + step)
            end = a + new * (b - a)
            if path is None:
                guess = np.concatenate(
                    [a[:, None] + times * (end - a)[:, None], np.repeat((end - a)[:, None], 15, 1)]
                )
            else:
                shift = ((new - share) * (b - a))[:, None]
                times, guess = path.x, path.y + np.concatenate([path.x * shift, 0 * path.x + shift])
            found = self.solved(end, times, guess, 1e-2, 500)
            if found is None:
                step /= 4 if path is None else 2
                if step < 1e-6:
                    return None
                continue
            path, share = found, new
            step = min(1.5 * step, 0.3)
            rest = straight_length(self.x, end, b) if share < 1 else 0.0
            self.bound = min(self.bound, curve_length(self.x, path.sol, path.x) + rest)
        return path

    def found(self) -> Relaxed:
        """The geodesic, or NoGeodesic."""
        path = None
        try:
            rough = self.towards()
            if rough is not None:
                path = self.solved(self.ends[1], rough.x, rough.y, 1e-5, 20_000)
                why = "it did not converge"
            else:
                why = "no path led there"
        except _Late:
            why = f"none was found within {self.seconds:g} s"
        if path is None:
            raise NoGeodesic(
                f"{self.between} no geodesic: {why}. The distance is at most {self.bound:.6g}, the "
                "length of the shortest path that was found; seconds=… looks longer",
                self.bound,
            )
        length = curve_length(self.x, path.sol, path.x)
        d = self.x.dim
        jacobian = self.x.chart.jacobian(self.ends[0])
        return Relaxed(length, jacobian @ path.y[d:, 0], self.x, path.sol)
