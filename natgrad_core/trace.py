"""One step, traced once and replayed: what makes a run cheap enough to follow a finger.

A formula handed symbols instead of numbers leaves a straight line of arithmetic behind. The line
is compiled, loop and all, and run on floats (one start: about a microsecond a step, where NumPy's
calls on tiny arrays cost forty) or on arrays (many starts). Every run traces anew, which is cheap;
numbers met on the way (a rate, the entries of A) are lifted out as arguments, so that moving a
slider meets a line compiled before. The slow witness is the same formula called on the numbers
themselves (``run.directly``).
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np


def _logaddexp(a: float, b: float) -> float:
    high, low = (a, b) if a > b else (b, a)
    return high + math.log1p(math.exp(low - high))


@lru_cache
def _scipy(name: str) -> Callable[..., Any]:
    """A function of scipy.special, imported when first called: most problems need none."""
    return getattr(importlib.import_module("scipy.special"), name)


def _special(name: str, *first: float) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """``scipy.special.name(*first, x)`` on a float and on arrays."""

    def on_array(x: Any) -> Any:
        return _scipy(name)(*first, x)

    def on_float(x: float) -> float:
        return float(_scipy(name)(*first, x))

    return on_float, on_array


_SPECIAL = {
    "lgamma": _special("gammaln"),
    "digamma": _special("psi"),
    "trigamma": _special("zeta", 2.0),
    "i0e": _special("i0e"),
    "i1e": _special("i1e"),
}
"""log Γ, its first two derivatives (ψ and ψ₁, as Hurwitz's zeta), and e⁻ˣI₀, e⁻ˣI₁."""

FLOAT_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "sin": math.sin,
    "cos": math.cos,
    "atan2": math.atan2,
    "tanh": math.tanh,
    "minimum": min,
    "maximum": max,
    "abs": abs,
    "logaddexp": _logaddexp,
    **{name: on_float for name, (on_float, _) in _SPECIAL.items()},
}
"""The functions a line may call, on floats."""

ARRAY_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "sin": np.sin,
    "cos": np.cos,
    "atan2": np.arctan2,
    "tanh": np.tanh,
    "minimum": np.minimum,
    "maximum": np.maximum,
    "abs": np.abs,
    "logaddexp": np.logaddexp,
    "where": np.where,
    "column": lambda x: np.asarray(x)[..., None],
    "row_sum": lambda x: np.sum(x, -1),
    **{name: on_array for name, (_, on_array) in _SPECIAL.items()},
}
"""The same, on arrays."""


