"""Newton's method."""

from __future__ import annotations

from natgrad_core.core.rule import Rule, chain, descend, precondition
from natgrad_core.metrics.hessian import hessian
from natgrad_core.rules import rules
from natgrad_core.types import ArrayLike


@rules.register(invariance="linear", color="blue", symbol="square", label="Newton")
def newton(
    rate: ArrayLike = 1.0,
    damping: ArrayLike = 0.0,
    kind: str = "identity",
    singular: str = "diverge",
) -> Rule:
    """θ ← θ − α (H + λD)⁻¹ ∇J: Newton's method (Nocedal and Wright 2006, ch. 3).

    With λ = 0 it is invariant under linear charts. Where H + λD is indefinite it may go uphill.

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
        precondition(hessian(), damping, kind, singular),
        descend(rate),
        latex=r"\theta \leftarrow \theta - \alpha H^{-1} \nabla J",
        source="Newton 1669; Raphson 1690",
    )
