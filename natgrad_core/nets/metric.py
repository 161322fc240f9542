"""A metric maps a point to something that can be solved with: (G + λI)⁻¹ v for any λ.

A rule never asks whether it is an exact solve, blocks, K-FAC or a diagonal. A metric may remember
(K-FAC averages its factors over steps), so it too is a pair of pure functions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from natgrad_core.nets.fisher import Fisher, gauss_newton
from natgrad_core.nets.kfac import Eigen, Factors, Kronecker
from natgrad_core.nets.problem import Point
from natgrad_core.nets.rule import Memory, nothing
from natgrad_core.nets.solve import solve


class Operator(Protocol):
    """A symmetric linear map that can be damped and inverted."""

    def solve(self, v: Tensor, damping: float) -> Tensor:
        """(G + λI)⁻¹ v."""
        ...

    def dense(self) -> Tensor:
        """G."""
        ...


@dataclass(frozen=True)
class Metric:
    """``at`` maps (point, memory) to an operator and memory."""

    name: str
    at: Callable[[Point, Memory], tuple[Operator, Memory]]
    init: Callable[[Tensor], Memory] = nothing


class Exact:
    """The whole Fisher matrix, by the exact solve that is fastest here."""

    def __init__(self, fisher: Fisher, method: str, tolerance: float | None = None) -> None:
        self.fisher, self.method, self.tolerance, self.note = fisher, method, tolerance, ""

    def solve(self, v: Tensor, damping: float) -> Tensor:
        """By ``natgrad_core.nets.solve``; ``note`` says how."""
        found = solve(self.fisher, v, damping, self.method, tolerance=self.tolerance)
        self.note = f"solved by {found.method}" + (f"; {found.note}" if found.note else "")
        return found.x

    def dense(self) -> Tensor:
        """F."""
        return self.fisher.dense()


class Blocks:
    """Square blocks on the diagonal: one a layer, or one for all."""

    def __init__(self, blocks: list[Tensor]) -> None:
        self.blocks = blocks

    def solve(self, v: Tensor, damping: float) -> Tensor:
        """Block by block."""
        parts = v.split([len(b) for b in self.blocks])
        eyes = (damping * torch.eye(len(b), dtype=b.dtype, device=b.device) for b in self.blocks)
        pairs = zip(self.blocks, eyes, parts, strict=True)
        return torch.cat([torch.linalg.solve(b + e, p) for b, e, p in pairs])

    def dense(self) -> Tensor:
        """The blocks in their places."""
        return torch.block_diag(*self.blocks)


class Diagonal:
    """Each parameter for itself."""

    def __init__(self, entries: Tensor) -> None:
        self.entries = entries

    def solve(self, v: Tensor, damping: float) -> Tensor:
        """v/(entries + λ)."""
        return v / (self.entries + damping)

    def dense(self) -> Tensor:
        """A diagonal matrix."""
        return torch.diag(self.entries)


def exact(
    kind: str = "true", method: str = "auto", samples: int = 1, tolerance: float | None = None
) -> Metric:
    """The Fisher matrix: true, Monte Carlo or empirical; ``tolerance`` is conjugate gradients'."""
    return Metric(
        f"{kind} Fisher", lambda at, m: (Exact(Fisher(at, kind, samples), method, tolerance), m)
    )


def blocks(kind: str = "true", samples: int = 1) -> Metric:
    """The Fisher matrix's diagonal blocks, one a layer."""
    return Metric("block Fisher", lambda at, m: (Blocks(Fisher(at, kind, samples).blocks()), m))


def diagonal(kind: str = "true", samples: int = 1) -> Metric:
    """The Fisher matrix's diagonal."""
    return Metric(
        "diagonal Fisher", lambda at, m: (Diagonal(Fisher(at, kind, samples).diagonal()), m)
    )


def generalized_gauss_newton() -> Metric:
    """The Gauss–Newton matrix by autodiff: equal to the Fisher here, and slow."""
    return Metric("Gauss–Newton", lambda at, m: (Blocks([gauss_newton(at)]), m))


def hessian() -> Metric:
    """∇²J: no metric where it is indefinite."""
    return Metric("Hessian", lambda at, m: (Blocks([at.problem.hessian(at.theta)]), m))


def kfac(kind: str = "true", samples: int = 1, keep: float = 0.0, shared: bool = True) -> Metric:
    """K-FAC; factors are averaged over steps with weight min(1 − 1/k, ``keep``) on the old ones.

    ``kind`` "true" has exact factors, "monte-carlo" draws ``samples`` targets an example.
    (Martens & Grosse 2015, §5, for the average.)
    """

    def at(point: Point, memory: Memory) -> tuple[Operator, Memory]:
        factors = Factors.of(Fisher(point, kind, samples))
        age = memory["age"] + 1
        if keep and age > 1:
            factors = Factors(factors.net, memory["pairs"]).blend(factors, min(1 - 1 / age, keep))
        return Kronecker(factors, shared), {"age": age, "pairs": factors.pairs if keep else ()}

    return Metric("K-FAC", at, lambda start: {"age": 0, "pairs": ()})


def ekfac(kind: str = "true", samples: int = 1) -> Metric:
    """E-KFAC: K-FAC's eigenbasis, true second moments."""
    return Metric("E-KFAC", lambda at, m: (Eigen(Fisher(at, kind, samples)), m))
