"""The natural gradient with a correction towards the geodesic."""

from __future__ import annotations

from natgrad_core.core.evaluation import At
from natgrad_core.core.rule import Memory, Rule, chain, descend, precondition
from natgrad_core.geometry.christoffel import bending
from natgrad_core.metrics.fisher import fisher
from natgrad_core.rules import rules
from natgrad_core.types import ArrayLike, Vector


def _correct(direction: Vector, at: At, memory: Memory) -> tuple[Vector, Memory]:
    curved = bending(at, direction)
    return tuple(v - b / 2 for v, b in zip(direction, curved, strict=True)), memory


@rules.register(invariance="linear", needs="model", color="olive", symbol="star")
def geodesic(rate: ArrayLike = 0.1) -> Rule:
    """θ ← θ + v − ½Γ(v, v) with v = −αF⁻¹∇J: the geodesic with velocity v, to second order.

    The geodesic itself (the exponential map) would be the same in every chart; this is, up to α².
    Song, Song and Ermon 2018, with the Christoffel symbols Γ exact.

    Args:
        rate: α, one number or an array over the leading axes ``[...]``.

    Returns:
        The rule.

    Raises:
        ValueError: If the rate is not finite.
    """
    return chain(
        precondition(fisher()),
        descend(rate),
        Rule(_correct, name="correct", form="correct", latex=r"v - \tfrac12 \Gamma(v, v)"),
        latex=r"\theta \leftarrow \theta + v - \tfrac12 \Gamma(v, v),\; "
        r"v = -\alpha F^{-1} \nabla J",
        source="Song, Song and Ermon 2018",
    )
