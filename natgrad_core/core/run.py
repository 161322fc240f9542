"""Run a rule on a problem: ``run(problem, rule, start, steps) -> Trajectory``.

A run never raises on the way: a path that leaves the domain or diverges is recorded as such (``ok``
turns False at the first bad point and everything after it is NaN), because divergence is shown.
"""

from __future__ import annotations

from collections.abc import Hashable
from itertools import chain
from typing import Any, cast

import numpy as np

from natgrad_core.core.numbers import flattened, rebuilt
from natgrad_core.core.problem import Problem, must_be_a_problem
from natgrad_core.core.rule import Memory, Rule, must_be_a_rule
from natgrad_core.core.trajectory import Trajectory
from natgrad_core.linalg.small_matrices import components
from natgrad_core.tracing import replay as replaying
from natgrad_core.tracing.ops import finite
from natgrad_core.tracing.replay import lifted, lowered, replay
from natgrad_core.tracing.tape import Step, Traced
from natgrad_core.tracing.trace_cache import Traces, cached
from natgrad_core.types import Array, ArrayLike, Bools, Vector

WHOLE = (int, np.integer)
"""What may count steps."""


def run(
    problem: Problem,
    rule: Rule,
    start: ArrayLike,
    steps: int = 100,
    traces: Traces | None = None,
) -> Trajectory:
    """Run a rule: θ_{k+1} = θ_k + rule(∇J, θ_k), ``steps`` times.

    Leading axes run side by side; they broadcast with those of the chart's matrix and of the rule's
    rate and damping. A path that diverges is recorded, not raised.

    Args:
        problem: The problem, which may be charted.
        rule: The rule.
        start: Where to start, ``[..., d]``, in the problem's coordinates.
        steps: How many steps.
        traces: A dict, empty at first; one may serve all problems and rules. It keeps the traced
            steps, so that the same rule with another rate, or a problem that differs in its
            ``numbers`` alone, need not be traced again.

    Returns:
        The points of every path, which are good, and what follows from them; NaN after a bad point.

    Raises:
        TypeError: If the problem or the rule is not one, or ``steps`` is not a whole number.
        ValueError: For a start of another shape, or fewer than 0 steps.
        OutsideDomain: For a start at which the problem is not defined.
    """
    must_be_a_problem(problem)
    must_be_a_rule(rule)
    steps = _checked(steps)
    point = np.asarray(start, float)
    short = steps < replaying.SHORT and _form(problem, rule, scored=False) not in (traces or ())
    if point.shape[-1:] != (problem.dim,) or short:
        return directly(problem, rule, start, steps)
    theta, memory = _begin(rule, point)
    state = (*theta, *flattened(memory))
    traced = _traced(problem, rule, state, memory, traces)
    found = replay(traced, state, steps, len(theta))
    if found is None:
        return directly(problem, rule, start, steps)
    path, ok = found
    if not (ok[0] if ok.ndim == 1 else ok[0].all()):
        problem.check(start)
    path.setflags(write=False)
    return Trajectory(problem, rule, path, ok)


def _traced(
    problem: Problem,
    rule: Rule,
    state: Vector,
    memory: Memory,
    traces: Traces | None,
    scored: bool = False,
) -> Traced:
    """The traced step; then whether the point it is made from is good, and what the loss is there.

    Its own numbers are the rule's, then the problem's.
    """
    d, own = problem.dim, len(rule.numbers)

    def judged(state: Vector, numbers: Vector) -> Vector:
        there, here = problem.with_numbers(numbers[own:]), state[:d]
        loss = (there._loss(*here),) if scored else ()
        following = _step(there, rule, d, memory)(state, numbers[:own])
        return (*following, *map(finite, here), *there._inside(*here), *loss)

    numbers = (*rule.numbers, *problem.numbers)
    return cached(judged, state, numbers, _form(problem, rule, scored), traces)


def _form(problem: Problem, rule: Rule, scored: bool) -> Hashable:
    """What the traced steps of problems of one form are kept by; None where none can be."""
    return rule.form and (problem.form, rule.form, scored)


def ends(
    problem: Problem,
    rule: Rule,
    start: ArrayLike,
    steps: int = 100,
    target: float | None = None,
    traces: Traces | None = None,
) -> tuple[Array, Array]:
    """Run a rule, keeping only the last points: what a sweep over many starts needs.

    Args:
        problem: The problem.
        rule: The rule.
        start: The starts, ``[n, d]``.
        steps: How many steps.
        target: A loss.
        traces: As of ``run``.

    Returns:
        The last points ``[n, d]``, NaN where a path diverged, and for each the first step at which
        the loss was ≤ ``target`` ``[n]``, NaN if there is none.
    """
    steps = _checked(steps)
    theta, memory = _begin(rule, problem.check(start))
    state = (*theta, *flattened(memory))
    d, goal = len(theta), np.nan if target is None else float(target)
    with np.errstate(all="ignore"):
        found = None
        if steps >= replaying.SHORT:
            traced = _traced(problem, rule, state, memory, traces, scored=True)
            found = replay(traced, state, steps, d, goal)
        step = _step(problem, rule, d, memory)
        return found or _ends_directly(problem, step, d, state, rule, steps, goal)


