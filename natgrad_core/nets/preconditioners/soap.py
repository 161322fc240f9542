"""SOAP: Adam in the eigenvectors of Shampoo's factors."""

from __future__ import annotations

import torch
from torch import Tensor

from natgrad_core.core.provenance import remembering
from natgrad_core.nets.metrics import Metric, Operator
from natgrad_core.nets.model import Net
from natgrad_core.nets.preconditioners.links import average, decoupled, precondition
from natgrad_core.nets.preconditioners.parameter_tensors import join, split
from natgrad_core.nets.preconditioners.shampoo import moments
from natgrad_core.nets.problem import At
from natgrad_core.nets.rule import Memory, Rule, chain, descend
from natgrad_core.nets.settings import in_range

Frame = list[Tensor]
"""The eigenvectors of each factor, in columns; nothing stands for the identity."""


class RotatedDiagonal:
    """G = (U ⊗ W) diag s (U ⊗ W)ᵀ for each weight, U diag s Uᵀ or diag s for a vector.

    Args:
        net: The net.
        frames: U ``[out, out]`` and W ``[in, in]`` for each weight; U or nothing for a vector.
        entries: s of each parameter, ``[out, in]`` or ``[size]``.
    """

    def __init__(self, net: Net, frames: list[Frame], entries: list[Tensor]) -> None:
        self.net, self.frames, self.entries = net, frames, entries

    def solve(self, v: Tensor, damping: float) -> Tensor:
        """U [(Uᵀ V W)/(s + λ)] Wᵀ for each weight V."""
        parts = zip(split(self.net, v), self.frames, self.entries, strict=True)
        return join([back(into(part, f) / (s + damping), f) for part, f, s in parts])

    def dense(self) -> Tensor:
        """The blocks in their places, ``[p, p]``."""
        blocks: list[Tensor] = []
        for frame, s in zip(self.frames, self.entries, strict=True):
            u = torch.eye(1 if frame else len(s), dtype=s.dtype, device=s.device)
            for each in frame:
                u = torch.kron(u, each)
            blocks.append((u * s.flatten()) @ u.T)
        return torch.block_diag(*blocks)

    def eigenvalues(self) -> Tensor:
        """The entries, ``[p]``."""
        return join(self.entries)


def into(part: Tensor, frame: Frame) -> Tensor:
    """Return Uᵀ V W, the coordinates of a weight in a frame.

    Args:
        part: V, ``[out, in]``, or a vector ``[size]``; leading axes are the caller's.
        frame: U and W, U, or nothing.

    Returns:
        The coordinates, of the same shape.
    """
    if len(frame) < 2:
        return part @ frame[0] if frame else part
    return frame[0].T @ part @ frame[1]


def back(part: Tensor, frame: Frame) -> Tensor:
    """Return U V Wᵀ: the inverse of ``into``.

    Args:
        part: V, ``[out, in]``, or a vector ``[size]``.
        frame: U and W, U, or nothing.

    Returns:
        The weight, of the same shape.
    """
    if len(frame) < 2:
        return part @ frame[0].T if frame else part
    return frame[0] @ part @ frame[1].T


def eigenvectors(symmetric: Tensor) -> Tensor:
    """Return the eigenvectors of a matrix, in columns.

    Args:
        symmetric: The matrix, ``[n, n]``.

    Returns:
        The vectors, ``[n, n]``.
    """
    return torch.linalg.eigh(symmetric)[1]


def _turned(factors: list[Tensor], frame: Frame, v: Tensor) -> tuple[Frame, Tensor]:
    """One power iteration of each factor's eigenvectors, by QR, and v in the new order.

    Vyas et al. 2024, algorithm 4.
    """
    turned: Frame = []
    for axis, (factor, u) in enumerate(zip(factors, frame, strict=True)):
        product = factor @ u
        order = (u * product).sum(0).argsort(descending=True)
        v = v.index_select(axis, order)
        turned.append(torch.linalg.qr(product[:, order])[0])
    return turned, v


def rotated_root_mean_square(keep: float = 0.95, every: int = 10) -> Metric:
    """Adam's metric in the eigenvectors of E[g gᵀ] and E[gᵀg]: SOAP's (Vyas et al. 2024, alg. 3).

    A vector (a bias) has Adam's own metric. The first gradient sets the eigenvectors; the authors'
    code spends a step on that which moves nothing.

    Args:
        keep: β₂, in [0, 1), of the factors and of the squares.
        every: After how many steps the eigenvectors follow the factors.

    Returns:
        The metric.

    Raises:
        ValueError: If a setting is out of range.
    """
    in_range("keep", keep, below=1.0)
    in_range("every", every, 1)

    def at(point: At, memory: Memory) -> tuple[Operator, Memory]:
        net, t = point.problem.net, memory["t"] + 1
        parts = split(net, point.grad)
        factors: list[list[Tensor]] = memory["factors"]
        frames, squares = memory["frames"], memory["squares"]
        if not factors:
            factors = [_factors(part, keep) for part in parts]
            frames = [[eigenvectors(each) for each in pair] for pair in factors]
            squares = [torch.zeros_like(part) for part in parts]
        squares = [
            torch.lerp(into(part, frame).square(), v, keep)
            for part, frame, v in zip(parts, frames, squares, strict=True)
        ]
        entries = [(v / (1 - keep**t)).sqrt() for v in squares]
        operator = RotatedDiagonal(net, frames, entries)
        factors = [
            [torch.lerp(new, old, keep) for new, old in zip(moments(part), pair, strict=True)]
            if pair
            else []
            for part, pair in zip(parts, factors, strict=True)
        ]
        if t % every == 0:
            both = [_turned(*each) for each in zip(factors, frames, squares, strict=True)]
            frames, squares = [f for f, _ in both], [v for _, v in both]
        return operator, {"t": t, "factors": factors, "frames": frames, "squares": squares}

    def init(start: Tensor) -> Memory:
        return {"t": 0, "factors": [], "frames": [], "squares": []}

    return Metric("rotated root mean square", at, init)


def _factors(part: Tensor, keep: float) -> list[Tensor]:
    """The first factors of a weight; a vector has none."""
    return [(1 - keep) * each for each in moments(part)] if part.ndim > 1 else []


@remembering(__name__, "soap")
def soap(
    rate: float = 3e-3,
    keep: float = 0.95,
    keep_square: float = 0.95,
    epsilon: float = 1e-8,
    every: int = 10,
    decay: float = 0.0,
) -> Rule:
    """δ = −α U [(Uᵀ m̂ W)/(√v̂ + ε)] Wᵀ − α η θ for each weight: Adam in Shampoo's eigenvectors.

    Vyas et al. 2024, algorithm 3.

    Args:
        rate: α.
        keep: β₁, in [0, 1), of the momentum.
        keep_square: β₂, in [0, 1), of the factors and of the squares.
        epsilon: ε ≥ 0.
        every: After how many steps the eigenvectors follow the factors.
        decay: η ≥ 0.

    Returns:
        The rule.

    Raises:
        ValueError: If a setting is out of range.
    """
    return chain(
        average(keep),
        precondition(rotated_root_mean_square(keep_square, every), epsilon),
        descend(in_range("rate", rate)),
        decoupled(rate * in_range("decay", decay)),
        name="soap",
        latex=r"-\alpha\, U [(U^{\top} \hat m\, W) / (\sqrt{\hat v} + \epsilon)] W^{\top}",
        source="Vyas et al. 2024, alg. 3",
    )
