"""Your own problem, from one line: a log-likelihood or a loss in the data and two parameters.

    from natgrad_core.expressions.expression_problem import own

    problem = own("normal_logpdf(y, a*x + b, exp(s))", {"x": x, "y": y}, ("a", "s"), b=1.0)
    problem = own("(1 - a)**2 + 100*(b - a**2)**2", parameters=("a", "b"))

The text is read by ``natgrad_core.expressions.grammar``. Derivatives are exact. Where the
whole text is one density its Fisher matrix, KL divergence and samples are exact too; other
log-likelihoods have scores, hence an empirical Fisher matrix.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from natgrad_core.core.problem import Problem
from natgrad_core.core.provenance import Repeatable, remembering
from natgrad_core.errors import NoProbabilityModel
from natgrad_core.expressions.grammar import ExpressionError, read
from natgrad_core.expressions.rows import OutsideSupport
from natgrad_core.expressions.tokens import plain as normal_name
from natgrad_core.families.densities import DENSITIES
from natgrad_core.linalg.small_matrices import congruent, symmetric, upper
from natgrad_core.tracing.forward_mode import Derivatives, derivatives_of, variables
from natgrad_core.tracing.ops import finite
from natgrad_core.tracing.row_sums import Rows
from natgrad_core.types import Array, ArrayLike, Matrix, Vector

__all__ = ["ExpressionError", "OutsideSupport", "Own", "own"]

MOST_ROWS, MOST_PARAMETERS = 10_000, 5
"""What a problem of one's own may have."""

_FEW = 4
"""Rows up to which derivatives are traced row by row; each brings all lines of its derivatives."""


@remembering("natgrad_core.expressions.expression_problem", "own")
def own(
    text: str,
    data: Mapping[str, ArrayLike] | None = None,
    parameters: Sequence[str] = ("a", "b"),
    *,
    start: Sequence[float] | None = None,
    view: Sequence[tuple[float, float]] | None = None,
    loss: bool = False,
    **constants: float,
) -> Own:
    """The problem that ``text`` states: with ``data`` a log-likelihood, without a loss.

    Args:
        text: What is typed, in the grammar of ``natgrad_core.expressions.grammar``. Its
            value is that of one row, or with ``sum(…)`` that of all.
        data: Columns ``[n]`` by name.
        parameters: One to five names; they may be such as ``lambda`` or ``μ``.
        start: Where runs begin, a number for each parameter; 0.5 where none is given.
        view: The ends of each parameter's axis; −2 to 2 where none are given.
        loss: With data too the text is a loss, to be made small, and not a log-likelihood.
        constants: Further names and their values.

    Returns:
        The problem J = −mean over the rows (of a loss, the mean).

    Raises:
        ExpressionError: What is wrong in the text, where, and what is allowed.
        OutsideSupport: An outcome that its density cannot have, by column and row.
        ValueError: Names, data or start that cannot be used.
    """
    names = tuple(parameters)
    sides = tuple(view) if view is not None else ((-2.0, 2.0),) * len(names)
    begin = (0.5,) * len(names) if start is None else tuple(start)
    return Own(text, data or {}, names, begin, sides, constants, loss)


