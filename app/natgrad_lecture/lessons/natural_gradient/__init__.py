"""The natural gradient (Suresh 2019, end of section 4.2): F⁻¹∇J, on every problem that has an F.

Between plain descent and the natural gradient lies F to a power; beside a fixed rate, a fixed KL;
and what is left of the coordinates, once the direction is right, is of the order of the rate.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_core import gap, rules, run
from natgrad_core.geometry.ellipses import outline, reach
from natgrad_core.geometry.gradient_flow import flow
from natgrad_core.types import Array
from natgrad_lecture import controls as panels
from natgrad_lecture.drawing.paired_runs import COINCIDE, SPLIT
from natgrad_lecture.drawing.palette import ink
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import (
    Claim,
    Definition,
    Formula,
    Lesson,
    Predict,
    Preset,
    Section,
)
from natgrad_lecture.lessons.natural_gradient.figure import INKS, picture
from natgrad_lecture.lessons.natural_gradient.state import ONE, PROBLEMS, RULES, Natural, Seen
from natgrad_lecture.state.state import problem_named
from natgrad_lecture.text.typeset import live_matrix, live_vector

SMALL = (0.01, 0.005)
"""Two rates from which an order is read."""


# The claims -----------------------------------------------------------------------------------


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


def _start(sigma: float) -> tuple[float, float]:
    """At the sample's mean, and σ in units of the sample's."""
    problem: Any = problem_named("normal")
    return (float(problem.mean), round(sigma * float(problem.variance**0.5), 4))


FULL = {"rate": 1.0, "steps": 6, "graph": "sigma", "rules": ["natural"], "k": 0}
WIDE, NARROW = _start(1.8), _start(0.62)
SHEARED = {"chart": "shear", "rules": ["natural"], "rate": 0.05}

SECTIONS = (
    Section(
        "steepest",
        "Downhill, measured in KL",
        (
            Definition(
                r"The update is $\theta \leftarrow \theta - \alpha F^{-1}\nabla J$. (The lecture "
                r"writes $+$; as $J$ is a loss, we go down.)"
            ),
            Claim(
                "steepest",
                r"Of all steps with the same $\tfrac12\delta^{\top}F\delta$, those that end on the "
                r"ellipse, $-F^{-1}\nabla J$ lowers $J$ the most, to first order.",
                {"k": 3, "rules": ["natural"]},
                _steepest,
            ),
            Claim(
                "power",
                r"The small arrows are $-F^{-q}\nabla J$: at $q = 0$ plain descent, at $q = 1$ the "
                "natural gradient. Turn $q$ and watch the field swing round.",
                {"q": 0.0, "rules": ["natural"], "rate": 0.002, "k": 60},
                _ends_of_the_power,
            ),
            Claim(
                "only-one",
                r"Only $q = 1$ ignores even a shear: a root of a tensor is no tensor.",
                {**SHEARED, "q": 0.5, "rate": 0.02},
                _only_at_one,
            ),
        ),
    ),
    Section(
        "pace",
        "A rate, or a length",
        (
            Claim(
                "rate",
                "At a fixed rate the steps shorten: each spends less KL than the one before.",
                {"graph": "kl", "rules": ["natural"], "k": 10},
                _fixed_rate_slows,
            ),
            Claim(
                "length",
                r"At a fixed length the step is $-\sqrt{2r / \nabla J^{\top}F^{-1}\nabla J}\; "
                r"F^{-1}\nabla J$, and each spends the same $\tfrac12\delta^{\top}F\delta = r$, "
                "as in TRPO.",
                {"graph": "kl", "rules": ["natural", "kl-limited"], "k": 4},
                _fixed_kl,
            ),
            Claim(
                "rest",
                r"Such a run would never rest: so here $r$ is only the most that a step may spend, "
                r"and near the minimum the step is $-F^{-1}\nabla J$ itself.",
                {"graph": "kl", "rules": ["kl-limited"], "k": 12},
                _comes_to_rest,
            ),
            Claim(
                "newton",
                "In a regression with canonical link the natural step of rate 1 is Newton's, "
                "known there as iteratively reweighted least squares.",
                {"problem": "logistic-regression", "chart": "bend", "rate": 1.0, "steps": 8,
                 "rules": ["natural"], "k": 1},
                _is_newton,
            ),
        ),
    ),
    Section(
        "one-step",
        "One step, four coordinates",
        (
            Claim(
                "variance",
                r"Take $\alpha = 1$, at the sample's mean and with its variance $v$. Made in "
                r"$\sigma^2$ the natural step lands on $v$ at once.",
                {**FULL, "start": WIDE, "chart": "variance"},
                lambda s: _one(s, "variance", lambda sigma, v: v**0.5 + 0 * sigma),
            ),
            Claim(
                "heron",
                r"Made in $\sigma$ it is Heron's rule for the square root, "
                r"$\sigma \leftarrow \tfrac12(\sigma + v/\sigma)$.",
                {**FULL, "start": WIDE},
                lambda s: _one(s, "identity", lambda sigma, v: (sigma + v / sigma) / 2),
            ),
            Claim(
                "log",
                r"In $\log\sigma$ it multiplies $\sigma$ by "
                r"$\exp\tfrac12(v/\sigma^2 - 1)$.",
                {**FULL, "start": WIDE, "chart": "log-scale"},
                lambda s: _one(
                    s, "log-scale", lambda sigma, v: sigma * np.exp((v / sigma**2 - 1) / 2)
                ),
            ),
            Claim(
                "reciprocal",
                r"In the precision $\lambda = 1/\sigma^2$ it is Newton's iteration for the "
                r"reciprocal of $v$, $\lambda \leftarrow 2\lambda - v\lambda^2$,",
                {**FULL, "start": WIDE, "chart": "precision"},
                lambda s: _one(s, "precision", _reciprocal),
            ),
            Claim(
                "negative",
                r"which is negative for $\lambda > 2/v$: from too narrow a start the step leaves "
                "the domain.",
                {**FULL, "start": NARROW, "chart": "precision"},
                _reciprocal_fails,
            ),
        ),
        Predict(
            "lands",
            r"One natural step, $\alpha = 1$, from $\sigma = 1.7\sqrt v$ at the sample's mean. "
            "In which coordinate does it land on the sample's spread?",
            (r"$\sigma$", r"$\sigma^2$", r"$\log\sigma$", r"$1/\sigma^2$"),
            {**FULL, "start": WIDE},
            _which_lands,
            r"The sample's variance is the mean of $(y-\mu)^2$, so $\sigma^2$ is an expectation "
            "parameter there: in such coordinates the natural step is the straight way to the "
            "sample's own value.",
        ),
    ),
    Section(
        "order",
        "What is left of the coordinates",
        (
            Claim(
                "flow",
                r"As $\alpha \to 0$ the steps become a flow, the broad band, and that is one curve "
                "in every chart.",
                {"rate": 0.02, "steps": 200, "rules": ["natural"], "k": 60},
                _one_flow,
            ),
            Claim(
                "orders",
                r"One step made in another chart differs by $O(\alpha^2)$ (slope 2), and a whole "
                r"run by $O(\alpha)$ (slope 1).",
                {"graph": "gap", "rules": ["natural"], "rate": 0.25, "steps": 40, "k": 6},
                _gap_orders,
            ),
            Claim(
                "plain",
                "For plain descent no rate is small enough: its gap levels off.",
                {"graph": "gap", "rules": ["natural", "gradient"], "rate": 0.01, "steps": 300},
                _plain_never_closes,
            ),
        ),
        Predict(
            "half",
            "Halve the rate and double the steps. What becomes of the gap between the natural "
            "run in one chart and in another?",
            ("it stays", "it halves", "a quarter is left"),
            {"graph": "gap", "rules": ["natural"], "rate": 0.25, "steps": 40},
            _half_the_rate,
            r"Each step's gap is a quarter, and there are twice as many steps.",
        ),
    ),
    Section(
        "slips",
        "Where this slips",
        (
            Claim(
                "semidefinite",
                r"The lecture calls $F$ positive definite; it is positive *semi*-definite. In a "
                r"two-layer linear net it has no inverse anywhere, hence damping, "
                r"$F + \lambda I$.",
                {"problem": "two-layer-linear", "chart": "bend", "damping": 0.02,
                 "rules": ["natural"]},
                _semidefinite,
            ),
            Claim(
                "damping",
                r"But $\lambda I$ is the identity of one chart: a shear splits the runs again, "
                r"unless $\lambda$ goes with $J^{\top}J$, the same tensor pulled back.",
                {**SHEARED, "damping": 10.0},
                _damping,
            ),
        ),
    ),
)  # fmt: skip

PRESETS = (
    Preset("the natural gradient", {}, "Along the flow at a fixed rate; or r nats at a time."),
    Preset(
        "from plain to natural",
        {"q": 0.5, "rules": ["natural"], "rate": 0.02, "steps": 200, "k": 40},
        "Half way, q = ½: slide q to 0 and to 1.",
    ),
    Preset(
        "one step in σ, σ², log σ, 1/σ²",
        {**FULL, "start": WIDE},
        "Four coordinates, four classical iterations, one fixed point.",
    ),
    Preset(
        "the gap shrinks with the rate",
        {"graph": "gap", "rules": ["natural", "gradient"], "rate": 0.02, "steps": 200, "k": 40},
        "Slopes 2 and 1 for the natural gradient; plain descent levels off.",
    ),
    Preset(
        "beetles by Newton",
        {"problem": "logistic-regression", "chart": "bend", "rate": 1.0, "steps": 8,
         "rules": ["natural"], "k": 1},
        "Logistic regression at rate 1: iteratively reweighted least squares.",
    ),
    Preset(
        "Kakade's two states",
        {"problem": "two-state-mdp", "chart": "bend", "k": 10, "rules": ["natural"]},
        "A policy: where its natural directions lead, and what each step spends.",
    ),
    Preset(
        "F has no inverse",
        {"problem": "two-layer-linear", "chart": "bend", "damping": 0.02, "rules": ["natural"]},
        "Damping chooses among the steps that do the same to the distribution.",
    ),
)  # fmt: skip

FORMULAS = (
    Formula(
        "step",
        (
            rf"F = {live_matrix('F')}",
            rf"F^q = {live_matrix('Fq')}",
            rf"\nabla J = {live_vector('g')}",
            rf"-\alpha (F^q + \lambda I)^{{-1}} \nabla J = {live_vector('step')}",
        ),
    ),
    Formula(
        "length",
        (
            r"\mathrm{KL}(p_k \,\|\, p_{k+1}) = @kl@",
            r"\tfrac12 \delta^{\top} F \delta = @nats@",
        ),
        "What the step from here spends, in nats: exactly, and by the ellipse.",
    ),
)


def _options(**labels: str) -> list[dict[str, Any]]:
    return panels.named({value.replace("_", "-"): label for value, label in labels.items()})


def _controls() -> list[dict[str, Any]]:
    which = panels.choose_rules(("natural", "gradient"))
    which["options"] = [
        {"value": n, "label": INKS[n]["label"] if n in INKS else ink(n)["label"], "ink": n}
        for n in RULES
    ]
    damping = panels.choose_damping()
    return [
        panels.group("what", "What runs", panels.choose_problem(PROBLEMS), which, *panels.start()),
        panels.group(
            "descent", "Descent",
            panels.slider("q", "power q", 0, 1, 0.01),
            panels.slider("rate", "learning rate α", 0.001, 2, 0.001, scale="log"),
            panels.slider("radius", "at most r nats", 0.0001, 1, 0.0001, scale="log"),
            panels.slider("steps", "steps", 1, 400, 1),
        ),
        panels.group(
            "chart", "Coordinates x and graph",
            {"kind": "choice", "field": "chart", "label": "x", "options":
             _options(shear="a shear", bend="a bend", variance="θ₂²", log_scale="log θ₂",
                      precision="1/θ₂²")},
            panels.slider("damping", "damping λ", 0, 100, 0.001, scale="log"),
            damping,
            {"kind": "choice", "field": "graph", "label": "graph", "options":
             _options(kl="KL a step", gap="gap", sigma="one step in σ")},
        ),
    ]  # fmt: skip


lessons.register("natural-gradient")(
    Lesson(
        name="natural-gradient",
        title="The natural gradient",
        takeaway="F⁻¹∇J is steepest descent measured in KL; what the coordinates still change is "
        "of the order of the rate, and vanishes with it.",
        sources=(
            "Amari 1998",
            "Martens 2020",
            "Song, Song and Ermon 2018",
            "Schulman and others 2015",
        ),
        sections=SECTIONS,
        presets=PRESETS,
        formulas=FORMULAS,
        controls=_controls,
        picture=picture,
        see=Seen,
        rules=RULES,
        inks=INKS,
        default=Natural(rate=0.1, steps=60, k=6),
        meter="Gap between the two runs",
        order=6,
        lights={"F": ("natural", "metric"), "J": ("gradient",)},
    )
)
