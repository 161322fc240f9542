"""Hatching: slanted lines over the part of a window where something is negative."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from natgrad_core.types import Array, Whole
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.drawing.sheet import Sheet

_LINES, _FINE = 44, 40


def hatch(height: Callable[[Array], Array], view: Array) -> tuple[Array, Whole]:
    """Pieces of slanted lines on which ``height`` is below 0: ends ``[2 n, 2]``, and their starts.

    ``height`` is asked once, of points ``[lines, fine, 2]`` of the window ``view [2, 2]``; between
    two of them it is taken for straight. What the same function said of the same window is kept,
    for it stays while a rate is dragged. Where ``height`` is not finite nothing is hatched.
    """
    (left, right), (low, high) = view.tolist()
    return _pieces(height, (left, right, low, high))


@bounded_cache
def _pieces(
    height: Callable[[Array], Array], sides: tuple[float, float, float, float]
) -> tuple[Array, Whole]:
    view = np.reshape(sides, (2, 2))
    slide = np.linspace(-1.0, 1.0, _LINES + 2)[1:-1, None]
    from_ = np.maximum(0.0, -slide)  # the line v = u + slide enters the unit square here
    u = from_ + np.linspace(0.0, 1.0, _FINE) * (1.0 - np.abs(slide))
    points = view[:, 0] + np.stack([u, u + slide], -1) * np.ptp(view, axis=1)
    found = height(points)
    held = np.zeros((_LINES, _FINE + 2), bool)
    held[:, 1:-1] = found < 0
    edges = np.diff(held.astype(np.int8), axis=1)
    ends = []
    for change in (1, -1):  # where pieces begin, and where they end
        line, at = np.nonzero(edges == change)
        inner, outer = (at, at - 1) if change == 1 else (at - 1, at)
        beyond = np.clip(outer, 0, _FINE - 1)
        low, high = found[line, inner], found[line, beyond]
        with np.errstate(all="ignore"):
            part = np.where(np.isfinite(high) & (high > low), low / (low - high), 0.0)[:, None]
        ends.append(points[line, inner] * (1 - part) + points[line, beyond] * part)
    pieces = np.stack(ends, 1).reshape(-1, 2), np.arange(0, 2 * len(ends[0]) + 1, 2)
    for array in pieces:
        array.flags.writeable = False
    return pieces


def add_hatch(
    sheet: Sheet, plane: str, style: str, name: str, height: Callable[[Array], Array], view: Array
) -> None:
    """Hatch the part of a plane's window where ``height`` is below 0; nothing where it never is."""
    points, starts = hatch(height, view)
    if len(points):
        sheet.add(plane, "curve", style, name, points=points, starts=starts, faint=True, width=1.1)