def _ends_directly(
    problem: Problem, step: Step, d: int, state: Vector, rule: Rule, steps: int, goal: float
) -> tuple[Array, Array]:
    """``ends`` without the tracer: its reference implementation."""
    last, ok, first = np.empty(0), np.array(True), np.array(np.nan)
    for k in range(steps + 1):
        state = step(state, rule.numbers) if k else state
        last = np.stack(np.broadcast_arrays(*state[:d]), -1)
        ok = ok & problem.inside(last)
        reached = problem._loss(*state[:d]) <= goal
        first = np.where(reached & ok & np.isnan(first), k, first)
        if not ok.any():
            break
    last[~ok] = np.nan
    return last, np.asarray(first)


def directly(problem: Problem, rule: Rule, start: ArrayLike, steps: int = 100) -> Trajectory:
    """Return what ``run`` returns, without the tracer: its reference implementation.

    Every formula is called on the numbers themselves.

    Args:
        problem: The problem.
        rule: The rule.
        start: Where to start, ``[..., d]``.
        steps: How many steps.

    Returns:
        The trajectory.
    """
    steps = _checked(steps)
    step, theta, state = flat_step(problem, rule, start)
    kept: list[Vector] = []
    with np.errstate(all="ignore"):
        for _ in range(steps):
            try:
                state = step(state, rule.numbers)
            except (ArithmeticError, ValueError):  # floats have no answer here; arrays have
                state = step(lifted(state), rule.numbers)
                if all(np.size(v) == 1 for v in state):
                    state = lowered(state)
            kept.append(state[: len(theta)])
        return _record(problem, rule, theta, kept, steps)


def flat_step(problem: Problem, rule: Rule, start: ArrayLike) -> tuple[Step, Vector, Vector]:
    """Return one step of a run, as a function of a flat state, and the state at the start.

    The state is θ, then the numbers of the rule's memory, all in one tuple.

    Args:
        problem: The problem.
        rule: The rule.
        start: Where to start, ``[..., d]``.

    Returns:
        The step, which maps (state, the rule's numbers) to the next state; θ at the start; the
        state at the start.

    Raises:
        ValueError: For a start of another shape.
        OutsideDomain: For a start at which the problem is not defined.
    """
    theta, memory = _begin(rule, problem.check(start))
    return _step(problem, rule, len(theta), memory), theta, (*theta, *flattened(memory))


def _begin(rule: Rule, point: Array) -> tuple[Vector, Memory]:
    """The components of the start, and the rule's memory there."""
    theta = tuple(point.tolist()) if point.ndim == 1 else components(point)
    return theta, rule.init(theta)


def _step(problem: Problem, rule: Rule, d: int, memory: Memory) -> Step:
    """One step as a function of a flat state, whose memory is nested like this one."""

    def step(state: Vector, numbers: Vector) -> Vector:
        here = state[:d]
        at = problem.at(here)
        update = rule.update_with(numbers)
        delta, kept = update(at.grad, at, rebuilt(memory, iter(state[d:])))
        return (*(a + b for a, b in zip(here, delta, strict=True)), *flattened(kept))

    return step


def _checked(steps: Any) -> int:
    if not isinstance(steps, WHOLE):
        raise TypeError(f"steps must be a whole number, got {steps!r}")
    if steps < 0:
        raise ValueError(f"steps must be 0 or more, got {steps}")
    return int(cast(int, steps))


def _record(
    problem: Problem, rule: Rule, theta: Vector, kept: list[Vector], steps: int
) -> Trajectory:
    """The points as one array, with everything after a path's first bad point set to NaN."""
    lead = np.broadcast_shapes(*(np.shape(c) for c in (kept[0] if kept else theta)))
    path = np.full((steps + 1, *lead, len(theta)), np.nan)
    for i, first in enumerate(theta):
        path[0, ..., i] = first
    if kept and lead:
        for i in range(len(theta)):
            path[1 : len(kept) + 1, ..., i] = [point[i] for point in kept]
    elif kept:
        flat = np.fromiter(chain.from_iterable(kept), float, len(kept) * len(theta))
        path[1 : len(kept) + 1] = flat.reshape(len(kept), -1)
    ok: Bools = problem.inside(path)
    if not ok.all():
        ok = np.logical_and.accumulate(ok, axis=0)
        spoiled = np.zeros_like(ok)
        spoiled[1:] = ~ok[:-1]
        path[spoiled] = np.nan
    path.setflags(write=False)
    return Trajectory(problem, rule, path, ok)
