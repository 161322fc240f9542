"""The store: the one mutable thing. It holds the state; controls set it, the stage follows it.

Some controls are not fields of the state but views of one: a single entry of A, a column that is
dragged, the rotation of which A is made. The store turns them into the field they belong to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from app.state import BadInput, State
from natgrad_core.charts.linear import Linear, Parts, compose, decompose
from natgrad_core.problem import OutsideDomain, Problem
from natgrad_core.problems import problems


@lru_cache(maxsize=32)
def problem_named(name: str) -> Problem:
    """The problem of this name with its shipped data."""
    return problems[name]()


@dataclass
class Store:
    """The state of one reader, and how this lesson changes it."""

    default: State
    state: State
    on_problem: Callable[[str], Mapping[str, Any]]
    """What else is set when another problem is chosen: its own start, a rate that suits it."""

    def load(self, plain: Mapping[str, Any]) -> None:
        """Take over a whole state that a page or a notebook holds; BadInput if it is none."""
        if plain:
            self.state = _inside(self.default.with_(**plain))

    def set(self, changes: Mapping[str, Any]) -> dict[str, str]:
        """Make the changes in order; returns what was refused, by field, in words.

        A refused change leaves the last good state as it was; those after it still count.
        """
        errors: dict[str, str] = {}
        for name, value in changes.items():
            try:
                self.state = _inside(self.state.with_(**self._fields(name, value)))
            except BadInput as error:
                at_matrix = name.startswith("matrix.") or name in Parts._fields
                errors[name if at_matrix and error.field == "matrix" else error.field] = str(error)
            except (ValueError, IndexError, TypeError):
                errors[name] = f"there is no control {name[:40]!r} that could be {str(value)[:60]}"
        return errors

    def reset(self) -> None:
        """Back to what the lesson opens with."""
        self.state = self.default

    def _fields(self, name: str, value: Any) -> dict[str, Any]:
        """The fields of the state that the control ``name`` stands for."""
        state = self.state
        if name == "problem":
            return {"problem": value, **self.on_problem(value)}
        if name in Parts._fields:
            return {"matrix": _turned(state.matrix, name, value)}
        head, _, rest = name.partition(".")
        if head == "matrix" and rest:
            matrix = np.array(state.matrix, object)
            i, _, j = rest.partition(".")
            row = slice(None) if i == ":" else int(i)
            matrix[row, int(j)] = value
            return {"matrix": matrix.tolist()}
        if name == "start.x":
            return {"start": Linear(state.matrix).forward(_numbers("start", value)).tolist()}
        if head == "start" and rest:
            start = list(start_of(state))
            start[int(rest)] = value
            return {"start": start}
        return {name: value}


def start_of(state: State) -> tuple[float, ...]:
    """Where the runs of ``state`` start, in θ: its own start, or the problem's."""
    return state.start if state.start is not None else problem_named(state.problem).start


def _inside(state: State) -> State:
    """The state itself if its start is in the problem's domain, else BadInput."""
    try:
        problem_named(state.problem).check(start_of(state))
    except OutsideDomain as error:
        raise BadInput("start", f"{error}. The last good start stays.") from None
    except ValueError as error:
        raise BadInput("start", str(error)) from None
    return state


def _numbers(name: str, value: Any) -> list[float]:
    try:
        return [float(part) for part in value]
    except (TypeError, ValueError):
        raise BadInput(name, f"{value!r} is not a list of numbers") from None


def _turned(matrix: Any, part: str, value: Any) -> Any:
    """A with one of its parts (rotation, stretches, shear) set to ``value``."""
    (number,) = _numbers(part, [value])
    if part == "stretch1" and not number > 0:
        raise BadInput(part, f"the first stretch is {number:g}; it must be more than 0")
    return compose(decompose(matrix)._replace(**{part: number})).tolist()
