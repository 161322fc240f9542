"""The natural gradient in a trust region whose size is measured in KL."""

from __future__ import annotations

from typing import Any

from natgrad_core.core import damping as dampings
from natgrad_core.core.evaluation import At
from natgrad_core.core.gain_ratio import gain_ratio, only_if
from natgrad_core.core.rule import Memory, Rule, Update, of_form, precondition
from natgrad_core.core.validation import checked
from natgrad_core.linalg.small_matrices import dot
from natgrad_core.metrics.fisher import fisher
from natgrad_core.rules import rules
from natgrad_core.tracing.ops import maximum, sqrt
from natgrad_core.types import ArrayLike, Vector

LEAST = 1e-30
"""Nats below which a radius is not made smaller: such a step moves no digit."""


@rules.register(invariance="linear", needs="model", color="violet", symbol="cross")
def trust_region(
    radius: ArrayLike = 0.1, largest: ArrayLike = 1.0, singular: str = "diverge"
) -> Rule:
    """The δ of least ∇J·δ + ½δᵀFδ with ½δᵀFδ ≤ r, made only if it lowers J; r follows its gain.

    It is −F⁻¹∇J/(1 + λ), where λF is the damping that just holds the bound. ``radius`` is the first
    r and ``largest`` its bound, in nats. Nocedal and Wright 2006, algorithm 4.1.

    Args:
        radius: The first r > 0 in nats, one number or an array over the leading axes ``[...]``.
        largest: The upper bound of r in nats, likewise.
        singular: What to do where there is no inverse: "diverge" or "pseudo-inverse", as in
            ``precondition``.

    Returns:
        The rule.

    Raises:
        ValueError: If a radius is out of range, or ``singular`` is unknown.
    """
    first = checked("the radius r, in nats", radius, LEAST)
    most = checked("the largest radius, in nats", largest, LEAST)
    raised = precondition(fisher(), singular=singular)

    def init(start: Vector) -> Memory:
        return first

    def of_numbers(most: Any) -> Update:
        def update(direction: Vector, at: At, memory: Memory) -> tuple[Vector, Memory]:
            natural, _ = raised.update(direction, at, ())
            square = dot(direction, natural)
            share = 1 / sqrt(maximum(square / (2 * memory), 1.0))
            step = tuple(-(share * n) for n in natural)
            ratio = gain_ratio(at, step, share * (1 - share / 2) * square)
            used = share * share * square / 2
            following = maximum(dampings.trust_region(ratio, memory, used, most), LEAST)
            return only_if(ratio > 0, step), following

        return update

    return of_form(
        ("trust-region", raised.form),
        of_numbers,
        (most,),
        init,
        latex=r"\min_\delta \nabla J^\top \delta + \tfrac12 \delta^\top F \delta,\; "
        r"\tfrac12 \delta^\top F \delta \le r",
        source="Nocedal and Wright 2006, algorithm 4.1; Schulman and others 2015",
    )
