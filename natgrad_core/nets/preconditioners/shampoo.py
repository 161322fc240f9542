"""Shampoo: a small matrix for each dimension of a weight, and roots of both around its gradient."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from natgrad_core.core.provenance import remembering
from natgrad_core.nets.metrics import Metric, Operator
from natgrad_core.nets.model import Net
from natgrad_core.nets.preconditioners.links import average, grafted, precondition
from natgrad_core.nets.preconditioners.matrix_functions import above_rounding
from natgrad_core.nets.preconditioners.parameter_tensors import join, split
from natgrad_core.nets.problem import At
from natgrad_core.nets.rule import Memory, Rule, chain, descend
from natgrad_core.nets.settings import in_range

Pair = tuple[Tensor, Tensor]


class KroneckerRoots:
    """G = (L + λI)^a ⊗ (R + λI)^b for each weight, (L + λI)^(a + b) for a vector.

    It is kept by eigenvectors. An exponent of 0 stands for the identity.

    Args:
        net: The net.
        bases: (s, U) of L and of R for each weight, of L alone for a vector.
        exponent: a and b, or one number for both.
    """

    def __init__(
        self, net: Net, bases: list[list[Pair]], exponent: float | tuple[float, float]
    ) -> None:
        self.net, self.bases = net, bases
        self.exponents = exponent if isinstance(exponent, tuple) else (exponent, exponent)

    def solve(self, v: Tensor, damping: float) -> Tensor:
        """(L + λI)⁻ᵃ V (R + λI)⁻ᵇ for each weight V: λ is added before the root."""
        parts = zip(split(self.net, v), self.bases, strict=True)
        return join([self._solved(part, pairs, damping) for part, pairs in parts])

    def _solved(self, part: Tensor, pairs: list[Pair], damping: float) -> Tensor:
        if part.ndim == 1:
            ((s, u),) = pairs
            return u @ ((s + damping) ** -sum(self.exponents) * (u.T @ part))
        (s, u), (r, w) = pairs
        a, b = self.exponents
        below = torch.outer((s + damping) ** a, (r + damping) ** b)
        return u @ ((u.T @ part @ w) / below) @ w.T

    def dense(self) -> Tensor:
        """The blocks in their places, without damping, ``[p, p]``."""
        blocks: list[Tensor] = []
        for pairs in self.bases:
            block = pairs[0][0].new_ones(1, 1)
            for (s, u), a in zip(pairs, self._exponents(pairs), strict=True):
                factor = (u * _power(s, a)) @ u.T if a else torch.eye(len(s)).to(s)
                block = torch.kron(block, factor)
            blocks.append(block)
        return torch.block_diag(*blocks)

    def eigenvalues(self) -> Tensor:
        """Products of the factors' own, without damping, ``[p]``."""
        found: list[Tensor] = []
        for pairs in self.bases:
            values = pairs[0][0].new_ones(1)
            for (s, _), a in zip(pairs, self._exponents(pairs), strict=True):
                values = torch.outer(values, _power(s, a)).flatten()
            found.append(values)
        return torch.cat(found)

    def _exponents(self, pairs: list[Pair]) -> tuple[float, ...]:
        """Those of the factors of one parameter."""
        return self.exponents if len(pairs) == 2 else (sum(self.exponents),)


def _power(eigenvalues: Tensor, exponent: float) -> Tensor:
    """Powers of the eigenvalues of one matrix; those that are rounding count as zero."""
    return above_rounding(eigenvalues) ** exponent


def moments(part: Tensor) -> list[Tensor]:
    """Return g gᵀ and gᵀg of a weight's gradient, g gᵀ of a vector's.

    Args:
        part: The gradient, ``[out, in]`` or ``[size]``.

    Returns:
        The matrices, ``[out, out]`` and ``[in, in]``.
    """
    return [torch.outer(part, part)] if part.ndim == 1 else [part @ part.T, part.T @ part]


