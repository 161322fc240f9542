"""What a metric returns: a linear map from vectors to covectors that can be inverted.

A rule needs only ``mv`` (lower an index) and ``solve`` (raise one); ``dense`` is the slow witness
that every fast form is held against. Everything is by components (``natgrad_core.small``), so that
a rule can be traced; ``array`` gives the matrix as NumPy.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from natgrad_core import small
from natgrad_core.small import Matrix, Vector, pack
from natgrad_core.types import Array


class SingularMetric(ValueError):
    """The metric has no inverse where it was asked for one."""


class Operator(Protocol):
    """A symmetric linear map of d components to d components."""

    def mv(self, v: Vector) -> Vector:
        """M v."""
        ...

    def solve(self, v: Vector) -> Vector:
        """M⁻¹ v, not finite where M has no inverse: divergence is data, not an exception."""
        ...

    def dense(self) -> Matrix:
        """M itself, by rows."""
        ...


class Dense:
    """A metric written out as its matrix."""

    __slots__ = ("matrix",)

    def __init__(self, matrix: Matrix) -> None:
        self.matrix = matrix

    def mv(self, v: Vector) -> Vector:
        """M v."""
        return small.mv(self.matrix, v)

    def solve(self, v: Vector) -> Vector:
        """M⁻¹ v, by cofactors."""
        return small.solve(self.matrix, v)

    def dense(self) -> Matrix:
        """M itself."""
        return self.matrix

    def array(self) -> Array:
        """M as an array ``[..., d, d]``."""
        return pack(self.matrix)

    def __repr__(self) -> str:
        return f"Dense({np.array2string(self.array(), precision=4)})"


def invertible(matrix: Array) -> Array:
    """``matrix [..., d, d]`` itself, or SingularMetric with what to do about it."""
    condition = float(np.linalg.cond(matrix).max(initial=1.0))
    if not condition < 1 / np.finfo(float).eps:
        raise SingularMetric(
            f"the metric is singular here (condition number {condition:.1e}); "
            "add damping λ > 0, or use its pseudo-inverse"
        )
    return matrix
