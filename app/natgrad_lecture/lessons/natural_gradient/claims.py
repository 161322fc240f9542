"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_core import gap, rules, run
from natgrad_core.geometry.ellipses import outline, reach
from natgrad_core.geometry.gradient_flow import flow
from natgrad_core.types import Array
from natgrad_lecture.drawing.paired_runs import COINCIDE, SPLIT
from natgrad_lecture.lessons.base import Claim, Question
from natgrad_lecture.lessons.natural_gradient.state import FULL, NARROW, ONE, WIDE, Seen

SMALL = (0.01, 0.005)
"""Two rates from which an order is read."""


def _ends_of_the_power(shown: Seen) -> bool:
    """The field at q = 0 and q = 1, against −∇J and −F⁻¹∇J; ½ between squares to F."""
    points = shown.problem.examples(np.random.default_rng(0), 20)
    gradient, fisher = shown.problem.grad(points), shown.problem.fisher(points)
    at = {q: Seen(shown.state.with_(q=q)).direction(points) for q in (0, 0.5, 1)}
    values, vectors = np.linalg.eigh(fisher)
    root = np.einsum("nij,nj,nkj,nk->ni", vectors, values**-0.5, vectors, gradient)
    return bool(
        np.allclose(at[0], -gradient)
        and np.allclose(at[1], -np.linalg.solve(fisher, gradient[..., None])[..., 0])
        and np.allclose(at[0.5], -root)
    )


