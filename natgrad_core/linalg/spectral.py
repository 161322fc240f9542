"""Functions of a symmetric matrix: its power, its absolute value, its pseudo-inverse.

For 2×2 in closed form: arithmetic without a branch, which can be traced. Beyond that by NumPy's
eigendecomposition, which a traced step calls as one operation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from natgrad_core.linalg.small_matrices import (
    add,
    determinant,
    eye,
    matmul,
    pack,
    symmetric,
    trace,
    upper,
)
from natgrad_core.tracing.ops import maximum, opaque, sqrt, where
from natgrad_core.tracing.ops import power as to_the_power
from natgrad_core.types import Array, Matrix

RANK_TOLERANCE = 1e-12
"""Below this, relative to the largest, an eigenvalue counts as zero."""


def absolute(matrix: Matrix) -> Matrix:
    """|M| = √(M²): the eigenvalues made positive, the eigenvectors kept.

    For 2×2 by Cayley and Hamilton: √B = (B + √(det B) I)/√(tr B + 2√(det B)) with B = M².

    Args:
        matrix: M by rows, symmetric.

    Returns:
        |M| by rows.
    """
    if len(matrix) != 2:
        return _by_eigenvalues(matrix, np.abs)
    square, size = matmul(matrix, matrix), abs(determinant(matrix))
    scale = sqrt(trace(square) + 2 * size)
    scale = where(scale > 0, scale, 1.0)  # |0| = 0
    shifted = add(square, eye(2), size)
    return tuple(tuple(entry / scale for entry in row) for row in shifted)


def power(matrix: Matrix, q: Any) -> Matrix:
    """M^q for M positive semi-definite and 0 ≤ q: from I (q = 0) to M (q = 1).

    For 2×2 with eigenvalues m ± r: M^q = a I + b (M − m I), where a is the mean of the eigenvalues'
    powers and b their divided difference. An eigenvalue below zero by rounding counts as zero.

    Args:
        matrix: M by rows.
        q: The exponent, one number or an array over the leading axes ``[...]``.

    Returns:
        M^q by rows.
    """
    if len(matrix) != 2:
        return _by_eigenvalues(matrix, _raised, q)
    (a, b), (_, d) = matrix
    middle, half = (a + d) / 2, (a - d) / 2
    radius = sqrt(half * half + b * b)
    high = middle + radius
    low = determinant(matrix) / where(high > 0, high, 1.0)
    high, low = (to_the_power(maximum(value, 0.0), q) for value in (high, low))
    slope = (high - low) / where(radius > 0, 2 * radius, 1.0)
    mean = (high + low) / 2
    return symmetric(mean + slope * half, slope * b, mean - slope * half)


def pseudo_inverse(matrix: Matrix) -> Matrix:
    """M⁺, Moore and Penrose's, for M symmetric (Penrose 1955).

    Beyond d = 3 from the eigenvalues. Up to it from c₁, c₂, c₃, the elementary symmetric functions
    of the eigenvalues: rank three M⁻¹, rank two ((c₁² − c₂) M − c₁ M²)/c₂² (for 2×2 it is M⁻¹),
    rank one M/c₁², rank none 0. An eigenvalue below ``RANK_TOLERANCE`` times the largest counts as
    zero.

    Args:
        matrix: M by rows.

    Returns:
        M⁺ by rows.
    """
    d = len(matrix)
    if d > 3:
        return _by_eigenvalues(matrix, _reciprocal)
    square = matmul(matrix, matrix)
    first, size = trace(matrix), trace(square)  # size is the sum of the squared eigenvalues
    second = (first * first - size) / 2
    if d == 2:
        second = determinant(matrix)
    has = [size > 0, abs(second) > RANK_TOLERANCE * size]
    one = _over(matrix, where(has[0], first * first, 1.0), has[0])
    if d == 1:
        return one
    safe = where(has[1], second, 1.0)
    two = _scaled(add(_scaled(matrix, first * first - second), square, -first), 1 / (safe * safe))
    if d == 2:
        (a, b), (_, c) = matrix
        two = symmetric(c / safe, -b / safe, a / safe)
        return _choose(has[1], two, one)
    third = determinant(matrix)
    noise = RANK_TOLERANCE * abs(second) + 1e-15 * size  # of the determinant, over the norm
    whole = abs(third) > noise * sqrt(size)
    safe = where(whole, third, 1.0)
    adjugate = add(add(square, matrix, -first), eye(3), second)
    return _choose(whole, _scaled(adjugate, 1 / safe), _choose(has[1], two, one))


def _scaled(matrix: Matrix, scale: Any) -> Matrix:
    return tuple(tuple(entry * scale for entry in row) for row in matrix)


def _over(matrix: Matrix, divisor: Any, good: Any) -> Matrix:
    return tuple(tuple(where(good, entry / divisor, 0.0) for entry in row) for row in matrix)


def _choose(condition: Any, yes: Matrix, no: Matrix) -> Matrix:
    return tuple(
        tuple(where(condition, a, b) for a, b in zip(r, s, strict=True))
        for r, s in zip(yes, no, strict=True)
    )


def _raised(values: Array, q: Array) -> Array:
    return np.maximum(values, 0.0) ** q


def _reciprocal(values: Array) -> Array:
    """1/γ, and 0 where γ is zero beside the largest."""
    size = np.abs(values)
    good = size > RANK_TOLERANCE * size.max(-1, keepdims=True)
    return np.where(good, 1 / np.where(good, values, 1.0), 0.0)


def _by_eigenvalues(matrix: Matrix, function: Callable[..., Array], *numbers: Any) -> Matrix:
    d = len(matrix)
    cells = upper(matrix)

    def apply(*given: Any) -> tuple[Any, ...]:
        whole = pack(symmetric(*given[: len(cells)]))
        good = np.isfinite(whole).all((-1, -2), keepdims=True)
        values, vectors = np.linalg.eigh(np.where(good, whole, np.eye(d)))
        others = (np.asarray(number)[..., None] for number in given[len(cells) :])
        found = (vectors * function(values, *others)[..., None, :]) @ np.swapaxes(vectors, -1, -2)
        found = np.where(good, found, np.nan)
        entries = (found[..., i, j] for i in range(d) for j in range(i, d))
        return tuple(e if e.ndim else float(e) for e in entries)

    return symmetric(*opaque(apply, len(cells), *cells, *numbers))
