"""The lines of the derivations as numbers, at the step shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from natgrad_core.linalg.small_matrices import components, pack
from natgrad_core.types import Array
from natgrad_lecture.lessons.derivation import (
    Derivation,
    Exercise,
    differences,
    in_reach,
    matrix,
    number,
    vector,
)
from natgrad_lecture.lessons.newton.claims import ANY, FEW
from natgrad_lecture.lessons.newton.model import Model
from natgrad_lecture.lessons.newton.state import SADDLE
from natgrad_lecture.lessons.scope import Scope


@dataclass(frozen=True)
class _Here:
    """The step shown, in θ and in x, and what the problem and the chart are there."""

    model: Model
    x: Array
    gradient: Array
    hessian: Array
    jacobian: Array
    """Df."""
    second: Array
    """Σ_k g_k ∇²f_k: only f₂ = x₂ + … + s (x₁ − c)² has a second derivative, 2s."""
    eigenvalues: Array
    slopes: Array
    """v_iᵀ∇J, for the eigenvectors v_i of H."""


def _here(model: Model) -> _Here:
    path = model.guide.in_theta.theta
    theta = in_reach(path[min(model.now, len(path) - 1)])
    at = model.problem.at(components(theta))
    gradient, hessian = pack(at.grad), pack(at.hessian)
    x = in_reach(np.asarray(model.chart.inverse(theta)))
    eigenvalues, vectors = np.linalg.eigh(hessian)
    return _Here(
        model,
        x,
        gradient,
        hessian,
        differences(model.chart.forward, x),
        gradient[1] * np.diag([2 * model.state.bend, 0.0]),
        eigenvalues,
        vectors.T @ gradient,
    )


DERIVATIONS = {
    "second-term": Derivation(
        _here,
        Scope({**ANY, **FEW}),
        {
            "first": vector(
                lambda at: differences(at.model.guide.in_x.problem.loss, at.x),
                lambda at: at.jacobian.T @ at.gradient,
                lights=("gradient",),
                tolerance=1e-4,
                zero=1e-8,
                false={"Df for its transpose": lambda at: at.jacobian @ at.gradient},
            ),
            "product": matrix(
                lambda at: differences(at.model.guide.in_x.problem.grad, at.x),
                lambda at: (
                    at.jacobian.T
                    @ differences(lambda x: at.model.problem.grad(at.model.chart.forward(x)), at.x)
                    + at.second
                ),
                lights=("newton",),
                tolerance=1e-4,
                false={
                    "one summand": lambda at: (
                        at.jacobian.T
                        @ differences(
                            lambda x: at.model.problem.grad(at.model.chart.forward(x)), at.x
                        )
                    )
                },
            ),
            "chain": matrix(
                lambda at: differences(
                    lambda x: at.model.problem.grad(at.model.chart.forward(x)), at.x
                ),
                lambda at: at.hessian @ at.jacobian,
                lights=("newton",),
                tolerance=1e-4,
                false={"order": lambda at: at.jacobian @ at.hessian},
            ),
            "together": matrix(
                lambda at: pack(at.model.guide.in_x.problem.at(components(at.x)).hessian),
                lambda at: at.jacobian.T @ at.hessian @ at.jacobian + at.second,
                lights=("newton",),
                tolerance=1e-4,
                zero=1e-9,
                false={"a tensor": lambda at: at.jacobian.T @ at.hessian @ at.jacobian},
            ),
        },
        set={"k": 6, "rules": ["newton"]},
    ),
    "downhill": Derivation(
        _here,
        Scope({**ANY, **FEW}),
        {
            "slope": number(
                lambda at: -at.gradient @ np.linalg.inv(at.hessian) @ at.gradient,
                lambda at: -(at.slopes**2 / at.eigenvalues).sum(),
                lights=("newton",),
                false={"sign": lambda at: (at.slopes**2 / at.eigenvalues).sum()},
            ),
            "absolute": number(
                lambda at: at.gradient @ _absolute_step(at),
                lambda at: -(at.slopes**2 / np.abs(at.eigenvalues)).sum(),
                lights=("absolute-hessian",),
                false={"H for |H|": lambda at: -(at.slopes**2 / at.eigenvalues).sum()},
            ),
        },
        set={**SADDLE, "rules": ["newton", "absolute-hessian"], "k": 0},
    ),
}
"""By their ids in text.md."""


def _absolute_step(at: _Here) -> Array:
    values, vectors = np.linalg.eigh(at.hessian)
    return -(vectors / np.abs(values)) @ vectors.T @ at.gradient


def _well(first: float) -> float:
    """The double well along θ₂ = 0."""
    return (first**2 - 1) ** 2 / 4


def _double_well_step(first: float = 0.4) -> tuple[float, float, float]:
    """∂J/∂θ₁, ∂²J/∂θ₁² and Newton's step of rate 1, along θ₂ = 0."""
    slope, curvature = first * (first**2 - 1), 3 * first**2 - 1
    return slope, curvature, -slope / curvature


def _bent_hessian(_: Model) -> bool:
    """J = θ₂ + θ₁²/2 with θ = (x₁, x₂ + x₁²): the Hessian in x is diag(3, 0)."""

    def loss(x: Array) -> float:
        return float(x[1] + x[0] ** 2 + x[0] ** 2 / 2)

    x = np.array([0.3, -0.2])
    found = differences(lambda at: differences(loss, at, 1e-4), x, 1e-4)
    return bool(np.allclose(found, np.diag([3.0, 0.0]), atol=1e-5))


EXERCISES = {
    "hessian-by-hand": Exercise(_bent_hessian, lambda _: [1.0, 2.0, 3.0, 0.0]),
    "uphill-by-hand": Exercise(
        lambda _: _well(0.4 + _double_well_step()[2]) > _well(0.4),
        lambda _: [*_double_well_step(), 0.4 + _double_well_step()[2], _well(0.4)],
    ),
    "find-an-uphill-step": Exercise(
        lambda model: bool(model.slope("newton")[0] > 0),
        set={**SADDLE, "rules": ["newton"], "k": 0},
    ),
}
"""By their ids in text.md."""