class Tape:
    """The straight line so far: each distinct operation once, each number lifted once."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, tuple[str, ...]]] = []
        self.numbers: list[Any] = []
        self._seen: dict[tuple[str, ...], Sym] = {}
        self._lifted: dict[int, str] = {}

    def name(self, value: Any) -> str:
        """How the line calls ``value``: a symbol, a whole number as itself, a lifted number."""
        if isinstance(value, Sym):
            return value.name
        if isinstance(value, int):
            return f"({value})"
        if id(value) not in self._lifted:
            self._lifted[id(value)] = f"c{len(self.numbers)}"
            self.numbers.append(value)
        return self._lifted[id(value)]

    def emit(self, operation: str, *args: Any) -> Sym:
        """The symbol of ``operation`` on ``args``; the one already there if it was done before."""
        names = tuple(self.name(a) for a in args)
        key = (operation, *names)
        if key not in self._seen:
            symbol = Sym(self, f"t{len(self.lines)}")
            self.lines.append((symbol.name, operation, names))
            self._seen[key] = symbol
        return self._seen[key]


class Sym:
    """A number to be: arithmetic on it is written down, not done."""

    __slots__ = ("name", "tape")
    __array_ufunc__ = None

    def __init__(self, tape: Tape, name: str) -> None:
        self.tape = tape
        self.name = name

    def __add__(self, other: Any) -> Any:
        return self if _is(other, 0) else self.tape.emit("+", self, other)

    def __radd__(self, other: Any) -> Any:
        return self if _is(other, 0) else self.tape.emit("+", other, self)

    def __sub__(self, other: Any) -> Any:
        return self if _is(other, 0) else self.tape.emit("-", self, other)

    def __rsub__(self, other: Any) -> Any:
        return -self if _is(other, 0) else self.tape.emit("-", other, self)

    def __mul__(self, other: Any) -> Any:
        if _is(other, 0):
            return 0
        return self if _is(other, 1) else self.tape.emit("*", self, other)

    def __rmul__(self, other: Any) -> Any:
        if _is(other, 0):
            return 0
        return self if _is(other, 1) else self.tape.emit("*", other, self)

    def __truediv__(self, other: Any) -> Any:
        return self if _is(other, 1) else self.tape.emit("/", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return 0 if _is(other, 0) else self.tape.emit("/", other, self)

    def __neg__(self) -> Any:
        return self.tape.emit("neg", self)

    def __abs__(self) -> Any:
        return self.tape.emit("abs", self)

    def __pow__(self, power: Any) -> Any:
        if _is(power, 2):
            return self * self
        return self.tape.emit("**", self, power)

    def __lt__(self, other: Any) -> Any:
        return self.tape.emit("<", self, other)

    def __le__(self, other: Any) -> Any:
        return self.tape.emit("<=", self, other)

    def __gt__(self, other: Any) -> Any:
        return self.tape.emit(">", self, other)

    def __ge__(self, other: Any) -> Any:
        return self.tape.emit(">=", self, other)

    def __bool__(self) -> bool:
        raise TypeError("a formula may not branch on its parameters: use natgrad_core.ops.where")


def _is(value: Any, number: int) -> bool:
    return isinstance(value, int) and value == number


def call(name: str, *args: Any) -> Sym:
    """The symbol of function ``name`` on ``args``, at least one of them a symbol."""
    tape = next(a.tape for a in args if isinstance(a, Sym))
    return tape.emit(name, *args)


def _source(tape: Tape, inputs: int, outputs: Sequence[str], shown: int, on_floats: bool) -> str:
    """The loop: states x0 … are replaced by ``outputs``; the first ``shown`` are kept each step."""

    def expression(operation: str, names: tuple[str, ...]) -> str:
        if operation == "neg":
            return f"-{names[0]}"
        if operation == "where" and on_floats:
            return f"{names[1]} if {names[0]} else {names[2]}"
        if operation.isidentifier():
            return f"{operation}({', '.join(names)})"
        return f"{names[0]} {operation} {names[1]}"

    state = ", ".join(f"x{i}" for i in range(inputs)) + ","
    numbers = ", ".join(f"c{i}" for i in range(len(tape.numbers)))
    body = [f"        {name} = {expression(op, args)}" for name, op, args in tape.lines]
    return "\n".join(
        [
            "def replay(state, numbers, steps, keep):",
            f"    {state} = state",
            f"    {numbers}, = numbers" if numbers else "    pass",
            "    for _ in range(steps):",
            *body,
            f"        {state} = {', '.join(outputs)},",
            f"        keep(({', '.join(f'x{i}' for i in range(shown))},))",
        ]
    )


@lru_cache(maxsize=512)
def _compiled(source: str, on_floats: bool) -> Callable[..., None]:
    scope: dict[str, Any] = dict(FLOAT_FUNCTIONS if on_floats else ARRAY_FUNCTIONS)
    exec(compile(source, "<a traced step>", "exec"), scope)
    return scope["replay"]


def replay(
    step: Callable[[tuple[Any, ...]], Sequence[Any]],
    state: tuple[Any, ...],
    steps: int,
    shown: int,
) -> list[tuple[Any, ...]]:
    """State ← step(state), ``steps`` times; the first ``shown`` parts of each state.

    ``step`` must be a straight line of arithmetic on its arguments. On floats the list ends early
    where arithmetic has no answer (a division by zero, an overflow).
    """
    tape = Tape()
    outputs = [tape.name(o) for o in step(tuple(Sym(tape, f"x{i}") for i in range(len(state))))]
    on_floats = all(isinstance(v, float | int) for v in (*state, *tape.numbers))
    source = _source(tape, len(state), outputs, shown, on_floats)
    kept: list[tuple[Any, ...]] = []
    try:
        _compiled(source, on_floats)(state, tape.numbers, steps, kept.append)
    except (ArithmeticError, ValueError):
        if not on_floats:
            raise
    return kept
