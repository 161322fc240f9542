"""Regressions: in each row the parameters act through one number, ℓ = x·w + offset.

Sums over the rows are products with the design matrix X: ∇J = Xᵀr, F = XᵀWX and H = XᵀVX, where r,
W and V hold a number a row. Up to three weights they are summed by components, as everywhere else;
beyond that NumPy multiplies the matrices. Nelder and Wedderburn 1972; McCullagh and Nelder 1989,
ch. 2.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from importlib import import_module
from typing import Any, ClassVar, TypeAlias

import numpy as np

from natgrad_core.core.evaluation import At
from natgrad_core.core.symbols import subscript
from natgrad_core.families.exponential_family import ExponentialFamily
from natgrad_core.linalg.small_matrices import dot, pack, symmetric
from natgrad_core.tracing.ops import opaque
from natgrad_core.tracing.tape import Sym
from natgrad_core.types import Array, ArrayLike, Matrix, Vector, Whole

Linked: TypeAlias = tuple[Any, Any, Any]
"""η of every row, ``[..., rows]``, and its first two derivatives along ℓ."""

BLOCK = 16384
"""Rows of the design matrix that are multiplied at a time: fewer pieces cost less than a smaller
cache, until a piece is longer than it."""

BY_COMPONENTS = 3
"""Up to so many weights the sums over rows are written out by components."""


Table: TypeAlias = tuple[ArrayLike, ArrayLike, ArrayLike | None]
"""A design matrix, an outcome for each row, and the rows' weights, if they have any."""


def read_design(
    name: str,
    X: ArrayLike | None,
    y: ArrayLike | None,
    weights: ArrayLike | None,
    published: Callable[[], Table],
) -> tuple[Array, Array, ArrayLike | None]:
    """The data of a regression: those that are given, or with neither X nor y the published ones.

    Args:
        name: The problem's, for what is said of them.
        X: The design matrix, ``[n, d]``.
        y: The outcomes, ``[n]``.
        weights: How many observations each row stands for, ``[n]``.
        published: Reads the published ones.

    Returns:
        X, y and the weights.

    Raises:
        ValueError: If one of X and y is missing, or X is no matrix.
    """
    if (X is None) != (y is None):
        raise ValueError(f"{name} needs both X and y, or neither for the published data")
    rows, seen, shares = published() if X is None or y is None else (X, y, weights)
    matrix = np.asarray(rows, float)
    if matrix.ndim != 2 or not matrix.shape[-1]:
        raise ValueError(
            f"{name} has a weight for each column of X, so X has shape [n, d] (add a column of "
            f"ones for an intercept); got shape {list(matrix.shape)}"
        )
    return matrix, np.asarray(seen, float), shares


