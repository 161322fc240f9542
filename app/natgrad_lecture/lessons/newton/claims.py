"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from natgrad_core import gap, metrics
from natgrad_core.linalg.small_matrices import components, pack
from natgrad_core.types import Array
from natgrad_lecture.drawing.paired_runs import COINCIDE, DIFFER
from natgrad_lecture.drawing.windows import grid, window
from natgrad_lecture.lessons.base import Changes, Claim, Question
from natgrad_lecture.lessons.newton.model import Model
from natgrad_lecture.lessons.newton.state import (
    ACROSS,
    CURVED_APART,
    FAR,
    SADDLE,
    SHEARED,
    STRAIGHTENED,
    TERM_LEFT_OUT,
)
from natgrad_lecture.lessons.scope import (
    Scope,
    between,
    box,
    log_between,
    of_problem,
    one_of,
)

FIGURE_RATES = (0.002, 0.001)
"""Two small rates, one half of the other, from which an order is read."""

SMALLER_RATES = (2e-6, 1e-6)
"""At these the first order is the larger one even near points where it vanishes."""

STEPS = 400
"""As many steps as the page offers: a run that converges is at its limit by then."""

Product = Callable[[Array, Array], Array]


def _coincide(model: Model) -> bool:
    return model.gap("newton") < COINCIDE


def _linear(product: Product) -> Any:
    """In x the Hessian is this product of A and H, and the two runs coincide."""

    def check(model: Model) -> bool:
        a = model.chart.jacobian(model.chart.inverse(np.asarray(model.start)))
        trouble = model.problem.through(model.chart).hessian(model.guide.theta_run_in_x)
        return _close(trouble, product(a, model.hessian_in_theta)) and _coincide(model)

    return check


def _close(a: Array, b: Array, tolerance: float = 1e-8) -> bool:
    """Equal to rounding, on the scale of the larger of the two."""
    scale = float(np.abs(b).max(initial=0.0)) or 1.0
    return bool(np.allclose(a, b, rtol=tolerance, atol=tolerance * scale))


def _grows(sign: float = 1.0, rate: float | None = None) -> Any:
    """The gap of Newton's two runs grows with s, from none to the bend of the state; for the other
    sign of s, or at another rate.
    """

    def check(model: Model) -> bool:
        s = model.state.with_(rate=rate or model.state.rate)
        parts = sorted(sign * part for part in (0, 0.25, 0.5, 0.8, 1))
        gaps = [Model(s.with_(bend=s.bend * part)).gap("newton") for part in parts]
        return gaps[parts.index(0)] < COINCIDE and bool((np.diff(gaps) > 0).all())

    return check


def _term(sign: float) -> Any:
    """DfᵀH Df + Σ g ∇²f, put together here, against slopes of the gradient in x."""

    def check(model: Model) -> bool:
        guide, chart, problem = model.guide, model.chart, model.problem.through(model.chart)
        ok = guide.in_theta.ok  # a run that left the domain has no derivatives there
        x = guide.theta_run_in_x[ok]
        j, curvature = chart.jacobian(x), chart.curvature(x)
        put = np.swapaxes(j, -1, -2) @ model.hessian_in_theta[ok] @ j
        put = put + sign * np.einsum("nk,nkij->nij", model.gradient[ok], curvature)
        step = 1e-5 * np.eye(2)
        slopes = np.stack([(problem.grad(x + d) - problem.grad(x - d)) / 2e-5 for d in step], -1)
        return _close(put, slopes, 1e-5) and _close(put, model.parts["Hx"][ok])

    return check


def _same_direction(sign: float) -> Any:
    """Newton's direction made in x and mapped to θ is this sign times the one made in θ."""

    def check(model: Model) -> bool:
        ok = model.guide.in_theta.ok
        return _close(model.direction("newton-x")[ok], sign * model.direction("newton")[ok])

    return check


def _order(gaps: Array) -> float:
    return float(np.log2(gaps[0] / gaps[1]))


def _orders(without: float, with_it: float) -> Any:
    """The orders in α of one step's gap: without the term, and with it.

    Where the coefficient of the second order almost vanishes, a little more is read.
    """

    def check(model: Model) -> bool:
        second = _order(model.first_gaps("newton", FIGURE_RATES, "carried"))
        first = _order(model.first_gaps("newton", SMALLER_RATES))
        return -0.05 < second - without < 0.5 and abs(first - with_it) < 0.05

    return check


def _tensor(step: int) -> Any:
    """At this step of a run to the minimum the second term is zero."""

    def check(model: Model) -> bool:
        term = np.abs(model.parts["term"]).max((-1, -2))
        return bool(term[step] < 1e-7 * np.abs(model.parts["JHJ"][-1]).max())

    return check


