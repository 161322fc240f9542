"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from natgrad_core import metrics, rules, run
from natgrad_core.analysis.basins import ending
from natgrad_core.core.problem import NoProbabilityModel
from natgrad_core.core.run import ends
from natgrad_core.linalg.small_matrices import pack
from natgrad_core.types import Whole
from natgrad_lecture.drawing.paired_runs import COINCIDE, DIFFER
from natgrad_lecture.lessons.base import Changes, Claim, Question
from natgrad_lecture.lessons.playground.model import Model
from natgrad_lecture.lessons.playground.state import (
    BEYOND,
    BY_METRIC,
    CAVENDISH,
    MIXED,
    PRESETS,
    SHEARED,
    STRAIGHT,
    VALLEY,
    WELLS,
    Play,
    rule_of,
)
from natgrad_lecture.lessons.scope import Scope, between, box, log_between, one_of
from natgrad_lecture.state.items import problem_named, why_not

Check = Callable[[Model], bool]

SMALL = 0.2
"""A learning rate with which a run follows its well."""

SINGULAR = 3.0**-0.5
"""θ₁ where H of the double well is singular."""

FEW = 17
"""Starts along each side of the map that is run in each state of a scope."""


def _coincide(rule: str) -> Check:
    return lambda model: bool(model.gap(rule) < COINCIDE)


def _differ(rule: str) -> Check:
    return lambda model: bool(model.gap(rule) > DIFFER)


def _lands_at_once(in_x: bool) -> Check:
    """The first natural step, made in the expectation parameters or in θ, is at the minimum."""

    def check(model: Model) -> bool:
        pair = model.paired_runs["natural"]
        point = (pair.in_x if in_x else pair.in_theta).in_theta[1]
        return bool(np.linalg.norm(model.problem.grad(point)) < 1e-8)

    return check


def _straightened(in_x: bool) -> Check:
    """In x the Hessian is the same everywhere, and one step made there (or in θ) is enough."""

    def check(model: Model) -> bool:
        through = model.problem.through(model.chart)
        hessian = through.hessian(through.examples(np.random.default_rng(0), 20))
        pair = model.paired_runs["newton"]
        path = pair.in_x if in_x else pair.in_theta
        return bool(np.allclose(hessian, hessian[0], rtol=1e-8) and path.loss[1] < 1e-16)

    return check


def _newton_steps(model: Model) -> int:
    """0: one step in x, 1: as many as in θ, 2: more."""
    pair = model.paired_runs["newton"]
    there = [np.append(path.loss < 1e-12, True) for path in (pair.in_theta, pair.in_x)]
    in_theta, in_x = (int(np.argmax(reached)) for reached in there)
    return 0 if in_x == 1 < in_theta else 1 if in_x == in_theta else 2


def _power_is(ends: dict[str, str]) -> Check:
    """F^q at these q is these rules."""

    def check(model: Model) -> bool:
        for q, name in ends.items():
            at = Model(model.state.with_(option_values=[f"metric.fisher-power.q:{q}"]))
            of = rules[name](model.state.rate)
            expected = run(model.problem, of, model.start, model.state.steps).theta
            found = at.paired_runs[BY_METRIC].in_theta.theta
            # A run that diverges amplifies rounding, so its first steps are compared.
            if not np.allclose(found[:4], expected[:4], rtol=1e-7, equal_nan=True):
                return False
        return True

    return check


def _error(model: Model, n: int) -> float:
    """The typical error of F from n samples, over seeds, at the start."""
    at, true = model.problem.at(tuple(model.start)), model.problem.fisher(model.start)
    found = [pack(metrics["monte-carlo-fisher"](n, seed)(at).dense()) - true for seed in range(60)]
    return float(np.sqrt(np.mean(np.square(found))))


def _falls_as(power: float) -> Check:
    """From 16 to 256 samples the error falls as n to this power, within a third."""

    def check(model: Model) -> bool:
        found = np.log(_error(model, 16) / _error(model, 256)) / np.log(16)
        return bool(abs(found - power) < 0.15)

    return check


def _same_as_built_in(asked: dict[str, str]) -> Check:
    """What is asked of the typed problem is what is asked of the built-in one, at the start."""

    def check(model: Model) -> bool:
        built = problem_named("normal")
        return all(
            np.allclose(
                getattr(model.problem, one)(model.start),
                getattr(built, other)(model.start),
                rtol=1e-9,
            )
            for one, other in asked.items()
        )

    return check


