"""Laws of losses: a step is that of the Gauss–Newton matrix of torch's own loss, by torch.func."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from natgrad_core.nets import (
    KFAC,
    Categorical,
    Gaussian,
    LikelihoodLoss,
    NaturalGradient,
    NetProblem,
    Poisson,
    mlp,
)
from natgrad_core.nets.fisher.fisher import FisherAt
from natgrad_core.nets.layers.linear_and_conv import THIN
from natgrad_core.nets.likelihood import Bernoulli, Weighted
from natgrad_core.nets.torch_losses import factor

N, C = 10, 3
GENERATOR = torch.Generator().manual_seed(1)
X = torch.randn(N, 4, generator=GENERATOR, dtype=torch.float64)
Y = torch.arange(N) % C
IGNORED = torch.where(torch.arange(N) < 3, -100, Y)
SOFT = torch.rand(N, C, generator=GENERATOR, dtype=torch.float64).softmax(1)
COUNTS = torch.poisson(3 * torch.ones(N, C), GENERATOR).double()
W = torch.tensor([0.5, 1.0, 3.0]).double()
CASES: dict[str, tuple[Any, Tensor]] = {
    "class weights": (nn.CrossEntropyLoss(W), Y),
    "class weights, summed": (nn.CrossEntropyLoss(W, reduction="sum"), Y),
    "class weights, ignored targets": (nn.CrossEntropyLoss(W), IGNORED),
    "class weights, smoothed": (nn.CrossEntropyLoss(W, label_smoothing=0.2), Y),
    "class weights, smoothed, ignored": (nn.CrossEntropyLoss(W, label_smoothing=0.2), IGNORED),
    "class weights, probabilities": (nn.CrossEntropyLoss(W), SOFT),
    "a weight that is zero": (nn.CrossEntropyLoss(torch.tensor([0.0, 1.0, 2.0]).double()), Y),
    "weights of positives": (nn.BCEWithLogitsLoss(pos_weight=W), SOFT),
    "weights of positives, summed": (nn.BCEWithLogitsLoss(pos_weight=W, reduction="sum"), SOFT),
    "weights of outputs": (nn.BCEWithLogitsLoss(weight=W), SOFT.round()),
    "both": (nn.BCEWithLogitsLoss(SOFT, pos_weight=W), SOFT.round()),
    "counts": (nn.PoissonNLLLoss(), COUNTS),
    "counts, summed": (nn.PoissonNLLLoss(reduction="sum"), COUNTS),
    "a likelihood": (LikelihoodLoss(Gaussian(0.5)), SOFT),
    "a likelihood of classes": (LikelihoodLoss(Categorical()), Y),
}


@pytest.mark.parametrize("classes", [2, THIN - 1, THIN, THIN + 3])
def test_few_classes_and_many_have_torchs_cross_entropy(classes: int) -> None:
    generator = torch.Generator().manual_seed(3)
    out = 5 * torch.randn(N, classes, generator=generator, dtype=torch.float64)
    soft = torch.rand(N, classes, generator=generator, dtype=torch.float64).softmax(1)
    likelihood = Categorical()
    assert torch.allclose(likelihood.mean(out), out.softmax(1), atol=1e-14)
    for y in (torch.arange(N) % classes, soft):
        each = nn.functional.cross_entropy(out, y, reduction="none")
        assert torch.allclose(-likelihood.log_prob(out, y), each, atol=1e-14)
        assert torch.allclose(likelihood.loss(out, y), each.mean(), atol=1e-14)
        slope = torch.func.grad(likelihood.loss)(out, y)
        assert torch.allclose(slope, likelihood.residual(likelihood.mean(out), y) / N, atol=1e-14)


def net() -> nn.Sequential:
    torch.manual_seed(0)
    return mlp((4, 5, C)).double()


class Wrapped(nn.Module):
    """The same net, differentiated by autodiff."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = net()

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x)