class Own(Repeatable, Problem):
    """J = −mean over the rows of ``text``, or ``text`` itself where there are no data."""

    name = "your own"
    title = "a problem of your own"
    source = "stated by its reader"
    domain = "wherever the expression is a finite number"

    def __init__(
        self,
        text: str,
        data: Mapping[str, ArrayLike],
        parameters: tuple[str, ...],
        start: tuple[float, ...],
        view: tuple[tuple[float, float], ...],
        constants: Mapping[str, float],
        loss: bool = False,
    ) -> None:
        columns = {name: np.asarray(column, float) for name, column in data.items()}
        _check_names(parameters, columns, constants)
        _check_sizes(parameters, start, view)
        _check_columns(columns)
        self.symbols, self.start, self.view = parameters, start, view
        self._names = tuple(map(normal_name, parameters))
        columns = {normal_name(name): column for name, column in columns.items()}
        self.constants = {normal_name(name): float(value) for name, value in constants.items()}
        everything = frozenset((*self._names, *columns, *self.constants))
        self.expression = read(text, everything, columns, self.constants)
        self.latex = rf"\text{{{text}}}"
        self._sign = -1 if columns and not loss else 1
        known = self.expression.density if columns and not loss else None
        self._density, self._args = None, ()
        if known and known[1] in columns:
            self._density, self._args = DENSITIES[known[0]], known[2]
            columns[known[1]] = columns.pop(known[1])  # the outcome is last
            self.support = self._density.support
        self._columns = tuple(columns)
        n = next(iter(columns.values())).size if columns else 1
        self.rows = Rows(np.full(n, 1 / n), *columns.values(), few=_FEW) if columns else Rows()
        self._sums = self.rows if columns else Rows([1.0])
        if not self._can_start(start):
            where = ", ".join(f"{s} = {v:g}" for s, v in zip(parameters, start, strict=True))
            raise ExpressionError(
                self.expression.text,
                0,
                f"this is not a finite number at the start, {where}; begin elsewhere",
            )

    def _inside(self, *theta: Any) -> Vector:
        """Where J is a finite number."""
        return (finite(self._loss(*theta)),)

    def sample(self, theta: ArrayLike, rng: np.random.Generator, n: int) -> Array:
        """``[n, ..., rows]`` draws, or ``[n, ...]`` where there are no covariates."""
        if self._density is None:
            raise self._bare("samples")
        point = np.moveaxis(self.check(theta), -1, 0)
        if self.covariates:
            point = point[..., None]
        args = [a.value(self._named(tuple(point), self.covariates)) for a in self._args]
        args = np.broadcast_arrays(*args, *self.covariates)[: len(args)]
        lead = args[0].shape
        return np.asarray(self._density.draw(rng, (n, *lead), *args), float)

    def _can_start(self, point: Sequence[float]) -> bool:
        try:
            return bool(self.inside(np.asarray(point, float)))
        except (ArithmeticError, ValueError):  # among the text's own numbers, as in log(-1)
            return False

    def _named(self, theta: Vector, row: Sequence[Any]) -> dict[str, Any]:
        """The value of every name; columns beyond ``row`` (the outcome) are left out."""
        return {
            **self.constants,
            **dict(zip(self._names, theta, strict=True)),
            **dict(zip(self._columns, row, strict=False)),
        }

    def _term(self, theta: Vector, row: Sequence[Any]) -> Any:
        """What one row adds to J."""
        value = self.expression.value(self._named(theta, row))
        return -value if self._sign < 0 else value

    def _loss(self, *theta: Any) -> Any:
        d = len(theta)

        def of_row(*row: Any) -> Any:
            return row[d] * self._term(row[:d], row[d + 1 :])

        return _lifted(self._sums.total(of_row, *theta), theta[0])

    def _forward_mode(self, theta: Vector, row: Sequence[Any], second: bool) -> Derivatives:
        seeds = variables(theta, second)
        return derivatives_of(self._term(seeds, row), seeds[0])

    def _grad(self, *theta: Any) -> Vector:
        d = len(theta)

        def of_row(*row: Any) -> Vector:
            return tuple(
                row[d] * g for g in self._forward_mode(row[:d], row[d + 1 :], second=False).grad
            )

        return tuple(_lifted(g, theta[0]) for g in self._sums.total(of_row, *theta))

    def _hessian(self, *theta: Any) -> Matrix:
        d = len(theta)

        def of_row(*row: Any) -> Vector:
            return tuple(
                row[d] * h for h in self._forward_mode(row[:d], row[d + 1 :], second=True).hessian
            )

        return symmetric(*[_lifted(h, theta[0]) for h in self._sums.total(of_row, *theta)])

    def _arguments(self, theta: Vector, row: Sequence[Any]) -> list[Derivatives]:
        """The density's arguments with their first derivatives by the parameters."""
        seeds = variables(theta, second=False)
        return [derivatives_of(a.value(self._named(seeds, row)), seeds[0]) for a in self._args]

    def _fisher(self, *theta: Any) -> Matrix:
        density, d = self._density, len(theta)
        if density is None:
            raise self._bare("Fisher matrix")

        def of_row(*row: Any) -> Vector:
            forward = self._arguments(row[:d], row[d + 1 :])
            information = density.information(*(each.value for each in forward))
            matrix = congruent(tuple(each.grad for each in forward), information)
            return tuple(row[d] * part for part in upper(matrix))

        return symmetric(*[_lifted(f, theta[0]) for f in self._sums.total(of_row, *theta)])

    def _kl(self, theta: Vector, other: Vector) -> Any:
        density, d = self._density, len(theta)
        if density is None:
            raise self._bare("KL divergence")

        def of_row(*row: Any) -> Any:
            rest = row[2 * d + 1 :]
            ends = (
                tuple(a.value(self._named(part, rest)) for a in self._args)
                for part in (row[:d], row[d : 2 * d])
            )
            return row[2 * d] * density.kl(*ends)

        return _lifted(self._sums.total(of_row, *theta, *other), theta[0])

    def _log_prob(self, datum: Vector, *theta: Any) -> Any:
        if not self._columns:
            raise self._bare("log-probability")
        return -self._term(theta, datum)

    def _score(self, datum: Vector, *theta: Any) -> Vector:
        if not self._columns:
            raise self._bare("scores")
        return tuple(-g for g in self._forward_mode(theta, datum, second=False).grad)

    def _bare(self, thing: str) -> NoProbabilityModel:
        how = (
            "its log-likelihood is not one of the densities by itself; take the empirical-fisher "
            "metric, or write it as one density"
            if self._columns
            else "it is a loss without data; take a metric that needs no model (hessian, euclidean)"
        )
        return NoProbabilityModel(f"{self.name} has no exact {thing}: {how}")


