"""Traced steps as machine code: compiled once by LLVM, kept, and run over many starts.

llvmlite is imported when the first step is compiled. Where it is missing, or a step has no machine
code, ``machine`` returns None, a line in the log says why, and the caller computes with the formula
itself.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import itertools
import logging
import math
import os
import struct
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from natgrad_core.tracing.llvm_text import TABLE, Plan, Refused, written
from natgrad_core.tracing.tape import Line
from natgrad_core.types import Array, Bools

LOG = logging.getLogger("natgrad_core.tracing")

WIDTH = 8
"""Starts side by side: the float64 numbers of a 512-bit register, or of two of 256 bits."""

KEPT = 256
"""How many compiled steps are kept."""

LINES = 60_000
"""How many lines all that are kept may have: one of a long formula has thousands, and each takes
about 300 bytes.
"""

WORTH = 4e6
"""From how many operations (starts × steps × lines) on a second thread takes half of the starts."""


class Machine(NamedTuple):
    """A compiled step."""

    run: Any
    """The function; its argument is the address of its table."""
    numbers: tuple[int, ...]
    """Which constants its table holds as numbers."""
    columns: tuple[tuple[int, int], ...]
    """Which constants it holds as data columns, and their lengths."""
    table: Any
    """The type of that table: an array of whole numbers."""
    plan: Plan
    size: int
    """How many lines the step has."""
    linker: Any
    """Where the code is; it is freed with all steps of its linker."""
    quick: bool
    """Whether it was compiled in a fourth of the time, and runs up to about twice as long."""


class Key(tuple[tuple[Line, ...], tuple[str, ...], tuple[int, ...], Plan]):
    """A step: its lines, its outputs, the length of each constant that is a column, and its plan.

    Its hash is kept, because that of a long formula takes as long as a short run.
    """

    _hash: int | None = None

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = super().__hash__()
        return self._hash


_kept: dict[Key, Machine | None] = {}
_used: dict[Key, int] = {}
"""When each was asked for last. This is noted without the lock, which is held while LLVM works; so
nothing may walk over it."""
_turns = itertools.count()
_pending: set[Key] = set()
_spent: dict[Key, float] = {}
_lock = threading.RLock()
"""Held while LLVM works, so that no process is forked in the middle."""


def _after_fork() -> None:
    """Begin again in a child, where no thread of the parent finishes its work."""
    global _lock
    _lock = threading.RLock()
    _pending.clear()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(
        before=lambda: _lock.acquire(),
        after_in_parent=lambda: _lock.release(),
        after_in_child=_after_fork,
    )


@cache
def available() -> bool:
    """Return whether there is an LLVM to compile with."""
    return importlib.util.find_spec("llvmlite") is not None


class _Linker:
    """LLVM's engine, to which compiled steps are added; freed with the last of them."""

    def __init__(self) -> None:
        llvm, target, how = _llvm()
        self.count = self.lines = 0
        # The engine owns its target: no other may have it.
        self.engine = llvm.create_mcjit_compiler(
            llvm.parse_assembly(""), target.create_target_machine(jit=True, **how)
        )

    def add(self, code: bytes, name: str) -> int:
        """Add compiled code; return the address of its function ``name``."""
        llvm, _, _ = _llvm()
        self.count += 1
        self.engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        self.engine.finalize_object()
        return self.engine.get_function_address(name)


@cache
def _llvm() -> tuple[Any, Any, dict[str, Any]]:
    """Return llvmlite, this processor's kind, and how to compile for it."""
    llvm: Any = importlib.import_module("llvmlite.binding")
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    features = llvm.get_host_cpu_features().flatten()
    return llvm, target, {"cpu": llvm.get_host_cpu_name(), "features": features}


@cache
def _compiler(quick: bool) -> Any:
    _, target, how = _llvm()
    return target.create_target_machine(jit=True, opt=0 if quick else 2, **how)


_linker: list[_Linker] = []


def _built(key: Key, quick: bool) -> Machine:
    lines, outputs, rows, plan = key
    text, names = written(lines, outputs, rows, plan)
    llvm, _, _ = _llvm()
    if not _linker or _linker[0].count >= KEPT or _linker[0].lines >= LINES:
        _linker[:] = [_Linker()]
    linker = _linker[0]
    linker.lines += len(lines)
    name = f"run{linker.count}"
    module = llvm.parse_assembly(text.replace("@run(", f"@{name}("))
    module.verify()
    address = linker.add(_compiler(quick).emit_object(module), name)
    run = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(address)
    indices = [int(name[1:]) for name in names]
    numbers = tuple(i for i in indices if not rows[i])
    columns = tuple((i, rows[i]) for i in indices if rows[i])
    table = ctypes.c_int64 * (len(TABLE) + 2 * len(indices))
    return Machine(run, numbers, columns, table, plan, len(lines), linker, quick)


