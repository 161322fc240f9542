"""Where the gradient is zero up to rounding: no arrow is drawn there, for it would show noise."""

from __future__ import annotations

import numpy as np

from natgrad_core.core.problem import Problem
from natgrad_core.linalg.small_matrices import components, full
from natgrad_core.types import Array
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.drawing.windows import grid, window

_ZERO = 1e-7
"""Of the gradients in the window: below it an arrow's direction is not that of a slope."""


def moving(problem: Problem, gradient: Array) -> Array:
    """The gradients, and NaN where one is zero up to rounding, ``[..., d]``.

    Arrows are drawn all of one length, so that at a minimum they would be normalized rounding
    noise. The gradient is taken in θ; what is small is told from the gradients in the window.
    """
    with np.errstate(all="ignore"):
        small = np.linalg.norm(gradient, axis=-1, keepdims=True) < _ZERO * _usual(problem)
    return np.where(small, np.nan, gradient)


@bounded_cache
def _usual(problem: Problem) -> float:
    """The median size of the gradients in a problem's window."""
    points = grid(window(problem), 9).reshape(-1, 2)
    points = points[problem.inside(points)]
    with np.errstate(all="ignore"):
        found = full(problem.at(components(points)).grad, points.shape[:-1])
        sizes = np.linalg.norm(found, axis=-1)
    sizes = sizes[np.isfinite(sizes)]
    return float(np.median(sizes)) if len(sizes) else 1.0
