"""The robustness map: how a rule fares over a grid, a heat map that comes coarse to fine.

A sweep is made block by block, and each block only when a page asks for it: nobody waits, and who
stops asking has stopped it. What is known of a grid is kept, so that going back to it is free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from app.figures.graph import Graph
from app.figures.sheet import Sheet
from natgrad_core.sweep import COARSEST, Sweep
from natgrad_core.types import Array, Bools, Whole

SLOWEST = 0.8
"""The color of a run that arrives with its last step; 1 is for one that is still on its way."""


class Kept:
    """A sweep as far as it was asked for. ``part`` counts its blocks."""

    def __init__(self, blocks: Iterator[Sweep]) -> None:
        self._blocks = blocks
        self.part = 0
        self.sweep: Sweep | None = None
        self.whole = False

    def upto(self, part: int) -> Sweep | None:
        """What is known once ``part`` blocks are; it may be more."""
        while self.part < part and not self.whole:
            self.sweep = next(self._blocks, self.sweep)
            self.part += 1
            self.whole = self.sweep is not None and self.sweep.share == 1
        return self.sweep


def keeper(sweeping: Callable[..., Iterator[Sweep]], size: int = 24) -> Callable[..., Kept]:
    """``sweeping`` with a memory of the last ``size`` grids that it was asked for."""
    return lru_cache(maxsize=size)(lambda *key: Kept(sweeping(*key)))


def colors(found: Sweep, target: float, begin: float, steps: int) -> Array:
    """The map's numbers ``[rates, dampings, angles]``: 0 for a run that arrives at once.

    ``SLOWEST`` for one that arrives with the last step, 1 for one that has not, NaN for one that
    broke or stands higher than it began. Unknown cells take their nearest known neighbor's.
    """
    with np.errstate(all="ignore"):
        arrived = found.loss <= target
        quick = SLOWEST * np.log1p(found.first) / np.log1p(steps)
        value = np.where(arrived, quick, np.where(found.loss < begin, 1.0, np.nan))
    return _spread(value, found.done)


def _spread(value: Array, done: Bools) -> Array:
    shown, stride = value, COARSEST
    while stride >= 1:
        near = np.ix_(*(_nearest(n, stride) for n in value.shape))
        shown = np.where(done[near], value[near], shown) if stride < COARSEST else value[near]
        stride //= 2
    return shown


def _nearest(count: int, stride: int) -> Whole:
    """For each index the nearest multiple of ``stride`` below ``count``."""
    return np.minimum((np.arange(count) + stride // 2) // stride, (count - 1) // stride) * stride


def add_map(sheet: Sheet, graph: Graph, cells: Array, name: str) -> None:
    """Draw ``cells [up, across]``, evenly spaced with the first and the last on the edges."""
    up, across = cells.shape
    x, y = 0.5 / max(across - 1, 1), 0.5 / max(up - 1, 1)
    sheet.add(graph.name, "heat", "map", name, cells=cells.ravel(), size=[up, across],
              box=[-x, 1 + x, -y, 1 + y])  # fmt: skip


def progress(sheet: Sheet, kept: Kept) -> dict[str, Any]:
    """What an answer says of a map that is not whole: what to ask next, and how far it is."""
    if kept.whole:
        return {}
    share = kept.sweep.share if kept.sweep else 0.0
    return {"more": max(kept.part, sheet.fine) + 1, "progress": share}