def machine(key: Key, quick: bool = False) -> Machine | None:
    """Return the compiled step, compiling it if that was not tried before; None without one.

    Args:
        key: The step.
        quick: Whether quickly compiled code is good enough.
    """
    _used[key] = next(_turns)
    if ready(key, quick):
        return _kept.get(key)
    with _lock:
        if ready(key, quick):  # by another thread meanwhile
            return _kept.get(key)
        try:
            found: Machine | None = _built(key, quick)
        except ImportError as error:
            found = None
            LOG.info("runs call their formulas themselves, because there is no llvmlite: %s", error)
        except Refused as error:  # as foreseen, and nobody need do anything
            found = None
            LOG.info("a step is not compiled: %s", error)
        except (RuntimeError, OSError) as error:
            found = None
            LOG.warning("a step is not compiled: %s", error)
        _kept[key] = found
        while len(_kept) > KEPT or (len(_kept) > 1 and _lines_of(_kept) > LINES):
            oldest = min(_kept, key=lambda kept: _used.get(kept, -1))
            del _kept[oldest]
            _used.pop(oldest, None)
        _pending.discard(key)
        return found


def _lines_of(keys: Iterable[Key]) -> int:
    """Return how many lines these steps have in all."""
    return sum(len(lines) for lines, *_ in keys)


def spent(key: Key, seconds: float) -> float:
    """Add to the time that the formula took for a step; return how much it is in all."""
    if key not in _spent and (len(_spent) >= 4 * KEPT or _lines_of([*_spent]) > LINES):
        _spent.clear()
    _spent[key] = _spent.get(key, 0.0) + seconds
    return _spent[key]


def ready(key: Key, quick: bool = True) -> bool:
    """Whether this step was compiled before, so well, or could not be."""
    found = _kept.get(key)
    return key in _kept if found is None else quick or not found.quick


def compile_aside(key: Key, quick: bool = True) -> None:
    """Compile a step in a thread, for the runs to come."""
    if key not in _pending and not ready(key, quick):
        _pending.add(key)
        threading.Thread(target=machine, args=(key, quick), name="compile a step").start()


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):  # on Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


Buffer: TypeAlias = tuple[int, int]
"""Where numbers begin in memory, and how many there are."""


def _buffer(array: np.ndarray[Any, Any]) -> Buffer:
    """Where the float64 numbers (or the bytes) of an array are, which must be in a row."""
    if array.dtype.char not in "d?" or not array.flags.c_contiguous:
        raise ValueError(f"an array of {array.dtype} whose numbers are not in a row")
    return array.__array_interface__["data"][0], array.size


def _check(
    step: Machine,
    n: int,
    steps: int,
    start: Buffer,
    out: tuple[Buffer, Buffer],
    numbers: Sequence[tuple[Buffer, int]],
    columns: Sequence[Buffer],
) -> None:
    """Check that every buffer has as many numbers as the function reads or writes there.

    Of a constant that is a number the stride says whether there is one for each start.

    Raises:
        ValueError: If a buffer is too short.
    """
    plan = step.plan
    points = 1 if plan.scored else steps + 1
    needed = [
        (start, n * plan.parts),
        (out[0], n * points * plan.shown),
        (out[1], n * points),
        *((buffer, n if stride else plan.width) for buffer, stride in numbers),
        *zip(columns, (length for _, length in step.columns), strict=True),
    ]
    if n < plan.width or steps < 0 or len(numbers) != len(step.numbers):
        raise ValueError(f"{n} starts, {steps} steps and {len(numbers)} constants")
    for (_, count), least in needed:
        if count < least:
            raise ValueError(f"a buffer of {count} numbers where {least} are needed")


RUN, RUN_AT = struct.Struct("=4q"), 8 * TABLE.index("steps")
"""What differs from run to run at the head of the table of one start: the number of steps, where
its state and its two outputs are."""


def _address(
    array: Any,
    first: Callable[[Any], Any] = ctypes.c_char.from_buffer,
    place: Callable[[Any], int] = ctypes.addressof,
) -> int:
    """Where an array's numbers are: far sooner than NumPy says it, and runs of one are short."""
    return place(first(array))


