"""Exponential families: everything from the log-partition function A.

log p(y | x, θ) = η·T(y) − A(η) + h(y), with natural parameters η = η(x, θ). The derivatives of A
are the mean and the variance of T, and from these three and the map η everything follows:

    loss      J = E[A(η) − η·T − h]
    score     s = Sᵀ(T − ∇A),          S = ∂η/∂θ
    Fisher    F = E[Sᵀ ∇²A S]
    Hessian   H = F + E[Σ_k (∇A − T)_k ∇²η_k]
    KL(θ‖θ')    = E[A(η') − A(η) − (η' − η)·∇A(η)]

The Hessian is the Fisher matrix as soon as η is linear in θ (natural parameters, canonical links):
there Newton's method is the natural gradient. Least squares is the case A = ½‖η‖², whose Fisher
matrix is that of Gauss and Newton. Brown 1986, ch. 1–3; McCullagh and Nelder 1989, ch. 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, cast

import numpy as np

from natgrad_core.core.problem import Problem, Support
from natgrad_core.linalg.small_matrices import (
    add,
    components,
    congruent,
    dot,
    eye,
    full,
    mv,
    symmetric,
    transpose,
    upper,
)
from natgrad_core.tracing.ops import HALF_LOG_2PI, constant, total
from natgrad_core.tracing.row_sums import Rows
from natgrad_core.types import Array, ArrayLike, Matrix, Vector


class ExponentialFamily(Problem):
    """A subclass states A, ∇A, ∇²A of η; T and h of y; and η, ∂η/∂θ, ∇²η_k of (x, θ).

    By default η = θ. ``observe`` stores the data.
    """

    exponential = True
    baseline: float = 0.0
    """A constant that J leaves out, so that least squares is ½ the sum of squares."""
    response: ClassVar[str] = ""
    """g⁻¹, by which a single η gives the mean: "identity", "exp" or "logistic"; empty: another."""

    def _partition(self, *eta: Any, **named: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not say its log-partition")

    def _mean(self, *eta: Any, **named: Any) -> Vector:
        """∇A = E[T]: the expectation parameters."""
        raise NotImplementedError(f"{type(self).__name__} does not say its mean")

    def _variance(self, *eta: Any, **named: Any) -> Matrix:
        """∇²A = Var[T]."""
        raise NotImplementedError(f"{type(self).__name__} does not say its variance")

    def _negative_log_prob(self, t: Vector, *eta: Any) -> Any:
        """A(η) − η·t. It keeps the digits of A: with a shape of 1e8 that is eight fewer of J."""
        return self._partition(*eta) - dot(eta, t)

    def _excess(self, t: Vector, *eta: Any) -> Vector:
        """∇A(η) − t."""
        return tuple(m - part for m, part in zip(self._mean(*eta), t, strict=True))

    def _statistics(self, *y: Any) -> Vector:
        return y

    def _carrier(self, *y: Any) -> Any:
        return 0.0 * y[0]

    def _natural(self, x: Vector, *theta: Any) -> Vector:
        """η, for one row of covariates."""
        return theta

    def _slope(self, x: Vector, *theta: Any) -> Matrix:
        """S = ∂η/∂θ, a row for each natural parameter."""
        return eye(len(theta))

    def _bend(self, x: Vector, *theta: Any) -> tuple[Matrix, ...]:
        """∇²η_k; none where η is linear in θ."""
        return ()

    def natural(self, theta: ArrayLike) -> Array:
        """η(θ), ``[..., d]``; of a family without covariates.

        Args:
            theta: The points, ``[..., d]``, inside the domain.

        Returns:
            η, ``[..., d]``.

        Raises:
            OutsideDomain: If a point is outside the domain.
            ValueError: If the last axis is not d.
        """
        point = self.check(theta)
        return full(self._natural((), *components(point)), point.shape[:-1])

    def expectation(self, theta: ArrayLike) -> Array:
        """E[T], ``[..., d]``; of a family without covariates.

        Args:
            theta: The points, ``[..., d]``, inside the domain.

        Returns:
            m, ``[..., d]``.

        Raises:
            OutsideDomain: If a point is outside the domain.
            ValueError: If the last axis is not d.
        """
        point = self.check(theta)
        return full(self._mean(*self._natural((), *components(point))), point.shape[:-1])

    def observe(
        self,
        *outcome: ArrayLike,
        covariates: Sequence[ArrayLike] = (),
        weights: ArrayLike | None = None,
    ) -> None:
        """Store the data: a column ``[n]`` for each number of the outcome and each covariate.

        Args:
            outcome: A column ``[n]`` for each number of the outcome.
            covariates: A column ``[n]`` for each covariate.
            weights: The weight of each row, ``[n]``; None: equal ones.

        Raises:
            ValueError: If the columns differ in length, are empty or hold impossible outcomes.
        """
        given = [np.asarray(c, float) for c in (*covariates, *outcome)]
        n = given[-1].size
        if n == 0 or any(c.shape != (n,) for c in given):
            shapes = ", ".join(str(list(c.shape)) for c in given)
            raise ValueError(f"{self.name} needs columns of one length, at least 1; got {shapes}")
        for column in given:
            outcomes(self.name, column, None)
        share, self.size = shares(weights, n)
        x, y = given[: len(covariates)], given[len(covariates) :]
        for column in y:
            outcomes(self.name, column, self.support)
        self.rows = Rows(share, *x, *y)
        t = [*self._statistics(*y), self._carrier(*y)]
        # The mean of the statistics is all that a sample has to say, or that outcomes with the same
        # covariates have.
        if x:
            some = share > 0
            place, inverse = np.unique(np.stack(x)[:, some], axis=1, return_inverse=True)
            at = inverse.ravel()
            there = np.bincount(at, share[some])
            means = (np.bincount(at, (share * c)[some]) / there for c in t)
            self._sums = Rows(there, *place, *means)
        else:
            self._sums = Rows([1.0], *([share @ np.broadcast_to(c, (n,))] for c in t))

    def _over_rows(self, of_row: Any, *theta: Any) -> Any:
        """Σ weight · of_row(x, T, h, *theta), a component or a tuple of them."""
        d, k = len(theta), len(self.covariates)

        def term(*row: Any) -> Any:
            point, weight, x = row[:d], row[d], row[d + 1 : d + 1 + k]
            value = of_row(x, row[d + 1 + k : -1], row[-1], *point)
            if isinstance(value, tuple):
                return tuple(weight * part for part in cast(Vector, value))
            return weight * value

        return self._sums.total(term, *theta)

    def _log_prob(self, datum: Vector, *theta: Any) -> Any:
        x, y = datum[: -self.outcomes], datum[-self.outcomes :]
        eta = self._natural(x, *theta)
        t = tuple(constant(part, theta[0]) for part in self._statistics(*y))
        return constant(self._carrier(*y), theta[0]) - self._negative_log_prob(t, *eta)

    def _score(self, datum: Vector, *theta: Any) -> Vector:
        x, y = datum[: -self.outcomes], datum[-self.outcomes :]
        excess = self._excess(self._statistics(*y), *self._natural(x, *theta))
        return mv(transpose(self._slope(x, *theta)), tuple(-e for e in excess))

    def _loss(self, *theta: Any) -> Any:
        def negative_log_prob(x: Vector, t: Vector, h: Any, *theta: Any) -> Any:
            return self._negative_log_prob(t, *self._natural(x, *theta)) - h

        return self._over_rows(negative_log_prob, *theta) - self.baseline

    def _grad(self, *theta: Any) -> Vector:
        def of_row(x: Vector, t: Vector, h: Any, *theta: Any) -> Vector:
            return mv(transpose(self._slope(x, *theta)), self._residual(x, t, *theta))

        return self._over_rows(of_row, *theta)

    def _residual(self, x: Vector, t: Vector, *theta: Any) -> Vector:
        return self._excess(t, *self._natural(x, *theta))

    def _fisher_of_row(self, x: Vector, *theta: Any) -> Matrix:
        """Sᵀ ∇²A S."""
        return congruent(self._slope(x, *theta), self._variance(*self._natural(x, *theta)))

    def _fisher(self, *theta: Any) -> Matrix:
        def of_row(x: Vector, t: Vector, h: Any, *theta: Any) -> Vector:
            return upper(self._fisher_of_row(x, *theta))

        return symmetric(*self._over_rows(of_row, *theta))

    def _hessian(self, *theta: Any) -> Matrix:
        def of_row(x: Vector, t: Vector, h: Any, *theta: Any) -> Vector:
            matrix, bend = self._fisher_of_row(x, *theta), self._bend(x, *theta)
            if bend:
                for r, second in zip(self._residual(x, t, *theta), bend, strict=True):
                    matrix = add(matrix, second, r)
            return upper(matrix)

        return symmetric(*self._over_rows(of_row, *theta))

    def _kl(self, theta: Vector, other: Vector) -> Any:
        d = len(theta)

        def bregman(x: Vector, t: Vector, h: Any, *both: Any) -> Any:
            eta, new = self._natural(x, *both[:d]), self._natural(x, *both[d:])
            gap = dot(tuple(b - a for a, b in zip(eta, new, strict=True)), self._mean(*eta))
            return self._partition(*new) - self._partition(*eta) - gap

        return self._over_rows(bregman, *theta, *other)

    def sample(self, theta: ArrayLike, rng: np.random.Generator, n: int) -> Array:
        """N draws: ``[n, ...]``, with covariates ``[n, ..., rows]``; numbers of an outcome last."""
        point = components(self.check(theta))
        if self.covariates:
            point = tuple(c[..., None] for c in point)
        eta = np.broadcast_arrays(*self._natural(self.covariates, *point))
        drawn = self._draw(rng, (n, *eta[0].shape), *eta)
        return np.asarray(drawn[0] if self.outcomes == 1 else np.stack(drawn, -1), float)

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...], *eta: Any) -> Vector:
        """Outcomes of this shape under the natural parameters."""
        raise NotImplementedError(f"{type(self).__name__} does not say how to draw from it")


class UnitNormal(ExponentialFamily):
    """Least squares: outcomes with mean η(x, θ) and variance one, A = ½‖η‖².

    Its Fisher matrix is E[SᵀS], which as a metric for least squares is Gauss and Newton's.
    """

    support = (-np.inf, np.inf)
    response = "identity"

    @property
    def baseline(self) -> float:  # type: ignore[override]
        """The entropy's ½ log 2π for each number."""
        return self.outcomes * HALF_LOG_2PI

    def _partition(self, *eta: Any) -> Any:
        return total(e * e for e in eta) / 2

    def _mean(self, *eta: Any) -> Vector:
        return eta

    def _variance(self, *eta: Any) -> Matrix:
        return eye(len(eta))

    def _carrier(self, *y: Any) -> Any:
        return -total(v * v for v in y) / 2 - len(y) * HALF_LOG_2PI

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...], *eta: Any) -> Vector:
        return tuple(rng.normal(e, 1.0, shape) for e in eta)


