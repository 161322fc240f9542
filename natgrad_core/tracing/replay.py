"""Run a traced step again and again: on floats from one start, on arrays from many.

The reference implementation is the same formula called on the numbers themselves
(``natgrad_core.core.run.directly``); the two agree to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from natgrad_core.tracing import batched_loop, scalar_loop
from natgrad_core.tracing.tape import Traced


def lifted(state: Sequence[Any]) -> tuple[Any, ...]:
    """Return the same numbers as arrays of one axis, on which arithmetic yields inf or NaN."""
    return tuple(np.asarray(v, float)[..., None] for v in state)


def _number(value: Any) -> Any:
    """Return the float that an array of no axis holds; other values as they are."""
    return value.item() if np.ndim(value) == 0 and hasattr(value, "item") else value


def lowered(state: Sequence[Any]) -> tuple[float, ...]:
    """Return arrays of one number as floats."""
    return tuple(float(np.reshape(v, ())) for v in state)


def replay(traced: Traced, state: tuple[Any, ...], steps: int, shown: int) -> list[tuple[Any, ...]]:
    """Replace the state by the traced step's outputs, ``steps`` times.

    Where floats have no answer (a division by zero, the log of a negative number) that one step is
    made on arrays, which have one.

    Args:
        traced: The step.
        state: The state at the start: floats, or arrays over the leading axes.
        steps: How many steps.
        shown: How many parts of each state to return.

    Returns:
        The first ``shown`` parts of each state, up to the first that is not finite.
    """
    lines, outputs, constants = traced
    numbers = [_number(c) for c in constants]
    if not all(isinstance(v, float | int) or callable(v) for v in (*state, *numbers)):
        found = batched_loop.replay(lines, outputs, state, numbers, steps, shown)
        return [tuple(point) for point in found]
    fast = scalar_loop.compiled(lines, len(numbers), outputs, shown)
    kept: list[tuple[Any, ...]] = []
    while True:
        state = fast(state, numbers, steps - len(kept), kept.append)
        if len(kept) == steps:
            return kept
        once = batched_loop.replay(lines, outputs, state, numbers, 1, len(state))
        state = tuple(once[0].tolist())
        kept.append(state[:shown])
        if not all(map(math.isfinite, state[:shown])):
            return kept


def follow(traced: Traced, state: tuple[Any, ...], steps: int, watch: batched_loop.Watch) -> None:
    """Replay on arrays without a record: ``watch`` sees each state and says whether to go on."""
    batched_loop.replay(traced.lines, traced.outputs, state, traced.constants, steps, watch=watch)
