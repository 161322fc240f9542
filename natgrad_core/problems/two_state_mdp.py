"""Kakade's two-state decision problem: a reward of 1 for staying in one state, 2 in the other.

The policy leaves state 1 with chance p and state 2 with chance q, both through logits. The model is
that of an action in a state; its Fisher matrix is weighted by how often the policy is in each. The
loss is minus the expected return, not a surprise: there are no data here to fit.
"""

from __future__ import annotations

from typing import Any, ClassVar, cast

import numpy as np

from natgrad_core.core.problem import Preset, Problem
from natgrad_core.linalg.small_matrices import components, symmetric
from natgrad_core.problems import problems
from natgrad_core.tracing.ops import log1p_exp, sigmoid
from natgrad_core.types import Array, ArrayLike, Bools, Matrix, Vector


@problems.register()
class TwoStateMDP(Problem):
    """J = −ρ, ρ = [q(1 − p) + 2p(1 − q)]/(p + q), p and q logistic in θ₁ and θ₂.

    The states' shares are d = (q, p)/(p + q), F = diag(d₁ p(1 − p), d₂ q(1 − q)), and the natural
    gradient of ρ is ((1 − 3q)/(p + q), −(1 + 3p)/(p + q)).
    An outcome is (the state, 0 or 1, and whether it is left, 0 or 1).
    """

    title = "Kakade's two states: stay for a reward of 1, or of 2"
    latex = r"J = -\frac{q(1-p) + 2p(1-q)}{p + q}"
    source = "Kakade 2001, sec. 5 and fig. 1B-D; Bagnell and Schneider 2003"
    view = ((-5.0, 4.0), (-5.0, 3.0))
    start = (-3.0, 1.5)
    outcomes = 2
    support = range(2)
    presets: ClassVar = {
        "onto the plateau": Preset(),
        "undecided": Preset(start=(0.0, 0.0)),
        "stuck in the poorer state": Preset(start=(-4.5, 0.5)),
    }

    def _chances(self, *theta: Any) -> tuple[Any, Any, Any, Any]:
        """The chances p and q of leaving, 1 − p and 1 − q of staying, each to its last digits."""
        p, q = (sigmoid(t) for t in theta)
        return p, q, sigmoid(-theta[0]), sigmoid(-theta[1])

    def policy(self, theta: ArrayLike) -> Array:
        """Return the chances (p, q) of leaving each state.

        Args:
            theta: The logits, ``[..., 2]``.

        Returns:
            The chances, ``[..., 2]``.
        """
        return sigmoid(self.check(theta))

    def visits(self, theta: ArrayLike) -> Array:
        """Return the share of the time spent in each state, (q, p)/(p + q).

        Args:
            theta: The logits, ``[..., 2]``.

        Returns:
            The shares, ``[..., 2]``.
        """
        chances = self.policy(theta)
        return chances[..., ::-1] / chances.sum(-1, keepdims=True)

    def _loss(self, *theta: Any) -> Any:
        p, q, stay_p, stay_q = self._chances(*theta)
        return -(q / (p + q) * stay_p + 2 * (p / (p + q)) * stay_q)

    def _grad(self, *theta: Any) -> Vector:
        p, q, stay_p, stay_q = self._chances(*theta)
        both = p / (p + q) * (q / (p + q))  # p q/(p + q)², whose square would be zero too soon
        return -(both * stay_p * (1 - 3 * q)), both * stay_q * (1 + 3 * p)

    def _hessian(self, *theta: Any) -> Matrix:
        p, q, stay_p, stay_q = self._chances(*theta)
        first, second = q / (p + q), p / (p + q)
        both = first * second
        return symmetric(
            -(both * stay_p * (1 - 3 * q) * (1 - 2 * p - 2 * second * stay_p)),
            -(both * stay_p * stay_q * (second - first - 6 * p * first)),
            both * stay_q * (1 + 3 * p) * (1 - 2 * q - 2 * first * stay_q),
        )

    def _fisher(self, *theta: Any) -> Matrix:
        p, q, stay_p, stay_q = self._chances(*theta)
        return symmetric(q / (p + q) * p * stay_p, 0, p / (p + q) * q * stay_q)

    def _kl(self, theta: Vector, other: Vector) -> Any:
        p, q, _, _ = self._chances(*theta)
        (s, t), (u, v) = theta, other
        first = p * (s - u) - log1p_exp(s) + log1p_exp(u)
        second = q * (t - v) - log1p_exp(t) + log1p_exp(v)
        return (q * first + p * second) / (p + q)

    def _log_prob(self, datum: Vector, *theta: Any) -> Any:
        state, leaves = datum
        logit = theta[0] + state * (theta[1] - theta[0])
        return leaves * logit - log1p_exp(logit)

    def _score(self, datum: Vector, *theta: Any) -> Vector:
        state, leaves = datum
        p, q, _, _ = self._chances(*theta)
        return (1 - state) * (leaves - p), state * (leaves - q)

    def sample(self, theta: ArrayLike, rng: np.random.Generator, n: int) -> Array:
        """N states, as often as the policy is in them, and its actions there, ``[n, ..., 2]``."""
        p, q, _, _ = self._chances(*components(self.check(theta)))
        state = rng.random((n, *np.shape(p))) < p / (p + q)
        leaves = cast(Bools, rng.random(state.shape) < np.where(state, q, p))
        return np.stack([state, leaves], -1).astype(float)
