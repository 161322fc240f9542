"""How far to go along a direction: a rate, a clip in KL, a trust region, a quadratic model.

A step δ costs KL(p_θ ‖ p_{θ+δ}) ≈ ½ δᵀFδ nats and the loss changes by gᵀδ + ½ δᵀFδ in the model.
Both need only J δ, one push of the net (no backward pass). Every policy returns the change, the
decrease that the undamped model promises, and its memory.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, cast

import torch
from torch import Tensor

from natgrad_core.errors import not_a
from natgrad_core.nets.problem import At
from natgrad_core.nets.rule import Memory
from natgrad_core.nets.settings import in_range

RECALL = 0.7
"""The weight of the steps before in a running mean of 1/α."""

ALIKE = 1e-10
"""A direction lies in the span of others where so little of its curvature is left without them."""


@dataclass(frozen=True)
class Step:
    """A change of θ with the decrease that it promises.

    Args:
        change: δ, ``[p]``.
        promise: −gᵀδ − ½ δᵀFδ: the decrease of J that the undamped model promises.
        memory: What the policy has to remember.
    """

    change: Tensor
    promise: float
    memory: Memory


class Size(Protocol):
    """A policy for the length of a step."""

    def start(self) -> Memory:
        """Return the memory before the first step.

        Returns:
            A dictionary that only this policy reads.
        """
        ...

    def fit(self, at: At, grad: Tensor, direction: Tensor, damping: float, memory: Memory) -> Step:
        """Return the step along a direction.

        Args:
            at: The point that the step starts from.
            grad: g = ∇J there, ``[p]``.
            direction: d, ``[p]``, which points downhill: gᵀd < 0.
            damping: λ, with which d was solved for.
            memory: What ``start`` or ``judge`` returned.

        Returns:
            The step; its change is a multiple of d, or lies in the plane of d and the last change.
        """
        ...

    def between(self, grad: Tensor, direction: Tensor, memory: Memory) -> Step:
        """Return the step along a direction between two refreshes: without a pass of the net.

        Args:
            grad: g = ∇J there, ``[p]``.
            direction: d, ``[p]``, of the inverse that is held.
            memory: What ``start``, ``judge`` or ``between`` returned.

        Returns:
            The step; what it promises is not asked for.
        """
        ...

    def judge(self, step: Step, rho: float) -> Memory:
        """Return the memory after a trial.

        Args:
            step: The step that was tried.
            rho: ρ of the trial: the decrease of J over ``step.promise``. NaN counts as a bad step.

        Returns:
            The memory for the next step.
        """
        ...


class _Plain:
    def start(self) -> Memory:
        """Nothing to keep."""
        return {}

    def judge(self, step: Step, rho: float) -> Memory:
        """Unmoved."""
        return step.memory


def _promise(at: At, grad: Tensor, change: Tensor, kl: float | None = None) -> float:
    if kl is None:
        kl = at.products([at.tape.push(change)])[0][0] / 2
    return -float(grad @ change) - kl


@dataclass(frozen=True)
class Rate(_Plain):
    """δ = α d: a constant rate.

    Args:
        rate: α ≥ 0.
        promises: Whether the predicted decrease is computed; it costs one push of the net.

    Raises:
        ValueError: If α is negative or not finite.
    """

    rate: float = 1.0
    promises: bool = True

    def __post_init__(self) -> None:
        in_range("lr", self.rate)

    def fit(self, at: At, grad: Tensor, direction: Tensor, damping: float, memory: Memory) -> Step:
        """α d; the predicted decrease costs one push, and is left out where it is not needed."""
        change = self.rate * direction
        return Step(change, _promise(at, grad, change) if self.promises else 0.0, memory)

    def between(self, grad: Tensor, direction: Tensor, memory: Memory) -> Step:
        """α d."""
        return Step(self.rate * direction, 0.0, memory)


@dataclass(frozen=True)
class KLClip(_Plain):
    """δ = min(α, √(2κ/dᵀFd)) d: at most κ nats a step in the quadratic model.

    Args:
        rate: α ≥ 0, the largest multiple of d.
        limit: κ ≥ 0, in nats.

    Raises:
        ValueError: If α or κ is negative or not finite.
    """

    rate: float = 1.0
    limit: float = 0.01

    def __post_init__(self) -> None:
        in_range("lr", self.rate)
        in_range("the limit κ", self.limit)

    def fit(self, at: At, grad: Tensor, direction: Tensor, damping: float, memory: Memory) -> Step:
        """The rate, or less."""
        square = at.products([at.tape.push(direction)])[0][0]
        rate = min(self.rate, (2 * self.limit / max(square, 1e-30)) ** 0.5)
        change = rate * direction
        return Step(change, _promise(at, grad, change, rate**2 * square / 2), memory)

    def between(self, grad: Tensor, direction: Tensor, memory: Memory) -> Step:
        """The rate, or less, with −gᵀd = dᵀ(G + λI)d ≥ dᵀGd for the dᵀFd of the limit."""
        rate = min(self.rate, (2 * self.limit / max(-float(grad @ direction), 1e-30)) ** 0.5)
        return Step(rate * direction, 0.0, memory)


@dataclass(frozen=True)
class TrustRegion:
    """A KL clip whose κ learns: ×4 when ρ > ¾ at the edge, ÷4 when ρ < ¼.

    Nocedal and Wright 2006, algorithm 4.1, with KL ≈ ½ δᵀFδ for the length.

    Args:
        radius: κ before the first step, in nats, > 0.
        largest: The largest κ.

    Raises:
        ValueError: If the first κ is not positive.
    """

    radius: float = 0.1
    largest: float = 10.0

    def __post_init__(self) -> None:
        in_range("the radius κ", self.radius, open_=True)

    def start(self) -> Memory:
        """κ₀."""
        return {"radius": self.radius}

    def fit(self, at: At, grad: Tensor, direction: Tensor, damping: float, memory: Memory) -> Step:
        """The full step, or to the edge."""
        step = KLClip(1.0, memory["radius"]).fit(at, grad, direction, damping, {})
        edge = float(step.change @ direction) < 0.999 * float(direction @ direction)
        return replace(step, memory={"radius": memory["radius"], "edge": edge})

    def between(self, grad: Tensor, direction: Tensor, memory: Memory) -> Step:
        """The full step, or to the edge, which stays where it is."""
        return KLClip(1.0, memory["radius"]).between(grad, direction, memory)

    def judge(self, step: Step, rho: float) -> Memory:
        """A wider, a narrower or the same region."""
        radius = step.memory["radius"]
        if not rho >= 0.25:
            radius = radius / 4
        elif rho > 0.75 and step.memory["edge"]:
            radius = min(4 * radius, self.largest)
        return {"radius": radius}


@dataclass(frozen=True)
class Quadratic:
    """δ = α d + μ δ₀, with α, μ that minimize the damped quadratic model; δ₀ the last change.

    Two pushes and a 2 × 2 system (Martens & Grosse 2015, §6.4 and §7): the rate and the momentum
    tune themselves.

    Where each of L layers has an α and a μ of its own, the system is 2L × 2L. The exact F in it
    knows how layers act together, which a metric of one block a layer leaves out (a coarse space of
    one direction a layer: Tselepidis et al. 2020). It is made for shallow nets: each layer's part
    is pushed through those after it.

    Args:
        momentum: Whether the last change is used; without it μ = 0.
        layers: Whether each layer has an α and a μ of its own.
    """

    momentum: bool = True
    layers: bool = False

    def start(self) -> Memory:
        """No change yet."""
        return {"last": None, "inverse": None}

    def fit(self, at: At, grad: Tensor, direction: Tensor, damping: float, memory: Memory) -> Step:
        """The best in the span of d and δ₀, or of their parts in each layer."""
        whole = [direction]
        if self.momentum and memory["last"] is not None:
            whole.append(memory["last"])
        net = at.problem.net
        parts = [net.slices[i] for i in net.parametric] if self.layers else [slice(None)]
        pushed = [at.tape.pushes(v) if self.layers else [at.tape.push(v)] for v in whole]
        f = at.products([each for of_one in pushed for each in of_one])
        basis = [(part, v[part]) for v in whole for part in parts]
        numbered = list(enumerate(basis))
        m = [
            [f[i][j] + (damping * float(a @ b) if p == q else 0.0) for j, (q, b) in numbered]
            for i, (p, a) in numbered
        ]
        slopes = [-float(grad[part] @ b) for part, b in basis]
        weights = _least(m, slopes)
        change = torch.zeros_like(direction)
        for weight, (part, b) in zip(weights, basis, strict=True):
            if weight:
                change[part].add_(b, alpha=weight)
        kl = sum(a * b * f[i][j] for i, a in enumerate(weights) for j, b in enumerate(weights)) / 2
        promise = sum(w * s for w, s in zip(weights, slopes, strict=True)) - kl
        first = range(len(parts))
        slope = sum(slopes[i] for i in first)
        now = sum(m[i][j] for i in first for j in first) / slope if slope > 0 else 0.0
        kept = memory.get("inverse")
        mean = now if kept is None else RECALL * kept + (1 - RECALL) * now
        return Step(change, promise, {"last": change, "inverse": mean})

    def between(self, grad: Tensor, direction: Tensor, memory: Memory) -> Step:
        """α d, with 1/α the running mean of dᵀ(F + λI)d/−gᵀd where the model was looked at.

        Batches differ in their curvature, and the mean of 1/α counts those of high curvature most.
        """
        kept = memory.get("inverse")
        return Step(direction / kept if kept else direction, 0.0, {**memory, "last": None})

    def judge(self, step: Step, rho: float) -> Memory:
        """Momentum is kept only from steps that helped."""
        return step.memory if rho > 0 else {**step.memory, "last": None}


def _least(m: list[list[float]], slopes: list[float]) -> list[float]:
    """The w with m w = slopes, by elimination; 0 for a direction that those before it span.

    Written out, because LAPACK's least squares differ in the last digit from call to call.
    """
    n = len(m)
    left = [[*row, slope] for row, slope in zip(m, slopes, strict=True)]
    used: list[int] = []
    for k in range(n):
        if not left[k][k] > ALIKE * m[k][k]:
            continue
        for i in range(k + 1, n):
            share = left[i][k] / left[k][k]
            left[i] = [a - share * b for a, b in zip(left[i], left[k], strict=True)]
        used.append(k)
    weights = [0.0] * n
    for k in reversed(used):
        known = sum(left[k][j] * weights[j] for j in used if j > k)
        weights[k] = (left[k][n] - known) / left[k][k]
    return weights


def scaled(step: Step, grad: Tensor, s: float) -> Step:
    """Return s δ, whose promise is s a − s² b; that of δ is a − b, and a = −gᵀδ.

    Args:
        step: δ with its promise.
        grad: g = ∇J where the step starts, ``[p]``.
        s: The factor.

    Returns:
        The step s δ with its promise, and the same memory.
    """
    if s == 1:
        return step
    a = -float(grad @ step.change)
    return Step(s * step.change, s * a - s**2 * (a - step.promise), step.memory)


@dataclass(frozen=True)
class Scaled:
    """A policy's step times a factor: a schedule on top of a length that tunes itself.

    Args:
        size: The policy.
        factor: s, a number, or one for each parameter, ``[p]``.
    """

    size: Size
    factor: float | Tensor = 1.0

    def start(self) -> Memory:
        """The policy's own memory."""
        return self.size.start()

    def fit(self, at: At, grad: Tensor, direction: Tensor, damping: float, memory: Memory) -> Step:
        """s δ."""
        step = self.size.fit(at, grad, direction, damping, memory)
        if not isinstance(self.factor, Tensor):
            return scaled(step, grad, self.factor)
        change = self.factor * step.change
        silent = isinstance(self.size, Rate) and not self.size.promises
        return Step(change, 0.0 if silent else _promise(at, grad, change), step.memory)

    def between(self, grad: Tensor, direction: Tensor, memory: Memory) -> Step:
        """s δ."""
        step = self.size.between(grad, direction, memory)
        return Step(self.factor * step.change, 0.0, step.memory)

    def judge(self, step: Step, rho: float) -> Memory:
        """The policy's own."""
        return self.size.judge(step, rho)


def size_of(value: float | Tensor | Size) -> Size:
    """Return the policy that a user's ``lr`` means.

    Args:
        value: A rate ≥ 0, a number or a tensor ``[]``, or a policy, which is returned unchanged.

    Returns:
        The policy.

    Raises:
        TypeError: If it is a string, or a policy that was not called.
        ValueError: If the rate is negative or not finite.
    """
    if isinstance(value, type):
        raise not_a("a rate or a policy for it", "lr=KLClip(1.0, 0.01)", value)
    if hasattr(value, "fit"):
        return cast(Size, value)
    if isinstance(value, str):
        raise TypeError(
            "lr is a number ≥ 0, or a policy such as KLClip() or Quadratic() "
            f"(natgrad_core.nets.step_size); got {value!r}"
        )
    return Rate(in_range("lr", value))
