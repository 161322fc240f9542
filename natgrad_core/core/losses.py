"""J at many points at once, by machine code where that is faster than NumPy."""

from __future__ import annotations

import numpy as np

from natgrad_core.core.problem import Problem
from natgrad_core.linalg.small_matrices import components
from natgrad_core.tracing.replay import replay
from natgrad_core.tracing.trace_cache import Traces, cached
from natgrad_core.types import Array, Vector


def losses(problem: Problem, points: Array, traces: Traces | None = None) -> Array:
    """Return J at every point: ``problem._loss``, to the last bit, for sums that NumPy is slow at.

    Args:
        problem: The problem.
        points: The points, ``[..., d]``.
        traces: As of ``run``.

    Returns:
        J, ``[...]``; NaN or infinite where J has no value.
    """
    theta = components(points)
    state = (np.zeros(()), *theta)

    def step(state: Vector, numbers: Vector) -> Vector:
        return (problem.with_numbers(numbers)._loss(*state[1:]), *state[1:])

    kept: Traces = {} if traces is None else traces
    traced = cached(step, state, problem.numbers, ("loss", problem.form), kept)
    with np.errstate(all="ignore"):
        found = replay(traced, state, 1, 1)
        if found is None:
            return np.array(np.broadcast_to(problem._loss(*theta), points.shape[:-1]))
    return found[0][1, ..., 0]
