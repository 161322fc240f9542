"""A graph of one number against another, on a plane of its own: curves, points, bars of text.

The canvas's planes have one scale for both axes. A graph maps its ranges, linear or logarithmic, to
the unit square, and says itself where its axes are marked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from natgrad_core.types import Array
from natgrad_lecture.drawing.numbers import COARSE, fixed, power_of_ten, round_near, short
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.protocol import Plane, Tick

NARROWEST = 1e-3
"""The least range of an axis beside its numbers; below it their texts need too many digits."""


@dataclass(frozen=True)
class Axis:
    """A range of numbers and its name; ``log`` spaces it by powers of ten.

    A range too narrow for the texts of its marks is widened.
    """

    label: str
    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        lacks = NARROWEST * max(abs(self.low), abs(self.high)) - (self.high - self.low)
        if lacks > 0 and not self.log:
            object.__setattr__(self, "low", self.low - lacks / 2)
            object.__setattr__(self, "high", self.high + lacks / 2)

    def place(self, values: ArrayLike) -> Array:
        """Where numbers lie on the axis, 0 at its low end and 1 at its high one."""
        with np.errstate(all="ignore"):
            if self.log:
                return np.log(np.asarray(values, float) / self.low) / np.log(self.high / self.low)
            return (np.asarray(values, float) - self.low) / (self.high - self.low)

    def ticks(self) -> list[Tick]:
        """Marks at powers of ten, or at round numbers: place and text.

        A logarithmic axis with one power of ten or none has marks at 1, 2 and 5 times a power; if
        fewer than two of these lie on it, at round numbers like a linear one.
        """
        if self.log:
            first, last = np.ceil(np.log10(self.low) - 1e-9), np.floor(np.log10(self.high) + 1e-9)
            if last > first:
                by = max(1, round((last - first) / 6))
                powers = np.arange(first, last + 1, by)
                places = self.place(10.0**powers).tolist()
                texts = [power_of_ten(int(p)) for p in powers]
                return [(at, text) for at, text in zip(places, texts, strict=True)]
            rounds = np.outer(10.0 ** np.arange(last - 1, first + 1), COARSE).ravel()
            inside = rounds[(rounds > self.low * (1 - 1e-9)) & (rounds < self.high * (1 + 1e-9))]
            if len(inside) > 1:
                places = self.place(inside).tolist()
                return list(zip(places, map(short, inside.tolist()), strict=True))
        step = round_near((self.high - self.low) / 5)
        values = np.arange(np.ceil(self.low / step - 1e-9), self.high / step + 1e-9) * step
        places = max(0, -int(np.floor(np.log10(step) + 1e-9)))
        texts = [fixed(value, places) for value in values.tolist()]
        return [(at, text) for at, text in zip(self.place(values).tolist(), texts, strict=True)]


@dataclass(frozen=True)
class Graph:
    """One graph on the plane ``name`` of a sheet."""

    sheet: Sheet
    name: str
    title: str
    x: Axis
    y: Axis

    def points(self, x: ArrayLike, y: ArrayLike) -> Array:
        """Numbers as points of the unit square, ``[n, 2]``."""
        return np.stack(np.broadcast_arrays(self.x.place(x), self.y.place(y)), -1)

    def curve(self, style: str, label: str, x: ArrayLike, y: ArrayLike, **more: Any) -> None:
        """Draw y against x as a line; ``dash="dashed"`` for a second of its kind."""
        self.sheet.add(self.name, "curve", style, label, points=self.points(x, y), **more)

    def marks(self, style: str, label: str, x: ArrayLike, y: ArrayLike, **more: Any) -> None:
        """Draw single points."""
        points = self.points(np.atleast_1d(x), np.atleast_1d(y))
        self.sheet.add(self.name, "points", style, label, points=points, **more)

    def path(self, style: str, name: str, x: ArrayLike, y: ArrayLike, **more: Any) -> None:
        """Draw y against x with a point a step: travelled as far as the step shown."""
        self.sheet.add(self.name, "path", style, name, points=self.points(x, y), **more)

    def area(self, style: str, label: str, x: ArrayLike, y: ArrayLike, **more: Any) -> None:
        """Fill the area between y, with one point per step, and zero."""
        base = float(self.y.place(0.0))
        self.sheet.add(self.name, "area", style, label, points=self.points(x, y), base=base, **more)

    def plane(self) -> Plane:
        """The plane of the answer."""
        return {
            "name": self.name,
            "title": self.title,
            "labels": [self.x.label, self.y.label],
            "view": [0.0, 1.0, 0.0, 1.0],
            "scales": [(axis.low, axis.high, axis.log) for axis in (self.x, self.y)],
            "ticks": [self.x.ticks(), self.y.ticks()],
        }
