"""Lines with no more points than the eye can tell: many at once, in flat arrays.

``points [n, 2]`` holds the lines one after the other; ``starts [lines + 1]`` says where each
begins, and where the last one ends. The ends of a line always stay.
"""

from __future__ import annotations

import numpy as np

from natgrad_core.types import Array, Bools, Whole

_FINE = 3e-4
"""In views: a third of a pixel on the widest plane."""
_ENOUGH = 0.9
"""Once more of the points stay, another round is not worth its time."""
_MARGIN = 0.01
"""In views: half of a line's width, and more."""


def thinned(
    points: Array, starts: Whole, size: Array, longest: float = np.inf
) -> tuple[Array, Whole]:
    """The lines without what no eye misses in a view of this ``size [2]``.

    Every other point goes, again and again as long as many do, if it is within ``_FINE`` of the
    chord past it (of no line through it: the tip of a hairpin stays) and the chord is no longer
    than ``longest``. A point that is not finite stays, and so do its neighbors.
    """
    x, y = (np.ascontiguousarray(points[:, axis]) / size[axis] for axis in (0, 1))
    left = np.arange(len(points))
    while True:
        kept = np.ones(len(x), bool)
        with np.errstate(all="ignore"):
            u, v = x[2::2] - x[:-2:2], y[2::2] - y[:-2:2]  # the chord
            s, t = x[1:-1:2] - x[:-2:2], y[1:-1:2] - y[:-2:2]
            square, along, across = u * u + v * v, s * u + t * v, s * v - t * u
            beside = (along > 0) & (along < square)
            close = across * across <= _FINE**2 * square
            kept[1:-1:2] = ~(beside & close & (square <= longest**2))
        kept[_ends(starts)] = True
        x, y, left = x[kept], y[kept], left[kept]
        starts = _moved(starts, kept)
        if kept.sum() >= _ENOUGH * len(kept):
            return points[left], starts


def seen(points: Array, starts: Whole, view: Array) -> tuple[Array, Whole]:
    """The lines without what lies outside of ``view [2, 2]``, where its outline passes unseen.

    A point goes if it and both its neighbors lie beyond the same side, and so does the chord past
    it. A ring stays a ring, and what is seen of its inside stays as it is.
    """
    side = np.zeros(len(points), np.int8)  # beyond which side; one each, or a corner would be cut
    for axis, (low, high) in enumerate(view):
        along, margin = np.ascontiguousarray(points[:, axis]), _MARGIN * (high - low)
        side[along < low - margin] = 2 * axis + 1
        side[along > high + margin] = 2 * axis + 2
    kept = np.ones(len(points), bool)
    kept[1:-1] = (side[1:-1] == 0) | (side[1:-1] != side[:-2]) | (side[1:-1] != side[2:])
    kept[_ends(starts)] = True
    return points[kept], _moved(starts, kept)


def _ends(starts: Whole) -> Whole:
    """Which points are the first or the last of a line."""
    first, last = starts[:-1], starts[1:] - 1
    return np.concatenate([first[first <= last], last[first <= last]])


def _moved(starts: Whole, kept: Bools) -> Whole:
    return np.concatenate([[0], np.cumsum(kept)])[starts]
