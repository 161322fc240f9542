"""A derivation whose every line can be computed, and an exercise whose answer is checked.

The words and formulas of a derivation stand in ``text.md``; here stands what its lines are as
numbers. A line says ``left = right``; both sides are functions of what the engine says of a state.
So the page prints both numbers beside the line, and the tests compare them at random states.

    DERIVATIONS = {
        "product": Derivation(
            here,                                   # what the lines read of a state
            Scope({"matrix": matrices()}),
            {"chain": vector(slopes_in_x, lambda at: at.A.T @ at.gradient, lights=("gradient",))},
        )
    }
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from natgrad_core.types import Array
from natgrad_lecture.lessons.scope import Scope

Changes = Mapping[str, Any]

Side = Callable[[Any], ArrayLike]
"""One side of a line, of what ``Derivation.look`` found in a state."""

Shape = Literal["number", "vector", "matrix"]

EXACT = 1e-7
"""How far two sides may be apart, in parts of the larger one, where a line is an equality."""

ROUNDING = 1e-11
"""What is smaller than this part of a line's largest number is rounding, and is printed as 0."""

VISIBLE = 2e-3
"""How far two sides are apart, in parts of the larger one, that three digits tell them apart."""

_ENTRIES: Mapping[Shape, tuple[tuple[int, ...], ...]] = {
    "number": ((),),
    "vector": ((0,), (1,)),
    "matrix": ((0, 0), (0, 1), (1, 0), (1, 1)),
}


@dataclass(frozen=True)
class Line:
    """One line, ``left = right``: a number, a vector of two, or a 2 × 2 matrix.

    ``tolerance`` is the relative error that the tests allow; a line that holds approximately, and
    is printed with ≈, has a large one. ``false`` are wrong right sides that are close to the right
    one, each by what is wrong with it: the tests must tell them apart.
    """

    left: Side
    right: Side
    shape: Shape = "number"
    lights: tuple[str, ...] = ()
    """The styles of the traces that it speaks of; the others step back."""
    tolerance: float = EXACT
    false: Mapping[str, Side] = field(default_factory=dict)
    zero: float = 0.0
    """What is smaller than this is zero: of a line that says that something vanishes."""
    against: Side | None = None
    """What its sides are differences of: what is a thousandth of the tolerance of that is zero."""

    @property
    def sign(self) -> str:
        """= or ≈."""
        return "=" if self.tolerance <= 1e-4 else "≈"

    def sides(self, at: Any) -> tuple[Array, Array]:
        """Both sides, as arrays."""
        with np.errstate(all="ignore"):
            return np.asarray(self.left(at), float), np.asarray(self.right(at), float)

    def holds(self, at: Any) -> bool:
        """Whether both sides are equal up to the tolerance."""
        return _near(*self.sides(at), self.tolerance, self.zero)

    def distinguished(self, at: Any, wrong: Side) -> bool:
        """Whether a wrong right side differs from the left one."""
        return not _near(self.sides(at)[0], np.asarray(wrong(at), float), self.tolerance, self.zero)

    def names(self, stem: str) -> list[str]:
        """The names of its live numbers, those of the left side first."""
        return [
            ".".join((stem, side, *map(str, entry)))
            for side in ("left", "right")
            for entry in _ENTRIES[self.shape]
        ]

    def numbers(self, at: Any) -> list[float | None]:
        """Its live numbers, in the order of ``names``; None where there is none."""
        both = np.concatenate([side.reshape(-1) for side in self.sides(at)])
        size = float(np.abs(both[np.isfinite(both)]).max(initial=0.0))
        terms = 0.0 if self.against is None else float(np.abs(self.against(at)).max())
        least = max(ROUNDING * size, self.zero, 1e-3 * self.tolerance * terms)
        return [None if not np.isfinite(v) else 0.0 if abs(v) < least else float(v) for v in both]

    def differ(self, numbers: Sequence[float | None]) -> bool:
        """Whether the numbers that are printed of its sides differ visibly: its condition fails."""
        left, right = np.split(np.array(numbers, float), 2)
        apart, size = np.abs(left - right).max(), np.abs([left, right]).max()
        return bool(apart > max(VISIBLE, 10 * self.tolerance) * size)

    def latex(self, stem: str) -> str:
        """``left = right`` with places for its live numbers, and for ≠ where they differ."""
        kind = "" if self.shape == "number" else f":{self.shape}"
        return f"@{stem}.left{kind}@ @{stem}.sign:{self.sign}@ @{stem}.right{kind}@"


