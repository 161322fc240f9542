"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_core.geometry.ellipses import ellipse_axes
from natgrad_core.geometry.steepest import steepest, unit_directions
from natgrad_core.geometry.unit_ball import boundary, normal
from natgrad_core.types import Array
from natgrad_lecture.lessons.base import Claim, Question
from natgrad_lecture.lessons.steepest_descent.figure import Seen
from natgrad_lecture.lessons.steepest_descent.state import OPEN, ROUND, STRIP
from natgrad_lecture.state.items import problem_named

LONG = {"eig": (0.2, 3.0), "turn": 30.0}
_DENSE = np.linspace(-180.0, 180.0, 3601)


def _close(a: Any, b: Any, tolerance: float = 1e-9) -> bool:
    return bool(np.allclose(a, b, rtol=tolerance, atol=tolerance))


def _half_axes(seen: Seen) -> bool:
    """The nearest and the farthest unit vectors are 1/√eigenvalue away."""
    far = np.linalg.norm(unit_directions(seen.metric, np.deg2rad(_DENSE)), axis=1)
    expected = 1 / np.sqrt(np.linalg.eigvalsh(seen.metric))
    return _close([far.max(), far.min()], expected, 1e-5)


def _twice_as_long(seen: Seen) -> bool:
    a = 2 * seen.yours
    return _close(a @ seen.metric @ a, 4.0)


def _round_is_plain(seen: Seen) -> bool:
    return _close(seen.best.a, -seen.gradient / np.linalg.norm(seen.gradient))


def _minimizer(seen: Seen) -> bool:
    """No unit vector of a dense fan is steeper, and the formula's is as steep as the steepest."""
    raised = np.linalg.solve(seen.metric, seen.gradient)
    a = -raised / np.sqrt(seen.gradient @ raised)
    least = np.nanmin(seen.slopes(_DENSE))
    return seen.slope(a) <= least + 1e-12 and _close(seen.slope(a), least, 1e-4)


def _tangent(seen: Seen) -> bool:
    """The ball lies on one side of the level line through a*, and touches it there."""
    edge = boundary(seen.metric, 0.0, 4001)[0] @ seen.gradient
    return bool(edge.min() >= seen.best.slope - 1e-12) and _close(edge.min(), seen.best.slope, 1e-5)


def _aligned(seen: Seen) -> bool:
    multiplier, covector = normal(seen.metric, seen.gradient, seen.best.a)
    return _close(covector, seen.gradient) and _close(multiplier, seen.best.multiplier)


def _off(seen: Seen) -> bool:
    """The reader's covector has ∇J's slope along a, but is another one; and a is not the best."""
    _, covector = normal(seen.metric, seen.gradient, seen.yours)
    apart = np.linalg.norm(covector - seen.gradient) / np.linalg.norm(seen.gradient)
    return bool(
        apart > 0.1
        and _close(covector @ seen.yours, seen.slope(seen.yours))
        and seen.slope(seen.yours) > seen.best.slope + 1e-3
    )


def _both_ends(seen: Seen) -> bool:
    """At −a* the condition holds as well, and there the slope is the greatest."""
    multiplier, covector = normal(seen.metric, seen.gradient, -seen.best.a)
    greatest = np.nanmax(seen.slopes(_DENSE))
    return (
        _close(covector, seen.gradient)
        and multiplier > 0
        and _close(greatest, -seen.best.slope, 1e-4)
    )


def _larger_metric(seen: Seen) -> bool:
    nine = steepest(9 * seen.metric, seen.gradient)
    return _close(nine.a * 3, seen.best.a) and _close(nine.slope * 3, seen.best.slope)


def _other_coordinates(seen: Seen) -> bool:
    """With θ = A x: G becomes AᵀGA, ∇J becomes Aᵀ∇J, and a* becomes A⁻¹a*."""
    matrix = np.array([[2.0, 1.0], [0.0, 0.5]])
    there = steepest(matrix.T @ seen.metric @ matrix, matrix.T @ seen.gradient)
    return _close(matrix @ there.a, seen.best.a) and _close(there.slope, seen.best.slope)


