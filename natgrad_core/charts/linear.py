"""The lecture's change of coordinates, θ = Ax, from a matrix or from its parts.

The parts are those of A = R(φ) [[p, p·h], [0, q]]: a shear h of the first axis, stretches p > 0
and q of the two axes, then a rotation by φ. Every invertible A has exactly one such form.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from functools import cached_property
from typing import Annotated, Any, NamedTuple

import numpy as np

from natgrad_core.charts import charts
from natgrad_core.core.chart import Chart
from natgrad_core.core.options import Span
from natgrad_core.linalg.small_matrices import mv
from natgrad_core.types import Array, ArrayLike, Matrix, Vector


class Parts(NamedTuple):
    """Rotation in degrees, stretch of the first and second axis, shear."""

    rotation: float
    stretch1: float
    stretch2: float
    shear: float


def compose(parts: Parts) -> Array:
    """A = R(φ) [[p, p·h], [0, q]], ``[2, 2]``.

    Args:
        parts: φ, p, q and h.

    Returns:
        A, ``[2, 2]``.
    """
    c, s = math.cos(math.radians(parts.rotation)), math.sin(math.radians(parts.rotation))
    p, q, h = parts.stretch1, parts.stretch2, parts.shear
    return np.array([[c, -s], [s, c]]) @ np.array([[p, p * h], [0.0, q]])


def decompose(matrix: ArrayLike) -> Parts:
    """The parts of an invertible 2×2 A; the inverse of ``compose``.

    Args:
        matrix: A, ``[2, 2]``.

    Returns:
        φ in degrees, p, q and h.

    Raises:
        ValueError: If the first column of A is zero.
    """
    (a, b), (c, d) = np.asarray(matrix, float).tolist()
    p = math.hypot(a, c)
    if p == 0.0:
        raise ValueError("A is singular: its first column is zero, so it has no rotation")
    return Parts(
        rotation=math.degrees(math.atan2(c, a)),
        stretch1=p,
        stretch2=(a * d - b * c) / p,
        shear=(a * b + c * d) / p**2,
    )


@charts.register()
class Linear(Chart):
    """θ = A x for an invertible ``matrix [..., d, d]``; leading axes broadcast with the points'.

    Instead of the matrix its parts may be given.

    Args:
        matrix: A, ``[..., d, d]``; None: made of the parts.
        rotation: φ in degrees.
        stretch: The factors p and q of the two axes.
        shear: h; the parts make A = R(φ) [[p, p·h], [0, q]].

    Raises:
        ValueError: If A is not square, not finite or singular to rounding, or both A and parts are
            given.
    """

    latex = r"\theta = A x"
    varying = ("_rows", "_inverse_rows")

    def __init__(
        self,
        matrix: ArrayLike | None = None,
        *,
        rotation: Annotated[float, Span(-180, 180, 1)] = 0.0,
        stretch: tuple[float, float] = (1.0, 1.0),
        shear: Annotated[float, Span(-3, 3)] = 0.0,
    ) -> None:
        parts = Parts(rotation, *stretch, shear)
        if matrix is not None and parts != Parts(0.0, 1.0, 1.0, 0.0):
            raise ValueError("give the matrix A or its rotation, stretch and shear, not both")
        a = np.asarray(compose(parts) if matrix is None else matrix, float)
        if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
            raise ValueError(f"A must be square, [..., d, d]; got shape {list(a.shape)}")
        if not np.isfinite(a).all():
            raise ValueError("A must be finite; some entry is not a number")
        self.condition = float(np.linalg.cond(a).max())
        if not self.condition < 1e12:
            raise ValueError(
                f"A is singular (determinant {float(np.linalg.det(a).min()):.3g}, condition "
                f"number {self.condition:.1e}): its columns must point in different directions"
            )
        self.matrix = a
        self._rows = _rows(a)
        self._inverse_rows = _rows(np.linalg.inv(a))

    @cached_property
    def form(self) -> tuple[Hashable, ...]:  # type: ignore[override]
        """All of as many parameters share their steps."""
        return (*super().form, len(self._rows))

    @cached_property
    def numbers(self) -> tuple[Any, ...]:  # type: ignore[override]
        """The entries of A and of A⁻¹, which stay as they are; every run asks for them."""
        return super().numbers

    @classmethod
    def example(cls, problem: str, dim: int) -> dict[str, Any]:
        """A stretch and a shear, no two columns at a right angle."""
        upper = np.triu(np.full((dim, dim), 0.3), 1) + np.diag(np.linspace(2.0, 0.5, dim))
        upper[0, 1 % dim] = 1.0 if dim > 1 else 2.0
        rows: list[list[float]] = upper.tolist()
        return {"matrix": tuple(tuple(row) for row in rows)}

    def _forward(self, *x: Any) -> Vector:
        return mv(self._rows, x)

    def _inverse(self, *theta: Any) -> Vector:
        return mv(self._inverse_rows, theta)

    def _jacobian(self, *x: Any) -> Matrix:
        return self._rows

    def _curvature(self, *x: Any) -> tuple[Matrix, ...]:
        return (((0,) * len(x),) * len(x),) * len(x)


def _rows(matrix: Array) -> Matrix:
    """The entries by row: floats, or arrays over the leading axes."""
    d = matrix.shape[-1]
    if matrix.ndim == 2:
        return tuple(map(tuple, matrix.tolist()))
    return tuple(tuple(matrix[..., i, j] for j in range(d)) for i in range(d))
