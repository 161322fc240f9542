"""Lion: the sign of a momentum, each entry of the step as long as any other."""

from __future__ import annotations

import torch
from torch import Tensor

from natgrad_core.core.provenance import remembering
from natgrad_core.nets.preconditioners.links import decoupled
from natgrad_core.nets.problem import At
from natgrad_core.nets.rule import Memory, Rule, chain
from natgrad_core.nets.settings import in_range


@remembering(__name__, "lion")
def lion(
    rate: float = 1e-3, keep: float = 0.9, keep_long: float = 0.99, decay: float = 0.0
) -> Rule:
    """δ = −α sign(β₁ m + (1 − β₁) g) − α η θ, then m ← β₂ m + (1 − β₂) g.

    Chen et al. 2023, algorithm 2. It is steepest descent where the length of a step is its
    largest entry, so no metric gives it: the unit ball is a cube (Bernstein and Newhouse 2024).

    Args:
        rate: α, about a tenth of Adam's.
        keep: β₁, in [0, 1), of the direction.
        keep_long: β₂, in [0, 1), of what is remembered.
        decay: η ≥ 0.

    Returns:
        The rule.

    Raises:
        ValueError: If a setting is out of range.
    """
    for name, value in (("keep", keep), ("keep_long", keep_long)):
        in_range(name, value, below=1.0)

    def update(d: Tensor, at: At, memory: Memory) -> tuple[Tensor, Memory]:
        m = memory["m"]
        return torch.lerp(d, m, keep).sign_().mul_(-rate), {"m": torch.lerp(d, m, keep_long)}

    return chain(
        Rule(update, lambda start: {"m": torch.zeros_like(start)}, "sign"),
        decoupled(rate * in_range("decay", decay)),
        name="lion",
        latex=r"-\alpha\, \mathrm{sign}(\beta_1 m + (1 - \beta_1) g) - \alpha \eta \theta",
        source="Chen et al. 2023, alg. 2",
    )
