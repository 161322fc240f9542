"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from natgrad_core import gap
from natgrad_core.linalg.small_matrices import components, pack
from natgrad_core.types import Array
from natgrad_lecture.drawing.paired_runs import COINCIDE, DIFFER, one_step
from natgrad_lecture.lessons.base import Claim, Question
from natgrad_lecture.lessons.coordinates.model import Model, carried
from natgrad_lecture.lessons.coordinates.state import (
    CLOUD,
    DOUBLE,
    NEARBY,
    ROTATION,
    SHEAR,
    TOO_FAST,
    WHY,
)
from natgrad_lecture.lessons.scope import (
    Scope,
    between,
    box,
    log_between,
    matrices,
    multiples_of_one,
    of_problem,
    one_of,
    rotations,
)
from natgrad_lecture.state.items import problem_named


def _step_is(product: Callable[[Array], Array], sign: float = -1.0) -> Any:
    """One step in x, mapped back, against this product of A before α∇J, all along the run.

    A run that has left the domain makes no step from there.
    """

    def check(model: Model) -> bool:
        pair = model.paired_runs["gradient"]
        inside = pair.in_theta.ok
        _, in_x = one_step(pair, model.rule("gradient"))
        gradient = pack(model.problem.at(components(pair.in_theta.theta)).grad)
        expected = sign * model.state.rate * gradient @ product(model.matrix).T
        return _close(in_x[inside], expected[inside])

    return check


def _close(a: Any, b: Any) -> bool:
    """Equal to rounding, on the scale of the larger of the two."""
    scale = float(np.abs(b).max(initial=0.0)) or 1.0
    return bool(np.allclose(a, b, rtol=1e-8, atol=1e-10 * scale))


def _transforms(what: str, product: Callable[[Array, Array], Array]) -> Any:
    """The Hessian or the Fisher matrix in x, against a product of A and the one in θ."""
    rule = {"hessian": "newton", "fisher": "natural"}[what]

    def check(model: Model) -> bool:
        in_x = model.paired_runs[rule].in_x
        inside = in_x.ok  # a Newton step may leave the domain: there is no matrix beyond
        in_theta = getattr(model.problem, what)(in_x.in_theta[inside])
        there = getattr(in_x.problem, what)(in_x.theta[inside])
        return _close(there, product(model.matrix, in_theta))

    return check


def _inside(model: Model) -> Any:
    """Which points of the guide's run lie in the domain; a run that breaks off ends outside."""
    return np.isfinite(carried(model)[2]).all(-1)


def _chain_rule(product: Callable[[Array], Array]) -> Any:
    """Aᵀ∇J against central differences of J(Ax) along the run."""

    def check(model: Model) -> bool:
        through = model.problem.through(model.chart)
        said, inside = carried(model)[0] @ product(model.matrix).T, _inside(model)
        x, step = model.guide.theta_run_in_x[inside], 1e-6
        slopes = [
            (np.asarray(through.loss(x + h)) - np.asarray(through.loss(x - h))) / (2 * step)
            for h in step * np.eye(2)
        ]
        return bool(np.allclose(np.stack(slopes, -1), said[inside], rtol=1e-5, atol=1e-5))

    return check


def _step_in_x(sign: float) -> Any:
    """The run's own steps in x are −α times Aᵀ∇J."""

    def check(model: Model) -> bool:
        path = model.paired_runs["gradient"].in_x
        moved = np.diff(path.theta[path.ok], axis=0)
        gradient = model.problem.grad(path.in_theta[path.ok][:-1]) @ model.matrix
        return _close(moved, sign * model.state.rate * gradient)

    return check


def _carried_back(product: Callable[[Array], Array]) -> Any:
    """And in θ the same run moves by A times that, −αAAᵀ∇J."""

    def check(model: Model) -> bool:
        path = model.paired_runs["gradient"].in_x
        moved = np.diff(path.in_theta[path.ok], axis=0)
        gradient = model.problem.grad(path.in_theta[path.ok][:-1])
        return _close(moved, -model.state.rate * gradient @ product(model.matrix).T)

    return check


