"""The share of a step that survives the noise of mini-batches, from gradients alone.

Let u = α P g be a full step, of the batch that g is the gradient of, and s the share of it that was
taken. The gradient g' of the next batch knows nothing of the noise of the first one, so
a = uᵀg' + s uᵀg estimates the slope along u before the step: for a quadratic loss of which u is
the best step, uᵀ∇² J u = uᵀg. The share of least expected loss is Σ a/Σ uᵀg. Without noise it is 1.
Where steps are too long the next gradient points back, a falls, and with it the share.
"""

from __future__ import annotations

from torch import Tensor

from natgrad_core.nets.rule import Memory

KEEP = 0.95
"""The weight of the sums so far."""

LEAST = 1e-2
"""The smallest share of a step that is taken."""


def start() -> Memory:
    """Return the sums before the first step.

    Returns:
        A dictionary of tensors and numbers.
    """
    return {"step": None, "used": 1.0, "square": 0.0, "slope": 0.0, "curvature": 0.0, "share": 1.0}


def heard(memory: Memory, gradient: Tensor) -> Memory:
    """Return the sums with what the gradient of another batch says of the last step.

    Args:
        memory: What ``after`` returned.
        gradient: g', ``[p]``.

    Returns:
        The sums, with the share.
    """
    u = memory["step"]
    if u is None:
        return memory
    slope = KEEP * memory["slope"] - float(u @ gradient) + memory["used"] * memory["square"]
    curvature = KEEP * memory["curvature"] + memory["square"]
    share = min(max(slope / curvature, LEAST), 1.0) if curvature > 0 else 1.0
    return {**memory, "step": None, "slope": slope, "curvature": curvature, "share": share}


def after(memory: Memory, gradient: Tensor, full: Tensor, used: float) -> Memory:
    """Return the sums after a step.

    Args:
        memory: The sums.
        gradient: g where it started, ``[p]``.
        full: −u, the change of the full step, ``[p]``.
        used: s, the share of it that was taken.

    Returns:
        The sums; the first step counts as one without noise.
    """
    square = max(-float(full @ gradient), 0.0)
    first = memory["curvature"] == 0
    sums = {"slope": square, "curvature": square} if first else {}
    return {**memory, **sums, "step": full, "square": square, "used": used}
