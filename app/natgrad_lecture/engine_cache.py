"""State -> runs, memoised: each chosen rule, run in θ and run in x, each when first asked for.

A run in θ does not depend on the chart, so that dragging A pays for the runs in x alone.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from natgrad_core import Problem, Rule, Trajectory, rules, run
from natgrad_core.core.chart import Chart
from natgrad_core.core.charted import Charted
from natgrad_core.tracing.trace_cache import Traces
from natgrad_core.types import Array
from natgrad_lecture.bounded_cache import bounded_cache, recent_cache
from natgrad_lecture.paired_runs import PairedRuns, losses_along, measured
from natgrad_lecture.state.items import ChartKey, ProblemKey, chart_named, problem_named
from natgrad_lecture.state.runs import Runs


@recent_cache
def rule_named(
    name: str,
    rate: float,
    damping: float,
    kind: str,
    options: tuple[tuple[str, Any], ...] = (),
) -> Rule:
    """The rule of this name with what it takes of what all rules are told, and its own options."""
    shared = {"rate": rate, "damping": damping, "kind": kind}
    taken = rule_options(name)
    arguments = {key: value for key, value in shared.items() if key in taken}
    return rules[name](**arguments, **dict(options))


@bounded_cache
def rule_options(rule: str) -> frozenset[str]:
    """What a rule can be told: looked up once, for inspecting a signature is slow."""
    return frozenset(inspect.signature(rules[rule]).parameters)


@recent_cache
def charted(problem: ProblemKey, chart: ChartKey) -> Charted:
    """The problem in the coordinates of the chart: one object for all runs in x."""
    return problem_named(problem).through(chart_named(chart))


@bounded_cache
def traces(*forms: Hashable) -> Traces:
    """The steps traced of all problems of these forms, in which a slider moves a number."""
    return {}


def traces_of(problem: ProblemKey, chart: ChartKey | None) -> Traces:
    """The steps traced of this problem in this chart, whatever the numbers of both are."""
    return traces(problem_named(problem).form, chart and chart_named(chart).form)


RuleCall = tuple[Callable[..., Rule], tuple[Any, ...]]
"""What makes a rule, and of what: runs are kept by it."""


@recent_cache
def run_of(
    problem: ProblemKey,
    chart: ChartKey | None,
    rule_call: RuleCall,
    start: tuple[float, ...],
    steps: int,
) -> Trajectory:
    """The run of a rule from ``start`` (in θ), in θ or through a chart."""
    maker, options = rule_call
    how = maker(*options)
    kept = traces_of(problem, chart)
    if chart is None:
        return run(problem_named(problem), how, start, steps, kept)
    there = charted(problem, chart)
    return run(there, how, there.chart.inverse(start), steps, kept)


@recent_cache
def losses_in_theta(
    problem: ProblemKey, rule_calls: tuple[RuleCall, ...], start: tuple[float, ...], steps: int
) -> Array:
    """J along the runs in θ, ``[rules, steps + 1]``: another chart does not change it."""
    return losses_along([run_of(problem, None, call, start, steps) for call in rule_calls])


@dataclass(frozen=True)
class RunsModel:
    """All that the engine says about a state; what figures draw and claims check."""

    state: Any
    """A Runs, or what a lesson has made of it."""

    @cached_property
    def problem(self) -> Problem:
        """The problem, in θ."""
        return problem_named(self.state.problem_key)

    @cached_property
    def chart(self) -> Chart:
        """θ = f(x)."""
        return chart_named(self.state.chart_key)

    @property
    def start(self) -> tuple[float, ...]:
        """Where the runs start, in θ."""
        return self.state.point

    @property
    def now(self) -> int:
        """The index of the step shown, on a run of the state's length."""
        k: int | None = self.state.k
        return int(self.state.steps if k is None else min(k, self.state.steps))

    @property
    def matrix(self) -> Array:
        """A, of a linear chart."""
        return self.chart.matrix  # type: ignore[attr-defined]

    @cached_property
    def paired_runs(self) -> dict[str, PairedRuns]:
        """Every chosen rule, run in both coordinates."""
        return self.pairs(self.state.rules)

    def pairs(self, names: Iterable[str]) -> dict[str, PairedRuns]:
        """These rules, each run in both coordinates, with the measures of all at once."""
        found, state = {name: self.pair(name) for name in names}, self.state
        if not found:
            return {}
        calls = tuple(self.rule_call(name, in_theta=True) for name in found)
        in_theta = losses_in_theta(state.problem_key, calls, self._start, state.steps)
        return measured(found, in_theta=in_theta)

    @property
    def _start(self) -> tuple[float, ...]:
        """Where the runs start, as they are kept by it."""
        return tuple(float(part) for part in self.state.point)

    def pair(self, name: str) -> PairedRuns:
        """One rule, run in both coordinates."""
        state: Runs = self.state
        in_theta, in_x = (
            run_of(
                state.problem_key,
                chart,
                self.rule_call(name, chart is None),
                self._start,
                state.steps,
            )
            for chart in (None, state.chart_key)
        )
        return PairedRuns(name, in_theta, in_x, self.chart)

    def rule_call(self, name: str, in_theta: bool) -> RuleCall:
        """A rule in θ (``in_theta``), where both kinds of damping are one, or in x."""
        kind = "identity" if in_theta else self.state.kind
        state: Runs = self.state
        return rule_named, (name, state.rate, state.damping, kind, state.options("rule", name))

    @cached_property
    def guide(self) -> PairedRuns:
        """The run whose steps are taken apart: the natural one if it is on, else the first."""
        return self.paired_runs.get("natural", next(iter(self.paired_runs.values())))

    def rule(self, name: str) -> Rule:
        """A rule with this state's rate, damping and options."""
        maker, arguments = self.rule_call(name, in_theta=False)
        return maker(*arguments)

    def run(self, name: str) -> Trajectory:
        """The run of one rule in θ."""
        return self.pair(name).in_theta

    def gap(self, name: str) -> float:
        """The invariance meter's reading for one rule."""
        return self.paired_runs[name].gap

    @property
    def in_theta(self) -> dict[str, Trajectory]:
        """Every chosen rule's run in θ."""
        return {name: pair.in_theta for name, pair in self.paired_runs.items()}

    @property
    def paths(self) -> dict[str, Any]:
        """What a notebook reads as the widget's ``path``."""
        return {
            name: {"theta": pair.in_theta, "x": pair.in_x}
            for name, pair in self.paired_runs.items()
        }
