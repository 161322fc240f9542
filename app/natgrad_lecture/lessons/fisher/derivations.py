"""The lines of the derivations as numbers: expectations by quadrature, derivatives by differences.

Continuous families are integrated, categorical outcomes are summed. The regressions, whose outcomes
depend on a covariate, have no numbers here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from natgrad_core.analysis.density_distances import panels
from natgrad_core.core.problem import Problem
from natgrad_core.types import Array
from natgrad_lecture.lessons.derivation import (
    Derivation,
    Exercise,
    differences,
    matrix,
    number,
    vector,
)
from natgrad_lecture.lessons.fisher.claims import CONTINUOUS, EDGES, HALF
from natgrad_lecture.lessons.fisher.model import Model
from natgrad_lecture.lessons.scope import Scope, box

_STEP, _SECOND = 1e-5, 3e-4
"""Of first and of second differences, in parts of the step of each parameter that has the length 1
by F."""


@dataclass(frozen=True)
class _Here:
    """A family at θ, the reader's step δ, outcomes y and their weights in a sum or an integral."""

    problem: Problem
    theta: Array
    delta: Array
    fisher: Array
    y: Array
    weights: Array
    outcome: float
    """One outcome, for a line that holds at each."""

    def log_prob(self, theta: Array) -> Array:
        """log p(y | θ) of all outcomes."""
        return np.asarray(self.problem.log_prob(self.y, theta))

    def expected(self, values: Array) -> Array:
        """E of values ``[n, ...]`` at the outcomes."""
        mass = self.weights * np.exp(self.log_prob(self.theta))
        return np.asarray(np.tensordot(mass, values, 1))

    @property
    def reach(self) -> Array:
        """How long a step of each parameter is that has the length 1 by F."""
        return 1 / np.sqrt(np.diag(self.fisher))

    @property
    def score(self) -> Array:
        """∇ log p(y | θ), ``[n, 2]``."""
        return differences(self.log_prob, self.theta, _STEP * self.reach)

    @property
    def outer(self) -> Array:
        """E[ssᵀ]."""
        s = self.score
        return self.expected(s[:, :, None] * s[:, None, :])

    @property
    def curvature(self) -> Array:
        """E[∇² log p]."""
        steps = _SECOND * self.reach
        second = differences(lambda at: differences(self.log_prob, at, steps), self.theta, steps)
        return self.expected(second)

    @property
    def expanded(self) -> float:
        """−E[s]ᵀδ − ½δᵀE[∇² log p]δ."""
        first = self.expected(self.score) @ self.delta
        return float(-first - self.delta @ self.curvature @ self.delta / 2)

    @property
    def kl(self) -> float:
        """E[log p(y | θ) − log p(y | θ + δ)]."""
        there = self.theta + self.delta
        if not bool(self.problem.inside(there)):
            return np.nan
        return float(self.expected(self.log_prob(self.theta) - self.log_prob(there)))


def _here(model: Model) -> _Here:
    name, level = model.state.problem, model.level
    theta = np.asarray(model.state.point, float)
    if name in EDGES:
        y, weights = panels(EDGES[name](theta))
        y, weights = y.ravel(), weights.ravel()
        outcome = float(y[np.argmax(level.problem.log_prob(y, theta))]) + 0.3
    elif name == "categorical":
        y, weights, outcome = np.arange(3.0), np.ones(3), 0.0
    else:
        raise ZeroDivisionError("the outcomes depend on a covariate: there is no one expectation")
    return _Here(level.problem, theta, level.step, level.fisher, y, weights, outcome)


def _at_one(at: _Here) -> tuple[Array, Array]:
    """∇p and p∇ log p of one outcome."""
    y = np.array([at.outcome])

    def log_prob(theta: Array) -> float:
        return float(np.asarray(at.problem.log_prob(y, theta))[0])

    steps = _STEP * at.reach
    slope = differences(lambda theta: np.exp(log_prob(theta)), at.theta, steps)
    return slope, np.exp(log_prob(at.theta)) * differences(log_prob, at.theta, steps)


DERIVATIONS = {
    "two-facts": Derivation(
        _here,
        Scope(CONTINUOUS),
        {
            "log-derivative": vector(
                lambda at: _at_one(at)[0],
                lambda at: _at_one(at)[1],
                tolerance=1e-4,
                zero=1e-9,
                false={"without p": lambda at: _at_one(at)[1] / np.exp(-1.0)},
            ),
            "first": vector(
                lambda at: at.expected(at.score),
                lambda at: np.zeros(2),
                lights=("mean",),
                zero=1e-6,
                false={"the score at one outcome": lambda at: at.score[0]},
            ),
            "second": matrix(
                lambda at: -at.curvature,
                lambda at: at.outer,
                lights=("curvature", "estimate"),
                tolerance=1e-4,
                zero=1e-6,
                false={"sign": lambda at: -at.outer},
            ),
            "fisher": matrix(
                lambda at: at.outer,
                lambda at: at.fisher,
                lights=("metric",),
                tolerance=1e-4,
                zero=1e-6,
                false={"twice F": lambda at: 2 * at.fisher},
            ),
        },
        set=HALF,
    ),
    "taylor": Derivation(
        _here,
        Scope({**CONTINUOUS, "step": box((0.01, 0.005), (0.02, 0.015))}),
        {
            "definition": number(
                lambda at: at.problem.kl(at.theta, at.theta + at.delta),
                lambda at: at.kl,
                lights=("kl", "you"),
                tolerance=1e-4,
                false={"sign": lambda at: -at.kl},
            ),
            "expanded": number(
                lambda at: at.kl,
                lambda at: at.expanded,
                lights=("kl", "metric"),
                tolerance=0.1,
                false={"without the half": lambda at: 2 * at.expanded},
            ),
            "form": number(
                lambda at: at.expanded,
                lambda at: at.delta @ at.fisher @ at.delta / 2,
                lights=("metric", "you"),
                tolerance=1e-4,
                false={"without the half": lambda at: at.delta @ at.fisher @ at.delta},
            ),
        },
        set=HALF,
    ),
}
"""By their ids in text.md."""


def _coin(p: float) -> float:
    """The Fisher information of a coin's probability of heads, summed over its two faces."""
    return p * (1 / p) ** 2 + (1 - p) * (1 / (1 - p)) ** 2


def _kl_of_coins(p: float, q: float) -> float:
    return float(p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q)))


EXERCISES = {
    "coin": Exercise(
        lambda _: bool(np.isclose(_coin(0.5), 4.0)), lambda _: [_coin(0.5), _coin(0.1)]
    ),
    "coin-kl": Exercise(
        lambda _: abs(_kl_of_coins(0.5, 0.6) - 0.02) < 0.001,
        lambda _: [0.5 * _coin(0.5) * 0.1**2, _kl_of_coins(0.5, 0.6)],
    ),
    "error-by-an-eighth": Exercise(
        lambda model: bool(abs(model.level.kl / model.level.half - 1) < 0.05),
        set={"problem": "normal", "step": (0.0, 0.025), "radius": 0.1},
    ),
}
"""By their ids in text.md."""
