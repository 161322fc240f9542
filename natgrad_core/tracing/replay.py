"""Run a traced step again and again: as machine code, where that pays.

The reference implementation is the same formula called on the numbers themselves
(``natgrad_core.core.run.directly``). It also answers where there is no machine code: for a short
run, while a step is being compiled, and where llvmlite is missing.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Generator, Sequence
from typing import Any

import numpy as np

from natgrad_core.tracing import machine_code
from natgrad_core.tracing.llvm_text import COLUMNS, Plan
from natgrad_core.tracing.machine_code import Key, Machine, OneStart
from natgrad_core.tracing.tape import Line, Traced
from natgrad_core.types import Array

SHORT = 16
"""A run of fewer steps calls the formula itself: to trace it would take longer."""

FLOAT, CALL, NUMBER = 1e-6, 4e-6, 1.5e-9
"""Seconds that the formula takes for each line of its trace: on floats, on arrays, for each number
more. Python does more on the way than the line says: it unpacks, loops and looks up."""

COMPILING = 0.003, 6e-5
"""Seconds to compile a step quickly, and for each of its lines."""

WELL = 0.008, 2e-4
"""Seconds to compile it well, and for each of its lines."""


_ahead: list[bool] = []
"""Not empty while everything is compiled at once."""


@contextlib.contextmanager
def ahead() -> Generator[None]:
    """Compile at once whatever runs meanwhile: for a process that others are forked from."""
    _ahead.append(True)
    try:
        yield
    finally:
        _ahead.pop()


def lifted(state: Sequence[Any]) -> tuple[Any, ...]:
    """Return the same numbers as arrays of one axis, on which arithmetic yields inf or NaN."""
    return tuple(np.asarray(v, float)[..., None] for v in state)


def lowered(state: Sequence[Any]) -> tuple[float, ...]:
    """Return arrays of one number as floats."""
    return tuple(float(np.reshape(v, ())) for v in state)


def _beside_columns(lines: Sequence[Line]) -> frozenset[int]:
    """Return the indices of the constants that lines on data columns use."""
    within: set[str] = set()
    found: set[int] = set()
    for name, operation, args in lines:
        if operation in COLUMNS or (operation != "row_sum" and within.intersection(args)):
            within.add(name)
            found.update(int(a[1:]) for a in args if a[0] == "c")
    return frozenset(found)


def replay(
    traced: Traced, state: Sequence[Any], steps: int, shown: int, target: float | None = None
) -> tuple[Array, Any] | None:
    """Replace the state by the traced step's outputs, ``steps`` times.

    Args:
        traced: The step; its outputs are the next state, then conditions that a good point meets
            and, if there is a ``target``, the loss: both of the state itself.
        state: The state at the start: floats, or arrays over the leading axes ``[...]``.
        steps: How many steps.
        shown: How many parts of each state to return.
        target: A loss; then only the last points are returned.

    Returns:
        What ``machine_code.execute`` returns; None where the formula itself must be called.
    """
    kept, constants = traced.kept, traced.constants
    one: tuple[OneStart, Key] | None = kept.get("one")
    if one and target is None and _floats((*state, *constants[: traced.own])):
        ready, key = one
        if not ready.step.quick:
            return ready.run(state, constants, steps)
        if not _ahead:
            began = time.perf_counter()
            found = ready.run(state, constants, steps)
            _ran(traced, key, time.perf_counter() - began)
            return found
    if "columns" not in kept:
        kept["columns"] = _beside_columns(traced.lines)
    rows = tuple(
        np.size(c) if i in kept["columns"] and np.ndim(c) == 1 else 0
        for i, c in enumerate(constants)
    )
    shapes = [np.shape(v) for v in state]
    shapes += [np.shape(c) for c, r in zip(constants, rows, strict=True) if not r]
    lead = np.broadcast_shapes(*shapes)
    if 0 in lead:
        return None
    width = machine_code.WIDTH if lead or target is not None else 1
    plan = Plan(len(state), shown, target is not None, width)
    step: Machine | None = kept.get((rows, plan))
    if (key := kept.get(("key", rows, plan))) is None:
        key = kept["key", rows, plan] = Key((traced.lines, traced.outputs, rows, plan))
    if step is None:
        step = machine_code.machine(key, not _ahead) if _worthwhile(key, steps, lead) else None
    if step is None:
        return None
    began = time.perf_counter()
    found = _executed(traced, step, key, state, steps, lead, target)
    if step.quick:
        _ran(traced, key, time.perf_counter() - began)
    else:
        kept[rows, plan] = step
    return found


def _ran(traced: Traced, key: Key, seconds: float) -> None:
    """Put a run by quickly compiled code on its account; compile it well where that pays."""
    if machine_code.ready(key, quick=False):
        traced.kept.pop("one", None)
    elif machine_code.spent(key, seconds) >= _seconds(WELL, key):
        machine_code.compile_aside(key, quick=False)


def _executed(
    traced: Traced,
    step: Machine,
    key: Key,
    state: Sequence[Any],
    steps: int,
    lead: tuple[int, ...],
    target: float | None,
) -> tuple[Array, Any]:
    """What ``replay`` returns, by this machine code."""
    constants: Sequence[Any] = traced.constants
    if step.plan.width > 1:
        goal = np.nan if target is None else target
        return machine_code.execute(step, state, constants, lead, steps, goal)
    constants = [c if r else float(c) for c, r in zip(constants, key[2], strict=True)]
    ready = OneStart(step, constants)
    if not any(i < traced.own for i, _ in step.columns):
        traced.kept["one"] = ready, key
    return ready.run([float(v) for v in state], constants, steps)


FLOATS = {float}


def _floats(values: Sequence[Any]) -> bool:
    return set(map(type, values)) == FLOATS


def _worthwhile(key: Key, steps: int, lead: tuple[int, ...]) -> bool:
    """Whether there is machine code, or compiling it takes less time than to call the formula.

    Else the time is put on the step's account, and if runs like this one have taken longer than
    compiling does, it is compiled aside for the next one.
    """
    if _ahead or machine_code.ready(key):
        return True
    count, size, rows = len(key[0]), math.prod(lead), max(key[2], default=0)
    each = CALL + NUMBER * size * max(rows, 1) if lead or rows else FLOAT
    cost = steps * count * each
    compiling = _seconds(COMPILING, key)
    if cost >= compiling:
        return True
    if machine_code.spent(key, cost) >= compiling:
        machine_code.compile_aside(key)
    return False


def _seconds(compiling: tuple[float, float], key: Key) -> float:
    """How long it takes to compile a step."""
    return compiling[0] + compiling[1] * len(key[0])
