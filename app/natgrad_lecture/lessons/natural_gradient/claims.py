"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from natgrad_core import Trajectory, gap, rules, run
from natgrad_core.geometry.ellipses import outline, reach
from natgrad_core.geometry.gradient_flow import flow
from natgrad_core.types import Array
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.drawing.paired_runs import COINCIDE
from natgrad_lecture.lessons.base import Changes, Claim, Question
from natgrad_lecture.lessons.natural_gradient.model import SIDE, Model
from natgrad_lecture.lessons.natural_gradient.state import (
    BENDS,
    FULL,
    MAP,
    NARROW,
    ONE,
    RATES,
    WIDE,
)
from natgrad_lecture.lessons.scope import Scope, between, box, log_between, of_problem, one_of
from natgrad_lecture.state.items import ChartKey, chart_named, problem_named

SMALL = (0.01, 0.005)
"""Two rates from which an order is read."""

ROUNDED = 1e-13
"""Gaps below this are rounding errors."""

APART = 1e-6
"""Above this two runs differ by more than rounding."""


def _solved(matrices: Array, vectors: Array) -> Array:
    return np.asarray(np.linalg.solve(matrices, vectors[..., None])[..., 0], np.float64)


def _ends_of_the_power(at_zero: float, at_one: float) -> Any:
    """The field at these two q is −∇J and −F⁻¹∇J; that at ½ is −F^(−½)∇J."""

    def check(model: Model) -> bool:
        points = model.problem.examples(np.random.default_rng(0), 20)
        gradient, fisher = model.problem.grad(points), model.problem.fisher(points)
        at = {q: Model(model.state.with_(q=q)).direction(points) for q in (0, 0.5, 1)}
        values, vectors = np.linalg.eigh(fisher)
        root = np.einsum("nij,nj,nkj,nk->ni", vectors, values**-0.5, vectors, gradient)
        return bool(
            np.allclose(at[at_zero], -gradient)
            and np.allclose(at[at_one], -_solved(fisher, gradient))
            and np.allclose(at[0.5], -root)
        )

    return check


