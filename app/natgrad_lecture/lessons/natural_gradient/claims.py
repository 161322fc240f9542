"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_core import gap, rules, run
from natgrad_core.geometry.ellipses import outline, reach
from natgrad_core.geometry.gradient_flow import flow
from natgrad_core.types import Array
from natgrad_lecture.drawing.paired_runs import COINCIDE, DIFFER
from natgrad_lecture.lessons.base import Claim, Question
from natgrad_lecture.lessons.natural_gradient.model import Model
from natgrad_lecture.lessons.natural_gradient.state import FULL, NARROW, ONE, WIDE

SMALL = (0.01, 0.005)
"""Two rates from which an order is read."""


def _ends_of_the_power(model: Model) -> bool:
    """The field at q = 0 and q = 1, against −∇J and −F⁻¹∇J; ½ between squares to F."""
    points = model.problem.examples(np.random.default_rng(0), 20)
    gradient, fisher = model.problem.grad(points), model.problem.fisher(points)
    at = {q: Model(model.state.with_(q=q)).direction(points) for q in (0, 0.5, 1)}
    values, vectors = np.linalg.eigh(fisher)
    root = np.einsum("nij,nj,nkj,nk->ni", vectors, values**-0.5, vectors, gradient)
    return bool(
        np.allclose(at[0], -gradient)
        and np.allclose(at[1], -np.linalg.solve(fisher, gradient[..., None])[..., 0])
        and np.allclose(at[0.5], -root)
    )


