"""What the engine says about a state of the playground: runs in θ and in x, and many starts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from natgrad_core import Rule, Trajectory, run
from natgrad_core.analysis.basins import Basins, ending, minima
from natgrad_core.linalg.small_matrices import full
from natgrad_core.metrics import Metric
from natgrad_core.types import Array
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.drawing.heat_map import Kept, keeper
from natgrad_lecture.engine_cache import RuleCall, RunsModel, traces_of
from natgrad_lecture.lessons.playground.state import (
    BY_METRIC,
    Play,
    RuleKey,
    metric_named,
    rule_of,
)
from natgrad_lecture.lessons.playground.typed_problem import NO_DATA
from natgrad_lecture.paired_runs import PairedRuns
from natgrad_lecture.state.items import OWN, ChartKey, ProblemKey, chart_named, problem_named
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

COUNT = 33
"""Starts along each side of a map of ends."""

_FALLS = 20.0
"""A mean log-likelihood that rises so many times its size is more likely a loss, run uphill."""


@bounded_cache
def starts_of(problem: ProblemKey, count: int) -> Array:
    """Points of the problem's view, the same ones each time, at most ``count``: ``[n, 2]``."""
    of = problem_named(problem)
    low, high = np.transpose(np.asarray(of.view, float))
    points = np.random.default_rng(0).uniform(low, high, (8 * count + 8, 2))
    return points[of.inside(points)][:count]


def _ending(problem: ProblemKey, rule: RuleKey, steps: int) -> Iterator[Basins]:
    of = problem_named(problem)
    kept = traces_of(problem, None)
    return ending(of, rule_of(rule), COUNT, steps, minima_of(problem), traces=kept)


_kept = keeper(_ending)


@bounded_cache
def minima_of(problem: ProblemKey) -> Array:
    """The isolated minima in the problem's window, the lowest first."""
    return minima(problem_named(problem))


@bounded_cache
def _crowd(problem: ProblemKey, rule: RuleKey, count: int, steps: int) -> Trajectory | None:
    starts, of = starts_of(problem, count), problem_named(problem)
    if not len(starts):
        return None
    return run(of, rule_of(rule), starts, steps, traces_of(problem, None))


class Model(RunsModel):
    """What the engine says about the playground."""

    state: Play

    @cached_property
    def problem_key(self) -> ProblemKey:
        """The problem in use."""
        return self.state.problem_key

    @cached_property
    def chart_key(self) -> ChartKey:
        """The chart in use."""
        return self.state.chart_key

    @cached_property
    def problem(self) -> Any:
        """The problem, in θ."""
        return problem_named(self.problem_key)

    @cached_property
    def chart(self) -> Any:
        """θ = f(x)."""
        return chart_named(self.chart_key)

    @cached_property
    def metric(self) -> Metric | None:
        """G, if the problem has it."""
        return None if self.state.why_not_metric else metric_named(self.state.metric_key)

    def rule(self, name: str) -> Rule:
        """A rule with this state's options."""
        return rule_of(self.state.rule_key(name))

    @cached_property
    def paired_runs(self) -> dict[str, PairedRuns]:
        """Every rule that can run, in both coordinates."""
        return self.pairs(self.state.running)

    def rule_call(self, name: str, in_theta: bool) -> RuleCall:
        """A rule; in θ (``in_theta``) what is pulled back is the identity."""
        return self.state.rule_call(name, in_theta)

    @cached_property
    def guide(self) -> PairedRuns:
        """The run whose steps are taken apart: the metric's own, else the natural one."""
        named = (self.paired_runs.get(name) for name in (BY_METRIC, "natural"))
        return next(filter(None, named), next(iter(self.paired_runs.values())))

    @cached_property
    def crowd(self) -> dict[str, Trajectory]:
        """The same rules from other starts, in θ."""
        if self.state.starts < 2:
            return {}
        found = {
            name: _crowd(
                self.problem_key,
                self.state.rule_key(name, self.state.kind_in_theta),
                self.state.starts - 1,
                self.state.steps,
            )
            for name in self.paired_runs
        }
        return {name: path for name, path in found.items() if path is not None}

    @cached_property
    def minima(self) -> Array:
        """The isolated minima in the window, ``[m, 2]``."""
        return minima_of(self.problem_key)

    @property
    def ends(self) -> dict[str, Kept[Basins]]:
        """Of the first two rules: where the runs in θ from a grid of starts end."""
        if self.state.graph != "ends" or not len(self.minima):
            return {}
        first = tuple(self.paired_runs)[:2]
        keys = {name: self.state.rule_key(name, self.state.kind_in_theta) for name in first}
        return {name: _kept(self.problem_key, key, self.state.steps) for name, key in keys.items()}

    @property
    def remarks(self) -> dict[str, str]:
        """What of the wishes cannot be had, and whether what is typed seems to be a loss."""
        found, state = dict(self.state.remarks), self.state
        if state.graph == "ends" and not len(self.minima):
            found["graph"] = say("no-isolated-minimum")
        likelihood = state.source != NO_DATA and not state.is_loss
        if state.problem == OWN and likelihood and "text" not in found:
            losses = [pair.in_theta.loss for pair in self.paired_runs.values()]
            first, last = float(losses[0][0]), min(float(np.nanmin(loss)) for loss in losses)
            if last < first - _FALLS * (1 + abs(first)):
                found["text"] = say("not-a-loss", loss=f"{last:.3g}")
        return found

    def tensor(self, path: Trajectory) -> Array | None:
        """G along a run, in that run's coordinates, ``[steps + 1, 2, 2]``."""
        if self.metric is None:
            return None
        with np.errstate(all="ignore"):
            try:
                return full(self.metric(path.at).dense(), path.ok.shape)
            except (TypeError, np.linalg.LinAlgError):
                return None
