"""The lines of the derivations as numbers, at the step shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from natgrad_core.linalg.small_matrices import components, pack
from natgrad_core.types import Array
from natgrad_lecture.engine_cache import RunsModel
from natgrad_lecture.lessons.coordinates.claims import ANY
from natgrad_lecture.lessons.coordinates.state import WHY
from natgrad_lecture.lessons.derivation import Derivation, vector
from natgrad_lecture.lessons.scope import Scope

_STEP = 1e-6
"""Of the central differences."""


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
        """∂J(Ax)/∂xⱼ by central differences: no formula of ours is in it."""
        through = self.model.problem.through(self.model.chart)
        ahead = (np.asarray(through.loss(self.x + h)) for h in _STEP * np.eye(2))
        behind = (np.asarray(through.loss(self.x - h)) for h in _STEP * np.eye(2))
        return np.array([(a - b) / (2 * _STEP) for a, b in zip(ahead, behind, strict=True)])

    @property
    def step_in_x(self) -> Array:
        """The step that the rule makes in x, from the point shown."""
        through = self.model.problem.through(self.model.chart)
        return -self.rate * pack(through.at(components(self.x)).grad)


def _here(model: RunsModel) -> _Here:
    path = model.guide.in_theta.theta
    theta = path[min(model.now, len(path) - 1)]
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
}
"""By their ids in text.md."""
