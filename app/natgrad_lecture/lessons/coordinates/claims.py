"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from natgrad_core import gap, rules, run
from natgrad_core.linalg.small_matrices import components, pack
from natgrad_core.types import Array
from natgrad_lecture.drawing.paired_runs import COINCIDE, SPLIT, one_step
from natgrad_lecture.engine_cache import Shown
from natgrad_lecture.lessons.base import Claim, Question
from natgrad_lecture.lessons.coordinates.chain_rule_figure import carried
from natgrad_lecture.lessons.coordinates.state import DOUBLE, ROTATION, SHEAR, WHY
from natgrad_lecture.lessons.scope import (
    Scope,
    box,
    log_between,
    matrices,
    multiples_of_one,
    of_problem,
    one_of,
    rotations,
)


def _step_is(product: Callable[[Array], Array], sign: float = -1.0) -> Any:
    """One step in x, mapped back, against this product of A before α∇J, all along the run."""

    def check(shown: Shown) -> bool:
        twins = shown.twins["gradient"]
        _, away = one_step(twins, shown.rule("gradient"))
        gradient = pack(shown.problem.at(components(twins.home.theta)).grad)
        expected = sign * shown.state.rate * gradient @ product(shown.matrix).T
        return _close(away, expected)

    return check


def _close(a: Any, b: Any) -> bool:
    """Equal to rounding, on the scale of the larger of the two."""
    scale = float(np.abs(b).max(initial=0.0)) or 1.0
    return bool(np.allclose(a, b, rtol=1e-8, atol=1e-10 * scale))


def _transforms(what: str, product: Callable[[Array, Array], Array]) -> Any:
    """The Hessian or the Fisher matrix in x, against a product of A and the one in θ."""
    rule = {"hessian": "newton", "fisher": "natural"}[what]

    def check(shown: Shown) -> bool:
        away = shown.twins[rule].away
        inside = away.ok  # a Newton step may leave the domain: there is no matrix beyond
        home = getattr(shown.problem, what)(away.home[inside])
        there = getattr(away.problem, what)(away.theta[inside])
        return _close(there, product(shown.matrix, home))

    return check


def _chain_rule(product: Callable[[Array], Array]) -> Any:
    """Aᵀ∇J against central differences of J(Ax) along the run."""

    def check(shown: Shown) -> bool:
        through = shown.problem.through(shown.chart)
        x, step = shown.guide.home_in_x, 1e-6
        slopes = [
            (np.asarray(through.loss(x + h)) - np.asarray(through.loss(x - h))) / (2 * step)
            for h in step * np.eye(2)
        ]
        said = carried(shown)[0] @ product(shown.matrix).T
        return bool(np.allclose(np.stack(slopes, -1), said, rtol=1e-5, atol=1e-5))

    return check


def _step_in_x(sign: float) -> Any:
    """The run's own steps in x are −α times Aᵀ∇J."""

    def check(shown: Shown) -> bool:
        path = shown.twins["gradient"].away
        moved = np.diff(path.theta, axis=0)
        gradient = shown.problem.grad(path.home)[:-1] @ shown.matrix
        return _close(moved, sign * shown.state.rate * gradient)

    return check


def _carried_back(product: Callable[[Array], Array]) -> Any:
    """And in θ the same run moves by A times that, −αAAᵀ∇J."""

    def check(shown: Shown) -> bool:
        path = shown.twins["gradient"].away
        moved = np.diff(path.home, axis=0)
        gradient = shown.problem.grad(path.home)[:-1]
        return _close(moved, -shown.state.rate * gradient @ product(shown.matrix).T)

    return check


def _right_angles(shown: Shown) -> bool:
    """Each gradient is at right angles to its own level line; carried back it is not."""
    gradient, in_x, back = carried(shown)
    level = gradient @ np.array([[0.0, 1.0], [-1.0, 0.0]])
    level_in_x = np.linalg.solve(shown.matrix, level.T).T
    across = np.einsum("ni,ni->n", in_x, level_in_x)
    sizes = np.linalg.norm(back, axis=1) * np.linalg.norm(level, axis=1)
    leaning = np.einsum("ni,ni->n", back, level) / sizes
    return bool(np.abs(across).max() < 1e-9 * sizes.max() and np.abs(leaning).max() > 1e-3)


