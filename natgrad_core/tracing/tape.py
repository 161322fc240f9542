"""Record a formula: called on symbols instead of numbers, it leaves a list of operations behind.

``trace(step, state)`` calls one step of a run on symbols. Every operation on a symbol is written on
a ``Tape`` as one line, (result, operation, arguments), and what the formula meets besides symbols
(an entry of A, a datum, a function) becomes a ``Constant``. The result, a ``Traced`` step, is data:
``natgrad_core.tracing.replay`` runs it. docs/tracing.md follows one real step through all stages.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Hashable, Sequence
from typing import Any, NamedTuple, TypeAlias, cast

import numpy as np

from natgrad_core.types import Array, Vector

Line: TypeAlias = tuple[str, str, tuple[str, ...]]
"""The name of a result, its operation, and the names of the arguments."""

Step: TypeAlias = Callable[[Vector, Vector], Vector]
"""(state, the rule's own numbers) -> the next state, and what is asked of it: arithmetic without a
branch."""


SHORTENED = (-1, 0, 0.5, 1, 2)
"""The powers that NumPy computes of arrays in another way: the lines name them as numbers."""


class Constant(NamedTuple):
    """What a formula met that is not a symbol, with its name in the lines (c0, c1, …)."""

    name: str
    value: Any
    """A number, an array or a function."""


class Traced(NamedTuple):
    """A traced step: its lines, the names of its outputs, and the constants by index."""

    lines: tuple[Line, ...]
    outputs: tuple[str, ...]
    constants: tuple[Any, ...]
    own: int
    """How many of the constants are the rule's own numbers."""
    kept: dict[Any, Any]
    """What ``replay`` knows of the step: one dict for all its numbers."""

    def with_numbers(self, numbers: tuple[Any, ...]) -> Traced:
        """Return the same step with other numbers of the rule, its first constants."""
        constants = numbers + self.constants[self.own :]
        return Traced(
            self.lines, self.outputs, constants, self.own, self.kept
        )  # _replace is slower


class Tape:
    """The operations so far, each distinct one once, and the constants that they use.

    Args:
        numbers: The rule's own numbers. They are the first constants, and no other value, equal or
            not, shares one of them: so the traced step can be run with other numbers.
    """

    def __init__(self, numbers: Sequence[Any] = ()) -> None:
        self.lines: list[Line] = []
        self.constants = [Constant(f"c{i}", number) for i, number in enumerate(numbers)]
        self.numbers = tuple([Sym(self, constant.name) for constant in self.constants])
        self.in_rows = False
        """Whether what is recorded now is a term of a sum over data rows."""
        self._results: dict[tuple[str, tuple[str, ...]], Sym] = {}
        self._constants: dict[Hashable, Constant] = {}

    @contextlib.contextmanager
    def rows(self) -> Generator[None]:
        """Record the term of a sum over data rows meanwhile."""
        before, self.in_rows = self.in_rows, True
        yield
        self.in_rows = before

    def clear(self) -> None:
        """Forget the symbols, which refer to their tape.

        The garbage collector then finds no circle and need not pause while a page is drawn.
        """
        self._results.clear()
        self.numbers = ()

    def name(self, value: Any) -> str:
        """Return what the lines call ``value``: a symbol, an integer as it is, or a constant."""
        if isinstance(value, Sym):
            return value.name
        if isinstance(value, int):
            return f"({value})"
        key = _key(value)
        constant = self._constants.get(key)
        if constant is None:
            constant = self._constants[key] = Constant(f"c{len(self.constants)}", value)
            self.constants.append(constant)
        return constant.name

    def emit(self, operation: str, *args: Any) -> Sym:
        """Return the symbol of ``operation`` on ``args``, the earlier one if it was done before."""
        return self._line(operation, tuple([self.name(a) for a in args]))

    def pair(self, operation: str, a: Any, b: Any) -> Any:
        """``emit`` for two arguments, which nearly every operation has: a shorter way.

        ``Derivatives`` take the symbol in, as any number: their own arithmetic is asked.
        """
        if type(b) is not Sym and hasattr(b, "lift"):
            return NotImplemented
        return self._line(
            operation,
            (
                a.name if type(a) is Sym else self.name(a),
                b.name if type(b) is Sym else self.name(b),
            ),
        )

    def _line(self, operation: str, names: tuple[str, ...]) -> Sym:
        line = (operation, names)
        symbol = self._results.get(line)
        if symbol is None:
            symbol = self._results[line] = Sym(self, f"t{len(self.lines)}")
            self.lines.append((symbol.name, operation, names))
        return symbol


def _key(value: Any) -> Hashable:
    """What makes two values one constant: equal floats, the same memory, the same function.

    A number of NumPy is a sum over rows, say. Whether two of these are equal may depend on their
    rounding, and the lines of a step, for which it is compiled, must not: each is a constant.
    """
    if isinstance(value, np.float64):
        return "computed", id(value)  # its constant keeps it, so that no other has this id
    if isinstance(value, float):
        return value or repr(value)  # 0.0 equals −0.0 and divides differently
    if isinstance(value, np.ndarray):
        array = cast(Array, value)
        memory = array.__array_interface__
        return memory["data"], memory["typestr"], array.shape, array.strides
    return value


class Sym:
    """A symbol: a number that is not known yet. Arithmetic on it is recorded, not done."""

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
        if type(power) is float and power in SHORTENED:
            return self.tape._line("**", (self.name, f"({power:g})"))
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
        raise TypeError(
            "a formula may not branch on its parameters: use natgrad_core.tracing.ops.where"
        )


def call(name: str, *args: Any) -> Sym:
    """Record function ``name`` on ``args``, at least one of them a symbol; return its result."""
    tape = next(a.tape for a in args if isinstance(a, Sym))
    return tape.emit(name, *args)


def trace(step: Step, state: tuple[Any, ...], numbers: tuple[Any, ...] = ()) -> Traced:
    """Record one step.

    Args:
        step: The step, arithmetic without a branch.
        state: The state at the start, of which only the length matters.
        numbers: The rule's own numbers, which can be others when the step is replayed.
    """
    tape = Tape(numbers)
    symbols = tuple(Sym(tape, f"x{i}") for i in range(len(state)))
    with np.errstate(all="ignore"):  # the formula also computes with its data alone
        outputs = tuple([tape.name(output) for output in step(symbols, tape.numbers)])
    tape.clear()
    constants = tuple([_in_a_row(c.value) for c in tape.constants])
    return Traced(tuple(tape.lines), outputs, constants, len(numbers), {})


def _in_a_row(value: Any) -> Any:
    """A data column with its numbers side by side in memory; other constants as they are."""
    return np.ascontiguousarray(value, float) if np.ndim(value) == 1 else value
