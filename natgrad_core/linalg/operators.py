"""Operators: the value of a metric at a point, a linear map that can be inverted.

A rule needs only ``mv``, from vectors to covectors, and ``solve``, its inverse; ``dense`` is the
reference implementation that every fast form is tested against. Everything is by components
(``natgrad_core.linalg.small_matrices``), so that a rule can be traced.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from natgrad_core.errors import SingularMetricError
from natgrad_core.linalg import small_matrices as small
from natgrad_core.linalg.small_matrices import pack
from natgrad_core.types import Array, Matrix, Vector

CLEARLY = 1e12
"""A condition number up to which rounding leaves digits of an inverse."""


class Operator(Protocol):
    """A symmetric linear map of d components to d components."""

    def mv(self, v: Vector) -> Vector:
        """M v: a vector made a covector.

        Args:
            v: The components of v.

        Returns:
            The components of M v.
        """
        ...

    def solve(self, v: Vector, damping: Any = 0) -> Vector:
        """(M + λI)⁻¹ v.

        Args:
            v: The components of v.
            damping: λ ≥ 0, one number or an array over the leading axes ``[...]``.

        Returns:
            The components; not finite where there is no inverse, because a diverged path is data,
            not an exception.
        """
        ...

    def dense(self) -> Matrix:
        """M itself.

        Returns:
            M by rows.
        """
        ...


class Dense:
    """A metric written out as its matrix."""

    __slots__ = ("matrix",)

    def __init__(self, matrix: Matrix) -> None:
        self.matrix = matrix

    def mv(self, v: Vector) -> Vector:
        """M v."""
        return small.mv(self.matrix, v)

    def solve(self, v: Vector, damping: Any = 0) -> Vector:
        """(M + λI)⁻¹ v, by cofactors."""
        return small.solve(_damped(self.matrix, damping), v)

    def dense(self) -> Matrix:
        """M itself."""
        return self.matrix

    def array(self) -> Array:
        """M as an array.

        Returns:
            M, ``[..., d, d]``.
        """
        return pack(self.matrix)

    def __repr__(self) -> str:
        return f"Dense({np.array2string(self.array(), precision=4)})"


class Diagonal:
    """A diagonal metric: no two parameters are coupled."""

    __slots__ = ("entries",)

    def __init__(self, entries: Vector) -> None:
        self.entries = entries

    def mv(self, v: Vector) -> Vector:
        """M v, entry by entry."""
        return tuple(m * c for m, c in zip(self.entries, v, strict=True))

    def solve(self, v: Vector, damping: Any = 0) -> Vector:
        """(M + λI)⁻¹ v, entry by entry."""
        entries = self.entries if _none(damping) else tuple(m + damping for m in self.entries)
        return tuple(c / m for m, c in zip(entries, v, strict=True))

    def dense(self) -> Matrix:
        """M itself."""
        d = len(self.entries)
        return tuple(
            tuple(entry if i == j else 0 for j in range(d)) for i, entry in enumerate(self.entries)
        )


class Block:
    """A block-diagonal metric, with its blocks given as tuples of indices."""

    __slots__ = ("blocks", "parts")

    def __init__(self, matrix: Matrix, blocks: tuple[tuple[int, ...], ...]) -> None:
        self.blocks = blocks
        self.parts = [Dense(tuple(tuple(matrix[i][j] for j in b) for i in b)) for b in blocks]

    def mv(self, v: Vector) -> Vector:
        """M v, block by block."""
        return self._each([p.mv(tuple(v[i] for i in b)) for b, p in self._pairs()])

    def solve(self, v: Vector, damping: Any = 0) -> Vector:
        """(M + λI)⁻¹ v, block by block."""
        return self._each([p.solve(tuple(v[i] for i in b), damping) for b, p in self._pairs()])

    def dense(self) -> Matrix:
        """M itself."""
        d = sum(map(len, self.blocks))
        cells = {
            (i, j): part.matrix[m][n]
            for block, part in self._pairs()
            for m, i in enumerate(block)
            for n, j in enumerate(block)
        }
        return tuple(tuple(cells.get((i, j), 0) for j in range(d)) for i in range(d))

    def _pairs(self) -> list[tuple[tuple[int, ...], Dense]]:
        return list(zip(self.blocks, self.parts, strict=True))

    def _each(self, found: list[Vector]) -> Vector:
        placed = {
            i: value
            for block, values in zip(self.blocks, found, strict=True)
            for i, value in zip(block, values, strict=True)
        }
        return tuple(placed[i] for i in range(len(placed)))


def _none(damping: Any) -> bool:
    """Whether the damping is the integer 0, for which a traced step has no operation."""
    return isinstance(damping, int) and damping == 0


def _damped(matrix: Matrix, damping: Any) -> Matrix:
    """M + λI."""
    return matrix if _none(damping) else small.add(matrix, small.eye(len(matrix)), damping)


def _clearly_invertible(flat: Array) -> bool:
    """Whether each condition number ‖M‖‖M⁻¹‖ is far from 1/eps, without singular values: the
    Frobenius norm is at least the largest of them.
    """
    with np.errstate(all="ignore"):
        try:
            inverses = np.linalg.inv(flat)
        except np.linalg.LinAlgError:
            return False
        norm, of_inverse = (np.sqrt(np.square(m).sum((-2, -1))) for m in (flat, inverses))
        return bool((norm * of_inverse < CLEARLY).all())


def invertible(matrix: Array) -> Array:
    """Return a matrix unchanged if it has an inverse.

    Args:
        matrix: M, ``[..., d, d]``.

    Returns:
        The same M.

    Raises:
        SingularMetricError: If an entry is not finite, or the condition number is above 1/eps.
    """
    flat = matrix.reshape(-1, *matrix.shape[-2:])
    if not np.isfinite(flat).all():
        raise SingularMetricError(
            "the metric is not finite here; allowed: points inside the domain"
        )
    if _clearly_invertible(flat):
        return matrix
    conditions = np.linalg.cond(flat)
    if not (conditions < 1 / np.finfo(float).eps).all():
        worst = flat[np.argmax(conditions)]
        raise SingularMetricError(
            f"the metric {worst.tolist()} is singular (condition number {conditions.max():.1e}); "
            "allowed: an invertible one. Add damping λ > 0, or take singular='pseudo-inverse'"
        )
    return matrix