def _one_step(in_x: bool) -> Any:
    """At rate 1 Newton is at the minimum after one step made in x, or in θ."""

    def check(model: Model) -> bool:
        pair = model.pair("newton")
        end = pair.in_x.in_theta[1] if in_x else pair.in_theta.theta[1]
        return bool(np.allclose(end, (1, 1), atol=1e-8))

    return check


def _climbs(sign: float) -> Any:
    """H is indefinite at the start, and the slope of Newton's step has this sign."""

    def check(model: Model) -> bool:
        values = np.linalg.eigvalsh(model.hessian_in_theta[0])
        slope = model.slope("newton")[0]
        solved = np.linalg.solve(model.hessian_in_theta[0], model.gradient[0])
        trouble = np.isclose(slope, -model.gradient[0] @ solved)
        return bool(values[0] < 0 < values[1] and trouble and sign * slope > 0)

    return check


def _ends(rule: str, below: int) -> Any:
    """The run ends at a stationary point whose Hessian has so many negative eigenvalues.

    Whatever number of steps the page shows, the run is followed for as many as it offers.
    """

    def check(model: Model) -> bool:
        end = Model(model.state.with_(steps=STEPS)).pair(rule).in_theta.theta[-1]
        values = np.linalg.eigvalsh(model.problem.hessian(end))
        flat = np.linalg.norm(model.problem.grad(end)) < 0.02
        return bool(flat and (values < 0).sum() == below)

    return check


def _downhill(metric: str) -> Any:
    """The slope of −G⁻¹∇J is negative all over the picture."""

    def check(model: Model) -> bool:
        points = grid(window(model.problem), 41).reshape(-1, 2)
        at = model.problem.at(components(points))
        gradient = pack(at.grad)
        raised = pack(metrics[metric]()(at).solve(at.grad))
        slope = -np.einsum("ni,ni->n", gradient, raised)
        moving = np.linalg.norm(gradient, axis=-1) > 1e-9
        return bool((slope[moving] < 0).all())

    return check


def _absolute(model: Model) -> bool:
    """−|H|⁻¹∇J is downhill, a small enough step lowers J, and the run ends in a well."""
    lower = model.problem.loss(
        np.asarray(model.start) + 1e-4 * model.direction("absolute-hessian")[0]
    )
    return bool(
        _downhill("absolute-hessian")(model)
        and lower < model.problem.loss(np.asarray(model.start))
        and _ends("absolute-hessian", 0)(model)
    )


def _each_step_lowers(rule: str) -> Any:
    return lambda model: bool((np.diff(model.pair(rule).in_theta.loss) <= 1e-12).all())


def _gauss_newton(model: Model) -> bool:
    """No eigenvalue of the Gauss–Newton matrix is negative, it is F, and −F⁻¹∇J points downhill."""
    points = model.guide.in_theta.theta
    residual = np.stack([_residuals(points + d) - _residuals(points - d) for d in _EACH], -1)
    jacobian = residual / (2 * _SMALL)
    trouble = np.swapaxes(jacobian, -1, -2) @ jacobian
    fisher = model.problem.fisher(points)
    slope, moving = model.slope("natural"), np.linalg.norm(model.gradient, axis=-1) > 1e-9
    least = np.linalg.eigvalsh(fisher)[:, 0]
    return _close(fisher, trouble, 1e-6) and bool((least > 0).all() and (slope[moving] < 0).all())


_SMALL = 1e-5
_EACH = _SMALL * np.eye(2)


def _residuals(points: Array) -> Array:
    """Rosenbrock's residuals (1 − θ₁)√2 and 10√2 (θ₂ − θ₁²): J is half the sum of their squares."""
    first, second = points[..., 0], points[..., 1]
    return np.sqrt(2) * np.stack([1 - first, 10 * (second - first**2)], -1)


def _newton_downhill(model: Model) -> bool:
    return bool(model.slope("newton")[0] < 0)


def _depends_on_coordinates(model: Model) -> bool:
    """At the start H is positive definite in θ, and in x it is not."""
    values = np.linalg.eigvalsh(model.parts["Hx"][0])
    return bool(np.linalg.eigvalsh(model.hessian_in_theta[0])[0] > 0 > values[0])


