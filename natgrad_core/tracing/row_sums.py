"""Sums over the rows of a data set, for one parameter vector or many, in floats or in arrays.

A term is written once, for one row. For single numbers and few rows it is called row by row, which
is far faster than NumPy. For arrays of parameters, symbols, or many rows, it is called on whole
columns: for so many points at a time that its intermediate arrays stay small. The order of the
additions is NumPy's in each case.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from math import prod
from typing import Any, cast

import numpy as np

from natgrad_core.tracing.forward_mode import Derivatives
from natgrad_core.tracing.ops import constant, is_tensor, total
from natgrad_core.tracing.tape import Sym, Tape, call
from natgrad_core.types import ArrayLike, Vector

FEW = 48
"""Rows up to which calling the term on each is faster than one call on columns."""

AT_ONCE = 1 << 15
"""Numbers in each intermediate array, rows times points: they stay in a processor's cache."""


class Rows:
    """Columns of data of equal length.

    Args:
        columns: The columns, ``[n]`` each.
        few: Up to how many rows a term is called row by row.
    """

    def __init__(self, *columns: ArrayLike, few: int = FEW) -> None:
        self.columns = [np.asarray(column, float) for column in columns]
        self._few = len(self) <= few
        one_by_one = self.columns if self._few or len(self) == 1 else []
        self._rows = list(zip(*(column.tolist() for column in one_by_one), strict=True))

    def __len__(self) -> int:
        return self.columns[0].size if self.columns else 0

    def total(self, term: Callable[..., Any], *theta: Any) -> Any:
        """Return Σ_rows term(*theta, *row).

        Args:
            term: Maps parameters and one row to a component or a tuple of components. It must work
                on whole columns too.
            theta: The parameters.
        """
        if len(self) == 1 or (self._few and not any(map(_many, theta))):
            terms = [term(*theta, *row) for row in self._rows]
            if isinstance(terms[0], tuple):
                return tuple(pairwise(parts) for parts in zip(*terms, strict=True))
            return pairwise(terms)
        if (points := self._points(theta)) is not None:
            return self._in_blocks(term, theta, *points)
        return self._on_columns(term, theta)

    def _points(self, theta: tuple[Any, ...]) -> tuple[tuple[int, ...], int] | None:
        """The shape of the points and how many to take at a time; None: all of them at once."""
        if not all(isinstance(t, np.ndarray | int | float) for t in theta):
            return None
        shapes = {np.shape(t) for t in theta if np.ndim(t)}
        if len(shapes) != 1:
            return None
        (shape,) = shapes
        return (shape, max(1, AT_ONCE // len(self))) if prod(shape) * len(self) > AT_ONCE else None

    def _in_blocks(
        self, term: Callable[..., Any], theta: tuple[Any, ...], shape: tuple[int, ...], size: int
    ) -> Any:
        """What ``_on_columns`` returns, found for ``size`` points at a time."""
        flat = [np.reshape(t, -1) if np.ndim(t) else t for t in theta]

        def block(i: int) -> Any:
            some = [t[i : i + size] if np.ndim(t) else t for t in flat]
            return self._on_columns(term, some)

        blocks = [block(i) for i in range(0, prod(shape), size)]

        def joined(parts: Sequence[Any]) -> Any:
            if np.ndim(parts[0]) == 0:  # no parameter is in it
                return parts[0]
            return np.concatenate(parts).reshape(shape)

        if isinstance(blocks[0], tuple):
            return tuple(joined(parts) for parts in zip(*blocks, strict=True))
        return joined(blocks)

    def _on_columns(self, term: Callable[..., Any], theta: Sequence[Any]) -> Any:
        """The sum by one call of the term, on whole columns."""
        like = next(filter(is_tensor, theta), theta[0])
        row = (*(self._column(t) for t in theta), *(constant(c, like) for c in self.columns))
        tape = next(filter(None, map(_tape, theta)), None)
        with tape.rows() if tape else contextlib.nullcontext():
            whole = term(*row)
        if isinstance(whole, tuple):
            return tuple(self._sum(part) for part in cast(Vector, whole))
        return self._sum(whole)

    def _column(self, component: Any) -> Any:
        if isinstance(component, Derivatives):
            return component.each(self._column)
        if isinstance(component, Sym):  # single numbers take these rows one by one, or all at once
            return call("column" if self._few else "columns", component)
        if isinstance(component, int | float):
            return component
        return component[..., None] if is_tensor(component) else np.asarray(component)[..., None]

    def _sum(self, values: Any) -> Any:
        if isinstance(values, Derivatives):
            return values.each(self._sum)
        if isinstance(values, Sym):
            return call("row_sum", values)
        # A derivative that depends on no parameter and no row is one number: count it per row.
        return len(self) * values if isinstance(values, int | float) else values.sum(-1)


def pairwise(terms: Sequence[Any]) -> Any:
    """Return the sum of up to 128 terms, added in the order in which NumPy adds an array."""
    whole = len(terms) - len(terms) % 8
    if not whole:
        return total(terms)
    eight = [total(terms[i:whole:8]) for i in range(8)]
    while len(eight) > 1:
        eight = [a + b for a, b in zip(eight[::2], eight[1::2], strict=True)]
    return total([eight[0], *terms[whole:]])


def _many(component: Any) -> bool:
    """Whether a component holds many numbers, or is a symbol, for which a sum is one line.

    Within the rows of another sum it is not: a loop in a loop has no machine code, so a few rows
    there are written out.
    """
    if (tape := _tape(component)) is not None:
        return not tape.in_rows
    if isinstance(component, Derivatives):
        return _many(component.value)
    return isinstance(component, np.ndarray) and component.ndim > 0


def _tape(component: Any) -> Tape | None:
    """The tape of a symbol, or of derivatives of symbols."""
    if isinstance(component, Derivatives):
        return _tape(component.value)
    return component.tape if isinstance(component, Sym) else None
