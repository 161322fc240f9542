"""State -> runs, memoised: each chosen rule, run in θ and run in x.

A run in θ does not depend on A, so that dragging A pays for the runs in x alone.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from app.state import State
from app.store import problem_named, start_of
from natgrad_core import Problem, Rule, Trajectory, gap, rules, run
from natgrad_core.charts.linear import Linear
from natgrad_core.problem import At
from natgrad_core.small import components
from natgrad_core.types import Array


def rule_named(name: str, rate: float, damping: float, kind: str) -> Rule:
    """The rule of this name with those of the reader's options that it takes."""
    options = {"rate": rate, "damping": damping, "kind": kind}
    taken = inspect.signature(rules[name]).parameters
    return rules[name](**{key: value for key, value in options.items() if key in taken})


@lru_cache(maxsize=256)
def _run(
    problem: str,
    matrix: tuple[tuple[float, ...], ...] | None,
    rule: str,
    options: tuple[float, float, str],
    start: tuple[float, ...],
    steps: int,
) -> Trajectory:
    base = problem_named(problem)
    if matrix is None:
        return run(base, rule_named(rule, *options), start, steps)
    chart = Linear(matrix)
    return run(base.through(chart), rule_named(rule, *options), chart.inverse(start), steps)


@dataclass(frozen=True)
class Twins:
    """One rule, run in θ (``home``) and run in x (``away``)."""

    name: str
    home: Trajectory
    away: Trajectory
    chart: Linear

    @cached_property
    def gap(self) -> float:
        """max_k ‖θ_k − A x_k‖ relative to the path's size: what the invariance meter shows."""
        return float(gap(self.home.home, self.away.home))

    @cached_property
    def home_in_x(self) -> Array:
        """The run in θ, written in x."""
        return self.chart.inverse(self.home.theta)

    @cached_property
    def there(self) -> At:
        """The problem in x, along the run in θ."""
        return self.away.problem.at(components(self.chart.inverse(self.home.good)))


@dataclass(frozen=True)
class Shown:
    """All that the engine says about a state; what figures draw and claims check."""

    state: State
    problem: Problem
    chart: Linear
    twins: dict[str, Twins]

    @property
    def start(self) -> tuple[float, ...]:
        """Where the runs start, in θ."""
        return start_of(self.state)

    @property
    def matrix(self) -> Array:
        """A."""
        return self.chart.matrix

    @cached_property
    def guide(self) -> Twins:
        """The run whose steps are taken apart: the natural one if it is on, else the first."""
        return self.twins.get("natural", next(iter(self.twins.values())))

    def rule(self, name: str) -> Rule:
        """A rule with this state's rate and damping."""
        return rule_named(name, self.state.rate, self.state.damping, self.state.kind)

    def gap(self, name: str) -> float:
        """The invariance meter's reading for one rule."""
        return self.twins[name].gap


def compute(state: State) -> Shown:
    """Run every chosen rule of ``state`` in both coordinates."""
    start = tuple(float(part) for part in start_of(state))
    options = (state.rate, state.damping, state.kind)
    at_home = (state.rate, state.damping, "identity")  # in θ both kinds of damping are the same
    chart = Linear(np.asarray(state.matrix, float))
    twins = {
        name: Twins(
            name,
            _run(state.problem, None, name, at_home, start, state.steps),
            _run(state.problem, state.matrix, name, options, start, state.steps),
            chart,
        )
        for name in state.rules
    }
    return Shown(state, problem_named(state.problem), chart, twins)
