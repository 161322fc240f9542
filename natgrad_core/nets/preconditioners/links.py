"""What these rules are chained of: a momentum, a preconditioner, a decay, another rule's length."""

from __future__ import annotations

import torch
from torch import Tensor

from natgrad_core.nets.metrics import Metric
from natgrad_core.nets.preconditioners.parameter_tensors import join, split
from natgrad_core.nets.problem import At
from natgrad_core.nets.rule import Memory, Rule
from natgrad_core.nets.settings import in_range


def average(keep: float, nesterov: bool = False, unbiased: bool = True) -> Rule:
    """Direction g -> m ← β m + (1 − β) g, or Nesterov's β m + (1 − β) g of the new m.

    Args:
        keep: β, in [0, 1).
        nesterov: Whether the step looks ahead.
        unbiased: Whether m is divided by 1 − βᵗ after t steps.

    Returns:
        The rule.

    Raises:
        ValueError: If β is not in [0, 1).
    """
    in_range("keep", keep, below=1.0)

    def update(d: Tensor, at: At, memory: Memory) -> tuple[Tensor, Memory]:
        t = memory["t"] + 1
        m = torch.lerp(d, memory["m"], keep)
        ahead = torch.lerp(d, m, keep) if nesterov else m
        return ahead / (1 - keep**t) if unbiased else ahead, {"t": t, "m": m}

    return Rule(update, lambda start: {"t": 0, "m": torch.zeros_like(start)}, "average", r"\hat m")


def precondition(metric: Metric, damping: float) -> Rule:
    """Direction d -> (G + λI)⁻¹ d, as the metric's operator has it.

    Args:
        metric: G.
        damping: λ ≥ 0, which some metrics add before a root.

    Returns:
        The rule.

    Raises:
        ValueError: If λ is negative.
    """
    in_range("damping", damping)

    def update(d: Tensor, at: At, memory: Memory) -> tuple[Tensor, Memory]:
        operator, memory = metric.at(at, memory)
        return operator.solve(d, damping), memory

    return Rule(update, metric.init, metric.name, r"(G + \lambda I)^{-1}\, \cdot")


def decoupled(strength: float) -> Rule:
    """Change δ -> δ − s θ: a decay of θ that no metric sees (Loshchilov and Hutter 2019).

    Args:
        strength: s, the rate times the decay.

    Returns:
        The rule.

    Raises:
        ValueError: If s is negative.
    """
    in_range("decay", strength)
    if not strength:
        return Rule(lambda d, at, m: (d, m), name="decoupled decay")
    return Rule(
        lambda d, at, m: (torch.add(d, at.theta, alpha=-strength), m),
        name="decoupled decay",
        latex=r"\cdot - s\,\theta",
    )


def grafted(direction: Rule, length: Rule, rate: float = 1.0) -> Rule:
    """Each parameter's change has the direction of one rule and the length of another.

    Agarwal et al. 2020; Anil et al. 2020 graft Shampoo so.

    Args:
        direction: The rule whose changes give the directions.
        length: The rule whose changes give the lengths.
        rate: A factor of all lengths.

    Returns:
        The rule.
    """

    def init(start: Tensor) -> Memory:
        return {"direction": direction.init(start), "length": length.init(start)}

    def update(d: Tensor, at: At, memory: Memory) -> tuple[Tensor, Memory]:
        toward, of_direction = direction.update(d, at, memory["direction"])
        far, of_length = length.update(d, at, memory["length"])
        net = at.problem.net
        pairs = zip(split(net, toward), split(net, far), strict=True)
        change = [
            a * (rate * b.norm() / a.norm().clamp(min=torch.finfo(a.dtype).tiny)) for a, b in pairs
        ]
        return join(change), {"direction": of_direction, "length": of_length}

    return Rule(update, init, f"{direction.name} as long as {length.name}")
