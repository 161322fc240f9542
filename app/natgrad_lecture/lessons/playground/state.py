"""The playground's state: what was wished, and what of it can be had.

A wish that does not go with the rest (the Fisher metric of a bare loss, a chart that does not reach
the start, a formula with a slip in it) is kept and said beside its control; the picture shows the
nearest thing that can be had.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from natgrad_core import charts, metrics, problems, rules
from natgrad_core.core.damping import ALL_KINDS
from natgrad_core.core.rule import SINGULAR, Rule, chain, descend, precondition
from natgrad_core.metrics import Metric
from natgrad_lecture.bounded_cache import bounded_cache, recent_cache
from natgrad_lecture.drawing.numbers import significant
from natgrad_lecture.drawing.windows import grid, window
from natgrad_lecture.engine_cache import RuleCall, rule_options, run_of
from natgrad_lecture.lessons.playground import best_fit, held_parameters
from natgrad_lecture.lessons.playground import typed_problem as mine
from natgrad_lecture.lessons.playground.typed_problem import Mine
from natgrad_lecture.state import item_options
from natgrad_lecture.state.fields import (
    BadInput,
    choice,
    control,
    perhaps,
    point,
    several,
    whole,
)
from natgrad_lecture.state.items import (
    ON_A_PLANE,
    OWN,
    ChartKey,
    ProblemKey,
    chart_named,
    problem_named,
    why_not,
)
from natgrad_lecture.state.runs import Runs
from natgrad_lecture.state.state import State
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

BEYOND = tuple(name for name, kind in problems.items() if len(kind.symbols) > 2)
"""The problems of more parameters, of which the plane shows two."""

PROBLEMS = (*ON_A_PLANE, *BEYOND, OWN)
"""Every problem of the plane, and the reader's own."""

BY_METRIC = "steepest"
"""The rule that the metric makes: −α(G + λD)⁻¹∇J."""

RULES = (BY_METRIC, *rules)

GRAPHS = ("loss", "kl", "ends")

READINGS = ("log-likelihood", "loss")

MOST_STARTS = 16

WINDOW = (0.0, 0.0, 2.0, 2.0)
"""What a plane of one's own problem shows at first: centers and half-widths of both axes."""

_WIDTH = 0.2
"""By how much of the paths' extent a view of them is wider on either side."""

_LOOKED = 64
"""Points on each side of a window at which the domain is looked for."""
_STRAY = 0.02
"""The share of the paths' points at either end of an axis that a view of them may leave out."""

MetricKey = tuple[str, tuple[tuple[str, Any], ...]]

RuleKey = tuple[str, float, float, str, str, MetricKey | None]
"""A rule's name, rate, damping, its kind, what to do where G is singular, and G if it is ours."""


@bounded_cache
def metric_named(key: MetricKey) -> Metric:
    """The metric of this name with these options."""
    return metrics[key[0]](**dict(key[1]))


@recent_cache
def rule_of(key: RuleKey) -> Rule:
    """The rule with those of the reader's options that it takes."""
    name, rate, damping, kind, singular, metric = key
    if metric is not None:
        raised = precondition(metric_named(metric), damping, kind, singular)
        return chain(raised, descend(rate), name=BY_METRIC)
    wished = {"rate": rate, "damping": damping, "kind": kind, "singular": singular}
    return rules[name](**{k: v for k, v in wished.items() if k in rule_options(name)})


@bounded_cache
def why_not_metric(problem: ProblemKey, metric: MetricKey) -> str:
    """Why a problem has no such metric, in words; empty if it has one."""
    place = problem_named(problem)
    try:
        with np.errstate(all="ignore"):
            metric_named(metric)(place.at(place.start)).dense()
    except (TypeError, IndexError, ValueError) as error:
        return str(error)
    return ""


