"""One step, traced once and replayed: what makes a run cheap enough to follow a finger.

A formula handed symbols instead of numbers leaves a straight line of arithmetic behind. The line
is compiled, loop and all, and run on floats (one start: about a microsecond a step, where NumPy's
calls on tiny arrays cost forty) or on arrays (many starts: ``natgrad_core.tracing.batched_loop``).
Every run traces anew, which is cheap; numbers met on the way (a rate, the entries of A) are lifted
out as arguments, so that moving a slider meets a line compiled before. Whoever runs a rule again
and again with other numbers may keep its line (``Lines``). The slow witness is the same formula
called on the numbers themselves (``run.directly``).
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from natgrad_core.tracing import batched_loop as lanes
from natgrad_core.types import Array


def _logaddexp(a: float, b: float) -> float:
    if a == b:  # infinities too, whose difference is no number
        return a + LOG_2
    high, low = (a, b) if a > b else (b, a)
    return high + math.log1p(math.exp(low - high))


def _minimum(a: float, b: float) -> float:
    """As NumPy's: what is no number stays so, wherever it stands."""
    return a if a < b or a != a else b


def _maximum(a: float, b: float) -> float:
    return a if a > b or a != a else b


def _sigmoid(x: float) -> float:
    """1/(1 + e^{−x}) to the last digits at both ends: 1 + tanh(x/2) has none left at x = −40."""
    return math.exp(min(x, 0.0)) / (1.0 + math.exp(-abs(x)))


def _sigmoids(x: Any) -> Any:
    return np.exp(np.minimum(x, 0.0)) / (1.0 + np.exp(-np.abs(x)))


LOG_2 = math.log(2.0)


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
    "tetragamma": _special("polygamma", 2),
    "pentagamma": _special("polygamma", 3),
    "i1e": _special("i1e"),
    "log_ndtr": _special("log_ndtr"),
    "erf": _special("erf"),
}
"""log Γ, its first four derivatives (ψ₁ as Hurwitz's zeta), e⁻ˣI₀, e⁻ˣI₁, log Φ and erf."""


def _invoke(function: Callable[..., tuple[Any, ...]], *args: Any) -> tuple[Any, ...]:
    return function(*args)


def _part(parts: tuple[Any, ...], index: int) -> Any:
    return parts[index]


def _column(x: Any) -> Array:
    return np.asarray(x)[..., None]


def _row_sum(x: Any) -> Any:
    return np.sum(x, -1)


FLOAT_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "sin": math.sin,
    "cos": math.cos,
    "atan2": math.atan2,
    "pow": math.pow,
    "tanh": math.tanh,
    "log1p": math.log1p,
    "expm1": math.expm1,
    "sigmoid": _sigmoid,
    "minimum": _minimum,
    "maximum": _maximum,
    "abs": abs,
    "logaddexp": _logaddexp,
    "invoke": _invoke,
    "part": _part,
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
    "pow": np.power,
    "tanh": np.tanh,
    "log1p": np.log1p,
    "expm1": np.expm1,
    "sigmoid": _sigmoids,
    "minimum": np.minimum,
    "maximum": np.maximum,
    "abs": np.abs,
    "logaddexp": np.logaddexp,
    "where": np.where,
    "column": _column,
    "row_sum": _row_sum,
    "invoke": _invoke,
    "part": _part,
    **{name: on_array for name, (_, on_array) in _SPECIAL.items()},
}
"""The same, on arrays."""


_ON_ARRAYS = tuple(ARRAY_FUNCTIONS.items())


class Tape:
    """The straight line so far: each distinct operation once, each number lifted once.

    ``many`` says that it will run on arrays, where a sum over rows is best made by columns.
    """

    def __init__(self, many: bool = False) -> None:
        self.many = many
        self.lines: list[tuple[str, str, tuple[str, ...]]] = []
        self.numbers: list[Any] = []
        self._seen: dict[tuple[str, tuple[str, ...]], Sym] = {}
        self._lifted: dict[int, str] = {}

    def let_go(self) -> None:
        """Forget the symbols, which know their tape: no circle is left to the garbage collector,
        which would stop a page's picture to look for it.
        """
        self._seen.clear()

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
        return self._line(operation, tuple([self.name(a) for a in args]))

    def pair(self, operation: str, a: Any, b: Any) -> Sym:
        """``emit`` for the two arguments that nearly every operation has, and a run has many."""
        return self._line(
            operation,
            (
                a.name if type(a) is Sym else self.name(a),
                b.name if type(b) is Sym else self.name(b),
            ),
        )

    def _line(self, operation: str, names: tuple[str, ...]) -> Sym:
        line = (operation, names)
        symbol = self._seen.get(line)
        if symbol is None:
            symbol = self._seen[line] = Sym(self, f"t{len(self.lines)}")
            self.lines.append((symbol.name, operation, names))
        return symbol


