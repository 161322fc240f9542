"""The lines of the derivations as numbers, at the step shown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.linalg import inv

from natgrad_core.core.evaluation import At
from natgrad_core.linalg.small_matrices import components, pack
from natgrad_core.types import Array
from natgrad_lecture.drawing.paired_runs import COINCIDE
from natgrad_lecture.engine_cache import RunsModel
from natgrad_lecture.lessons.coordinates.claims import ANY, NEWTON
from natgrad_lecture.lessons.coordinates.state import ROTATION, SHEAR, WHY
from natgrad_lecture.lessons.derivation import (
    Derivation,
    Exercise,
    differences,
    in_reach,
    matrix,
    vector,
)
from natgrad_lecture.lessons.scope import Scope


@dataclass(frozen=True)
class _Here:
    """The step shown: A, α, the point in θ and in x, ∇J there, and J as a function of x."""

    model: RunsModel
    A: Array
    rate: float
    theta: Array
    x: Array
    gradient: Array

    @property
    def slopes_in_x(self) -> Array:
        """∂J(Ax)/∂xⱼ by central differences."""
        return differences(self.model.problem.through(self.model.chart).loss, self.x)

    @property
    def gradient_in_x(self) -> Array:
        """The gradient of J(Ax), as the charted problem has it."""
        return pack(self.in_x.grad)

    @property
    def step_in_x(self) -> Array:
        """The step of gradient descent in x."""
        return -self.rate * self.gradient_in_x

    @cached_property
    def in_x(self) -> At:
        """The problem in x, at the point shown."""
        return self.model.problem.through(self.model.chart).at(components(self.x))

    @cached_property
    def in_theta(self) -> At:
        """The problem in θ, at the point shown."""
        return self.model.problem.at(components(self.theta))

    @property
    def hessian(self) -> Array:
        """H, in θ."""
        return pack(self.in_theta.hessian)

    @property
    def fisher(self) -> Array:
        """F, in θ."""
        return pack(self.in_theta.fisher)

    @property
    def slopes_of_the_gradient(self) -> Array:
        """∂/∂xₗ of ∂J/∂θᵢ by central differences, a row an i."""
        return differences(lambda x: self.model.problem.grad(self.A @ x), self.x)

    @property
    def slopes_of_the_gradient_in_x(self) -> Array:
        """∂/∂xₗ of ∂J(Ax)/∂xⱼ by central differences, a row a j."""
        return differences(self.model.problem.through(self.model.chart).grad, self.x)


def _here(model: RunsModel) -> _Here:
    path = model.guide.in_theta.theta
    theta = in_reach(path[min(model.now, len(path) - 1)])
    gradient = pack(model.problem.at(components(theta)).grad)
    x = np.asarray(model.chart.inverse(theta))
    return _Here(model, model.matrix, model.state.rate, theta, x, gradient)


DERIVATIONS = {
    "product": Derivation(
        _here,
        Scope(ANY),
        {
            "chain": vector(
                lambda at: at.slopes_in_x,
                lambda at: [sum(at.gradient[i] * at.A[i, j] for i in (0, 1)) for j in (0, 1)],
                lights=("gradient",),
                tolerance=1e-5,
                zero=5e-6,
                false={"A for Aᵀ": lambda at: at.A @ at.gradient},
            ),
            "transpose": vector(
                lambda at: [sum(at.A[i, j] * at.gradient[i] for i in (0, 1)) for j in (0, 1)],
                lambda at: at.A.T @ at.gradient,
                lights=("gradient", "a1", "a2"),
                false={"A for Aᵀ": lambda at: at.A @ at.gradient},
            ),
            "step": vector(
                lambda at: at.step_in_x,
                lambda at: -at.rate * at.A.T @ at.gradient,
                lights=("gradient",),
                false={"sign": lambda at: at.rate * at.A.T @ at.gradient},
            ),
            "back": vector(
                lambda at: at.A @ at.step_in_x,
                lambda at: -at.rate * at.A @ at.A.T @ at.gradient,
                lights=("back", "gradient"),
                false={"AᵀA for AAᵀ": lambda at: -at.rate * at.A.T @ at.A @ at.gradient},
            ),
        },
        set={**WHY, "stage": "back"},
    ),
    "newton-step": Derivation(
        _here,
        Scope(NEWTON),
        {
            "again": matrix(
                lambda at: at.slopes_of_the_gradient_in_x,
                lambda at: at.A.T @ at.slopes_of_the_gradient,
                lights=("gradient",),
                tolerance=1e-5,
                false={"A for Aᵀ": lambda at: at.A @ at.slopes_of_the_gradient},
            ),
            "chain": matrix(
                lambda at: at.A.T @ at.slopes_of_the_gradient,
                lambda at: at.A.T @ at.hessian @ at.A,
                lights=("newton",),
                tolerance=1e-5,
                false={"AHAᵀ": lambda at: at.A @ at.hessian @ at.A.T},
            ),
            "inverse": matrix(
                lambda at: inv(at.A.T @ at.hessian @ at.A),
                lambda at: inv(at.A) @ inv(at.hessian) @ inv(at.A).T,
                lights=("newton",),
                false={"order": lambda at: inv(at.A).T @ inv(at.hessian) @ inv(at.A)},
            ),
            "cancel": vector(
                lambda at: at.A @ inv(at.A.T @ at.hessian @ at.A) @ at.A.T @ at.gradient,
                lambda at: inv(at.hessian) @ at.gradient,
                lights=("newton",),
                false={"no inverse": lambda at: at.hessian @ at.gradient},
            ),
        },
        set={"matrix": SHEAR, "rules": ["newton"], "k": 6},
    ),
    "natural-step": Derivation(
        _here,
        Scope(ANY),
        {
            "fisher": matrix(
                lambda at: pack(at.in_x.fisher),
                lambda at: at.A.T @ at.fisher @ at.A,
                lights=("metric",),
                false={"AFAᵀ": lambda at: at.A @ at.fisher @ at.A.T},
            ),
            "cancel": vector(
                lambda at: at.A @ inv(at.A.T @ at.fisher @ at.A) @ at.A.T @ at.gradient,
                lambda at: inv(at.fisher) @ at.gradient,
                lights=("natural",),
                false={"no inverse": lambda at: at.fisher @ at.gradient},
            ),
            "step": vector(
                lambda at: at.A @ (-at.rate * inv(pack(at.in_x.fisher)) @ at.gradient_in_x),
                lambda at: -at.rate * inv(at.fisher) @ at.gradient,
                lights=("natural",),
                zero=1e-12,
                false={"sign": lambda at: at.rate * inv(at.fisher) @ at.gradient},
            ),
        },
        set={"matrix": SHEAR, "rules": ["natural"], "k": 6},
    ),
}
"""By their ids in text.md."""

_A, _GRADIENT = np.array([[2.0, 1.0], [0.0, 1.0]]), np.array([1.0, 2.0])
"""Of the exercise by hand."""


def _only_multiples_of_one(_: RunsModel) -> bool:
    """AAᵀ = cI keeps the direction of every gradient; a shear turns one."""

    def turned(a: Array) -> float:
        moved = a @ a.T
        return max(abs(float(np.linalg.det([moved @ v, v]))) for v in np.eye(2) + 0.3)

    c, s = np.cos(0.7), np.sin(0.7)
    return turned(1.7 * np.array([[c, -s], [s, c]])) < 1e-12 < turned(_A)


EXERCISES = {
    "product-by-hand": Exercise(
        lambda _: bool(np.allclose(_A @ (_A.T @ _GRADIENT), (_A @ _A.T) @ _GRADIENT)),
        lambda _: [
            *(-0.1 * _GRADIENT),
            *(-0.1 * _A.T @ _GRADIENT),
            *(-0.1 * _A @ _A.T @ _GRADIENT),
            *(_A @ _A.T).ravel(),
        ],
    ),
    "same-direction": Exercise(_only_multiples_of_one),
    "find-a-rotation": Exercise(
        lambda model: model.gap("gradient") < COINCIDE and not np.allclose(model.matrix, np.eye(2)),
        set={"matrix": ROTATION, "rules": ["gradient"]},
    ),
}
"""By their ids in text.md."""