def _steepest(model: Model) -> bool:
    """No step to the ellipse ½δᵀFδ = r goes lower, to first order, along the whole run."""
    path = model.pair("natural").in_theta
    for theta in path.theta[:: max(1, len(path.theta) // 10)]:
        fisher, gradient = model.problem.fisher(theta), model.problem.grad(theta)
        downhill = -np.asarray(np.linalg.solve(fisher, gradient), np.float64)
        best = reach(downhill, fisher, 0.02) @ gradient
        others = outline(fisher, 0.02, 721) @ gradient
        if not best <= others.min() + 1e-12 * abs(best):
            return False
    return True


def _only_at_one(model: Model) -> bool:
    """The gap of the two runs in a linear chart: none at q = 1, and one at each q below."""
    gaps = [Model(model.state.with_(q=q)).pair("natural").gap for q in (0, 0.25, 0.5, 0.75, 1)]
    return all(g > DIFFER for g in gaps[:-1]) and gaps[-1] < COINCIDE


def _one_flow(model: Model) -> bool:
    """The flow by an ODE solver in θ and in x is one curve, and steps tend to it."""
    time, chart = 3.0, model.chart
    in_theta = flow(model.problem, model.start, time)
    in_x = flow(model.problem.through(chart), chart.inverse(model.start), time)
    curve = Model(model.state.with_(rate=0.03, steps=100)).current
    ends = [run(model.problem, rules["natural"](a), model.start, round(time / a)) for a in SMALL]
    far = [float(np.linalg.norm(path.theta[-1] - in_theta.theta[-1])) for path in ends]
    return bool(
        in_theta.ok
        and in_x.ok
        and gap(in_theta.theta, chart.forward(in_x.theta)) < 1e-7
        and curve is not None
        and np.linalg.norm(curve[-1] - in_theta.theta[-1]) < 1e-4
        and abs(np.log2(far[0] / far[1]) - 1) < 0.1
    )


def _fixed_rate_slows(model: Model) -> bool:
    kl = model.pair("natural").in_theta.kl
    return bool((np.diff(kl) < 0).all() and kl[0] > 100 * kl[-1])


def _fixed_kl(model: Model) -> bool:
    """While the bound holds, ½δᵀFδ = r at every step, and δ = −√(2r/∇JᵀF⁻¹∇J) F⁻¹∇J."""
    path, r = model.pair("kl-limited").in_theta, model.state.radius
    theta, delta = path.theta[:-1], np.diff(path.theta, axis=0)
    fisher, gradient = model.problem.fisher(theta), model.problem.grad(theta)
    raised = np.linalg.solve(fisher, gradient[..., None])[..., 0]
    square = np.einsum("ni,ni->n", gradient, raised)
    held = square / 2 > r
    nats = np.einsum("ni,nij,nj->n", delta, fisher, delta) / 2
    formula = -np.sqrt(2 * r / square)[:, None] * raised
    return bool(
        held[0]
        and np.allclose(nats[held], r, rtol=1e-9)
        and np.allclose(delta[held], formula[held])
    )


def _comes_to_rest(model: Model) -> bool:
    """The full step of rate 1 is shorter than r near the minimum, and the run ends there."""
    path = model.pair("kl-limited").in_theta
    fisher, gradient = model.problem.fisher(path.theta), model.problem.grad(path.theta)
    square = np.einsum("ni,ni->n", gradient, np.linalg.solve(fisher, gradient[..., None])[..., 0])
    return bool(square[0] / 2 > model.state.radius > square[-1] / 2 and square[-1] < 1e-12)


def _one(model: Model, name: str, formula: Any) -> bool:
    """One step of rate 1 from many σ, against the classical rule; NaN for NaN."""
    sigma = np.linspace(0.55, 2.5, 40) * model.deviation
    expected = formula(sigma, model.deviation**2)
    return bool(np.allclose(model.one_step(sigma)[name], expected, rtol=1e-10, equal_nan=True))


def _reciprocal(sigma: Array, v: float) -> Array:
    precision = sigma**-2.0
    after = 2 * precision - v * precision**2
    return np.where(after > 0, np.abs(after) ** -0.5, np.nan)


def _reciprocal_fails(model: Model) -> bool:
    """2λ − vλ² < 0 as soon as λ > 2/v, and the run in 1/σ² leaves the domain at its first step."""
    narrow = model.start[1] ** 2 < model.deviation**2 / 2
    in_x = model.pair("natural").in_x
    ends = model.one_step(np.array([0.7, 0.72]) * model.deviation)["precision"]
    return bool(
        narrow and in_x.ok[0] and not in_x.ok[1] and np.isnan(ends[0]) and np.isfinite(ends[1])
    )


def _orders(model: Model) -> tuple[float, float]:
    return tuple(float(np.log2(g[0] / g[1])) for g in model.gaps("natural", np.array(SMALL)))  # type: ignore[return-value]


def _gap_orders(model: Model) -> bool:
    one, whole = _orders(model)
    return abs(one - 2) < 0.05 and abs(whole - 1) < 0.05


def _gradient_descent_never_closes(model: Model) -> bool:
    _, whole = model.gaps("gradient", np.array(SMALL))
    return bool(whole[1] > 0.9 * whole[0] > 1e-3)


def _is_newton(model: Model) -> bool:
    """At rate 1 on a canonical regression: the same points as Newton's method."""
    newton = run(model.problem, rules["newton"](model.state.rate), model.start, model.state.steps)
    return bool(gap(newton.theta, model.pair("natural").in_theta.theta) < COINCIDE)


def _damping(model: Model) -> bool:
    """In a shear λI splits the runs, and λJᵀJ does not."""
    gaps = {
        kind: Model(model.state.with_(kind=kind)).pair("natural").gap
        for kind in ("identity", "pulled-back")
    }
    return gaps["identity"] > DIFFER and gaps["pulled-back"] < COINCIDE


def _semidefinite(model: Model) -> bool:
    """F has an eigenvalue 0 everywhere; without damping no step is made, with it J falls."""
    points = model.problem.examples(np.random.default_rng(0), 30)
    values = np.linalg.eigvalsh(model.problem.fisher(points))
    bare = Model(model.state.with_(damping=0.0)).pair("natural").in_theta
    damped = model.pair("natural").in_theta
    return bool(
        (np.abs(values[:, 0]) < 1e-9 * values[:, 1]).all()
        and not bare.ok[1]
        and damped.ok.all()
        and damped.loss[-1] < damped.loss[0]
    )


def _which_lands(model: Model) -> int:
    """Which of ONE is at √v after one step."""
    ends = model.one_step(np.array([1.7]) * model.deviation)
    lands = [abs(float(ends[name][0]) - model.deviation) < 1e-9 for name in ONE]
    return lands.index(True) if lands.count(True) == 1 else -1


def _half_the_rate(model: Model) -> int:
    """0: the gap stays, 1: it halves, 2: it is a quarter."""
    return round(_orders(model)[1])


SHEARED = {"chart": "shear", "rules": ["natural"], "rate": 0.05}
CLAIMS = {
    "steepest": Claim({"k": 3, "rules": ["natural"]}, _steepest),
    "power": Claim({"q": 0.0, "rules": ["natural"], "rate": 0.002, "k": 60}, _ends_of_the_power),
    "only-one": Claim({**SHEARED, "q": 0.5, "rate": 0.02}, _only_at_one),
    "rate": Claim({"graph": "kl", "rules": ["natural"], "k": 10}, _fixed_rate_slows),
    "length": Claim({"graph": "kl", "rules": ["natural", "kl-limited"], "k": 4}, _fixed_kl),
    "rest": Claim({"graph": "kl", "rules": ["kl-limited"], "k": 12}, _comes_to_rest),
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
    ),
    "variance": Claim(
        {**FULL, "start": WIDE, "chart": "variance"},
        lambda s: _one(s, "variance", lambda sigma, v: v**0.5 + 0 * sigma),
    ),
    "heron": Claim(
        {**FULL, "start": WIDE},
        lambda s: _one(s, "identity", lambda sigma, v: (sigma + v / sigma) / 2),
    ),
    "log": Claim(
        {**FULL, "start": WIDE, "chart": "log-scale"},
        lambda s: _one(s, "log-scale", lambda sigma, v: sigma * np.exp((v / sigma**2 - 1) / 2)),
    ),
    "reciprocal": Claim(
        {**FULL, "start": WIDE, "chart": "precision"}, lambda s: _one(s, "precision", _reciprocal)
    ),
    "negative": Claim({**FULL, "start": NARROW, "chart": "precision"}, _reciprocal_fails),
    "flow": Claim({"rate": 0.02, "steps": 200, "rules": ["natural"], "k": 60}, _one_flow),
    "orders": Claim(
        {"graph": "gap", "rules": ["natural"], "rate": 0.25, "steps": 40, "k": 6}, _gap_orders
    ),
    "plain": Claim(
        {"graph": "gap", "rules": ["natural", "gradient"], "rate": 0.01, "steps": 300},
        _gradient_descent_never_closes,
    ),
    "semidefinite": Claim(
        {"problem": "two-layer-linear", "chart": "bend", "damping": 0.02, "rules": ["natural"]},
        _semidefinite,
    ),
    "damping": Claim({**SHEARED, "damping": 10.0}, _damping),
}


QUESTIONS = {
    "lands": Question({**FULL, "start": WIDE}, _which_lands),
    "half": Question(
        {"graph": "gap", "rules": ["natural"], "rate": 0.25, "steps": 40}, _half_the_rate
    ),
}
