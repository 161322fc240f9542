"""Logistic regression with two weights: the death of Bliss's beetles against the dose."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from natgrad_core.data import load
from natgrad_core.ops import log1p_exp, sigmoid
from natgrad_core.problem import Preset, Problem
from natgrad_core.problems import problems
from natgrad_core.rows import Rows
from natgrad_core.small import Matrix, Vector, symmetric
from natgrad_core.types import Array, ArrayLike


@problems.register("logistic-regression")
class LogisticRegression(Problem):
    """p(y = 1 | x, w) = 1/(1 + e^{−w₀x₀−w₁x₁}), for ``X [n, 2]`` and ``y [n]`` (0, 1 or a share).

    ``weights [n]`` say how much of the data each row stands for and sum to one. The canonical link
    makes the Hessian the Fisher matrix: Newton's method is the natural gradient here.
    """

    name = "logistic-regression"
    exponential = True
    title = "logistic regression of Bliss's beetles on the dose"
    symbols = ("w₀", "w₁")
    latex = r"p(y = 1 \mid x) = \frac{1}{1 + e^{-w_0 - w_1 x}}"
    source = "Bliss 1935; McCullagh and Nelder 1989, ch. 4"
    view = ((-2.0, 4.0), (-0.5, 5.5))
    start = (-1.0, 0.5)
    support = range(2)
    presets: ClassVar = {
        "Bliss's beetles": Preset(),
        "from no effect at all": Preset(start=(0.0, 0.0)),
        "from far out, where Newton overshoots": Preset(start=(3.0, -0.3)),
    }

    def __init__(
        self,
        X: ArrayLike | None = None,
        y: ArrayLike | None = None,
        weights: ArrayLike | None = None,
    ) -> None:
        rows, seen = X, y
        if rows is None or seen is None:
            dose, exposed, killed = load("beetles").T
            rows = np.stack([np.ones_like(dose), (dose - 1.8) / 0.1], -1)
            seen, weights = killed / exposed, exposed / exposed.sum()
        self.X, self.y = np.asarray(rows, float), np.asarray(seen, float)
        n = len(self.y)
        self.weights = np.full(n, 1 / n) if weights is None else np.asarray(weights, float)
        self.rows = Rows(self.weights, *self.X.T, self.y)

    def _log_prob(self, datum: Vector, w0: Any, w1: Any) -> Any:
        a, b, y = datum
        return y * (w0 * a + w1 * b) - log1p_exp(w0 * a + w1 * b)

    def _score(self, datum: Vector, w0: Any, w1: Any) -> Vector:
        a, b, y = datum
        residual = y - sigmoid(w0 * a + w1 * b)
        return residual * a, residual * b

    def _loss(self, w0: Any, w1: Any) -> Any:
        def term(w0: Any, w1: Any, n: Any, a: Any, b: Any, y: Any) -> Any:
            score = w0 * a + w1 * b
            return n * (log1p_exp(score) - y * score)

        return self.rows.total(term, w0, w1)

    def _grad(self, w0: Any, w1: Any) -> Vector:
        def term(w0: Any, w1: Any, n: Any, a: Any, b: Any, y: Any) -> Vector:
            residual = n * (sigmoid(w0 * a + w1 * b) - y)
            return residual * a, residual * b

        return self.rows.total(term, w0, w1)

    def _fisher(self, w0: Any, w1: Any) -> Matrix:
        def term(w0: Any, w1: Any, n: Any, a: Any, b: Any, y: Any) -> Vector:
            p = sigmoid(w0 * a + w1 * b)
            spread = n * p * (1 - p)
            return spread * a * a, spread * a * b, spread * b * b

        return symmetric(*self.rows.total(term, w0, w1))

    def _hessian(self, w0: Any, w1: Any) -> Matrix:
        return self._fisher(w0, w1)

    def _kl(self, theta: Vector, other: Vector) -> Any:
        def term(w0: Any, w1: Any, v0: Any, v1: Any, n: Any, a: Any, b: Any, y: Any) -> Any:
            s, t = w0 * a + w1 * b, v0 * a + v1 * b
            return n * (sigmoid(s) * (s - t) - log1p_exp(s) + log1p_exp(t))

        return self.rows.total(term, *theta, *other)

    def sample(self, theta: ArrayLike, rng: np.random.Generator, n: int) -> Array:
        """N draws of one outcome for each row of X, ``[n, ..., rows]``."""
        p = sigmoid(self.check(theta) @ self.X.T)
        return (rng.random((n, *p.shape)) < p).astype(float)
