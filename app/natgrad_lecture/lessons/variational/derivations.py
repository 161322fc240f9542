"""The lines of the derivation as numbers, at the step shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.linalg import inv

from natgrad_core import problems
from natgrad_core.problems.variational_normal import VariationalNormal
from natgrad_core.types import Array
from natgrad_lecture.lessons.derivation import Derivation, Exercise, differences, matrix, vector
from natgrad_lecture.lessons.scope import Scope, between, box, one_of
from natgrad_lecture.lessons.variational.model import Model, covariance
from natgrad_lecture.lessons.variational.state import PRESETS

BEETLES = PRESETS["a-posterior-of-beetles"]


@dataclass(frozen=True)
class _Inference:
    """The natural gradient's q at the step shown, and the loss as a function of it."""

    of: VariationalNormal
    theta: Array
    best: Array

    def loss(self, mean: Array, covariance: Array) -> float:
        """KL(q ‖ p) up to a constant."""
        (a, _), (b, c) = np.linalg.cholesky(covariance)
        return float(self.of.loss((*mean, a, b, c)))

    @property
    def mean(self) -> Array:
        """μ."""
        return self.theta[:2]

    @property
    def covariance(self) -> Array:
        """Σ."""
        return covariance(self.theta)

    @property
    def slope(self) -> Array:
        """∂J/∂Σ by differences: of each off-diagonal entry half of that of both."""

        def of(entries: Array) -> float:
            a, b, c = entries
            return self.loss(self.mean, np.array([[a, b], [b, c]]))

        (a, b), (_, c) = self.covariance
        first, both, second = differences(of, np.array([a, b, c]))
        return np.array([[first, both / 2], [both / 2, second]])

    @property
    def mean_slope(self) -> Array:
        """E_q of −∇ log p, by the nodes of a quadrature."""
        weight, *nodes = self.of._nodes.columns
        z = self.mean + np.stack(nodes, -1) @ np.linalg.cholesky(self.covariance).T
        return np.asarray(self.of.n * (weight @ self.of.target.grad(z)))


def _inference(model: Model) -> _Inference:
    return _Inference(model.of, model.run("natural").good[model.now], model.best)


DERIVATIONS = {
    "bonnet": Derivation(
        _inference,
        Scope(
            {
                "start": box((-1.3, 0.4), (-0.9, 0.8)),
                "rate": between(0.15, 0.25),
                "k": one_of(0, 3, 10),
            }
        ),
        {
            "mean": vector(
                lambda at: differences(lambda mean: at.loss(mean, at.covariance), at.mean),
                lambda at: at.mean_slope,
                lights=("natural",),
                tolerance=1e-5,
                false={"at μ alone": lambda at: at.of.n * at.of.target.grad(at.mean)},
            ),
            "covariance": matrix(
                lambda at: at.slope,
                lambda at: (at.of.expected_hessian(at.theta) - inv(at.covariance)) / 2,
                lights=("natural",),
                tolerance=1e-5,
                false={"without the entropy": lambda at: at.of.expected_hessian(at.theta) / 2},
            ),
            "best": matrix(
                lambda at: inv(covariance(at.best)),
                lambda at: at.of.expected_hessian(at.best),
                lights=("natural",),
                tolerance=1e-5,
                false={"at μ alone": lambda at: at.of.n * at.of.target.hessian(at.best[:2])},
            ),
        },
        set={},
    ),
}


def _half_a_step(precision: float, other: float) -> float:
    """σ² after a step of rate ½ by which a precision moves toward another one."""
    return 1 / (0.5 * precision + 0.5 * other)


def _of_a_normal(_: Model) -> bool:
    """For a normal p the mean Hessian is the same for every q, and the best q is p."""
    target = problems["quadratic"]()
    of = VariationalNormal(target)
    several = ((0, 0, 1, 0, 1), (2, -1, 0.5, 0.3, 2))
    here, there = (of.expected_hessian(np.array(q, float)) for q in several)
    mean = -np.linalg.solve(target.hessian(np.zeros(2)), target.grad(np.zeros(2)))
    normal = (*mean, *np.linalg.cholesky(inv(here))[np.tril_indices(2)])
    return bool(np.allclose(here, there) and np.allclose(of.grad(normal), 0, atol=1e-9))


def _as_wide(model: Model) -> bool:
    """Both standard deviations of the best q are those of p up to five percent."""
    return bool(np.allclose(np.diag(covariance(model.best)) / model.variances, 1, atol=0.1))


EXERCISES = {
    "one-step": Exercise(lambda _: True, lambda _: [_half_a_step(1.0, 0.25)]),
    "normal-posterior": Exercise(_of_a_normal),
    "as-wide": Exercise(_as_wide, set=BEETLES),
}
"""By their ids in text.md."""
