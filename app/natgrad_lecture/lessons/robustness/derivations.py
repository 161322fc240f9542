"""The lines of the derivation as numbers, for the run shown on the map, at the step shown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.linalg import inv

from natgrad_core import metrics
from natgrad_core.analysis.grid_sweep import rotated
from natgrad_core.linalg.small_matrices import components, full
from natgrad_core.types import Array
from natgrad_lecture.lessons.derivation import (
    Derivation,
    Exercise,
    in_reach,
    number,
    vector,
)
from natgrad_lecture.lessons.robustness.claims import QUADRATIC
from natgrad_lecture.lessons.robustness.model import METRICS, Model
from natgrad_lecture.lessons.robustness.state import DAMPED, NATURAL
from natgrad_lecture.lessons.scope import Scope, log_between, one_of, whole_between


@dataclass(frozen=True)
class _Here:
    """A point x of the run, the minimum, and the Hessian and the metric there, all in x."""

    rate: float
    problem: Any
    x: Array
    best: Array
    after: Array
    H: Array
    G: Array

    @property
    def delta(self) -> Array:
        """x less the minimum."""
        return np.asarray(self.x - self.best, np.float64)

    @property
    def gradient(self) -> Array:
        """∇J at x, as the engine has it."""
        return np.asarray(self.problem.grad(self.x), float)

    @cached_property
    def gamma(self) -> Array:
        """The eigenvalues of G⁻¹H, the smaller first."""
        found = np.real(np.linalg.eigvals(inv(self.G) @ self.H))
        return np.asarray(np.sort(found), np.float64)

    @property
    def map(self) -> Array:
        """I − αG⁻¹H."""
        return np.asarray(np.eye(2) - self.rate * inv(self.G) @ self.H, np.float64)

    def radius(self, rate: float) -> float:
        """The largest factor by which a step at this rate multiplies an eigenvector."""
        found = np.linalg.eigvals(np.eye(2) - rate * inv(self.G) @ self.H)
        return float(np.abs(found).max())


def _look(model: Model) -> _Here:
    s, problem = model.state, model.problem.through(model.chart)
    path = model.guide.in_x.theta
    k = min(model.now, len(path) - 2)
    matrix = rotated(s.angle, (s.stretch, 1.0))
    at = model.problem.at(components(model.best))
    hessian = matrix.T @ full(at.hessian, ()) @ matrix
    metric = np.eye(2)
    if s.rule in DAMPED:
        flat = matrix.T @ matrix if s.kind == "pulled-back" else np.eye(2)
        metric = matrix.T @ full(metrics[METRICS[s.rule]]()(at).dense(), ()) @ matrix
        metric = metric + s.damping * flat
    best = np.asarray(model.chart.inverse(model.best), float)
    return _Here(s.rate, problem, in_reach(path[k]), best, path[k + 1], hessian, metric)


def _least_radius(at: _Here) -> float:
    """The least radius over all rates, searched for."""
    low, high = 0.0, 2.0 / at.gamma[-1]
    for _ in range(80):
        a, b = low + (high - low) * 0.382, low + (high - low) * 0.618
        low, high = (low, b) if at.radius(a) < at.radius(b) else (a, high)
    return at.radius((low + high) / 2)


RUNS = {
    **QUADRATIC,
    "rules": one_of(["gradient"], ["natural"], ["newton"]),
    "damping": one_of(0.0, 1.0, 20.0),
    "rate": log_between(1e-3, 0.03),
    "k": whole_between(0, 5),
}
"""Gradient descent, the natural gradient and Newton's method on the quadratic, damped or not."""

DERIVATIONS = {
    "best-rate": Derivation(
        _look,
        Scope(RUNS),
        {
            "step": vector(
                lambda at: at.after - at.best,
                lambda at: at.delta - at.rate * inv(at.G) @ at.gradient,
                lights=("gradient",),
                false={"sign": lambda at: at.delta + at.rate * inv(at.G) @ at.gradient},
            ),
            "slope": vector(
                lambda at: at.gradient,
                lambda at: at.H @ at.delta,
                tolerance=1e-6,
                false={"half": lambda at: at.H @ at.delta / 2},
            ),
            "map": vector(
                lambda at: at.after - at.best,
                lambda at: at.map @ at.delta,
                lights=("gradient",),
                tolerance=1e-6,
                false={"without I": lambda at: (at.map - np.eye(2)) @ at.delta},
            ),
            "factors": number(
                lambda at: at.radius(at.rate),
                lambda at: np.abs(1 - at.rate * at.gamma).max(),
                false={"of the largest only": lambda at: abs(1 - at.rate * at.gamma[-1])},
            ),
            "edge": number(
                lambda at: at.radius(2 / at.gamma[-1]),
                lambda at: 1.0,
                lights=("edge",),
                tolerance=1e-6,
                false={"zero": lambda at: 0.0},
            ),
            "best": number(
                lambda at: 1 - _least_radius(at),
                lambda at: 2 * at.gamma[0] / (at.gamma[0] + at.gamma[1]),
                tolerance=1e-4,
                false={"half of it": lambda at: at.gamma[0] / (at.gamma[0] + at.gamma[1])},
            ),
        },
        set={"rules": ["gradient"], "rate": 0.01, "angle": 60.0, "k": 2},
        beyond=Scope(
            {
                **RUNS,
                "problem": one_of("normal"),
                "start": lambda rng, _: (
                    float(rng.uniform(5.2, 5.7)),
                    float(rng.uniform(0.25, 0.4)),
                ),
            }
        ),
    ),
}
"""By their ids in text.md."""

_GAMMA = np.array([1.0, 9.0])
"""Of the exercise by hand."""


def _by_hand(_: Model) -> list[float]:
    low, high = _GAMMA
    return [2 / high, 2 / (low + high), (high - low) / (high + low)]


def _damped_edge(_: Model) -> bool:
    """With F = H and damping λI the edge is 2(1 + λ/h) for the largest eigenvalue h of H."""
    h, damping = 25.0, 5.0
    hessian = np.diag([1.0, h])
    gamma = np.linalg.eigvals(inv(hessian + damping * np.eye(2)) @ hessian)
    return bool(np.isclose(2 / gamma.max(), 2 * (1 + damping / h)))


EXERCISES = {
    "two-rates": Exercise(
        lambda _: bool(
            np.isclose(max(abs(1 - 0.2 * _GAMMA)), 0.8) and max(abs(1 - 0.21 * _GAMMA)) > 0.8
        ),
        _by_hand,
    ),
    "damped-by-hand": Exercise(_damped_edge, lambda _: [2.4]),
    "one-step": Exercise(
        lambda model: bool(np.isclose(model.guide.in_x.loss[1], model.problem.loss(model.best))),
        set={**NATURAL, "rate": 1.0},
    ),
}
"""By their ids in text.md."""
