"""Several outcomes against covariates: who believes in life after death."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from natgrad_core.core.problem import Preset
from natgrad_core.core.symbols import subscript
from natgrad_core.datasets import load
from natgrad_core.families.linear_predictor import Table, read_design
from natgrad_core.linalg.small_matrices import dot
from natgrad_core.problems import problems
from natgrad_core.problems.categorical import Categorical
from natgrad_core.types import ArrayLike, Matrix, Vector


@problems.register()
class MultinomialRegression(Categorical):
    """p_k ∝ e^{x·w_k} for K outcomes, the last w being 0: ``X [n, p]`` and ``y [n]``, 0 … K − 1.

    θ is w₁, w₂, …: (K − 1)p weights. The link is canonical, so Newton's step is the natural one.

    Args:
        X: The design matrix, ``[n, p]``; with neither X nor y: the published data.
        y: Which outcome it was, ``[n]``: whole numbers from 0 to K − 1.
        weights: How many observations each row stands for, ``[n]``; None: one each.
        classes: K; None: one more than the largest y.

    Raises:
        ValueError: If the shapes do not match, or an outcome is not possible.
    """

    title = "the belief in life after death against sex and race: yes, undecided or no"
    symbols = tuple(f"w{subscript(k)}{subscript(i)}" for k in (1, 2) for i in range(3))
    latex = r"p_k = \frac{e^{x \cdot w_k}}{1 + \sum_j e^{x \cdot w_j}}"
    source = "Agresti 2002, sec. 7.1"
    view = ((-1.0, 3.0), (-1.5, 1.5), (-1.5, 1.5), (-2.5, 1.0), (-1.5, 1.5), (-1.5, 1.5))
    start = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    measured = ()
    presets: ClassVar = {
        "life after death": Preset(),
        "from certainty": Preset(start=(2.5, 0.0, 0.0, -2.0, 0.0, 0.0)),
    }

    def __init__(
        self,
        X: ArrayLike | None = None,
        y: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        classes: int | None = None,
    ) -> None:
        given = X is not None
        self.X, column, times = read_design(self.name, X, y, weights, self._published)
        most = np.nanmax(column, initial=1.0)
        k = int(most) + 1 if classes is None else int(classes)
        if k < 2:
            raise ValueError(f"{self.name} needs two or more classes; got {classes}")
        self.support, self._logits = range(k), k - 1
        self.symbols = tuple(
            f"w{subscript(j + 1)}{subscript(i)}"
            for j in range(k - 1)
            for i in range(self.X.shape[-1])
        )
        self.observe(column, covariates=[*self.X.T], weights=times)
        if given:
            size = np.sqrt((self.X**2).mean(0) * self.X.shape[-1])
            scale = np.tile(1 / np.where(size > 0, size, 1.0), k - 1)
            self._suit(self.guess(), tuple(scale.tolist()))

    def _published(self) -> Table:
        table = load("afterlife")
        x = np.c_[np.ones(len(table)), table[:, :2]]
        return np.repeat(x, 3, 0), np.tile([0.0, 1.0, 2.0], len(table)), table[:, 2:].ravel()

    def guess(self) -> tuple[float, ...]:
        """No weight at all: every outcome as likely as another."""
        return (0.0,) * self.dim

    def _natural(self, x: Vector, *theta: Any) -> Vector:
        p = len(x)
        return tuple(dot(x, theta[k * p : (k + 1) * p]) for k in range(self._logits))

    def _slope(self, x: Vector, *theta: Any) -> Matrix:
        p = len(x)
        return tuple(
            (*(0,) * (k * p), *x, *(0,) * ((self._logits - 1 - k) * p)) for k in range(self._logits)
        )
