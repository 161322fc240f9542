"""A family fitted to data, stated by its density alone (``natgrad_core.families.densities``).

The density brings log p, the Fisher matrix, KL and draws; derivatives of the loss come by
forward-mode differentiation.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from natgrad_core.core.problem import Problem
from natgrad_core.families.densities import DENSITIES, Density
from natgrad_core.families.exponential_family import outcomes, shares
from natgrad_core.linalg.small_matrices import components, symmetric
from natgrad_core.tracing.forward_mode import Derivatives, derivatives_of, variables
from natgrad_core.tracing.row_sums import Rows
from natgrad_core.types import Array, ArrayLike, Matrix, Vector

_FEW = 4
"""Rows up to which derivatives are traced row by row; each brings all lines of its derivatives."""


class DensityFamily(Problem):
    """J = −mean log p(y | θ), θ being the arguments of the density ``density_name``.

    A subclass gives that name, ``guess``, and which parameters are ``positive``.
    """

    density_name: ClassVar[str]
    positive: ClassVar[tuple[int, ...]] = (-1,)

    @property
    def density(self) -> Density:
        """Log p, F, KL and draws in the parameters."""
        return DENSITIES[self.density_name]

    def observe(self, data: ArrayLike, weights: ArrayLike | None) -> None:
        """Store the data.

        Args:
            data: The outcomes, ``[n]``.
            weights: How many observations each stands for, ``[n]``; None: one each.

        Raises:
            ValueError: If an outcome is outside the support, or the weights do not match.
        """
        y = outcomes(self.name, data, self.support)
        share, self.size = shares(weights, y.size)
        self.rows = Rows(share, y, few=_FEW)

    def _inside(self, *theta: Any) -> Vector:
        """The positive parameters are so."""
        return tuple(theta[i] > 0 for i in self.positive)

    def _log_prob(self, datum: Vector, *theta: Any) -> Any:
        log_p: Any = self.density.log_p
        return log_p(datum[0], *theta)

    def _forward_mode(self, datum: Vector, theta: Vector, second: bool) -> Derivatives:
        seeds = variables(theta, second)
        return derivatives_of(self._log_prob(datum, *seeds), seeds[0])

    def _score(self, datum: Vector, *theta: Any) -> Vector:
        return self._forward_mode(datum, theta, second=False).grad

    def _hessian(self, *theta: Any) -> Matrix:
        d = len(theta)

        def of_row(*row: Any) -> Vector:
            found = self._forward_mode(row[d + 1 :], row[:d], second=True).hessian
            return tuple(-(row[d] * part) for part in found)

        return symmetric(*self.rows.total(of_row, *theta))

    def _fisher(self, *theta: Any) -> Matrix:
        information: Any = self.density.information
        return information(*theta)

    def _kl(self, theta: Vector, other: Vector) -> Any:
        return self.density.kl(theta, other)

    def sample(self, theta: ArrayLike, rng: np.random.Generator, n: int) -> Array:
        """N draws, ``[n, ...]``."""
        point = components(self.check(theta))
        draw: Any = self.density.draw
        return np.asarray(draw(rng, (n, *np.shape(point[0])), *point), float)
