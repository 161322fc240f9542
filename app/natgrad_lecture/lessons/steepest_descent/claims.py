"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_core.geometry.ellipses import ellipse_axes
from natgrad_core.geometry.steepest import steepest, unit_directions
from natgrad_core.geometry.unit_ball import boundary, normal
from natgrad_core.types import Array
from natgrad_lecture.lessons.base import Claim, Question
from natgrad_lecture.lessons.steepest_descent.figure import Model
from natgrad_lecture.lessons.steepest_descent.state import OPEN, ROUND, STRIP
from natgrad_lecture.state.items import problem_named

LONG = {"eig": (0.2, 3.0), "turn": 30.0}
_DENSE = np.linspace(-180.0, 180.0, 3601)


def _close(a: Any, b: Any, tolerance: float = 1e-9) -> bool:
    return bool(np.allclose(a, b, rtol=tolerance, atol=tolerance))


def _half_axes(model: Model) -> bool:
    """The nearest and the farthest unit vectors are 1/√eigenvalue away."""
    far = np.linalg.norm(unit_directions(model.metric, np.deg2rad(_DENSE)), axis=1)
    expected = 1 / np.sqrt(np.linalg.eigvalsh(model.metric))
    return _close([far.max(), far.min()], expected, 1e-5)


def _twice_as_long(model: Model) -> bool:
    a = 2 * model.yours
    return _close(a @ model.metric @ a, 4.0)


def _round_is_plain(model: Model) -> bool:
    return _close(model.best.a, -model.gradient / np.linalg.norm(model.gradient))


def _minimizer(model: Model) -> bool:
    """No unit vector of a dense fan is steeper, and the formula's is as steep as the steepest."""
    raised = np.linalg.solve(model.metric, model.gradient)
    a = -raised / np.sqrt(model.gradient @ raised)
    least = np.nanmin(model.slopes(_DENSE))
    return model.slope(a) <= least + 1e-12 and _close(model.slope(a), least, 1e-4)


def _tangent(model: Model) -> bool:
    """The ball lies on one side of the level line through a*, and touches it there."""
    edge = boundary(model.metric, 0.0, 4001)[0] @ model.gradient
    return bool(edge.min() >= model.best.slope - 1e-12) and _close(
        edge.min(), model.best.slope, 1e-5
    )


def _aligned(model: Model) -> bool:
    multiplier, covector = normal(model.metric, model.gradient, model.best.a)
    return _close(covector, model.gradient) and _close(multiplier, model.best.multiplier)


def _off(model: Model) -> bool:
    """The reader's covector has ∇J's slope along a, but is another one; and a is not the best."""
    _, covector = normal(model.metric, model.gradient, model.yours)
    apart = np.linalg.norm(covector - model.gradient) / np.linalg.norm(model.gradient)
    return bool(
        apart > 0.1
        and _close(covector @ model.yours, model.slope(model.yours))
        and model.slope(model.yours) > model.best.slope + 1e-3
    )


def _both_ends(model: Model) -> bool:
    """At −a* the condition holds as well, and there the slope is the greatest."""
    multiplier, covector = normal(model.metric, model.gradient, -model.best.a)
    greatest = np.nanmax(model.slopes(_DENSE))
    return (
        _close(covector, model.gradient)
        and multiplier > 0
        and _close(greatest, -model.best.slope, 1e-4)
    )


def _larger_metric(model: Model) -> bool:
    nine = steepest(9 * model.metric, model.gradient)
    return _close(nine.a * 3, model.best.a) and _close(nine.slope * 3, model.best.slope)


def _other_coordinates(model: Model) -> bool:
    """With θ = A x: G becomes AᵀGA, ∇J becomes Aᵀ∇J, and a* becomes A⁻¹a*."""
    matrix = np.array([[2.0, 1.0], [0.0, 0.5]])
    there = steepest(matrix.T @ model.metric @ matrix, matrix.T @ model.gradient)
    return _close(matrix @ there.a, model.best.a) and _close(there.slope, model.best.slope)


def _natural(model: Model) -> bool:
    problem = problem_named(model.state.of)
    step = -np.linalg.solve(problem.fisher(problem.start), problem.grad(problem.start))
    aim = step / np.linalg.norm(step)
    return _close(model.best.a / np.linalg.norm(model.best.a), aim, 1e-8)


