"""The natural gradient with momentum."""

from __future__ import annotations

from natgrad_core.core.rule import Rule, chain, descend, precondition
from natgrad_core.metrics.fisher import fisher
from natgrad_core.rules import rules
from natgrad_core.rules.momentum import accumulate
from natgrad_core.types import ArrayLike


@rules.register(invariance="linear", needs="model", color="gray", symbol="hexagon")
def natural_momentum(
    rate: ArrayLike = 0.02,
    beta: ArrayLike = 0.9,
    damping: ArrayLike = 0.0,
    kind: str = "identity",
    singular: str = "diverge",
) -> Rule:
    """m ← βm + (F + λD)⁻¹∇J, θ ← θ − αm.

    The memory m is a vector, so the run is invariant under linear charts. Under nonlinear charts it
    is not, because m adds vectors of different points.

    Args:
        rate: α, one number or an array over the leading axes ``[...]``.
        beta: β in [0, 1), one number or an array over the leading axes ``[...]``.
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
        accumulate(beta),
        descend(rate),
        latex=r"m \leftarrow \beta m + F^{-1} \nabla J,\; \theta \leftarrow \theta - \alpha m",
        source="Polyak 1964; Amari 1998",
    )