def _right_angles(model: Model) -> bool:
    """Each gradient is at right angles to its own level line; carried back it is not."""
    gradient, in_x, back = (each[_inside(model)] for each in carried(model))
    level = gradient @ np.array([[0.0, 1.0], [-1.0, 0.0]])
    level_in_x = np.linalg.solve(model.matrix, level.T).T
    across = np.einsum("ni,ni->n", in_x, level_in_x)
    sizes = np.linalg.norm(back, axis=1) * np.linalg.norm(level, axis=1)
    leaning = np.einsum("ni,ni->n", back, level) / sizes
    return bool(np.abs(across).max() < 1e-9 * sizes.max() and np.abs(leaning).max() > 1e-3)


def _another_metric(product: Callable[[Array], Array]) -> Any:
    """AAᵀ∇J solves G a = ∇J with G = A⁻ᵀA⁻¹, which measures θ by the ruler of x."""

    def check(model: Model) -> bool:
        gradient, _, back = (each[_inside(model)] for each in carried(model))
        metric = product(np.asarray(np.linalg.inv(model.matrix), np.float64))
        return _close(back @ metric.T, gradient)

    return check


def _which_product(model: Model) -> int:
    """Which product the run's first step in x, carried back, has before ∇J: AᵀA, AAᵀ or AA."""
    path, a = model.paired_runs["gradient"].in_x, model.matrix
    moved = np.diff(path.in_theta, axis=0)[0]
    gradient = model.problem.grad(path.in_theta[0])
    products = (a.T @ a, a @ a.T, a @ a)
    apart = [np.linalg.norm(moved + model.state.rate * m @ gradient) for m in products]
    return int(np.argmin(apart))


def _rate_times(power: int) -> Any:
    """With A = cI a step in x is the step in θ at c to this power times the rate."""
    return _step_is(lambda a: np.eye(2) * a[0, 0] ** power)


def _same_distributions(model: Model) -> bool:
    """KL of every step is the same number in both coordinates."""
    pair = model.paired_runs["natural"]
    return bool(np.allclose(pair.in_theta.kl, pair.in_x.kl, rtol=1e-6, atol=1e-15))


def _coincide(name: str) -> Any:
    return lambda model: model.gap(name) < COINCIDE


def _differ(name: str) -> Any:
    return lambda model: model.gap(name) > DIFFER


def _newton_is_natural(model: Model) -> bool:
    newton, natural = model.paired_runs["newton"].in_theta, model.paired_runs["natural"].in_theta
    return float(gap(newton.theta, natural.theta)) < COINCIDE


def _who_splits(model: Model) -> int:
    """Whose runs differ. 0: all rules', 1: gradient descent's alone, 2: none's."""
    differing = {name for name, pair in model.paired_runs.items() if pair.gap > DIFFER}
    return [set(model.paired_runs), {"gradient"}, set()].index(differing)


def _cloud_gaps(model: Model, name: str) -> Array:
    """The gap between a rule's two runs from each start of the cloud."""
    cloud = model.cloud(name)
    return np.asarray(gap(cloud.in_theta.theta, cloud.in_x.in_theta))


def _everywhere(name: str, apart: bool) -> Any:
    """From every start of the cloud the two runs differ visibly, or coincide."""

    def check(model: Model) -> bool:
        gaps = _cloud_gaps(model, name)
        return bool((gaps > APART).all() if apart else (gaps < COINCIDE).all())

    return check


def _long(model: Model, name: str, k: int) -> float:
    """How many times as long as it is wide the cloud is at step k."""
    points = model.cloud(name).in_theta.theta[k]
    sizes = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    return float(sizes[0] / sizes[1])


def _narrow(which: str, round_one: str) -> Any:
    """After some steps the cloud is long and narrow under one rule, nearly round under another."""

    def check(model: Model) -> bool:
        k = model.now
        return _long(model, which, k) > 4 and _long(model, round_one, k) < 2

    return check


