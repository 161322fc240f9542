"""A traced step on arrays, for many starts at once: in place, in buffers that fit the cache.

On small arrays NumPy spends its time on allocating results and converting scalars, on large ones on
waiting for memory. So each operation writes into a buffer that was allocated before the loop, and a
buffer is reused once its value is no longer needed. A large batch is cut into chunks, each of which
makes all its steps before the next. The arithmetic is that of the traced lines; only a + (−b) is
written a − b, which rounds alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import cycle
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from natgrad_core.tracing.functions import ARRAY_FUNCTIONS
from natgrad_core.tracing.tape import Line
from natgrad_core.types import Array

CACHE = 1 << 18
"""Bytes of buffers that one chunk may take: a share of a core's second-level cache."""

IN_PLACE: dict[str, Callable[..., Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "neg": np.negative,
    "abs": np.absolute,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "log1p": np.log1p,
    "expm1": np.expm1,
    "atan2": np.arctan2,
    "minimum": np.minimum,
    "maximum": np.maximum,
    "logaddexp": np.logaddexp,
}
"""Operations with an output argument. The others allocate their results."""

WORDS = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide"}

Watch: TypeAlias = Callable[[int, tuple[Array, ...]], bool]
"""(the step's number from 1, the state) -> whether to go on. The next step overwrites the state."""


def simplified(lines: Iterable[Line], outputs: Iterable[str]) -> list[Line]:
    """Return the lines that the outputs need, with sums of negatives written as differences."""
    negated: dict[str, str] = {}
    found: list[Line] = []
    for name, operation, args in lines:
        if operation == "neg":
            negated[name] = args[0]
        elif operation == "+" and args[1] in negated:
            operation, args = "-", (args[0], negated[args[1]])
        elif operation == "+" and args[0] in negated:
            operation, args = "-", (args[1], negated[args[0]])
        found.append((name, operation, args))
    needed = set(outputs)
    kept: list[Line] = []
    for line in reversed(found):
        if line[0] in needed:
            needed.update(line[2])
            kept.append(line)
    return kept[::-1]


class Plan(NamedTuple):
    """The compiled loop, and what it takes."""

    loop: Callable[..., None]
    constants: tuple[tuple[str, bool], ...]
    """Constants k0, k1, …: the name in the lines, and whether it is combined with data rows."""
    slots: tuple[int, ...]
    """Buffers s0, s1, …: how many data rows each has, 0 for one number per start."""


class _Planner:
    """Names for every value: states x, next states y, buffers s, constants k, views and others t.

    A value is ``[chunk]``, one number per start (width 0), or ``[chunk, width]``, one per data row.
    """

    def __init__(self, lines: list[Line], outputs: tuple[str, ...], widths: tuple[int, ...]):
        self.widths = widths
        self.last = {arg: at for at, (_, _, args) in enumerate(lines) for arg in args}
        for _, operation, args in lines:
            if operation == "column":  # a view of it may still be needed
                self.last[args[0]] = len(lines)
        self.output = {name: f"y{at}" for at, name in reversed(list(enumerate(outputs)))}
        self.width: dict[str, int] = {}
        self.place: dict[str, str] = {}
        self.constants: dict[tuple[str, bool], str] = {}
        self.free: dict[int, list[str]] = {}
        self.slots: list[int] = []
        self.body = [self.line(at, *line) for at, line in enumerate(lines)]
        for at, name in enumerate(outputs):
            if (source := self.spoken(name, False)) != f"y{at}":
                self.body.append(f"copyto(y{at}, {source})")

    def spoken(self, name: str, rows: bool) -> str:
        """Return the loop's name for a value; ``rows``: it is combined with data rows here."""
        if name[0] in "xt":
            return self.place.get(name, name)
        return self.constants.setdefault((name, rows), f"k{len(self.constants)}")

    def wide(self, name: str, rows: bool) -> int:
        if name[0] == "c":
            return self.widths[int(name[1:])] if rows else 0
        return self.width.get(name, 0)

    def slot(self, width: int) -> str:
        """A buffer whose value is no longer needed, or a new one."""
        if self.free.get(width):
            return self.free[width].pop()
        self.slots.append(width)
        return f"s{len(self.slots) - 1}"

    def line(self, at: int, name: str, operation: str, args: tuple[str, ...]) -> str:
        rows = any(self.width.get(a, 0) for a in args)
        width = max(self.wide(a, rows) for a in args)
        self.width[name] = width = {"column": 1, "row_sum": 0}.get(operation, width)
        literal = operation in ("**", "part")  # a whole power is a product; a part has an index
        given = [a if a[0] == "(" and literal else self.spoken(a, rows) for a in args]
        for arg in set(args):
            spot = self.place.get(arg, "")
            if self.last[arg] == at and spot.startswith("s") and operation != "row_sum":
                self.free.setdefault(self.width[arg], []).append(spot)
        self.place[name] = name
        if operation in IN_PLACE or operation == "row_sum":
            where = self.place[name] = self.output.get(name) or self.slot(width)
            if operation == "row_sum":
                return f"reduce({given[0]}, -1, None, {where})"
            by_name = "out=" if operation in ("minimum", "maximum") else ""  # NumPy requires it
            return f"{WORDS.get(operation, operation)}({', '.join(given)}, {by_name}{where})"
        if operation == "column":
            return f"{name} = {given[0]}[:, None]"
        if operation.isidentifier():
            return f"{name} = {operation}({', '.join(given)})"
        return f"{name} = {given[0]} {operation} {given[1]}"


@lru_cache(maxsize=256)
def _plan(
    lines: tuple[Line, ...],
    outputs: tuple[str, ...],
    widths: tuple[int, ...],
) -> Plan:
    """Compile the loop; ``widths`` are the last axes of constants that data rows have."""
    built = _Planner(simplified(lines, outputs), outputs, widths)
    xs = "".join(f"x{i}, " for i in range(len(outputs)))
    ys = xs.replace("x", "y")
    taken = {"constants": ("k", built.constants), "slots": ("s", built.slots)}
    source = [
        "def loop(state, constants, slots, rows, watch):",
        f"    {xs}= state",
        *(
            f"    {''.join(f'{letter}{i}, ' for i in range(len(values)))}= {of}"
            for of, (letter, values) in taken.items()
            if values
        ),
        f"    for step, {ys}in rows:",
        *(f"        {line}" for line in built.body),
        f"        {xs}= {ys}",
        f"        if watch is not None and not watch(step, ({xs})):",
        "            break",
    ]
    scope: dict[str, Any] = {
        **ARRAY_FUNCTIONS,
        **{WORDS.get(name, name): function for name, function in IN_PLACE.items()},
        "reduce": np.add.reduce,
        "copyto": np.copyto,
    }
    exec(compile("\n".join(source), "<a traced step in place>", "exec"), scope)
    return Plan(scope["loop"], tuple(built.constants), tuple(built.slots))


def _row_numbers(lines: Iterable[Line]) -> set[str]:
    """Return the constants combined with data rows: with ``column``, or with what comes of it."""
    rows: set[str] = set()
    numbers: set[str] = set()
    for name, operation, args in lines:
        if operation == "column" or (operation != "row_sum" and rows.intersection(args)):
            rows.add(name)
        if rows.intersection(args):
            numbers.update(a for a in args if a[0] == "c")
    return numbers


def replay(
    lines: Sequence[Line],
    outputs: Sequence[str],
    state: Sequence[Any],
    numbers: Sequence[Any],
    steps: int,
    shown: int = 0,
    watch: Watch | None = None,
) -> Array:
    """Replace the state by the outputs of the lines, ``steps`` times.

    Args:
        lines: The traced lines.
        outputs: The names of the next state.
        state: The state at the start.
        numbers: The constants, by index.
        steps: How many steps.
        shown: How many parts of each state to record.
        watch: Sees each state as flat arrays, instead of a record; the batch is then one chunk.

    Returns:
        The recorded parts after each step, ``[steps, shown, ...]``, with the leading axes to which
        the state and the constants broadcast.
    """
    lines, outputs = tuple(lines), tuple(outputs)
    meets = _row_numbers(lines)
    arrays = [np.asarray(n) if callable(n) else np.asarray(n, float) for n in numbers]
    widths = tuple(a.shape[-1] if a.ndim and f"c{i}" in meets else 1 for i, a in enumerate(arrays))
    plan = _plan(lines, outputs, widths)
    used = [(int(name[1:]), rows) for name, rows in plan.constants if name[0] == "c"]
    lead = np.broadcast_shapes(
        *(np.shape(s) for s in state),
        *(arrays[i].shape[:-1] if rows else arrays[i].shape for i, rows in used),
    )
    size = math.prod(lead)
    columns = 3 * len(outputs) + len(plan.constants) + sum(max(w, 1) for w in plan.slots)
    chunk = size if watch else max(16, CACHE // (8 * columns))

    def flat(value: Any) -> Array:
        return np.broadcast_to(value, lead).reshape(size)

    def constant(name: str, rows: bool) -> tuple[Any, bool]:
        """Return a constant as an array, and whether it has a value (or a row) for each start."""
        value = arrays[int(name[1:])] if name[0] == "c" else np.asarray(float(name.strip("()")))
        if value.dtype == object:  # a function that a line calls
            return value.item(), False
        if not rows:
            return flat(value), True
        if value.ndim < 2:
            return value, False
        return np.broadcast_to(value, (*lead, value.shape[-1])).reshape(size, -1), True

    constants = [constant(*c) for c in plan.constants]
    start = [flat(s) for s in state]
    kept = 0 if watch else shown
    record = np.empty((steps, kept, size))
    for low in range(0, size, max(chunk, 1)):
        here = slice(low, min(low + chunk, size))
        n = here.stop - low
        rows = [
            record[:, i, here] if i < kept else cycle(np.empty((2, n))) for i in range(len(start))
        ]
        plan.loop(
            [s[here] for s in start],
            [value[here] if cut else value for value, cut in constants],
            [np.empty((n, w) if w else n) for w in plan.slots],
            zip(range(1, steps + 1), *rows, strict=False),
            watch,
        )
    return record.reshape(steps, kept, *lead)
