"""Counts that grow: deaths from AIDS in Australia, quarter by quarter from 1983 to 1986."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from natgrad_core.core.problem import Preset
from natgrad_core.datasets import load
from natgrad_core.families.linear_predictor import LinearPredictor, Table, separating
from natgrad_core.problems import problems
from natgrad_core.tracing.ops import exp
from natgrad_core.types import Array, Matrix, Vector


@problems.register()
class PoissonRegression(LinearPredictor):
    """log E[y] = w·x, for ``X [n, d]`` and counts ``y [n]``: A(η) = e^η.

    The link is canonical, so Newton is the natural gradient (iteratively reweighted least squares).

    Args:
        X: The design matrix, ``[n, d]``; with neither X nor y: the published data.
        y: Counts, ``[n]``.
        weights: How many observations each row stands for, ``[n]``; None: one each.
        offset: What is added to w·x in each row, ``[n]``; the log of its exposure. None: nothing.

    Raises:
        ValueError: If the shapes do not match, or an outcome is not possible.
    """

    title = "deaths from AIDS in Australia against the logarithm of time"
    latex = r"y \sim \mathrm{Poisson}(e^{w_0 + w_1 x})"
    source = "Whyte et al. 1987; Dobson 1990, ex. 9.1"
    view = ((0.5, 4.0), (-0.5, 4.0))
    start = (1.5, 0.2)
    support = range(2**53)
    measured = ("log(quarter) − 2", "deaths")
    response = "exp"
    unbounded = "some counts are zero wherever a column says so, so there is no finite maximum"
    presets: ClassVar = {
        "AIDS in Australia": Preset(),
        "from too fast a growth": Preset(start=(1.0, 3.8)),
        "no growth": Preset(
            {"X": ((1, -1), (1, 0), (1, 1), (1, 2)), "y": (3, 5, 4, 4)}, (2.5, 1.0)
        ),
    }

    def _published(self) -> Table:
        table = load("aids")
        return np.stack([np.ones(len(table)), np.log(table[:, 0]) - 2], -1), table[:, 1], None

    def _roughly(self, mean: Array) -> Array:
        return np.log(mean + 0.5)

    def never_better(self) -> Array | None:
        """Return a direction that lowers the mean where every count is 0, and nowhere else."""
        counts, some = self.rows.columns[-1], self.rows.columns[0] > 0
        return separating(-self.X[some & (counts == 0)], self.X[some & (counts > 0)])

    def _partition(self, *eta: Any) -> Any:
        return exp(eta[0])

    def _mean(self, *eta: Any) -> Vector:
        return (exp(eta[0]),)

    def _variance(self, *eta: Any) -> Matrix:
        return ((exp(eta[0]),),)

    def _carrier(self, *y: Any) -> Any:
        from scipy.special import gammaln  # only here: importing it takes longer than all the rest

        return -gammaln(np.asarray(y[0]) + 1.0)

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...], *eta: Any) -> Vector:
        return (rng.poisson(np.exp(eta[0]), shape),)