def _keeps_round(model: Model) -> int:
    """0: gradient descent keeps the cloud round, 1: the natural gradient, 2: both."""
    rounded = [_long(model, name, model.now) < 2 for name in ("gradient", "natural")]
    return [[True, False], [False, True], [True, True]].index(rounded)


START = of_problem(
    {
        "normal": box((4.6, 0.25), (6.4, 0.9)),
        "logistic-regression": box((-1.5, -1.5), (1.5, 1.5)),
    }
)
PROBLEM = one_of("normal", "logistic-regression")
ANY = {"problem": PROBLEM, "start": START, "matrix": matrices(), "rate": log_between(1e-4, 2e-3)}
"""Both problems, any start in their windows, any invertible A: what the sentences of one step, and
of the derivatives, are true of. The rates are small, so that no run leaves its problem's domain.
"""
SLOW = {**ANY, "rate": log_between(0.005, 0.05)}
"""As above, at rates at which Newton's and the natural runs go somewhere."""
NEWTON = {
    "problem": PROBLEM,
    "start": of_problem(
        {
            "normal": box((5.2, 0.25), (5.7, 0.4)),
            "logistic-regression": box((-0.5, -0.5), (0.5, 0.5)),
        }
    ),
    "matrix": matrices(),
    "rate": log_between(0.005, 0.2),
}
"""Starts where the Hessian is positive definite: beyond, Newton's runs may leave the domain."""
UNEVEN = matrices(10.0, 1.5)
"""A whose singular values differ, so that AAᵀ is no multiple of the identity."""
APART = 1e-4
"""Above this two runs differ by more than rounding, and more than a hair."""
NEAR = {"start": box((5.42, 0.2), (5.48, 0.23)), "rate": log_between(0.006, 0.02)}
"""Near the minimum of the normal's loss, at rates that suit gradient descent there."""


def _at_the_mean(check: Callable[[Model], bool]) -> Any:
    """The same from μ = the sample's mean, with μ alone stretched: there ∇J has no part along μ, so
    the stretch changes no step.
    """

    def at(model: Model) -> bool:
        problem: Any = problem_named("normal")
        special = {"problem": "normal", "matrix": STRETCH_OF_MU, "rate": 0.01}
        return check(Model(model.state.with_(**special, start=(float(problem.mean), 0.4))))

    return at


STRETCH_OF_MU = ((1.3, 0.0), (0.0, 1.0))


def _apart(model: Model) -> bool:
    """The two runs of gradient descent differ by more than rounding, and more than a hair."""
    return model.gap("gradient") > APART


def _damping_splits(model: Model) -> bool:
    return model.gap("natural") > APART


def _all_coincide(model: Model) -> bool:
    """The two runs of gradient descent, Newton's method and the natural gradient coincide."""
    three = ("gradient", "newton", "natural")
    return max(model.gap(rule) for rule in three if rule in model.state.rules) < COINCIDE


