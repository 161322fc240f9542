"""Sophia: the diagonal of the Gauss–Newton matrix, estimated now and then, and a clipped step."""

from __future__ import annotations

import torch
from torch import Tensor

from natgrad_core.core.provenance import remembering
from natgrad_core.nets.fisher.fisher import FisherAt, must_be_a_kind
from natgrad_core.nets.preconditioners.links import decoupled
from natgrad_core.nets.problem import At
from natgrad_core.nets.rule import Memory, Rule, chain
from natgrad_core.nets.settings import in_range


@remembering(__name__, "sophia")
def sophia(
    rate: float = 0.01,
    keep: float = 0.96,
    keep_curvature: float = 0.99,
    scale: float = 1.0,
    epsilon: float = 1e-12,
    every: int = 10,
    kind: str = "monte-carlo",
    decay: float = 0.0,
) -> Rule:
    """δ = −α clip(m/max(γh, ε), 1) − α η θ: no entry of a step is longer than α.

    Liu et al. 2023, algorithm 3. h is a running mean of the diagonal of the Gauss–Newton matrix,
    which is that of F for these likelihoods, renewed at every k-th step. The paper estimates it
    from one gradient of a batch with labels drawn from the model (algorithm 2); here the squares of
    each example's gradient are averaged, which has the same mean and varies less.

    Args:
        rate: α.
        keep: β₁, in [0, 1), of m.
        keep_curvature: β₂, in [0, 1), of h.
        scale: γ > 0: the larger, the fewer entries are clipped.
        epsilon: ε > 0.
        every: k ≥ 1.
        kind: Of the diagonal: "true", "monte-carlo" (one label drawn per example) or "empirical".
        decay: η ≥ 0.

    Returns:
        The rule.

    Raises:
        ValueError: If a setting is out of range or unknown.
    """
    must_be_a_kind(kind, 1)
    for name, value in (("keep", keep), ("keep_curvature", keep_curvature)):
        in_range(name, value, below=1.0)
    for name, value in (("scale", scale), ("epsilon", epsilon)):
        in_range(name, value, open_=True)
    in_range("every", every, 1)

    def update(d: Tensor, at: At, memory: Memory) -> tuple[Tensor, Memory]:
        m, h, t = torch.lerp(d, memory["m"], keep), memory["h"], memory["t"]
        if t % every == 0:
            h = torch.lerp(FisherAt(at, kind).diagonal(), h, keep_curvature)
        step = (m / (scale * h).clamp_(min=epsilon)).clamp_(-1, 1)
        return step.mul_(-rate), {"t": t + 1, "m": m, "h": h}

    def init(start: Tensor) -> Memory:
        return {"t": 0, "m": torch.zeros_like(start), "h": torch.zeros_like(start)}

    return chain(
        Rule(update, init, "clipped diagonal"),
        decoupled(rate * in_range("decay", decay)),
        name="sophia",
        latex=r"-\alpha\, \mathrm{clip}(m / \max(\gamma h, \epsilon), 1) - \alpha \eta \theta",
        source="Liu et al. 2023, alg. 3",
    )
