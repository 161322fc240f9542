"""(F + λI) x = v, exactly, in four ways that agree to rounding; which is fastest depends on size.

With R = S J (N K rows, p columns), F = RᵀR/N:

- ``rows``: form R and RᵀR, Cholesky. Best for one direction (two classes) and few parameters.
- ``gram``: turn it around (Woodbury). (RᵀR/N + λ)⁻¹ Rᵀ r/N = Rᵀ (R Rᵀ + Nλ)⁻¹ r, and R Rᵀ is built
  layer by layer, Σ_l (A_l A_lᵀ) ∘ (G_l G_lᵀ): R is never formed, and for a gradient, which is
  Rᵀ r/N with Sᵀ r the residual, nothing is divided by λ. Best for few examples and many parameters.
- ``contracted``: F with the outputs summed first (contract.py), Cholesky.
- ``cg``: conjugate gradients on products, with K-FAC as preconditioner; no matrix of size p.

``choose`` adds up what each costs, at rates measured on this kind of machine, among those whose
memory fits; tests/bench/nets.py holds its choices against the clock.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from natgrad_core.nets.contract import contracted, is_all_linear, torch_order
from natgrad_core.nets.fisher import Fisher
from natgrad_core.nets.kfac import Factors, Kronecker
from natgrad_core.nets.layers import Linear

METHODS = ("rows", "gram", "contracted", "cg")
FLOAT32_FLOOR = 1e-5
"""Below this share of F's size, λ drowns in float32 rounding."""


class TooLargeError(MemoryError):
    """An exact solve that would not fit in memory."""


@dataclass(frozen=True)
class Solution:
    """x, and how it was come by."""

    x: Tensor
    method: str
    note: str = ""
    iterations: int = 0


@dataclass(frozen=True)
class Cost:
    """What a method is expected to take here."""

    seconds: float
    bytes: int


FLOPS, ELEMENTS, CALL, PRODUCTS = 35e9, 0.6e9, 6e-6, 25
"""One core: multiply-adds a second are half of FLOPS; numbers touched a second; seconds a call; CG's usual count."""


def costs(fisher: Fisher) -> dict[str, Cost]:
    """Expected seconds and bytes of each method that can be used at all."""
    tape, k = fisher.at.tape, fisher.directions
    net, n, p = tape.net, len(tape), tape.net.size
    size = fisher.at.theta.element_size()
    nk, depth = n * k, len(tape.net.layers)
    slow = 1 if size == 4 else 2
    widths = [(layer.inputs + layer.bias, layer.outputs) for layer in
              (net.layers[i] for i in net.parametric) if isinstance(layer, Linear)]  # fmt: skip
    linear = is_all_linear(fisher)

    def cost(flops: float, touched: float, calls: float, memory: float) -> Cost:
        seconds = slow * (flops / FLOPS + touched / ELEMENTS) + calls * CALL
        return Cost(seconds, int(memory * size))

    back = 2 * nk * p, nk * sum(o for _, o in widths)
    found = {
        "rows": cost(back[0] + 2 * nk * p * p + p**3 / 3, back[1] + nk * p, 12 * depth, nk * p + 2 * p * p),
        "cg": cost(PRODUCTS * 6 * n * p + back[0], PRODUCTS * n * 2 * sum(o for _, o in widths) + back[1],
                   (PRODUCTS + 3) * 9 * depth, 4 * n * (sum(o for _, o in widths) + 1) + 10 * p),
    }  # fmt: skip
    gram = sum(2 * n * n * i + 2 * nk * nk * o for i, o in widths) if linear else 2 * nk * nk * p
    found["gram"] = cost(gram + back[0] + nk**3 / 3, 2 * nk * nk * len(net.parametric), 12 * depth,
                         3 * nk * nk + (0 if linear else nk * p))  # fmt: skip
    if linear:
        own = [(o * (o + 1) / 2, i * (i + 1) / 2) for i, o in widths]
        cross = [(o * oo, i * ii) for j, (i, o) in enumerate(widths) for ii, oo in widths[:j]]
        pairs = own + cross
        found["contracted"] = cost(
            back[0] + sum(2 * n * a * b for a, b in pairs) + p**3 / 3,
            sum(n * (a + b) for a, b in pairs) + 3 * p * p, 12 * depth + 12 * len(pairs),
            2 * p * p + n * max(a + b for a, b in pairs) + 2 * max(a * b for a, b in pairs),
        )  # fmt: skip
    return found


def free_bytes() -> int:
    """Memory that can still be had."""
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def choose(fisher: Fisher, limit: int | None = None) -> str:
    """The method expected to be fastest, among those that fit in ``limit`` bytes."""
    limit = free_bytes() // 2 if limit is None else limit
    fitting = {m: c for m, c in costs(fisher).items() if c.bytes <= limit}
    return min(fitting, key=lambda m: fitting[m].seconds) if fitting else "cg"


