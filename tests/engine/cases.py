"""The cases of the laws of metrics, rules and charts: defined pairs from the registries.

The formulas of a rule or of a metric are the same on every problem, and those of a problem the same
for whatever asks for its slope or its matrix. So a law is tried on few pairs, which together have
each item in each dimension, and each problem with each set of formulas that it is asked for.
``EVERY_VISIT=1`` tries it on every pair.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Iterable
from copy import copy
from functools import cache
from typing import Any

import numpy as np
import pytest

from natgrad_core import metrics, problems, rules
from natgrad_core.charts import charts
from natgrad_core.charts.expectation import Expectation
from natgrad_core.charts.natural import Natural
from natgrad_core.core.problem import Problem
from natgrad_core.core.rule import chain, descend, precondition
from natgrad_core.core.run import directly
from natgrad_core.families.linear_predictor import BY_COMPONENTS
from natgrad_core.linalg.small_matrices import components, full
from natgrad_core.metrics import Metric
from natgrad_core.types import Array
from tests.support.coverings import EVERY, covering

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
        if EVERY or others[turn] == of:
            found.append((item, of))
    return found


SMALL = [p for p in problems if problem(p).dim <= BY_COMPONENTS]
"""Problems whose steps are written out by components; LAPACK's have no machine code."""

EVERY_METRIC_CASE = in_turn((m, p) for m in metrics for p in problems if has_metric(m, p))
EVERY_RULE_CASE = in_turn((r, p) for r in rules for p in problems if has_rule(r, p))


@cache
def asked(kind: str, name: str) -> frozenset[str]:
    """What a step of a rule, or of descent by a metric, asks of a problem: ∇J, F, its chart, ..."""
    asks = set[str]()

    class Noting(type(problem("categorical"))):
        def __getattribute__(self, ask: str) -> Any:
            asks.add(ask)
            return super().__getattribute__(ask)

        def _fisher(self, *theta: Any) -> Any:
            asks.add(f"F of {type(theta[0]).__name__}")  # of numbers, or of seeds for its slope
            return super()._fisher(*theta)

    model = copy(problem("categorical"))
    model.__class__ = Noting
    if kind == "rule":
        rule = rules[name]()
    else:
        rule = chain(precondition(metrics[name](), 0.1), descend(0.05))
    directly(model, rule, model.start, 2)
    return frozenset(asks)


def few(kind: str, cases: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Few of these cases (item, problem), with each item in each dimension that has code of its
    own, and with each problem where it is asked for each set of formulas.

    Args:
        kind: What the items are, "rule" or "metric".
        cases: All of them.
    """

    def features(case: tuple[str, str]) -> set[Hashable]:
        name, of = case
        return {(name, min(problem(of).dim, BY_COMPONENTS + 1)), (asked(kind, name), of)}

    return list(cases) if EVERY else covering([*cases], features)


METRIC_CASES = few("metric", EVERY_METRIC_CASE)
RULE_CASES = few("rule", EVERY_RULE_CASE)


def on(cases: Iterable[tuple[str, str]], *names: str) -> Callable[[Any], Any]:
    """Try a test on these cases: few, and in `make visits` (``-m covering``) all.

    Args:
        cases: What ``few`` gave, or ``PAIRS``.
        names: The test's two arguments; by default ``name`` and ``of``.
    """
    given = pytest.mark.parametrize(names or ("name", "of"), cases)
    return lambda test: pytest.mark.covering(given(test))


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


EVERY_PAIR = [
    (name, chart)
    for name in problems
    for chart in charts
    if (chart == "identity" or (chart, name) in in_turn([(chart, name)]))
    and go_together(name, chart)
]


def _features_of_pair(case: tuple[str, str]) -> set[Hashable]:
    """The problem, alone or in a chart; the chart, as it is built for problems of its dimension."""
    name, chart = case
    kind: Any = charts[chart]
    built = repr(kind.example(name, problem(name).dim))
    return {(name, chart == "identity"), (chart, problem(name).dim, built)}


PAIRS = EVERY_PAIR if EVERY else covering(EVERY_PAIR, _features_of_pair)
"""Problems, each in a chart: each problem alone and in a curved or linear chart, and each chart in
each dimension, or, where it is built for one problem, with that."""