def _no_fisher(model: Model) -> bool:
    """A bare loss has no F, and neither fisher, nor a rule that needs it, runs."""
    try:
        model.problem.fisher(model.start)
    except NoProbabilityModel:
        return bool(why_not(model.problem_key, "natural")) and model.metric is None
    return False


def _one_coincides(name: str, other: str) -> Check:
    return lambda model: _coincide(name)(model) and _differ(other)(model)


def _several_ends(model: Model) -> bool:
    """The runs of one rule, from all starts, end in two places or more."""
    path = model.crowd["gradient"]
    ends = path.theta[-1][path.ok[-1]]
    return bool(np.ptp(ends, axis=0).max() > 0.5)


def _ends(model: Model, name: str) -> Iterator[Whole]:
    """At which minimum the runs of a rule from a coarse grid of starts end, −1 at none; again and
    again, as more of them have run.
    """
    rule = rule_of(model.state.rule_key(name, "identity"))
    parts = ending(model.problem, rule, FEW, model.state.steps, model.minima, timed=False)
    return (found.which for found in parts)


def _which(model: Model, name: str) -> Whole:
    """The same of all of them."""
    *_, found = _ends(model, name)
    return found


def _share_apart(model: Model, one: str, other: str) -> float:
    """Of the starts from which both rules end at a minimum, those with two different ones."""
    first, second = _which(model, one), _which(model, other)
    both = (first >= 0) & (second >= 0)
    return float((first != second)[both].mean())


def _end_apart(one: str, other: str) -> Check:
    """From some starts, one in a hundred at least; once these are found, no more starts run."""

    def check(model: Model) -> bool:
        for first, second in zip(_ends(model, one), _ends(model, other), strict=True):
            apart = (first >= 0) & (second >= 0) & (first != second)
            if apart.sum() > 0.01 * FEW**2:
                return True
        return False

    return check


def _same_end(model: Model) -> int:
    """The share of starts that end at different minima. 0: none, 1: less than half, 2: the rest."""
    share = _share_apart(model, "gradient", "natural")
    return 0 if share == 0 else 1 if share < 0.5 else 2


def _saddle_from(wide: float) -> Check:
    """Newton's method ends at the saddle from |θ₁| < ``wide``, and from no other start."""

    def check(model: Model) -> bool:
        close = (1 - 1e-4) * SINGULAR
        first = np.array([*np.linspace(-1.7, 1.7, 36), -close, close])
        starts = np.stack([first, np.full_like(first, model.start[1])], -1)
        newton = rule_of(model.state.rule_key("newton", "identity"))
        end, _ = ends(model.problem, newton, starts, 2000)
        at_saddle = np.linalg.norm(end, axis=-1) < 1e-3
        return bool((at_saddle == (np.abs(first) < wide)).all())

    return check


def _stays(rule: str) -> Check:
    """A rule ends in the well in which it starts; gradient descent at α = 0.9 not always."""

    def check(model: Model) -> bool:
        side = np.sign(np.linspace(-1, 1, FEW))
        crossed = []
        small = model.state.with_(rate=min(model.state.rate, SMALL))
        for state, name in ((small, rule), (small.with_(rate=0.9), "gradient")):
            which = _which(Model(state), name)
            well = np.sign(model.minima[:, 0])[which]
            crossed.append(((well != side) & (which >= 0) & (side != 0)).any())
        return crossed == [False, True]

    return check


def _hardly(rule: str) -> Check:
    """A rule's two runs differ by a tenth of gradient descent's gap at most."""
    return lambda model: bool(model.gap(rule) < 0.1 * model.gap("gradient"))


def _fits(model: Model) -> bool:
    """The natural gradient's run ends at the maximum of the typed likelihood."""
    path = model.paired_runs["natural"].in_theta
    return bool(path.ok.all() and path.grad_norm[-1] < 1e-3 * path.grad_norm[0])


def _shears(low: float = 0.3, high: float = 1.5) -> Any:
    """Options of a chart that shears one way or the other."""

    def draw(rng: np.random.Generator, _: Changes) -> list[str]:
        shear = float(rng.choice([-1, 1]) * rng.uniform(low, high))
        return [f"chart.linear.shear:{shear:.4g}"]

    return draw