@bounded_cache
def why_not_chart(key: ProblemKey, chart_key: ChartKey, start: tuple[float, ...]) -> str:
    """Why a problem cannot be run in a chart from a start, in words; empty if it can."""
    problem = problem_named(key)
    try:
        chart = chart_named(chart_key)
        if problem.through(chart).inside(chart.inverse(start)):
            return ""
    except ValueError as error:
        return str(error)
    where = ", ".join(
        f"{s} = {v:.3g}" for s, v in zip(problem.symbols, np.ravel(start), strict=True)
    )
    needs = f"; it needs {chart.domain}" if chart.domain else ""
    return say("the-chart-does-not-reach-the", which=chart.name, where=where, needs=needs)


def _text(name: str, most: int) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if not isinstance(value, str) or len(value) > most:
            raise BadInput(name, say("this-must-be-a-text-of", most=most))
        return value

    return check


def _window(value: Any) -> tuple[float, ...]:
    """Two centers and two half-widths; in old links both half-widths were one number."""
    parts = tuple(value)
    parts = (*parts, parts[2]) if len(parts) == 3 else parts
    low, high = best_fit.HALF
    found = point("window", "the window", 4, high)(parts)
    if not min(found[2:]) >= low:
        raise BadInput("window", say("the-window-s-half-width-must", least=f"{low:g}"))
    return found


TYPED = {
    "text": _text("text", mine.LONGEST),
    "names": _text("names", 120),
    "source": choice("source", "data", mine.SOURCES),
    "typed": _text("typed", mine.LONGEST),
}
"""What each part of what is typed may be."""


def _good(value: Any) -> tuple[str, ...]:
    parts = tuple(value)
    if not parts:
        return parts
    try:
        return tuple(check(part) for check, part in zip(TYPED.values(), parts, strict=True))
    except ValueError:
        raise BadInput("good", say("this-is-no-problem-that-was")) from None


