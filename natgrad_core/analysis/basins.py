"""Where runs end, and how soon, on a problem with several minima: a map over the starts.

Every cell of the map is one run of one rule. It ends at a minimum, or nowhere: at a saddle, on its
way, or outside the domain. Cells come coarse to fine, as in ``grid_sweep``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from natgrad_core.analysis.grid_sweep import BLOCK, LOT, coarse_to_fine
from natgrad_core.core.problem import Problem
from natgrad_core.core.rule import Rule
from natgrad_core.core.run import ends
from natgrad_core.tracing.machine_code import available
from natgrad_core.tracing.trace_cache import Traces
from natgrad_core.types import Array, Bools, Whole

ARRIVED = 0.01
"""A run has arrived when this part of the loss is left: of its median over the window."""

NEAR = 0.03
"""How far from a minimum a run may end there, as a part of the window."""

_RATES = np.array([1.0, 0.3, 0.1, 0.03, 0.01, 0.001, 0.0])
_SLOW = 20
"""A problem with several minima costs more a row than others, and a cell is run twice."""

_STEPS = 30


@dataclass(frozen=True)
class Basins:
    """What is known of the ends so far."""

    minima: Array
    """The minima, the lowest first, ``[m, 2]``."""
    which: Whole
    """At which minimum each run ends, ``[second, first]``; −1 at none."""
    first: Array
    """The step at which it has arrived there, ``[second, first]``; NaN if it ends at none,
    and where the runs are not timed."""
    done: Bools
    """Which cells have run."""

    @property
    def share(self) -> float:
        """The part of the cells that have run, from 0 to 1."""
        return float(self.done.mean())


def minima(problem: Problem, count: int = 8) -> Array:
    """Return the isolated minima in a problem's window, the lowest first.

    From each point of a grid Newton's method with the absolute Hessian |H| descends, at the longest
    of some rates that lowers the loss; it ends at a minimum if ∇J = 0 and H is positive definite
    there. Dauphin et al. 2014.

    Args:
        problem: A problem of two parameters.
        count: Points along each side of the grid.

    Returns:
        The minima, ``[m, 2]``; none where all of them are degenerate, as on a valley's floor.
    """
    sides = [np.linspace(low, high, count + 2)[1:-1] for low, high in problem.view]
    grid = np.stack(np.meshgrid(*sides), -1).reshape(-1, 2)
    here = grid[problem.inside(grid)]
    span = np.ptp(np.asarray(problem.view, float), axis=1)
    with np.errstate(all="ignore"):
        for _ in range(_STEPS):
            here = _descended(problem, here)
        slope, curvature = problem.grad(here), problem.hessian(here)
        scaled = curvature * np.outer(span, span)  # so that no unit of a parameter counts
        values = np.linalg.eigvalsh(np.where(np.isfinite(scaled), scaled, 0.0))
        rest = np.linalg.norm(_newton(slope, curvature) / span, axis=-1)
        good = (rest < 1e-6) & (values[:, 0] > 1e-6 * values[:, 1])
    low, high = np.transpose(np.asarray(problem.view, float))
    good &= ((here >= low) & (here <= high)).all(-1)
    found: list[Array] = []
    for point in here[good][np.argsort(problem.loss(here[good]), kind="stable")]:
        if all(np.linalg.norm((point - other) / span) > NEAR for other in found):
            found.append(point)
    return np.array(found).reshape(-1, 2)


def _newton(slope: Array, curvature: Array) -> Array:
    """|H|⁻¹∇J, ``[n, 2]``; NaN where H is not finite."""
    good: Bools = np.asarray(np.isfinite(curvature).all((-1, -2)))
    values, vectors = np.linalg.eigh(np.where(good[:, None, None], curvature, np.eye(2)))
    size = np.maximum(np.abs(values), 1e-12 * np.abs(values).max(-1, keepdims=True))
    along = np.einsum("nij,ni->nj", vectors, slope) / size
    return np.where(good[:, None], np.einsum("nij,nj->ni", vectors, along), np.nan)


def _descended(problem: Problem, here: Array) -> Array:
    """One step along −|H|⁻¹∇J from each point, at the rate at which the loss is lowest."""
    step = _newton(problem.grad(here), problem.hessian(here))
    tried = here - _RATES[:, None, None] * np.where(np.isfinite(step), step, 0.0)
    inside = problem.inside(tried)
    loss = np.where(inside, problem.loss(np.where(inside[..., None], tried, here)), np.inf)
    best = np.argmin(np.where(np.isfinite(loss), loss, np.inf), axis=0)
    return tried[best, np.arange(len(here))]


def ending(
    problem: Problem,
    rule: Rule,
    count: int = 33,
    steps: int = 200,
    at: Array | None = None,
    timed: bool = True,
    traces: Traces | None = None,
) -> Iterator[Basins]:
    """Yield where the runs from a grid of starts end, block by block, coarse to fine.

    Args:
        problem: A problem of two parameters.
        rule: The rule.
        count: Starts along each side of the window.
        steps: How many steps a run has.
        at: The minima, ``[m, 2]``; None: those that ``minima`` finds.
        timed: Whether to run each cell once more for the step at which it arrives.
        traces: Where traced steps of this problem are kept, as in ``run``; None: for this map.

    Returns:
        An iterator; each block fills more of the same arrays.
    """
    traces = {} if traces is None else traces
    view = np.asarray(problem.view, float)
    places = minima(problem) if at is None else np.asarray(at, float)
    sides = [np.linspace(low, high, count) for low, high in problem.view]
    starts = np.stack(np.meshgrid(*sides), -1).reshape(-1, 2)
    which, first = np.full(len(starts), -1), np.full(len(starts), np.nan)
    done = ~problem.inside(starts)
    shape = (count, count)
    known = Basins(places, which.reshape(shape), first.reshape(shape), done.reshape(shape))
    with np.errstate(all="ignore"):
        typical = float(np.nanmedian(problem.loss(starts[~done]))) if len(places) else np.nan
        left = ARRIVED * (typical - float(problem.loss(places[0]))) if len(places) else np.nan
    most = BLOCK
    if available():
        work = max(steps, 1) * max(len(problem.rows), 1)
        most = int(np.clip(LOT / (_SLOW * work), 64, 64 * BLOCK))
    span = np.ptp(view, axis=1)
    for block in coarse_to_fine(shape, most):
        cells = block[~done[block]]
        if len(cells) and len(places):
            last, _ = ends(problem, rule, starts[cells], steps, traces=traces)
            far = np.linalg.norm((last[:, None] - places) / span, axis=-1)
            near = np.argmin(np.where(np.isnan(far), np.inf, far), axis=1)
            there = far[np.arange(len(cells)), near] < NEAR
            which[cells[there]] = near[there]
            for m, place in enumerate(places if timed else ()):
                group = cells[there & (near == m)]
                if len(group):
                    goal = float(problem.loss(place)) + left
                    first[group] = ends(problem, rule, starts[group], steps, goal, traces)[1]
        done[block] = True
        yield known