def number(left: Side, right: Side, **more: Any) -> Line:
    """Make a line between two numbers."""
    return Line(left, right, "number", **more)


def vector(left: Side, right: Side, **more: Any) -> Line:
    """Make a line between two vectors of two numbers."""
    return Line(left, right, "vector", **more)


def matrix(left: Side, right: Side, **more: Any) -> Line:
    """Make a line between two 2 × 2 matrices."""
    return Line(left, right, "matrix", **more)


@dataclass(frozen=True)
class Derivation:
    """The lines of a derivation, by their ids in ``text.md``, where its words stand.

    ``look`` computes once what the lines read, from the model of the state and the step shown.
    """

    look: Callable[[Any], Any]
    scope: Scope
    """Over which states every line holds."""
    lines: Mapping[str, Line]
    set: Changes = field(default_factory=dict)
    """What a talk sets before the first line."""
    beyond: Scope | None = None
    """The scope without the derivation's condition: some line must fail somewhere in it."""

    def numbers(self, name: str, model: Any) -> dict[str, float | str | None]:
        """The live numbers of every line, by name, and ≠ for the sign of one whose sides differ;
        ``name`` is the derivation's id.
        """
        stems = {line: f"derive.{name}.{line}" for line in self.lines}
        found: dict[str, float | str | None] = {}
        try:
            at = self.look(model)
            for line, each in self.lines.items():
                numbers = each.numbers(at)
                found |= zip(each.names(stems[line]), numbers, strict=True)
                if each.differ(numbers):
                    found[f"{stems[line]}.sign"] = "≠"
            return found
        except (ArithmeticError, ValueError):
            # A run has broken off, a matrix has no inverse, a logarithm no value: no numbers.
            return {p: None for line, each in self.lines.items() for p in each.names(stems[line])}


@dataclass(frozen=True)
class Exercise:
    """The answer of an exercise of ``text.md``, checked.

    ``check`` reads what the engine says of the state that ``set`` makes. ``numbers`` are those
    that the answer must name, computed.
    """

    check: Callable[[Any], bool]
    numbers: Callable[[Any], Sequence[float]] = lambda _: ()
    set: Changes | None = None
    """The state that solves an exercise on the page; None for one with pencil and paper."""


def differences(f: Callable[[Array], ArrayLike], x: Array, step: float | Array = 1e-6) -> Array:
    """The partial derivatives of ``f`` at ``x`` by central differences, along the last axis.

    A side of a line that is made of them uses none of the lesson's formulas. ``step`` is one for
    each coordinate; or one for all, and larger for a coordinate that is large.
    """
    steps = step if np.ndim(step) else step * np.maximum(1.0, np.abs(x))
    columns = [
        (np.asarray(f(x + h), float) - np.asarray(f(x - h), float)) / (2 * h.sum())
        for h in np.diag(steps)
    ]
    return np.stack(columns, -1)


FAR = 1e6
"""How far out a run's point may be for differences at it to have digits."""


def in_reach(point: Array) -> Array:
    """Return the point of a run at which lines are computed.

    Raises ZeroDivisionError where the run has broken off, or has gone so far that it is about to.
    """
    if not (np.isfinite(point).all() and np.abs(point).max() < FAR):
        raise ZeroDivisionError("the run has broken off: its lines have no numbers here")
    return point


def _near(a: Array, b: Array, tolerance: float, zero: float = 0.0) -> bool:
    """Whether two arrays are equal up to this part of the larger one, or to what is zero."""
    scale = max(float(np.abs(a).max(initial=0.0)), float(np.abs(b).max(initial=0.0)))
    return bool(a.shape == b.shape and np.all(np.abs(a - b) <= max(tolerance * scale, zero)))
