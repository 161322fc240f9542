"""One rule run twice: in θ, and in x through a chart; and what a picture asks of the two runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from natgrad_core import Trajectory, gap
from natgrad_core.core.chart import Chart
from natgrad_core.core.evaluation import At
from natgrad_core.linalg.small_matrices import components
from natgrad_core.types import Array


@dataclass(frozen=True)
class Measures:
    """What a picture asks of two runs, with points ``[steps + 1, d]``."""

    home_in_x: Array
    """The run in θ, written in x."""
    away_in_theta: Array
    """The run in x, mapped back to θ."""
    losses: tuple[Array, Array]
    """J along the run in θ and along the run in x, ``[steps + 1]`` each."""
    gap: float
    """max_k ‖θ_k − f(x_k)‖ relative to the path's size: what the invariance meter shows."""


@dataclass(frozen=True)
class PairedRuns:
    """A rule run in θ (``home``) and in x (``away``).

    Args:
        name: The rule.
        home: Its run in θ.
        away: Its run in x.
        chart: θ = f(x).
        known: The measures, if they were computed with those of other pairs (``measured``).
    """

    name: str
    home: Trajectory
    away: Trajectory
    chart: Chart
    known: Measures | None = None

    @cached_property
    def measures(self) -> Measures:
        """What a picture asks of the two runs; alone, the reference for ``measured``."""
        if self.known is not None:
            return self.known
        away = self.away.home
        return Measures(
            self.chart.inverse(self.home.theta),
            away,
            (self.home.loss, self.away.loss),
            float(gap(self.home.home, away)),
        )

    @property
    def gap(self) -> float:
        """How far the two runs are apart (``Measures.gap``)."""
        return self.measures.gap

    @property
    def home_in_x(self) -> Array:
        """The run in θ, written in x."""
        return self.measures.home_in_x

    @cached_property
    def there(self) -> At:
        """The problem in x, along the run in θ."""
        return self.away.problem.at(components(self.chart.inverse(self.home.good)))


def measured(pairs: Mapping[str, PairedRuns]) -> dict[str, PairedRuns]:
    """Return the pairs with their measures, computed for all at once.

    On arrays as small as these the overhead of a NumPy call dominates, so few calls on all runs are
    faster than the same calls on each. The pairs share one problem, chart and number of steps.
    """
    if not pairs:
        return {}
    first = next(iter(pairs.values()))
    home, x = (np.stack(runs) for runs in zip(*map(_points, pairs.values()), strict=True))
    good = np.stack([run.ok for pair in pairs.values() for run in (pair.home, pair.away)])
    with np.errstate(all="ignore"):
        away, home_in_x = first.chart.forward(x), first.chart.inverse(home)
        points = np.stack([home, away], 1).reshape(len(good), *home.shape[1:])
        points[~good] = np.nan
        losses = np.broadcast_to(first.home.problem._loss(*components(points)), good.shape)
    gaps = gap(np.swapaxes(home, 0, 1), np.swapaxes(away, 0, 1)).tolist()
    return {
        name: replace(
            pair,
            known=Measures(home_in_x[i], away[i], (losses[2 * i], losses[2 * i + 1]), gaps[i]),
        )
        for i, (name, pair) in enumerate(pairs.items())
    }


def _points(pair: PairedRuns) -> tuple[Array, Array]:
    return pair.home.theta, pair.away.theta