CLAIMS = {
    "plain-aat": Claim(
        {**WHY, "stage": "back"},
        _step_is(lambda a: a @ a.T),
        Scope(ANY),
        false={
            "AᵀA for AAᵀ": _step_is(lambda a: a.T @ a),
            "sign": _step_is(lambda a: a @ a.T, 1.0),
            "no product": _step_is(lambda a: np.eye(2)),
        },
        shows=("gradient", "back", "formula.plain"),
    ),
    "plain-splits": Claim(
        {"matrix": SHEAR, "rules": ["gradient"]},
        _apart,
        Scope({**ANY, "matrix": UNEVEN, "rate": log_between(1e-3, 2e-3)}),
        false={"coincide": _coincide("gradient"), "from every start": _at_the_mean(_apart)},
        beyond=Scope({**ANY, "matrix": rotations()}),
        shows=("gradient", "meter"),
    ),
    "rotation": Claim(
        {"matrix": ROTATION},
        _all_coincide,
        Scope({**NEWTON, "matrix": rotations(), "rate": log_between(1e-3, 0.01)}),
        false={"differ": _apart},
        beyond=Scope({**NEWTON, "matrix": UNEVEN, "rate": log_between(1e-3, 0.01)}),
        shows=("gradient", "newton", "natural", "meter"),
    ),
    "double": Claim(
        {"matrix": DOUBLE, "rules": ["gradient"], "rate": 0.005},
        _rate_times(2),
        Scope({**ANY, "matrix": multiples_of_one()}),
        false={"c for c²": _rate_times(1), "1/c²": _rate_times(-2)},
        shows=("gradient", "formula.plain"),
    ),
    "chain": Claim(
        {**WHY, "stage": "gradient"},
        _chain_rule(lambda a: a.T),
        Scope(ANY),
        false={"A for Aᵀ": _chain_rule(lambda a: a)},
        shows=("gradient", "formula.plain"),
    ),
    "step-in-x": Claim(
        {**WHY, "stage": "step"},
        _step_in_x(-1.0),
        Scope(ANY),
        false={"sign": _step_in_x(1.0)},
        shows=("gradient",),
    ),
    "carried-back": Claim(
        {**WHY, "stage": "back"},
        _carried_back(lambda a: a @ a.T),
        Scope(ANY),
        false={"AᵀA": _carried_back(lambda a: a.T @ a), "A": _carried_back(lambda a: a)},
        shows=("gradient", "back", "formula.plain"),
    ),
    "right-angles": Claim(
        {**WHY, "stage": "back", "k": 1},
        _right_angles,
        Scope({**ANY, "matrix": UNEVEN}),
        beyond=Scope({**ANY, "matrix": rotations()}),
        shows=("gradient", "back", "level"),
    ),
    "ruler": Claim(
        {**WHY, "stage": "back", "k": 0},
        _another_metric(lambda a: a.T @ a),
        Scope(ANY),
        false={"AAᵀ for A⁻ᵀA⁻¹": _another_metric(lambda a: a @ a.T)},
        shows=("gradient", "back", "ruler"),
    ),
    "hessian": Claim(
        {"matrix": SHEAR, "rules": ["newton"], "k": 20},
        _transforms("hessian", lambda a, h: a.T @ h @ a),
        Scope(NEWTON),
        false={"AHAᵀ": _transforms("hessian", lambda a, h: a @ h @ a.T)},
        shows=("newton", "formula.hessian"),
    ),
    "newton-coincides": Claim(
        {"matrix": SHEAR, "rules": ["newton"]},
        _coincide("newton"),
        Scope(NEWTON),
        false={"gradient descent's too": _differ("newton")},
        beyond=Scope({**NEWTON, "damping": log_between(1.0, 10.0)}),
        shows=("newton", "meter"),
    ),
    "fisher": Claim(
        {"matrix": SHEAR, "rules": ["natural"], "k": 20},
        _transforms("fisher", lambda a, f: a.T @ f @ a),
        Scope(SLOW),
        false={"AFAᵀ": _transforms("fisher", lambda a, f: a @ f @ a.T)},
        shows=("natural", "metric", "formula.matrices"),
    ),
    "natural-coincides": Claim(
        {"matrix": SHEAR, "rules": ["natural"]},
        _coincide("natural"),
        Scope(SLOW),
        false={"differ": _differ("natural")},
        beyond=Scope({**SLOW, "damping": log_between(1.0, 10.0)}),
        shows=("natural", "meter", "formula.natural"),
    ),
    "same-distributions": Claim(
        {"matrix": SHEAR, "rules": ["natural"], "k": 40},
        _same_distributions,
        Scope(SLOW),
        beyond=Scope({**SLOW, "damping": log_between(1.0, 10.0)}),
        shows=("natural", "metric", "formula.kl"),
    ),
    "logistic": Claim(
        {"problem": "logistic-regression", "matrix": SHEAR, "rules": ["newton", "natural"]},
        _newton_is_natural,
        Scope({**NEWTON, "problem": one_of("logistic-regression")}),
        beyond=Scope({**NEWTON, "problem": one_of("normal")}),
        shows=("newton", "natural", "formula.matrices", "formula.hessian"),
    ),
    "cloud-natural": Claim(
        {**CLOUD, "matrix": SHEAR},
        _everywhere("natural", apart=False),
        Scope(SLOW),
        false={"they differ": _everywhere("natural", apart=True)},
        beyond=Scope({**SLOW, "damping": log_between(1.0, 10.0)}),
        shows=("natural",),
    ),
    "cloud-gradient": Claim(
        {**CLOUD, "matrix": SHEAR},
        _everywhere("gradient", apart=True),
        Scope({**ANY, "matrix": UNEVEN, "rate": log_between(1e-3, 2e-3)}),
        false={
            "they coincide": _everywhere("gradient", apart=False),
            "from every start": _at_the_mean(_apart),
        },
        beyond=Scope({**ANY, "matrix": rotations()}),
        shows=("gradient",),
    ),
    "cloud-shape": Claim(
        {**CLOUD, "start": NEARBY},
        _narrow("gradient", "natural"),
        Scope(NEAR),
        false={"the other way round": _narrow("natural", "gradient")},
        shows=("gradient", "natural"),
    ),
    "damping-breaks": Claim(
        {"matrix": SHEAR, "damping": 10.0, "rules": ["natural"], "k": 200},
        _damping_splits,
        Scope({**SLOW, "matrix": UNEVEN, "damping": log_between(1.0, 20.0)}),
        false={"coincide": _coincide("natural"), "from every start": _at_the_mean(_damping_splits)},
        beyond=Scope({**SLOW, "matrix": rotations(), "damping": log_between(1.0, 20.0)}),
        shows=("natural", "meter"),
    ),
    "damping-mends": Claim(
        {"matrix": SHEAR, "damping": 10.0, "kind": "pulled-back", "rules": ["natural"]},
        _coincide("natural"),
        Scope({**SLOW, "damping": log_between(1.0, 20.0)}),
        beyond=Scope({**SLOW, "damping": log_between(1.0, 20.0), "kind": one_of("identity")}),
        shows=("natural", "meter"),
    ),
}


