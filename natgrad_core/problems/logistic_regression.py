"""Logistic regression: the death of Bliss's beetles against the dose."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from natgrad_core.core.problem import Preset
from natgrad_core.datasets import load
from natgrad_core.families.linear_predictor import LinearPredictor, Table, separating
from natgrad_core.problems import problems
from natgrad_core.tracing.ops import exp, log1p_exp, sigmoid, where
from natgrad_core.types import Array, Matrix, Vector


@problems.register()
class LogisticRegression(LinearPredictor):
    """p(y = 1 | x, w) = 1/(1 + e^{−w₀x₀−w₁x₁}), for ``X [n, d]`` and ``y [n]``, each 0 or 1.

    A group of which some died is two rows, weighted by how many did and how many did not. The
    canonical link makes the Hessian the Fisher matrix: Newton is the natural gradient here.

    Args:
        X: The design matrix, ``[n, d]``; with neither X nor y: the published data.
        y: Outcomes, ``[n]``, each 0 or 1.
        weights: How many observations each row stands for, ``[n]``; None: one each.
        offset: What is added to w·x in each row, ``[n]``; None: nothing.

    Raises:
        ValueError: If the shapes do not match, or an outcome is not possible.
    """

    title = "logistic regression of Bliss's beetles on the dose"
    latex = r"p(y = 1 \mid x) = \frac{1}{1 + e^{-w_0 - w_1 x}}"
    source = "Bliss 1935; McCullagh and Nelder 1989, ch. 4"
    view = ((-2.0, 4.0), (-0.5, 5.5))
    start = (-1.0, 0.5)
    support = range(2)
    measured = ("dose, rescaled", "share that died")
    response = "logistic"
    unbounded = "the classes are separated, so there is no finite maximum"
    presets: ClassVar = {
        "Bliss's beetles": Preset(),
        "from no effect at all": Preset(start=(0.0, 0.0)),
        "from far out, where Newton overshoots": Preset(start=(3.0, -0.3)),
    }

    def _published(self) -> Table:
        dose, exposed, killed = load("beetles").T
        group = np.stack([np.ones_like(dose), (dose - 1.8) / 0.1], -1)
        died = np.repeat([1.0, 0.0], len(group))
        return np.concatenate([group, group]), died, np.concatenate([killed, exposed - killed])

    def _roughly(self, mean: Array) -> Array:
        inside = (mean + 0.5) / 2
        return np.log(inside / (1 - inside))

    def never_better(self) -> Array | None:
        """Return a direction that separates the classes, completely or in part, if there is one."""
        x, y = self.X, self.rows.columns[-1]
        signs = np.where(y > 0, 1.0, -1.0)[self.rows.columns[0] > 0, None]
        return separating(signs * x[self.rows.columns[0] > 0])

    def _partition(self, *eta: Any) -> Any:
        return log1p_exp(eta[0])

    def _negative_log_prob(self, t: Vector, *eta: Any) -> Any:
        # A − ηt has no digits left where t = 1 and η is large: there it is log(1 + e^{−η}).
        return (1 - t[0]) * log1p_exp(eta[0]) + t[0] * log1p_exp(-eta[0])

    def _excess(self, t: Vector, *eta: Any) -> Vector:
        # (1 − t) σ(η) − t σ(−η): both are 1 or e^{−|η|}, over 1 + e^{−|η|}.
        small, below = exp(-abs(eta[0])), eta[0] < 0
        rising, falling = where(below, small, 1.0), where(below, 1.0, small)
        return (((1 - t[0]) * rising - t[0] * falling) / (1 + small),)

    def _mean(self, *eta: Any) -> Vector:
        return (sigmoid(eta[0]),)

    def _variance(self, *eta: Any) -> Matrix:
        small = exp(-abs(eta[0]))  # p (1 − p) is e^{−|η|}/(1 + e^{−|η|})²
        return ((small / ((1 + small) * (1 + small)),),)

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...], *eta: Any) -> Vector:
        return ((rng.random(shape) < sigmoid(eta[0])).astype(float),)
