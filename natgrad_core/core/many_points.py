"""A problem at many points at once, by machine code where that is faster than NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from natgrad_core.core.charted import ChartedAt
from natgrad_core.core.evaluation import At
from natgrad_core.core.numbers import flattened, rebuilt
from natgrad_core.core.problem import Problem
from natgrad_core.linalg.small_matrices import components
from natgrad_core.tracing.replay import replay
from natgrad_core.tracing.trace_cache import Traces, cached
from natgrad_core.types import Array, Vector

Part = Literal["grad", "hessian", "fisher"]
"""What is computed of a problem at a point."""


def losses(problem: Problem, points: Array, traces: Traces | None = None) -> Array:
    """Return J at every point: ``problem._loss``, to the last bit, for sums that NumPy is slow at.

    Args:
        problem: The problem.
        points: The points, ``[..., d]``.
        traces: As of ``run``.

    Returns:
        J, ``[...]``; NaN or infinite where J has no value.
    """

    def loss(there: Problem, theta: Vector) -> Vector:
        return (there._loss(*theta),)

    found = _replayed(problem, points, loss, "loss", 1, traces)
    if found is None:
        with np.errstate(all="ignore"):
            found = (problem._loss(*components(points)),)
    return np.array(np.broadcast_to(found[0], points.shape[:-1]))


def evaluated(
    problem: Problem, points: Array, parts: tuple[Part, ...], traces: Traces | None = None
) -> At:
    """Return ``problem.at(components(points))`` with some of its parts computed already.

    Args:
        problem: The problem; of one in a chart the same parts in θ are computed with those in x.
        points: The points, ``[..., d]``.
        parts: Which parts: what a caller needs of them, they cost the same time at once.
        traces: As of ``run``.

    Returns:
        The problem at the points. Each part is what the formula on arrays says, to the last bit.
    """
    with np.errstate(all="ignore"):  # far out a chart may overflow
        at, d = problem.at(components(points)), problem.dim
    like = {"grad": (0,) * d, "hessian": ((0,) * d,) * d, "fisher": ((0,) * d,) * d}
    count = len(flattened(tuple(like[part] for part in parts))) * len(_levels(at))

    def of_each(there: Problem, theta: Vector) -> Vector:
        levels = _levels(there.at(theta))
        return flattened(tuple(getattr(level, part) for level in levels for part in parts))

    found = _replayed(problem, points, of_each, parts, count, traces)
    if found is not None:
        leaves = iter(found)
        for level in _levels(at):
            for part in parts:
                setattr(level, f"_{part}", rebuilt(like[part], leaves))
    return at


def _levels(at: At) -> list[At]:
    """The evaluation itself, and in a chart those that it is made of."""
    return [at, *(_levels(at.base) if isinstance(at, ChartedAt) else ())]


def _replayed(
    problem: Problem,
    points: Array,
    of: Callable[[Problem, Vector], Vector],
    name: Any,
    count: int,
    traces: Traces | None,
) -> Vector | None:
    """The ``count`` numbers that ``of`` finds at every point; None before there is code."""
    state = (*(np.zeros(()),) * count, *components(points))

    def step(state: Vector, numbers: Vector) -> Vector:
        theta = state[count:]
        return (*of(problem.with_numbers(numbers), theta), *theta)

    kept: Traces = {} if traces is None else traces
    traced = cached(step, state, problem.numbers, (name, problem.form), kept)
    with np.errstate(all="ignore"):
        found = replay(traced, state, 1, count)
    return None if found is None else components(np.asarray(found[0][1]))
