"""What the engine says about the natural gradient: powers of F, damping, its limits."""

from __future__ import annotations

from functools import cached_property
from typing import Any, cast

import numpy as np

from natgrad_core import Rule, chain, charts, gap, metrics, rules, run
from natgrad_core.core.charted import Charted
from natgrad_core.core.evaluation import At
from natgrad_core.core.rule import descend, precondition
from natgrad_core.geometry.gradient_flow import extrapolated
from natgrad_core.linalg.operators import Operator
from natgrad_core.linalg.small_matrices import components, full
from natgrad_core.metrics import Metric
from natgrad_core.problems.normal import Normal
from natgrad_core.rules.kl_limited import limit
from natgrad_core.tracing.replay import SHORT
from natgrad_core.tracing.trace_cache import Traces
from natgrad_core.types import Array, Whole
from natgrad_lecture.bounded_cache import bounded_cache, recent_cache
from natgrad_lecture.drawing.vector_field import directions
from natgrad_lecture.drawing.windows import window
from natgrad_lecture.engine_cache import RuleCall, RunsModel, traces, traces_of
from natgrad_lecture.lessons.natural_gradient.state import BENDS, LONGEST, ONE, RATES, Natural
from natgrad_lecture.state.items import ChartKey, chart_named, problem_named

DRAWN, CLOSE = 80, 0.02
"""Steps of the limit curve that are drawn, and the share of its size by which halving its steps may
move it: the extrapolation then leaves far less.
"""


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


ROUNDING = 1e-12
"""An eigenvalue of F below this part of the largest one is zero up to rounding."""


@bounded_cache
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
        in_theta = run(base, rule, start, steps, traces_of(problem, None)).theta
        curved = run(in_x, rule, x, steps, traces_of(problem, chart)).in_theta
        found.append(np.linalg.norm(in_theta - curved, axis=-1)[[1, -1]])
    one, whole = np.transpose(found)
    return one, whole


SIDE = 25
"""Cells along each side of the map of gaps."""


@bounded_cache
def _bent(problem: str, strongest: tuple[float, float]) -> tuple[Charted, Traces]:
    """The problem in all bends of the map at once, and its traced steps."""
    strength, center = strongest
    bends = charts["bend"](np.geomspace(BENDS.low, BENDS.high, SIDE) * strength, center)
    return problem_named(problem).through(bends), traces(problem, bends.form)


@bounded_cache
def _gap_map(
    problem: str,
    strongest: tuple[float, float],
    name: str,
    options: tuple[Any, ...],
    start: tuple[float, ...],
    time: float,
) -> Array:
    """The gap of a run of time 1, ``[bends, rates]``; NaN where a run broke off."""
    base, (in_x, kept) = problem_named(problem), _bent(problem, strongest)
    x = in_x.chart.inverse(np.broadcast_to(start, (SIDE, 2)))
    found = np.full((SIDE, SIDE), np.nan)
    for i, rate in enumerate(np.geomspace(RATES.low, RATES.high, SIDE).tolist()):
        rule, steps = _rule(name, rate * time, *options), round(1 / rate)
        long = max(steps, SHORT)  # a shorter run takes longer, because it is not compiled
        in_theta = run(base, rule, start, long, traces_of(problem, None))
        bent = run(in_x, rule, x, long, kept)
        good = in_theta.ok[steps] & bent.ok[steps]
        with np.errstate(all="ignore"):
            back = bent.in_theta[: steps + 1]
            path = np.broadcast_to(in_theta.theta[: steps + 1, None], back.shape)
            found[:, i] = np.where(good, gap(path, back), np.nan)
    found.flags.writeable = False
    return found


def _direction(problem: str, q: float, damping: float, points: Array) -> Array:
    base = problem_named(problem)
    at = base.at(components(np.where(base.inside(points)[:, None], points, np.nan)))
    with np.errstate(all="ignore"):
        raised, _ = precondition(metric_of(q), damping).update(at.grad, at, ())
        found = -full(raised, points.shape[:-1])
        if q and not damping:  # where F has an inverse by rounding alone, so has F^q
            spectrum = np.linalg.eigvalsh(full(at.fisher, points.shape[:-1]))
            found[spectrum[..., 0] <= ROUNDING * spectrum[..., -1]] = np.nan
        return found


@recent_cache
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
        kept = traces_of(s.problem, None)
        curve, error = extrapolated(self.problem, of_rate, self.start, time, 8 * DRAWN, kept)
        return curve[::8] if error < CLOSE else None

    def gaps(self, name: str, rates: Array) -> tuple[Array, Array]:
        """Between the ends in θ and in x: of one step, and of a run of time 1, at each rate.

        The time of gradient descent is scaled so that its first step is as long as the natural one.
        """
        s = self.state
        options = (s.q, s.damping, s.kind, s.radius)
        start = tuple(map(float, s.point))
        return _gaps(s.problem, s.chart_key, name, options, start, self.time(name), tuple(rates))

    def gap_map(self, name: str) -> Array:
        """The gap between the runs of time 1 in θ and in x, ``[bends, rates]``, as the meter
        measures it, at the rates and bends of the map's axes; NaN where a run broke off.
        """
        s = self.state
        options = (s.q, s.damping, s.kind, s.radius)
        start = tuple(map(float, s.point))
        return _gap_map(s.problem, s.strongest, name, options, start, self.time(name))

    def time(self, name: str) -> float:
        """How long a run of time 1 takes by this rule's own clock.

        Gradient descent's is set beside the natural gradient, whatever the power q is; there is
        nothing to set it beside where F has no inverse at the start, or ∇J = 0.
        """
        if name == "natural":
            return 1.0
        start = np.asarray(self.start)[None]
        steep = np.linalg.norm(self.problem.grad(start[0]))
        natural = _direction(self.state.problem, 1.0, self.state.damping, start)
        time = float(np.linalg.norm(natural) / steep) if steep > 0 else 1.0
        return time if np.isfinite(time) else 1.0

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
