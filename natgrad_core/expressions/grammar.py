"""The small language of 'your own' problems: read, checked and walked, never executed.

    sum      = product (('+' | '-') product)*
    product  = factor (('*' | '/') factor)*
    factor   = ('-' | '+') factor | atom ('**' number)?
    atom     = number | name | function '(' sum (',' sum)* ')' | '(' sum ')'

Names are the parameters, the columns of the data and ``pi``. Functions are those of ``FUNCTIONS``
and the densities of ``natgrad_core.families.densities``. All else is refused, with its place.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from natgrad_core.families.densities import DENSITIES
from natgrad_core.tracing.ops import (
    cos,
    exp,
    lgamma,
    log,
    log1p_exp,
    power,
    sigmoid,
    sin,
    sqrt,
    tanh,
)

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "exp": exp,
    "log": log,
    "sqrt": sqrt,
    "sin": sin,
    "cos": cos,
    "tanh": tanh,
    "logistic": sigmoid,
    "softplus": log1p_exp,
    "lgamma": lgamma,
}
"""Functions of one argument."""

LONGEST, DEEPEST, LARGEST_POWER = 1000, 40, 16

_OPERATIONS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
}


class ExpressionError(ValueError):
    """An expression that cannot be read: what is wrong, where, and what is allowed.

    ``column`` counts from 0; the message shows the text with a caret under it.
    """

    def __init__(self, text: str, column: int, message: str) -> None:
        shown = text[:LONGEST].replace("\n", " ").replace("\t", " ")
        self.column = max(0, min(column, len(shown)))
        self.reason = message
        super().__init__(f"{message}\n  {shown}\n  {' ' * self.column}^")


@dataclass(frozen=True)
class Expression:
    """A text that was read: ``value(names)`` computes it on any kind of number."""

    text: str
    tree: ast.expr
    names: frozenset[str]
    """The parameters and columns that it mentions."""

    def value(self, names: Mapping[str, Any]) -> Any:
        """The number that the text stands for, with these values for its names."""
        return _value(self.tree, names)

    @property
    def density(self) -> tuple[str, str, tuple[Expression, ...]] | None:
        """If the whole text is one density of a name: which, of which, and its arguments.

        The arguments may not mention the outcome again: that would be no density in it.
        """
        match self.tree:
            case ast.Call(func=ast.Name(id=name), args=[ast.Name(id=outcome), *args]) if (
                name in DENSITIES
            ):
                inner = (n.id for a in args for n in ast.walk(a) if isinstance(n, ast.Name))
                if outcome in inner:
                    return None
                return name, outcome, tuple(Expression(self.text, a, self.names) for a in args)
            case _:
                return None


def read(text: str, names: frozenset[str]) -> Expression:
    """``text`` as an expression in ``names``, or ExpressionError."""
    if len(text) > LONGEST:
        raise ExpressionError(
            text, LONGEST, f"the expression has {len(text)} characters; at most {LONGEST}"
        )
    flat = text.replace("\n", " ").replace("\t", " ")
    if (caret := flat.find("^")) >= 0:
        raise ExpressionError(flat, caret, "a power is written with **, as in x**2")
    start = len(flat) - len(flat.lstrip())
    try:
        tree = ast.parse(flat.strip() or "()", mode="eval").body
    except SyntaxError as error:
        column = start + (error.offset or len(flat.strip()) + 1) - 1
        raise ExpressionError(flat, column, f"this cannot be read: {error.msg}") from None
    except (ValueError, MemoryError, RecursionError):
        raise ExpressionError(flat, 0, "this cannot be read: it is too deep, or no text") from None
    found: set[str] = set()
    _check(flat, flat.strip(), start, tree, names, found, 0)
    return Expression(flat, tree, frozenset(found))


def _check(
    text: str, parsed: str, start: int, node: ast.AST, names: frozenset[str], found: set[str],
    depth: int,
) -> None:  # fmt: skip
    """Raise at the first thing that is not in the grammar; note the names that are used."""

    def refuse(message: str) -> ExpressionError:
        # ast counts columns in bytes of UTF-8.
        byte = getattr(node, "col_offset", 0)
        column = len(parsed.encode()[:byte].decode(errors="ignore"))
        return ExpressionError(text, start + column, message)

    def each(*parts: ast.AST) -> None:
        for part in parts:
            _check(text, parsed, start, part, names, found, depth + 1)

    if depth > DEEPEST:
        raise refuse(f"this is nested more than {DEEPEST} deep")
    match node:
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            exponent = _number(right)
            if exponent is None or abs(exponent) > LARGEST_POWER:
                raise refuse(
                    f"a power must be a number up to {LARGEST_POWER}; else write exp(b*log(a))"
                )
            each(left)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            each(left, right)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            each(operand)
        case ast.Constant():
            if _number(node) is None:
                raise refuse(f"{node.value!r} is no number that can be used here")
        case ast.Name(id=name):
            if name in FUNCTIONS or name in DENSITIES:
                raise refuse(f"{name} is a function: write {_written(name)}")
            if name not in names and name != "pi":
                raise refuse(f"no name {name!r}; there are {', '.join(sorted(names))} and pi")
            found.add(name)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            if name not in FUNCTIONS and name not in DENSITIES:
                known = ", ".join([*FUNCTIONS, *(d.signature for d in DENSITIES.values())])
                raise refuse(f"no function {name!r}; there are {known}")
            wanted = 1 if name in FUNCTIONS else 1 + len(DENSITIES[name].arguments)
            if len(args) != wanted or any(isinstance(a, ast.Starred) for a in args):
                raise refuse(f"{name} takes {wanted}: write {_written(name)}; got {len(args)}")
            each(*args)
        case _:
            raise refuse(
                "only numbers, names, + - * / **, parentheses and functions are allowed here"
            )


def usage() -> str:
    """What may be written, in one sentence."""
    known = ", ".join([*FUNCTIONS, *(d.signature for d in DENSITIES.values())])
    return f"numbers, names, + - * / **, parentheses, pi, and {known}"


def _written(name: str) -> str:
    return f"{name}(…)" if name in FUNCTIONS else DENSITIES[name].signature


def _number(node: ast.AST) -> float | None:
    """A number literal, perhaps with a sign; whole ones stay whole."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _number(node.operand)
        return None if inner is None else -inner
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) <= 10**15 else None


def _value(node: ast.expr, names: Mapping[str, Any]) -> Any:
    match node:
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            exponent = _number(right)
            assert exponent is not None
            base = _value(left, names)
            return base**exponent if isinstance(exponent, int) else power(base, exponent)
        case ast.BinOp(left=left, op=op, right=right):
            return _OPERATIONS[type(op)](_value(left, names), _value(right, names))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, names)
        case ast.UnaryOp(operand=operand):
            return _value(operand, names)
        case ast.Constant():
            return float(node.value)  # type: ignore[arg-type]
        case ast.Name(id="pi") if "pi" not in names:
            return math.pi
        case ast.Name(id=name):
            return names[name]
        case ast.Call(func=ast.Name(id=name), args=args):
            values = [_value(a, names) for a in args]
            return (FUNCTIONS.get(name) or DENSITIES[name].log_p)(*values)
        case _:
            raise AssertionError("`read` lets nothing else through")
