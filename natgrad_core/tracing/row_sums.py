"""Sums over the rows of a data set, for one parameter vector or many, in floats or in arrays.

A term is written once, for one row. For single numbers (and for the tracer) it is called row by
row, which on few rows is far cheaper than NumPy; for arrays of parameters, and for many rows, it is
called once with whole columns, traced or not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np

from natgrad_core.tracing.jet import Jet
from natgrad_core.tracing.ops import constant, is_tensor, total
from natgrad_core.tracing.tape import Sym, call
from natgrad_core.types import ArrayLike, Vector

FEW = 48
"""Rows up to which a straight line of arithmetic beats a call on a column."""


class Rows:
    """Columns of equal length; ``total(term, *theta)`` sums ``term(*theta, *row)`` over the rows.

    A term may return one component or a tuple of them. Up to ``few`` rows are called one by one.
    """

    def __init__(self, *columns: ArrayLike, few: int = FEW) -> None:
        self.columns = [np.asarray(column, float) for column in columns]
        self._few = len(self) <= few
        self._rows = list(zip(*(column.tolist() for column in self.columns), strict=True))

    def __len__(self) -> int:
        return self.columns[0].size if self.columns else 0

    def total(self, term: Callable[..., Any], *theta: Any) -> Any:
        """Σ_rows term(*theta, *row)."""
        if len(self) == 1 or (self._few and not any(map(_many, theta))):
            terms = [term(*theta, *row) for row in self._rows]
            if isinstance(terms[0], tuple):
                return tuple(total(parts) for parts in zip(*terms, strict=True))
            return total(terms)
        like = next(filter(is_tensor, theta), theta[0])
        whole = term(*(_column(t) for t in theta), *(constant(c, like) for c in self.columns))
        if isinstance(whole, tuple):
            return tuple(self._sum(part) for part in cast(Vector, whole))
        return self._sum(whole)

    def _sum(self, values: Any) -> Any:
        if isinstance(values, Jet):
            return values.each(self._sum)
        if isinstance(values, Sym):
            return call("row_sum", values)
        # What depends on no parameter and no row, as a derivative may, is there once a row.
        return len(self) * values if isinstance(values, int | float) else values.sum(-1)


def _many(component: Any) -> bool:
    """Whether a component stands for many numbers."""
    if isinstance(component, Sym):
        return component.tape.many
    return isinstance(component, np.ndarray) and component.ndim > 0


def _column(component: Any) -> Any:
    if isinstance(component, Jet):
        return component.each(_column)
    if isinstance(component, Sym):
        return call("column", component)
    if isinstance(component, int | float):
        return component
    return component[..., None] if is_tensor(component) else np.asarray(component)[..., None]