def _bends(low: float, high: float) -> Any:
    """Options of a chart that bends the plane."""
    return lambda rng, _: [f"chart.bend.strength:{float(rng.uniform(low, high)):.4g}"]


shears_of = _shears()
bends_of = _bends(0.2, 0.8)


def _near(size: float) -> Any:
    """A start within ``size`` of that of the plane's problem, each coordinate."""

    def draw(rng: Any, drawn: Changes) -> tuple[float, ...]:
        center = Play(problem=drawn.get("problem", "normal")).point
        return tuple(float(v) for v in np.asarray(center) + rng.uniform(-size, size, 2))

    return draw


MODELS = one_of(
    *BEYOND,
    "beta",
    "categorical",
    "gamma",
    "linear-regression",
    "logistic-regression",
    "mixture",
    "normal",
    "poisson-regression",
    "quadratic",
    "rosenbrock",
    "two-bernoullis",
    "two-state-mdp",
    "von-mises",
    "weibull",
)
"""Every problem of the list with an invertible F along the plane."""
NEAR = {
    "start": box((5.2, 0.2), (5.7, 0.45)),
    "rate": log_between(0.005, 0.05),
    "steps": one_of(40),
}
"""Starts of the normal distribution from which the runs stay in its domain."""
ALL_MODELS = {
    "problem": MODELS,
    "start": _near(0.02),
    "option_values": _shears(),
    "rate": log_between(0.005, 0.05),
    "steps": one_of(30),
}
VALLEYS = {
    "start": box((-1.3, 1.75), (-1.1, 1.95)),
    "option_values": _shears(),
    "rate": log_between(0.003, 0.02),
    "steps": one_of(40),
}
"""Starts of the valley that was typed. The Hessian is indefinite there, and has an inverse."""

