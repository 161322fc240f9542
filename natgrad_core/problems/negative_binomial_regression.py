"""Counts that vary more than Poisson's: how many victims of homicide people knew."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from natgrad_core.core.problem import Preset
from natgrad_core.datasets import load
from natgrad_core.families.linear_predictor import LinearPredictor, Table, separating
from natgrad_core.problems import problems
from natgrad_core.tracing.ops import exp, expm1, log, log1p_exp, sigmoid
from natgrad_core.types import Array, ArrayLike, Matrix, Vector


@problems.register()
class NegativeBinomialRegression(LinearPredictor):
    """log E[y] = w·x with variance m + m²/r for a mean m and a given ``size`` r.

    η = log(m/(m + r)), A(η) = −r log(1 − e^η). The link is not canonical, so Newton's step is not
    the natural one.

    Args:
        X: The design matrix, ``[n, d]``; with neither X nor y: the published data.
        y: Counts, ``[n]``.
        weights: How many observations each row stands for, ``[n]``; None: one each.
        offset: What is added to w·x in each row, ``[n]``; the log of its exposure. None: nothing.
        size: r; the Poisson distribution is the limit of large r.

    Raises:
        ValueError: If the shapes do not match, or an outcome is not possible.
    """

    title = "how many victims of homicide people of two groups knew"
    latex = r"\mathbb{E}\,y = m = e^{w_0 + w_1 x},\; \mathrm{Var}\,y = m + m^2/r"
    source = "Agresti 2002, sec. 13.4; Lawless 1987"
    view = ((-4.0, 0.5), (-1.0, 3.5))
    start = (-0.5, 0.2)
    support = range(2**53)
    unbounded = "some counts are zero wherever a column says so, so there is no finite maximum"
    presets: ClassVar = {
        "victims known": Preset(),
        "from too large a difference": Preset(start=(-3.5, 3.0)),
    }

    def __init__(
        self,
        X: ArrayLike | None = None,
        y: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        offset: ArrayLike | None = None,
        size: float = 0.2,
    ) -> None:
        if not 0 < size < math.inf:
            raise ValueError(f"the size must be a number > 0; got {size}")
        self.r = float(size)
        super().__init__(X, y, weights, offset)

    def _published(self) -> Table:
        table = load("homicides")
        group = np.repeat([0.0, 1.0], len(table))
        x = np.stack([np.ones(len(group)), group], -1)
        return x, np.tile(table[:, 0], 2), table[:, 1:].T.ravel()

    def _roughly(self, mean: Array) -> Array:
        return np.log(mean + 0.5)

    def never_better(self) -> Array | None:
        """Return a direction that lowers the mean where every count is 0, and nowhere else."""
        counts, some = self.rows.columns[-1], self.rows.columns[0] > 0
        return separating(-self.X[some & (counts == 0)], self.X[some & (counts > 0)])

    def _link(self, predictor: Any) -> tuple[Any, Any, Any]:
        less = math.log(self.r) - predictor
        slope = sigmoid(less)
        return -log1p_exp(less), slope, -(slope * sigmoid(-less))

    def _partition(self, *eta: Any) -> Any:
        return -self.r * log(-expm1(eta[0]))

    def _mean(self, *eta: Any) -> Vector:
        return (-self.r * exp(eta[0]) / expm1(eta[0]),)

    def _variance(self, *eta: Any) -> Matrix:
        left = expm1(eta[0])
        return ((self.r * exp(eta[0]) / (left * left),),)

    def _carrier(self, *y: Any) -> Any:
        from scipy.special import gammaln  # only here: importing it takes longer than all the rest

        count = np.asarray(y[0], float)
        return gammaln(count + self.r) - math.lgamma(self.r) - gammaln(count + 1.0)

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...], *eta: Any) -> Vector:
        mean = self._mean(*eta)[0]
        return (rng.poisson(rng.gamma(self.r, mean / self.r, shape)),)
