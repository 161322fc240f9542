"""A traced step on floats, for one start: the lines written as a Python loop, and compiled.

About a microsecond a step, where NumPy's calls on arrays of two numbers take forty.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from natgrad_core.tracing.functions import FLOAT_FUNCTIONS
from natgrad_core.tracing.tape import Line


def source(lines: Sequence[Line], constants: int, outputs: Sequence[str], shown: int) -> str:
    """Write the loop on floats as Python: x0, x1, … ← ``outputs``, as often as the caller says.

    The loop keeps the first ``shown`` parts of each state, and returns the last state before
    arithmetic on floats raised an error. Lines that no output needs are left out.
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
    given = ", ".join(f"c{i}" for i in range(constants))
    return "\n".join(
        [
            "def replay(state, constants, steps, keep):",
            f"    {state} = state",
            f"    {given}, = constants" if constants else "    pass",
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
def compiled(
    lines: tuple[Line, ...], constants: int, outputs: tuple[str, ...], shown: int
) -> Callable[..., tuple[Any, ...]]:
    """Compile the loop, once for all runs whose steps have the same lines."""
    scope: dict[str, Any] = dict(FLOAT_FUNCTIONS)
    exec(compile(source(lines, constants, outputs, shown), "<a traced step>", "exec"), scope)
    return scope["replay"]