class LinearPredictor(ExponentialFamily):
    """A regression on a design matrix. By default with canonical link: η = ℓ.

    A subclass states its family, as ``ExponentialFamily`` asks, ``_link``, and ``_roughly``.
    """

    symbols = ("w₀", "w₁")
    unbounded: ClassVar[str] = "there is no finite maximum"
    """What it means that the likelihood never falls along a direction."""

    def __init__(
        self,
        X: ArrayLike | None = None,
        y: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        offset: ArrayLike | None = None,
    ) -> None:
        given = X is not None
        self.X, seen, shares = read_design(self.name, X, y, weights, self._published)
        self.symbols = tuple(f"w{subscript(i)}" for i in range(self.X.shape[-1]))
        self.has_offset = offset is not None
        columns = [*self.X.T, *([] if offset is None else [np.asarray(offset, float)])]
        self.observe(seen, covariates=columns, weights=shares)
        if given:
            size = np.sqrt((self.X**2).mean(0) * self.dim)
            self._suit(self.guess(), tuple((1 / np.where(size > 0, size, 1.0)).tolist()))

    def _published(self) -> Table:
        """X, y and the rows' weights of the published data, if there are any."""
        raise ValueError(f"{self.name} has no published data: give X and y")

    def _link(self, predictor: Any) -> tuple[Any, Any, Any]:
        """η as a function of ℓ, and its first two derivatives."""
        return predictor, 1, 0

    def _roughly(self, mean: Array) -> Array:
        """ℓ where the mean of an outcome is ``mean``, moved inside where that is at an edge."""
        return mean

    def guess(self) -> tuple[float, ...]:
        """The weights from which iteratively reweighted least squares start.

        Least squares of ℓ(y), with y moved off the edge of its support. McCullagh and Nelder 1989,
        section 2.5.

        Returns:
            The weights, ``d`` numbers.
        """
        share, x, offset, t, _ = self._grouped
        root = np.sqrt(share)
        right = root * (self._roughly(t) - offset)
        found = np.linalg.lstsq(root[:, None] * x, right, rcond=None)[0]
        return tuple(found.tolist())

    def never_better(self) -> Array | None:
        """Return a direction along which the likelihood never falls, if the data allow one.

        Then there is no finite maximum. For a logistic regression the classes are separated,
        completely or in part. Albert and Anderson 1984; found by linear programming.

        Returns:
            The direction, ``[d]``, with largest entry 1; None if there is none.
        """
        return None

    @cached_property
    def _grouped(self) -> tuple[Array, Array, Array, Array, Array]:
        """Of rows with equal covariates one: weights, X, offset, mean statistic, mean carrier."""
        share, *columns, t, h = self._sums.columns
        x = np.ascontiguousarray(np.stack(columns[: self.dim], -1))
        offset = columns[self.dim] if self.has_offset else np.zeros(len(share))
        return share, x, offset, t, h

    @cached_property
    def _columns(self) -> Array:
        """Xᵀ of the grouped rows, a column of X after the other in memory."""
        return np.ascontiguousarray(self._grouped[1].T)

    @cached_property
    def _upper(self) -> tuple[Whole, Whole]:
        """Rows and columns of the entries of an upper triangle."""
        return np.triu_indices(self.dim)

    def _predictor(self, x: Vector, *theta: Any) -> Any:
        d = len(theta)
        return dot(x[:d], theta) + x[d] if self.has_offset else dot(x, theta)

    def _natural(self, x: Vector, *theta: Any) -> Vector:
        return (self._link(self._predictor(x, *theta))[0],)

    def _slope(self, x: Vector, *theta: Any) -> Matrix:
        slope = self._link(self._predictor(x, *theta))[1]
        return (
            tuple(part if isinstance(slope, int) else slope * part for part in x[: len(theta)]),
        )

    def _bend(self, x: Vector, *theta: Any) -> tuple[Matrix, ...]:
        bend = self._link(self._predictor(x, *theta))[2]
        if isinstance(bend, int) and bend == 0:
            return ()
        row = x[: len(theta)]
        places = [(i, j) for i in range(len(row)) for j in range(i, len(row))]
        return (symmetric(*(bend * (row[i] * row[j]) for i, j in places)),)

    def _loss(self, *theta: Any) -> Any:
        if not _many(theta):
            return super()._loss(*theta)
        return opaque(self._loss_of_rows, 1, *theta)[0] - self.baseline

    def _grad(self, *theta: Any) -> Vector:
        if not _many(theta):
            return super()._grad(*theta)
        return tuple(opaque(self._grad_of_rows, len(theta), *theta))

    def _fisher(self, *theta: Any) -> Matrix:
        if not _many(theta):
            return super()._fisher(*theta)
        d = len(theta)
        return symmetric(*opaque(self._fisher_of_rows, d * (d + 1) // 2, *theta))

    def _hessian(self, *theta: Any) -> Matrix:
        if not _many(theta):
            return super()._hessian(*theta)
        d = len(theta)
        return symmetric(*opaque(self._hessian_of_rows, d * (d + 1) // 2, *theta))

    def at(self, theta: Vector) -> At:
        """Return the problem at a point; ∇J and F of many weights share η of every row.

        Args:
            theta: The point, by components.

        Returns:
            The problem there.
        """
        shared = _many(theta) and not any(isinstance(part, Sym) for part in theta)
        return RowsAt(self, theta) if shared else super().at(theta)

    def _linked(self, theta: Vector) -> Linked:
        """η of every row, ``[..., rows]``, and its slope and bend along ℓ."""
        _, x, offset, _, _ = self._grouped
        predictor = pack(theta) @ x.T
        return self._link(predictor + offset if self.has_offset else predictor)

    def _loss_of_rows(self, *theta: Any) -> Vector:
        share, _, _, t, h = self._grouped
        eta, _, _ = self._linked(theta)
        return _parts((self._negative_log_prob((t,), eta) - h)[..., None, :] @ share)

    def _grad_of_rows(self, *theta: Any) -> Vector:
        return self._grad_of(self._linked(theta))

    def _grad_of(self, linked: Linked) -> Vector:
        share, x, _, t, _ = self._grouped
        eta, slope, _ = linked
        return _parts(_along(share * self._excess((t,), eta)[0], slope) @ x)

    def _fisher_of_rows(self, *theta: Any) -> Vector:
        return self._triangle(self._fisher_of(self._linked(theta)))

    def _fisher_of(self, linked: Linked) -> Array:
        share = self._grouped[0]
        eta, slope, _ = linked
        return self._weighted(_along(_along(share * self._variance(eta)[0][0], slope), slope))

    def _hessian_of_rows(self, *theta: Any) -> Vector:
        share, _, _, t, _ = self._grouped
        eta, slope, bend = self._linked(theta)
        of_row = slope * slope * self._variance(eta)[0][0] + bend * self._excess((t,), eta)[0]
        return self._triangle(self._weighted(share * of_row))

    def _triangle(self, whole: Array) -> Vector:
        """The upper triangle of matrices ``[..., d, d]``, row by row."""
        return _parts(whole[(..., *self._upper)])

    def _weighted(self, weights: Array) -> Array:
        """XᵀWX, ``[..., d, d]``.

        For one point with weights ≥ 0 it is (√W X)ᵀ(√W X), of which BLAS computes one half, summed
        over blocks of rows that stay in the processor's cache.
        """
        x = self._grouped[1]
        if weights.ndim == 1 and weights.min(initial=0.0) >= 0:
            root, whole = np.sqrt(weights), np.zeros((self.dim, self.dim))
            for first in range(0, len(x), BLOCK):
                some = slice(first, first + BLOCK)
                scaled = self._columns[:, some] * root[some]
                whole += scaled @ scaled.T
        else:
            whole = (x.T * weights[..., None, :]) @ x
        return whole


class RowsAt(At):
    """A regression on many columns at one point, or many: η of every row is computed once."""

    __slots__ = ("linked",)

    problem: LinearPredictor

    def __init__(self, problem: LinearPredictor, theta: Vector) -> None:
        super().__init__(problem, theta)
        self.linked = problem._linked(theta)

    @property
    def grad(self) -> Vector:
        """Xᵀr."""
        if self._grad is None:
            self._grad = self.problem._grad_of(self.linked)
        return self._grad

    @property
    def fisher(self) -> Matrix:
        """XᵀWX."""
        if self._fisher is None:
            whole = self.problem._fisher_of(self.linked)
            one = whole.ndim == 2  # then BLAS has made both halves alike
            self._fisher = (
                tuple(map(tuple, whole.tolist()))
                if one
                else symmetric(*self.problem._triangle(whole))
            )
        return self._fisher


def separating(rows: Array, fixed: Array | None = None) -> Array | None:
    """Return w with rows·w ≥ 0, some of them > 0, and fixed·w = 0; None if there is none.

    By linear programming: maximize the sum of rows·w over −1 ≤ w ≤ 1.

    Args:
        rows: The rows that may be positive, ``[n, d]``.
        fixed: The rows that must be 0, ``[m, d]``; None: there are none.

    Returns:
        w, ``[d]``, with largest entry 1.
    """
    optimize: Any = import_module("scipy.optimize")  # costs more than natgrad_core to import
    if not len(rows):
        return None
    unit = np.abs(rows).max(0)
    unit = np.where(unit > 0, unit, 1.0)
    equal = fixed is not None and len(fixed) > 0
    found = optimize.linprog(
        -(rows / unit).sum(0),
        A_ub=-(rows / unit),
        b_ub=np.zeros(len(rows)),
        A_eq=fixed / unit if fixed is not None and equal else None,
        b_eq=np.zeros(len(fixed)) if fixed is not None and equal else None,
        bounds=(-1, 1),
    )
    if found.x is None or not (rows / unit @ found.x).max() > 1e-7:
        return None
    w: Array = found.x / unit
    return w / np.abs(w).max()


def _many(theta: Vector) -> bool:
    """Whether to multiply matrices: many weights, and neither tensors nor derivatives."""
    known = (int, float, np.ndarray, np.generic, Sym)
    return len(theta) > BY_COMPONENTS and all(isinstance(part, known) for part in theta)


def _along(values: Array, slope: Any) -> Array:
    """``values`` times the slope of η along ℓ, which is 1 for a canonical link."""
    return values if isinstance(slope, int) and slope == 1 else values * slope


def _parts(values: Array) -> Vector:
    """The last axis by components: floats of one point, arrays of many."""
    if values.ndim == 1:
        return tuple(values.tolist())
    return tuple(values[..., i] for i in range(values.shape[-1]))
