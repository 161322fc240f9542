"""The limit rate → 0: θ' = −G⁻¹∇J, followed by an ODE solver instead of steps.

The natural-gradient flow is the same curve in all coordinates, because F⁻¹∇J is a vector. Steps of
finite size depart from it, and by how much depends on the coordinates.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

import numpy as np

from natgrad_core.core.problem import Problem
from natgrad_core.core.rule import Rule
from natgrad_core.core.run import run
from natgrad_core.metrics import Metric
from natgrad_core.metrics.fisher import fisher
from natgrad_core.tracing.trace_cache import Traces
from natgrad_core.types import Array, ArrayLike

MOST_STEPS = 10_000
"""Steps of the solver after which the flow is taken to end: it approaches a singularity."""


@dataclass(frozen=True)
class Flow:
    """A curve: ``theta [n, d]`` at ``times [n]``; if not ``ok`` it ended early (``message``)."""

    problem: Problem
    times: Array
    theta: Array
    ok: bool
    message: str

    def __repr__(self) -> str:
        return f"<flow on {self.problem.name} to t = {self.times[-1]:g}: {self.message}>"


def flow(
    problem: Problem,
    start: ArrayLike,
    duration: float,
    metric: Metric | None = None,
    count: int = 201,
    tolerance: float = 1e-10,
) -> Flow:
    """Follow the gradient flow θ' = −G⁻¹∇J, by LSODA, which copes with stiffness (Petzold 1983).

    Where the curve meets the edge of the domain or a singular metric it ends, with ``ok`` False and
    the reason in words; it never raises on the way.

    Args:
        problem: The problem.
        start: Where it begins, ``[d]``.
        duration: For how long, more than 0.
        metric: G; None for the Fisher matrix.
        count: How many points, evenly spaced in time.
        tolerance: The relative tolerance of the solver.

    Returns:
        The curve, ``theta [n, d]`` at ``times [n]``, with n = ``count`` if it is ``ok``.

    Raises:
        ValueError: For a duration that is not positive, or more than one start.
        OutsideDomain: For a start at which the problem is not defined.
    """
    if not duration > 0:
        raise ValueError(f"the duration must be more than 0, got {duration}")
    begin = problem.check(start)
    if begin.shape != (problem.dim,):
        raise ValueError(f"a flow starts at one point, [{problem.dim}]; got {list(begin.shape)}")
    of = metric or fisher()

    def velocity(_: float, theta: Array) -> list[float]:
        at = problem.at(tuple(theta.tolist()))
        try:
            return [-float(v) for v in of(at).solve(at.grad)]
        except (ArithmeticError, ValueError):
            return [np.nan] * problem.dim

    if not np.isfinite(velocity(0.0, begin)).all():
        return Flow(problem, np.zeros(1), begin[None], False, "the metric is singular at the start")
    wanted = np.linspace(0.0, duration, count)
    points, how = [begin], "grew too steep to follow"
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the message says what LSODA warns of
        solver = import_module("scipy.integrate").LSODA(
            velocity, 0.0, begin, duration, rtol=tolerance, atol=tolerance * 1e-2
        )
        for _ in range(MOST_STEPS):
            solver.step()
            if solver.status == "failed":
                how = "met a singular metric"
                break
            reached = wanted[len(points) : np.searchsorted(wanted, solver.t, side="right")]
            found: Array = solver.dense_output()(reached).T.reshape(-1, problem.dim)
            inside = int(np.logical_and.accumulate(problem.inside(found)).sum())
            points += list(found[:inside])
            if not problem.inside(solver.y) or inside < len(found):
                how = "left the domain"
                break
            if solver.status == "finished":
                break
    ok = len(points) == count
    times = wanted[: len(points)]
    message = "reached its end" if ok else f"{how} after t = {times[-1]:.3g}"
    return Flow(problem, times, np.array(points), ok, message)


def extrapolated(
    problem: Problem,
    rule: Callable[[float], Rule],
    start: ArrayLike,
    duration: float,
    count: int = 400,
    traces: Traces | None = None,
) -> tuple[Array, float]:
    """The flow of ``rule`` (rate -> rule) from two runs of small steps: ``[count + 1, d]``, error.

    Halving a step of rate h halves what it is away from the flow, so 2θ_{h/2} − θ_h leaves O(h²)
    (Richardson 1911). The error is what the halving moved, relative to the curve's size: NaN or
    large where the steps were too long, as on stiff flows; there ask ``flow``. It is some ten
    times as fast, fast enough for a hand that drags.

    Args:
        problem: The problem.
        rule: Makes the rule of a rate.
        start: Where it begins, ``[d]``.
        duration: For how long, more than 0.
        count: How many steps.
        traces: Where traced steps of this problem are kept, as in ``run``.

    Returns:
        The points, ``[count + 1, d]``, and their relative error.

    Raises:
        ValueError: If the duration is not positive.
    """
    if not duration > 0:
        raise ValueError(f"the duration must be more than 0, got {duration}")
    rate = duration / count
    coarse = run(problem, rule(rate), start, count, traces).theta
    fine = run(problem, rule(rate / 2), start, 2 * count, traces).theta[::2]
    with np.errstate(all="ignore"):
        size = np.linalg.norm(fine - fine[:1], axis=-1).max()
        moved = np.linalg.norm(fine - coarse, axis=-1).max()
        return 2 * fine - coarse, 0.0 if size == 0 else float(moved / size)
