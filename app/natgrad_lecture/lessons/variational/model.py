"""Variational inference: a normal q fitted to a posterior by three methods.

The posterior is that of a problem's parameters z under a flat prior: −log p(z) = n J(z) up to a
constant. q = N(μ, LLᵀ) has five parameters, and its loss is KL(q ‖ p) up to a constant.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np

from natgrad_core import Rule, Trajectory, problems, rules, run
from natgrad_core.core.many_points import losses
from natgrad_core.problems.rosenbrock import Rosenbrock
from natgrad_core.problems.variational_normal import VariationalNormal
from natgrad_core.tracing.trace_cache import Traces
from natgrad_core.types import Array
from natgrad_lecture.bounded_cache import bounded_cache, recent_cache
from natgrad_lecture.drawing.windows import window
from natgrad_lecture.engine_cache import RunsModel, traces
from natgrad_lecture.lessons.variational.state import Inference
from natgrad_lecture.paired_runs import PairedRuns, measured
from natgrad_lecture.state.items import ChartKey, ProblemKey, chart_named, problem_named

SHARE = 0.1
"""The part of the learning rate that gradient descent takes: at the whole rate it diverges."""

SPREAD = 0.08
"""Standard deviation of q at its start, as a share of the window."""

_FINE, _WIDE = 200, 0.75
"""Points along each side of the grid on which p is summed, and how far it goes beyond the view."""


@bounded_cache
def posterior_of(problem: ProblemKey) -> VariationalNormal:
    """The loss KL(q ‖ p) + constant, p being the posterior of a problem's parameters."""
    kind: Any = problems["variational-normal"]
    found: VariationalNormal = kind(problem_named(problem))
    return found


def _traces(problem: ProblemKey, chart: ChartKey | None) -> Traces:
    """The steps traced of such a posterior, whatever its numbers are."""
    return traces(posterior_of(problem).form, chart and chart_named(chart).form)


@recent_cache
def _method(name: str, rate: float) -> Rule:
    """A method at this learning rate."""
    return rules[name](SHARE * rate if name == "gradient" else rate)


@recent_cache
def pair_of(
    problem: ProblemKey,
    chart: ChartKey,
    name: str,
    rate: float,
    start: tuple[float, ...],
    steps: int,
) -> PairedRuns:
    """A method's run on the parameters of q, in (μ, L) and in other coordinates."""
    base, through = posterior_of(problem), chart_named(chart)
    size = SPREAD * float(np.ptp(window(problem_named(problem))[0]))
    begin = (*start, size, 0.0, size)
    rule = _method(name, rate)
    kept = _traces(problem, chart)
    in_x = run(base.through(through), rule, through.inverse(begin), steps, kept)
    in_theta = run(base, rule, begin, steps, _traces(problem, None))
    return PairedRuns(name, in_theta, in_x, through)


@bounded_cache
def best(problem: ProblemKey) -> Array:
    """The parameters of the best q, ``[5]``: near by Levenberg and Marquardt, then by Newton."""
    of, kept = posterior_of(problem), _traces(problem, None)
    near = run(of, rules["levenberg-marquardt"](), of.start, 80, kept).good[-1]
    return run(of, rules["newton"](1.0), near, 8, kept).good[-1]


@bounded_cache
def _least(problem: ProblemKey) -> float:
    """The least KL(q ‖ p) + constant of any q."""
    return float(losses(posterior_of(problem), best(problem)[None], _traces(problem, None))[0])


def ellipses(path: Trajectory) -> Array:
    """The ellipse of two standard deviations of q at each step, ``[steps + 1, 6]``."""
    mean, (a, b, c) = path.good[:, :2], path.good[:, 2:].T
    axes = 2 * np.stack([a, b, np.zeros_like(c), c], -1)
    return np.concatenate([mean, axes], -1)


def factors(theta: Array) -> Array:
    """L of each q of ``[..., 5]``: ``[..., 2, 2]``."""
    a, b, c = np.moveaxis(theta[..., 2:], -1, 0)
    return np.stack([np.stack([a, np.zeros_like(a)], -1), np.stack([b, c], -1)], -2)


def covariance(theta: Array) -> Array:
    """LLᵀ of each q of ``[..., 5]``: ``[..., 2, 2]``."""
    factor = factors(theta)
    return np.asarray(factor @ factor.swapaxes(-1, -2))


def mean_hessians(of: VariationalNormal, path: Array) -> Array:
    """E_q of −∇² log p for each q of a path ``[n, 5]``: ``[n, 2, 2]``, by a quadrature's nodes."""
    weight, *nodes = of._nodes.columns
    mean, factor = path[:, :2], factors(path)
    z = [mean[:, i, None] + np.einsum("nj,jk->nk", factor[:, i], nodes) for i in range(2)]
    at_nodes = of.target._hessian(*z)
    entries = [[np.broadcast_to(entry, z[0].shape) @ weight for entry in row] for row in at_nodes]
    return of.n * np.moveaxis(np.array(entries), -1, 0)


@bounded_cache
def variances(problem: ProblemKey) -> Array:
    """The variances of the posterior itself, ``[2]``.

    Of the banana in closed form: z₁ is normal with mean 1 and variance 1/2n, and given z₁ so is z₂,
    with mean z₁² and variance 1/2nβ. Its ends are so long that a grid would cut them off. Of other
    posteriors by a sum over a grid.
    """
    of, n = problem_named(problem), posterior_of(problem).n
    if isinstance(of, Rosenbrock):
        wide, narrow = 1 / (2 * n), 1 / (n * of.scale**2)
        return np.array([wide, narrow + 4 * wide + 2 * wide**2])
    view = window(of)
    sides = view + np.outer(_WIDE * np.ptp(view, axis=1), [-1, 1])
    axes = [np.linspace(low, high, _FINE) for low, high in sides]
    with np.errstate(all="ignore"):
        energy = n * of._loss(axes[0][:, None], axes[1])
    weight = np.exp(energy.min() - energy)
    shares = [weight.sum(1 - i) / weight.sum() for i in range(2)]
    return np.array([p @ z**2 - (p @ z) ** 2 for p, z in zip(shares, axes, strict=True)])


class Model(RunsModel):
    """What the engine says about q: each method's run, in (μ, L) and in other coordinates."""

    state: Inference

    def pairs(self, names: Iterable[str]) -> dict[str, PairedRuns]:
        """These methods' runs in both coordinates, with the measures of all at once."""
        kept = _traces(self.state.problem_key, None)
        found = {name: self.pair(name) for name in names}
        return measured(found, lambda of, points: losses(of, points, kept))

    def pair(self, name: str) -> PairedRuns:
        """A method's run on the parameters of q, in both coordinates."""
        s = self.state
        start = tuple(map(float, s.point))
        return pair_of(s.problem_key, s.chart_of_q, name, s.rate, start, s.steps)

    @cached_property
    def of(self) -> VariationalNormal:
        """KL(q ‖ p) + constant."""
        return posterior_of(self.state.problem_key)

    @cached_property
    def best(self) -> Array:
        """The parameters of the best q, ``[5]``."""
        return best(self.state.problem_key)

    @cached_property
    def least(self) -> float:
        """The least KL(q ‖ p) + constant of any q."""
        return _least(self.state.problem_key)

    @cached_property
    def variances(self) -> Array:
        """The variances of p, ``[2]``."""
        return variances(self.state.problem_key)
