"""Sums over the rows of a data set, for one parameter vector or many, in floats or in arrays.

A term is written once, for one row. For single numbers and few rows it is called row by row, which
is far faster than NumPy, and can be traced. For arrays of parameters, or many rows, it is called
once on whole columns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np

from natgrad_core.tracing.forward_mode import Derivatives
from natgrad_core.tracing.ops import constant, is_tensor, total
from natgrad_core.tracing.tape import Sym, call
from natgrad_core.types import ArrayLike, Vector

FEW = 48
"""Rows up to which calling the term on each is faster than one call on columns."""


class Rows:
    """Columns of data of equal length.

    Args:
        columns: The columns, ``[n]`` each.
        few: Up to how many rows a term is called row by row.
    """

    def __init__(self, *columns: ArrayLike, few: int = FEW) -> None:
        self.columns = [np.asarray(column, float) for column in columns]
        self._few = len(self) <= few
        self._rows = list(zip(*(column.tolist() for column in self.columns), strict=True))

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
                return tuple(total(parts) for parts in zip(*terms, strict=True))
            return total(terms)
        like = next(filter(is_tensor, theta), theta[0])
        whole = term(*(_column(t) for t in theta), *(constant(c, like) for c in self.columns))
        if isinstance(whole, tuple):
            return tuple(self._sum(part) for part in cast(Vector, whole))
        return self._sum(whole)

    def _sum(self, values: Any) -> Any:
        if isinstance(values, Derivatives):
            return values.each(self._sum)
        if isinstance(values, Sym):
            return call("row_sum", values)
        # A derivative that depends on no parameter and no row is one number: count it per row.
        return len(self) * values if isinstance(values, int | float) else values.sum(-1)


def _many(component: Any) -> bool:
    """Whether a component holds many numbers."""
    if isinstance(component, Sym):
        return component.tape.many
    return isinstance(component, np.ndarray) and component.ndim > 0


def _column(component: Any) -> Any:
    if isinstance(component, Derivatives):
        return component.each(_column)
    if isinstance(component, Sym):
        return call("column", component)
    if isinstance(component, int | float):
        return component
    return component[..., None] if is_tensor(component) else np.asarray(component)[..., None]
