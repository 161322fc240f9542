"""The cases of the laws of metrics and rules: every defined pair from the registries."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

import numpy as np

from natgrad_core import metrics, problems, rules
from natgrad_core.charts import charts
from natgrad_core.charts.expectation import Expectation
from natgrad_core.charts.natural import Natural
from natgrad_core.core.problem import Problem
from natgrad_core.core.run import directly
from natgrad_core.linalg.small_matrices import components, full
from natgrad_core.metrics import Metric
from natgrad_core.types import Array

SHEAR = charts["linear"](matrix=((2.0, 1.0), (0.0, 0.5)))
SHEAR3 = charts["linear"](matrix=((2.0, 1.0, 0.3), (0.0, 0.5, 0.2), (0.4, 0.0, 1.0)))


@cache
def problem(name: str) -> Problem:
    return problems[name]()


def sheared(name: str) -> Any:
    """The problem through a linear chart that is no rotation and no scaling."""
    return problem(name).through(SHEAR if problem(name).dim == 2 else SHEAR3)


def matrix(metric: Metric, of: Problem, points: Array) -> Array:
    """G at ``points [..., d]`` as an array ``[..., d, d]``."""
    return full(metric(of.at(components(points))).dense(), points.shape[:-1])


@cache
def has_metric(name: str, of: str) -> bool:
    """Whether the problem has that metric, at its start."""
    try:
        metrics[name]()(problem(of).at(problem(of).start))
    except TypeError:
        return False
    return True


@cache
def has_rule(name: str, of: str) -> bool:
    """Whether the rule is defined for the problem."""
    try:
        directly(problem(of), rules[name](), problem(of).start, 1)
    except TypeError:
        return False
    return True


@cache
def offers(need: str, of: str) -> bool:
    """Whether a problem has what an item needs (``natgrad_core.core.traits.NEEDS``)."""
    if need == "loss":
        return True
    if need == "dual charts":
        return of in set(Natural.routes) & set(Expectation.routes)
    if need == "exponential family":
        return problem(of).exponential
    return modeled(of) and (need == "model" or bool(len(problem(of).rows)))


def takes(rule: str, *options: str) -> bool:
    """Whether a rule has all these options."""
    return set(options) <= set(inspect.signature(rules[rule]).parameters)


METRIC_CASES = [(m, p) for m in metrics for p in problems if has_metric(m, p)]
RULE_CASES = [(r, p) for r in rules for p in problems if has_rule(r, p)]


def regular(points: Array, g: Array) -> tuple[Array, Array]:
    """Those points whose matrix is far from singular."""
    good = np.linalg.cond(g) < 1e6
    return points[good], g[good]


@cache
def modeled(name: str) -> bool:
    """Whether the problem has a probability model."""
    return problem(name).support is not None


def chart_for(name: str, of: str) -> Any:
    """The chart ``name`` with options that suit the problem ``of``.

    Raises ValueError where the chart has nothing to offer to that problem.
    """
    kind: Any = charts[name]
    return kind(**kind.example(of, problem(of).dim))


@cache
def pair(name: str, chart: str) -> Any:
    """A problem in a chart; ValueError where the two do not go together."""
    return problem(name).through(chart_for(chart, name))


@cache
def go_together(name: str, chart: str) -> bool:
    """Whether the chart reaches the problem: all its starts and some of its view."""
    try:
        of = pair(name, chart)
        return bool(
            of.inside(np.asarray(of.start)).all() and len(of.examples(np.random.default_rng(0), 4))
        )
    except ValueError:
        return False


PAIRS = [(name, chart) for name in problems for chart in charts if go_together(name, chart)]
