"""The lines of the derivations as numbers, at the step shown of the natural run."""

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
from natgrad_lecture.lessons.policy.model import Model
from natgrad_lecture.lessons.scope import Scope, box, one_of

ANY = {"start": box((-3.0, -3.0), (3.0, 3.0)), "k": one_of(0)}
"""Any policy that is not almost deterministic: beyond, differences lose their digits."""


@dataclass(frozen=True)
class _Here:
    """The problem, θ, and the chances p and q of leaving the two states."""

    model: Model
    theta: Array
    p: float
    q: float

    @property
    def shares(self) -> Array:
        """d₁ and d₂, by the transition matrix's eigenvector, without the lesson's formulas."""
        chain = np.array([[1 - self.p, self.p], [self.q, 1 - self.q]])
        values, vectors = np.linalg.eig(chain.T)
        fixed = np.real(vectors[:, np.argmax(np.real(values))])
        return np.asarray(fixed / fixed.sum())

    @property
    def d(self) -> Array:
        """d₁ and d₂, (q, p)/(p + q)."""
        return np.array([self.q, self.p]) / (self.p + self.q)

    def reward(self, theta: Array) -> float:
        """ρ."""
        return -float(self.model.problem.loss(theta))

    @property
    def gradient(self) -> Array:
        """∇ρ as the engine has it: differences have no digits where a state is left hardly ever."""
        return -np.asarray(self.model.problem.grad(self.theta), float)

    @property
    def by_chances(self) -> Array:
        """∂ρ/∂p and ∂ρ/∂q of the closed form, by central differences."""
        return differences(_reward_of, np.array([self.p, self.q]), 1e-7)

    @property
    def slopes(self) -> Array:
        """The logistic function's slope: p(1 − p) and q(1 − q)."""
        return np.array([self.p * (1 - self.p), self.q * (1 - self.q)])

    @property
    def unweighted(self) -> Array:
        """(1 − 3q)/(p + q) and −(1 + 3p)/(p + q)."""
        return np.array([1 - 3 * self.q, -(1 + 3 * self.p)]) / (self.p + self.q)


def _reward_of(chances: Array) -> float:
    p, q = chances
    return float((q * (1 - p) + 2 * p * (1 - q)) / (p + q))


def _here(model: Model) -> _Here:
    path = model.guide.theta
    k = len(path) - 1 if model.state.k is None else min(model.state.k, len(path) - 1)
    theta = in_reach(path[k])
    p, q = model.problem.policy(theta)
    return _Here(model, theta, float(p), float(q))


DERIVATIONS = {
    "gradient": Derivation(
        _here,
        Scope(ANY),
        {
            "balance": vector(
                lambda at: at.shares,
                lambda at: at.d,
                false={"the other way round": lambda at: at.d[::-1]},
            ),
            "reward": number(
                lambda at: at.reward(at.theta),
                lambda at: at.d @ np.array([1 - at.p, 2 * (1 - at.q)]),
                false={"moving pays": lambda at: at.d @ np.array([at.p, 2 * at.q])},
            ),
            "quotient": vector(
                lambda at: at.by_chances,
                lambda at: (
                    np.array([at.q * (1 - 3 * at.q), -at.p * (1 + 3 * at.p)]) / (at.p + at.q) ** 2
                ),
                tolerance=1e-4,
                zero=1e-6,
                false={"sign": lambda at: -at.by_chances},
            ),
            "weights": vector(
                lambda at: at.gradient,
                lambda at: at.d * at.slopes * at.unweighted,
                lights=("gradient",),
                tolerance=1e-4,
                zero=1e-8,
                false={"without the weights": lambda at: at.slopes * at.unweighted},
            ),
        },
        set={"arrows": "gradient", "k": 0},
    ),
    "weights-cancel": Derivation(
        _here,
        Scope(ANY),
        {
            "fisher": matrix(
                lambda at: at.model.problem.fisher(at.theta),
                lambda at: np.diag(at.d * at.slopes),
                lights=("metric",),
                false={"without the weights": lambda at: np.diag(at.slopes)},
            ),
            "cancel": vector(
                lambda at: np.linalg.solve(at.model.problem.fisher(at.theta), at.gradient),
                lambda at: at.unweighted,
                lights=("natural",),
                tolerance=1e-4,
                zero=1e-5,
                false={"with the weights": lambda at: at.d * at.unweighted},
            ),
        },
        set={"rules": ["natural"], "k": 0},
    ),
}
"""By their ids in text.md."""


def _by_hand(p: float = 0.5, q: float = 0.5) -> _Here:
    return _Here(Model.__new__(Model), np.zeros(2), p, q)


def _vanishes(_: Model) -> bool:
    """As p → 0 the second component of ∇ρ vanishes, that of F⁻¹∇ρ tends to −1/q."""
    at = _by_hand(1e-7, 0.5)
    gradient = at.d * at.slopes * at.unweighted
    return bool(abs(gradient[1]) < 1e-6 and np.isclose(at.unweighted[1], -2.0, rtol=1e-4))


EXERCISES = {
    "half-and-half": Exercise(
        lambda _: bool(np.isclose(_reward_of(np.array([0.5, 0.5])), 0.75)),
        lambda _: [
            _reward_of(np.array([0.5, 0.5])),
            *(_by_hand().d * _by_hand().slopes * _by_hand().unweighted),
            0.125,
            *_by_hand().unweighted,
        ],
    ),
    "rarely-visited": Exercise(_vanishes),
    "raise-p": Exercise(
        lambda model: bool(np.diff(model.run("gradient").theta[:2, 0])[0] > 0),
        set={"start": (-2.0, -1.4), "k": 1},
    ),
}
"""By their ids in text.md."""
