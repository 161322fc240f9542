"""What the lesson on the natural gradient runs: F to a power, at a fixed rate and at a fixed KL."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, Self, cast

import numpy as np

from natgrad_core import Rule, chain, metrics, problems, rules, run
from natgrad_core.core.evaluation import At
from natgrad_core.core.rule import descend, precondition
from natgrad_core.geometry.gradient_flow import extrapolated
from natgrad_core.linalg.operators import Operator
from natgrad_core.linalg.small_matrices import components, full
from natgrad_core.metrics import Metric
from natgrad_core.problems.normal import Normal
from natgrad_core.rules.kl_limited import limit
from natgrad_core.types import Array, Whole
from natgrad_lecture.drawing.vector_field import directions
from natgrad_lecture.drawing.windows import window
from natgrad_lecture.engine_cache import RuleCall, RunsModel
from natgrad_lecture.state.fields import BadInput, choice, control, number, several
from natgrad_lecture.state.items import ChartKey, chart_named, problem_named
from natgrad_lecture.state.runs import Runs

FIRST = ("normal", "gamma", "logistic-regression", "two-state-mdp")
PROBLEMS = tuple(
    sorted(
        (n for n, kind in problems.items() if kind.support is not None and len(kind.symbols) == 2),
        key=lambda n: (FIRST.index(n) if n in FIRST else len(FIRST), n),
    )
)
"""Every problem of two parameters with a probability model, and so with a Fisher matrix."""

SUITED: dict[str, dict[str, Any]] = {"two-layer-linear": {"damping": 0.02}}
"""What else a problem needs: where F has no inverse, damping."""

RULES = ("natural", "kl-limited", "gradient")

SCALES = ("variance", "log-scale", "precision")
"""Charts of a positive second parameter: of σ they make σ², log σ and 1/σ²."""

CHARTS = ("shear", "bend", *SCALES)

GRAPHS = ("kl", "gap", "sigma")

ONE = ("identity", *SCALES)
"""The coordinates in which one step is looked at, by the charts that make them."""

LONGEST = 12.0
"""Of the flow, in its own time: by then e⁻¹² of the way is left."""


def _positive(name: str) -> bool:
    """Whether the second parameter of a problem is positive by its domain."""
    problem = problem_named(name)
    first, second = problem.start
    return second > 0 and not bool(problem.inside(np.array([first, -second])))


@dataclass(frozen=True)
class Natural(Runs):
    """Runs of −α(F^q + λD)⁻¹∇J, in θ and through a chart, and of the same at a fixed KL."""

    problem: str = control("normal", "problem", choice("problem", "problem", PROBLEMS))
    rules: tuple[str, ...] = control(
        ("natural", "kl-limited"), "rules", several("rules", "rule", RULES)
    )
    q: float = control(
        1.0,
        "q",
        number("q", "the power q", 0, 1, "take one from 0 (gradient descent) to 1 (natural)"),
    )
    radius: float = control(
        0.02,
        "r",
        number("radius", "the radius r", 1e-6, 10, "take one from 0.000001 to 10 nats"),
    )
    chart: str = control("log-scale", "chart", choice("chart", "chart", CHARTS))
    graph: str = control("kl", "graph", choice("graph", "graph", GRAPHS))

    @property
    def chart_key(self) -> ChartKey:
        """The chart; shear and bend are as strong as a picture of this problem can show."""
        if self.chart in SCALES:
            return self.chart, ()
        wide, high = np.ptp(np.asarray(problem_named(self.problem).view), axis=1).tolist()
        center = sum(problem_named(self.problem).view[0]) / 2
        curved = self.chart == "bend"
        strength, shear = (1.2 * high / wide**2, 0.0) if curved else (0.0, 0.8 * high / wide)
        return "bend", (("strength", strength), ("center", center), ("shear", shear))

    def whole(self) -> Self:
        """The state itself if its start, chart and graph are ones that its problem has."""
        if self.chart in SCALES and not _positive(self.problem):
            raise BadInput(
                "chart",
                f"{self.problem} has no positive second parameter to rewrite; take shear or bend",
            )
        if self.graph == "sigma" and self.problem != "normal":
            raise BadInput("graph", "one step in σ is for the normal distribution; choose it first")
        Runs.whole(replace(self, rules=()))
        return self

    def changes(self, name: str, value: Any) -> dict[str, Any]:
        """Another problem brings what it needs, and leaves what it lacks."""
        found = super().changes(name, value)
        if name == "problem" and value in PROBLEMS:
            found |= {"damping": 0.0, **SUITED.get(value, {})}
            if self.chart in SCALES and not _positive(value):
                found["chart"] = "bend"
            if self.graph == "sigma" and value != "normal":
                found["graph"] = "kl"
        return found


def metric_of(q: float) -> Metric:
    """F^q; its ends are written by themselves, so that a singular F stays singular to the bit."""
    ends = {0.0: "euclidean", 1.0: "fisher"}
    return metrics[ends[q]]() if q in ends else metrics["fisher-power"](q)


def _rule(name: str, rate: Any, q: float, damping: float, kind: str, radius: float) -> Rule:
    if name == "gradient":
        return rules["gradient"](rate)
    raised = precondition(metric_of(q), damping, kind)
    if name == "natural":
        return chain(raised, descend(rate), name=name)
    return chain(raised, descend(1.0), limit(radius), name=name)


@lru_cache(maxsize=64)
def _gaps(
    problem: str,
    chart: ChartKey,
    name: str,
    options: tuple[Any, ...],
    start: tuple[float, ...],
    time: float,
    rates: tuple[float, ...],
) -> tuple[Array, Array]:
    """Between the ends in θ and in x: of one step at each rate, and of steps up to the time."""
    base, through = problem_named(problem), chart_named(chart)
    in_x, x = base.through(through), through.inverse(start)
    found = []
    for rate in rates:
        rule = _rule(name, rate * time, *options)
        steps = round(1 / rate)
        in_theta, curved = run(base, rule, start, steps).theta, run(in_x, rule, x, steps).in_theta
        found.append(np.linalg.norm(in_theta - curved, axis=-1)[[1, -1]])
    one, whole = np.transpose(found)
    return one, whole


def _direction(problem: str, q: float, damping: float, points: Array) -> Array:
    base = problem_named(problem)
    at = base.at(components(np.where(base.inside(points)[:, None], points, np.nan)))
    with np.errstate(all="ignore"):
        raised, _ = precondition(metric_of(q), damping).update(at.grad, at, ())
        return -full(raised, points.shape[:-1])


@lru_cache(maxsize=64)
def _field(problem: str, q: float, damping: float) -> tuple[Array, Whole]:
    view = window(problem_named(problem))
    return directions(lambda points: _direction(problem, q, damping, points), view)


class Model(RunsModel):
    """What the engine says about the natural gradient."""

    state: Natural

    def rule_call(self, name: str, in_theta: bool) -> RuleCall:
        """A rule in θ (``in_theta``), where both kinds of damping are one, or in x."""
        s = self.state
        kind = "identity" if in_theta else s.kind
        return _rule, (name, s.rate, s.q, s.damping, kind, s.radius)

    def direction(self, points: Array) -> Array:
        """−(F^q + λI)⁻¹∇J in θ, at points ``[n, 2]``; NaN outside the domain."""
        return _direction(self.state.problem, self.state.q, self.state.damping, points)

    def power(self, at: At) -> Operator:
        """F^q at points."""
        return metric_of(self.state.q)(at)

    @property
    def field(self) -> tuple[Array, Whole]:
        """Arrows along these directions all over the window."""
        return _field(self.state.problem, self.state.q, self.state.damping)

    @cached_property
    def current(self) -> Array | None:
        """The curve that the fixed rate's run has for its limit; None where it is too stiff."""
        s = self.state

        def of_rate(rate: float) -> Rule:
            return _rule("natural", rate, s.q, s.damping, "identity", s.radius)

        time = min(LONGEST, s.rate * s.steps)
        curve, error = extrapolated(self.problem, of_rate, self.start, time, 80)
        return curve if error < 0.05 else None

    def gaps(self, name: str, rates: Array) -> tuple[Array, Array]:
        """Between the ends in θ and in x: of one step, and of a run of time 1, at each rate.

        The time of gradient descent is scaled so that its first step is as long as the natural one.
        """
        s = self.state
        options = (s.q, s.damping, s.kind, s.radius)
        start = tuple(map(float, s.point))
        return _gaps(s.problem, s.chart_key, name, options, start, self.time(name), tuple(rates))

    def time(self, name: str) -> float:
        """How long a run of time 1 takes by this rule's own clock."""
        if name == "natural":
            return 1.0
        start = np.asarray(self.start)[None]
        steep = np.linalg.norm(self.problem.grad(start[0]))
        return float(np.linalg.norm(self.direction(start)) / steep) if steep > 0 else 1.0

    def one_step(self, sigmas: Array) -> dict[str, Array]:
        """Where one natural step of rate 1 takes σ, at the sample's mean, in each coordinate."""
        problem = self.problem
        starts = np.stack(np.broadcast_arrays(self.mean, sigmas), -1)
        found = {}
        for name in ONE:
            through = chart_named((name, ()))
            path = run(problem.through(through), rules["natural"](1.0), through.inverse(starts), 1)
            ends = np.where(path.ok[-1][:, None], path.theta[-1], np.nan)
            found[name] = through.forward(ends)[:, 1]
        return found

    @property
    def mean(self) -> float:
        """The sample's mean, of the normal distribution."""
        return cast(Normal, self.problem).mean

    @property
    def deviation(self) -> float:
        """The sample's standard deviation, √v."""
        return cast(Normal, self.problem).variance ** 0.5


