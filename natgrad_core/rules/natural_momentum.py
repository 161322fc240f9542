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

    What is remembered is a direction, a vector, so linear charts change nothing (a remembered
    gradient, a covector, would meet another F). Curved charts do: vectors at different points.
    """
    return chain(
        precondition(fisher(), damping, kind, singular),
        accumulate(beta),
        descend(rate),
        latex=r"m \leftarrow \beta m + F^{-1} \nabla J,\; \theta \leftarrow \theta - \alpha m",
        source="Polyak 1964; Amari 1998",
    )