@dataclass(frozen=True)
class Play(Runs):
    """Any rules on any problem in any chart, beside descent by any metric."""

    problem: str = control("normal", "problem", choice("problem", "problem", PROBLEMS))
    kind: str = control("identity", "kind", choice("kind", "damping", ALL_KINDS))
    rules: tuple[str, ...] = control(
        ("gradient", "newton", "natural"), "rules", several("rules", "rule", RULES)
    )
    chart: str = control("log-scale", "chart", choice("chart", "chart", charts))
    metric: str = control("fisher", "metric", choice("metric", "metric", metrics))
    singular: str = control("diverge", "singular", choice("singular", "way", SINGULAR))
    starts: int = control(
        1, "starts", whole("starts", say.later("the-number-of-starts"), 1, MOST_STARTS)
    )
    graph: str = control("loss", "graph", choice("graph", "graph", GRAPHS))
    text: str = control(mine.FIRST.text, "text", TYPED["text"])
    names: str = control(mine.FIRST.names, "names", TYPED["names"])
    source: str = control(mine.FIRST.source, "data", TYPED["source"])
    typed: str = control(mine.FIRST.typed, "typed", TYPED["typed"])
    plane: str = control("", "plane", _text("plane", 120))
    """Of a built-in problem of many parameters: those on the plane, and values for others."""
    reads: str = control(READINGS[0], "reads", choice("reads", "reading", READINGS))
    """What the line is where there are data; without data it is a loss."""
    window: tuple[float, ...] | None = control(None, "window", perhaps(_window))
    """Centers and half-widths of both axes; None: as the problem has it."""
    good: tuple[str, ...] = control((), "good", _good)
    """What was typed last that could be read, while what is typed cannot."""
    start: tuple[float, ...] | None = control(None, "start", perhaps(point("start", "the start")))

    suited: ClassVar = {OWN: {"steps": 60}}

    @property
    def mine(self) -> Mine:
        """What is typed."""
        return Mine(self.text, self.names, self.source, self.typed)

    def _key(self, typed: Mine) -> ProblemKey:
        return mine.key(typed, self.window or WINDOW, self.is_loss)

    @property
    def wrong(self) -> dict[str, str]:
        """What is wrong with what is typed, by its control."""
        try:
            self._key(self.mine)
        except BadInput as error:
            return {error.field: str(error)}
        return {}

    @property
    def is_loss(self) -> bool:
        """Whether the line is a loss though there are data."""
        return self.reads == "loss" and self.source != mine.NO_DATA

    @property
    def typed_in_use(self) -> Mine:
        """What is typed, or what was typed last that could be read, or the first example."""
        for typed in (self.mine, *((Mine(*self.good),) if self.good else ())):
            try:
                self._key(typed)
            except BadInput:
                continue
            return typed
        return mine.FIRST

    @property
    def problem_key(self) -> ProblemKey:
        """The chosen problem with its options; of one's own the last that could be read."""
        if self.problem == OWN:
            return self._key(self.typed_in_use)
        shown = super().problem_key
        if self.problem in BEYOND:
            shown = held_parameters.slice_key(shown, self.plane)
        if self.window is None:
            return shown
        x, y, half_x, half_y = self.window
        view = ((x - half_x, x + half_x), (y - half_y, y + half_y))
        options = held_parameters.options_of(shown) | {"view": view}
        return self.problem, tuple(options.items())

    @property
    def whole_key(self) -> ProblemKey:
        """The same problem in all parameters that have no value, whatever the plane shows."""
        if self.problem == OWN:
            return mine.whole_key(self.typed_in_use, self.window or WINDOW, self.is_loss)
        plain = super().problem_key
        return held_parameters.whole_key(plain, self.plane) if self.problem in BEYOND else plain

    @property
    def shown(self) -> tuple[float, ...]:
        """The window that is in force: centers and half-widths of both axes."""
        if self.window is not None or self.problem == OWN:
            return self.window or WINDOW
        view = window(problem_named(self.problem_key))
        return (*view.mean(1).tolist(), *(np.ptp(view, axis=1) / 2).tolist())

    @property
    def wished_chart(self) -> ChartKey:
        """The chosen chart with its options."""
        options = dict(self.options("chart", self.chart))
        if item_options.takes_family(self.chart):
            options["family"] = problem_named(self.problem_key).name
        return self.chart, tuple(sorted(options.items()))

    @property
    def why_not_chart(self) -> str:
        """Why the chosen chart is not the one in use."""
        return why_not_chart(self.problem_key, self.wished_chart, tuple(self.point))

    @property
    def chart_key(self) -> ChartKey:
        """The chart in use: the chosen one, or the identity."""
        return ("identity", ()) if self.why_not_chart else self.wished_chart

    @property
    def metric_key(self) -> MetricKey:
        """The chosen metric with its options."""
        return self.metric, self.options("metric", self.metric)

    @property
    def why_not_metric(self) -> str:
        """Why the problem has no such metric."""
        return why_not_metric(self.problem_key, self.metric_key)

    def why_not_rule(self, name: str) -> str:
        """Why a rule does not run."""
        return self.why_not_metric if name == BY_METRIC else why_not(self.problem_key, name)

    @property
    def running(self) -> tuple[str, ...]:
        """The chosen rules that can run; gradient descent always can."""
        return tuple(n for n in self.rules if not self.why_not_rule(n)) or ("gradient",)

    @property
    def remarks(self) -> dict[str, str]:
        """Beside each control whose wish cannot be had: why, and what is shown instead."""
        found = dict(self.wrong) if self.problem == OWN else {}
        if found:
            field, said = found.popitem()
            instead = say("the-last-valid-problem") if self.good else say("the-first-example")
            found[field] = f"{said}\n" + say("is-shown-instead", what=instead)
        if said := self.why_not_chart:
            found["chart"] = say("shown-with-x", why=said)
        if said := self.why_not_metric:
            found["metric"] = said
        out = {self.why_not_rule(n): n for n in self.rules if self.why_not_rule(n)}
        if out:
            found["rules"] = "; ".join(f"{self._without(said)}: {said}" for said in out)
        if self.graph == "kl" and problem_named(self.problem_key).support is None:
            found["graph"] = say("without-a-probability-model-there-is")
        return found

    @property
    def hints(self) -> dict[str, str]:
        """The best fit; of one's own problem also how the data and the names were read."""
        found: dict[str, str] = {}
        fitted = best_fit.fit_of(self.whole_key)
        if fitted is not None:
            found["text" if self.problem == OWN else "problem"] = best_fit.in_words(fitted)
        if self.problem == OWN:
            if self.source == mine.TYPED and "typed" not in self.wrong:
                found["typed"] = mine.note(self.typed)
            now = (self.typed_in_use, self.window or WINDOW, self.is_loss)
            if note := held_parameters.note(mine.key(*now), mine.whole_key(*now)):
                found["names"] = note
        if self.problem in BEYOND:
            found["plane"] = held_parameters.note(self.problem_key, self.whole_key)
        return found

    def _around_fit(self) -> dict[str, Any]:
        """The window of four standard errors around the best fit."""
        fitted = best_fit.fit_of(self.whole_key)
        if fitted is None or not fitted.converged:
            raise BadInput("fit", say("nothing-to-fit") if fitted is None else fitted.why)
        symbols = problem_named(self.problem_key).symbols
        return self._moved(best_fit.around(fitted, symbols)) | {"start": None}

    def rule_key(self, name: str, kind: str | None = None) -> RuleKey:
        """A rule as runs are kept by it."""
        metric = self.metric_key if name == BY_METRIC else None
        return name, self.rate, self.damping, kind or self.kind, self.singular, metric

    @property
    def kind_in_theta(self) -> str:
        """What the damping is in θ, where what is pulled back is the identity."""
        return "identity" if self.kind == "pulled-back" else self.kind

    def rule_call(self, name: str, in_theta: bool) -> RuleCall:
        """What makes a rule for a run in θ (``in_theta``) or in x."""
        return rule_of, (self.rule_key(name, self.kind_in_theta if in_theta else None),)

    def _around_paths(self) -> dict[str, Any]:
        """The window around the runs in θ: nearly all of those that end well, or of all."""
        start = tuple(map(float, self.point))
        calls = [self.rule_call(name, in_theta=True) for name in self.running]
        paths = [run_of(self.problem_key, None, call, start, self.steps) for call in calls]
        good = [path for path in paths if path.ok.all()] or paths
        points = np.concatenate([path.theta[path.ok] for path in good])
        ends = np.quantile(points, [_STRAY, 1 - _STRAY], axis=0)
        ends = np.array([np.minimum(ends[0], start), np.maximum(ends[1], start)])
        half = np.maximum(np.ptp(ends, axis=0) * (0.5 + _WIDTH), 1e-6 * (1 + np.abs(ends[0])))
        center = ends.mean(0).tolist()
        around = (significant(v, 4) for v in center), (significant(v, 2) for v in half.tolist())
        return self._moved((*around[0], *around[1])) | {"start": start}

    def _moved(self, place: tuple[float, ...]) -> dict[str, Any]:
        """Show another window, and keep what has nothing to do with it."""
        return {"window": tuple(np.clip(place, -best_fit.HALF[1], best_fit.HALF[1]).tolist())}

    def _without(self, said: str) -> str:
        silent = [n for n in self.rules if self.why_not_rule(n) == said]
        return f"not run: {', '.join('descent by G' if n == BY_METRIC else n for n in silent)}"

    def whole(self) -> Self:
        """The state itself if its start is in the problem's domain, and the window meets it."""
        Runs.whole(replace(self, rules=()))
        if self.window is not None:
            of = problem_named(self.problem_key)
            if not of.inside(grid(np.asarray(of.view, float), _LOOKED).reshape(-1, 2)).any():
                raise BadInput("window", say("the-window-misses-the-domain", domain=of.domain))
        return self

    def changes(self, name: str, value: Any) -> dict[str, Any]:
        """What is typed is taken over, and what it replaces is kept."""
        if name == "typed" and isinstance(value, str):
            value = mine.shortened(value)
        if name in Mine._fields:
            last = Mine(*self.good) if self.wrong and self.good else self.mine
            found: dict[str, Any] = {name: value}
            wished = self.with_(**found)
            found["good"] = () if not wished.wrong else (*last,)
            return found | ({} if wished._start_holds() else {"start": None})
        if name == "fit":
            return self._around_fit()
        if name == "fit-paths":
            return self._around_paths()
        if name.partition(".")[0] == "window":
            mine_too = {"start": None} if self.problem == OWN else {}
            return {**State.changes(self, name, value), **mine_too}
        if name == "problem":
            return {**super().changes(name, value), "window": None, "plane": ""}
        if name == "plane":
            return {name: value, "start": None, "window": None}
        return super().changes(name, value)

    def entries(self, name: str) -> Any:
        """What is in force: of the window that of the problem, where the reader sets none."""
        return self.shown if name == "window" else super().entries(name)

    def _start_holds(self) -> bool:
        return bool(problem_named(self.problem_key).inside(np.asarray(self.point, float)))

    def linked(self) -> Self:
        """A link holds the problem that is shown."""
        return replace(self, **Mine(*self.good)._asdict(), good=()) if self.good else self


