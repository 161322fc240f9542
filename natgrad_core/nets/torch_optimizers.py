"""The natural gradient and K-FAC as ``torch.optim.Optimizer``s, for anyone's training loop.

    optimizer = KFAC(model, nn.CrossEntropyLoss())

    def closure():
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        return loss

    optimizer.step(closure)

The closure is all they need: while it runs, what goes into the model, what comes out and what the
outputs feel are noted, and the Fisher matrix follows from these. The direction is what the closure
left in ``.grad`` (so a weight decay in the loss counts). As with L-BFGS the closure may be called
several times a step, by rules that look before they leap.

A loss of torch is a likelihood times a factor: CrossEntropyLoss is −log p; MSELoss, a mean over the
C outputs too and without the ½, is 2/C of −log p of a Gaussian with σ = 1; BCEWithLogitsLoss is 1/C
of the coins'. The rule sees −log p, so steps, λ and ρ are those of ``natgrad_core.nets.rules``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn

from natgrad_core.nets import rules
from natgrad_core.nets.likelihood import Bernoulli, Categorical, Gaussian, Likelihood
from natgrad_core.nets.model import Net
from natgrad_core.nets.problem import At, NetProblem
from natgrad_core.nets.rule import Rule

Closure = Callable[[], Any]
CLOSURE = "zero_grad(), loss = criterion(model(x), y), loss.backward(), return loss"


class _Watch:
    """One call of a closure: the model's input and outputs, the loss, its gradients."""

    def __init__(self, optimizer: SecondOrder, closure: Closure) -> None:
        self.x: list[Tensor] = []
        self.out: list[Tensor] = []
        hook = optimizer.model.register_forward_hook(self._note)
        try:
            with torch.enable_grad():
                self.loss = float(torch.as_tensor(closure()).detach())
        finally:
            hook.remove()
        if len(self.out) != 1 or not self.out[0].requires_grad:
            raise RuntimeError(
                f"the closure called the model {len(self.out)} times; a step needs one call, with "
                f"gradients: {CLOSURE}"
            )
        if self.out[0].grad is None:
            raise RuntimeError("the closure did not call loss.backward()")

    def _note(self, model: nn.Module, inputs: tuple[Tensor, ...], out: Tensor) -> None:
        self.x.append(inputs[0].detach())
        if out.requires_grad:
            out.retain_grad()
        self.out.append(out)


class _ClosureAt(At):
    """A point whose loss and residual come from the closure, which is called again for others."""

    def __init__(self, optimizer: SecondOrder, closure: Closure, theta: Tensor, step: int) -> None:
        optimizer.put(theta)
        seen = _Watch(optimizer, closure)
        x, out, felt = seen.x[0], seen.out[0].detach(), seen.out[0].grad
        assert felt is not None
        factor = optimizer.factor(*out.shape)
        problem = NetProblem(optimizer.net, optimizer.likelihood, x, _any_target(optimizer, out))
        super().__init__(
            problem,
            theta,
            step,
            loss=seen.loss / factor,
            residual=felt * (len(out) / factor),
        )
        self._ask = optimizer, closure
        self.direction = optimizer.felt() / factor

    def after(self, change: Tensor) -> At:
        """The point at θ + change, where the closure is called again."""
        if self._ahead is None or not torch.equal(self._ahead[0], change):
            self.lead(change, _ClosureAt(*self._ask, self.theta + change, self.step + 1))
        assert self._ahead is not None
        return self._ahead[1]


def _any_target(optimizer: SecondOrder, out: Tensor) -> Tensor:
    """Targets of the right shape: the residual is known, so nobody reads them."""
    if isinstance(optimizer.likelihood, Categorical):
        return torch.zeros(len(out), dtype=torch.long, device=out.device)
    return torch.zeros_like(out)


def _likelihood(loss: nn.Module) -> Likelihood:
    """What ``loss`` is −log p of, up to a factor."""
    plain = getattr(loss, "weight", None) is None and getattr(loss, "pos_weight", None) is None
    plain = plain and not getattr(loss, "label_smoothing", 0.0)
    plain = plain and getattr(loss, "ignore_index", -100) == -100
    if plain and getattr(loss, "reduction", None) in ("mean", "sum"):
        if isinstance(loss, nn.CrossEntropyLoss):
            return Categorical()
        if isinstance(loss, nn.MSELoss):
            return Gaussian()
        if isinstance(loss, nn.BCEWithLogitsLoss):
            return Bernoulli()
    raise TypeError(
        f"the loss must be CrossEntropyLoss, MSELoss or BCEWithLogitsLoss without weights, reduced "
        f"by mean or sum, so that it is −log p of a distribution; got {loss}"
    )


