"""The metrics that these methods tend to while θ stays where it is, to be held beside F.

A running mean over batches tends to its expectation. For batches of B of N examples, drawn without
replacement, with gradients gₙ of the examples and their mean ḡ,

    E[g_B g_Bᵀ] = c (F̂ − ḡ ḡᵀ) + ḡ ḡᵀ,    c = (N − B)/(B (N − 1)),

F̂ = E[gₙ gₙᵀ] the empirical Fisher matrix: that for B = 1, and nothing but ḡ ḡᵀ for B = N (the
variance of a mean of draws without replacement). ``Moments`` is any such matrix by its rows.
"""

from __future__ import annotations

from functools import cached_property

import torch
from torch import Tensor

from natgrad_core.nets.fisher.fisher import FisherAt
from natgrad_core.nets.metrics import Diagonal
from natgrad_core.nets.model import Net
from natgrad_core.nets.preconditioners.parameter_tensors import split
from natgrad_core.nets.preconditioners.shampoo import KroneckerRoots, basis
from natgrad_core.nets.preconditioners.soap import RotatedDiagonal, eigenvectors, into
from natgrad_core.nets.problem import At
from natgrad_core.nets.settings import in_range

_TINY = 1e-30
"""In place of a trace that is zero."""


class Moments:
    """M = rowsᵀ rows, the second moment of some gradients, and what each method keeps of it.

    Args:
        net: The net.
        rows: A factor of M, ``[n, p]``.
    """

    def __init__(self, net: Net, rows: Tensor) -> None:
        self.net, self.rows = net, rows

    @classmethod
    def of_batches(cls, at: At, batch: int) -> Moments:
        """Return E[g_B g_Bᵀ] over all batches of one size, with the observed targets.

        Args:
            at: The point.
            batch: B, from 1 to N.

        Returns:
            The moments.

        Raises:
            ValueError: If B is not from 1 to N.
        """
        n = len(at.tape)
        in_range("batch", batch, 1, n + 1)
        mean = at.grad[None]
        if batch == n:
            return cls(at.problem.net, mean)
        c = (n - batch) / (batch * (n - 1))
        scaled = (c / n) ** 0.5 * FisherAt(at, "empirical").rows()
        return cls(at.problem.net, torch.cat((scaled, (1 - c) ** 0.5 * mean)))

    @classmethod
    def of_model(cls, at: At) -> Moments:
        """Return E[g gᵀ] over examples and targets drawn from the model: F itself.

        Args:
            at: The point.

        Returns:
            The moments.
        """
        return cls(at.problem.net, FisherAt(at).rows() / len(at.tape) ** 0.5)

    def dense(self) -> Tensor:
        """Return M.

        Returns:
            M, ``[p, p]``.
        """
        return self.rows.T @ self.rows

    @cached_property
    def parts(self) -> list[Tensor]:
        """The rows of each parameter, ``[n, out, in]`` or ``[n, size]``."""
        shapes = [part.shape for part in split(self.net, self.rows[0])]
        pieces = self.rows.split([shape.numel() for shape in shapes], 1)
        return [p.view(len(p), *shape) for p, shape in zip(pieces, shapes, strict=True)]

    @cached_property
    def factors(self) -> list[list[Tensor]]:
        """E[g gᵀ] and E[gᵀg] of each weight; E[g gᵀ] of a vector."""
        return [
            [part.T @ part]
            if part.ndim == 2
            else [torch.einsum("nij,nkj->ik", part, part), torch.einsum("nij,nik->jk", part, part)]
            for part in self.parts
        ]

    def diagonal(self, root: bool = True) -> Diagonal:
        """Return what Adam keeps: the diagonal of M, or its root.

        Args:
            root: Whether the root is taken, as Adam does.

        Returns:
            The operator.
        """
        entries = self.rows.square().sum(0)
        return Diagonal(entries.sqrt() if root else entries)

    def kronecker(self, root: bool = True) -> KroneckerRoots | RotatedDiagonal:
        """Return what Shampoo keeps: L^¼ ⊗ R^¼, or its square with the trace of M.

        Without the root it is L ⊗ R/tr L, one power iteration, begun at the identity, towards the
        Kronecker product that is nearest to M's block (Morwani et al. 2024).

        Args:
            root: Whether the roots are taken, as Shampoo does.

        Returns:
            The operator.
        """
        bases = [[basis(m) for m in factors] for factors in self.factors]
        if root:
            return KroneckerRoots(self.net, bases, 0.25)
        entries = [
            torch.outer(pairs[0][0], pairs[1][0]) / pairs[0][0].sum().clamp(min=_TINY)
            if len(pairs) == 2
            else pairs[0][0]
            for pairs in bases
        ]
        return RotatedDiagonal(self.net, [[u for _, u in pairs] for pairs in bases], entries)

    def polar(self) -> KroneckerRoots:
        """Return what Muon keeps: (ḡ ḡᵀ)^½ ⊗ I of each weight, if M has the mean gradient alone.

        Its inverse times ḡ = U S Vᵀ is U Vᵀ. That of L^¼ ⊗ R^¼ is the same, but is another matrix.

        Returns:
            The operator.
        """
        bases = [[basis(m) for m in factors] for factors in self.factors]
        return KroneckerRoots(self.net, bases, (0.5, 0.0))

    def rotated(self, root: bool = True) -> RotatedDiagonal:
        """Return what SOAP keeps: the diagonal of M in Shampoo's eigenvectors, or its root.

        Args:
            root: Whether the root is taken, as SOAP does.

        Returns:
            The operator.
        """
        frames = [
            [eigenvectors(m) for m in factors] if len(factors) == 2 else []
            for factors in self.factors
        ]
        entries: list[Tensor] = []
        for part, frame in zip(self.parts, frames, strict=True):
            squares = into(part, frame).square().sum(0)
            entries.append(squares.sqrt() if root else squares)
        return RotatedDiagonal(self.net, frames, entries)
