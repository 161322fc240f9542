"""Check the options of rules, metrics and damping: one number or many, in a range."""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_core.types import ArrayLike


def number(value: ArrayLike) -> Any:
    """Return a rate or a damping as one float, or as an array over the leading axes.

    Args:
        value: A number, or an array ``[...]``.

    Returns:
        A float, or an array ``[...]``.
    """
    array = np.asarray(value, float)
    return array if array.ndim else float(array)


def checked(name: str, value: ArrayLike, low: float, high: float = np.inf) -> Any:
    """Return ``number(value)`` if it is finite and in [low, high].

    Args:
        name: What it is called in the message.
        value: A number, or an array ``[...]``.
        low: The least value; −inf where there is none.
        high: The largest value; inf where there is none.

    Returns:
        A float, or an array ``[...]``.

    Raises:
        ValueError: If a number is not finite or out of range.
    """
    array = np.asarray(value, float)
    if not (np.isfinite(array) & (array >= low) & (array <= high)).all():
        finite = "a finite number" if array.ndim == 0 else "finite numbers"
        bounds = f" in [{low:g}, {high:g}]" if np.isfinite(high) else f" ≥ {low:g}"
        raise ValueError(f"{name} must be {finite}{bounds * bool(np.isfinite(low))}, got {value}")
    return number(value)


def decay(name: str, value: ArrayLike) -> Any:
    """Return the share that is kept from step to step.

    Args:
        name: What it is called in the message.
        value: A number, or an array ``[...]``.

    Returns:
        A float, or an array ``[...]``.

    Raises:
        ValueError: If a number is not in [0, 1).
    """
    array = np.asarray(value, float)
    if not ((array >= 0) & (array < 1)).all():
        raise ValueError(f"{name} must be in [0, 1): the share kept per step; got {value}")
    return number(value)
