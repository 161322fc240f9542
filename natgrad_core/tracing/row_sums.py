"""Sums over the rows of a data set, for one parameter vector or many, in floats or in arrays.

A term is written once, for one row. For single numbers and few rows it is called row by row, which
is far faster than NumPy. For arrays of parameters, symbols, or many rows, it is called once on
whole columns. The order of the additions is NumPy's in both cases.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
                return tuple(pairwise(parts) for parts in zip(*terms, strict=True))
            return pairwise(terms)
        like = next(filter(is_tensor, theta), theta[0])
        whole = term(*(self._column(t) for t in theta), *(constant(c, like) for c in self.columns))
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
    """Whether a component holds many numbers, or is a symbol, for which a sum is one line."""
    if isinstance(component, Derivatives):
        return _many(component.value)
    return isinstance(component, Sym) or (isinstance(component, np.ndarray) and component.ndim > 0)