def _overshoots(run: str) -> Any:
    """In this run of gradient descent J rises at some step and ends lower; in θ it falls always."""

    def check(model: Model) -> bool:
        pair = model.paired_runs["gradient"]
        rises = np.diff(getattr(pair, run).loss) > 0
        ends = pair.in_x.loss[-1] < pair.in_x.loss[0]
        return bool(rises.any() and ends and (np.diff(pair.in_theta.loss) <= 1e-12).all())

    return check


LINES: dict[str, tuple[str, ...] | Claim] = {
    "takeaway": ("plain-splits", "newton-coincides", "natural-coincides"),
    "question.turned": ("rotation", "plain-splits"),
    "question.product": ("chain", "carried-back"),
    "preset.a-shear-splits-plain-descent": (
        "plain-splits",
        "newton-coincides",
        "natural-coincides",
    ),
    "preset.a-rotation-changes-nothing": ("rotation",),
    "preset.a-stretch-is-another-learning-rate": ("double", "natural-coincides"),
    "preset.damping-breaks-it": ("damping-breaks",),
    "preset.damping-done-right": ("damping-mends",),
    "preset.newton-is-natural-here": ("logistic",),
    "preset.too-fast-for-x": Claim(
        TOO_FAST,
        _overshoots("in_x"),
        Scope({"start": box((5.19, 0.24), (5.21, 0.27)), "rate": between(0.019, 0.021)}),
        false={"in θ, too": _overshoots("in_theta")},
        beyond=Scope({"rate": between(0.001, 0.002)}),
    ),
    "question.shape": ("cloud-shape",),
    "preset.why-aaᵀ": ("chain", "step-in-x", "carried-back"),
}
"""What checks the lines that are not claims: the claims that they repeat, or a check of its own."""


QUESTIONS = {
    "turned": Question({"matrix": ROTATION}, _who_splits),
    "shape": Question({**CLOUD, "start": NEARBY}, _keeps_round),
    "product": Question(
        {**WHY, "stage": "back"}, _which_product, hides=("plain-aat", "derivation.product")
    ),
}
