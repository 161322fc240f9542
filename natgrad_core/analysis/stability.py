"""How large a rate may be: descent with a fixed metric near a minimum, as a linear map.

There the step is δ ← (I − α G⁻¹H) δ, with H the Hessian and G the metric at the minimum. It shrinks
every δ exactly if |1 − αγ| < 1 for each eigenvalue γ of G⁻¹H, that is if 0 < α < 2/γ_max.
"""

from __future__ import annotations

import numpy as np

from natgrad_core.types import Array, ArrayLike


def critical_rate(hessian: ArrayLike, metric: ArrayLike | None = None) -> Array:
    """Return α* = 2/γ_max(G⁻¹H), below which descent shrinks. For G = I: Nesterov 2004, sec. 1.2.

    Args:
        hessian: H, symmetric and positive definite, ``[..., d, d]``.
        metric: G, symmetric and positive definite, ``[..., d, d]``; I if none is given.

    Returns:
        α*, ``[...]``.
    """
    h = np.asarray(hessian, float)
    if metric is not None:
        root = np.linalg.cholesky(np.asarray(metric, float))
        half = np.linalg.solve(root, np.broadcast_to(h, np.broadcast_shapes(h.shape, root.shape)))
        h = np.linalg.solve(root, np.swapaxes(half, -1, -2))  # L⁻¹HL⁻ᵀ is as G⁻¹H, and symmetric
    return np.asarray(2.0 / np.linalg.eigvalsh(h)[..., -1], np.float64)
