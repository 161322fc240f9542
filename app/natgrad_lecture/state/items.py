"""Problems and charts by key, each made once, and why one of them cannot be used.

A key is what a state holds of an item: its name, or its name and options. Runs and pictures are
kept by it.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from natgrad_core.charts import charts
from natgrad_core.core.chart import Chart
from natgrad_core.core.problem import Problem
from natgrad_core.core.run import run
from natgrad_core.errors import OutsideDomain
from natgrad_core.expressions.expression_problem import own
from natgrad_core.problems import problems
from natgrad_core.rules import rules
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.state.fields import BadInput, numbers
from natgrad_lecture.state.item_options import built

ProblemKey = str | tuple[str, tuple[tuple[str, Any], ...]]
"""A problem's name, or its name and options; runs and pictures are kept by it."""

OWN = "own"
"""The name of a reader's own problem; its options are the arguments of ``own``."""


@bounded_cache
def problem_named(key: ProblemKey) -> Problem:
    """The problem of this name, with its shipped data unless its options say more.

    Of any problem an option ``view`` says what is seen of it, and ``held`` which parameters are
    held, at which values.
    """
    name, options = (key, ()) if isinstance(key, str) else key
    given: dict[str, Any] = dict(options)
    held = dict(given.pop("held", ()))
    view = given.pop("view", None)
    found: Problem
    if name == OWN:
        text, data, parameters = (given.pop(key) for key in ("text", "data", "parameters"))
        found = own(text, dict(data), parameters, **given)
    elif view is None:
        found = built("problem", name, tuple(sorted(given.items())))
    else:
        found = problems[name](**given)
    if held:
        found = found.holding(held)
    if view is not None:
        found.view = view
    return found


ON_A_PLANE = tuple(name for name, kind in problems.items() if len(kind.symbols) == 2)
"""The problems of two parameters: a picture shows no others."""


@dataclass(frozen=True)
class _OfAForm:
    """A problem that stands for all of its form."""

    form: Hashable
    problem: Problem = field(compare=False)


def why_not(problem: ProblemKey, rule: str) -> str:
    """Why a rule cannot run on a problem, in words; empty if it can."""
    place = problem_named(problem)
    return _why_not(_OfAForm(place.form, place), rule)


@bounded_cache
def _why_not(of: _OfAForm, rule: str) -> str:
    place = of.problem
    try:
        run(place, rules[rule](), place.start, 1)
    except TypeError as error:
        return str(error)
    return ""


ChartKey = tuple[str, tuple[tuple[str, Any], ...]]
"""A chart's name and options, hashable: runs are kept by it."""


@bounded_cache
def chart_named(key: ChartKey) -> Chart:
    """The chart of this name with these options."""
    name, options = key
    return charts[name](**dict(options))


def in_theta(chart: Chart, name: str, value: Any) -> list[float]:
    """θ of the point that a control gave in the chart's coordinates; BadInput if it has none."""
    x = np.array([numbers(name, value)])  # one row: arrays answer where floats raise
    if not chart.inside(x).all():
        raise BadInput(name, f"no point has these coordinates; allowed: {chart.domain}")
    with np.errstate(all="ignore"):
        theta = np.asarray(chart.forward(x))
    if not np.isfinite(theta).all():
        raise BadInput(name, "θ is not a finite number so far out; take a point farther in")
    return theta[0].tolist()


@bounded_cache
def why_not_start(problem: ProblemKey, chart: ChartKey, start: tuple[float, ...]) -> str:
    """Why runs cannot start there, in θ and through a chart, in words; empty if they can."""
    if reason := _why_not_in_theta(problem, start):
        return reason
    place, through = problem_named(problem), chart_named(chart)
    x = through.inverse(start)
    with np.errstate(all="ignore"):
        if not through.inside(x) or not place.inside(through.forward(x)):
            return (
                "written in x, this start is rounded out of the domain, so near is its edge; take "
                "one farther in. The last one stays."
            )
    return ""


@bounded_cache
def _why_not_in_theta(problem: ProblemKey, start: tuple[float, ...]) -> str:
    """Why runs cannot start there in θ: that stays while a chart is dragged."""
    try:
        with np.errstate(all="ignore"):
            loss = problem_named(problem).loss(start)
    except OutsideDomain as error:
        return f"{error}. The last good start stays."
    except ValueError as error:
        return str(error)
    if not np.isfinite(loss):
        return "there the loss is past all numbers; take a start farther in. The last one stays."
    return ""
