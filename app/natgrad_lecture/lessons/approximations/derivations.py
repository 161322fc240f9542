"""The lines of the derivation as numbers, at the net where the one step is taken.

Nothing here loads torch: its tensors come from the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.linalg import inv

from natgrad_core.types import Array
from natgrad_lecture.lessons.derivation import Derivation, Exercise, number
from natgrad_lecture.lessons.scope import Scope, one_of, whole_between

_DAMPING = 0.1
"""Added to both factors in the last line, where they are inverted."""


@dataclass(frozen=True)
class _Here:
    """The first layer: its inputs with a 1 for the bias, and the scores of its outputs."""

    rows: Array
    a: Array
    g: Array
    u: Array
    w: Array

    @property
    def quadratic(self) -> float:
        """vᵀF₁v from the scores of all parameters, with v = u wᵀ as the layer has it."""
        weights = np.outer(self.u, self.w[:-1]).ravel()
        v = np.concatenate([weights, self.u * self.w[-1]])
        return float(np.square(self.rows @ v).sum() / len(self.a))

    @property
    def of_g(self) -> Array:
        """(uᵀg)², summed over the classes, for each example."""
        return np.square(self.g @ self.u).sum(1)

    @property
    def of_a(self) -> Array:
        """(wᵀa)² for each example."""
        return np.square(self.a @ self.w)

    @cached_property
    def mean_aa(self) -> Array:
        """E[a aᵀ]."""
        return self.a.T @ self.a / len(self.a)

    @cached_property
    def mean_gg(self) -> Array:
        """E[g gᵀ]."""
        flat = self.g.reshape(-1, self.g.shape[-1])
        return flat.T @ flat / len(self.a)


def _look(model: Any) -> _Here:
    rows, a, g = model.first_layer
    rng = np.random.default_rng(0)
    u, w = rng.normal(size=g.shape[-1]), rng.normal(size=a.shape[-1])
    return _Here(rows, a, g, u / np.linalg.norm(u), w / np.linalg.norm(w))


def _damped(matrix: Array) -> Array:
    return matrix + _DAMPING * np.eye(len(matrix))


def _solved(at: _Here) -> float:
    """Vᵀ(B ⊗ A)⁻¹v with the whole matrix, both factors damped."""
    v = np.kron(at.u, at.w)
    return float(v @ np.linalg.solve(np.kron(_damped(at.mean_gg), _damped(at.mean_aa)), v))


DERIVATIONS = {
    "kfac": Derivation(
        _look,
        Scope({"seed": whole_between(0, 50), "data": one_of("wine", "digits")}, trained=4),
        {
            "score": number(
                lambda at: at.quadratic,
                lambda at: float(np.mean(at.of_g * at.of_a)),
                lights=("kfac",),
                tolerance=1e-4,
                false={"g alone": lambda at: float(np.mean(at.of_g))},
            ),
            "independent": number(
                lambda at: float(np.mean(at.of_g * at.of_a)),
                lambda at: float(np.mean(at.of_g) * np.mean(at.of_a)),
                lights=("kfac",),
                tolerance=0.75,
                false={"half of both": lambda at: float(np.mean(at.of_g) * np.mean(at.of_a)) / 8},
            ),
            "factors": number(
                lambda at: float(np.mean(at.of_g) * np.mean(at.of_a)),
                lambda at: float((at.u @ at.mean_gg @ at.u) * (at.w @ at.mean_aa @ at.w)),
                lights=("kfac",),
                false={"A for B": lambda at: float((at.u @ at.u) * (at.w @ at.mean_aa @ at.w))},
            ),
            "inverse": number(
                _solved,
                lambda at: float(
                    (at.u @ inv(_damped(at.mean_gg)) @ at.u)
                    * (at.w @ inv(_damped(at.mean_aa)) @ at.w)
                ),
                lights=("kfac",),
                false={
                    "no inverse": lambda at: float(
                        (at.u @ _damped(at.mean_gg) @ at.u) * (at.w @ _damped(at.mean_aa) @ at.w)
                    )
                },
            ),
        },
        set={"data": "wine"},
    ),
}
"""By their ids in text.md."""


def _counted(_: Any) -> list[float]:
    """Of the exercise by hand: a layer of 64 inputs and 32 outputs, without a bias."""
    return [64 * 32, (64 * 32) ** 2, 64**2 + 32**2]


def _correlated(_: Any) -> bool:
    """With a = g = ±1 the product of means is right; with a = g² it is not in general."""
    g = np.array([1.0, 2.0, -1.0, -2.0])
    return bool(np.mean(g**2 * g**2) > np.mean(g**2) ** 2)


EXERCISES = {
    "count-entries": Exercise(lambda _: True, _counted),
    "one-example": Exercise(_correlated),
    "gradient-descent-again": Exercise(
        lambda model: model.step("diagonal").angle < 1 and model.step("euclidean").angle < 1,
        set={"damping": 100.0},
    ),
}
"""By their ids in text.md."""
