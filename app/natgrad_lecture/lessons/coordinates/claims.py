"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_core import gap, rules, run
from natgrad_core.linalg.small_matrices import components, pack
from natgrad_lecture.drawing.paired_runs import COINCIDE, SPLIT, one_step
from natgrad_lecture.engine_cache import Shown
from natgrad_lecture.lessons.base import Claim, Question
from natgrad_lecture.lessons.coordinates.chain_rule_figure import carried
from natgrad_lecture.lessons.coordinates.state import DOUBLE, ROTATION, SHEAR, WHY


def _plain_step_is_preconditioned(shown: Shown) -> bool:
    """One step in x, mapped back, against −α AAᵀ∇J, at every point of the run."""
    twins = shown.twins["gradient"]
    _, away = one_step(twins, shown.rule("gradient"))
    gradient = pack(shown.problem.at(components(twins.home.theta)).grad)
    expected = -shown.state.rate * gradient @ (shown.matrix @ shown.matrix.T)
    return bool(np.allclose(away, expected, rtol=1e-10, atol=1e-14))


def _chain_rule(shown: Shown) -> bool:
    """Aᵀ∇J against central differences of J(Ax) along the run."""
    through = shown.problem.through(shown.chart)
    x, step = shown.guide.home_in_x, 1e-6
    slopes = [
        (np.asarray(through.loss(x + h)) - np.asarray(through.loss(x - h))) / (2 * step)
        for h in step * np.eye(2)
    ]
    return bool(np.allclose(np.stack(slopes, -1), carried(shown)[1], rtol=1e-5, atol=1e-6))


def _step_in_x(shown: Shown) -> bool:
    """The run's own steps in x are −α times the gradient there."""
    path = shown.twins["gradient"].away
    moved, gradient = np.diff(path.theta, axis=0), pack(path.at.grad)[:-1]
    return bool(np.allclose(moved, -shown.state.rate * gradient, rtol=1e-9, atol=1e-13))


def _carried_back(shown: Shown) -> bool:
    """And in θ the same run moves by A times that, −αAAᵀ∇J."""
    path = shown.twins["gradient"].away
    moved = np.diff(path.home, axis=0)
    gradient = shown.problem.grad(path.home)[:-1]
    expected = -shown.state.rate * gradient @ (shown.matrix @ shown.matrix.T)
    return bool(np.allclose(moved, expected, rtol=1e-9, atol=1e-13))


def _right_angles(shown: Shown) -> bool:
    """Each gradient is at right angles to its own level line; carried back it is not."""
    gradient, in_x, back = carried(shown)
    level = gradient @ np.array([[0.0, 1.0], [-1.0, 0.0]])
    level_in_x = np.linalg.solve(shown.matrix, level.T).T
    across = np.einsum("ni,ni->n", in_x, level_in_x)
    sizes = np.linalg.norm(back, axis=1) * np.linalg.norm(level, axis=1)
    leaning = np.einsum("ni,ni->n", back, level) / sizes
    return bool(np.abs(across).max() < 1e-9 * sizes.max() and np.abs(leaning).max() > 0.2)


def _another_metric(shown: Shown) -> bool:
    """AAᵀ∇J solves G a = ∇J with G = A⁻ᵀA⁻¹, which measures θ by the ruler of x."""
    gradient, _, back = carried(shown)
    inverse = np.linalg.inv(shown.matrix)
    return bool(np.allclose(back @ (inverse.T @ inverse), gradient, rtol=1e-9))


def _which_product(shown: Shown) -> int:
    """Which product the run's first step in x, carried back, has before ∇J: AᵀA, AAᵀ or AA."""
    path, a = shown.twins["gradient"].away, shown.matrix
    moved = np.diff(path.home, axis=0)[0]
    gradient = shown.problem.grad(path.home[0])
    products = (a.T @ a, a @ a.T, a @ a)
    apart = [np.linalg.norm(moved + shown.state.rate * m @ gradient) for m in products]
    return int(np.argmin(apart))


def _doubling_quadruples_the_rate(shown: Shown) -> bool:
    faster = run(
        shown.problem, rules["gradient"](4 * shown.state.rate), shown.start, shown.state.steps
    )
    return float(gap(faster.theta, shown.twins["gradient"].away.home)) < COINCIDE


def _hessian_becomes(shown: Shown) -> bool:
    away = shown.twins["newton"].away
    home = shown.problem.hessian(away.home)
    mapped = shown.matrix.T @ home @ shown.matrix
    return bool(np.allclose(away.problem.hessian(away.theta), mapped, rtol=1e-9))


def _fisher_becomes(shown: Shown) -> bool:
    away = shown.twins["natural"].away
    mapped = shown.matrix.T @ shown.problem.fisher(away.home) @ shown.matrix
    return bool(np.allclose(away.problem.fisher(away.theta), mapped, rtol=1e-9))


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
    """0: all rules split, 1: plain descent alone, 2: none."""
    split = {name for name, pair in shown.twins.items() if pair.gap > SPLIT}
    return [set(shown.twins), {"gradient"}, set()].index(split)


CLAIMS = {
    "plain-aat": Claim(
        {"matrix": SHEAR, "rules": ["gradient"], "k": 6}, _plain_step_is_preconditioned
    ),
    "plain-splits": Claim({"matrix": SHEAR, "rules": ["gradient"]}, _split("gradient")),
    "rotation": Claim(
        {"matrix": ROTATION},
        lambda shown: max(pair.gap for pair in shown.twins.values()) < COINCIDE,
    ),
    "double": Claim(
        {"matrix": DOUBLE, "rules": ["gradient"], "rate": 0.005}, _doubling_quadruples_the_rate
    ),
    "chain": Claim({**WHY, "stage": "gradient"}, _chain_rule),
    "step-in-x": Claim({**WHY, "stage": "step"}, _step_in_x),
    "carried-back": Claim({**WHY, "stage": "back"}, _carried_back),
    "right-angles": Claim({**WHY, "stage": "back", "k": 1}, _right_angles),
    "ruler": Claim({**WHY, "stage": "back", "k": 0}, _another_metric),
    "hessian": Claim({"matrix": SHEAR, "rules": ["newton"], "k": 20}, _hessian_becomes),
    "newton-coincides": Claim({"matrix": SHEAR, "rules": ["newton"]}, _coincide("newton")),
    "fisher": Claim({"matrix": SHEAR, "rules": ["natural"], "k": 20}, _fisher_becomes),
    "natural-coincides": Claim({"matrix": SHEAR, "rules": ["natural"]}, _coincide("natural")),
    "same-distributions": Claim(
        {"matrix": SHEAR, "rules": ["natural"], "k": 40}, _same_distributions
    ),
    "logistic": Claim(
        {"problem": "logistic-regression", "matrix": SHEAR, "rules": ["newton", "natural"]},
        _newton_is_natural,
    ),
    "damping-breaks": Claim(
        {"matrix": SHEAR, "damping": 10.0, "rules": ["natural"]}, _split("natural")
    ),
    "damping-mends": Claim(
        {"matrix": SHEAR, "damping": 10.0, "kind": "pulled-back", "rules": ["natural"]},
        _coincide("natural"),
    ),
}


QUESTIONS = {
    "turned": Question({"matrix": ROTATION}, _who_splits),
    "product": Question({**WHY, "stage": "back"}, _which_product),
}