def _hessian_is_fisher(curved: bool) -> Any:
    """H = F in θ and in x with a shear alone; in the bent coordinates it holds or it does not."""

    def check(model: Model) -> bool:
        points = model.guide.in_theta.theta
        equal = _close(model.hessian_in_theta, model.problem.fisher(points))
        straight = Model(model.state.with_(bend=0.0))
        for each, expected in ((straight, True), (model, curved)):
            there = each.problem.through(each.chart)
            x = each.chart.inverse(points[:1])
            hessian, fisher = there.hessian(x), there.fisher(x)
            apart = np.abs(hessian - fisher).max() > 1e-6 * np.abs(fisher).max()
            equal = equal and apart != expected
        return bool(equal)

    return check


def _natural_order(order: float) -> Any:
    """The order in α of one natural step's gap; at half the rate a whole run differs by half."""

    def check(model: Model) -> bool:
        one = _order(model.first_gaps("natural", FIGURE_RATES))
        ends = []
        for rate in (0.02, 0.01):
            pair = Model(model.state.with_(rate=rate, steps=round(1 / rate))).pair("natural")
            ends.append(np.linalg.norm(pair.in_theta.theta[-1] - pair.in_x.in_theta[-1]))
        return abs(one - order) < 0.05 and abs(_order(np.array(ends)) - 1) < 0.1

    return check


def _wider(rule: str) -> Any:
    """From too large a σ it grows at every step, and H is indefinite all along the run."""

    def check(model: Model) -> bool:
        points = model.pair(rule).in_theta.theta
        sigma = points[:, 1]
        fitted = model.problem.variance**0.5  # type: ignore[attr-defined]
        values = np.linalg.eigvalsh(model.problem.hessian(points))
        indefinite = bool((values[:, 0] < 0).all() and (values[:, 1] > 0).all())
        return indefinite and bool(sigma[0] > fitted and (np.diff(sigma) > 0).all())

    return check


def _where_newton_ends(model: Model) -> int:
    """0: in the nearer well, 1: on the saddle, 2: in the farther well."""
    end = model.pair("newton").in_theta.theta[-1]
    places = np.array([[1.0, 0.0], [0.0, 0.0], [-1.0, 0.0]])
    return int(np.argmin(np.linalg.norm(places - end, axis=1)))


def _who_splits(model: Model) -> int:
    """0: neither, 1: Newton alone, 2: both."""
    newton, natural = (bool(model.gap(name) > DIFFER) for name in ("newton", "natural"))
    return [(False, False), (True, False), (True, True)].index((newton, natural))


def _nearly(rule: str, much: float) -> Any:
    """A rule's two runs differ by less than ``much``."""
    return lambda model: bool(model.gap(rule) < much)


def _newton_apart(model: Model) -> bool:
    """Newton's two runs differ ten times as much as the natural gradient's."""
    return bool(model.gap("newton") > 10 * model.gap("natural"))


def _newton_is_natural(in_theta: bool) -> Any:
    """Newton's run is the natural gradient's: in θ, or in x."""

    def check(model: Model) -> bool:
        newton, natural = (model.pair(name) for name in ("newton", "natural"))
        runs = (newton.in_theta, natural.in_theta) if in_theta else (newton.in_x, natural.in_x)
        return bool(gap(runs[0].theta, runs[1].theta) < COINCIDE)

    return check


PROBLEM = one_of("rosenbrock", "double-well", "normal", "logistic-regression")
MODELED = one_of("rosenbrock", "normal", "logistic-regression")
ANYWHERE = of_problem(
    {
        "rosenbrock": box((-1.5, -0.8), (1.5, 2.2)),
        "double-well": box((-1.6, -1.3), (1.6, 1.3)),
        "normal": box((5.2, 0.15), (5.55, 0.4)),
        "logistic-regression": box((-1.5, -0.3), (2.0, 2.5)),
    }
)
CONVEX = of_problem(
    {
        "rosenbrock": box((-1.4, -0.8), (-0.9, 0.6)),
        "double-well": box((0.75, -1.2), (1.5, 1.2)),
        "normal": box((5.4, 0.15), (5.5, 0.21)),
        "logistic-regression": box((-1.0, -0.3), (1.0, 2.0)),
    }
)
"""Starts where H is positive definite; beyond, Newton's method may leave the domain."""
BENDS = of_problem(
    {
        "rosenbrock": between(0.2, 1.0),
        "double-well": between(0.2, 1.0),
        "normal": between(0.5, 1.5),
        "logistic-regression": between(0.05, 0.3),
    }
)
ANY = {"problem": PROBLEM, "start": ANYWHERE, "bend": BENDS, "shear": between(-1.0, 1.0)}
"""Every problem, any start in its window, bent and sheared coordinates."""
FEW = {"steps": one_of(3), "rate": one_of(0.01)}
"""What is said of a point needs no long run from it."""
LOGISTIC = {
    "start": box((-1.5, -0.3), (2.0, 2.5)),
    "bend": between(0.05, 0.3),
    "shear": between(-1.0, 1.0),
    **FEW,
}
BESIDE_SADDLE = box((0.3, 0.1), (0.45, 0.2))
WINDOW = box((-1.5, -0.8), (1.5, 2.2))