class Sym:
    """A number to be: arithmetic on it is written down, not done."""

    __slots__ = ("name", "tape")
    __array_ufunc__ = None

    def __init__(self, tape: Tape, name: str) -> None:
        self.tape = tape
        self.name = name

    def __add__(self, other: Any) -> Any:
        if type(other) is int and other == 0:
            return self
        return self.tape.pair("+", self, other)

    def __radd__(self, other: Any) -> Any:
        if type(other) is int and other == 0:
            return self
        return self.tape.pair("+", other, self)

    def __sub__(self, other: Any) -> Any:
        if type(other) is int and other == 0:
            return self
        return self.tape.pair("-", self, other)

    def __rsub__(self, other: Any) -> Any:
        if type(other) is int and other == 0:
            return -self
        return self.tape.pair("-", other, self)

    def __mul__(self, other: Any) -> Any:
        if type(other) is int and other in (0, 1):
            return self if other else 0
        return self.tape.pair("*", self, other)

    def __rmul__(self, other: Any) -> Any:
        if type(other) is int and other in (0, 1):
            return self if other else 0
        return self.tape.pair("*", other, self)

    def __truediv__(self, other: Any) -> Any:
        if type(other) is int and other == 1:
            return self
        return self.tape.pair("/", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        if type(other) is int and other == 0:
            return 0
        return self.tape.pair("/", other, self)

    def __neg__(self) -> Any:
        return self.tape.emit("neg", self)

    def __abs__(self) -> Any:
        return self.tape.emit("abs", self)

    def __pow__(self, power: Any) -> Any:
        if type(power) is int and power == 2:
            return self * self
        return self.tape.pair("**", self, power)

    def __lt__(self, other: Any) -> Any:
        return self.tape.pair("<", self, other)

    def __le__(self, other: Any) -> Any:
        return self.tape.pair("<=", self, other)

    def __gt__(self, other: Any) -> Any:
        return self.tape.pair(">", self, other)

    def __ge__(self, other: Any) -> Any:
        return self.tape.pair(">=", self, other)

    def __bool__(self) -> bool:
        raise TypeError("a formula may not branch on its parameters: use natgrad_core.ops.where")


def call(name: str, *args: Any) -> Sym:
    """The symbol of function ``name`` on ``args``, at least one of them a symbol."""
    tape = next(a.tape for a in args if isinstance(a, Sym))
    return tape.emit(name, *args)


def _source(lines: Sequence[lanes.Line], numbers: int, outputs: Sequence[str], shown: int) -> str:
    """The loop on floats: states x0 … are replaced by ``outputs``; the first ``shown`` are kept.

    It returns the last state that arithmetic has an answer for. Lines that no output needs are
    left out.
    """

    def expression(operation: str, names: tuple[str, ...]) -> str:
        if operation == "neg":
            return f"-{names[0]}"
        if operation == "where":
            return f"{names[1]} if {names[0]} else {names[2]}"
        if operation.isidentifier():
            return f"{operation}({', '.join(names)})"
        return f"{names[0]} {operation} {names[1]}"

    needed = set(outputs)
    body: list[str] = []
    for name, operation, args in reversed(lines):
        if name in needed:
            needed.update(args)
            body.append(f"            {name} = {expression(operation, args)}")
    state = ", ".join(f"x{i}" for i in range(len(outputs))) + ","
    given = ", ".join(f"c{i}" for i in range(numbers))
    return "\n".join(
        [
            "def replay(state, numbers, steps, keep):",
            f"    {state} = state",
            f"    {given}, = numbers" if numbers else "    pass",
            "    try:",
            "        for _ in range(steps):",
            *reversed(body),
            f"            {state} = {', '.join(outputs)},",
            f"            keep(({', '.join(f'x{i}' for i in range(shown))},))",
            "    except (ArithmeticError, ValueError):",
            "        pass",
            f"    return {state}",
        ]
    )


@lru_cache(maxsize=512)
def _compiled(
    lines: tuple[lanes.Line, ...], numbers: int, outputs: tuple[str, ...], shown: int
) -> Callable[..., tuple[Any, ...]]:
    """The loop of ``_source``, compiled once for all runs whose steps are the same line."""
    scope: dict[str, Any] = dict(FLOAT_FUNCTIONS)
    exec(compile(_source(lines, numbers, outputs, shown), "<a traced step>", "exec"), scope)
    return scope["replay"]


def lifted(state: Sequence[Any]) -> tuple[Any, ...]:
    """The same numbers as arrays of one axis, on which arithmetic answers inf or NaN."""
    return tuple(np.asarray(v, float)[..., None] for v in state)


def _number(value: Any) -> Any:
    """An array of no axis as the float it holds."""
    return value.item() if np.ndim(value) == 0 and hasattr(value, "item") else value


def lowered(state: Sequence[Any]) -> tuple[float, ...]:
    """Floats again."""
    return tuple(float(np.reshape(v, ())) for v in state)


class Traced(NamedTuple):
    """A step as it was traced: its operations, the names of the next state, the lifted numbers."""

    lines: tuple[lanes.Line, ...]
    outputs: tuple[str, ...]
    numbers: tuple[Any, ...]

    def with_(self, numbers: Sequence[Any], old: Sequence[Any]) -> Traced:
        """The same with ``numbers`` in the place of the ``old`` ones, which it was traced with."""
        swap = {id(before): now for before, now in zip(old, numbers, strict=True)}
        return self._replace(numbers=tuple([swap.get(id(n), n) for n in self.numbers]))


Lines: TypeAlias = dict[Hashable, tuple[Traced, tuple[Any, ...]]]
"""Steps by the form of their rule, each with the rule's numbers that it was traced with. Good
for one problem in one chart, as long as that stays as it is."""


class Given(NamedTuple):
    """Where lines are kept, and the form and the numbers of the rule that is run."""

    lines: Lines
    form: Hashable
    numbers: tuple[Any, ...]


def _traced(step: Callable[[tuple[Any, ...]], Sequence[Any]], state: tuple[Any, ...]) -> Traced:
    """What ``step`` leaves behind."""
    tape = Tape(many=any(np.ndim(v) for v in state))
    outputs = [tape.name(o) for o in step(tuple(Sym(tape, f"x{i}") for i in range(len(state))))]
    tape.let_go()
    return Traced(tuple(tape.lines), tuple(outputs), tuple(tape.numbers))


def _kept(
    step: Callable[[tuple[Any, ...]], Sequence[Any]], state: tuple[Any, ...], given: Given
) -> Traced:
    """The same; of one start, with the line of an earlier rule that differs in numbers only."""
    lines, form, numbers = given
    if form is None or not all(type(v) is float for v in (*state, *numbers)):
        return _traced(step, state)
    if form in lines:
        line, old = lines[form]
        return line.with_(numbers, old)
    line = _traced(step, state)
    if {id(n) for n in numbers} <= {id(n) for n in line.numbers}:  # else they went into others
        lines[form] = line, numbers
    return line


def replay(
    step: Callable[[tuple[Any, ...]], Sequence[Any]],
    state: tuple[Any, ...],
    steps: int,
    shown: int,
    given: Given | None = None,
) -> list[tuple[Any, ...]]:
    """State ← step(state), ``steps`` times; the first ``shown`` parts of each state.

    ``step`` must be a straight line of arithmetic on its arguments. Where floats have no answer (a
    division by zero, the log of a negative number) that step is made on arrays, which do; the list
    ends where what is shown is no longer finite.
    """
    line = _kept(step, state, given) if given else _traced(step, state)
    numbers = [_number(n) for n in line.numbers]

    if not all(isinstance(v, float | int) or callable(v) for v in (*state, *numbers)):
        found = lanes.replay(line.lines, line.outputs, state, numbers, steps, _ON_ARRAYS, shown)
        return [tuple(point) for point in found]
    fast = _compiled(line.lines, len(numbers), line.outputs, shown)
    kept: list[tuple[Any, ...]] = []
    while True:
        state = fast(state, numbers, steps - len(kept), kept.append)
        if len(kept) == steps:
            return kept
        once = lanes.replay(line.lines, line.outputs, state, numbers, 1, _ON_ARRAYS, len(state))
        state = tuple(once[0].tolist())
        kept.append(state[:shown])
        if not all(map(math.isfinite, state[:shown])):
            return kept


def follow(
    step: Callable[[tuple[Any, ...]], Sequence[Any]],
    state: tuple[Any, ...],
    steps: int,
    watch: lanes.Watch,
) -> None:
    """The same on arrays without a list: ``watch`` sees each state and says whether to go on."""
    line = _traced(step, state)
    lanes.replay(line.lines, line.outputs, state, line.numbers, steps, _ON_ARRAYS, watch=watch)