class OneStart:
    """A compiled step that runs from one start at a time, whose table is made before the run.

    Args:
        step: The step, of one start at a time and not scored.
        constants: The constants of the traced step, by index. Its data columns are those of every
            run; its numbers are given to each.

    Raises:
        ValueError: If the step runs many starts at once, or a data column is shorter than it was
            compiled for.
    """

    def __init__(self, step: Machine, constants: Sequence[Any]) -> None:
        if step.plan.width > 1:
            raise ValueError(f"a step of {step.plan.width} starts where one of a single is needed")
        self.step = step
        self._data = [constants[i] for i, _ in step.columns]  # so that they stay where they are
        self._columns = [_buffer(column) for column in self._data]
        for (_, count), (_, length) in zip(self._columns, step.columns, strict=True):
            if count < length:
                raise ValueError(f"a data column of {count} numbers where {length} are needed")
        self._start = 8 * (len(TABLE) + 2 * (len(step.numbers) + len(step.columns)))
        self._given = struct.Struct(f"={step.plan.parts + len(step.numbers)}d")
        self._free: list[tuple[Any, int]] = []
        """Tables that no run uses, and where they are. Each ends with the state at the start and
        with the numbers. A thread takes one, or makes one where there is none."""

    def _table(self) -> tuple[Any, int]:
        """A new table, with all that is the same in every run."""
        step = self.step
        memory = (ctypes.c_int64 * ((self._start + self._given.size) // 8))()
        at = ctypes.addressof(memory)
        first = at + self._start + 8 * step.plan.parts
        places = [first + 8 * i for i in range(len(step.numbers))]
        places += [place for place, _ in self._columns]
        memory[TABLE.index("hi")] = memory[TABLE.index("n")] = 1
        memory[len(TABLE) : len(TABLE) + len(places)] = places
        return memory, at

    def run(
        self, state: Sequence[float], constants: Sequence[Any], steps: int
    ) -> tuple[Array, Bools]:
        """Run the step. Its buffers are made here, as long as they must be.

        Args:
            state: The state at the start.
            constants: The constants of the traced step, by index, for the sake of its numbers.
            steps: How many steps.

        Returns:
            All points ``[steps + 1, d]``, NaN after the first bad one, and which are good,
            ``[steps + 1]``.

        Raises:
            ValueError: If the state has another length than the step was compiled for.
        """
        plan = self.step.plan
        if len(state) != plan.parts or steps < 0:
            raise ValueError(f"a state of {len(state)} numbers where {plan.parts} are needed")
        path, ok = np.empty((steps + 1, plan.shown)), np.empty(steps + 1, bool)
        try:
            held = self._free.pop()
        except IndexError:
            held = self._table()
        memory, at = held
        RUN.pack_into(memory, RUN_AT, steps, at + self._start, _address(path), _address(ok))
        given = [constants[i] for i in self.step.numbers]
        self._given.pack_into(memory, self._start, *state, *given)
        self.step.run(at)
        self._free.append(held)
        return path, ok


def _part(step: Machine, table: Any, held: tuple[Any, ...]) -> None:
    """Run some of the starts; ``held`` are the arrays that the table points to."""
    step.run(ctypes.addressof(table))


def execute(
    step: Machine,
    state: Sequence[Any],
    constants: Sequence[Any],
    lead: tuple[int, ...],
    steps: int,
    target: float = np.nan,
) -> tuple[Array, Any]:
    """Run a compiled step from many starts.

    Args:
        step: The step.
        state: The parts of the state at the start, to broadcast with ``lead``.
        constants: The constants of the traced step, by index.
        lead: The leading axes of the starts.
        steps: How many steps.
        target: A loss, where the step is scored.

    Returns:
        All points ``[steps + 1, *lead, d]``, NaN after a path's first bad one, and which are good,
        ``[steps + 1, *lead]``. Of a scored step the last points ``[*lead, d]``, NaN for a path that
        broke, and the first step at which the score was ≤ the target, ``[*lead]``.

    Raises:
        ValueError: If a data column is shorter than the step was compiled for.
    """
    plan, d = step.plan, step.plan.shown
    size = math.prod(lead)
    n = max(size, plan.width)

    def spread(value: Any, row: Array) -> Array:
        """Write the value of each start into a row; the last one again to fill a register."""
        given = np.asarray(value, float)
        if not given.ndim:
            row.fill(given)  # broadcasting a single number takes ten times as long
            return row
        same = given if given.shape == lead else np.broadcast_to(given, lead)
        row[:size] = same.reshape(size)
        row[size:] = row[size - 1]
        return row

    start = np.empty((len(state), n))
    for part, row in zip(state, start, strict=True):
        spread(part, row)
    rows = [
        (spread(constants[i], np.empty(n)), 1)
        if np.ndim(constants[i])
        else (np.full(plan.width, float(constants[i])), 0)
        for i in step.numbers
    ]
    data = [np.ascontiguousarray(constants[i], float) for i, _ in step.columns]
    points = () if plan.scored else (steps + 1,)
    first = np.empty((*points, n, d))
    second = np.empty(n) if plan.scored else np.empty((steps + 1, n), bool)
    numbers = [(_buffer(row), stride) for row, stride in rows]
    columns, out = [_buffer(column) for column in data], (_buffer(first), _buffer(second))
    _check(step, n, steps, _buffer(start), out, numbers, columns)
    goal = struct.unpack("<q", struct.pack("<d", target))[0]
    words = [n, steps, _buffer(start)[0], out[0][0], out[1][0], goal]
    words += [*(b[0] for b, _ in numbers), *(b[0] for b in columns)]
    words += [stride for _, stride in numbers]
    count = 1
    if n * steps * step.size > WORTH:
        count = max(1, min(processors(), n // (4 * plan.width)))
    tables = [
        step.table(low, high, *words)
        for low, high in pairwise(n * i // count for i in range(count + 1))
    ]
    # A signal may end this function while a thread still writes: each holds what it works on.
    held = (start, rows, data, first, second)
    others = [threading.Thread(target=_part, args=(step, table, held)) for table in tables[1:]]
    for other in others:
        other.start()
    _part(step, tables[0], held)
    for other in others:
        other.join()
    if n > size:
        first, second = first[..., :size, :], second[..., :size]
    return first.reshape((*points, *lead, d)), second.reshape((*points, *lead))
