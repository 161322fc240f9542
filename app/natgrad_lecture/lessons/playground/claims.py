"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

import numpy as np

from natgrad_core import charts, gap, metrics, problems, rules, run
from natgrad_core.core.problem import NoProbabilityModel
from natgrad_core.linalg.small_matrices import pack
from natgrad_lecture.drawing.paired_runs import COINCIDE, DIFFER
from natgrad_lecture.lessons.base import Claim, Question
from natgrad_lecture.lessons.playground.model import Model
from natgrad_lecture.lessons.playground.state import (
    BY_METRIC,
    CAVENDISH,
    PROBLEMS,
    STRAIGHT,
    VALLEY,
)
from natgrad_lecture.state.items import OWN, problem_named, why_not

SHEARED = {"chart": "linear", "option_values": ["chart.linear.shear:0.8"]}


def _every_problem(model: Model) -> bool:
    """On every problem of the plane with an invertible F, the shear leaves the natural path."""
    chart = model.chart
    apart = []
    for name in PROBLEMS:
        if name == OWN or problems[name].support is None:
            continue
        of = problem_named(name)
        if not np.linalg.cond(of.fisher(of.start)) < 1e8:
            continue
        in_theta = run(of, rules["natural"](0.1), of.start, 30).theta
        in_x = run(of.through(chart), rules["natural"](0.1), chart.inverse(of.start), 30).in_theta
        apart.append(float(gap(in_theta, in_x)))
    return len(apart) > 8 and max(apart) < 1e-7


def _lands_at_once(model: Model) -> bool:
    """In expectation parameters the first natural step at rate 1 ends where the run does."""
    path = model.paired_runs["natural"].in_x.in_theta
    return bool(np.allclose(path[1], path[-1], rtol=1e-9) and not np.allclose(path[0], path[1]))


def _straightened(model: Model) -> bool:
    """In x the loss is quadratic: its Hessian is the same everywhere, and one step is enough."""
    through = model.problem.through(model.chart)
    x = through.examples(np.random.default_rng(0), 20)
    hessian = through.hessian(x)
    pair = model.paired_runs["newton"]
    return bool(
        np.allclose(hessian, hessian[0], rtol=1e-8)
        and pair.in_x.loss[1] < 1e-18
        and pair.in_theta.loss[1] > 1e-3
    )


def _newton_steps(model: Model) -> int:
    """0: one step in x, 1: as many as in θ, 2: more."""
    pair = model.paired_runs["newton"]
    there = [np.append(path.loss < 1e-12, True) for path in (pair.in_theta, pair.in_x)]
    in_theta, in_x = (int(np.argmax(reached)) for reached in there)
    return 0 if in_x == 1 < in_theta else 1 if in_x == in_theta else 2


def _power_slides(model: Model) -> bool:
    """F^q at q = 0 and 1 are gradient descent and the natural gradient."""
    ends = {"0": "gradient", "1": "natural"}
    for q, name in ends.items():
        at = Model(model.state.with_(option_values=[f"metric.fisher-power.q:{q}"]))
        of = rules[name](model.state.rate)
        expected = run(model.problem, of, model.start, model.state.steps).theta
        if not np.allclose(at.paired_runs[BY_METRIC].in_theta.theta, expected, rtol=1e-7):
            return False
    return True


def _error(model: Model, n: int) -> float:
    """The typical error of F from n samples, over seeds, at the start."""
    at, true = model.problem.at(tuple(model.start)), model.problem.fisher(model.start)
    found = [pack(metrics["monte-carlo-fisher"](n, seed)(at).dense()) - true for seed in range(150)]
    return float(np.sqrt(np.mean(np.square(found))))


def _root_n(model: Model) -> bool:
    """Sixteen times the samples, a quarter of the error."""
    return 3.2 < _error(model, 16) / _error(model, 256) < 5.0


def _metric_split(model: Model) -> bool:
    return model.gap(BY_METRIC) > DIFFER


def _metric_coincides(model: Model) -> bool:
    return model.gap(BY_METRIC) < COINCIDE


def _same_as_built_in(model: Model) -> bool:
    built = problem_named("normal")
    points = built.examples(np.random.default_rng(0), 10)
    same = [
        np.allclose(getattr(model.problem, ask)(points), getattr(built, ask)(points), rtol=1e-9)
        for ask in ("loss", "grad", "hessian", "fisher")
    ]
    return all(same) and model.gap("natural") > 0


def _no_fisher(model: Model) -> bool:
    """A bare loss has no F, and neither fisher, nor a rule that needs it, runs."""
    try:
        model.problem.fisher(model.start)
    except NoProbabilityModel:
        return bool(why_not(model.problem_key, "natural")) and model.metric is None
    return False


def _shear_changes_valley(model: Model) -> bool:
    chart = charts["linear"](shear=0.8)
    in_x = model.problem.through(chart)
    rate, x = model.state.rate, chart.inverse(model.start)
    ends = [
        float(
            gap(
                run(model.problem, rules[n](rate), model.start, 40).theta,
                run(in_x, rules[n](rate), x, 40).in_theta,
            )
        )
        for n in ("newton", "gradient")
    ]
    return ends[0] < 1e-7 and ends[1] > DIFFER


CLAIMS = {
    "every-problem": Claim({**SHEARED, "rules": ["natural", "gradient"]}, _every_problem),
    "lands": Claim(
        {"chart": "expectation", "rules": ["natural"], "rate": 1.0, "steps": 5, "k": 1},
        _lands_at_once,
    ),
    "straight": Claim(STRAIGHT, _straightened),
    "power": Claim(
        {"metric": "fisher-power", "rules": [BY_METRIC], "steps": 60, "rate": 0.02}, _power_slides
    ),
    "diagonal": Claim(
        {**SHEARED, "metric": "diagonal-fisher", "rules": [BY_METRIC]}, _metric_split
    ),
    "empirical": Claim(
        {**SHEARED, "metric": "empirical-fisher", "rules": [BY_METRIC, "natural"]},
        _metric_coincides,
    ),
    "samples": Claim(
        {
            "metric": "monte-carlo-fisher",
            "rules": [BY_METRIC, "natural"],
            "option_values": ["metric.monte-carlo-fisher.n:16"],
            "steps": 30,
        },
        _root_n,
    ),
    "cavendish": Claim(
        {**CAVENDISH, "rules": ["gradient", "newton", "natural"], "rate": 0.02}, _same_as_built_in
    ),
    "valley": Claim(
        {**VALLEY, **SHEARED, "rules": ["newton", "gradient"], "rate": 0.01}, _shear_changes_valley
    ),
    "bare": Claim(
        {"problem": "double-well", "chart": "bend", "rules": ["newton", "gradient"]}, _no_fisher
    ),
}


QUESTIONS = {
    "bend": Question(STRAIGHT, _newton_steps),
}