class SecondOrder(torch.optim.Optimizer):
    """What both have in common; ``rule`` makes the rule from a parameter group's settings."""

    def __init__(self, model: nn.Sequential, loss: nn.Module, defaults: dict[str, Any]) -> None:
        self.net, self.model, self.loss = Net(model), model, loss
        self.likelihood = _likelihood(loss)
        frozen = [name for name, p in model.named_parameters() if not p.requires_grad]
        if frozen:
            raise ValueError(
                f"{', '.join(frozen)} does not require a gradient: steps are taken on all of a "
                "model's parameters; put fixed layers into a model of their own before it"
            )
        super().__init__(list(model.parameters()), defaults)

    def rule(self, group: dict[str, Any]) -> Rule:
        """The rule of this group's settings."""
        raise NotImplementedError

    def factor(self, n: int, outputs: int) -> float:
        """Torch's loss is this times the mean of −log p."""
        times = {"categorical": 1.0, "gaussian": 2.0, "bernoulli": 1.0}[self.likelihood.name]
        if self.loss.reduction == "sum":
            return times * n
        return times if self.likelihood.name == "categorical" else times / outputs

    def put(self, theta: Tensor) -> None:
        """Write flat parameters ``[p]`` into the model."""
        with torch.no_grad():
            ends = 0
            for p in self.model.parameters():
                p.copy_(theta[ends : ends + p.numel()].view_as(p))
                ends += p.numel()

    def felt(self) -> Tensor:
        """The gradients, flat, ``[p]``; where there is none, zero."""
        return torch.cat([
            (torch.zeros_like(p) if p.grad is None else p.grad).detach().flatten()
            for p in self.model.parameters()
        ])  # fmt: skip

    @torch.no_grad()
    def step(self, closure: Closure | None = None) -> float:  # type: ignore[override]
        """One step; the loss before it, as the closure returned it."""
        if closure is None:
            raise RuntimeError(f"step needs a closure that computes the loss again: {CLOSURE}")
        kept = cast(Any, self.state)  # by name: what is kept belongs to no one parameter
        step = kept.get("steps", 0)
        theta = self.net.read()
        rule = self.rule(self.param_groups[0])
        try:
            at = _ClosureAt(self, closure, theta, step)
            memory = kept["memory"] if "memory" in kept else rule.init(theta)
            change, memory = rule.update(at.direction, at, memory)
        except BaseException:
            self.put(theta)
            raise
        self.put(theta + change)
        kept["steps"], kept["memory"] = step + 1, memory
        return at.loss * self.factor(*at.outputs.shape)


class NaturalGradient(SecondOrder):
    """θ ← θ − lr (F + λI)⁻¹ g with the exact Fisher matrix (Amari 1998, eq. 12).

    ``damping`` is λ ≥ 0 or a policy (``natgrad_core.nets.damping``); ``kind`` "true", "monte-carlo"
    or "empirical". ``lr`` may be scheduled.
    """

    def __init__(
        self, model: nn.Sequential, loss: nn.Module, lr: float = 1.0, damping: Any = 1e-3,
        kind: str = "true", method: str = "auto",
    ) -> None:  # fmt: skip
        settings = {"lr": lr, "damping": damping, "kind": kind, "method": method}
        super().__init__(model, loss, settings)

    def rule(self, group: dict[str, Any]) -> Rule:
        """The natural gradient."""
        return rules.natural(group["lr"], group["damping"], group["kind"], group["method"])


class KFAC(SecondOrder):
    """K-FAC; with ``lr`` and ``damping`` left None it sets both by itself (Martens & Grosse 2015).

    ``kind`` "true" has exact factors, "monte-carlo" draws ``samples`` targets an example; ``keep``
    is the weight of old factors. On mini-batches give ``lr`` and ``damping`` numbers.
    """

    def __init__(
        self, model: nn.Sequential, loss: nn.Module, lr: float | None = None, damping: Any = None,
        kind: str = "true", samples: int = 1, keep: float = 0.0,
    ) -> None:  # fmt: skip
        settings = {"lr": lr, "damping": damping, "kind": kind, "samples": samples, "keep": keep}
        super().__init__(model, loss, settings)

    def rule(self, group: dict[str, Any]) -> Rule:
        """K-FAC."""
        names = ("damping", "kind", "samples", "keep")
        return rules.kfac(size=group["lr"], **{name: group[name] for name in names})