def reference(model: nn.Module, loss: Any, y: Tensor) -> Tensor:
    """−½ (G + 0.1 I)⁻¹ g with G and g of −log p: torch's loss over its factor."""
    names = dict(model.named_parameters())
    sizes = [p.numel() for p in names.values()]

    def outputs(theta: Tensor) -> Tensor:
        parts = zip(names.items(), theta.split(sizes), strict=True)
        values = {k: t.view(p.shape) for (k, p), t in parts}
        return torch.func.functional_call(model, values, (X,))

    theta = nn.utils.parameters_to_vector(model.parameters()).detach()
    out = outputs(theta)
    counted = int((y != -100).sum()) if not y.is_floating_point() else N
    times = factor(loss, counted, C)

    def of(o: Tensor) -> Tensor:
        return loss(o, y) / times

    j = torch.func.jacrev(outputs)(theta).reshape(N * C, -1)
    h = torch.func.hessian(of)(out).reshape(N * C, N * C)
    g = torch.func.grad(of)(out).reshape(-1) @ j
    eye = torch.eye(len(theta), dtype=torch.float64)
    return -0.5 * torch.linalg.solve(j.T @ h @ j + 0.1 * eye, g)


@pytest.mark.parametrize("make", [net, Wrapped])
@pytest.mark.parametrize("case", CASES)
def test_a_step_is_that_of_the_losses_own_gauss_newton_matrix(case: str, make: Any) -> None:
    loss, y = CASES[case]
    model = make()
    due = reference(model, loss, y)
    optimizer = NaturalGradient(model, loss, 0.5, 0.1)
    before = optimizer.net.read()
    value = loss(model(X), y)
    value.backward()
    assert optimizer.step() == pytest.approx(value.item(), rel=1e-9)
    assert torch.allclose(optimizer.net.read() - before, due, rtol=0, atol=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_the_defaults_learn(case: str) -> None:
    loss, y = CASES[case]
    model = net()
    optimizer, losses = KFAC(model, loss), list[float]()
    for _ in range(6):
        optimizer.zero_grad()
        loss(model(X), y).backward()
        losses.append(optimizer.step())
    assert losses[-1] < losses[0]


def test_an_example_that_counts_twice_is_one_that_is_there_twice() -> None:
    weights = torch.where(torch.arange(N) < 4, 2.0, 1.0)[:, None].double()
    twice = torch.cat((X, X[:4])), torch.cat((Y, Y[:4]))
    one = NetProblem(net(), Weighted(Categorical(), weights), X, Y)
    two = NetProblem(net(), Categorical(), *twice)
    theta = one.net.read()
    other = theta + 0.1
    for kind in ("true", "empirical"):
        a, b = (FisherAt(p.at(theta), kind).dense() for p in (one, two))
        assert torch.allclose(a * N, b * (N + 4))
    assert torch.allclose(one.grad(theta) * N, two.grad(theta) * (N + 4))
    assert torch.allclose(one.kl(theta, other) * N, two.kl(theta, other) * (N + 4))
    many = FisherAt(one.at(theta), "monte-carlo", 4000).dense()
    assert float((many - FisherAt(one.at(theta)).dense()).norm()) < 0.05 * float(many.norm())


@pytest.mark.parametrize("base", [Bernoulli(), Poisson()])
def test_the_forms_of_a_weighted_metric_agree(base: Any) -> None:
    out = torch.randn(N, C, generator=GENERATOR, dtype=torch.float64)
    for weights in (SOFT, SOFT[:, :1]):
        likelihood = Weighted(base, weights)
        mean, e = likelihood.mean(out), torch.ones_like(out)
        root = likelihood.root(mean)
        m = root.mT @ root
        assert torch.allclose(likelihood.metric(mean, e), torch.einsum("ncd,nd->nc", m, e))
        assert torch.allclose(likelihood.average(mean), m.mean(0))
        assert torch.allclose(likelihood.rooted(mean, X[:C]), root @ X[:C])
        assert torch.allclose(torch.einsum("nkc,nk->nc", root, likelihood.lift(mean, e)), e)
        step = 1e-4 * e
        square = (step * likelihood.metric(mean, step)).sum(1).mean() / 2
        assert torch.allclose(likelihood.kl(out, out + step), square, rtol=1e-3)