def _start(sigma: float) -> tuple[float, float]:
    """At the sample's mean, and σ in units of the sample's."""
    problem: Any = problem_named("normal")
    return (float(problem.mean), round(sigma * float(problem.variance**0.5), 4))


FULL = {"rate": 1.0, "steps": 6, "graph": "sigma", "rules": ["natural"], "k": 0}


WIDE, NARROW = _start(1.8), _start(0.62)


PRESETS: dict[str, dict[str, Any]] = {
    "the-natural-gradient": {},
    "from-plain-to-natural": {"q": 0.5, "rules": ["natural"], "rate": 0.02, "steps": 200, "k": 40},
    "one-step-in-σ-σ²-log-σ-1-σ²": {**FULL, "start": WIDE},
    "the-gap-shrinks-with-the-rate": {
        "graph": "gap",
        "rules": ["natural", "gradient"],
        "rate": 0.02,
        "steps": 200,
        "k": 40,
    },
    "beetles-by-newton": {
        "problem": "logistic-regression",
        "chart": "bend",
        "rate": 1.0,
        "steps": 8,
        "rules": ["natural"],
        "k": 1,
    },
    "kakade-s-two-states": {
        "problem": "two-state-mdp",
        "chart": "bend",
        "k": 10,
        "rules": ["natural"],
    },
    "f-has-no-inverse": {
        "problem": "two-layer-linear",
        "chart": "bend",
        "damping": 0.02,
        "rules": ["natural"],
    },
}
"""What each preset sets, by its id in text.md."""
