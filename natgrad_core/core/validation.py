"""Options as they are given to a rule, a metric or a damping: checked, one number or many."""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_core.types import ArrayLike


def number(value: ArrayLike) -> Any:
    """One float, or an array over the leading axes ``[...]``: what a rate or a damping may be."""
    array = np.asarray(value, float)
    return array if array.ndim else float(array)


def checked(name: str, value: ArrayLike, low: float, high: float = np.inf) -> Any:
    """``number(value)`` if finite and in [low, high] (an open end if infinite), else ValueError."""
    array = np.asarray(value, float)
    if not (np.isfinite(array) & (array >= low) & (array <= high)).all():
        finite = "a finite number" if array.ndim == 0 else "finite numbers"
        bounds = f" in [{low:g}, {high:g}]" if np.isfinite(high) else f" ≥ {low:g}"
        raise ValueError(f"{name} must be {finite}{bounds * bool(np.isfinite(low))}, got {value}")
    return number(value)


def decay(name: str, value: ArrayLike) -> Any:
    """A share kept from step to step, in [0, 1), one or many ``[...]``; else ValueError."""
    array = np.asarray(value, float)
    if not ((array >= 0) & (array < 1)).all():
        raise ValueError(f"{name} must be in [0, 1): the share kept a step; got {value}")
    return number(value)