def shares(weights: ArrayLike | None, n: int) -> tuple[Array, float]:
    """Return weights of rows as shares of their sum, and the sum: how many observations they are.

    Args:
        weights: How many observations each row stands for, ``[n]``; None: one each.
        n: How many rows there are.

    Returns:
        The shares, ``[n]``, and the sum.

    Raises:
        ValueError: If the weights are not n numbers ≥ 0 of which one is more.
    """
    if weights is None:
        return np.full(n, 1 / n), float(n)
    given = np.asarray(weights, float)
    if given.shape != (n,) or not (given >= 0).all() or not 0 < given.sum() < np.inf:
        raise ValueError(f"weights must be {n} numbers ≥ 0, not all of them 0; got {weights}")
    return given / given.sum(), float(given.sum())


def mean_and_variance(rows: Rows, column: Array | None = None) -> tuple[float, float]:
    """Return the weighted mean and variance of data.

    Args:
        rows: The data, weights first.
        column: What to take them of, ``[n]``; None: the outcomes.

    Returns:
        The mean, and the mean square of what differs from it.
    """
    share, y = rows.columns[0], rows.columns[-1] if column is None else column
    mean = float(share @ y)
    return mean, float(share @ (y - mean) ** 2)


def quantile(rows: Rows, share: float) -> float:
    """Return a quantile of weighted data: the middle of all that have that share on either side.

    Args:
        rows: The data, weights first.
        share: The share of the data below it, ½ for the median.

    Returns:
        The quantile.
    """
    order = np.argsort(rows.columns[-1])
    y, below = rows.columns[-1][order], np.cumsum(rows.columns[0][order])
    places = np.searchsorted(below, (share - 1e-12, share + 1e-12))
    return float(y[np.minimum(places, len(y) - 1)].mean())


