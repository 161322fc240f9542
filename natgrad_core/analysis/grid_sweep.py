"""How a rule fares over a grid of rates, dampings and coordinate systems: the robustness map.

Every cell of the grid is one run from the same point; blocks of cells run side by side, without a
record of their paths. Where one block is too much for 20 ms, cells come coarse to fine (every 16th
along each axis, then every 8th, …), so that a picture can be drawn early and refined. To cancel,
stop iterating.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from natgrad_core.charts.linear import Linear
from natgrad_core.core.problem import Problem, must_be_a_problem
from natgrad_core.core.rule import Rule
from natgrad_core.core.run import ends
from natgrad_core.tracing.machine_code import available
from natgrad_core.tracing.trace_cache import Traces
from natgrad_core.types import Array, ArrayLike, Bools, Whole

BLOCK = 1024
"""Cells that run side by side without machine code: enough that NumPy works, few enough to cancel.
"""

LOT = 3e7
"""Steps, times data rows, that a block makes in machine code: about 20 ms."""

COARSEST = 16
"""The first cells are those whose every index is a multiple of this."""


@dataclass(frozen=True)
class Sweep:
    """What is known of a grid so far. The axes are rate, damping and angle, in that order."""

    rate: Array
    damping: Array
    angle: Array
    loss: Array
    """J after the last step, ``[rates, dampings, angles]``; NaN where the path broke."""
    first: Array
    """The first step at which J ≤ target; NaN where there was none."""
    done: Bools
    """Which cells have run."""

    @property
    def share(self) -> float:
        """The part of the cells that have run, from 0 to 1."""
        return float(self.done.mean())


def rotated(angle: ArrayLike, stretch: tuple[float, float]) -> Array:
    """A = R(φ) diag(stretch) for angles in degrees, ``[...] -> [..., 2, 2]``.

    Args:
        angle: φ in degrees, ``[...]``.
        stretch: The two factors.

    Returns:
        A, ``[..., 2, 2]``.
    """
    phi = np.radians(np.asarray(angle, float))
    c, s = np.cos(phi), np.sin(phi)
    rotation = np.stack([np.stack([c, -s], -1), np.stack([s, c], -1)], -2)
    return rotation * np.asarray(stretch, float)


def sweeping(
    problem: Problem,
    rule: Callable[..., Rule],
    rate: ArrayLike,
    damping: ArrayLike = 0.0,
    angle: ArrayLike = 0.0,
    *,
    stretch: tuple[float, float] = (1.0, 1.0),
    start: ArrayLike | None = None,
    steps: int = 200,
    target: float | None = None,
    traces: Traces | None = None,
) -> Iterator[Sweep]:
    """Yield the sweep block by block, coarse to fine; each block fills more of the same arrays.

    Runs are made in x with θ = A x and A = R(φ) diag(stretch); with no stretch in θ itself.

    Args:
        problem: The problem.
        rule: Makes the rule from ``rate=`` and, where dampings are swept, ``damping=``:
            ``rules["natural"]``.
        rate: The rates α, one number or ``[rates]``.
        damping: The dampings λ, one number or ``[dampings]``.
        angle: The angles φ in degrees, one number or ``[angles]``.
        stretch: The two factors of A.
        start: Where runs begin, in θ, ``[d]``; None: the problem's own start.
        steps: How many steps a run has.
        target: The loss for ``first``; None: none.
        traces: Where traced steps of this problem are kept, as in ``run``; None: for this sweep.

    Returns:
        An iterator of sweeps, the last of them whole.

    Raises:
        TypeError: If the problem is not one, or ``rule`` makes no rules.
        ValueError: If an axis is not a number or a list, if the rule takes no damping that is
            swept, or if angles are swept under an equal stretch.
        OutsideDomain: If the problem is not defined at the start.
    """
    must_be_a_problem(problem)
    traces = {} if traces is None else traces
    if not callable(rule):
        raise TypeError(
            'a sweep makes the rules itself: give it rules["natural"], without a call; got '
            + (repr(rule) if isinstance(rule, str) else f"a {type(rule).__name__}")
        )
    axes = [np.atleast_1d(np.asarray(a, float)) for a in (rate, damping, angle)]
    if any(a.ndim > 1 or not a.size for a in axes):
        raise ValueError(
            "rate, damping and angle are numbers or lists of numbers; "
            f"got shapes {', '.join(str(list(a.shape)) for a in axes)}"
        )
    damped = bool((axes[1] != 0).any())
    if damped and "damping" not in inspect.signature(rule).parameters:
        raise ValueError("this rule has no damping to sweep; give damping=0")
    if stretch[0] == stretch[1] and axes[2].size > 1:
        raise ValueError(f"turning an equal stretch {stretch} changes nothing; give unequal ones")
    shape = tuple(a.size for a in axes)
    in_theta = problem.check(problem.start if start is None else start)
    rates, dampings, angles = (g.ravel() for g in np.meshgrid(*axes, indexing="ij"))
    loss, first = np.full(rates.size, np.nan), np.full(rates.size, np.nan)
    done = np.zeros(rates.size, bool)
    rate, damping, angle = axes
    whole = Sweep(
        rate, damping, angle, loss.reshape(shape), first.reshape(shape), done.reshape(shape)
    )

    def begin(cells: Whole) -> tuple[Problem, Array]:
        """The problem and the start in each cell's coordinates."""
        x = np.broadcast_to(in_theta, (len(cells), problem.dim))
        if stretch == (1.0, 1.0):
            return problem, x
        chart = Linear(rotated(angles[cells] if angle.size > 1 else angle[0], stretch))
        return problem.through(chart), chart.inverse(x)

    most = BLOCK
    if available():
        work = max(steps, 1) * max(len(problem.rows), 1)
        most = int(np.clip(LOT / work, BLOCK / 4, 64 * BLOCK))
    for block in coarse_to_fine(shape, most):
        place, x = begin(block)
        # A start at the domain's very edge may be rounded out of it: such a run is broken at once.
        cells = block[place.inside(x)]
        if 0 < len(cells) < len(block):
            place, x = begin(cells)
        if len(cells):
            options = {"rate": rates[cells]} | ({"damping": dampings[cells]} if damped else {})
            end, first[cells] = ends(place, rule(**options), x, steps, target, traces)
            with np.errstate(all="ignore"):
                loss[cells] = place._loss(*np.moveaxis(end, -1, 0))
        done[block] = True
        yield whole


