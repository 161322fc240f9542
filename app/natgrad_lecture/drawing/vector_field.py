"""A field of directions: small arrows of one length on a grid."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from natgrad_core.types import Array, Whole
from natgrad_lecture.drawing.windows import grid

_FINE = 17
_LENGTH, _HEAD = 0.62, 0.34
"""Of an arrow, in cells of the grid, and of its head, in arrows."""


def directions(of: Callable[[Array], Array], view: Array) -> tuple[Array, Whole]:
    """Arrows along ``of(points [n, 2]) -> [n, 2]`` as polylines: points, and where each starts.

    Each is a shaft and a head, centered on its point; none where the vector is zero or not finite.
    """
    cell = np.ptp(view, axis=1) / _FINE
    low = view[:, 0] + cell / 2
    points = grid(np.stack([low, view[:, 1] - cell / 2], -1), _FINE).reshape(-1, 2)
    with np.errstate(all="ignore"):
        vectors = of(points)
        unit = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    good = np.isfinite(unit).all(-1)
    points, reach = points[good], unit[good] * _LENGTH * cell.min()
    tail, tip = points - reach / 2, points + reach / 2
    across = reach @ np.array([[0.0, 1.0], [-1.0, 0.0]])
    barbs = [tip - _HEAD * reach + side * _HEAD * 0.55 * across for side in (1, -1)]
    lines = np.stack([tail, tip, barbs[0], tip, barbs[1]], 1).reshape(-1, 2)
    starts = np.arange(len(points))[:, None] * 5 + np.array([0, 2])
    return lines, np.append(starts.ravel(), len(lines))
