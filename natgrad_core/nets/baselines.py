"""The baselines that natural-gradient methods are compared with, as rules.

Four of them are one or two lines of torch.optim written on flat parameters, where they are as fast
as torch's own or faster, and pure; the tests hold them against torch step by step. L-BFGS is
torch's, handed a copy of its state at each step.
"""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch import Tensor, nn

from natgrad_core.core.provenance import remembering
from natgrad_core.nets.problem import At
from natgrad_core.nets.rule import Memory, Rule


@remembering(__name__, "gradient")
def gradient(rate: float = 0.1) -> Rule:
    """θ ← θ − α ∇J: gradient descent (Cauchy 1847).

    Args:
        rate: α.

    Returns:
        The rule.
    """
    return Rule(lambda d, at, m: (-rate * d, m), name="gradient", latex=r"-\alpha \nabla J")


@remembering(__name__, "momentum")
def momentum(rate: float = 0.1, keep: float = 0.9, nesterov: bool = False) -> Rule:
    """v ← μ v + g, δ = −α v (Polyak 1964); Nesterov's δ = −α (g + μ v) (Sutskever et al. 2013).

    Args:
        rate: α.
        keep: The share μ of v that is kept, in [0, 1).
        nesterov: Whether the step is Nesterov's.

    Returns:
        The rule.
    """

    def update(d: Tensor, at: At, memory: Memory) -> tuple[Tensor, Memory]:
        v = d if memory["v"] is None else torch.add(d, memory["v"], alpha=keep)
        return (torch.add(d, v, alpha=keep) if nesterov else v) * -rate, {"v": v}

    name, ahead = ("nesterov", r"g + \mu v") if nesterov else ("momentum", "v")
    return Rule(update, lambda start: {"v": None}, name, rf"-\alpha ({ahead})", "Polyak 1964")


@remembering(__name__, "nesterov")
def nesterov(rate: float = 0.1, keep: float = 0.9) -> Rule:
    """Momentum that looks ahead.

    Args:
        rate: α.
        keep: The share μ of v that is kept, in [0, 1).

    Returns:
        The rule.
    """
    return momentum(rate, keep, nesterov=True)


@remembering(__name__, "adam")
def adam(
    rate: float = 1e-3, keep: float = 0.9, keep_square: float = 0.999, epsilon: float = 1e-8
) -> Rule:
    """δ = −α m̂/(√v̂ + ε), m̂ and v̂ unbiased running means of g and g² (Kingma & Ba 2015, alg. 1).

    Args:
        rate: α.
        keep: β₁ in [0, 1).
        keep_square: β₂ in [0, 1).
        epsilon: ε.

    Returns:
        The rule.
    """

    def update(d: Tensor, at: At, memory: Memory) -> tuple[Tensor, Memory]:
        t = memory["t"] + 1
        m = torch.lerp(d, memory["m"], keep)
        v = (keep_square * memory["v"]).addcmul_(d, d, value=1 - keep_square)
        below = v.sqrt().div_((1 - keep_square**t) ** 0.5).add_(epsilon)
        return (m / below).mul_(-rate / (1 - keep**t)), {"t": t, "m": m, "v": v}

    def init(start: Tensor) -> Memory:
        return {"t": 0, "m": torch.zeros_like(start), "v": torch.zeros_like(start)}

    latex = r"-\alpha\, \hat m / (\sqrt{\hat v} + \epsilon)"
    return Rule(update, init, "adam", latex, "Kingma & Ba 2015, alg. 1")


@remembering(__name__, "adadelta")
def adadelta(rate: float = 1.0, keep: float = 0.9, epsilon: float = 1e-6) -> Rule:
    """δ = −α g √(E[δ²] + ε)/√(E[g²] + ε) (Zeiler 2012, alg. 1).

    Args:
        rate: α.
        keep: The share kept of both means, in [0, 1).
        epsilon: ε.

    Returns:
        The rule.
    """

    def update(d: Tensor, at: At, memory: Memory) -> tuple[Tensor, Memory]:
        v = (keep * memory["v"]).addcmul_(d, d, value=1 - keep)
        step = (memory["u"] + epsilon).sqrt_().div_((v + epsilon).sqrt_()).mul_(d)
        u = (keep * memory["u"]).addcmul_(step, step, value=1 - keep)
        return -rate * step, {"u": u, "v": v}

    def init(start: Tensor) -> Memory:
        return {"u": torch.zeros_like(start), "v": torch.zeros_like(start)}

    latex = r"-\alpha\, g \sqrt{E[\delta^2] + \epsilon} / \sqrt{E[g^2] + \epsilon}"
    return Rule(update, init, "adadelta", latex, "Zeiler 2012, alg. 1")


class _LBFGS(torch.optim.LBFGS):
    """Torch's L-BFGS without the wrapper of this method, which imports a compiler when called."""

    add_param_group = inspect.unwrap(torch.optim.Optimizer.add_param_group)


@remembering(__name__, "lbfgs")
def lbfgs(rate: float = 1.0, history: int = 20) -> Rule:
    """torch's L-BFGS with the strong Wolfe search, one iteration a step (Nocedal & Wright, 7.5).

    The search looks at further points; the one it ends on is the next step's, computed once.

    Args:
        rate: The first length that the line search tries.
        history: How many pairs (step, change of the gradient) are kept.

    Returns:
        The rule.
    """

    def update(d: Tensor, at: At, memory: Memory) -> tuple[Tensor, Memory]:
        here = nn.Parameter(at.theta.clone())
        optimizer = _LBFGS(
            [here],
            rate,
            max_iter=1,
            max_eval=26,
            history_size=history,
            tolerance_grad=0,
            tolerance_change=0,
            line_search_fn="strong_wolfe",
        )
        if memory["state"]:
            optimizer.state[here].update(_copied(memory["state"]))
        others: list[At] = []  # other points than this one

        def closure() -> float:
            theta = here.data.clone()
            if torch.equal(theta, at.theta):
                here.grad = d.clone()
                return at.loss
            point = At(at.problem, theta, at.step + 1)
            others.append(point)
            here.grad = point.grad.clone()
            return point.loss

        optimizer.step(closure)
        change = here.data - at.theta
        for point in others:
            if torch.equal(point.theta, here.data):
                at.lead(change, point)
        return change, {"state": dict(optimizer.state[here])}

    return Rule(
        update, lambda start: {"state": {}}, "L-BFGS", r"-\alpha H_k \nabla J", "Nocedal 1980"
    )


def _copied(state: dict[str, Any]) -> Memory:
    """Copy the lists that torch appends to and the tensor that it overwrites."""
    copied: Memory = {}
    for key, value in state.items():
        if isinstance(value, list):
            copied[key] = list(value)
        else:
            copied[key] = value.clone() if isinstance(value, Tensor) else value
    return copied
