"""Sectional curvature of the Fisher metric, and parallel transport along its geodesics.

Normals have curvature −½ everywhere, categoricals +¼ (a sphere of radius 2), Bernoullis 0. Both are
the same in every chart.
"""

from __future__ import annotations

import time
from importlib import import_module

import numpy as np

from natgrad_core.core.charted import Charted
from natgrad_core.core.problem import Problem
from natgrad_core.geometry.christoffel import bending
from natgrad_core.geometry.relaxation import SECONDS, NoGeodesic
from natgrad_core.tracing.forward_mode import derivatives_of, variables
from natgrad_core.types import Array, ArrayLike


def sectional_curvature(problem: Problem, theta: ArrayLike, u: ArrayLike, v: ArrayLike) -> float:
    """Return the curvature of the plane that u and v span: R(u, v, v, u)/(‖u‖²‖v‖² − ⟨u, v⟩²).

    R comes from the exact first and second derivatives of F (do Carmo 1992, ch. 4).

    Args:
        problem: The problem, which gives the Fisher metric.
        theta: The point, ``[d]`` with d ≥ 2.
        u: A vector there, ``[d]``.
        v: Another, not parallel to it, ``[d]``.

    Returns:
        The curvature.

    Raises:
        OutsideDomain: If the point is outside the domain.
        ValueError: If u and v are parallel.
    """
    point = np.asarray(problem.check(theta), float)
    first, second = np.asarray(u, float), np.asarray(v, float)
    if isinstance(problem, Charted):
        jacobian = problem.chart.jacobian(point)
        there = np.asarray(problem.chart.forward(point))
        return sectional_curvature(problem.base, there, jacobian @ first, jacobian @ second)
    metric, slope, bend = _derivatives(problem, point)
    area = _area(metric, first, second)
    # Γ_k,ij = ½(∂_i F_kj + ∂_j F_ki − ∂_k F_ij), and slope[i, j, k] = ∂_k F_ij.
    lowered = (slope.transpose(0, 2, 1) + slope - slope.transpose(2, 0, 1)) / 2
    raised = np.linalg.solve(metric, lowered.reshape(len(point), -1)).reshape(lowered.shape)
    of = {
        "uu": raised @ first @ first,
        "uv": np.einsum("kij,i,j->k", raised, first, second),
        "vv": raised @ second @ second,
    }
    # bend[i, j, k, l] = ∂_k ∂_l F_ij.
    second_order = (
        2 * np.einsum("ijkl,i,j,k,l->", bend, first, second, first, second)
        - np.einsum("ijkl,i,j,k,l->", bend, first, first, second, second)
        - np.einsum("ijkl,i,j,k,l->", bend, second, second, first, first)
    ) / 2
    quadratic = of["uv"] @ metric @ of["uv"] - of["uu"] @ metric @ of["vv"]
    return float((second_order + quadratic) / area)


def _area(metric: Array, u: Array, v: Array) -> float:
    """‖u‖²‖v‖² − ⟨u, v⟩²."""
    uu, uv, vv = float(u @ metric @ u), float(u @ metric @ v), float(v @ metric @ v)
    area = uu * vv - uv * uv
    if not area > 1e-12 * uu * vv:
        raise ValueError(f"u and v must span a plane; got the parallel vectors {u} and {v}")
    return area


def _derivatives(problem: Problem, point: Array) -> tuple[Array, Array, Array]:
    """F, ``[d, d]``, its first derivatives, ``[d, d, d]``, and its second ones."""
    d = len(point)
    seeds = variables(tuple(point.tolist()))
    entries = problem._fisher(*seeds)
    metric, slope, bend = np.zeros((d, d)), np.zeros((d, d, d)), np.zeros((d, d, d, d))
    upper = np.triu_indices(d)
    for i in range(d):
        for j in range(d):
            found = derivatives_of(entries[i][j], seeds[0])
            metric[i, j], slope[i, j] = found.value, found.grad
            bend[i, j][upper] = found.hessian
            bend[i, j].T[upper] = found.hessian
    return metric, slope, bend


def parallel_transport(
    problem: Problem,
    start: ArrayLike,
    velocity: ArrayLike,
    vector: ArrayLike,
    seconds: float = SECONDS,
) -> Array:
    """Return a vector after its transport along the geodesic from a point, to time 1.

    It solves v̇ = −Γ(θ̇, v) beside the geodesic itself (do Carmo 1992, ch. 2–3); lengths and angles
    stay. ``shoot`` gives the velocity that ends in a given point.

    Args:
        problem: The problem, which gives the Fisher metric.
        start: Where the geodesic begins, in θ, ``[d]``.
        velocity: θ̇ there, ``[d]``.
        vector: The vector there, ``[d]``.
        seconds: How long it is followed.

    Returns:
        The vector at the end, ``[d]``; NaN if the geodesic leaves the domain.

    Raises:
        NoGeodesic: If that takes longer than ``seconds``.
    """
    integrate = import_module("scipy.integrate")  # costs more than natgrad_core to import
    begin = np.asarray(problem.check(start), float)
    d, until = problem.dim, time.monotonic() + seconds

    def change(_: float, state: Array) -> Array:
        if time.monotonic() > until:
            raise NoGeodesic(
                f"{problem.name}: the transport from {begin} along {velocity} did not come to its "
                f"end within {seconds:g} s"
            )
        theta, speed, v = (tuple(part.tolist()) for part in state.reshape(3, d))
        try:
            at = problem.at(theta)
            plus = np.array(bending(at, tuple(a + b for a, b in zip(speed, v, strict=True))))
            minus = np.array(bending(at, tuple(a - b for a, b in zip(speed, v, strict=True))))
            force = np.array(bending(at, speed))
        except (ArithmeticError, ValueError):
            return np.full(3 * d, np.nan)
        # Γ(θ̇, v) = ¼(Γ(θ̇ + v, θ̇ + v) − Γ(θ̇ − v, θ̇ − v)).
        return np.concatenate([speed, -force, -(plus - minus) / 4])

    state = np.concatenate([begin, np.asarray(velocity, float), np.asarray(vector, float)])
    with np.errstate(all="ignore"):
        found = integrate.solve_ivp(
            change, (0.0, 1.0), state, "DOP853", [1.0], rtol=1e-10, atol=1e-12
        )
    return found.y[2 * d :, -1] if len(found.t) else np.full(d, np.nan)
