"""The robustness map: how a rule fares over a grid, a heat map that comes coarse to fine.

A sweep is made block by block, and each block only when a page asks for it: nobody waits, and who
stops asking has stopped it. What is known of a grid is kept, so that going back to it is free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, Protocol, TypedDict, TypeVar

import numpy as np

from natgrad_core.analysis.grid_sweep import COARSEST, Sweep
from natgrad_core.types import Array, Bools, Whole
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.drawing.graph import Axis, Graph
from natgrad_lecture.drawing.numbers import short
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.protocol import ColorScale, Tick

SLOWEST = 0.8
"""The color of a run that arrives with its last step; 1 is for one that is still on its way."""

MOST_COUNTED = 3000.0
"""Up to here the marks of a scale of counts are written out."""


class Partial(Protocol):
    """What is known so far, and which part of the whole that is."""

    @property
    def share(self) -> float:
        """From 0 to 1."""
        ...


P = TypeVar("P", bound=Partial)


class Kept(Generic[P]):
    """Something heavy as far as it was asked for. ``part`` counts its blocks."""

    def __init__(self, blocks: Iterator[P]) -> None:
        self._blocks = blocks
        self.part = 0
        self.known: P | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing is left to ask for."""
        return self.known is not None and self.known.share == 1

    def upto(self, part: int) -> P | None:
        """What is known once ``part`` blocks are; it may be more."""
        while self.part < part and not self.whole:
            self.known = next(self._blocks, self.known)
            self.part += 1
        return self.known


def keeper(blocks: Callable[..., Iterator[P]]) -> Callable[..., Kept[P]]:
    """``blocks`` with a memory of the last calls, as far as each was asked for."""

    @bounded_cache
    def kept(*key: Any) -> Kept[P]:
        return Kept(blocks(*key))

    return kept


def colors(found: Sweep, target: float, begin: float, steps: int) -> Array:
    """The map's numbers ``[rates, dampings, angles]``: 0 for a run that arrives at once.

    ``SLOWEST`` for one that arrives with the last step, 1 for one that has not, NaN for one that
    broke or stands higher than it began. Unknown cells take their nearest known neighbor's.
    """
    with np.errstate(all="ignore"):
        arrived = found.loss <= target
        quick = SLOWEST * steps_axis("", steps).place(np.maximum(found.first, 1))
        value = np.where(arrived, quick, np.where(found.loss < begin, 1.0, np.nan))
    return spread(value, found.done)


def steps_axis(label: str, steps: int) -> Axis:
    """The numbers of steps after which a run arrives: the first one at the low end, by powers."""
    return Axis(label, 1.0, float(max(steps, 2)), log=True)


def color_scale(axis: Axis, upto: float = 1.0, **notes: str) -> ColorScale:
    """What the colors of a map mean.

    Args:
        axis: The numbers along the scale, and what they are.
        upto: The color at which the scale ends.
        notes: What other colors mean, where there are any: ``over``, those beyond the scale,
            ``none``, that of a cell without a number, and ``under``, the first one, where it
            stands for smaller numbers, too.

    Returns:
        The scale, as the page draws it and reads cells by it.
    """
    found: ColorScale = {
        "label": axis.label,
        "axis": (axis.low, axis.high, axis.log),
        "ticks": _ticks(axis),
    }
    if upto != 1.0:
        found["upto"] = upto
    if notes:
        found["notes"] = notes
    return found


def _ticks(axis: Axis) -> list[Tick]:
    """The marks of a scale: small counts are written out, 1, 3, 10, 30, and not as powers."""
    if not (axis.log and axis.low >= 1 and axis.high <= MOST_COUNTED):
        return axis.ticks()
    numbers = [d * 10.0**n for n in range(4) for d in (1, 3)]
    inside = [n for n in numbers if axis.low <= n <= axis.high]
    return [(float(axis.place(n)), short(n)) for n in inside]


def spread(value: Array, done: Bools) -> Array:
    """A map in which unknown cells take their nearest known neighbor's value, coarse to fine."""
    shown, stride = value, COARSEST
    while stride >= 1:
        near = np.ix_(*(_nearest(n, stride) for n in value.shape))
        shown = np.where(done[near], value[near], shown) if stride < COARSEST else value[near]
        stride //= 2
    return shown


def _nearest(count: int, stride: int) -> Whole:
    """For each index the nearest multiple of ``stride`` below ``count``."""
    return np.minimum((np.arange(count) + stride // 2) // stride, (count - 1) // stride) * stride


def add_map(sheet: Sheet, graph: Graph, cells: Array, colors: ColorScale) -> None:
    """Draw ``cells [up, across]``, evenly spaced with the first and the last on the edges."""
    up, across = cells.shape
    x, y = 0.5 / max(across - 1, 1), 0.5 / max(up - 1, 1)
    sheet.add(
        graph.name,
        "heat",
        "map",
        colors["label"],
        cells=cells.ravel(),
        size=[up, across],
        box=[-x, 1 + x, -y, 1 + y],
        colors=colors,
    )


class Growth(TypedDict, total=False):
    """What an answer says of a picture that is not whole yet; see ``Answer`` of protocol.py."""

    more: int
    progress: float
    word: str


def progress(sheet: Sheet, kept: Kept[Any]) -> Growth:
    """What an answer says of what is not whole yet: what to ask next, and how far it is."""
    if kept.whole:
        return {}
    share = kept.known.share if kept.known is not None else 0.0
    return {"more": max(kept.part, sheet.fine) + 1, "progress": share}
