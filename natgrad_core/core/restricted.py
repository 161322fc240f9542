"""A problem with some of its parameters held: J as a function of the others, and itself a problem.

A slice through many parameters. The parameters that are held count as known, so the Fisher matrix
is a block of F, and standard errors from it are those with the others known.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np

from natgrad_core.core.problem import Problem
from natgrad_core.types import Array, ArrayLike, Bools, Matrix, Numeric, Vector


class Restricted(Problem):
    """J(θ) with some components of θ held: ``problem.holding({"ν": 4.0})``."""

    varying = ("base", "_values")

    def __init__(self, base: Problem, held: Mapping[str, float]) -> None:
        unknown = [symbol for symbol in held if symbol not in base.symbols]
        if unknown:
            raise ValueError(
                f"{base.name} has no parameter {unknown[0]!r} that could be held; "
                f"there are {', '.join(base.symbols)}"
            )
        self.free = tuple(i for i, symbol in enumerate(base.symbols) if symbol not in held)
        if not self.free:
            raise ValueError(f"{base.name}: at least one parameter must not be held")
        self.base = base
        self._held = tuple(map(base.symbols.index, held))
        self._values = tuple(map(float, held.values()))
        said = ", ".join(f"{symbol} = {value:.4g}" for symbol, value in held.items())
        self.name = f"{base.name} with {said}" if held else base.name
        self.domain = base.domain
        self.symbols = tuple(base.symbols[i] for i in self.free)
        self.rows, self.outcomes, self.support = base.rows, base.outcomes, base.support
        self.size, self.measured = base.size, base.measured
        self.start = tuple(base.start[i] for i in self.free)
        self.view = tuple(base.view[i] for i in self.free)

    @property
    def form(self) -> tuple[Hashable, ...]:
        """Which parameters are held is in it, and their values are not."""
        return (*super().form, *self._held)

    @property
    def held(self) -> dict[int, Any]:
        """The values of the parameters that are held, by their places in the base."""
        return dict(zip(self._held, self._values, strict=True))

    def guess(self) -> tuple[float, ...]:
        """Those of the base's rough estimates that are not held."""
        guessed = self.base.guess()
        return tuple(guessed[i] for i in self.free)

    def whole(self, theta: ArrayLike) -> Array:
        """Return points with the parameters that are held.

        Args:
            theta: The points, ``[..., d]``.

        Returns:
            The same points of the base, ``[..., d + held]``.
        """
        points = np.asarray(theta, float)
        found = np.empty((*points.shape[:-1], self.base.dim))
        found[..., self.free] = points
        for i, value in self.held.items():
            found[..., i] = value
        return found

    def inside(self, theta: Array) -> Bools:
        """Whether θ with the parameters that are held is in the base's domain, ``[...]``."""
        return self.base.inside(self.whole(theta))

    def log_prob(self, data: Numeric, theta: ArrayLike) -> Numeric:
        """Return the base's log p(datum | θ)."""
        return self.base.log_prob(data, self.whole(self.check(theta)))

    def sample(self, theta: ArrayLike, rng: np.random.Generator, n: int) -> Array:
        """Draw from the base."""
        return self.base.sample(self.whole(self.check(theta)), rng, n)

    def _whole(self, theta: Vector) -> Vector:
        """All components; what is held is one number for each point."""
        found: list[Any] = [None] * self.base.dim
        for i, part in zip(self.free, theta, strict=True):
            found[i] = part
        for i, value in self.held.items():
            found[i] = value + 0.0 * theta[0]
        return tuple(found)

    def _part(self, vector: Vector) -> Vector:
        return tuple(vector[i] for i in self.free)

    def _block(self, matrix: Matrix) -> Matrix:
        return tuple(tuple(matrix[i][j] for j in self.free) for i in self.free)

    def _inside(self, *theta: Any) -> Vector:
        return self.base._inside(*self._whole(theta))

    def _loss(self, *theta: Any) -> Any:
        return self.base._loss(*self._whole(theta))

    def _grad(self, *theta: Any) -> Vector:
        return self._part(self.base._grad(*self._whole(theta)))

    def _hessian(self, *theta: Any) -> Matrix:
        return self._block(self.base._hessian(*self._whole(theta)))

    def _fisher(self, *theta: Any) -> Matrix:
        return self._block(self.base._fisher(*self._whole(theta)))

    def _kl(self, theta: Vector, other: Vector) -> Any:
        return self.base._kl(self._whole(theta), self._whole(other))

    def _log_prob(self, datum: Vector, *theta: Any) -> Any:
        return self.base._log_prob(datum, *self._whole(theta))

    def _score(self, datum: Vector, *theta: Any) -> Vector:
        return self._part(self.base._score(datum, *self._whole(theta)))
