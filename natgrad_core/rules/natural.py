"""The natural gradient."""

from __future__ import annotations

from natgrad_core.core.rule import Rule, chain, descend, precondition
from natgrad_core.metrics.fisher import fisher
from natgrad_core.rules import rules
from natgrad_core.types import ArrayLike


@rules.register(invariance="linear", needs="model", color="green", symbol="diamond")
def natural(
    rate: ArrayLike = 0.1,
    damping: ArrayLike = 0.0,
    kind: str = "identity",
    singular: str = "diverge",
) -> Rule:
    """θ ← θ − α (F + λD)⁻¹ ∇J: steepest descent when length is measured by KL (Amari 1998).

    Args:
        rate: α, one number or an array over the leading axes ``[...]``.
        damping: λ ≥ 0, one number or an array over the leading axes ``[...]``.
        kind: What D is, a name in ``natgrad_core.core.damping.ALL_KINDS``.
        singular: What to do where there is no inverse: "diverge" or "pseudo-inverse", as in
            ``precondition``.

    Returns:
        The rule.

    Raises:
        ValueError: If a number is out of range, or ``kind`` or ``singular`` is unknown.
    """
    return chain(
        precondition(fisher(), damping, kind, singular),
        descend(rate),
        latex=r"\theta \leftarrow \theta - \alpha F^{-1} \nabla J",
        source="Amari 1998, theorem 1",
    )
