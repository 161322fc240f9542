"""The ellipses ½ δᵀGδ = r of a metric G: axes, outline, and how far a direction reaches.

½ δᵀFδ is the leading term of the KL divergence, so the ellipses of the Fisher matrix approximate
its level sets (``natgrad_core.geometry.level_sets``).
"""

from __future__ import annotations

import numpy as np

from natgrad_core.types import Array


def ellipse_axes(metric: Array, radius: float) -> Array:
    """Return the half-axes of {δ : ½ δᵀGδ = r}.

    Each is an eigenvector of G of length √(2r/eigenvalue).

    Args:
        metric: G, ``[..., d, d]``.
        radius: r.

    Returns:
        The half-axes as rows, longest first, ``[..., d, d]``; NaN where G is not positive
        definite, because the set is not an ellipse there.
    """
    if metric.shape[-1] == 2:
        return _plane_axes(metric[..., 0, 0], metric[..., 0, 1], metric[..., 1, 1], radius)
    return axes_by_eigenvectors(metric, radius)


def axes_by_eigenvectors(metric: Array, radius: float) -> Array:
    """Return ``ellipse_axes`` for any d; in the plane it is their reference.

    Args:
        metric: G, ``[..., d, d]``.
        radius: r.

    Returns:
        The half-axes as rows, longest first, ``[..., d, d]``; NaN where G is not positive definite.
    """
    good = np.asarray(np.isfinite(metric).all((-1, -2)))
    safe = np.where(good[..., None, None], metric, np.eye(metric.shape[-1]))
    values, vectors = np.linalg.eigh(safe)
    with np.errstate(all="ignore"):
        lengths = np.sqrt(2 * radius / np.where(values > 0, values, np.nan))
    axes = np.swapaxes(vectors, -1, -2) * lengths[..., None]
    return np.where(good[..., None, None], axes, np.nan)


def _plane_axes(a: Array, b: Array, d: Array, radius: float) -> Array:
    """The same for G = [[a, b], [b, d]] in closed form: eigenvalues m ± r, turned by ½ atan2."""
    with np.errstate(all="ignore"):
        half = (a - d) / 2
        high = (a + d) / 2 + np.hypot(half, b)
        low = a * (d / high) - b * (b / high)  # det G / high, which loses no digits
        good = (low > 0) & np.isfinite(high)
        long, short = np.sqrt(2 * radius / low), np.sqrt(2 * radius / high)
        turn = np.arctan2(b, half) / 2
        cos, sin = np.cos(turn), np.sin(turn)
        axes = np.empty((*np.shape(a), 2, 2))
        axes[..., 0, 0], axes[..., 0, 1] = -sin * long, cos * long
        axes[..., 1, 0], axes[..., 1, 1] = cos * short, sin * short
    axes[~good] = np.nan
    return axes


def spread_axes(covariance: Array, radius: float) -> Array:
    """Return the half-axes of {s : ½ sᵀC⁻¹s = r}, of length √(2r·eigenvalue).

    Args:
        covariance: C, ``[..., d, d]``; if it is singular some half-axes are zero.
        radius: r.

    Returns:
        The half-axes as rows, longest first, ``[..., d, d]``.
    """
    values, vectors = np.linalg.eigh(covariance)
    lengths = np.sqrt(2 * radius * np.maximum(values, 0.0))
    return (np.swapaxes(vectors, -1, -2) * lengths[..., None])[..., ::-1, :]


def outline(metric: Array, radius: float, count: int = 120) -> Array:
    """Return points of {δ : ½ δᵀGδ = r} in the plane, once around.

    Args:
        metric: G, ``[..., 2, 2]``.
        radius: r.
        count: How many points.

    Returns:
        The points, ``[..., count, 2]``.
    """
    first, second = np.moveaxis(ellipse_axes(metric, radius), -2, 0)
    turn = np.linspace(0.0, 2 * np.pi, count)[:, None]
    return np.cos(turn) * first[..., None, :] + np.sin(turn) * second[..., None, :]


def reach(direction: Array, metric: Array, radius: float) -> Array:
    """Return the multiple of a direction v that ends on {δ : ½ δᵀGδ = r}: √(2r / vᵀGv) v.

    Args:
        direction: v, ``[..., d]``.
        metric: G, ``[..., d, d]``; if it is the Fisher matrix, r is in nats of KL to second order.
        radius: r.

    Returns:
        The end, ``[..., d]``; NaN where vᵀGv ≤ 0.
    """
    with np.errstate(all="ignore"):
        length = np.einsum("...i,...ij,...j->...", direction, metric, direction)
        scale = np.sqrt(2 * radius / np.where(length > 0, length, np.nan))
        return direction * scale[..., None]
