"""Linear algebra on a few components: vectors are tuples, matrices are tuples of rows.

Components are floats, arrays, tensors or symbols alike. Up to size three closed forms are faster
than any library; at four and five elimination is written out, so that a traced step has machine
code; beyond that LAPACK solves, which a traced step calls as one operation. An entry that
is the integer 0 costs nothing in a traced step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from natgrad_core.tracing.ops import opaque, where
from natgrad_core.types import Array, Matrix, Vector

ELIMINATED = (4, 5)
"""Sizes whose systems are solved by elimination, which a traced step holds as arithmetic: 245
operations at five, and each takes time to compile. At six they would be 406."""


def eye(d: int) -> Matrix:
    """I.

    Args:
        d: How many rows.

    Returns:
        I by rows, with integers for entries.
    """
    return tuple(tuple(int(i == j) for j in range(d)) for i in range(d))


def symmetric(*upper: Any) -> Matrix:
    """The symmetric matrix with this upper triangle, read row by row.

    Args:
        upper: The entries of the triangle, d (d + 1)/2 of them.

    Returns:
        The matrix by rows, d × d.
    """
    if len(upper) == 3:
        a, b, c = upper
        return (a, b), (b, c)
    d = round((2 * len(upper)) ** 0.5 - 0.5)
    rows: list[list[Any]] = [[None] * d for _ in range(d)]
    entries = iter(upper)
    for i in range(d):
        for j in range(i, d):
            rows[i][j] = rows[j][i] = next(entries)
    return tuple(map(tuple, rows))


def upper(matrix: Matrix) -> Vector:
    """The upper triangle, read row by row: the inverse of ``symmetric``.

    Args:
        matrix: A matrix by rows, d × d.

    Returns:
        The d (d + 1)/2 entries.
    """
    return tuple(matrix[i][j] for i in range(len(matrix)) for j in range(i, len(matrix)))


def dot(a: Sequence[Any], b: Sequence[Any]) -> Any:
    """Σ a_i b_i.

    Args:
        a: d components.
        b: d components.

    Returns:
        The sum.
    """
    if len(a) == 2:
        return a[0] * b[0] + a[1] * b[1]
    result = a[0] * b[0]
    for x, y in zip(a[1:], b[1:], strict=True):
        result = result + x * y
    return result


def mv(matrix: Matrix, v: Vector) -> Vector:
    """M v.

    Args:
        matrix: M by rows.
        v: The components of v.

    Returns:
        The components of M v.
    """
    return tuple([dot(row, v) for row in matrix])


def transpose(matrix: Matrix) -> Matrix:
    """Mᵀ.

    Args:
        matrix: M by rows.

    Returns:
        Mᵀ by rows.
    """
    return tuple(zip(*matrix, strict=True))


def congruent(jacobian: Matrix, matrix: Matrix) -> Matrix:
    """Jᵀ M J for M symmetric; the result is symmetric to the last bit.

    Args:
        jacobian: J by rows, d × e.
        matrix: M by rows, d × d.

    Returns:
        Jᵀ M J by rows, e × e.
    """
    columns = transpose(jacobian)
    images = [mv(matrix, column) for column in columns]
    if len(columns) == 2:
        return symmetric(
            dot(columns[0], images[0]), dot(columns[0], images[1]), dot(columns[1], images[1])
        )
    places = [(i, j) for i in range(len(columns)) for j in range(i, len(columns))]
    return symmetric(*[dot(columns[i], images[j]) for i, j in places])


def add(a: Matrix, b: Matrix, scale: Any = 1) -> Matrix:
    """A + scale·B.

    Args:
        a: A by rows.
        b: B by rows, of the same size.
        scale: A number, or one a point.

    Returns:
        The sum by rows.
    """
    return tuple(
        tuple(x + scale * y for x, y in zip(r, s, strict=True)) for r, s in zip(a, b, strict=True)
    )


def solve(matrix: Matrix, v: Vector) -> Vector:
    """M⁻¹ v: by cofactors (Cramer's rule) up to d = 3, by elimination up to 5, by LAPACK beyond.

    Args:
        matrix: M by rows, d × d.
        v: The components of v.

    Returns:
        The components of M⁻¹ v; not finite where M is singular.
    """
    if len(v) == 1:
        return (v[0] / matrix[0][0],)
    if len(v) == 2:
        (a, b), (c, d) = matrix
        determinant = a * d - b * c
        return (d * v[0] - b * v[1]) / determinant, (a * v[1] - c * v[0]) / determinant
    if len(v) in ELIMINATED:
        return _eliminated(matrix, v)
    if len(v) > 3:
        return opaque(_solved, len(v), *(entry for row in matrix for entry in row), *v)
    rows = [
        [
            matrix[(i + 1) % 3][(j + 1) % 3] * matrix[(i + 2) % 3][(j + 2) % 3]
            - matrix[(i + 1) % 3][(j + 2) % 3] * matrix[(i + 2) % 3][(j + 1) % 3]
            for j in range(3)
        ]
        for i in range(3)
    ]
    determinant = dot(matrix[0], rows[0])
    return tuple(dot([rows[i][j] for i in range(3)], v) / determinant for j in range(3))


def _eliminated(matrix: Matrix, v: Vector) -> Vector:
    """M⁻¹ v by Gaussian elimination with partial pivoting, written out (Golub and Van Loan 2013,
    sec. 3.4). A row is exchanged with each lower one that has a larger entry in the column.
    """
    try:
        with np.errstate(divide="ignore", invalid="ignore"):
            return _substituted(_triangular(matrix, v))
    except ZeroDivisionError:  # of a single point, where M is singular
        return (math.nan,) * len(v)


def _triangular(matrix: Matrix, v: Vector) -> list[list[Any]]:
    """The rows of (M, v), exchanged and combined so that below the diagonal nothing is left."""
    d = len(v)
    rows = [[*row, right] for row, right in zip(matrix, v, strict=True)]
    for k in range(d):
        for i in range(k + 1, d):
            larger = abs(rows[i][k]) > abs(rows[k][k])
            if isinstance(larger, bool):
                if larger:
                    rows[k], rows[i] = rows[i], rows[k]
                continue
            for j in range(k, d + 1):
                above, below = rows[k][j], rows[i][j]
                rows[k][j], rows[i][j] = where(larger, below, above), where(larger, above, below)
        for i in range(k + 1, d):
            factor = rows[i][k] / rows[k][k]
            for j in range(k + 1, d + 1):
                rows[i][j] = rows[i][j] - factor * rows[k][j]
    return rows


def _substituted(rows: list[list[Any]]) -> Vector:
    """The solution, its last component first, from the rows of a triangular (M, v)."""
    d = len(rows)
    found: list[Any] = []
    for k in reversed(range(d)):
        rest = rows[k][d]
        for j, part in zip(range(k + 1, d), found, strict=True):
            rest = rest - rows[k][j] * part
        found.insert(0, rest / rows[k][k])
    return tuple(found)


def _solved(*given: Any) -> Vector:
    """M⁻¹ v from the d² entries of M, row by row, and then the d of v."""
    d = round((len(given) + 0.25) ** 0.5 - 0.5)
    whole = pack(given)
    matrix = whole[..., : d * d].reshape(*whole.shape[:-1], d, d)
    right = whole[..., d * d :, None]
    try:
        found: Any = np.linalg.solve(matrix, right)
    except np.linalg.LinAlgError:  # one of many has no inverse, and that one alone gets none
        good = np.linalg.matrix_rank(np.nan_to_num(matrix)) == d
        found = np.linalg.solve(np.where(good[..., None, None], matrix, np.eye(d)), right)
        found = np.where(good[..., None, None], found, np.nan)
    return _split(found[..., 0])


def _split(found: Array) -> Vector:
    """The components: floats of a single point, arrays of many."""
    return tuple(found.tolist()) if found.ndim == 1 else components(found)


def trace(matrix: Matrix) -> Any:
    """Σ M_ii.

    Args:
        matrix: M by rows.

    Returns:
        The sum.
    """
    result = matrix[0][0]
    for i in range(1, len(matrix)):
        result = result + matrix[i][i]
    return result


def determinant(matrix: Matrix) -> Any:
    """det M: written out up to d = 3, by LAPACK's LU factors beyond.

    Args:
        matrix: M by rows, d × d.

    Returns:
        The determinant.
    """
    if len(matrix) > 3:
        return opaque(_determined, 1, *(entry for row in matrix for entry in row))[0]
    if len(matrix) == 1:
        return matrix[0][0]
    if len(matrix) == 2:
        (a, b), (c, d) = matrix
        return a * d - b * c
    a, b, c = cast("tuple[Vector, Vector, Vector]", matrix)
    return dot(a, (b[1] * c[2] - b[2] * c[1], b[2] * c[0] - b[0] * c[2], b[0] * c[1] - b[1] * c[0]))


def _determined(*entries: Any) -> Vector:
    """det M from the d² entries of M, row by row."""
    whole = pack(entries)
    d = round(len(entries) ** 0.5)
    return _split(np.linalg.det(whole.reshape(*whole.shape[:-1], d, d))[..., None])


def matmul(a: Matrix, b: Matrix) -> Matrix:
    """A B.

    Args:
        a: A by rows.
        b: B by rows.

    Returns:
        A B by rows.
    """
    columns = transpose(b)
    return tuple(tuple(dot(row, column) for column in columns) for row in a)


def components(points: Any) -> Vector:
    """Split the last axis into components.

    Args:
        points: An array or tensor ``[..., d]``.

    Returns:
        d arrays ``[...]``.
    """
    return tuple(points[..., i] for i in range(points.shape[-1]))


def full(nested: Any, lead: tuple[int, ...]) -> Array:
    """``pack(nested)`` with the leading axes ``lead``, which a constant lacks.

    Args:
        nested: Components, rows or rows of rows.
        lead: The shape of the leading axes.

    Returns:
        The array, ``[*lead, ...]``.
    """
    packed = pack(nested)
    depth, first = 0, nested
    while isinstance(first, tuple):
        depth, first = depth + 1, cast(Vector, first)[0]
    tail = packed.shape[packed.ndim - depth :]
    if packed.shape == (*lead, *tail):
        return packed
    lead = np.broadcast_shapes(lead, packed.shape[: packed.ndim - depth])
    return np.array(np.broadcast_to(packed, (*lead, *tail)))


def pack(nested: Any) -> Array:
    """Join components, rows or rows of rows into one array.

    Args:
        nested: Components ``[...]``, as a vector, a matrix by rows, or a tuple of matrices.

    Returns:
        The array, leading axes first: ``[..., d]``, ``[..., d, d]`` or ``[..., d, d, d]``.
    """
    shape: list[int] = []
    leaves = [nested]
    while isinstance(leaves[0], tuple):
        shape.append(len(cast(Vector, leaves[0])))
        leaves = [part for leaf in leaves for part in leaf]
    if set(map(type, leaves)) == {float}:
        return np.array(leaves).reshape(shape)
    arrays = [np.asarray(leaf, float) for leaf in leaves]
    lead = arrays[0].shape
    if any(array.shape != lead for array in arrays):
        lead = np.broadcast_shapes(*(array.shape for array in arrays))
    packed = np.empty((*lead, len(arrays)))  # np.stack takes three times as long
    for i, array in enumerate(arrays):
        packed[..., i] = array
    return packed.reshape(*lead, *shape)