CLAIMS = {
    "every-problem": Claim(
        {**SHEARED, "rules": ["natural", "gradient"]},
        _coincide("natural"),
        Scope(ALL_MODELS),
        false={"gradient descent's, too": _coincide("gradient")},
        beyond=Scope({**ALL_MODELS, "damping": log_between(0.5, 5.0)}),
        shows=("natural",),
    ),
    "lands": Claim(
        {"chart": "expectation", "rules": ["natural"], "rate": 1.0, "steps": 5, "k": 1},
        _lands_at_once(in_x=True),
        Scope({"start": NEAR["start"]}),
        false={"in (μ, σ), too": _lands_at_once(in_x=False)},
        beyond=Scope({"start": NEAR["start"], "chart": one_of("log-scale")}),
        shows=("natural",),
    ),
    "straight": Claim(
        STRAIGHT,
        _straightened(in_x=True),
        Scope({"start": box((-1.5, -0.8), (1.5, 2.2))}),
        false={"in θ, too": _straightened(in_x=False)},
        beyond=Scope({"option_values": _bends(0.3, 0.8)}),
        shows=("newton",),
    ),
    "power": Claim(
        {"metric": "fisher-power", "rules": [BY_METRIC], "steps": 60, "rate": 0.02},
        _power_is({"0": "gradient", "1": "natural"}),
        Scope({**NEAR, "rate": log_between(0.001, 0.01)}),
        false={"the other way round": _power_is({"1": "gradient", "0": "natural"})},
        shows=(BY_METRIC,),
    ),
    "diagonal": Claim(
        {**SHEARED, "metric": "diagonal-fisher", "rules": [BY_METRIC]},
        _differ(BY_METRIC),
        Scope({**NEAR, "option_values": _shears()}),
        beyond=Scope({**NEAR, "option_values": _shears(0.0, 1e-9)}),
        shows=(BY_METRIC,),
    ),
    "empirical": Claim(
        {**SHEARED, "metric": "empirical-fisher", "rules": [BY_METRIC, "natural"]},
        _coincide(BY_METRIC),
        Scope({**NEAR, "option_values": _shears()}),
        false={"they differ": _differ(BY_METRIC)},
        beyond=Scope({**NEAR, "option_values": _shears(), "damping": log_between(1.0, 10.0)}),
        shows=(BY_METRIC,),
    ),
    "samples": Claim(
        {
            "metric": "monte-carlo-fisher",
            "rules": [BY_METRIC, "natural"],
            "option_values": ["metric.monte-carlo-fisher.n:16"],
            "steps": 30,
        },
        _falls_as(0.5),
        Scope({"start": NEAR["start"]}),
        false={"to 1/n": _falls_as(1.0), "to n^(−¼)": _falls_as(0.25)},
        shows=("steepest", "natural"),
    ),
    "cavendish": Claim(
        {**CAVENDISH, "rules": ["gradient", "newton", "natural"], "rate": 0.02},
        _same_as_built_in({one: one for one in ("loss", "grad", "hessian", "fisher")}),
        Scope({"start": box((5.2, 0.2), (5.6, 0.5))}),
        false={"its Hessian is F": _same_as_built_in({"hessian": "fisher"})},
        shows=("gradient", "newton", "natural"),
    ),
    "valley": Claim(
        {**VALLEY, **SHEARED, "rules": ["newton", "gradient"], "rate": 0.01},
        _one_coincides("newton", "gradient"),
        Scope(VALLEYS),
        false={"the other way round": _one_coincides("gradient", "newton")},
        beyond=Scope({**VALLEYS, "damping": log_between(1.0, 10.0)}),
        shows=("newton", "gradient"),
    ),
    "apart": Claim(
        MIXED,
        _end_apart("gradient", "natural"),
        Scope({"rate": between(0.15, 0.5), "steps": one_of(120)}),
        false={"two runs of gradient descent": _end_apart("gradient", "gradient")},
        shows=("minimum-1",),
    ),
    "saddle": Claim(
        {**WELLS, "rules": ["newton", "gradient"], "rate": 0.1},
        _saddle_from((1 - 1e-3) * SINGULAR),
        Scope({"rate": log_between(0.01, 0.05), "start": box((-1.0, -1.2), (1.0, 1.2))}),
        false={
            "from every start": _saddle_from(2.0),
            "without an exception at the edge": _saddle_from(SINGULAR),
            "from |θ₁| < ½": _saddle_from(0.5),
        },
        shows=("minimum-1",),
    ),
    "crosses": Claim(
        {**WELLS, "rate": 0.9},
        _stays("gradient"),
        Scope({"rate": log_between(0.02, SMALL), "steps": one_of(400)}),
        false={"momentum, too": _stays("momentum")},
        shows=("minimum-1",),
    ),
    "bare": Claim(
        {"problem": "double-well", "chart": "bend", "rules": ["newton", "gradient"]},
        _no_fisher,
        Scope({"start": box((-1.5, -1.2), (1.5, 1.2)), "rate": log_between(0.005, 0.05)}),
        beyond=Scope({"problem": MODELS}),
        shows=("newton", "gradient"),
    ),
}


LINES: dict[str, tuple[str, ...] | Claim] = {
    "takeaway": ("every-problem", "diagonal", "valley"),
    "question.bend": ("straight",),
    "question.same-end": ("apart",),
    "preset.three-rules-in-log-σ": Claim(
        {},
        lambda model: _differ("newton")(model) and _hardly("natural")(model),
        Scope({"start": box((5.15, 0.24), (5.25, 0.28)), "rate": log_between(0.01, 0.02)}),
        false={"nor do Newton's": _hardly("newton")},
    ),
    "preset.a-valley-straightened": ("straight",),
    "preset.many-starts": Claim(
        PRESETS["many-starts"],
        _several_ends,
        Scope({"rate": between(0.05, 0.15)}),
        beyond=Scope(
            {
                "problem": one_of("logistic-regression"),
                "steps": one_of(400),
                "rate": between(0.4, 0.5),
            }
        ),
    ),
    "preset.where-runs-end": ("apart",),
    "preset.a-noisy-fisher-matrix": ("samples",),
    "preset.your-own-density": ("cavendish",),
    "preset.your-own-loss": ("valley",),
    "preset.your-own-data": Claim(
        {**PRESETS["your-own-data"]},
        _fits,
        Scope({"start": box((-1.0, 0.2), (1.0, 1.5))}),
        beyond=Scope({"steps": one_of(1), "rate": one_of(0.01)}),
    ),
}
"""What checks the lines that are not claims."""


QUESTIONS = {
    "bend": Question(STRAIGHT, _newton_steps),
    "same-end": Question(MIXED, _same_end),
}