def _natural(seen: Seen) -> bool:
    problem = problem_named(seen.state.of)
    step = -np.linalg.solve(problem.fisher(problem.start), problem.grad(problem.start))
    aim = step / np.linalg.norm(step)
    return _close(seen.best.a / np.linalg.norm(seen.best.a), aim, 1e-8)


def _same_kl(seen: Seen) -> bool:
    """All small steps εa cost ½ε² nats of KL, to first order in ε, and a* gains the most."""
    problem, small = problem_named(seen.state.of), 1e-3
    start = np.asarray(problem.start, float)
    fan = unit_directions(seen.metric, np.deg2rad(np.linspace(-180, 179, 72)))
    costs = problem.kl(start, start + small * fan)
    gain = problem.loss(start + small * seen.best.a) - problem.loss(start)
    gains = problem.loss(start + small * fan) - problem.loss(start)
    return _close(costs / (small**2 / 2), 1.0, 2e-2) and bool(gain < gains.min() + 1e-6)


def _plain_is_slower(seen: Seen) -> bool:
    """Straight against ∇J, the same length goes down less."""
    plain = seen.slope(seen.plain)
    return seen.best.slope < 1.2 * plain < 0


def _unbounded(kind: str) -> Any:
    def check(seen: Seen) -> bool:
        lowest = [
            min(float((piece @ seen.gradient).min()) for piece in boundary(seen.metric, far, 2001))
            for far in (1e2, 1e4, 1e6)
        ]
        return seen.best.kind == kind and lowest[0] > 10 * lowest[1] > 100 * lowest[2]

    return check


def _worst_of_its_branch(seen: Seen) -> bool:
    """Lagrange's vector on a hyperbola: every other one of its branch has a lower slope."""
    raised = np.linalg.solve(seen.metric, seen.gradient)
    a = -raised / np.sqrt(seen.gradient @ raised)
    branches = boundary(seen.metric, 10.0, 4001)
    own = min(branches, key=lambda b: float(np.linalg.norm(b - a, axis=1).min()))
    _, covector = normal(seen.metric, seen.gradient, a)
    return _close(covector, seen.gradient) and bool(
        (own @ seen.gradient).max() < seen.slope(a) + 1e-9
    )


def _hessian_indefinite(seen: Seen) -> bool:
    problem = problem_named(seen.state.of)
    values = np.linalg.eigvalsh(problem.hessian(problem.start))
    return bool(values[0] < 0 < values[1]) and seen.best.kind == "hyperbola"


def _damped_is_a_ball(seen: Seen) -> bool:
    """The metric shown is a strip's plus λI."""
    values = np.linalg.eigvalsh(seen.metric)
    strip = seen.metric - values[0] * np.eye(2)
    kinds = steepest(strip, seen.gradient).kind, seen.best.kind
    return bool(values[0] > 0) and kinds == ("strip", "ball")


def _toward(seen: Seen) -> int:
    """0: straight against ∇J, 1: turned toward the long axis of the ball, 2: toward the short."""
    long, short = ellipse_axes(seen.metric, 0.5)

    def along(v: Array, axis: Array) -> float:
        return float(abs(v @ axis) / np.linalg.norm(v) / np.linalg.norm(axis))

    best, plain = along(seen.best.a, long), along(seen.gradient, long)
    if np.isclose(best, plain):
        return 0
    return 1 if best > plain and along(seen.best.a, short) < along(seen.gradient, short) else 2


def _where(seen: Seen) -> int:
    """0: along the axis that opened, 1: against ∇J, 2: there is none."""
    if seen.best.kind != "ball":
        return 2
    return 1 if _round_is_plain(seen) else 0


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