def _another_metric(product: Callable[[Array], Array]) -> Any:
    """AAᵀ∇J solves G a = ∇J with G = A⁻ᵀA⁻¹, which measures θ by the ruler of x."""

    def check(shown: Shown) -> bool:
        gradient, _, back = carried(shown)
        metric = product(np.asarray(np.linalg.inv(shown.matrix), np.float64))
        return _close(back @ metric.T, gradient)

    return check


def _which_product(shown: Shown) -> int:
    """Which product the run's first step in x, carried back, has before ∇J: AᵀA, AAᵀ or AA."""
    path, a = shown.twins["gradient"].away, shown.matrix
    moved = np.diff(path.home, axis=0)[0]
    gradient = shown.problem.grad(path.home[0])
    products = (a.T @ a, a @ a.T, a @ a)
    apart = [np.linalg.norm(moved + shown.state.rate * m @ gradient) for m in products]
    return int(np.argmin(apart))


def _rate_times(power: int) -> Any:
    """With A = cI the run in x is the run in θ at c to this power times the rate."""

    def check(shown: Shown) -> bool:
        rate = shown.matrix[0, 0] ** power * shown.state.rate
        other = run(shown.problem, rules["gradient"](rate), shown.start, shown.state.steps)
        return float(gap(other.theta, shown.twins["gradient"].away.home)) < COINCIDE

    return check


def _same_distributions(shown: Shown) -> bool:
    """KL of every step is the same number in both coordinates."""
    twins = shown.twins["natural"]
    return bool(np.allclose(twins.home.kl, twins.away.kl, rtol=1e-6, atol=1e-15))


def _coincide(name: str) -> Any:
    return lambda shown: shown.gap(name) < COINCIDE


def _split(name: str) -> Any:
    return lambda shown: shown.gap(name) > SPLIT


def _newton_is_natural(shown: Shown) -> bool:
    newton, natural = shown.twins["newton"].home, shown.twins["natural"].home
    return float(gap(newton.theta, natural.theta)) < COINCIDE


def _who_splits(shown: Shown) -> int:
    """Whose runs differ. 0: all rules', 1: gradient descent's alone, 2: none's."""
    split = {name for name, pair in shown.twins.items() if pair.gap > SPLIT}
    return [set(shown.twins), {"gradient"}, set()].index(split)


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


def _apart(shown: Shown) -> bool:
    """The two runs of gradient descent differ by more than rounding, and more than a hair."""
    return shown.gap("gradient") > 1e-4


def _all_coincide(shown: Shown) -> bool:
    return max(pair.gap for pair in shown.twins.values()) < COINCIDE