def _lifted(value: Any, parameter: Any) -> Any:
    """A number that no parameter moves, as one for each point: what is divided by it may be one
    too, and on arrays and in a trace dividing by zero is data, on bare numbers an exception.
    """
    return value + 0.0 * parameter if isinstance(value, int | float) else value


def _check_names(
    parameters: tuple[str, ...], columns: Mapping[str, Any], constants: Mapping[str, Any]
) -> None:
    if not 1 <= len(parameters) <= MOST_PARAMETERS:
        raise ValueError(
            f"a problem has from 1 to {MOST_PARAMETERS} parameters; got {list(parameters)}"
        )
    names = [*parameters, *columns, *constants]
    if len(set(map(normal_name, names))) != len(names):
        raise ValueError(f"each name must be said once; got {', '.join(names)}")
    for name in names:
        if not normal_name(name).isidentifier():
            raise ValueError(f"{name!r} is no name; take letters, digits and _")


def _check_sizes(
    parameters: tuple[str, ...],
    start: tuple[float, ...],
    view: tuple[tuple[float, float], ...],
) -> None:
    for what, given in (("start", start), ("view", view)):
        if len(given) != len(parameters):
            raise ValueError(
                f"the {what} has a place for each parameter ({', '.join(parameters)}); "
                f"got {len(given)}"
            )


def _check_columns(columns: Mapping[str, Array]) -> None:
    sizes = {column.shape for column in columns.values()}
    if len(sizes) > 1 or any(len(s) != 1 or not 0 < s[0] <= MOST_ROWS for s in sizes):
        raise ValueError(
            f"data must be columns of one length, from 1 to {MOST_ROWS} rows; got "
            + ", ".join(f"{n} {list(c.shape)}" for n, c in columns.items())
        )
    for name, column in columns.items():
        bad = np.flatnonzero(~np.isfinite(column))
        if bad.size:
            raise ValueError(
                f"data must be finite numbers; {name} in row {bad[0] + 1} is {column[bad[0]]:g}: "
                "leave missing rows out"
            )