def _steepest(step: Callable[[Array, Array], Array]) -> Any:
    """No step to the ellipse ½δᵀFδ = r goes lower than this one, to first order, on all the run."""

    def check(model: Model) -> bool:
        path = model.pair("natural").in_theta
        points = path.theta[path.ok]
        for theta in points[:: max(1, len(points) // 4)]:
            fisher, gradient = model.problem.fisher(theta), model.problem.grad(theta)
            if not gradient.any():
                continue  # at the minimum no step goes lower
            best = reach(step(fisher, gradient), fisher, 0.02) @ gradient
            others = outline(fisher, 0.02, 721) @ gradient
            if not best <= others.min() + 1e-9 * abs(best):
                return False
        return True

    return check


def _only_at_one(model: Model) -> bool:
    """The gap of the two runs in a linear chart: none at q = 1, and one at the state's q < 1."""
    below = model.pair("natural").gap
    at_one = Model(model.state.with_(q=1.0)).pair("natural").gap
    return bool(below > APART and at_one < COINCIDE)


def _no_gap(model: Model) -> bool:
    return bool(model.pair("natural").gap < COINCIDE)


@bounded_cache
def _flows(problem: str, chart: ChartKey, start: tuple[float, ...], time: float) -> tuple[Any, Any]:
    """The natural-gradient flow in θ, and in x, by an ODE solver."""
    base, through = problem_named(problem), chart_named(chart)
    in_x = flow(base.through(through), through.inverse(start), time)
    return flow(base, start, time), in_x


def _one_flow(order: float) -> Any:
    """The flow by an ODE solver in θ and in x is one curve, and steps tend to it, with error
    O(α^order).
    """

    def check(model: Model) -> bool:
        time, rates = 1.0, (0.02, 0.01)
        in_theta, in_x = _flows(model.state.problem, model.state.chart_key, model.start, time)
        ends = [
            run(model.problem, rules["natural"](a), model.start, round(time / a)) for a in rates
        ]
        far = [float(np.linalg.norm(path.theta[-1] - in_theta.theta[-1])) for path in ends]
        same = gap(in_theta.theta, model.chart.forward(in_x.theta)) < 1e-6
        tends = abs(np.log2(far[0] / far[1]) - order) < 0.1
        return bool(in_theta.ok and in_x.ok and same and tends)

    return check


def _long_run(model: Model, name: str, steps: float) -> Trajectory:
    """The run of a rule in θ, with so many steps instead of the reader's."""
    maker, arguments = model.rule_call(name, in_theta=True)
    return run(model.problem, maker(*arguments), model.start, math.ceil(steps))


def _to_the_minimum(model: Model) -> Trajectory:
    """The natural run until about e⁻¹⁰ of its way is left, where a step is far above rounding."""
    return _long_run(model, "natural", 10 / model.state.rate)


def _kl_of_steps(sign: float) -> Any:
    """The KL of each step is smaller (−1) or larger than that of the one before."""

    def check(model: Model) -> bool:
        return bool((sign * np.diff(_to_the_minimum(model).kl) > 0).all())

    return check


def _shorter_by(factor: Callable[[float], float]) -> Any:
    """Near the minimum a step's length by F is this function of α times that of the one before."""

    def check(model: Model) -> bool:
        path = _to_the_minimum(model)
        delta, end = np.diff(path.theta, axis=0), model.problem.fisher(path.theta[-1])
        lengths = np.sqrt(np.einsum("ni,ij,nj->n", delta, end, delta))[-6:]
        expected = factor(model.state.rate)
        return bool(np.allclose(lengths[1:] / lengths[:-1], expected, atol=0.01))

    return check


def _slows(model: Model) -> bool:
    return bool(_kl_of_steps(-1.0)(model)) and bool(_shorter_by(lambda rate: 1 - rate)(model))


def _fixed_kl(sign: float) -> Any:
    """While the bound holds, ½δᵀFδ = r at every step, and δ = −√(2r/∇JᵀF⁻¹∇J) F⁻¹∇J."""

    def check(model: Model) -> bool:
        path, r = model.pair("kl-limited").in_theta, model.state.radius
        theta, delta = path.theta[:-1], np.diff(path.theta, axis=0)
        fisher, gradient = model.problem.fisher(theta), model.problem.grad(theta)
        raised = _solved(fisher, gradient)
        square = np.einsum("ni,ni->n", gradient, raised)
        held = square / 2 > r
        nats = np.einsum("ni,nij,nj->n", delta, fisher, delta) / 2
        formula = sign * np.sqrt(2 * r / square[held])[:, None] * raised[held]
        return bool(
            held[0] and np.allclose(nats[held], r, rtol=1e-8) and np.allclose(delta[held], formula)
        )

    return check


def _never_more(model: Model) -> bool:
    """The exact KL of every step is at most r."""
    kl = model.pair("kl-limited").in_theta.kl
    return bool((kl <= model.state.radius * (1 + 1e-9)).all())


def _comes_to_rest(rests: bool) -> Any:
    """The full step of rate 1 is shorter than r near the minimum, and the run ends there."""

    def check(model: Model) -> bool:
        path = _long_run(model, "kl-limited", 40 + 20 / model.state.radius**0.5)
        fisher, gradient = model.problem.fisher(path.theta), model.problem.grad(path.theta)
        raised = _solved(fisher, gradient)
        square = np.einsum("ni,ni->n", gradient, raised)
        delta = np.diff(path.theta, axis=0)
        within = square[:-1] / 2 < model.state.radius
        full = np.allclose(delta[within], -raised[:-1][within], atol=1e-12)
        return bool(within.any()) and full and bool(square[-1] < 1e-6) is rests

    return check


def _one(name: str, formula: Callable[[Array, float], Array]) -> Any:
    """One step of rate 1 from the start's σ and from many others, against the classical rule."""

    def check(model: Model) -> bool:
        sigma = np.append(np.linspace(0.55, 2.5, 12) * model.deviation, model.start[1])
        expected = formula(sigma, model.deviation**2)
        found = model.one_step(sigma)[name]
        return bool(np.allclose(found, expected, rtol=1e-9, equal_nan=True))

    return check


def _landing(sigma: Array, v: float) -> Array:
    return np.full_like(sigma, v**0.5)


def _heron(sigma: Array, v: float) -> Array:
    return (sigma + v / sigma) / 2


def _exponential(sigma: Array, v: float) -> Array:
    return sigma * np.exp((v / sigma**2 - 1) / 2)


def _reciprocal(sigma: Array, v: float) -> Array:
    precision = sigma**-2.0
    after = 2 * precision - v * precision**2
    with np.errstate(all="ignore"):
        return np.where(after > 0, np.abs(after) ** -0.5, np.nan)


def _reciprocal_fails(model: Model) -> bool:
    """2τ − vτ² < 0 as τ > 2/v, and the run in 1/σ² leaves the domain at its first step."""
    precision = model.start[1] ** -2.0
    negative = 2 * precision - model.deviation**2 * precision**2 < 0
    in_x = model.pair("natural").in_x
    return bool(negative and in_x.ok[0] and not in_x.ok[1])


def _orders(model: Model) -> tuple[float, float]:
    """By which power of the rate the gaps of one step and of the whole run fall; nan where two runs
    coincide, for a ratio of rounding errors is no order.
    """
    of_one, of_run = model.gaps("natural", np.array(SMALL))
    if min(of_one.min(), of_run.min()) < ROUNDED:
        return math.nan, math.nan
    return float(np.log2(of_one[0] / of_one[1])), float(np.log2(of_run[0] / of_run[1]))


def _gap_orders(of_one: float, of_run: float) -> Any:
    def check(model: Model) -> bool:
        return bool(np.allclose(_orders(model), (of_one, of_run), atol=0.1))

    return check


def _closes(name: str) -> Any:
    """The whole run's gap becomes smaller with the rate."""

    def check(model: Model) -> bool:
        _, whole = model.gaps(name, np.array(SMALL))
        return bool(whole[1] < 0.6 * whole[0])

    return check


def _levels_off(model: Model) -> bool:
    _, whole = model.gaps("gradient", np.array(SMALL))
    return bool(whole[1] > 0.8 * whole[0] > 1e-6)


def _slopes(table: Array) -> tuple[Array, Array]:
    """How the gap grows with α and with the bend: slopes of log gap, at small rates and bends."""
    few = np.log(table[: SIDE // 2, : SIDE // 2])
    by_rate = np.log(RATES.high / RATES.low) / (SIDE - 1)
    by_bend = np.log(BENDS.high / BENDS.low) / (SIDE - 1)
    return np.diff(few, axis=1) / by_rate, np.diff(few, axis=0) / by_bend


def _grows(name: str, rate: float, bend: float) -> Any:
    """The gap is nearly proportional to α^rate and to the bend^bend."""

    def check(model: Model) -> bool:
        of_rate, of_bend = _slopes(model.gap_map(name))
        near = abs(np.median(of_rate) - rate) < 0.25, abs(np.median(of_bend) - bend) < 0.1
        return all(map(bool, near))

    return check


def _whose_gap(model: Model) -> int:
    """0: with the rate the natural gradient's gap alone becomes smaller, 1: the other, 2: both."""
    falls = [
        float(np.median(_slopes(model.gap_map(name))[0])) > 0.5 for name in ("natural", "gradient")
    ]
    return [(True, False), (False, True), (True, True)].index((falls[0], falls[1]))


def _is_newton(model: Model) -> bool:
    """On a canonical regression: the same points as Newton's method."""
    newton = run(model.problem, rules["newton"](model.state.rate), model.start, model.state.steps)
    return bool(gap(newton.theta, model.pair("natural").in_theta.theta) < COINCIDE)


def _is_gradient(model: Model) -> bool:
    other = run(model.problem, rules["gradient"](model.state.rate), model.start, model.state.steps)
    return bool(gap(other.theta, model.pair("natural").in_theta.theta) < COINCIDE)


def _damping(which: str) -> Any:
    """In a shear the runs coincide with this kind of damping, and not with the other one."""

    def check(model: Model) -> bool:
        gaps = {
            kind: Model(model.state.with_(kind=kind)).pair("natural").gap
            for kind in ("identity", "pulled-back")
        }
        other = ({"identity", "pulled-back"} - {which}).pop()
        return bool(gaps[other] > APART and gaps[which] < COINCIDE)

    return check


def _semidefinite(model: Model) -> bool:
    """F has an eigenvalue 0 everywhere, so −F⁻¹∇J is not defined; with damping J falls."""
    points = model.problem.examples(np.random.default_rng(0), 30)
    values = np.linalg.eigvalsh(model.problem.fisher(points))
    damped = model.pair("natural").in_theta
    return bool(
        (np.abs(values[:, 0]) < 1e-9 * values[:, 1]).all()
        and damped.ok.all()
        and damped.loss[-1] < damped.loss[0]
    )


def _same_effect(model: Model) -> bool:
    """Along F's null direction the distribution does not change, and the damped step has no part
    there.
    """
    problem, theta = model.problem, np.asarray(model.start)
    values, vectors = np.linalg.eigh(problem.fisher(theta))
    free = vectors[:, 0]
    step = model.direction(theta[None])[0]
    moved = problem.kl(theta, theta + 1e-4 * free)
    none = abs(values[0]) < 1e-9 * values[1] and moved < 1e-12
    return bool(none and abs(step @ free) < 1e-9 * np.linalg.norm(step))


def _has_inverse(model: Model) -> bool:
    values = np.linalg.eigvalsh(model.problem.fisher(np.asarray(model.start)))
    return bool(values[0] > 1e-9 * values[1])


def _which_lands(model: Model) -> int:
    """Which of ONE is at √v after one step."""
    ends = model.one_step(np.array([1.7]) * model.deviation)
    lands = [abs(float(ends[name][0]) - model.deviation) < 1e-9 for name in ONE]
    return lands.index(True) if lands.count(True) == 1 else -1


def _half_the_rate(model: Model) -> int:
    """0: the gap stays, 1: it halves, 2: it is a quarter; -1: there is none."""
    order = _orders(model)[1]
    return -1 if math.isnan(order) else round(order)


SHEARED = {"chart": "shear", "rules": ["natural"], "rate": 0.05}
NORMAL_START = box((5.2, 0.18), (5.55, 0.4))
FAR_START = box((5.2, 0.3), (5.55, 0.4))
"""Where the first full step is longer than r = 0.02 nats."""
START = of_problem(
    {
        "normal": NORMAL_START,
        "gamma": box((1.2, 0.7), (2.6, 2.2)),
        "logistic-regression": box((-1.5, -0.3), (1.5, 2.5)),
        "von-mises": box((-0.8, 0.8), (0.8, 2.5)),
    }
)
PROBLEM = one_of("normal", "gamma", "logistic-regression", "von-mises")
ANY = {"problem": PROBLEM, "start": START}
"""Four of the problems, from starts of which all their runs stay in the domain."""
BENT = {
    **ANY,
    "chart": of_problem(
        {
            "normal": one_of("bend", "log-scale", "variance"),
            "gamma": one_of("log-scale"),
            "logistic-regression": one_of("bend"),
            "von-mises": one_of("bend", "log-scale"),
        }
    ),
}
BENDS_OF = {**ANY, "chart": one_of("bend")}
LINEAR = {**ANY, "chart": one_of("shear")}


def _normal_start(low: float, high: float) -> Any:
    """At the sample's mean, and σ between these in units of the sample's."""

    def draw(rng: np.random.Generator, _: Changes) -> tuple[float, float]:
        scale = WIDE[1] / 1.8
        return WIDE[0], float(rng.uniform(low, high)) * scale

    return draw


ONE_STEP = Scope({"start": _normal_start(0.75, 2.4)})
MDP = Scope({"problem": one_of("two-state-mdp"), "chart": one_of("bend")})

CLAIMS = {
    "steepest": Claim(
        {"problem": "gamma", "chart": "shear", "k": 3, "rules": ["natural"]},
        _steepest(lambda fisher, gradient: -_solved(fisher, gradient)),
        Scope({**LINEAR, "rate": log_between(0.05, 0.5)}),
        false={"along −∇J": _steepest(lambda fisher, gradient: -gradient)},
        shows=("metric", "natural", "gradient"),
    ),
    "power": Claim(
        {"problem": "gamma", "chart": "shear", "q": 0.0, "rules": ["natural"], "k": 30},
        _ends_of_the_power(0, 1),
        Scope({**LINEAR, "q": between(0.0, 1.0)}),
        false={"the other way round": _ends_of_the_power(1, 0)},
        shows=("field", "gradient"),
    ),
    "only-one": Claim(
        {**SHEARED, "problem": "gamma", "q": 0.5, "rate": 0.02},
        _only_at_one,
        Scope({**LINEAR, "q": between(0.0, 0.9), "rate": log_between(0.005, 0.02)}),
        false={"for q < 1, too": _no_gap},
        shows=("natural", "meter"),
    ),
    "rate": Claim(
        {"graph": "kl", "rules": ["natural"], "k": 10},
        _slows,
        Scope({"start": box((5.0, 0.1), (5.9, 1.0)), "rate": between(0.05, 0.5)}),
        false={"KL grows": _kl_of_steps(1.0), "by α": _shorter_by(lambda rate: rate)},
        beyond=MDP,
        shows=("natural", "formula.length"),
    ),
    "length": Claim(
        {
            "graph": "kl",
            "rules": ["natural", "kl-limited"],
            "start": (5.45, 0.42),
            "steps": 20,
            "k": 4,
        },
        _fixed_kl(-1.0),
        Scope({"start": FAR_START, "radius": log_between(0.001, 0.02)}),
        false={"sign": _fixed_kl(1.0), "the exact KL is at most r": _never_more},
        shows=("kl-limited", "quadratic", "radius", "formula.length"),
    ),
    "rest": Claim(
        {"graph": "kl", "rules": ["kl-limited"], "k": 12},
        _comes_to_rest(True),
        Scope({"start": FAR_START, "radius": log_between(0.005, 0.02)}),
        false={"it jumps for ever": _comes_to_rest(False)},
        shows=("kl-limited", "radius"),
    ),
    "newton": Claim(
        {
            "problem": "logistic-regression",
            "chart": "bend",
            "rate": 1.0,
            "steps": 8,
            "rules": ["natural"],
            "k": 1,
        },
        _is_newton,
        Scope(
            {
                "problem": one_of("logistic-regression", "poisson-regression"),
                "start": of_problem(
                    {
                        "logistic-regression": box((-0.5, 0.0), (1.0, 1.5)),
                        "poisson-regression": box((1.4, 0.0), (2.4, 1.0)),
                    }
                ),
                "chart": one_of("bend", "shear"),
                "rate": one_of(1.0, 0.5),
                "steps": one_of(8),
            }
        ),
        false={"gradient descent's, too": _is_gradient},
        beyond=Scope({**BENT, "problem": one_of("normal"), "rate": one_of(0.5)}),
        shows=("natural", "formula.step"),
    ),
    "variance": Claim(
        {**FULL, "start": WIDE, "chart": "variance"},
        _one("variance", _landing),
        ONE_STEP,
        false={"in σ": _one("identity", _landing)},
        shows=("variance", "stay"),
    ),
    "heron": Claim(
        {**FULL, "start": WIDE},
        _one("identity", _heron),
        ONE_STEP,
        false={"in log σ": _one("log-scale", _heron)},
        shows=("identity", "stay"),
    ),
    "log": Claim(
        {**FULL, "start": WIDE, "chart": "log-scale"},
        _one("log-scale", _exponential),
        ONE_STEP,
        false={"in σ": _one("identity", _exponential)},
        shows=("log-scale", "stay"),
    ),
    "reciprocal": Claim(
        {**FULL, "start": WIDE, "chart": "precision"},
        _one("precision", _reciprocal),
        ONE_STEP,
        false={"in σ²": _one("variance", _reciprocal)},
        shows=("precision", "stay"),
    ),
    "negative": Claim(
        {**FULL, "start": NARROW, "chart": "precision"},
        _reciprocal_fails,
        Scope({"start": _normal_start(0.4, 0.7)}),
        beyond=Scope({"start": _normal_start(0.72, 1.5)}),
        shows=("precision", "meter"),
    ),
    "flow": Claim(
        {"rate": 0.02, "steps": 200, "rules": ["natural"], "k": 60},
        _one_flow(1),
        Scope(BENT),
        false={"error O(α²)": _one_flow(2)},
        shows=("flow", "natural"),
    ),
    "orders": Claim(
        {"graph": "gap", "rules": ["natural"], "rate": 0.25, "steps": 40, "k": 6},
        _gap_orders(2, 1),
        Scope(BENT),
        false={"1 and 0": _gap_orders(1, 0)},
        beyond=Scope(LINEAR),
        shows=("one", "whole", "meter"),
    ),
    "plain": Claim(
        {"graph": "gap", "rules": ["natural", "gradient"], "rate": 0.01, "steps": 300},
        _levels_off,
        Scope(BENT),
        false={"it closes": _closes("gradient")},
        shows=("gradient", "whole"),
    ),
    "both": Claim(
        {**MAP, "rate": 0.05, "steps": 20, "k": 20},
        _grows("natural", 1, 1),
        Scope(BENDS_OF),
        false={"α²": _grows("natural", 2, 1), "gradient descent's, too": _grows("gradient", 1, 1)},
        shows=("map",),
    ),
    "bend-alone": Claim(
        MAP,
        _grows("gradient", 0, 1),
        Scope(BENDS_OF),
        false={"with the rate, too": _grows("gradient", 1, 1)},
        shows=("map",),
    ),
    "semidefinite": Claim(
        {"problem": "two-layer-linear", "chart": "bend", "damping": 0.02, "rules": ["natural"]},
        _semidefinite,
        Scope(
            {"start": box((0.5, -1.5), (2.3, 0.5)), "damping": log_between(0.02, 1.0)},
        ),
        false={"F has an inverse": _has_inverse},
        shows=("natural", "flow", "formula.step"),
    ),
    "damping": Claim(
        {**SHEARED, "damping": 10.0},
        _damping("pulled-back"),
        Scope({**LINEAR, "damping": log_between(0.5, 20.0), "rate": between(0.02, 0.1)}),
        false={"the other kind": _damping("identity")},
        shows=("natural", "meter"),
    ),
}


def _grows_first(model: Model) -> bool:
    """The KL of a step grows: at its largest it is ten times that of an earlier step."""
    kl = model.pair("natural").in_theta.kl
    top = int(np.argmax(kl))
    return bool(top > 0 and kl[top] > 10 * kl[:top].min())


LINES: dict[str, tuple[str, ...] | Claim] = {
    "takeaway": ("steepest", "orders"),
    "question.lands": ("variance",),
    "question.half": ("orders",),
    "preset.the-natural-gradient": ("rate", "length"),
    "preset.from-plain-to-natural": ("power",),
    "preset.one-step-in-σ-σ²-log-σ-1-σ²": ("heron", "variance", "log", "reciprocal"),
    "preset.the-gap-shrinks-with-the-rate": ("orders", "plain"),
    "preset.the-gap-over-rate-and-bend": ("both", "bend-alone"),
    "question.tenth": ("both", "bend-alone"),
    "preset.beetles-by-newton": ("newton",),
    "preset.kakade-s-two-states": Claim(
        {"problem": "two-state-mdp", "chart": "bend", "k": 10, "rules": ["natural"]},
        _grows_first,
        Scope({"start": box((-3.5, 1.0), (-2.5, 2.0)), "rate": between(0.05, 0.15)}),
        beyond=Scope({"problem": one_of("normal"), "start": NORMAL_START}),
    ),
    "preset.f-has-no-inverse": Claim(
        {"problem": "two-layer-linear", "chart": "bend", "damping": 0.02, "rules": ["natural"]},
        _same_effect,
        Scope({"start": box((0.5, -1.5), (2.3, 0.5)), "damping": log_between(0.02, 1.0)}),
        false={"F has an inverse": _has_inverse},
    ),
}
"""What checks the lines that are not claims: the claims that they repeat, or a check of its own."""


QUESTIONS = {
    "lands": Question({**FULL, "start": WIDE}, _which_lands),
    "half": Question(
        {"graph": "gap", "rules": ["natural"], "rate": 0.25, "steps": 40}, _half_the_rate
    ),
    "tenth": Question(MAP, _whose_gap),
}
