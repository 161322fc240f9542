"""What is over all rows: sums, means, and the outcomes that densities can have.

A text gives the log-likelihood of one row, or with ``sum(…)`` that of all: then the term of a row
is found, so that the sum of the terms is what was written. ``mean(x)``, ``std(x)`` and the like of
the data alone are numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from natgrad_core.expressions.parser import Target
from natgrad_core.expressions.tokens import ExpressionError
from natgrad_core.expressions.tree import Node, called, names, number, rebuilt
from natgrad_core.types import Array

_OVER_ROWS = frozenset(("sum", "mean", "std", "var", "count"))

_SUPPORTS: dict[str, tuple[Callable[[Array], Any], str]] = {
    "positive": (lambda y: y > 0, "numbers more than 0"),
    "nonnegative": (lambda y: y >= 0, "numbers from 0"),
    "unit": (lambda y: (y > 0) & (y < 1), "numbers strictly between 0 and 1"),
    "binary": (lambda y: (y == 0) | (y == 1), "0 and 1"),
    "counts": (lambda y: (y >= 0) & (y % 1 == 0), "whole numbers from 0"),
    "real": (lambda y: y == y, "numbers"),
}
"""By name: whether an outcome is possible, and which are."""

_SUPPORT_OF = {
    "exponential_logpdf": "nonnegative",
    "gamma_logpdf": "positive",
    "beta_logpdf": "unit",
    "inverse_gaussian_logpdf": "positive",
    "lognormal_logpdf": "positive",
    "poisson_logpmf": "counts",
    "negative_binomial_logpmf": "counts",
    "bernoulli_logpmf": "binary",
}


class Data(NamedTuple):
    """The columns ``[n]`` and the constants by name, and how a tree's value is computed."""

    columns: Mapping[str, Any]
    constants: Mapping[str, float]
    evaluate: Callable[[Node, Mapping[str, Any]], Any]

    @property
    def size(self) -> int:
        """n, the number of rows."""
        return np.asarray(next(iter(self.columns.values()))).size if self.columns else 1

    def known(self, node: Node) -> bool:
        """Whether it is a matter of the data alone."""
        return names(node) <= {*self.columns, *self.constants}

    def values(self, node: Node) -> Array:
        """Its value in each row, ``[n]``."""
        given = {n: np.asarray(c, float) for n, c in self.columns.items()}
        with np.errstate(all="ignore"):
            found = self.evaluate(node, {**self.constants, **given})
        return np.broadcast_to(np.asarray(found, float), (self.size,))


def per_row(text: str, target: Target, data: Data) -> Node:
    """The term of one row; ExpressionError where there is none, or an outcome is impossible."""
    terms = [_numbers(text, term, data) for term in target.terms]
    for term in terms:
        _check_outcomes(text, term, data)
    if len(terms) > 1:  # line by line, as in Stan: a prior's term is there once
        of_rows = [bool(names(t) & {*data.columns}) for t in terms]
        if any(of_rows):
            terms = [
                t if r or _reduces(t) else called("/", t, number(data.size))
                for t, r in zip(terms, of_rows, strict=True)
            ]
    rows = [_row(text, term, data) for term in terms]
    result = rows[0]
    for row in rows[1:]:
        result = called("+", result, row)
    return rebuilt(result, lambda n: n.args[1] if str(n.what).startswith("within:") else None)


def _row(text: str, term: Node, data: Data) -> Node:
    kinds = _kinds(term)
    if not kinds:
        return term
    row = _spread(text, term, data)
    return called("*", number(data.size), row) if kinds == {"mean"} else row


def _kinds(node: Node) -> set[str]:
    found: set[str] = set()

    def note(n: Node) -> None:
        if n.kind == "call" and n.what in _OVER_ROWS:
            found.add(n.what)

    rebuilt(node, note)
    return found


def _reduces(node: Node) -> bool:
    return bool(_kinds(node))


