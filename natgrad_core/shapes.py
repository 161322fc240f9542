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


def reach(direction: Array, metric: Array, radius: float) -> Array:
    """The multiple of ``direction [..., d]`` that ends on {δ : ½ δᵀGδ = r}, ``[..., d]``.

    √(2r / vᵀGv) v: how far one may go that way for r nats of KL. NaN where vᵀGv ≤ 0.
    """
    length = np.einsum("...i,...ij,...j->...", direction, metric, direction)
    with np.errstate(all="ignore"):
        scale = np.sqrt(2 * radius / np.where(length > 0, length, np.nan))
    return direction * scale[..., None]