def _steepest(shown: Seen) -> bool:
    """No step to the ellipse ½δᵀFδ = r goes lower, to first order, along the whole run."""
    path = shown.pair("natural").home
    for theta in path.theta[:: max(1, len(path.theta) // 10)]:
        fisher, gradient = shown.problem.fisher(theta), shown.problem.grad(theta)
        downhill = -np.asarray(np.linalg.solve(fisher, gradient), np.float64)
        best = reach(downhill, fisher, 0.02) @ gradient
        others = outline(fisher, 0.02, 721) @ gradient
        if not best <= others.min() + 1e-12 * abs(best):
            return False
    return True


def _only_at_one(shown: Seen) -> bool:
    """The gap of the two runs in a linear chart: none at q = 1, and one at each q below."""
    gaps = [Seen(shown.state.with_(q=q)).pair("natural").gap for q in (0, 0.25, 0.5, 0.75, 1)]
    return all(g > SPLIT for g in gaps[:-1]) and gaps[-1] < COINCIDE


def _one_flow(shown: Seen) -> bool:
    """The flow by an ODE solver in θ and in x is one curve, and steps tend to it."""
    time, chart = 3.0, shown.chart
    home = flow(shown.problem, shown.start, time)
    away = flow(shown.problem.through(chart), chart.inverse(shown.start), time)
    curve = Seen(shown.state.with_(rate=0.03, steps=100)).current
    ends = [run(shown.problem, rules["natural"](a), shown.start, round(time / a)) for a in SMALL]
    far = [float(np.linalg.norm(path.theta[-1] - home.theta[-1])) for path in ends]
    return bool(
        home.ok
        and away.ok
        and gap(home.theta, chart.forward(away.theta)) < 1e-7
        and curve is not None
        and np.linalg.norm(curve[-1] - home.theta[-1]) < 1e-4
        and abs(np.log2(far[0] / far[1]) - 1) < 0.1
    )


def _fixed_rate_slows(shown: Seen) -> bool:
    kl = shown.pair("natural").home.kl
    return bool((np.diff(kl) < 0).all() and kl[0] > 100 * kl[-1])


def _fixed_kl(shown: Seen) -> bool:
    """While the bound holds, ½δᵀFδ = r at every step, and δ = −√(2r/∇JᵀF⁻¹∇J) F⁻¹∇J."""
    path, r = shown.pair("kl-limited").home, shown.state.radius
    theta, delta = path.theta[:-1], np.diff(path.theta, axis=0)
    fisher, gradient = shown.problem.fisher(theta), shown.problem.grad(theta)
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


def _comes_to_rest(shown: Seen) -> bool:
    """The full step of rate 1 is shorter than r near the minimum, and the run ends there."""
    path = shown.pair("kl-limited").home
    fisher, gradient = shown.problem.fisher(path.theta), shown.problem.grad(path.theta)
    square = np.einsum("ni,ni->n", gradient, np.linalg.solve(fisher, gradient[..., None])[..., 0])
    return bool(square[0] / 2 > shown.state.radius > square[-1] / 2 and square[-1] < 1e-12)


def _one(shown: Seen, name: str, formula: Any) -> bool:
    """One step of rate 1 from many σ, against the classical rule; NaN for NaN."""
    sigma = np.linspace(0.55, 2.5, 40) * shown.deviation
    expected = formula(sigma, shown.deviation**2)
    return bool(np.allclose(shown.one_step(sigma)[name], expected, rtol=1e-10, equal_nan=True))


def _reciprocal(sigma: Array, v: float) -> Array:
    precision = sigma**-2.0
    after = 2 * precision - v * precision**2
    return np.where(after > 0, np.abs(after) ** -0.5, np.nan)


def _reciprocal_fails(shown: Seen) -> bool:
    """2λ − vλ² < 0 as soon as λ > 2/v, and the run in 1/σ² leaves the domain at its first step."""
    narrow = shown.start[1] ** 2 < shown.deviation**2 / 2
    away = shown.pair("natural").away
    ends = shown.one_step(np.array([0.7, 0.72]) * shown.deviation)["precision"]
    return bool(
        narrow and away.ok[0] and not away.ok[1] and np.isnan(ends[0]) and np.isfinite(ends[1])
    )


def _orders(shown: Seen) -> tuple[float, float]:
    return tuple(float(np.log2(g[0] / g[1])) for g in shown.gaps("natural", np.array(SMALL)))  # type: ignore[return-value]


def _gap_orders(shown: Seen) -> bool:
    one, whole = _orders(shown)
    return abs(one - 2) < 0.05 and abs(whole - 1) < 0.05


def _plain_never_closes(shown: Seen) -> bool:
    _, whole = shown.gaps("gradient", np.array(SMALL))
    return bool(whole[1] > 0.9 * whole[0] > 1e-3)


def _is_newton(shown: Seen) -> bool:
    """At rate 1 on a canonical regression: the same points as Newton's method."""
    newton = run(shown.problem, rules["newton"](shown.state.rate), shown.start, shown.state.steps)
    return bool(gap(newton.theta, shown.pair("natural").home.theta) < COINCIDE)


def _damping(shown: Seen) -> bool:
    """In a shear λI splits the runs, and λJᵀJ does not."""
    gaps = {
        kind: Seen(shown.state.with_(kind=kind)).pair("natural").gap
        for kind in ("identity", "pulled-back")
    }
    return gaps["identity"] > SPLIT and gaps["pulled-back"] < COINCIDE


def _semidefinite(shown: Seen) -> bool:
    """F has an eigenvalue 0 everywhere; without damping no step is made, with it J falls."""
    points = shown.problem.examples(np.random.default_rng(0), 30)
    values = np.linalg.eigvalsh(shown.problem.fisher(points))
    bare = Seen(shown.state.with_(damping=0.0)).pair("natural").home
    damped = shown.pair("natural").home
    return bool(
        (np.abs(values[:, 0]) < 1e-9 * values[:, 1]).all()
        and not bare.ok[1]
        and damped.ok.all()
        and damped.loss[-1] < damped.loss[0]
    )


def _which_lands(shown: Seen) -> int:
    """Which of ONE is at √v after one step."""
    ends = shown.one_step(np.array([1.7]) * shown.deviation)
    lands = [abs(float(ends[name][0]) - shown.deviation) < 1e-9 for name in ONE]
    return lands.index(True) if lands.count(True) == 1 else -1


def _half_the_rate(shown: Seen) -> int:
    """0: the gap stays, 1: it halves, 2: it is a quarter."""
    return round(_orders(shown)[1])


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
        _plain_never_closes,
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
