"""Muon: the step of a weight matrix is the polar factor of its momentum, nearly."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from natgrad_core.core.provenance import remembering
from natgrad_core.nets.preconditioners.adamw import adamw
from natgrad_core.nets.preconditioners.links import average
from natgrad_core.nets.preconditioners.matrix_functions import newton_schulz, polar
from natgrad_core.nets.preconditioners.parameter_tensors import join, split
from natgrad_core.nets.problem import At
from natgrad_core.nets.rule import Memory, Rule
from natgrad_core.nets.settings import in_range

WHICH = ("all", "hidden")


@remembering(__name__, "muon")
def muon(
    rate: float = 0.02,
    keep: float = 0.95,
    nesterov: bool = True,
    steps: int = 5,
    decay: float = 0.0,
    which: str = "all",
    others: Rule | None = None,
    precision: torch.dtype | None = None,
) -> Rule:
    """δ = −α √max(1, out/in) U Vᵀ − α η W for each weight, U S Vᵀ its momentum (Jordan 2024).

    Of all steps whose largest singular value is α this one lowers the linear model of the loss most
    (Bernstein and Newhouse 2024). It is Shampoo's step without memory: of one gradient g,
    (g gᵀ)^(−¼) g (gᵀg)^(−¼) = U Vᵀ. The polar factor is that of Newton–Schulz iterations, which
    bring singular values between about 0.7 and 1.2; ``steps=0`` takes singular values instead, and
    is exact. Vectors, such as biases, take the step of another rule.

    Args:
        rate: α.
        keep: μ, in [0, 1), of the momentum.
        nesterov: Whether the momentum looks ahead.
        steps: Newton–Schulz iterations; 0: the exact polar factor.
        decay: η ≥ 0.
        which: "all" weights, or "hidden" ones: all but the first and the last, as Jordan advises.
        others: The rule for all else; None: AdamW with its defaults.
        precision: The dtype of the iterations; None: that of the parameters. Jordan's is bfloat16.

    Returns:
        The rule.

    Raises:
        ValueError: If a setting is out of range or unknown.
    """
    in_range("rate", rate)
    in_range("steps", steps)
    in_range("decay", decay)
    if which not in WHICH:
        raise ValueError(f"no weights {which!r}; there are {', '.join(WHICH)}")
    momentum = average(keep, nesterov, unbiased=False)
    rest = adamw() if others is None else others

    def update(d: Tensor, at: At, memory: Memory) -> tuple[Tensor, Memory]:
        net = at.problem.net
        m, of_momentum = momentum.update(d, at, memory["momentum"])
        change, of_rest = rest.update(d, at, memory["rest"])
        weights = [p.ndim > 1 for p in net.parameters.values()]
        if which == "hidden":
            weights = _hidden(weights)
        parts = [
            _step(part) if chosen else other
            for chosen, part, other in zip(weights, split(net, m), split(net, change), strict=True)
        ]
        if decay:
            theta = split(net, at.theta)
            parts = [
                torch.add(part, w, alpha=-rate * decay) if chosen else part
                for chosen, part, w in zip(weights, parts, theta, strict=True)
            ]
        return join(parts), {"momentum": of_momentum, "rest": of_rest}

    def _step(m: Tensor) -> Tensor:
        found = newton_schulz(m, steps, precision=precision) if steps else polar(m)
        return -rate * max(1.0, m.shape[0] / m.shape[1]) ** 0.5 * found

    def init(start: Tensor) -> dict[str, Any]:
        return {"momentum": momentum.init(start), "rest": rest.init(start)}

    return Rule(update, init, "muon", r"-\alpha\, U V^{\top}", "Jordan 2024")


def _hidden(weights: list[bool]) -> list[bool]:
    """Without the first and the last of those chosen."""
    places = [i for i, chosen in enumerate(weights) if chosen]
    return [i in places[1:-1] for i in range(len(weights))]
