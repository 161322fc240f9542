"""Positive outcomes whose spread grows with their mean: how long blood takes to clot."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from natgrad_core.core.problem import Preset
from natgrad_core.datasets import load
from natgrad_core.families.linear_predictor import LinearPredictor, Table
from natgrad_core.problems import problems
from natgrad_core.tracing.ops import exp, log
from natgrad_core.types import Array, ArrayLike, Matrix, Vector


@problems.register()
class GammaRegression(LinearPredictor):
    """log E[y] = w·x with gammas of a given ``shape``: the variance is the mean squared over it.

    η = −shape·e^{−w·x}, A(η) = −shape·log(−η). The link is not canonical, so Newton's step is not
    the natural one. The shape does not move the estimate, only the standard errors.

    Args:
        X: The design matrix, ``[n, d]``; with neither X nor y: the published data.
        y: Numbers > 0, ``[n]``.
        weights: How many observations each row stands for, ``[n]``; None: one each.
        offset: What is added to w·x in each row, ``[n]``; None: nothing.
        shape: The shape of the gammas, one over the dispersion.

    Raises:
        ValueError: If the shapes do not match, or an outcome is not possible.
    """

    title = "the clotting time of blood against the logarithm of the plasma's concentration"
    latex = r"y \sim \mathrm{Gamma}(a,\; a\, e^{-w_0 - w_1 x})"
    source = "Hurn et al. 1945; McCullagh and Nelder 1989, ch. 8"
    view = ((2.2, 4.4), (-1.6, 0.6))
    start = (2.6, 0.2)
    support = (0.0, math.inf)
    presets: ClassVar = {
        "clotting": Preset(),
        "from too fast a fall": Preset(start=(4.2, -1.4)),
    }

    def __init__(
        self,
        X: ArrayLike | None = None,
        y: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        offset: ArrayLike | None = None,
        shape: float = 1.0,
    ) -> None:
        if not 0 < shape < math.inf:
            raise ValueError(f"the shape must be a number > 0; got {shape}")
        self.shape = float(shape)
        super().__init__(X, y, weights, offset)

    def _published(self) -> Table:
        table = load("clotting")
        return np.stack([np.ones(len(table)), np.log(table[:, 0]) - 3], -1), table[:, 1], None

    def _roughly(self, mean: Array) -> Array:
        return np.log(mean)

    def _link(self, predictor: Any) -> tuple[Any, Any, Any]:
        rate = self.shape * exp(-predictor)
        return -rate, rate, -rate

    def _partition(self, *eta: Any) -> Any:
        return -self.shape * log(-eta[0])

    def _mean(self, *eta: Any) -> Vector:
        return (-self.shape / eta[0],)

    def _variance(self, *eta: Any) -> Matrix:
        return ((self.shape / (eta[0] * eta[0]),),)

    def _carrier(self, *y: Any) -> Any:
        return (self.shape - 1) * np.log(y[0]) - math.lgamma(self.shape)

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...], *eta: Any) -> Vector:
        return (rng.gamma(self.shape, -1 / eta[0], shape),)
