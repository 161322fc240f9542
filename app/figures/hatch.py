"""Hatching: slanted lines over the part of a window where something holds."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from app.figures.sheet import Sheet
from natgrad_core.types import Array, Bools, Whole

_LINES, _FINE = 44, 130


def hatch(where: Callable[[Array], Bools], view: Array) -> tuple[Array, Whole]:
    """Pieces of slanted lines on which ``where`` holds: their ends ``[2 n, 2]`` and their starts.

    ``where`` is asked once, of points ``[lines, fine, 2]`` of the window ``view [2, 2]``, and what
    the same function said of the same window is kept, for it stays while a rate is dragged.
    """
    return _pieces(where, tuple(view.ravel().tolist()))


@lru_cache(maxsize=16)
def _pieces(
    where: Callable[[Array], Bools], sides: tuple[float, float, float, float]
) -> tuple[Array, Whole]:
    view = np.reshape(sides, (2, 2))
    slide = np.linspace(-1.0, 1.0, _LINES + 2)[1:-1, None]
    along = np.linspace(0.0, 1.0, _FINE)
    from_ = np.maximum(0.0, -slide)  # the line v = u + slide enters the unit square here
    u = from_ + along * (1.0 - np.abs(slide))
    points = view[:, 0] + np.stack([u, u + slide], -1) * np.ptp(view, axis=1)
    held = np.zeros((_LINES, _FINE + 2), bool)
    held[:, 1:-1] = where(points)
    edges = np.diff(held.astype(np.int8), axis=1)
    first, last = np.argwhere(edges == 1), np.argwhere(edges == -1) - [0, 1]
    ends = np.stack([points[tuple(first.T)], points[tuple(last.T)]], 1)
    found = ends.reshape(-1, 2), np.arange(0, 2 * len(ends) + 1, 2)
    for array in found:
        array.flags.writeable = False
    return found


def add_hatch(
    sheet: Sheet, plane: str, ink: str, name: str, where: Callable[[Array], Bools], view: Array
) -> None:
    """Hatch the part of a plane's window where ``where`` holds; nothing where it never does."""
    points, starts = hatch(where, view)
    if len(points):
        sheet.add(plane, "curve", ink, name, points=points, starts=starts, faint=True, width=1.1)
