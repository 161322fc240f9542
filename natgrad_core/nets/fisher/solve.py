"""(F + λI) x = v, exactly, in four ways that agree to rounding; which is fastest depends on size.

With R = S J (N K rows, p columns), F = RᵀR/N:

- ``rows``: form R and RᵀR, Cholesky. Best for one direction (two classes) and few parameters.
- ``gram``: turn it around (Woodbury). (RᵀR/N + λ)⁻¹ Rᵀ r/N = Rᵀ (R Rᵀ + Nλ)⁻¹ r, and R Rᵀ is built
  layer by layer, Σ_l (A_l A_lᵀ) ∘ (G_l G_lᵀ): R is never formed, and for a gradient, which is
  Rᵀ r/N with Sᵀ r the residual, nothing is divided by λ. Best for few examples and many parameters.
- ``contracted``: F with the outputs summed first (contract.py), Cholesky.
- ``cg``: conjugate gradients on products, with K-FAC as preconditioner where that pays; no matrix
  of size p.

``choose`` adds up what each costs, at rates measured on this kind of machine, among those whose
memory fits; benchmarks/nets.py holds its choices against the clock.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from natgrad_core.errors import NotFiniteError, SingularMetricError
from natgrad_core.nets.dense_fisher import contracted, is_all_linear, torch_order
from natgrad_core.nets.fisher.fisher import FisherAt
from natgrad_core.nets.fisher.kfac import Factors, Kronecker, held_solve
from natgrad_core.nets.fisher.solver_cost import LOOSE, METHODS, choose, must_fit, preconditions
from natgrad_core.nets.layers.linear_and_conv import Linear
from natgrad_core.nets.problem import FLOAT32_FLOOR
from natgrad_core.nets.runtime.memory_limit import TooLargeError
from natgrad_core.nets.runtime.time_limit import check_time_limit

__all__ = ["METHODS", "Solution", "TooLargeError", "choose", "gram", "solve"]

LOOSE_PRODUCTS = 200
"""The most products that a loose solve may take. Where float32 can say up to 100 are seen (digits,
K-FAC as preconditioner); where it cannot the residual falls no more, and float64 is there in ten.
"""

DROWNED = "λ = {:.1e} is too small for float32 here: solved in float64"


@dataclass(frozen=True)
class Solution:
    """x, and how it was come by."""

    x: Tensor
    method: str
    note: str = ""
    iterations: int = 0


def must_be_a_method(method: str) -> None:
    """Check the name of a method.

    Args:
        method: "auto", or one of METHODS.

    Raises:
        ValueError: If it is neither.
    """
    if method != "auto" and method not in METHODS:
        raise ValueError(f"no exact solve {method!r}; there are {', '.join(METHODS)}, or auto")


def solve(
    fisher: FisherAt,
    v: Tensor,
    damping: float,
    method: str = "auto",
    limit: int | None = None,
    tolerance: float | None = None,
) -> Solution:
    """Return (F + λI)⁻¹ v, exactly, with the method that was used.

    Args:
        fisher: F at a point.
        v: The vector, ``[p]``. If it equals the gradient there, it is solved as the gradient.
        damping: λ ≥ 0.
        method: One of ``METHODS``, or "auto" for the one that ``choose`` picks.
        limit: Bytes that may be allocated; None for half of what is free.
        tolerance: Of conjugate gradients, on the residual relative to v.

    Returns:
        The solution, ``[p]``, and how it was found.

    Raises:
        ValueError: If λ is negative or there is no such method.
        TooLargeError: Before anything too large is allocated.
        NotFiniteError: If v is not finite.
        SingularMetricError: If F + λI is singular to rounding.
        TooSlowError: Under a time limit (``time_limit``), if products take too long.
    """
    if not damping >= 0:
        raise ValueError(f"damping λ must be ≥ 0, got {damping}")
    must_be_a_method(method)
    picked = choose(fisher, damping, limit) if method == "auto" else method
    if not bool(v.isfinite().all()):
        raise NotFiniteError(
            "the vector to solve for is not finite: lower the rate, raise the damping, "
            "or look for NaN in the data"
        )
    if method != "auto":
        must_fit(fisher, picked, limit)
    if picked == "cg":
        return _by_cg(fisher, v, damping, tolerance)
    x = _TRY[picked](fisher, v, damping)
    if x is not None:
        return Solution(x, picked)
    if v.dtype == torch.float32:
        x = _TRY[picked](fisher.double, fisher.at.doubled(v), damping)
        if x is not None:
            return Solution(x.float(), picked, DROWNED.format(damping))
    raise SingularMetricError(
        f"F + λI is singular with λ = {damping:.1e}: dead units, or fewer than {len(v)} "
        "independent directions in the data; raise λ"
    )


def _cholesky(matrix: Tensor, damping: float, v: Tensor) -> Tensor | None:
    """(matrix + damping I)⁻¹ v, or None where this precision cannot say. Spends ``matrix``."""
    if matrix.dtype == torch.float32 and damping < FLOAT32_FLOOR * float(matrix.norm()):
        return None
    matrix.diagonal().add_(damping)
    lower, info = torch.linalg.cholesky_ex(matrix)
    if int(info):
        return None
    pivots = lower.diagonal()
    # Of the factorization and, with some room, of the sums in F; float32 has the floor above.
    rounding = 8 * len(v) * torch.finfo(torch.float64).eps
    if float(pivots.min()) ** 2 <= rounding * float(pivots.max()) ** 2:
        return None  # singular to rounding: what is divided by is noise
    return torch.cholesky_solve(v[:, None], lower)[:, 0]


def _by_rows(fisher: FisherAt, v: Tensor, damping: float) -> Tensor | None:
    return _cholesky(_lower(fisher.rows()).div_(len(fisher.at.tape)), damping, v)


def _lower(rows: Tensor, parts: int = 4) -> Tensor:
    """RᵀR below the diagonal, where Cholesky reads: 10 of 16 blocks, and zeros in the others."""
    p = rows.shape[1]
    out = rows.new_zeros(p, p)
    ends = [p * i // parts for i in range(parts + 1)]
    for a, b in itertools.pairwise(ends):
        out[a:b, :b] = rows[:, a:b].T @ rows[:, :b]
    return out


def _by_contraction(fisher: FisherAt, v: Tensor, damping: float) -> Tensor | None:
    order = torch_order(fisher.at.problem.net)
    rhs = torch.empty_like(v)
    rhs[order] = v
    x = _cholesky(contracted(fisher.at.tape, fisher.cotangents), damping, rhs)
    return None if x is None else x[order]


def gram(fisher: FisherAt) -> Tensor:
    """Return R Rᵀ, layer by layer.

    Args:
        fisher: F = RᵀR/N.

    Returns:
        R Rᵀ, ``[N K, N K]``.
    """
    tape = fisher.at.tape
    if not is_all_linear(fisher.at.problem.net):
        r = fisher.rows()
        return r @ r.T
    n, k = len(tape), fisher.directions
    total = fisher.root.new_zeros(n, k, n, k)
    for i, g in zip(tape.net.parametric, fisher.cotangents, strict=True):
        layer = tape.net.layers[i]
        assert isinstance(layer, Linear)
        a, flat = layer.features(tape.values[i], None), g.flatten(0, 1)
        total.addcmul_((flat @ flat.T).view(n, k, n, k), (a @ a.T)[:, None, :, None])
    return total.view(n * k, n * k)


def _by_gram(fisher: FisherAt, v: Tensor, damping: float) -> Tensor | None:
    tape, n, k = fisher.at.tape, len(fisher.at.tape), fisher.directions
    if damping == 0:
        raise SingularMetricError(
            "the Gram solve needs λ > 0: F has no inverse beyond the span of the data"
        )

    def out_of(u: Tensor) -> Tensor:
        return tape.pull(torch.einsum("nkc,nk->nc", fisher.root, u.view(n, k)))

    if fisher.kind == "true" and fisher.at.is_grad(v):
        r = fisher.at.problem.likelihood.lift(fisher.at.mean, fisher.at.residual)
        u = _cholesky(gram(fisher), n * damping, r.flatten())
        return None if u is None else out_of(u)
    into = torch.einsum("nkc,nc->nk", fisher.root, tape.push(v)).flatten()
    u = _cholesky(gram(fisher), n * damping, into)
    return None if u is None else (v - out_of(u)) / damping


_TRY: dict[str, Callable[[FisherAt, Tensor, float], Tensor | None]] = {
    "rows": _by_rows,
    "gram": _by_gram,
    "contracted": _by_contraction,
}


def _by_cg(fisher: FisherAt, v: Tensor, damping: float, tolerance: float | None) -> Solution:
    single = v.dtype == torch.float32
    tolerance = tolerance or (1e-5 if single else 1e-11)
    loose = tolerance > LOOSE

    def in_double() -> Solution:
        found = _by_cg(fisher.double, fisher.at.doubled(v), damping, tolerance)
        note = "; ".join(filter(None, (DROWNED.format(damping), found.note)))
        return Solution(found.x.float(), "cg", note, found.iterations)

    precondition: Callable[[Tensor], Tensor] = torch.clone
    if preconditions(fisher, damping, tolerance):
        operator = Kronecker(Factors.of(fisher))
        if single and damping < FLOAT32_FLOOR * operator.largest and not loose:
            return in_double()
        precondition = partial(held_solve, operator.net, operator.hold(damping))
    x, r = torch.zeros_like(v), v.clone()
    z = precondition(r)
    d, rz, scale = z.clone(), float(r @ z), float(v.norm())
    iterations, cap = 0, LOOSE_PRODUCTS if loose else max(50, 10 * len(v))
    while float(r.norm()) > tolerance * scale and iterations < cap:
        check_time_limit()
        hd = fisher.mv(d).add_(d, alpha=damping)
        step = rz / float(d @ hd)
        x.add_(d, alpha=step)
        r.sub_(hd, alpha=step)
        z = precondition(r)
        old, rz = rz, float(r @ z)
        d = torch.add(z, d, alpha=rz / old)
        iterations += 1
    if iterations == cap and single and loose:
        return in_double()
    return Solution(
        x, "cg", "" if iterations < cap else "stopped short of its tolerance", iterations
    )
