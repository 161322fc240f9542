"""Held against two curvature libraries on the same nets: curvlinops and nngeometry.

They are test tools only, and not in pyproject.toml: both ask for torchvision, which they do not
need here and which does not go with every build of torch. ``make test`` installs what
tests/peers.txt lists, without what that asks for.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from natgrad_core.nets.fisher.fisher import FisherAt
from natgrad_core.nets.fisher.kfac import Eigen, Factors, Kronecker
from natgrad_core.nets.fisher.solve import solve
from natgrad_core.nets.likelihood import Gaussian
from natgrad_core.nets.problem import At
from tests.nets.cases import LIKELIHOODS, NETS, point

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # theirs, at import
    curvlinops: Any = pytest.importorskip("curvlinops", reason="make test installs tests/peers.txt")
    nngeometry: Any = pytest.importorskip("nngeometry.object", reason="in tests/peers.txt")
    metrics: Any = pytest.importorskip("nngeometry.metrics", reason="in tests/peers.txt")

FACTORED = ("tanh MLP", "relu MLP without bias", "convolutional")


@pytest.fixture(autouse=True)
def _their_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def close(a: Tensor, b: Tensor, tolerance: float = 1e-10) -> bool:
    return float((a - b).norm()) <= tolerance * float(b.norm())


def lossy(at: At) -> tuple[nn.Module, Tensor, float]:
    """Torch's loss for a problem, its targets, and (their matrix)/(ours): the reduction."""
    likelihood, outputs = at.problem.likelihood, at.problem.outputs
    if likelihood.name == "categorical":
        return nn.CrossEntropyLoss(), at.problem.y, 1.0
    if isinstance(likelihood, Gaussian):  # MSELoss is a mean over outputs too, with no ½
        return nn.MSELoss(), at.problem.y, 2 * likelihood.scale**2 / outputs
    return nn.BCEWithLogitsLoss(), at.problem.y.round(), 1 / outputs  # theirs takes 0 and 1 only


def theirs(at: At, kind: str, **options: Any) -> Tensor:
    """A curvlinops operator on the same net, as a matrix in our scale."""
    module = at.problem.net.module.double()
    at.problem.net.write(at.theta)
    loss, y, scale = lossy(at)
    parameters = list(module.parameters())
    operator = getattr(curvlinops, kind)(
        module, loss, parameters, [(at.problem.x, y)], check_deterministic=False, **options
    )
    return operator @ torch.eye(at.problem.dim, dtype=torch.float64) / scale


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_the_fisher_is_the_gauss_newton_matrix_of_curvlinops(net: str, likelihood: str) -> None:
    at = point(net, likelihood)
    assert close(FisherAt(at).dense(), theirs(at, "GGNLinearOperator"))


@pytest.mark.parametrize("net", FACTORED)
@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_exact_factors_are_those_of_curvlinops(net: str, likelihood: str) -> None:
    at = point(net, likelihood)
    exact = {"fisher_type": "type-2", "separate_weight_and_bias": False}
    ours = Kronecker(Factors.of(FisherAt(at))).dense()
    assert close(ours, theirs(at, "KFACLinearOperator", **exact))


@pytest.mark.parametrize("net", FACTORED)
@pytest.mark.parametrize("likelihood", ["three classes", "regression"])
def test_ekfac_is_that_of_curvlinops(net: str, likelihood: str) -> None:
    at = point(net, likelihood)
    exact = {"fisher_type": "type-2", "separate_weight_and_bias": False}
    assert close(Eigen.of(FisherAt(at)).dense(), theirs(at, "EKFACLinearOperator", **exact), 1e-8)


def test_the_empirical_fisher_and_the_hessian_are_those_of_curvlinops() -> None:
    at = point("tanh MLP", "three classes")
    assert close(FisherAt(at, "empirical").dense(), theirs(at, "EFLinearOperator"))
    assert close(at.problem.hessian(at.theta), theirs(at, "HessianLinearOperator"))


def of_nngeometry(at: At, representation: str) -> Any:
    at.problem.net.module.double()
    at.problem.net.write(at.theta)
    loader = DataLoader(TensorDataset(at.problem.x, at.problem.y), batch_size=len(at.problem))
    variant = {"categorical": "classif_logits", "gaussian": "regression"}
    return metrics.FIM(
        at.problem.net.module,
        loader,
        getattr(nngeometry, representation),
        variant[at.problem.likelihood.name],
    )


NNGEOMETRY: dict[str, Callable[[At], Tensor]] = {
    "PMatDense": lambda at: FisherAt(at).dense(),
    "PMatBlockDiag": lambda at: torch.block_diag(*FisherAt(at).blocks()),
    "PMatDiag": lambda at: FisherAt(at).diagonal().diag(),
    "PMatKFAC": lambda at: Kronecker(Factors.of(FisherAt(at))).dense(),
    "PMatEKFAC": lambda at: Eigen.of(FisherAt(at)).dense(),
}


@pytest.mark.parametrize("representation", NNGEOMETRY)
@pytest.mark.parametrize("likelihood", ["three classes", "regression"])
def test_every_form_of_the_fisher_is_that_of_nngeometry(
    representation: str, likelihood: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = point("tanh MLP", likelihood, n=9)
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        matrix = of_nngeometry(at, representation)
        if representation == "PMatEKFAC":
            matrix.update_diag(DataLoader(TensorDataset(at.problem.x, at.problem.y), batch_size=9))
        found = matrix.to_torch()
    finally:
        torch.set_default_dtype(before)
    scale = at.problem.likelihood.scale**2 if isinstance(at.problem.likelihood, Gaussian) else 1.0
    assert close(NNGEOMETRY[representation](at), found / scale, 1e-7)


def test_one_damped_natural_step_is_the_same_by_all_three() -> None:
    at = point("tanh MLP", "three classes")
    ours = solve(FisherAt(at), at.grad, 1e-2).x
    matrix = theirs(at, "GGNLinearOperator")
    eye = torch.eye(at.problem.dim, dtype=torch.float64)
    assert close(ours, torch.linalg.solve(matrix + 1e-2 * eye, at.grad), 1e-9)
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        dense = of_nngeometry(at, "PMatDense").to_torch()
    finally:
        torch.set_default_dtype(before)
    assert close(ours, torch.linalg.solve(dense + 1e-2 * eye, at.grad), 1e-6)
