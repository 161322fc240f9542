"""run(problem, rule, start, steps) -> Trajectory: the one loop of the plane.

A run never raises half-way: a path that leaves the domain or blows up is recorded as such
(``ok`` turns False at the first bad point and everything after it is NaN), because divergence is
something to be shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, cast

import numpy as np

from natgrad_core.core.problem import At, Charted, Problem
from natgrad_core.core.rule import Memory, Rule
from natgrad_core.linalg.small_matrices import Vector, components, pack
from natgrad_core.tracing.trace import Given, Lines, follow, lifted, lowered, replay
from natgrad_core.types import Array, ArrayLike, Bools


@dataclass(frozen=True)
class Trajectory:
    """A run: every point and, when asked for, every number along it.

    ``theta [steps + 1, ..., d]`` is in the coordinates the run was made in, ``ok [steps + 1, ...]``
    says which points are good. The first bad point is kept as it fell; what follows it is NaN.
    """

    problem: Problem
    rule: Rule
    theta: Array
    ok: Bools

    @property
    def steps(self) -> int:
        """How many updates were made."""
        return len(self.theta) - 1

    @cached_property
    def home(self) -> Array:
        """The same points in the problem's own coordinates, θ = f(x), ``[steps + 1, ..., d]``."""
        if isinstance(self.problem, Charted):
            with np.errstate(all="ignore"):  # the bad point that ends a path may have no image
                return self.problem.chart.forward(self.theta)
        return self.theta

    @cached_property
    def good(self) -> Array:
        """``theta`` with the bad point that ends a broken path set to NaN as well."""
        return self.theta if self.ok.all() else np.where(self.ok[..., None], self.theta, np.nan)

    @cached_property
    def at(self) -> At:
        """The problem along the path: gradients, Fisher matrices and Hessians, by components."""
        return self.problem.at(components(self.good))

    @cached_property
    def loss(self) -> Array:
        """J along the path, ``[steps + 1, ...]``; NaN from the first bad point on."""
        with np.errstate(all="ignore"):
            return self.problem._loss(*components(self.good))

    @cached_property
    def grad_norm(self) -> Array:
        """‖∇J‖ in the run's coordinates, ``[steps + 1, ...]``."""
        with np.errstate(all="ignore"):
            return np.linalg.norm(pack(self.at.grad), axis=-1)

    @cached_property
    def kl(self) -> Array:
        """KL(p_k ‖ p_{k+1}) of each step in nats, ``[steps, ...]``."""
        with np.errstate(all="ignore"):
            return self.problem._kl(components(self.good[:-1]), components(self.good[1:]))

    def __repr__(self) -> str:
        bad = int((~self.ok[-1]).sum())
        end = f", {bad} of {self.ok[-1].size} diverged" if bad else ""
        return (
            f"<{self.rule.name} on {self.problem.name}: {self.steps} steps, "
            f"starts {list(self.theta.shape[1:-1])}{end}>"
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """What a notebook shows: the path over the loss, with ellipses of F, as a picture."""
        from natgrad_core.provenance.display import run_bundle  # only a notebook asks for it

        return run_bundle(self.problem, repr(self), self.theta)


def run(
    problem: Problem,
    rule: Rule,
    start: ArrayLike,
    steps: int = 100,
    lines: Lines | None = None,
) -> Trajectory:
    """θ_{k+1} = θ_k + rule(∇J, θ_k), ``steps`` times from ``start [..., d]``.

    Leading axes run side by side; they broadcast with those of the chart's matrix and of the
    rule's rate and damping. Raises only for a bad start (shape, domain) or a negative ``steps``.
    ``lines``, a dict of this problem's own and at first empty, keeps what need not be traced anew
    when the same rule is run with another rate.
    """
    step, theta, state = _prepare(problem, rule, start, steps)
    given = None if lines is None else Given(lines, rule.form, rule.numbers)
    with np.errstate(all="ignore"):
        kept = replay(step, state, steps, len(theta), given)
        return _record(problem, rule, theta, kept, steps)


def ends(
    problem: Problem,
    rule: Rule,
    start: ArrayLike,
    steps: int = 100,
    target: float | None = None,
) -> tuple[Array, Array]:
    """The last point of ``run`` alone, and its first step at which the loss was ≤ ``target``.

    For starts ``[n, d]``: the points ``[n, d]``, NaN where a path broke, and the steps ``[n]``,
    NaN where none was. It keeps one state where ``run`` keeps them all: a sweep's way to run.
    """
    step, theta, state = _prepare(problem, rule, start, steps)
    d = len(theta)
    last = np.stack(np.broadcast_arrays(*theta), -1)
    ok = problem.inside(last)
    first = np.full(ok.shape, np.nan)

    def note(k: int, point: Vector) -> None:
        if target is not None:
            reached = problem._loss(*point) <= target
            first[reached & ok & np.isnan(first)] = k

    def watch(k: int, now: tuple[Array, ...]) -> bool:
        nonlocal ok
        np.stack(now[:d], -1, out=last)
        ok &= problem.inside(last)
        note(k, now[:d])
        return bool(ok.any())

    with np.errstate(all="ignore"):
        note(0, theta)
        follow(step, state, steps, watch)
    last[~ok] = np.nan
    return last, first


def directly(problem: Problem, rule: Rule, start: ArrayLike, steps: int = 100) -> Trajectory:
    """The same as ``run`` from ``start [..., d]`` without the tracer, one formula after the other:
    its slow witness.
    """
    step, theta, state = _prepare(problem, rule, start, steps)
    kept: list[Vector] = []
    with np.errstate(all="ignore"):
        for _ in range(steps):
            try:
                state = step(state)
            except (ArithmeticError, ValueError):  # floats have no answer here; arrays have
                state = step(lifted(state))
                if all(np.size(v) == 1 for v in state):
                    state = lowered(state)
            kept.append(state[: len(theta)])
        return _record(problem, rule, theta, kept, steps)


def _prepare(
    problem: Problem, rule: Rule, start: ArrayLike, steps: int
) -> tuple[Callable[[Vector], Vector], Vector, Vector]:
    """One step as a function of the flat state (θ, then the rule's memory), θ, and the state."""
    if steps < 0:
        raise ValueError(f"steps must be 0 or more, got {steps}")
    point = problem.check(start)
    theta = tuple(point.tolist()) if point.ndim == 1 else components(point)
    memory = rule.init(theta)
    d = len(theta)

    def step(state: Vector) -> Vector:
        here = state[:d]
        at = problem.at(here)
        delta, kept = rule.update(at.grad, at, _rebuild(memory, iter(state[d:])))
        return (*(a + b for a, b in zip(here, delta, strict=True)), *_flatten(kept))

    return step, theta, (*theta, *_flatten(memory))


def _flatten(memory: Any) -> Iterator[Any]:
    if isinstance(memory, tuple):
        for part in cast(Memory, memory):
            yield from _flatten(part)
    else:
        yield memory


def _rebuild(like: Any, leaves: Iterator[Any]) -> Any:
    if isinstance(like, tuple):
        return tuple(_rebuild(part, leaves) for part in cast(Memory, like))
    return next(leaves)


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
    path.flags.writeable = False
    return Trajectory(problem, rule, path, ok)


def gap(path: Array, twin: Array) -> Array:
    """max_k ‖path_k − twin_k‖ relative to the size of ``path``, ``[...]``.

    The size is the largest distance from its start; the invariance meter reads this for a path run
    in θ and its twin run in x and mapped back. NaN where either path is broken before the other,
    compared on what both have.
    """
    both: Bools = np.asarray(np.isfinite(path).all(-1) & np.isfinite(twin).all(-1))
    a = np.where(both[..., None], path, path[:1])
    b = np.where(both[..., None], twin, path[:1])
    # Scaled first: the square of a size that is still finite may not be.
    unit = np.maximum(np.abs(a).max((0, -1)), np.abs(b).max((0, -1)))
    unit = np.where(unit > 0, unit, 1.0)[..., None]
    a, b = a / unit, b / unit
    size = np.linalg.norm(a - a[:1], axis=-1).max(0)
    apart = np.linalg.norm(a - b, axis=-1).max(0)
    return apart / np.where(size > 0, size, 1.0)
