"""KL itself as the loss: how far the model is from a fixed member of its own family.

The natural flow of KL(p* ‖ p) runs along the m-geodesic to p*, that of KL(p ‖ p*) along the
e-geodesic. Amari and Nagaoka 2000, ch. 3; Fujiwara and Amari 1995.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from natgrad_core.core.problem import Problem
from natgrad_core.core.provenance import remembering
from natgrad_core.linalg.small_matrices import symmetric
from natgrad_core.tracing.forward_mode import Derivatives, variables_through
from natgrad_core.types import Array, ArrayLike, Matrix, Vector


@remembering(__name__, "Divergence")
class Divergence(Problem):
    """J(θ) = KL(p* ‖ p_θ), or with ``reverse`` KL(p_θ ‖ p*), for a ``target`` θ* of ``base``.

    The model, and with it the Fisher matrix, is the base's; the loss is 0 at the target.
    """

    varying = ("base", "target")

    def __init__(self, base: Problem, target: ArrayLike, reverse: bool = False) -> None:
        self.base, self.reverse = base, reverse
        self.target: Vector = tuple(np.asarray(base.check(target), float).tolist())
        order = ("p_θ", "p*") if reverse else ("p*", "p_θ")
        self.name = f"KL({order[0]} ‖ {order[1]}) of {base.name}"
        self.domain, self.symbols = base.domain, base.symbols
        self.view, self.start, self.support = base.view, base.start, base.support
        self.outcomes = base.outcomes

    @property
    def form(self) -> tuple[Hashable, ...]:
        """The direction of KL is in it."""
        return (*super().form, self.reverse)

    def _inside(self, *theta: Any) -> Vector:
        """Where the base is defined."""
        return self.base._inside(*theta)

    def sample(self, theta: ArrayLike, rng: np.random.Generator, n: int) -> Array:
        """As the base does: ``[n]``, or with covariates ``[n, rows]``."""
        return self.base.sample(theta, rng, n)

    def _loss(self, *theta: Any) -> Any:
        ends = (theta, self.target)
        return self.base._kl(*(ends if self.reverse else ends[::-1]))

    def _derivatives(self, theta: Vector, second: bool) -> Derivatives:
        return variables_through(lambda *point: (self._loss(*point),), theta, second)[0]

    def _grad(self, *theta: Any) -> Vector:
        return self._derivatives(theta, second=False).grad

    def _hessian(self, *theta: Any) -> Matrix:
        return symmetric(*self._derivatives(theta, second=True).hessian)

    def _fisher(self, *theta: Any) -> Matrix:
        return self.base._fisher(*theta)

    def _kl(self, theta: Vector, other: Vector) -> Any:
        return self.base._kl(theta, other)

    def _log_prob(self, datum: Vector, *theta: Any) -> Any:
        return self.base._log_prob(datum, *theta)

    def _score(self, datum: Vector, *theta: Any) -> Vector:
        return self.base._score(datum, *theta)