CLAIMS = {
    "plain-aat": Claim(
        {"matrix": SHEAR, "rules": ["gradient"], "k": 6},
        _step_is(lambda a: a @ a.T),
        Scope(ANY),
        false={
            "AᵀA for AAᵀ": _step_is(lambda a: a.T @ a),
            "sign": _step_is(lambda a: a @ a.T, 1.0),
            "no product": _step_is(lambda a: np.eye(2)),
        },
    ),
    "plain-splits": Claim(
        {"matrix": SHEAR, "rules": ["gradient"]},
        _apart,
        Scope({**ANY, "matrix": UNEVEN, "rate": log_between(1e-3, 2e-3)}),
        false={"coincide": _coincide("gradient")},
        beyond=Scope({**ANY, "matrix": rotations()}),
    ),
    "rotation": Claim(
        {"matrix": ROTATION},
        _all_coincide,
        Scope({**NEWTON, "matrix": rotations(), "rate": log_between(1e-3, 0.01)}),
        false={"differ": _apart},
        beyond=Scope({**NEWTON, "matrix": UNEVEN, "rate": log_between(1e-3, 0.01)}),
    ),
    "double": Claim(
        {"matrix": DOUBLE, "rules": ["gradient"], "rate": 0.005},
        _rate_times(2),
        Scope({**ANY, "matrix": multiples_of_one()}),
        false={"c for c²": _rate_times(1), "1/c²": _rate_times(-2)},
    ),
    "chain": Claim(
        {**WHY, "stage": "gradient"},
        _chain_rule(lambda a: a.T),
        Scope(ANY),
        false={"A for Aᵀ": _chain_rule(lambda a: a)},
    ),
    "step-in-x": Claim(
        {**WHY, "stage": "step"},
        _step_in_x(-1.0),
        Scope(ANY),
        false={"sign": _step_in_x(1.0)},
    ),
    "carried-back": Claim(
        {**WHY, "stage": "back"},
        _carried_back(lambda a: a @ a.T),
        Scope(ANY),
        false={"AᵀA": _carried_back(lambda a: a.T @ a), "A": _carried_back(lambda a: a)},
    ),
    "right-angles": Claim(
        {**WHY, "stage": "back", "k": 1},
        _right_angles,
        Scope({**ANY, "matrix": UNEVEN}),
        beyond=Scope({**ANY, "matrix": rotations()}),
    ),
    "ruler": Claim(
        {**WHY, "stage": "back", "k": 0},
        _another_metric(lambda a: a.T @ a),
        Scope(ANY),
        false={"AAᵀ for A⁻ᵀA⁻¹": _another_metric(lambda a: a @ a.T)},
    ),
    "hessian": Claim(
        {"matrix": SHEAR, "rules": ["newton"], "k": 20},
        _transforms("hessian", lambda a, h: a.T @ h @ a),
        Scope(NEWTON),
        false={"AHAᵀ": _transforms("hessian", lambda a, h: a @ h @ a.T)},
    ),
    "newton-coincides": Claim(
        {"matrix": SHEAR, "rules": ["newton"]},
        _coincide("newton"),
        Scope(NEWTON),
        false={"gradient descent's too": _split("newton")},
        beyond=Scope({**NEWTON, "damping": log_between(1.0, 10.0)}),
    ),
    "fisher": Claim(
        {"matrix": SHEAR, "rules": ["natural"], "k": 20},
        _transforms("fisher", lambda a, f: a.T @ f @ a),
        Scope(SLOW),
        false={"AFAᵀ": _transforms("fisher", lambda a, f: a @ f @ a.T)},
    ),
    "natural-coincides": Claim(
        {"matrix": SHEAR, "rules": ["natural"]},
        _coincide("natural"),
        Scope(SLOW),
        false={"differ": _split("natural")},
        beyond=Scope({**SLOW, "damping": log_between(1.0, 10.0)}),
    ),
    "same-distributions": Claim(
        {"matrix": SHEAR, "rules": ["natural"], "k": 40},
        _same_distributions,
        Scope(SLOW),
        beyond=Scope({**SLOW, "damping": log_between(1.0, 10.0)}),
    ),
    "logistic": Claim(
        {"problem": "logistic-regression", "matrix": SHEAR, "rules": ["newton", "natural"]},
        _newton_is_natural,
        Scope({**NEWTON, "problem": one_of("logistic-regression")}),
        beyond=Scope({**NEWTON, "problem": one_of("normal")}),
    ),
    "damping-breaks": Claim(
        {"matrix": SHEAR, "damping": 10.0, "rules": ["natural"]},
        lambda shown: shown.gap("natural") > 1e-4,
        Scope({**SLOW, "matrix": UNEVEN, "damping": log_between(1.0, 20.0)}),
        false={"coincide": _coincide("natural")},
        beyond=Scope({**SLOW, "matrix": rotations(), "damping": log_between(1.0, 20.0)}),
    ),
    "damping-mends": Claim(
        {"matrix": SHEAR, "damping": 10.0, "kind": "pulled-back", "rules": ["natural"]},
        _coincide("natural"),
        Scope({**SLOW, "damping": log_between(1.0, 20.0)}),
        beyond=Scope({**SLOW, "damping": log_between(1.0, 20.0), "kind": one_of("identity")}),
    ),
}


QUESTIONS = {
    "turned": Question({"matrix": ROTATION}, _who_splits),
    "product": Question({**WHY, "stage": "back"}, _which_product),
}