def sweep(
    problem: Problem,
    rule: Callable[..., Rule],
    rate: ArrayLike,
    damping: ArrayLike = 0.0,
    angle: ArrayLike = 0.0,
    **options: Any,
) -> Sweep:
    """The whole grid ``[rates, dampings, angles]`` at once.

    Args:
        problem: The problem.
        rule: Makes the rule from ``rate=`` and, where dampings are swept, ``damping=``:
            ``rules["natural"]``.
        rate: The rates α, one number or ``[rates]``.
        damping: The dampings λ, one number or ``[dampings]``.
        angle: The angles φ in degrees, one number or ``[angles]``.
        options: ``stretch``, ``start``, ``steps`` and ``target``, as in ``sweeping``.

    Returns:
        The loss and the first step at the target, ``[rates, dampings, angles]``.

    Raises:
        ValueError: If an axis is not a number or a list, if the rule takes no damping that is
            swept, or if angles are swept under an equal stretch.
        OutsideDomain: If the problem is not defined at the start.
    """
    *_, whole = sweeping(problem, rule, rate, damping, angle, **options)
    return whole


def coarse_to_fine(shape: tuple[int, ...], most: int) -> Iterator[Whole]:
    """Yield the flat indices of all cells of a grid, each once, coarse to fine.

    Args:
        shape: The grid's shape.
        most: How many cells a block has at most; a grid of no more comes in one block.

    Returns:
        An iterator of blocks, each ``[cells]`` and of one fineness.
    """
    if math.prod(shape) <= most:
        yield np.arange(math.prod(shape))
        return
    index = np.indices(shape).reshape(len(shape), -1)
    level = np.zeros(index.shape[1], int)
    stride = COARSEST
    while stride > 1:
        level += (index % stride != 0).any(0)
        stride //= 2
    for fineness in np.unique(level):
        cells = np.flatnonzero(level == fineness)
        yield from np.array_split(cells, -(-cells.size // most))