def solve(
    fisher: Fisher,
    v: Tensor,
    damping: float,
    method: str = "auto",
    limit: int | None = None,
    tolerance: float | None = None,
) -> Solution:
    """(F + λI)⁻¹ v by ``method``, or the one ``choose`` picks; it says which, and if it went double."""
    if not damping >= 0:
        raise ValueError(f"damping λ must be ≥ 0, got {damping}")
    picked = choose(fisher, limit) if method == "auto" else method
    if picked not in METHODS:
        raise ValueError(f"no exact solve {method!r}; there are {', '.join(METHODS)}, or auto")
    _fits(fisher, picked, free_bytes() // 2 if limit is None else limit)
    if picked == "cg":
        return _by_cg(fisher, v, damping, tolerance)
    x = _TRY[picked](fisher, v, damping)
    if x is not None:
        return Solution(x, picked)
    if v.dtype == torch.float32:
        x = _TRY[picked](fisher.double, v.double(), damping)
        if x is not None:
            note = f"λ = {damping:.1e} is too small for float32 here: solved in float64"
            return Solution(x.float(), picked, note)
    raise ValueError(
        f"F + λI is singular with λ = {damping:.1e}: dead units, or fewer than {len(v)} independent "
        "directions in the data; raise λ"
    )


def _fits(fisher: Fisher, method: str, limit: int) -> None:
    known = costs(fisher)
    if method not in known:
        raise TypeError(
            f"{method!r} needs a net of Linear layers only; take 'rows', 'gram' or 'cg'"
        )
    if known[method].bytes > limit:
        raise TooLargeError(
            f"the exact solve by {method!r} for p = {fisher.at.problem.dim} parameters, N = "
            f"{len(fisher.at.tape)} examples and K = {fisher.directions} directions needs "
            f"{known[method].bytes / 2**30:.1f} GiB, {limit / 2**30:.1f} allowed; take method='cg', or K-FAC"
        )


def _cholesky(matrix: Tensor, damping: float, v: Tensor) -> Tensor | None:
    """(matrix + damping I)⁻¹ v, or None where this precision cannot say. Spends ``matrix``."""
    if matrix.dtype == torch.float32 and damping < FLOAT32_FLOOR * float(matrix.norm()):
        return None
    matrix.diagonal().add_(damping)
    lower, info = torch.linalg.cholesky_ex(matrix)
    if int(info):
        return None
    return torch.cholesky_solve(v[:, None], lower)[:, 0]


def _by_rows(fisher: Fisher, v: Tensor, damping: float) -> Tensor | None:
    r = fisher.rows()
    return _cholesky((r.T @ r).div_(len(fisher.at.tape)), damping, v)


def _by_contraction(fisher: Fisher, v: Tensor, damping: float) -> Tensor | None:
    order = torch_order(fisher.at.problem.net)
    rhs = torch.empty_like(v)
    rhs[order] = v
    x = _cholesky(contracted(fisher), damping, rhs)
    return None if x is None else x[order]


def gram(fisher: Fisher) -> Tensor:
    """R Rᵀ, ``[N K, N K]``, layer by layer."""
    tape = fisher.at.tape
    if not is_all_linear(fisher):
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


def _by_gram(fisher: Fisher, v: Tensor, damping: float) -> Tensor | None:
    tape, n, k = fisher.at.tape, len(fisher.at.tape), fisher.directions
    if damping == 0:
        raise ValueError("the Gram solve needs λ > 0: F has no inverse beyond the span of the data")

    def out_of(u: Tensor) -> Tensor:
        return tape.pull(torch.einsum("nkc,nk->nc", fisher.root, u.view(n, k)))

    if v is fisher.at.__dict__.get("grad") and fisher.kind == "true":
        r = fisher.at.problem.likelihood.lift(fisher.at.mean, fisher.at.residual)
        u = _cholesky(gram(fisher), n * damping, r.flatten())
        return None if u is None else out_of(u)
    into = torch.einsum("nkc,nc->nk", fisher.root, tape.push(v)).flatten()
    u = _cholesky(gram(fisher), n * damping, into)
    return None if u is None else (v - out_of(u)) / damping


_TRY: dict[str, Callable[[Fisher, Tensor, float], Tensor | None]] = {
    "rows": _by_rows,
    "gram": _by_gram,
    "contracted": _by_contraction,
}


def _by_cg(fisher: Fisher, v: Tensor, damping: float, tolerance: float | None) -> Solution:
    tolerance = tolerance or (1e-5 if v.dtype == torch.float32 else 1e-11)
    precondition: Callable[[Tensor], Tensor] = torch.clone
    try:
        kronecker = Kronecker(Factors.of(fisher))
        if damping > 0:
            precondition = lambda r: kronecker.solve(r, damping)  # noqa: E731
    except TypeError:  # a frozen norm has no factors; CG does without
        pass
    x, r = torch.zeros_like(v), v.clone()
    z = precondition(r)
    d, rz, scale = z.clone(), float(r @ z), float(v.norm())
    iterations, cap = 0, max(50, 10 * len(v))
    while float(r.norm()) > tolerance * scale and iterations < cap:
        hd = fisher.mv(d).add_(d, alpha=damping)
        step = rz / float(d @ hd)
        x.add_(d, alpha=step)
        r.sub_(hd, alpha=step)
        z = precondition(r)
        old, rz = rz, float(r @ z)
        d = torch.add(z, d, alpha=rz / old)
        iterations += 1
    return Solution(
        x, "cg", "" if iterations < cap else "stopped short of its tolerance", iterations
    )
