"""Judge λ, where an inverse is held, by the curvature that a step has on another batch.

Let u be a full step that was made from one batch, and c = uᵀ(F + λI)u the damped curvature that it
was made with. On another batch, which knows nothing of u, the curvature is q = uᵀFu. So q/c tells
whether λ is right: above 1, λ is too small for what the batches do not know of each other; below 1,
λ may fall. One product tells it, wherever a pass is made anyway. Between refreshes c is that of the
held G + λI, in the scale that was right at the refresh: factors have the directions of F, but
seldom its size.

Batches differ, some of them by orders of magnitude, so it is the mean of the logarithm that moves
λ, a running one of few steps: λ is multiplied by its exponential. Where λ is a small part of the
curvature already, less of it would change nothing, and it stays.
"""

from __future__ import annotations

import math

from natgrad_core.nets.rule import Memory

KEEP = 0.5
"""The weight of the logarithms so far."""

LIMIT = 10.0
"""A ratio counts as no more than this, and as no less than one over it."""

FASTEST = 4.0
"""The most that λ is multiplied or divided by at once."""

SMALL = 0.05
"""A share of the curvature that λ need not be smaller than."""

STEADY = 1.5
"""λ that moves by no more than this factor has settled."""


def start() -> Memory:
    """Return the memory before the first step.

    Returns:
        A dictionary of numbers.
    """
    return {"seen": 0, "logarithm": 0.0, "damped": 0.0, "factor": 1.0}


def seen(memory: Memory, known: float, curvature: float, damped: float) -> Memory:
    """Return the memory after the last step was looked at on another batch.

    Args:
        memory: What ``start`` or ``seen`` returned.
        known: c.
        curvature: q, on the other batch.
        damped: λ‖u‖².

    Returns:
        The memory; its ``factor`` is what λ is to be multiplied by.
    """
    if known <= 0:
        return {**memory, "factor": 1.0}
    count = memory["seen"] + 1
    weight = max(1 / count, 1 - KEEP)
    ratio = math.log(min(max(curvature / known, 1 / LIMIT), LIMIT))
    logarithm = memory["logarithm"] + weight * (ratio - memory["logarithm"])
    share = memory["damped"] + weight * (damped / known - memory["damped"])
    factor = min(max(math.exp(logarithm), 1 / FASTEST), FASTEST)
    if factor < 1 and share < SMALL:
        factor = 1.0
    return {"seen": count, "logarithm": logarithm, "damped": share, "factor": factor}


def has_settled(memory: Memory) -> bool:
    """Return whether the last look moved λ by little.

    Args:
        memory: What ``seen`` returned.

    Returns:
        Whether it did.
    """
    return 1 / STEADY <= memory["factor"] <= STEADY
