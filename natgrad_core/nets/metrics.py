"""A metric maps a point to something that can be solved with: (G + λI)⁻¹ v for any λ.

A rule never asks whether it is an exact solve, blocks, K-FAC or a diagonal. A metric may remember
(K-FAC averages its factors over steps), so it too is a pair of pure functions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import torch
from torch import Tensor

from natgrad_core.errors import SingularMetricError
from natgrad_core.nets.fisher.fisher import FisherAt, gauss_newton, must_be_a_kind
from natgrad_core.nets.fisher.kfac import (
    Eigen,
    Factors,
    Kronecker,
    held_solve,
    is_factored_by_hand,
)
from natgrad_core.nets.fisher.module_kfac import (
    SHARING,
    LayerFactors,
    ModuleEigen,
    ModuleKronecker,
    factors_of,
    known,
    spectra_of,
)
from natgrad_core.nets.fisher.module_kfac import held_solve as held_by_module
from natgrad_core.nets.fisher.solve import DROWNED, must_be_a_method, solve
from natgrad_core.nets.problem import FLOAT32_FLOOR, At
from natgrad_core.nets.rule import Memory, nothing
from natgrad_core.nets.settings import in_range

AVERAGE = 0.8
"""The weight of the factors of the batches before, where none is given."""


class Operator(Protocol):
    """A symmetric linear map of vectors ``[p]`` that can be damped and inverted."""

    def solve(self, v: Tensor, damping: float) -> Tensor:
        """Return (G + λI)⁻¹ v.

        Args:
            v: A vector ``[p]``, most often ∇J.
            damping: λ ≥ 0.

        Returns:
            The solution, ``[p]``, in the dtype of v.

        Raises:
            SingularMetricError: If G + λI has no inverse to rounding.
        """
        ...

    def dense(self) -> Tensor:
        """Return the whole matrix.

        Returns:
            G, ``[p, p]``.
        """
        ...

    def eigenvalues(self) -> Tensor:
        """Return the eigenvalues of G, in no order.

        Returns:
            The eigenvalues, ``[p]``.
        """
        ...


class Holding(Operator, Protocol):
    """An operator whose inverse can be held from step to step."""

    def hold(self, damping: float) -> Any:
        """Return (G + λI)⁻¹ as tensors, in lists and dictionaries.

        Args:
            damping: λ > 0.

        Returns:
            The tensors, which ``Metric.held`` applies.
        """
        ...


@dataclass(frozen=True)
class Metric:
    """A metric of nets: a pair of pure functions, and a name.

    Args:
        name: What it is called.
        at: Maps (point, memory) to the operator there and the memory for the next step.
        init: Maps the first θ, ``[p]``, to the memory before the first step.
        again: Maps (point, memory) to the operator of the last ``at``, without a pass of the net;
            None if it cannot be had again.
        held: Maps (point, what ``Holding.hold`` returned, v) to (G + λI)⁻¹ v, without a pass of the
            net; None if its operators are no ``Holding``.
    """

    name: str
    at: Callable[[At, Memory], tuple[Operator, Memory]]
    init: Callable[[Tensor], Memory] = nothing
    again: Callable[[At, Memory], Operator] | None = None
    held: Callable[[At, Any, Tensor], Tensor] | None = None


class Exact:
    """The whole Fisher matrix, by the exact solve that is fastest here."""

    def __init__(self, fisher: FisherAt, method: str, tolerance: float | None = None) -> None:
        self.fisher, self.method, self.tolerance, self.note = fisher, method, tolerance, ""

    def solve(self, v: Tensor, damping: float) -> Tensor:
        """By ``natgrad_core.nets.fisher.solve``; ``note`` says how."""
        found = solve(self.fisher, v, damping, self.method, tolerance=self.tolerance)
        self.note = f"solved by {found.method}" + (f"; {found.note}" if found.note else "")
        return found.x

    @cached_property
    def _whole(self) -> Tensor:
        return self.fisher.dense()

    def dense(self) -> Tensor:
        """F, made once."""
        return self._whole

    def eigenvalues(self) -> Tensor:
        """Those of the whole matrix."""
        return torch.linalg.eigvalsh(self._whole.double())


class Drowning(Operator, Protocol):
    """An operator with ``least``, the λ below which float32 is too coarse for it."""

    @property
    def faintest(self) -> float:
        """The least λ that is not lost in float32 rounding."""
        ...


class Careful:
    """An operator, in float64 where float32 rounding would exceed λ; ``note`` gives the reason.

    A gradient is then taken in float64 too: rounded, it sticks out of the data's span, and 1/λ
    would magnify that.
    """

    def __init__(self, at: At, operator: Drowning, make: Callable[[], Operator]) -> None:
        self.at, self.operator, self.make, self.note = at, operator, make, ""

    @cached_property
    def counterpart(self) -> Operator:
        """The same in float64."""
        return self.make()

    @property
    def least(self) -> float:
        """The least λ worth learning: below it every step would be a float64 one."""
        return self.operator.faintest if self.at.theta.dtype == torch.float32 else 0.0

    def solve(self, v: Tensor, damping: float) -> Tensor:
        """(G + λI)⁻¹ v."""
        if v.dtype != torch.float32 or damping >= self.operator.faintest:
            self.note = ""
            return self.operator.solve(v, damping)
        self.note = DROWNED.format(damping)
        return self.counterpart.solve(self.at.doubled(v), damping).float()

    def hold(self, damping: float) -> Any:
        """(G + λI)⁻¹ as tensors, in float64 where float32 is too coarse."""
        fine = self.at.theta.dtype != torch.float32 or damping >= self.operator.faintest
        holding: Any = self.operator if fine else self.counterpart
        return holding.hold(damping)

    def dense(self) -> Tensor:
        """G."""
        return self.operator.dense()

    def eigenvalues(self) -> Tensor:
        """The eigenvalues of G in its own precision, not of the float64 operator."""
        return self.operator.eigenvalues()


class Blocks:
    """Square blocks on the diagonal: one a layer, or one for all, each with the name it goes by."""

    def __init__(self, blocks: list[Tensor], labels: Sequence[str]) -> None:
        self.blocks, self.labels = blocks, labels

    @property
    def faintest(self) -> float:
        """1e-5 of the size of the largest block."""
        return FLOAT32_FLOOR * max(float(b.norm()) for b in self.blocks)

    def solve(self, v: Tensor, damping: float) -> Tensor:
        """Block by block; SingularMetricError names the one that has no inverse."""
        parts = zip(self.blocks, v.split([len(b) for b in self.blocks]), self.labels, strict=True)
        return torch.cat([_inverse(b, damping, part, label) for b, part, label in parts])

    def dense(self) -> Tensor:
        """The blocks in their places."""
        return torch.block_diag(*self.blocks)

    def eigenvalues(self) -> Tensor:
        """Those of each block."""
        return torch.cat([torch.linalg.eigvalsh(block.double()) for block in self.blocks])


def _inverse(block: Tensor, damping: float, v: Tensor, label: str) -> Tensor:
    """(block + λI)⁻¹ v by LU, since a Hessian may be indefinite."""
    damped = block + damping * torch.eye(len(block), dtype=block.dtype, device=block.device)
    lu, order, info = torch.linalg.lu_factor_ex(damped)
    pivots = lu.diagonal().abs()
    rounding = len(v) * torch.finfo(v.dtype).eps * pivots.max()
    if int(info) or not bool(pivots.min() > rounding):
        raise SingularMetricError(
            f"{label} + λI is singular with λ = {damping:.1e}: dead units, or too few independent "
            "directions in the data; raise λ"
        )
    return torch.linalg.lu_solve(lu, order, v[:, None])[:, 0]


class Basis:
    """Blocks by their eigenvectors, in float64: for the cost of one, any λ is then a division."""

    def __init__(self, at: At, blocks: list[Tensor]) -> None:
        self.at = at
        self.pairs = [torch.linalg.eigh(block.double()) for block in blocks]

    @classmethod
    def of(cls, at: At, operator: Operator) -> Basis | None:
        """Return the same matrix by its eigenvectors.

        It is positive semi-definite, so eigenvalues below zero are rounding.

        Args:
            at: The point.
            operator: The metric's operator there.

        Returns:
            The basis of an ``Exact`` or of careful ``Blocks``; None for any other operator, whose
            solve is a division already.
        """
        if isinstance(operator, Exact):
            return cls(at, [operator.fisher.double.dense()])
        if isinstance(operator, Careful) and isinstance(operator.operator, Blocks):
            counterpart = operator.counterpart
            assert isinstance(counterpart, Blocks)
            return cls(at, counterpart.blocks)
        return None

    def solve(self, v: Tensor, damping: float) -> Tensor:
        """(G + λI)⁻¹ v = U (Uᵀv/(s + λ)), block by block."""
        exact = self.at.doubled(v)
        found: list[Tensor] = []
        for (s, u), part in zip(
            self.pairs, exact.split([len(s) for s, _ in self.pairs]), strict=True
        ):
            below = s.clamp_min(0) + damping
            if not bool(below.min() > len(s) * torch.finfo(s.dtype).eps * below.max()):
                raise SingularMetricError(f"G + λI is singular with λ = {damping:.1e}: raise λ")
            found.append(u @ ((u.T @ part) / below))
        return torch.cat(found).to(v.dtype)

    def dense(self) -> Tensor:
        """G."""
        return torch.block_diag(*((u * s) @ u.T for s, u in self.pairs)).to(self.at.theta.dtype)

    def eigenvalues(self) -> Tensor:
        """Known already."""
        return torch.cat([s for s, _ in self.pairs])


class Diagonal:
    """Each parameter for itself."""

    def __init__(self, entries: Tensor) -> None:
        self.entries = entries

    def solve(self, v: Tensor, damping: float) -> Tensor:
        """v/(entries + λ); SingularMetricError where that divides by zero."""
        below = self.entries + damping
        dead = int((below == 0).sum())
        if dead:
            raise SingularMetricError(
                f"{dead} of {len(v)} parameters move no output (dead units or inputs), so the "
                "diagonal has zeros; raise λ"
            )
        return v / below

    def dense(self) -> Tensor:
        """A diagonal matrix."""
        return torch.diag(self.entries)

    def eigenvalues(self) -> Tensor:
        """The entries."""
        return self.entries


def exact(
    kind: str = "true", method: str = "auto", samples: int = 1, tolerance: float | None = None
) -> Metric:
    """F, the whole Fisher matrix: E[JᵀMJ] over the examples (Martens 2020, §9).

    Args:
        kind: "true", "monte-carlo" or "empirical".
        method: How (F + λI)v = b is solved; "auto" takes what is fastest here
            (``natgrad_core.nets.fisher.solve``).
        samples: Targets drawn an example, of kind "monte-carlo".
        tolerance: The relative residual at which conjugate gradients stop.

    Returns:
        The metric.

    Raises:
        ValueError: If there is no such kind or method, or ``samples`` is less than 1.
    """
    must_be_a_kind(kind, samples)
    must_be_a_method(method)
    return Metric(
        f"{kind} Fisher", lambda at, m: (Exact(FisherAt(at, kind, samples), method, tolerance), m)
    )


def blocks(kind: str = "true", samples: int = 1) -> Metric:
    """F with the entries between layers set to 0: a block a layer.

    Args:
        kind: "true", "monte-carlo" or "empirical".
        samples: Targets drawn an example, of kind "monte-carlo".

    Returns:
        The metric.

    Raises:
        ValueError: If there is no such kind, or ``samples`` is less than 1.
    """
    must_be_a_kind(kind, samples)

    def at(point: At, memory: Memory) -> tuple[Operator, Memory]:
        fisher, net = FisherAt(point, kind, samples), point.problem.net
        labels = [f"the Fisher block of {net.layers[i].label}" for i in net.parametric]
        here = Blocks(fisher.blocks(), labels)
        return Careful(point, here, lambda: Blocks(fisher.double.blocks(), labels)), memory

    return Metric("block Fisher", at)


def diagonal(kind: str = "true", samples: int = 1) -> Metric:
    """diag F: each parameter for itself (Becker and LeCun 1989, of the Hessian).

    Args:
        kind: "true", "monte-carlo" or "empirical".
        samples: Targets drawn an example, of kind "monte-carlo".

    Returns:
        The metric.

    Raises:
        ValueError: If there is no such kind, or ``samples`` is less than 1.
    """
    must_be_a_kind(kind, samples)
    return Metric(
        "diagonal Fisher", lambda at, m: (Diagonal(FisherAt(at, kind, samples).diagonal()), m)
    )


def euclidean() -> Metric:
    """I: gradient descent.

    Returns:
        The metric.
    """
    return Metric("identity", lambda at, m: (Diagonal(torch.ones_like(at.theta)), m))


def generalized_gauss_newton() -> Metric:
    """The Gauss–Newton matrix by autodiff: equal to F for these likelihoods, and slow.

    Schraudolph 2002; Martens 2020, §9, for the equality.

    Returns:
        The metric.
    """
    return Metric("Gauss–Newton", lambda at, m: (_whole("G", gauss_newton, at), m))


def hessian() -> Metric:
    """∇²J by autodiff: no metric where it is indefinite.

    Returns:
        The metric.
    """
    return Metric(
        "Hessian", lambda at, m: (_whole("∇²J", lambda x: x.problem.hessian(x.theta), at), m)
    )


def _whole(label: str, matrix: Callable[[At], Tensor], at: At) -> Careful:
    here = Blocks([matrix(at)], [label])
    return Careful(at, here, lambda: Blocks([matrix(at.double)], [label]))


def kfac(
    kind: str = "true",
    samples: int = 1,
    keep: float | None = 0.0,
    shared: bool = True,
    sharing: str = "expand",
    examples: int | None = None,
) -> Metric:
    """K-FAC: each layer's block is a Kronecker product B ⊗ A of two small matrices.

    Martens and Grosse 2015, §3; §5 for the average over steps. Layers other than Linear and Conv2d,
    and modules that are differentiated by autodiff, are factored by hooks
    (``natgrad_core.nets.fisher.module_kfac``).

    Args:
        kind: "true" has exact factors, "monte-carlo" draws targets, "empirical" takes the data's.
        samples: Targets drawn an example, of kind "monte-carlo".
        keep: The k-th step gives the old factors the weight min(1 − 1/k, ``keep``); 0 keeps none.
            None: ``AVERAGE``, but 0 where the batch is that of the time before.
        shared: Whether λ is shared between B and A (factored Tikhonov, §6.3), or added to B ⊗ A.
            Factors by hooks always share it.
        sharing: What the places that share a weight are, for factors by hooks: "expand" or "reduce"
            (Eschenhagen et al. 2023).
        examples: The factors are computed from so many examples at most, others at each step
            (Martens & Grosse 2015, §8); A of the inputs is that of all. None: from all.

    Returns:
        The metric; it remembers the factors.

    Raises:
        ValueError: If ``keep`` is not in [0, 1), there is no such kind or sharing, or ``samples``
            or ``examples`` is less than 1; in a step, if ``examples`` is given for a net that is
            differentiated as a whole.
    """
    _must_average(kind, samples, keep, sharing)
    given: Any = examples
    if given is not None and (not isinstance(given, int) or given < 1):
        raise ValueError(f"examples is a whole number, at least 1, or None; got {examples!r}")

    def at(point: At, memory: Memory) -> tuple[Operator, Memory]:
        seen = point if examples is None else point.some(examples)
        fisher = FisherAt(seen, kind, samples)
        factors, weight, kept = _averaged(fisher, memory, keep, sharing)
        if isinstance(factors, dict):
            return ModuleKronecker(point.problem.net, factors), kept

        def counterpart() -> Kronecker:
            same = weight or seen is not point
            return Kronecker(factors.double if same else Factors.of(fisher.double), shared)

        return Careful(point, Kronecker(factors, shared), counterpart), kept

    def again(point: At, memory: Memory) -> Operator:
        factors = _kept(point, memory)
        if isinstance(factors, dict):
            return ModuleKronecker(point.problem.net, factors)
        return Careful(point, Kronecker(factors, shared), lambda: Kronecker(factors.double, shared))

    return Metric("K-FAC", at, _without_factors, again, _held)


def _must_average(kind: str, samples: int, keep: float | None, sharing: str) -> None:
    if keep is not None:
        in_range("keep", keep, below=1.0)
    must_be_a_kind(kind, samples)
    if sharing not in SHARING:
        raise ValueError(f"no sharing {sharing!r}; there are {', '.join(SHARING)}")


def _without_factors(start: Tensor) -> Memory:
    return {"age": 0, "batch": (), "pairs": ()}


def _averaged(
    fisher: FisherAt, memory: Memory, keep: float | None, sharing: str
) -> tuple[Factors | dict[str, LayerFactors], float, Memory]:
    """The factors averaged with those of a memory, the weight of the old ones, the new memory."""
    net, old, age = fisher.at.problem.net, memory["pairs"], memory["age"] + 1
    batch = fisher.at.problem.signature if keep is None else ()
    most = keep if keep is not None else AVERAGE if batch != memory["batch"] else 0.0
    weight = min(1 - 1 / age, most)
    kept = {"age": age, "batch": batch}
    if is_factored_by_hand(net):
        factors = Factors.of(fisher)
        if weight:
            factors = Factors(factors.net, old).blend(factors, weight)
        return factors, weight, {**kept, "pairs": factors.pairs}
    here = factors_of(fisher, sharing)
    for path in [path for path in here if weight and path in old]:
        a, b = old[path]
        here[path] = here[path].blend(a, b, weight)
    return here, weight, {**kept, "pairs": {path: (f.a, f.b) for path, f in here.items()}}


def _kept(point: At, memory: Memory) -> Factors | dict[str, LayerFactors]:
    """The factors of a memory."""
    net, pairs = point.problem.net, memory["pairs"]
    if is_factored_by_hand(net):
        return Factors(net, pairs)
    layers = dict(net.module.named_modules())
    return {path: known(path, layers[path], a, b) for path, (a, b) in pairs.items()}


def _held(point: At, held: Any, v: Tensor) -> Tensor:
    net = point.problem.net
    if isinstance(held, dict):
        return held_by_module(net, held, v)
    return held_solve(net, held, v)


def ekfac(
    kind: str = "true", samples: int = 1, keep: float | None = 0.0, sharing: str = "expand"
) -> Metric:
    """E-KFAC: K-FAC's eigenbasis, true second moments (George et al. 2018, §3.2).

    Args:
        kind: "true", "monte-carlo" or "empirical".
        samples: Targets drawn an example, of kind "monte-carlo".
        keep: As in ``kfac``, for the factors and the moments. The old moments are turned into the
            new eigenbasis (``natgrad_core.nets.fisher.kfac.turned``).
        sharing: As in ``kfac``, for the factors; the moments are those of whole examples.

    Returns:
        The metric; it remembers the factors and the moments.

    Raises:
        ValueError: If there is no such kind or sharing, or a number is out of range.
    """
    _must_average(kind, samples, keep, sharing)

    def at(point: At, memory: Memory) -> tuple[Operator, Memory]:
        fisher = FisherAt(point, kind, samples)
        factors, weight, kept = _averaged(fisher, memory, keep, sharing)
        old = memory["spectra"]
        if isinstance(factors, dict):
            spectra = spectra_of(fisher, factors, old, weight)
            operator = ModuleEigen(point.problem.net, factors, spectra)
            return operator, {**kept, "spectra": spectra}
        here = Eigen.of(fisher, factors, old, weight)

        def counterpart() -> Eigen:
            return here.double if weight else Eigen.of(fisher.double)

        return Careful(point, here, counterpart), {**kept, "spectra": here.spectra}

    def again(point: At, memory: Memory) -> Operator:
        factors, spectra = _kept(point, memory), memory["spectra"]
        if isinstance(factors, dict):
            return ModuleEigen(point.problem.net, factors, spectra)
        here = Eigen(factors, spectra)
        return Careful(point, here, lambda: here.double)

    def start(first: Tensor) -> Memory:
        return {**_without_factors(first), "spectra": ()}

    return Metric("E-KFAC", at, start, again, _held)
