"""The lines of the derivations as numbers, for the net, at the step shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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
from natgrad_lecture.lessons.scope import Scope, box, log_between, one_of
from natgrad_lecture.lessons.singular.model import Model
from natgrad_lecture.lessons.singular.state import NET

ANY = {
    "start": box((0.3, -2.3), (2.3, 2.3)),
    "k": one_of(0),
    "damping": log_between(0.01, 1.0),
    "rate": log_between(0.01, 0.5),
}
"""Any weights but the origin's."""


@dataclass(frozen=True)
class _Here:
    """Weights w, F and ∇J there, m = mean x², the best product c*, and λ and α."""

    model: Model
    w: Array
    m: float
    best: float

    @property
    def v(self) -> Array:
        """∇(w₁w₂) = (w₂, w₁)."""
        return np.array([self.w[1], self.w[0]])

    @property
    def null(self) -> Array:
        """The tangent of the hyperbola, (w₁, −w₂)."""
        return np.array([self.w[0], -self.w[1]])

    @property
    def off(self) -> float:
        """c − c*."""
        return float(self.w[0] * self.w[1] - self.best)

    @property
    def fisher(self) -> Array:
        """F."""
        return np.asarray(self.model.problem.fisher(self.w))

    @property
    def gradient(self) -> Array:
        """∇J."""
        return np.asarray(self.model.problem.grad(self.w))

    @property
    def pseudo(self) -> Array:
        """F⁺∇J."""
        return np.asarray(np.linalg.pinv(self.fisher, rcond=1e-9) @ self.gradient, float)

    def damped(self, damping: float) -> Array:
        """(F + λI)⁻¹∇J."""
        step = np.linalg.solve(self.fisher + damping * np.eye(2), self.gradient)
        return np.asarray(step, np.float64)


def _here(model: Model) -> _Here:
    if model.state.problem != NET:
        raise ZeroDivisionError("the derivation is of the two-layer linear net")
    path = model.run("gradient").theta
    k = len(path) - 1 if model.state.k is None else min(model.state.k, len(path) - 1)
    (x,) = model.problem.covariates
    m = float(np.mean(np.square(x)))
    # With w₁ = 1 and w₂ = 0 the loss is that of a regression on x: its slope there is −m c*.
    return _Here(model, in_reach(path[k]), m, -float(model.problem.grad((1.0, 0.0))[1]) / m)


DERIVATIONS = {
    "null-direction": Derivation(
        _here,
        Scope(ANY),
        {
            "product": vector(
                lambda at: differences(lambda w: w[0] * w[1], at.w),
                lambda at: at.v,
                lights=("gradient",),
                tolerance=1e-6,
                false={"(w₁, w₂)": lambda at: at.w},
            ),
            "rank-one": matrix(
                lambda at: at.fisher,
                lambda at: at.m * np.outer(at.v, at.v),
                lights=("metric",),
                false={"by (w₁, w₂)": lambda at: at.m * np.outer(at.w, at.w)},
            ),
            "null": vector(
                lambda at: at.fisher @ at.null,
                lambda at: np.zeros(2),
                lights=("metric",),
                zero=1e-9,
                false={"of v": lambda at: at.fisher @ at.v},
            ),
            "orthogonal": vector(
                lambda at: at.gradient,
                lambda at: at.m * at.off * at.v,
                lights=("gradient",),
                tolerance=1e-6,
                zero=1e-9,
                false={"sign": lambda at: -at.m * at.off * at.v},
            ),
            "pseudo": vector(
                lambda at: at.pseudo,
                lambda at: at.off * at.v / (at.v @ at.v),
                lights=("natural",),
                tolerance=1e-6,
                zero=1e-9,
                false={"without the norm": lambda at: at.off * at.v},
            ),
            "product-step": number(
                lambda at: at.v @ (-at.model.state.rate * at.pseudo),
                lambda at: -at.model.state.rate * at.off,
                lights=("natural",),
                tolerance=1e-6,
                zero=1e-9,
                false={"sign": lambda at: at.model.state.rate * at.off},
            ),
        },
        set={"k": 0},
    ),
    "damped-step": Derivation(
        _here,
        Scope(ANY),
        {
            "solved": vector(
                lambda at: at.damped(at.model.state.damping),
                lambda at: at.m * at.off / (at.m * (at.v @ at.v) + at.model.state.damping) * at.v,
                lights=("natural",),
                tolerance=1e-6,
                zero=1e-9,
                false={"without λ": lambda at: at.off / (at.v @ at.v) * at.v},
            ),
            "limit": vector(
                lambda at: at.damped(1e-7),
                lambda at: at.pseudo,
                lights=("natural",),
                tolerance=2e-3,
                zero=1e-7,
                false={"the gradient": lambda at: at.gradient},
            ),
        },
        set={"k": 0},
    ),
}
"""By their ids in text.md."""


def _by_hand() -> tuple[Array, Array]:
    """F at w = (2, 1) with mean x² = 1, and F⁺∇J where the best product is 1."""
    v = np.array([1.0, 2.0])
    return np.outer(v, v), (2.0 - 1.0) * v / 5


EXERCISES = {
    "by-hand": Exercise(
        lambda _: bool(np.allclose(_by_hand()[0] @ np.array([2.0, -1.0]), 0.0)),
        lambda _: [*_by_hand()[0].ravel(), 2.0, -1.0, *_by_hand()[1]],
    ),
    "longer-steps": Exercise(
        lambda _: bool(
            np.linalg.norm(_by_hand()[1]) < np.linalg.norm(_by_hand()[1] + np.array([0.4, -0.2]))
        )
    ),
    "no-step": Exercise(
        lambda model: int(model.run("natural").ok.sum()) == 1, set={"rules": ["natural"], "k": 0}
    ),
}
"""By their ids in text.md."""
