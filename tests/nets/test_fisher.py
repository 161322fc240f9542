"""Laws of the Fisher matrix: what every form of it must agree with."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from natgrad_core.nets.fisher.fisher import KINDS, FisherAt, gauss_newton, hessian_product
from natgrad_core.nets.likelihood import Categorical, Gaussian
from natgrad_core.nets.metrics import blocks, diagonal
from natgrad_core.nets.problem import NetProblem
from tests.nets.cases import LIKELIHOODS, NETS, jacobian, point, problem, reference_fisher

every_net = pytest.mark.parametrize("net", NETS)
every_likelihood = pytest.mark.parametrize("likelihood", LIKELIHOODS)


def close(a: torch.Tensor, b: torch.Tensor, tolerance: float = 1e-11) -> bool:
    return bool((a - b).abs().max() <= tolerance * max(1.0, float(b.abs().max())))


@every_net
@every_likelihood
def test_gradient_is_the_derivative_of_the_loss(net: str, likelihood: str) -> None:
    at = point(net, likelihood)
    assert close(at.grad, torch.func.grad(at.problem.loss)(at.theta))


@every_net
@every_likelihood
def test_fisher_is_the_expected_outer_product_of_scores(net: str, likelihood: str) -> None:
    at = point(net, likelihood)
    fisher, truth = FisherAt(at), reference_fisher(at)
    assert close(fisher.dense(), truth)
    rows = fisher.rows()
    assert close(rows.T @ rows / len(at.problem), truth)


@every_net
@every_likelihood
def test_fisher_is_the_gauss_newton_matrix(net: str, likelihood: str) -> None:
    at = point(net, likelihood)
    assert close(gauss_newton(at), FisherAt(at).dense())


@every_net
@every_likelihood
def test_push_and_pull_are_the_jacobian_and_its_transpose(net: str, likelihood: str) -> None:
    at = point(net, likelihood)
    j = jacobian(at)
    generator = torch.Generator().manual_seed(5)
    v = torch.randn(at.problem.dim, generator=generator, dtype=torch.float64)
    e = torch.randn(at.outputs.shape, generator=generator, dtype=torch.float64)
    assert close(at.tape.push(v), j @ v)
    for part, pushed in zip(_parts(at.problem), at.tape.pushes(v), strict=True):
        assert close(pushed, j[..., part] @ v[part])
    assert close(at.tape.pull(e), torch.einsum("nc,ncp->p", e, j))


@every_net
@every_likelihood
@pytest.mark.parametrize("kind", KINDS)
def test_products_diagonal_and_blocks_are_those_of_the_dense_matrix(
    net: str, likelihood: str, kind: str
) -> None:
    at = point(net, likelihood)
    fisher = FisherAt(at, kind, samples=2)
    dense = fisher.dense()
    v = torch.linspace(-1, 1, at.problem.dim, dtype=torch.float64)
    assert close(fisher.mv(v), dense @ v)
    assert close(fisher.diagonal(), dense.diagonal())
    for block, part in zip(fisher.blocks(), _parts(at.problem), strict=True):
        assert close(block, dense[part, part])
    for metric, keep in ((blocks(kind, 2), True), (diagonal(kind, 2), False)):
        form = metric.at(at, {})[0]
        assert close(form.dense().diagonal(), dense.diagonal())
        damped = form.dense() + 0.1 * torch.eye(at.problem.dim, dtype=torch.float64)
        assert close(form.solve(v, 0.1), torch.linalg.solve(damped, v))
        assert bool((form.dense() - form.dense().diagonal().diag()).any()) == keep


def _parts(built: NetProblem) -> list[slice]:
    return [built.net.slices[i] for i in built.net.parametric]


@every_likelihood
def test_root_squares_to_the_metric_with_as_few_rows_as_its_rank(likelihood: str) -> None:
    at = point("tanh MLP", likelihood)
    kind, root = at.problem.likelihood, FisherAt(at).root
    eye = torch.eye(at.outputs.shape[1], dtype=torch.float64)
    metric = torch.stack([kind.metric(at.mean, e.expand_as(at.mean)) for e in eye], 2)
    assert close(root.mT @ root, metric)
    assert root.shape[1] == int(torch.linalg.matrix_rank(metric[0]))
    lifted = kind.lift(at.mean, at.residual)
    assert close(torch.einsum("nkc,nk->nc", root, lifted), at.residual)


@every_net
@every_likelihood
def test_what_hidden_layers_feel_is_found_without_the_root(net: str, likelihood: str) -> None:
    at = point(net, likelihood)
    fisher = FisherAt(at)
    assert fisher.ends_linear
    felt = at.tape.cotangents(fisher.root)
    assert len(fisher.hidden) == len(felt) - 1
    assert all(close(a, b) for a, b in zip(fisher.cotangents, felt, strict=True))
    weight = torch.randn(at.outputs.shape[1], 7, dtype=torch.float64)
    rooted = at.problem.likelihood.rooted(at.mean, weight)
    assert close(rooted, fisher.root @ weight)
    assert rooted.is_contiguous()
    assert not FisherAt(at, "empirical").ends_linear


def test_directions_that_are_pulled_through_a_net_stay_as_they_are() -> None:
    """A net that ends in an activation is the one whose last layer could spend them."""
    x = torch.randn(20, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    built = NetProblem(nn.Sequential(nn.Linear(3, 2), nn.Tanh()), Gaussian(), x, x[:, :2])
    at = built.at(built.net.init(0, torch.float64))
    fisher = FisherAt(at)
    assert not fisher.ends_linear
    before = fisher.root.clone()
    assert close(fisher.dense(), gauss_newton(at))
    assert torch.equal(fisher.root, before)


@pytest.mark.parametrize("sure", [10.0, 20.0])
def test_a_net_that_is_sure_keeps_its_curvature_in_float32(sure: float) -> None:
    """Where p = 1 − 1e-8, diag p − p pᵀ is only rounding noise; its root is not."""
    generator = torch.Generator().manual_seed(0)
    out = torch.randn(100, 10, generator=generator, dtype=torch.float64)
    out[torch.arange(100), torch.arange(100) % 10] += sure
    weight = torch.randn(10, 6, generator=generator, dtype=torch.float64)
    kind = Categorical()
    exact, single = (
        kind.rooted(kind.mean(o), weight.to(o)).flatten(0, 1) for o in (out, out.float())
    )
    right = exact.T @ exact
    assert float((single.T @ single - right).norm() / right.norm()) < 1e-3
    p = kind.mean(out.float())
    bare = weight.float().T @ (torch.diag(p.sum(0)) - p.T @ p) @ weight.float()
    off = float((bare - right).norm() / right.norm())
    assert (off > 0.05) == (sure == 20)


def test_two_classes_need_one_backward_pass() -> None:
    assert FisherAt(point("tanh MLP", "two classes")).directions == 1


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_monte_carlo_fisher_converges_at_one_over_root_n(likelihood: str) -> None:
    at = point("linear", likelihood, n=4)
    truth = FisherAt(at).dense()
    counts = torch.tensor([8.0, 32.0, 128.0])
    errors = (
        torch.tensor(
            [
                [
                    float((FisherAt(at, "monte-carlo", int(m), k).dense() - truth).norm())
                    for k in range(12)
                ]
                for m in counts
            ]
        )
        .square()
        .mean(1)
        .sqrt()
    )
    x, y = counts.log() - counts.log().mean(), errors.log() - errors.log().mean()
    slope = float(x @ y / (x @ x))
    assert -0.65 < slope < -0.38, f"error falls as n^{slope:.2f}"


@pytest.mark.parametrize("likelihood", ["three classes", "coins", "regression"])
def test_monte_carlo_samples_are_frozen_within_a_step_and_fresh_in_the_next(
    likelihood: str,
) -> None:
    at = point("tanh MLP", likelihood)
    again = at.problem.at(at.theta, at.step)
    later = at.problem.at(at.theta, at.step + 1)
    first = FisherAt(at, "monte-carlo").dense()
    assert torch.equal(first, FisherAt(again, "monte-carlo").dense())
    assert not torch.equal(first, FisherAt(later, "monte-carlo").dense())


def test_empirical_fisher_is_not_the_fisher() -> None:
    at = point("tanh MLP", "three classes")
    assert not close(FisherAt(at, "empirical").dense(), FisherAt(at).dense(), 1e-2)


@every_likelihood
def test_the_hessian_of_kl_at_zero_is_the_fisher(likelihood: str) -> None:
    at = point("tanh MLP", likelihood, n=5)
    bend = torch.func.hessian(lambda t: at.problem.kl(at.theta, t))(at.theta)
    assert close(bend, FisherAt(at).dense(), 1e-9)
    assert abs(float(at.problem.kl(at.theta, at.theta))) < 1e-15


@every_likelihood
def test_kl_is_the_expected_log_ratio(likelihood: str) -> None:
    at, draws = point("linear", likelihood, n=20_000), 20
    other = at.theta + torch.linspace(-0.4, 0.4, at.problem.dim, dtype=torch.float64)
    generator = torch.Generator().manual_seed(3)
    ratios = []
    for _ in range(draws):
        y = at.problem.sample(at.theta, generator)
        ratios.append(
            float((at.problem.log_prob(y, at.theta) - at.problem.log_prob(y, other)).mean())
        )
    mean, error = torch.tensor(ratios).mean(), torch.tensor(ratios).std() / draws**0.5
    assert abs(float(mean) - float(at.problem.kl(at.theta, other))) < 5 * float(error)


@every_likelihood
def test_the_loss_is_the_expected_negative_log_likelihood_up_to_what_no_parameter_moves(
    likelihood: str,
) -> None:
    at = point("tanh MLP", likelihood)
    other = at.theta + 0.1
    gap = at.problem.loss(at.theta) - at.problem.loss(other)
    negative_log_prob = (
        at.problem.log_prob(at.problem.y, other) - at.problem.log_prob(at.problem.y, at.theta)
    ).mean()
    assert abs(float(gap - negative_log_prob)) < 1e-12


def test_the_hessian_product_is_the_hessian_and_differs_from_the_fisher_in_a_deep_net() -> None:
    at = point("tanh MLP", "three classes")
    v = torch.linspace(-1, 1, at.problem.dim, dtype=torch.float64)
    hessian = at.problem.hessian(at.theta)
    assert close(hessian_product(at)(v), hessian @ v)
    assert not close(hessian, FisherAt(at).dense(), 1e-3)
    glm = point("linear", "three classes")
    assert close(glm.problem.hessian(glm.theta), FisherAt(glm).dense())


def test_reductions_are_means_over_examples_and_sums_over_outputs() -> None:
    at = point("tanh MLP", "regression", n=6)
    out, y = at.outputs, at.problem.y
    half_mse = torch.nn.functional.mse_loss(out, y) * out.shape[1] / 2 / 0.7**2
    assert abs(at.loss - float(half_mse)) < 1e-12
    twice = NetProblem(
        at.problem.net, at.problem.likelihood, at.problem.x.repeat(2, 1), y.repeat(2, 1)
    )
    assert close(FisherAt(twice.at(at.theta)).dense(), FisherAt(at).dense())


def test_starting_again_keeps_the_frozen_statistics_of_a_norm() -> None:
    at = point("frozen norm", "regression")
    module = at.problem.net.write(at.theta).double()
    assert torch.allclose(module(at.problem.x), at.outputs, rtol=0, atol=1e-7)
    theta = at.problem.net.init(1, torch.float64)
    assert torch.equal(
        theta[25:35], torch.tensor([1.0, 0.0], dtype=torch.float64).repeat_interleave(5)
    )


def test_parameters_are_in_torch_row_major_order() -> None:
    built = problem("tanh MLP", "three classes")
    theta = torch.arange(built.dim, dtype=torch.float64) / built.dim
    module = built.net.write(theta).double()
    assert torch.allclose(module(built.x), built.net.forward(theta, built.x))
    assert isinstance(module, nn.Sequential)
    first = module[0]
    assert isinstance(first, torch.nn.Linear)
    assert torch.allclose(first.weight.flatten(), theta[: first.weight.numel()])
    assert isinstance(built.likelihood, Categorical)
