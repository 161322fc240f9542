"""The shapes a metric draws: its ellipses ½ δᵀGδ = r."""

from __future__ import annotations

import numpy as np

from natgrad_core.types import Array


def ellipse_axes(metric: Array, radius: float) -> Array:
    """Half-axes of {δ : ½ δᵀGδ = r}, as rows, longest first, ``[..., d, d]``.

    Each is an eigenvector of G ``[..., d, d]`` of length √(2r/eigenvalue). NaN where G is not
    positive definite: there the shape is no ellipse.
    """
    good = np.asarray(np.isfinite(metric).all((-1, -2)))
    safe = np.where(good[..., None, None], metric, np.eye(metric.shape[-1]))
    values, vectors = np.linalg.eigh(safe)
    with np.errstate(all="ignore"):
        lengths = np.sqrt(2 * radius / np.where(values > 0, values, np.nan))
    axes = np.swapaxes(vectors, -1, -2) * lengths[..., None]
    return np.where(good[..., None, None], axes, np.nan)
