"""Windows on a plane: square, so that what is round looks round, unless the reader says more."""

from __future__ import annotations

import numpy as np

from natgrad_core.core.problem import Problem
from natgrad_core.types import Array
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.drawing.graph import Axis
from natgrad_lecture.protocol import Handle, Plane


def square(points: Array) -> Array:
    """The square window around some points ``[n, 2]``: low and high of each axis, ``[2, 2]``.

    Points that are not numbers are left out. Around a single point each side is one unit long.
    """
    seen = points[np.isfinite(points).all(-1)]
    low, high = seen.min(0), seen.max(0)
    half = float((high - low).max()) / 2 or 0.5
    middle = (low + high) / 2
    return np.stack([middle - half, middle + half], -1)


def corners(view: Array) -> Array:
    """The four corners of a window ``[2, 2]``, ``[4, 2]``."""
    return np.array([[view[0, i], view[1, j]] for i in (0, 1) for j in (0, 1)])


def grid(view: Array, fine: int) -> Array:
    """Points of a window, evenly on both sides, ``[fine, fine, 2]``."""
    sides = (np.linspace(low, high, fine) for low, high in view)
    return np.stack(np.meshgrid(*sides, indexing="xy"), -1)


@bounded_cache
def window(problem: Problem) -> Array:
    """The square window around what a problem wants seen, ``[2, 2]``, not to be written to."""
    found = square(corners(np.asarray(problem.view, float)))
    found.flags.writeable = False
    return found


def plane(name: str, title: str, labels: tuple[str, ...], view: Array) -> Plane:
    """A plane of the answer."""
    return {"name": name, "title": title, "labels": list(labels), "view": view.ravel().tolist()}


def theta(symbols: tuple[str, ...]) -> str:
    """How θ is written on a plane whose axes have letters of their own: "θ = (μ, σ)"."""
    plain = all(symbol.startswith("θ") for symbol in symbols)
    return "θ" if plain else f"θ = ({', '.join(symbols)})"


def is_square(view: Array) -> bool:
    """Whether both axes of a window are as long as each other, to rounding."""
    wide, high = np.ptp(view, axis=1)
    return bool(abs(wide - high) <= 1e-9 * max(wide, high))


def framed(spec: Plane) -> Plane:
    """The same plane with a scale for each axis: ``Sheet.frame`` places what is drawn on it."""
    x0, x1, y0, y1 = spec["view"]
    axes = [Axis(spec["labels"][0], x0, x1), Axis(spec["labels"][1], y0, y1)]
    return {
        **spec,
        "view": [0.0, 1.0, 0.0, 1.0],
        "scales": [(axis.low, axis.high, axis.log) for axis in axes],
        "ticks": [axis.ticks() for axis in axes],
    }


def placed(handle: Handle, view: Array) -> Handle:
    """The same handle on a plane of this window that has a scale for each axis."""
    at = (np.asarray(handle["at"]) - view[:, 0]) / np.ptp(view, axis=1)
    return {**handle, "at": at.tolist()}