def _same_kl(model: Model) -> bool:
    """All small steps εa cost ½ε² nats of KL, to first order in ε, and a* gains the most."""
    problem, small = problem_named(model.state.of), 1e-3
    start = np.asarray(problem.start, float)
    fan = unit_directions(model.metric, np.deg2rad(np.linspace(-180, 179, 72)))
    costs = problem.kl(start, start + small * fan)
    gain = problem.loss(start + small * model.best.a) - problem.loss(start)
    gains = problem.loss(start + small * fan) - problem.loss(start)
    return _close(costs / (small**2 / 2), 1.0, 2e-2) and bool(gain < gains.min() + 1e-6)


def _plain_is_slower(model: Model) -> bool:
    """Straight against ∇J, the same length goes down less."""
    plain = model.slope(model.plain)
    return model.best.slope < 1.2 * plain < 0


def _unbounded(kind: str) -> Any:
    def check(model: Model) -> bool:
        lowest = [
            min(
                float((piece @ model.gradient).min()) for piece in boundary(model.metric, far, 2001)
            )
            for far in (1e2, 1e4, 1e6)
        ]
        return model.best.kind == kind and lowest[0] > 10 * lowest[1] > 100 * lowest[2]

    return check


def _worst_of_its_branch(model: Model) -> bool:
    """Lagrange's vector on a hyperbola: every other one of its branch has a lower slope."""
    raised = np.linalg.solve(model.metric, model.gradient)
    a = -raised / np.sqrt(model.gradient @ raised)
    branches = boundary(model.metric, 10.0, 4001)
    own = min(branches, key=lambda b: float(np.linalg.norm(b - a, axis=1).min()))
    _, covector = normal(model.metric, model.gradient, a)
    return _close(covector, model.gradient) and bool(
        (own @ model.gradient).max() < model.slope(a) + 1e-9
    )


def _hessian_indefinite(model: Model) -> bool:
    problem = problem_named(model.state.of)
    values = np.linalg.eigvalsh(problem.hessian(problem.start))
    return bool(values[0] < 0 < values[1]) and model.best.kind == "hyperbola"


def _damped_is_a_ball(model: Model) -> bool:
    """The metric shown is a strip's plus λI."""
    values = np.linalg.eigvalsh(model.metric)
    strip = model.metric - values[0] * np.eye(2)
    kinds = steepest(strip, model.gradient).kind, model.best.kind
    return bool(values[0] > 0) and kinds == ("strip", "ball")


def _toward(model: Model) -> int:
    """0: straight against ∇J, 1: turned toward the long axis of the ball, 2: toward the short."""
    long, short = ellipse_axes(model.metric, 0.5)

    def along(v: Array, axis: Array) -> float:
        return float(abs(v @ axis) / np.linalg.norm(v) / np.linalg.norm(axis))

    best, plain = along(model.best.a, long), along(model.gradient, long)
    if np.isclose(best, plain):
        return 0
    return 1 if best > plain and along(model.best.a, short) < along(model.gradient, short) else 2


def _where(model: Model) -> int:
    """0: along the axis that opened, 1: against ∇J, 2: there is none."""
    if model.best.kind != "ball":
        return 2
    return 1 if _round_is_plain(model) else 0


CLAIMS = {
    "half-axes": Claim(LONG, _half_axes),
    "tangent": Claim(LONG, _tangent),
    "minimizer": Claim(LONG, _minimizer),
    "round": Claim(ROUND, _round_is_plain),
    "scale": Claim({"eig": (1.8, 27.0), "turn": 30.0}, _larger_metric),
    "coordinates": Claim(LONG, _other_coordinates),
    "aligned": Claim({**LONG, "angle": -147.0}, _aligned),
    "off": Claim({**LONG, "angle": -70.0}, _off),
    "natural": Claim({"of": "gamma", "angle": 120.0}, _natural),
    "same-kl": Claim({"of": "normal", "angle": 120.0}, _same_kl),
    "slower": Claim({"of": "gamma", "angle": 120.0}, _plain_is_slower),
    "hyperbola": Claim(OPEN, _unbounded("hyperbola")),
    "worst": Claim({"eig": (1.0, -0.5), "turn": 60.0, "angle": -103.0}, _worst_of_its_branch),
    "hessian": Claim({"of": "double-well", "angle": -150.0}, _hessian_indefinite),
    "strip": Claim(STRIP, _unbounded("strip")),
    "damped": Claim({"eig": (1.2, 0.2), "turn": 60.0}, _damped_is_a_ball),
    "squared": Claim(LONG, _twice_as_long),
    "sign": Claim({**LONG, "angle": 33.0}, _both_ends),
}


QUESTIONS = {
    "bent": Question({"eig": (4.0, 0.25), "turn": 20.0, "gradient": (1.0, 0.5)}, _toward),
    "opened": Question(OPEN, _where),
}