def outcomes(name: str, data: ArrayLike, support: Support | None) -> Array:
    """Return data as a column of outcomes that a model can produce.

    Args:
        name: The model, for the message.
        data: The outcomes, ``[n]``.
        support: What one outcome can be; None if any finite number.

    Returns:
        The outcomes, ``[n]``.

    Raises:
        ValueError: If one cannot be; the message gives its row, counted from 1, and what is
            allowed.
    """
    column = np.asarray(data, float)
    if column.ndim != 1 or not column.size:
        raise ValueError(f"{name} needs a list of outcomes, [n]; got shape {list(column.shape)}")
    good, allowed = np.isfinite(column), "finite numbers (leave missing rows out)"
    if good.all() and isinstance(support, range):
        good = (column >= support.start) & (column < support.stop) & (column % 1 == 0)
        allowed = f"whole numbers from {support.start}"
        if support.stop < 1000:
            allowed += f" to {support.stop - 1}"
    elif good.all() and support is not None:
        low, high = support
        good = (column > low) & (column < high)
        allowed = f"numbers strictly between {low:g} and {high:g}"
    if not good.all():
        row = int(np.flatnonzero(~good)[0])
        raise ValueError(
            f"{name}'s outcomes must be {allowed}; got {column[row]:g} in row {row + 1}"
        )
    return column