CAVENDISH = {
    "problem": OWN,
    "source": "cavendish",
    "names": "m s",
    "window": [5.36, 0.29, 0.25],
    "text": "normal_logpdf(density, m, s)",
    "chart": "log-scale",
    "steps": 60,
}


SHEARED: dict[str, Any] = {"chart": "linear", "option_values": ["chart.linear.shear:0.8"]}
VALLEY = {
    "problem": OWN,
    "source": "none",
    "names": "a b",
    "window": [0.0, 0.5, 1.8],
    "text": "(1 - a)**2 + 10*(b - a**2)**2",
    "start": [-1.2, 1.4],
    "metric": "absolute-hessian",
    "steps": 60,
}


BEETLES = {
    "problem": OWN,
    "source": "typed",
    "names": "a b",
    "window": [0.0, 1.5, 2.0],
    "typed": "dose: 1 2 3 4 5 6; dead: 0 0 1 0 1 1",
    "text": "bernoulli_logpmf(dead, a + b*(dose - 3.5))",
    "start": [-1.0, 0.5],
    "steps": 60,
}


STRAIGHT = {
    "problem": "rosenbrock",
    "chart": "bend",
    "rules": ["newton"],
    "rate": 1.0,
    "steps": 5,
    "k": 1,
}


MIXED: dict[str, Any] = {
    "problem": "mixture",
    "chart": "identity",
    "rules": ["gradient", "natural"],
    "rate": 0.3,
    "graph": "ends",
    "option_values": ["problem.mixture.weight:0.3"],
}
WELLS: dict[str, Any] = {
    **MIXED,
    "problem": "double-well",
    "rules": ["gradient", "newton"],
    "option_values": [],
}


PRESETS: dict[str, dict[str, Any]] = {
    "three-rules-in-log-σ": {},
    "a-valley-straightened": STRAIGHT,
    "many-starts": {
        "problem": "mixture",
        "chart": "identity",
        "starts": 12,
        "rules": ["gradient", "natural"],
        "rate": 0.1,
        "metric": "empirical-fisher",
    },
    "where-runs-end": MIXED,
    "a-noisy-fisher-matrix": {
        "metric": "monte-carlo-fisher",
        "rules": [BY_METRIC, "natural"],
        "steps": 30,
        "rate": 0.05,
        "option_values": ["metric.monte-carlo-fisher.n:8"],
    },
    "your-own-density": {**CAVENDISH, "rules": ["gradient", "newton", "natural"], "rate": 0.02},
    "your-own-loss": {**VALLEY, "chart": "bend", "rules": ["gradient", "newton"], "rate": 0.02},
    "your-own-data": {
        **BEETLES,
        "chart": "identity",
        "rules": ["gradient", "natural"],
        "rate": 0.5,
    },
}
"""What each preset sets, by its id in text.md."""
