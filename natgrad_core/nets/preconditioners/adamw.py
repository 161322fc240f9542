"""AdamW, and Adam as what it is: a diagonal metric, the root of running means of squares."""

from __future__ import annotations

import torch

from natgrad_core.core.provenance import remembering
from natgrad_core.nets.baselines import adam
from natgrad_core.nets.metrics import Diagonal, Metric, Operator
from natgrad_core.nets.preconditioners.links import decoupled
from natgrad_core.nets.problem import At
from natgrad_core.nets.rule import Memory, Rule, chain
from natgrad_core.nets.settings import in_range


def root_mean_square(keep: float = 0.999) -> Metric:
    """diag √v̂, v̂ the unbiased running mean of g², g the gradient of each batch: Adam's metric.

    Kingma and Ba 2015, §2. The square of it is an estimate of the diagonal of E[g gᵀ], which is the
    empirical Fisher matrix if each batch is one example, and g gᵀ if it is all of them.

    Args:
        keep: β₂, in [0, 1).

    Returns:
        The metric.

    Raises:
        ValueError: If β₂ is not in [0, 1).
    """
    in_range("keep", keep, below=1.0)

    def at(point: At, memory: Memory) -> tuple[Operator, Memory]:
        t = memory["t"] + 1
        v = torch.lerp(point.grad.square(), memory["v"], keep)
        return Diagonal((v / (1 - keep**t)).sqrt()), {"t": t, "v": v}

    return Metric("root mean square", at, lambda start: {"t": 0, "v": torch.zeros_like(start)})


@remembering(__name__, "adamw")
def adamw(
    rate: float = 1e-3,
    keep: float = 0.9,
    keep_square: float = 0.999,
    epsilon: float = 1e-8,
    decay: float = 0.01,
) -> Rule:
    """δ = −α m̂/(√v̂ + ε) − α η θ: Adam whose decay is not divided by √v̂.

    Loshchilov and Hutter 2019, algorithm 2. Adam is ``average``, ``precondition`` with
    ``root_mean_square`` and ε for λ, and ``descend``, written in one (the tests hold it to that).

    Args:
        rate: α.
        keep: β₁, in [0, 1).
        keep_square: β₂, in [0, 1).
        epsilon: ε.
        decay: η ≥ 0.

    Returns:
        The rule.

    Raises:
        ValueError: If the decay is negative.
    """
    return chain(
        adam(rate, keep, keep_square, epsilon),
        decoupled(rate * in_range("decay", decay)),
        name="adamw",
        latex=r"-\alpha\, \hat m / (\sqrt{\hat v} + \epsilon) - \alpha \eta \theta",
        source="Loshchilov & Hutter 2019, alg. 2",
    )