def _valley(rng: np.random.Generator, _: Changes) -> tuple[float, float]:
    """Just above the valley, where H is indefinite and Newton's step may go uphill."""
    first = float(rng.uniform(-1.4, -0.5))
    return first, first**2 + float(rng.uniform(0.006, 0.015))


def _valley_or_anywhere(rng: np.random.Generator, drawn: Changes) -> Any:
    return (_valley if rng.uniform() < 0.5 else WINDOW)(rng, drawn)


CLAIMS = {
    "linear": Claim(
        {**SHEARED, "k": 100},
        _linear(lambda a, h: a.T @ h @ a),
        Scope(
            {
                "problem": PROBLEM,
                "start": CONVEX,
                "shear": between(-2.0, 2.0),
                "rate": log_between(0.01, 0.2),
                "bend": one_of(0.0),
            }
        ),
        false={"AHAᵀ": _linear(lambda a, h: a @ h @ a.T)},
        beyond=Scope({"problem": PROBLEM, "start": CONVEX, "bend": BENDS}),
        shows=("newton", "meter", "formula.hessian"),
    ),
    "term": Claim(
        {"k": 6},
        _term(1.0),
        Scope({**ANY, **FEW}),
        false={"sign": _term(-1.0), "without the second term": _term(0.0)},
        shows=("newton", "formula.hessian"),
    ),
    "grows": Claim(
        {"rules": ["newton"], "k": 100},
        _grows(),
        Scope(
            {
                "start": box((-1.25, 0.95), (-1.15, 1.05)),
                "bend": between(0.1, 0.5),
                "rate": log_between(0.01, 1.0),
            }
        ),
        false={"from s < 0 to 0, too": _grows(-1.0), "at any rate": _grows(rate=1.5)},
        beyond=Scope({"bend": between(1.2, 1.4)}),
        shows=("newton", "meter"),
    ),
    "carried": Claim(
        {"hessian": "carried", "rules": ["newton"], "k": 6},
        _same_direction(1.0),
        Scope({**ANY, **FEW, "hessian": one_of("carried")}),
        false={"sign": _same_direction(-1.0)},
        beyond=Scope({**ANY, **FEW, "hessian": one_of("true")}),
        shows=("newton", "formula.hessian"),
    ),
    "orders": Claim(
        {"hessian": "carried", "rules": ["newton"], "rate": 0.02, "steps": 300, "k": 300},
        _orders(2, 1),
        Scope({"problem": PROBLEM, "start": CONVEX, "bend": BENDS, **FEW}),
        false={"the other way round": _orders(1, 2), "O(α) both": _orders(1, 1)},
        shows=("newton", "formula.order"),
    ),
    "minimum": Claim(
        {"rate": 0.5, "steps": 60, "k": 60, "rules": ["newton"]},
        _tensor(-1),
        Scope(
            {
                "problem": PROBLEM,
                "start": CONVEX,
                "bend": BENDS,
                "shear": between(-1.0, 1.0),
                "rate": between(0.4, 0.6),
                "steps": one_of(80),
            }
        ),
        false={"at the start, too": _tensor(0)},
        shows=("newton", "formula.hessian"),
    ),
    "straightened": Claim(
        STRAIGHTENED,
        _one_step(in_x=True),
        Scope({"start": WINDOW, "shear": between(-1.0, 1.0)}),
        false={"in θ": _one_step(in_x=False)},
        beyond=Scope({"start": WINDOW, "bend": between(0.2, 0.8)}),
        shows=("newton",),
    ),
    "climbs": Claim(
        {**SADDLE, "rules": ["newton"], "k": 2},
        _climbs(1.0),
        Scope({"start": BESIDE_SADDLE}),
        false={"downhill": _climbs(-1.0)},
        beyond=Scope({"start": box((-0.5, -1.3), (0.5, 1.3))}),
        shows=("newton", "uphill", "formula.slopes"),
    ),
    "saddle": Claim(
        {**SADDLE, "rules": ["newton"], "k": 80},
        _ends("newton", 1),
        Scope({"start": BESIDE_SADDLE, "rate": log_between(0.05, 0.5)}),
        false={"in a well": _ends("newton", 0)},
        beyond=Scope({"start": box((0.7, -1.0), (1.4, 1.0))}),
        shows=("newton", "uphill"),
    ),
    "absolute": Claim(
        {**SADDLE, "rules": ["newton", "absolute-hessian"], "k": 2},
        _absolute,
        Scope({"start": BESIDE_SADDLE, "rate": log_between(0.05, 0.5), "steps": one_of(200)}),
        false={
            "every step lowers J": _each_step_lowers("absolute-hessian"),
            "H for |H|": _downhill("hessian"),
        },
        shows=("absolute-hessian", "newton", "uphill"),
    ),
    "gauss-newton": Claim(
        {"start": ACROSS, "bend": 0.0, "k": 0, "steps": 100},
        _gauss_newton,
        Scope({"start": _valley_or_anywhere, "rate": one_of(0.1, 1.0), "steps": one_of(10)}),
        false={
            "each step lowers J": _each_step_lowers("natural"),
            "nor does Newton's": _newton_downhill,
        },
        shows=("natural", "newton", "uphill", "formula.slopes"),
    ),
    "coordinates-decide": Claim(
        {"problem": "double-well", "bend": -0.9, "start": (1.0, 1.2), "k": 0, "rules": ["newton"]},
        _depends_on_coordinates,
        Scope({"start": box((0.9, 1.15), (1.0, 1.3)), "bend": between(-1.2, -0.9)}),
        beyond=Scope({"bend": one_of(0.0), "shear": between(-2.0, 2.0)}),
        shows=("uphill", "formula.slopes"),
    ),
    "logistic": Claim(
        {"problem": "logistic-regression", "bend": 0.15, "k": 60},
        _hessian_is_fisher(curved=False),
        Scope(LOGISTIC),
        false={"bent, too": _hessian_is_fisher(curved=True)},
        beyond=Scope({**ANY, **FEW, "problem": one_of("rosenbrock", "normal")}),
        shows=("newton", "natural", "meter"),
    ),
    "natural": Claim(
        {"rules": ["natural"], "rate": 0.02, "steps": 200, "k": 200},
        _natural_order(2),
        Scope({"problem": MODELED, "start": CONVEX, "bend": BENDS}),
        false={"O(α)": _natural_order(1), "O(α³)": _natural_order(3)},
        shows=("natural", "meter", "formula.order"),
    ),
    "flees": Claim(
        {"problem": "normal", "bend": 0.0, "start": FAR, "steps": 60, "k": 60},
        _wider("newton"),
        Scope({"start": box((5.45, 0.4), (5.55, 0.48)), "rate": between(0.05, 0.2)}),
        false={"the natural gradient, too": _wider("natural")},
        beyond=Scope({"start": box((5.44, 0.24), (5.46, 0.32))}),
        shows=("newton", "natural", "uphill"),
    ),
}


