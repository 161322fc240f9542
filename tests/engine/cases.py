"""The cases of the laws of metrics and rules: every defined pair from the registries."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np

from natgrad_core import metrics, problems, rules
from natgrad_core.charts import charts
from natgrad_core.charts.expectation import Expectation
from natgrad_core.charts.natural import Natural
from natgrad_core.core.problem import Problem
from natgrad_core.core.run import directly
from natgrad_core.families.linear_predictor import BY_COMPONENTS
from natgrad_core.linalg.small_matrices import components, full
from natgrad_core.metrics import Metric
from natgrad_core.types import Array

SHEAR = charts["linear"](matrix=((2.0, 1.0), (0.0, 0.5)))
SHEAR3 = charts["linear"](matrix=((2.0, 1.0, 0.3), (0.0, 0.5, 0.2), (0.4, 0.0, 1.0)))


@cache
def shear(d: int) -> Any:
    """A linear chart of d parameters that is no rotation and no scaling."""
    if d in (2, 3):
        return SHEAR if d == 2 else SHEAR3
    kind: Any = charts["linear"]
    return kind(**kind.example("", d))


@cache
def problem(name: str) -> Problem:
    return problems[name]()


def sheared(name: str) -> Any:
    """The problem through a linear chart that is no rotation and no scaling."""
    return problem(name).through(shear(problem(name).dim))


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


EVERYTHING = bool(os.environ.get("LAWS_EVERYTHING"))
"""Every rule, metric and chart on every problem, also on those that are alike: a minute more."""


FAMILY = {
    "_inside", "_partition", "_mean", "_variance", "_statistics", "_carrier", "_draw", "_link",
    "_published", "_roughly",
}  # fmt: skip
"""What a family states, from which its base makes the loss, ∇J, F and the Hessian."""


@cache
def alike(name: str) -> tuple[str, ...]:
    """Problems that run by the same formulas, this one among them.

    What states a family and a link, or nothing but the name of its density, runs by the sums and
    derivatives of its base: a law of rules that take a problem as given needs one of them.
    """

    def base(kind: type[Problem]) -> type[Problem]:
        own = {key for key in vars(kind) if key.startswith("_") and not key.startswith("__")}
        return kind if own - FAMILY else kind.__mro__[1]

    return tuple(n for n in problems if base(problems[n]) is base(problems[name]))


def in_turn(cases: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of cases (item, problem) those of one problem among the alike, another each time."""
    found: list[tuple[str, str]] = []
    for item, of in cases:
        others = alike(of)
        turn = sum(map(ord, item)) % len(others)
        if EVERYTHING or others[turn] == of:
            found.append((item, of))
    return found


SMALL = [p for p in problems if problem(p).dim <= BY_COMPONENTS]
"""Problems whose steps are written out by components; LAPACK's have no machine code."""

METRIC_CASES = in_turn((m, p) for m in metrics for p in problems if has_metric(m, p))
RULE_CASES = in_turn((r, p) for r in rules for p in problems if has_rule(r, p))


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


PAIRS = [
    (name, chart)
    for name in problems
    for chart in charts
    if (chart == "identity" or (chart, name) in in_turn([(chart, name)]))
    and go_together(name, chart)
]
