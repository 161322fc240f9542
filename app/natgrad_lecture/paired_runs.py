"""One rule run twice: in θ, and in x through a chart; and what a picture asks of the two runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from natgrad_core import Trajectory, gap
from natgrad_core.core.chart import Chart
from natgrad_core.core.evaluation import At
from natgrad_core.core.problem import Problem
from natgrad_core.linalg.small_matrices import components
from natgrad_core.types import Array


@dataclass(frozen=True)
class Measures:
    """What a picture asks of two runs, with points ``[steps + 1, d]``."""

    theta_run_in_x: Array
    """The run in θ, written in x."""
    x_run_in_theta: Array
    """The run in x, mapped back to θ."""
    losses: tuple[Array, Array]
    """J along the run in θ and along the run in x, ``[steps + 1]`` each."""
    gap: float
    """max_k ‖θ_k − f(x_k)‖ relative to the path's size: what the invariance meter shows."""


@dataclass(frozen=True)
class PairedRuns:
    """A rule run in θ (``in_theta``) and in x (``in_x``).

    Args:
        name: The rule.
        home: Its run in θ.
        away: Its run in x.
        chart: θ = f(x).
        known: The measures, if they were computed with those of other pairs (``measured``).
    """

    name: str
    in_theta: Trajectory
    in_x: Trajectory
    chart: Chart
    known: Measures | None = None

    @cached_property
    def measures(self) -> Measures:
        """What a picture asks of the two runs; alone, the reference for ``measured``."""
        if self.known is not None:
            return self.known
        in_x = self.in_x.in_theta
        return Measures(
            self.chart.inverse(self.in_theta.theta),
            in_x,
            (self.in_theta.loss, self.in_x.loss),
            float(gap(self.in_theta.in_theta, in_x)),
        )

    @property
    def gap(self) -> float:
        """How far the two runs are apart (``Measures.gap``)."""
        return self.measures.gap

    @property
    def theta_run_in_x(self) -> Array:
        """The run in θ, written in x."""
        return self.measures.theta_run_in_x

    @cached_property
    def there(self) -> At:
        """The problem in x, along the run in θ."""
        return self.in_x.problem.at(components(self.chart.inverse(self.in_theta.good)))


def measured(
    pairs: Mapping[str, PairedRuns],
    losses: Callable[[Problem, Array], Array] | None = None,
    in_theta: Array | None = None,
) -> dict[str, PairedRuns]:
    """Return the pairs with their measures, computed for all at once.

    On arrays as small as these the overhead of a NumPy call dominates, so few calls on all runs are
    faster than the same calls on each. The pairs share one problem, chart and number of steps.

    Args:
        pairs: The pairs.
        losses: Finds J at many points, where NumPy is slow at it.
        in_theta: J along the runs in θ, ``[pairs, steps + 1]``, where it is known.
    """
    if not pairs:
        return {}
    first = next(iter(pairs.values()))
    theta, x = (np.stack(runs) for runs in zip(*map(_points, pairs.values()), strict=True))
    good_x = np.stack([pair.in_x.ok for pair in pairs.values()])
    with np.errstate(all="ignore"):
        in_x, theta_run_in_x = first.chart.forward(x), first.chart.inverse(theta)
        points = np.where(good_x[..., None], in_x, np.nan)
        if in_theta is None:
            good = np.stack([pair.in_theta.ok for pair in pairs.values()])
            points = np.concatenate([np.where(good[..., None], theta, np.nan), points])
        found = _losses(first.in_theta.problem, points, losses)
    known, from_x = np.split(found, [-len(pairs)]) if in_theta is None else (in_theta, found)
    gaps = gap(np.swapaxes(theta, 0, 1), np.swapaxes(in_x, 0, 1)).tolist()
    return {
        name: replace(
            pair, known=Measures(theta_run_in_x[i], in_x[i], (known[i], from_x[i]), gaps[i])
        )
        for i, (name, pair) in enumerate(pairs.items())
    }


def losses_along(runs: Sequence[Trajectory]) -> Array:
    """J along runs on one problem with as many steps each, ``[runs, steps + 1]``."""
    with np.errstate(all="ignore"):
        return _losses(runs[0].problem, np.stack([run.good for run in runs]), None)


def _losses(
    problem: Problem, points: Array, losses: Callable[[Problem, Array], Array] | None
) -> Array:
    found = losses(problem, points) if losses else problem._loss(*components(points))
    return np.broadcast_to(found, points.shape[:-1])


def _points(pair: PairedRuns) -> tuple[Array, Array]:
    return pair.in_theta.theta, pair.in_x.theta
