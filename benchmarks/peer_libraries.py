"""One damped natural step in other libraries, written as in their manuals, for classification.

Each uses its fastest exact method at this size: the dense matrix, conjugate gradients, or the Gram
matrix of the examples.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from natgrad_core.nets import NetProblem

MOST = 2e9
"""How many numbers a library may hold at once; a method that needs more is left out."""


class TooMuch(Exception):
    """The method would need more memory than allowed."""


def _module(problem: NetProblem, theta: Tensor) -> nn.Module:
    module = problem.net.write(theta)
    module.zero_grad()
    return module


def _gradient(problem: NetProblem, module: nn.Module) -> Tensor:
    loss = nn.functional.cross_entropy(module(problem.x), problem.y)
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(module.parameters()))])


def _damped(matrix: Tensor, damping: float, v: Tensor) -> Tensor:
    matrix.diagonal().add_(damping)
    return torch.cholesky_solve(v[:, None], torch.linalg.cholesky(matrix))[:, 0]


def _root(out: Tensor) -> Tensor:
    """Return S ``[N, C, C]`` with SᵀS = diag p − p pᵀ: diag(√p) − √p pᵀ."""
    p = out.softmax(1)
    return torch.diag_embed(p.sqrt()) - p.sqrt()[:, :, None] * p[:, None, :]


def torch_func(problem: NetProblem, theta: Tensor, damping: float) -> Tensor:
    """Use vmap of jacrev, then the smaller of RᵀR and R Rᵀ."""
    n, c = len(problem), problem.outputs
    if n * c * problem.dim > MOST / 4:
        raise TooMuch(f"{n * c * problem.dim * 4 / 2**30:.1f} GiB of Jacobian")
    module = _module(problem, theta)
    parameters = {k: v.detach() for k, v in module.named_parameters()}

    def one(at: dict[str, Tensor], x: Tensor) -> Tensor:
        return torch.func.functional_call(module, at, (x[None],))[0]

    parts = torch.func.vmap(torch.func.jacrev(one), (None, 0))(parameters, problem.x)
    j = torch.cat([part.flatten(2) for part in parts.values()], 2)
    g = _gradient(problem, module)
    rows = torch.bmm(_root(module(problem.x).detach()), j).flatten(0, 1)
    if n * c < problem.dim:
        inner = _damped(rows @ rows.T, n * damping, rows @ g)
        return (g - rows.T @ inner) / damping
    return _damped(rows.T @ rows / n, damping, g)


def curvlinops_cg(problem: NetProblem, theta: Tensor, damping: float) -> Tensor:
    """Use CGInverseLinearOperator of GGNLinearOperator."""
    import curvlinops
    from curvlinops.examples import IdentityLinearOperator

    module: Any = _module(problem, theta)
    operator = curvlinops.GGNLinearOperator(
        module,
        nn.CrossEntropyLoss(),
        list(module.parameters()),
        [(problem.x, problem.y)],
        check_deterministic=False,
    )
    eye: Any = IdentityLinearOperator(
        [p.shape for p in module.parameters()], problem.x.device, problem.x.dtype
    )
    inverse = curvlinops.CGInverseLinearOperator(
        operator + damping * eye, tolerance=1e-5, max_iter=2000, max_tridiag_iter=0
    )
    x: Any = inverse @ _gradient(problem, module)
    return x


def nngeometry_dense(problem: NetProblem, theta: Tensor, damping: float) -> Tensor:
    """Use PMatDense.solve."""
    from nngeometry.metrics import FIM
    from nngeometry.object import PMatDense, PVector

    if problem.dim**2 > MOST / 8 or len(problem) * problem.outputs * problem.dim > MOST / 4:
        raise TooMuch(f"{problem.dim**2 * 4 / 2**30:.1f} GiB of matrix")
    module = _module(problem, theta)
    loader = DataLoader(TensorDataset(problem.x, problem.y), batch_size=len(problem))
    matrix: Any = FIM(module, loader, PMatDense, "classif_logits")
    g: Any = PVector(matrix.generator.layer_collection, vector_repr=_gradient(problem, module))
    return matrix.solve(g, regul=damping).to_torch()


def backpack_gram(problem: NetProblem, theta: Tensor, damping: float) -> Tensor:
    """Use SqrtGGNExact, then the smaller of V Vᵀ and Vᵀ V."""
    from backpack import backpack, extend
    from backpack.extensions import SqrtGGNExact

    n, c = len(problem), problem.outputs
    if n * c * problem.dim > MOST / 4:
        raise TooMuch(f"{n * c * problem.dim * 4 / 2**30:.1f} GiB of roots")
    module: Any = extend(copy.deepcopy(_module(problem, theta)))
    loss = extend(nn.CrossEntropyLoss())(module(problem.x), problem.y)
    with backpack(SqrtGGNExact()):
        loss.backward()
    rows = torch.cat([p.sqrt_ggn_exact.flatten(0, 1).flatten(1) for p in module.parameters()], 1)
    g = torch.cat([p.grad.flatten() for p in module.parameters() if p.grad is not None])
    if n * c < problem.dim:
        inner = _damped(rows @ rows.T, damping, rows @ g)
        return (g - rows.T @ inner) / damping
    return _damped(rows.T @ rows, damping, g)


STEPS: dict[str, Callable[[NetProblem, Tensor, float], Tensor]] = {
    "torch.func": torch_func,
    "curvlinops (CG)": curvlinops_cg,
    "nngeometry (dense)": nngeometry_dense,
    "BackPACK (exact root)": backpack_gram,
}
