"""Laws of K-FAC and E-KFAC: where they are exact, how near they are elsewhere, what they invert."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from natgrad_core.nets import NetProblem, mlp
from natgrad_core.nets.fisher.fisher import FisherAt
from natgrad_core.nets.fisher.kfac import Eigen, Factors, Kronecker, Pair, join, split
from natgrad_core.nets.likelihood import Gaussian, Weighted
from natgrad_core.nets.metrics import Metric, ekfac, kfac
from natgrad_core.nets.problem import At
from tests.nets.cases import LIKELIHOODS, LINEAR_ONLY, point

FACTORED = (*LINEAR_ONLY, "convolutional")


def eye_like(at: At) -> Tensor:
    return torch.eye(at.problem.dim, dtype=torch.float64)


def close(a: Tensor, b: Tensor, tolerance: float = 1e-11) -> bool:
    return bool((a - b).abs().max() <= tolerance * max(1.0, float(b.abs().max())))


def blocks(at: At, kind: str = "true") -> Tensor:
    return torch.block_diag(*FisherAt(at, kind).blocks())


@pytest.mark.parametrize("net", LINEAR_ONLY)
@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_kfac_is_exact_for_one_example(net: str, likelihood: str) -> None:
    at = point(net, likelihood, n=1)
    assert close(Kronecker(Factors.of(FisherAt(at))).dense(), blocks(at))
    more = point(net, likelihood)
    assert not close(Kronecker(Factors.of(FisherAt(more))).dense(), blocks(more), 1e-3) or (
        net == "linear" and likelihood == "regression"
    )


def test_kfac_is_exact_for_deep_linear_nets_with_squared_loss() -> None:
    x = torch.randn(20, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    problem = NetProblem(mlp((4, 5, 3, 2), "identity"), Gaussian(1.3), x, x[:, :2])
    at = problem.at(problem.net.init(0, torch.float64))
    assert close(Kronecker(Factors.of(FisherAt(at))).dense(), blocks(at))
    assert close(Eigen.of(FisherAt(at)).dense(), blocks(at))


@pytest.mark.parametrize("net", FACTORED)
@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@pytest.mark.parametrize("kind", ["true", "empirical"])
def test_ekfac_is_never_further_from_the_blocks_than_kfac(
    net: str, likelihood: str, kind: str
) -> None:
    at = point(net, likelihood)
    fisher = FisherAt(at, kind)
    truth = fisher.blocks()
    eigen = Eigen.of(fisher)
    plain = Kronecker(eigen.factors)
    for near, far, right in zip(eigen.blocks(), plain.blocks(), truth, strict=True):
        rounding = 1e-13 * float(right.norm())
        assert float((near - right).norm()) <= float((far - right).norm()) + rounding


@pytest.mark.parametrize("net", FACTORED)
def test_ekfac_has_the_true_second_moments_in_its_basis(net: str) -> None:
    """So no other diagonal there is nearer (George et al. 2018, §3)."""
    at = point(net, "three classes")
    eigen = Eigen.of(FisherAt(at))
    for block, right in zip(eigen.blocks(), FisherAt(at).blocks(), strict=True):
        assert abs(float(block.trace() - right.trace())) < 1e-12 * float(right.trace())
        assert abs(float((block * (right - block)).sum())) < 1e-12 * float(block.square().sum())


@pytest.mark.parametrize("net", FACTORED)
@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_kfac_products_and_solves_are_those_of_its_dense_matrix(net: str, likelihood: str) -> None:
    at = point(net, likelihood)
    v = torch.linspace(-1, 1, at.problem.dim, dtype=torch.float64)
    for operator in (Kronecker(Factors.of(FisherAt(at)), shared=False), Eigen.of(FisherAt(at))):
        dense = operator.dense()
        assert close(operator.mv(v), dense @ v)
        for damping in (1e-3, 1.0):
            right = torch.linalg.solve(dense + damping * eye_like(at), v)
            assert close(operator.solve(v, damping), right, 1e-9)


def test_shared_damping_is_kfac_of_damped_factors() -> None:
    at = point("tanh MLP", "three classes")
    operator = Kronecker(Factors.of(FisherAt(at)))
    v = torch.linspace(-1, 1, at.problem.dim, dtype=torch.float64)
    damped: list[tuple[Tensor, Tensor]] = []
    for a, b in operator.factors.pairs:
        ratio = float((a.trace() / len(a)) / (b.trace() / len(b))) ** 0.5
        root = 0.01**0.5
        damped.append(
            (
                a + ratio * root * torch.eye(len(a), dtype=a.dtype),
                b + root / ratio * torch.eye(len(b), dtype=b.dtype),
            )
        )
    right = Kronecker(Factors(at.problem.net, tuple(damped))).dense()
    assert close(right @ operator.solve(v, 0.01), v, 1e-9)


@pytest.mark.parametrize("net", FACTORED)
def test_factors_are_inverted_as_their_eigenvectors_say(
    net: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = point(net, "three classes")
    operator = Kronecker(Factors.of(FisherAt(at)))

    def fails(matrix: Tensor) -> Pair:
        return matrix, torch.ones((), dtype=torch.int32)

    for damping in (1e-6, 1e-2, 10.0):
        shares = operator.shares(damping)
        damped = tuple(
            (a + s * torch.eye(len(a), dtype=a.dtype), b + t * torch.eye(len(b), dtype=b.dtype))
            for (a, b), (s, t) in zip(operator.factors.pairs, shares, strict=True)
        )
        right = Kronecker(Factors(at.problem.net, damped), shared=False).solve(at.grad, 0.0)
        assert close(operator.solve(at.grad, damping), right, 1e-9)
        with monkeypatch.context() as patch:
            patch.setattr(torch.linalg, "cholesky_ex", fails)
            assert close(operator.solve(at.grad, damping), right, 1e-9), "where Cholesky fails"


def test_no_eigenvalue_is_above_the_largest() -> None:
    at = point("tanh MLP", "three classes")
    operator = Kronecker(Factors.of(FisherAt(at)))
    top = float(operator.eigenvalues().max())
    assert top <= operator.largest <= 1.5 * top


@pytest.mark.parametrize("metric", [kfac(shared=False), ekfac()], ids=["K-FAC", "E-KFAC"])
def test_the_eigenbasis_is_kept_while_the_damping_changes(
    metric: Metric, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = point("tanh MLP", "three classes")
    operator = metric.at(at, metric.init(at.theta))[0]
    first = operator.solve(at.grad, 1.0)
    monkeypatch.setattr(torch.linalg, "eigh", None)  # a second decomposition would fail
    second = operator.solve(at.grad, 1e-4)
    dense = operator.dense()
    assert close(second, torch.linalg.solve(dense + 1e-4 * eye_like(at), at.grad), 1e-8)
    assert not close(first, second, 1e-2)


def test_exact_factors_are_the_means_that_sampled_ones_tend_to() -> None:
    at = point("tanh MLP", "three classes")
    exact = Factors.of(FisherAt(at)).pairs
    few, many = (
        [
            float((b - right).norm() / right.norm())
            for (_, b), (_, right) in zip(
                Factors.of(FisherAt(at, "monte-carlo", samples)).pairs, exact, strict=True
            )
        ]
        for samples in (2, 2000)
    )
    for (a, _), (right, _) in zip(
        Factors.of(FisherAt(at, "monte-carlo")).pairs, exact, strict=True
    ):
        assert torch.equal(a, right)
    assert max(many) < 0.06 < min(few)


def test_factors_are_averaged_over_steps() -> None:
    at = point("tanh MLP", "three classes")
    path = [at, at.after(0.3 * torch.ones_like(at.theta)), at.after(-0.3 * at.theta)]
    averaged = kfac(keep=0.6)
    memory = averaged.init(at.theta)
    for here in path:
        _, memory = averaged.at(here, memory)
    pairs = [Factors.of(FisherAt(here)).pairs for here in path]
    for kept, one, two, three in zip(memory["pairs"], *pairs, strict=True):
        for k, x, y, z in zip(kept, one, two, three, strict=True):
            half = (x + y) / 2  # the second step keeps min(1 − 1/2, 0.6), the third min(2/3, 0.6)
            assert close(k, 0.6 * half + 0.4 * z)


@pytest.mark.parametrize("net", FACTORED)
@pytest.mark.parametrize("weighted", [False, True])
def test_factors_of_some_examples_are_those_of_these_and_the_inputs_of_all(
    net: str, weighted: bool
) -> None:
    all_of_it = point(net, "three classes")
    problem, theta = all_of_it.problem, all_of_it.theta
    weights = torch.linspace(0.5, 2, len(problem), dtype=torch.float64)[:, None]
    likelihood = Weighted(problem.likelihood, weights) if weighted else problem.likelihood
    whole = NetProblem(problem.net, likelihood, problem.x, problem.y)
    metric, everything = kfac(examples=5), kfac(examples=len(problem))
    memory = metric.init(theta)
    for step, first in ((0, 0), (1, 1), (2, 2), (3, 0)):  # 4 of 12: every third
        of = torch.arange(first, len(problem), 3)
        some = Weighted(problem.likelihood, weights[of]) if weighted else problem.likelihood
        there = NetProblem(problem.net, some, problem.x[of], problem.y[of]).at(theta)
        due = list(Factors.of(FisherAt(there)).pairs)
        at = whole.at(theta, step)
        if net != "convolutional":
            due[0] = Factors.of(FisherAt(at)).pairs[0][0], due[0][1]
        found = metric.at(at, memory)[1]["pairs"]
        for pair, right in zip(found, due, strict=True):
            assert all(close(x, y) for x, y in zip(pair, right, strict=True))
        same = everything.at(at, memory)[1]["pairs"]
        assert all(
            close(x, y)
            for pair, right in zip(same, Factors.of(FisherAt(at)).pairs, strict=True)
            for x, y in zip(pair, right, strict=True)
        )


def test_factors_of_some_examples_need_layers_that_are_known() -> None:
    wrongs: tuple[Any, ...] = (0, -3, 2.5)
    for wrong in wrongs:
        with pytest.raises(ValueError, match="examples is a whole number, at least 1"):
            kfac(examples=wrong)
    model = nn.Sequential(nn.Linear(4, 3), nn.LayerNorm(3)).double()
    problem = NetProblem(model, Gaussian(), torch.randn(8, 4).double(), torch.randn(8, 3).double())
    at = problem.at(problem.net.read())
    with pytest.raises(ValueError, match="leave examples=None"):
        kfac(examples=2).at(at, kfac().init(at.theta))


def test_an_average_of_the_same_inputs_keeps_their_eigenvectors() -> None:
    at = point("tanh MLP", "three classes")
    other = at.after(0.3 * torch.ones_like(at.theta))
    one, two = (Factors.of(FisherAt(here)) for here in (at, other))
    averaged = one.blend(two, 0.4)
    assert averaged.first is two.first is not None
    plain = Factors(averaged.net, averaged.pairs)
    v = at.grad
    assert close(Kronecker(averaged).solve(v, 0.1), Kronecker(plain).solve(v, 0.1), 1e-9)
    moved = Factors(one.net, ((2 * one.pairs[0][0], one.pairs[0][1]), *one.pairs[1:]))
    assert moved.blend(two, 0.4).first is None


@pytest.mark.parametrize("net", FACTORED)
def test_splitting_into_matrices_puts_each_weight_beside_its_bias_and_back(net: str) -> None:
    at = point(net, "coins")
    v = torch.arange(float(at.problem.dim))
    parts = split(at.problem.net, v)
    assert torch.equal(join(at.problem.net, parts), v)
    module = at.problem.net.write(v)
    held = [m for m in module.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    for m, part in zip(held, parts, strict=True):
        assert torch.equal(part[:, : m.weight[0].numel()], m.weight.detach().flatten(1))
        if m.bias is not None:
            assert torch.equal(part[:, -1], m.bias.detach())


def test_the_row_major_block_has_the_cotangents_factor_first() -> None:
    at = point("relu MLP without bias", "three classes", n=1)
    factors = Factors.of(FisherAt(at)).pairs
    for (a, b), right in zip(factors, FisherAt(at).blocks(), strict=True):
        assert close(torch.kron(b, a), right)
        assert not close(torch.kron(a, b), right, 1e-3)


def test_singular_factors_are_named_and_damping_helps() -> None:
    at = point("relu MLP without bias", "three classes", n=2)
    operator = Kronecker(Factors.of(FisherAt(at)))
    with pytest.raises(ValueError, match=r"factor of layer 0 \(Linear\) is singular.*λ > 0"):
        operator.solve(at.grad, 0.0)
    assert operator.solve(at.grad, 1e-3).isfinite().all()


def test_kfac_says_which_layer_it_cannot_factor() -> None:
    at = point("frozen norm", "coins")
    with pytest.raises(TypeError, match=r"layer 1 \(BatchNorm1d\) has no matrix.*exact Fisher"):
        Factors.of(FisherAt(at))