def _numbers(text: str, node: Node, data: Data) -> Node:
    """Means, widths and extremes of the data as the numbers they are."""

    def of(n: Node) -> Node | None:
        extreme = n.what in ("min", "max") and len(n.args) == 1
        if n.kind != "call" or not (extreme or n.what in _OVER_ROWS):
            return None
        if not data.columns:
            raise ExpressionError(
                text, n.at, f"there are no data, so no rows to take the {n.what} of"
            )
        if n.what in ("sum", "count"):
            return None
        (of_what,) = n.args
        if data.known(of_what):
            kind: Any = n.what
            return number(float(getattr(data.values(of_what), kind)()), n.at)
        if n.what != "mean":
            raise ExpressionError(
                text, n.at, f"the {n.what} over the rows can be of the data only, not of parameters"
            )
        return None

    return rebuilt(node, of)


def _folded(text: str, node: Node, data: Data) -> Node:
    """Sums of the data alone as the numbers they are; an error at any other."""

    def of(n: Node) -> Node | None:
        if n.is_call("count"):
            return number(data.size, n.at)
        if n.kind == "call" and n.what in ("sum", "mean"):
            if not data.known(n.args[0]):
                raise ExpressionError(
                    text,
                    n.at,
                    f"{n.what}(…) over rows must be added or scaled only, as in "
                    f"-n*log(s) - sum((y - m)^2)/(2*s^2)",
                )
            values = data.values(n.args[0])
            return number(float(values.sum() if n.what == "sum" else values.mean()), n.at)
        return None

    return rebuilt(node, of)


def _spread(text: str, node: Node, data: Data) -> Node:
    """A term for each row, of which ``node`` is the sum."""
    if not _reduces(node):
        inside = names(node) & {*data.columns}
        if inside:
            raise ExpressionError(
                text,
                node.at,
                f"{min(inside)} is outside sum(…) beside a sum over all rows; "
                "put it inside, or write the log-likelihood of one row",
            )
        return called("/", node, number(data.size))
    if node.is_call("sum"):
        return _folded(text, node.args[0], data)
    if node.is_call("mean"):
        return called("/", _folded(text, node.args[0], data), number(data.size))
    if node.what in ("+", "-", "neg") and node.kind == "call":
        return called(node.what, *(_spread(text, a, data) for a in node.args), at=node.at)
    if node.is_call("*") or node.is_call("/"):
        a, b = node.args
        if node.what == "*" and (not _sums(a) or (_sums(b) and data.known(a))):
            a, b = b, a
        if _sums(a):
            return called(node.what, _spread(text, a, data), _folded(text, b, data), at=node.at)
    return called("/", _folded(text, node, data), number(data.size))


def _sums(node: Node) -> bool:
    """Whether it contains a sum or a mean over rows."""
    return bool(_kinds(node) & {"sum", "mean"})


def _check_outcomes(text: str, node: Node, data: Data) -> None:
    """Raise if an outcome is one that its density cannot have; not in ``where``, which picks."""
    if node.kind != "call" or node.what == "where" or not data.columns:
        return
    name, kind = node.what, _SUPPORT_OF.get(node.what, "")
    if node.what.startswith("within:"):
        _, kind, name = node.what.split(":")
    if kind and data.known(node.args[0]) and names(node.args[0]) & {*data.columns}:
        possible, allowed = _SUPPORTS[kind]
        values = data.values(node.args[0])
        with np.errstate(all="ignore"):
            bad = np.flatnonzero(~np.asarray(possible(values), bool))
        if bad.size:
            shown = node.args[0].what if node.args[0].kind == "name" else "the outcome"
            raise OutsideSupport(str(shown), int(bad[0]) + 1, float(values[bad[0]]), name, allowed)
    for arg in node.args:
        _check_outcomes(text, arg, data)


class OutsideSupport(ValueError):
    """An outcome that the family cannot have, by column and row (counted from 1)."""

    def __init__(self, column: str, row: int, value: float, density: str, allowed: str) -> None:
        self.column, self.row = column, row
        self._given = (column, row, value, density, allowed)
        super().__init__(
            f"the outcomes in the data must be {allowed}, which is what {density} can have; "
            f"{column} in row {row} is {value:g}"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._given