def basis(symmetric: Tensor) -> Pair:
    """Return eigenvalues, none of them below zero, and eigenvectors.

    Args:
        symmetric: A matrix, ``[n, n]``.

    Returns:
        The values, ``[n]``, and the vectors, ``[n, n]``, in columns.
    """
    s, u = torch.linalg.eigh(symmetric)
    return s.clamp_min(0), u


def kronecker_roots(keep: float = 1.0, every: int = 1, exponent: float = 0.25) -> Metric:
    """L^¼ ⊗ R^¼ of each weight, L = Σ g gᵀ and R = Σ gᵀg over steps: Shampoo's metric.

    Gupta et al. 2018, algorithm 1. A vector has one factor, and its exponent is ½. λ is the ε that
    the paper starts L and R with.

    Args:
        keep: β in [0, 1]: 1 adds up, as the paper has it; less is an unbiased running mean.
        every: How many steps one pair of roots serves; the sums are renewed at each.
        exponent: The exponent of both factors; the paper's is ¼. With ½ the root over the whole is
            left out, and L^½ ⊗ R^½ is an estimate of E[g gᵀ] (Morwani et al. 2024).

    Returns:
        The metric.

    Raises:
        ValueError: If a setting is out of range.
    """
    in_range("every", every, 1)
    in_range("exponent", exponent, open_=True)
    if keep != 1:
        in_range("keep", keep, below=1.0)

    def at(point: At, memory: Memory) -> tuple[Operator, Memory]:
        net, t = point.problem.net, memory["t"] + 1
        new = [moments(part) for part in split(net, point.grad)]
        old: list[list[Tensor]] = memory["factors"]
        if old:
            new = [
                [b + a if keep == 1 else torch.lerp(a, b, keep) for a, b in zip(*each, strict=True)]
                for each in zip(new, old, strict=True)
            ]
        elif keep != 1:
            new = [[(1 - keep) * a for a in each] for each in new]
        unbiased = 1.0 if keep == 1 else 1 / (1 - keep**t)
        bases = memory["bases"]
        if memory["t"] % every == 0:
            bases = [[basis(unbiased * a) for a in each] for each in new]
        kept = {"t": t, "factors": new, "bases": bases}
        return KroneckerRoots(net, bases, exponent), kept

    def init(start: Tensor) -> dict[str, Any]:
        return {"t": 0, "factors": [], "bases": []}

    return Metric("Kronecker roots", at, init)


@remembering(__name__, "shampoo")
def shampoo(
    rate: float = 0.1,
    damping: float = 1e-6,
    keep: float = 0.0,
    keep_factors: float = 1.0,
    every: int = 1,
    graft: Rule | None = None,
) -> Rule:
    """δ = −α (L + εI)^(−¼) m (R + εI)^(−¼) for each weight (Gupta et al. 2018, algorithm 1).

    With ``graft`` each parameter's change is α times as long as that rule's (Anil et al. 2020).

    Args:
        rate: α.
        damping: ε > 0.
        keep: β₁, in [0, 1), of the momentum m.
        keep_factors: β₂ in [0, 1]: 1 adds up; less is an unbiased running mean.
        every: How many steps one pair of roots serves.
        graft: The rule whose steps give the lengths.

    Returns:
        The rule.

    Raises:
        ValueError: If a setting is out of range.
    """
    in_range("rate", rate)
    in_range("damping", damping, open_=True)
    toward = (average(keep), precondition(kronecker_roots(keep_factors, every), damping))
    latex = r"-\alpha\, L^{-1/4}\, m\, R^{-1/4}"
    source = "Gupta et al. 2018, alg. 1"
    if graft is None:
        return chain(*toward, descend(rate), name="shampoo", latex=latex, source=source)
    link = grafted(chain(*toward, descend(1.0), name="shampoo"), graft, rate)
    return chain(link, name="shampoo", latex=latex, source=f"{source}; Anil et al. 2020")
