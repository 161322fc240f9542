"""Whether what a trace draws is seen: there, of some size, inside its plane."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from natgrad_core.types import Array

LEAST = 0.008
"""How long a path or an arrow, or how wide an ellipse, is at least, in widths of its plane."""


def in_view(
    trace: Mapping[str, Any],
    arrays: Mapping[str, Array],
    view: list[float],
    step: int,
    least: float = LEAST,
) -> bool:
    """Whether a trace shows something at this step, of some size and inside its plane."""
    low, size = np.array([view[0], view[2]]), np.array([view[1] - view[0], view[3] - view[2]])

    def placed(points: Array) -> Array:
        flat = np.asarray(points, float).reshape(-1, 2)
        if affine := trace.get("map"):
            a, b, c, d, e, f = affine
            flat = flat @ np.array([[a, c], [b, d]]) + np.array([e, f])
        return (flat - low) / size

    kind = trace["kind"]
    if "points" in trace:
        points = placed(arrays[trace["points"]])
        if kind == "path":
            points = points[: step + 1]
        elif kind == "arrows":
            rows = points.reshape(-1, 2, 2)
            points = rows[min(step, len(rows) - 1)]
        elif "counts" in trace:
            counts = arrays[trace["counts"]]
            points = points[: int(counts[min(step, len(counts) - 1)])]
    elif "shapes" in trace:
        shapes = arrays[trace["shapes"]].reshape(-1, 6)
        shape = shapes if kind == "ellipses" else shapes[[min(step, len(shapes) - 1)]]
        center, axes = shape[:, :2], shape[:, 2:].reshape(-1, 2, 2)
        turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        around = np.stack([np.cos(turn), np.sin(turn)], -1)
        points = placed(center[:, None] + around @ axes)
    else:
        return True  # Maps and bands fill their plane.
    if kind in ("path", "arrows") and 1 < len(points) < 500:
        # What leaves the plane is seen as far as its edge.
        along = np.linspace(0, 1, 101)[:, None, None]
        points = ((1 - along) * points[:-1] + along * points[1:]).reshape(-1, 2)
    inside = points[np.isfinite(points).all(1) & (points >= 0).all(1) & (points <= 1).all(1)]
    if kind == "points":
        return len(inside) > 0
    return len(inside) > 1 and float(np.ptp(inside, axis=0).max()) >= least