LINES: dict[str, tuple[str, ...] | Claim] = {
    "takeaway": ("linear", "grows", "climbs"),
    "question.bent": ("orders", "natural"),
    "question.beside": ("climbs", "saddle"),
    "preset.a-bend-splits-newton": Claim(
        CURVED_APART,
        _newton_apart,
        Scope({"rate": log_between(0.01, 0.02), "bend": between(0.4, 0.5)}),
        beyond=Scope({"bend": one_of(0.0)}),
    ),
    "preset.a-shear-does-not": ("linear",),
    "preset.leave-the-term-out": Claim(
        TERM_LEFT_OUT,
        _nearly("newton", DIFFER),
        Scope({"rate": log_between(0.01, 0.02), "bend": between(0.3, 0.5)}),
        beyond=Scope({"hessian": one_of("true")}),
    ),
    "preset.the-valley-made-straight": ("straightened",),
    "preset.drawn-to-the-saddle": ("saddle", "absolute"),
    "preset.above-the-valley": ("gauss-newton",),
    "preset.newton-flees": ("flees",),
    "preset.h-f-but-not-bent": Claim(
        {"problem": "logistic-regression", "bend": 0.15},
        _newton_is_natural(in_theta=True),
        Scope({**LOGISTIC, "steps": one_of(50)}),
        false={"in x, too": _newton_is_natural(in_theta=False)},
    ),
}
"""What checks the lines that are not claims: the claims that they repeat, or a check of its own."""


QUESTIONS = {
    "bent": Question(
        {**CURVED_APART, "rate": 0.01},
        _who_splits,
        hides=(
            "meter",
            "preset.a-bend-splits-newton",
            "preset.leave-the-term-out",
            "preset.h-f-but-not-bent",
        ),
    ),
    "beside": Question({**SADDLE, "rules": ["newton"], "k": 80}, _where_newton_ends),
}
