"""What the engine says of a state; nothing is drawn here."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, cast

import numpy as np

from natgrad_core import Rule, chain, metrics, rules, run
from natgrad_core.core.charted import ChartedAt
from natgrad_core.core.many_points import evaluated
from natgrad_core.core.rule import descend, precondition
from natgrad_core.linalg.operators import Dense
from natgrad_core.linalg.small_matrices import components, full, mv
from natgrad_core.types import Array, Vector
from natgrad_lecture.bounded_cache import bounded_cache, recent_cache
from natgrad_lecture.engine_cache import RuleCall, RunsModel, charted, traces_of
from natgrad_lecture.lessons.newton.state import HESSIANS, NewtonState
from natgrad_lecture.paired_runs import PairedRuns
from natgrad_lecture.state.items import ChartKey, ProblemKey, problem_named


def _rule(name: str, hessian: str, rate: Any) -> Rule:
    if name in rules and hessian == "true":
        return rules[name](rate)
    metric = metrics[HESSIANS[hessian] if name == "newton" else name]()
    return chain(precondition(metric), descend(rate), name=name)


_kept_rule = recent_cache(_rule)


class Model(RunsModel):
    """What the engine says about Newton's method, in θ and in x."""

    state: NewtonState

    @cached_property
    def modeled(self) -> bool:
        """Whether the problem has a probability model, and so a Fisher matrix."""
        return self.problem.support is not None

    @cached_property
    def paired_runs(self) -> dict[str, PairedRuns]:
        """Every chosen rule that the problem has, run in both coordinates."""
        names = [name for name in self.state.rules if self.modeled or name != "natural"]
        return self.pairs(names)

    def rule_call(self, name: str, in_theta: bool) -> RuleCall:
        """A rule; Newton's own Hessian in x is the one that the reader chose."""
        hessian = "true" if in_theta or name != "newton" else self.state.hessian
        return _kept_rule, (name, hessian, self.state.rate)

    @cached_property
    def guide(self) -> PairedRuns:
        """The run along which Newton's step is taken apart."""
        return self.paired_runs.get("newton") or next(
            iter(self.paired_runs.values()), self.pair("newton")
        )

    @cached_property
    def there(self) -> ChartedAt:
        """The problem in x, along the guide's run in θ."""
        x = self.chart.inverse(self.guide.in_theta.good)
        key, chart = self.state.problem_key, self.state.chart_key
        kept = traces_of(key, chart)
        return cast("ChartedAt", evaluated(charted(key, chart), x, ("grad", "hessian"), kept))

    @cached_property
    def parts(self) -> dict[str, Array]:
        """Along the guide's run in θ, [steps + 1, ...]: the Hessian in x by parts, and whole."""
        there = self.there
        count = self.state.steps + 1
        carried = full(metrics["transported-hessian"]()(there).dense(), (count,))
        true = full(there.hessian, (count,))
        used = true if self.state.hessian == "true" else carried
        return {"JHJ": carried, "term": true - carried, "Hx": used, "H": self.hessian_in_theta}

    @cached_property
    def hessian_in_theta(self) -> Array:
        """H along the guide's run in θ."""
        return full(self.guide.in_theta.at.hessian, (self.state.steps + 1,))

    def direction(self, name: str) -> Array:
        """Along the guide's run in θ, as vectors of θ: a rule's step of rate 1.

        ``newton-x`` is Newton's step in x, carried to θ by J.
        """
        if name not in self._directions:
            with np.errstate(all="ignore"):
                self._directions[name] = -full(self._uphill(name), (self.state.steps + 1,))
        return self._directions[name]

    @cached_property
    def _directions(self) -> dict[str, Array]:
        """Those that were asked for."""
        return {}

    def _uphill(self, name: str) -> Vector:
        """The step against the direction, by components."""
        here = self.guide.in_theta.at
        if name == "newton-x":
            metric = metrics[HESSIANS[self.state.hessian]]()(self.there)
            return mv(self.there.jacobian, metric.solve(self.there.grad))
        if name == "gradient":
            return here.grad
        if name == "natural":
            return Dense(here.fisher).solve(here.grad)
        return metrics["hessian" if name == "newton" else name]()(here).solve(here.grad)

    def into_x(self, vectors: Array) -> Array:
        """Vectors of θ along the guide's run, written in x: J⁻¹v."""
        with np.errstate(all="ignore"):  # a run that diverged has steps beyond all numbers
            return full(Dense(self.there.jacobian).solve(components(vectors)), vectors.shape[:-1])

    def slope(self, name: str) -> Array:
        """∇J·δ of these steps, [steps + 1]: above zero the step climbs."""
        return np.einsum("ni,ni->n", self.gradient, self.direction(name))

    @cached_property
    def gradient(self) -> Array:
        """∇J along the guide's run in θ."""
        return full(self.guide.in_theta.at.grad, (self.state.steps + 1,))

    def least(self, in_x: bool) -> Callable[[Array], Array]:
        """The least eigenvalue of Newton's Hessian, in θ or in x, of points."""
        chart = self.state.chart_key if in_x else None
        return _least(self.state.problem_key, chart, HESSIANS[self.state.hessian])

    def gaps_of_a_step(self, rate: float) -> Array:
        """How far one step of the guide's rule differs between the coordinates, ``[steps + 1]``.

        At each point of the guide's run in θ; NaN where the difference is rounding.
        """
        path = self.guide.in_theta.good
        if self.guide.name not in ("newton", "natural"):
            return np.full(len(path), np.nan)
        there = "newton-x" if self.guide.name == "newton" else "natural"
        in_theta, in_x = (rate * self.direction(name) for name in (self.guide.name, there))
        with np.errstate(all="ignore"):
            end = self.chart.forward(self.chart.inverse(path) + self.into_x(in_x))
            gap = np.linalg.norm(path + in_theta - end, axis=-1)
            least = 1e-12 * np.linalg.norm(path, axis=-1)
        return np.where(gap > least, gap, np.nan)

    def first_gaps(self, name: str, rates: tuple[float, ...], hessian: str = "true") -> Array:
        """How far one step from the start differs between the coordinates, at these rates."""
        rate, start = np.array(rates), np.asarray(self.start)
        in_theta = run(self.problem, _rule(name, "true", rate), np.tile(start, (len(rate), 1)), 1)
        x = np.tile(self.chart.inverse(start), (len(rate), 1))
        in_x = run(self.problem.through(self.chart), _rule(name, hessian, rate), x, 1)
        return np.linalg.norm(in_theta.in_theta[-1] - in_x.in_theta[-1], axis=-1)


@bounded_cache
def _least(key: ProblemKey, chart: ChartKey | None, hessian: str) -> Callable[[Array], Array]:
    """One function for one Hessian in one chart, so that what it hatches can be kept."""
    problem = problem_named(key) if chart is None else charted(key, chart)
    metric, kept = metrics[hessian](), traces_of(key, chart)

    def least(points: Array) -> Array:
        with np.errstate(all="ignore"):
            at = evaluated(problem, points, ("hessian",), kept)
            h = full(metric(at).dense(), points.shape[:-1])
            half, apart = (h[..., 0, 0] + h[..., 1, 1]) / 2, (h[..., 0, 0] - h[..., 1, 1]) / 2
            value = half - np.hypot(apart, h[..., 0, 1])
        return np.where(problem.inside(points), value, np.nan)

    return least
