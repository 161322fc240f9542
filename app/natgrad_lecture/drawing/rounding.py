"""Numbers that are only rounding: nothing is drawn or written of them."""

from __future__ import annotations

import numpy as np

from natgrad_core.types import Array, ArrayLike


def without_rounding(values: ArrayLike, size: ArrayLike, share: float = 1e-13) -> Array:
    """Return the same with zero for what is only rounding: where terms of a size have canceled.

    Args:
        values: The numbers, ``[...]``.
        size: That of the terms of which they are made, ``[...]``.
        share: How much of the size rounding may be.

    Returns:
        The numbers, ``[...]``.
    """
    found = np.asarray(values, float)
    return np.where(np.abs(found) < share * np.asarray(size, float), 0.0, found)
