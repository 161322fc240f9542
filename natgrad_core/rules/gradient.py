"""Gradient descent."""

from __future__ import annotations

from natgrad_core.core.rule import Rule, chain, descend
from natgrad_core.rules import rules
from natgrad_core.types import ArrayLike


@rules.register(invariance="none", color="orange", symbol="circle", label="gradient descent")
def gradient(rate: ArrayLike = 0.1) -> Rule:
    """θ ← θ − α ∇J: steepest descent in the Euclidean metric of the coordinates (Cauchy 1847).

    In x, with θ = Ax, it is θ ← θ − α AAᵀ∇J.

    Args:
        rate: α, one number or an array over the leading axes ``[...]``.

    Returns:
        The rule.

    Raises:
        ValueError: If the rate is not finite.
    """
    return chain(
        descend(rate),
        latex=r"\theta \leftarrow \theta - \alpha \nabla J",
        source="Cauchy 1847",
    )
