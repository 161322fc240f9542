"""Laws of whitening and batch norm: the same functions, another Fisher matrix."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from natgrad_core.nets import Gaussian, NetProblem, mlp, rules
from natgrad_core.nets.fisher.fisher import FisherAt
from natgrad_core.nets.layers.linear_and_conv import Linear
from natgrad_core.nets.normalization import (
    FRAMES,
    Spectrum,
    folded,
    frozen,
    normed,
    reparametrized_as,
)


def inputs(n: int = 60, d: int = 4) -> Tensor:
    """Off center, of unlike sizes, and correlated."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(n, d, generator=generator, dtype=torch.float64)
    mix = torch.eye(d, dtype=torch.float64) + 0.6 * torch.ones(d, d, dtype=torch.float64)
    return (x @ mix + 2) * torch.tensor([0.1, 0.5, 1.0, 1.5], dtype=torch.float64)


def problem(sizes: tuple[int, ...]) -> tuple[NetProblem, Tensor]:
    x = inputs()
    built = NetProblem(mlp(sizes), Gaussian(), x, x[:, : sizes[-1]].sin())
    return built, built.net.init(0, torch.float64)


@pytest.mark.parametrize("how", FRAMES)
@pytest.mark.parametrize("inputs_only", [True, False])
def test_a_frame_leaves_the_function_and_does_to_features_what_it_says(
    how: str, inputs_only: bool
) -> None:
    built, theta = problem((4, 5, 2))
    mixed_net, mixed, xi = reparametrized_as(built, theta, how, inputs_only)
    at = mixed.at(xi)
    assert torch.allclose(at.outputs, built.at(theta).outputs, rtol=0, atol=1e-11)
    assert torch.allclose(mixed_net.outward(xi), theta, rtol=0, atol=1e-11)
    layers = [i for i in mixed.net.parametric if isinstance(mixed.net.layers[i], Linear)]
    for i in layers[:1] if inputs_only else layers:
        a = at.tape.values[i]
        moment = a.T @ a / len(a)
        assert torch.allclose(a.mean(0), torch.zeros(a.shape[1], dtype=a.dtype), atol=1e-10)
        if how == "standardized":
            assert torch.allclose(moment.diagonal(), torch.ones(len(moment), dtype=a.dtype))
        if how == "whitened":
            assert torch.allclose(moment, torch.eye(len(moment), dtype=a.dtype), atol=1e-9)


def test_a_whitened_linear_net_has_the_identity_for_its_fisher() -> None:
    built, theta = problem((4, 2))
    _, mixed, xi = reparametrized_as(built, theta, "whitened")
    eye = torch.eye(built.dim, dtype=torch.float64)
    assert torch.allclose(mixed.fisher(xi), eye, atol=1e-9)
    assert Spectrum.of(mixed.at(xi)).condition == pytest.approx(1)
    assert Spectrum.of(mixed.at(xi)).spread == pytest.approx(built.dim)
    assert Spectrum.of(built.at(theta)).condition > 100


def test_gradient_descent_behind_a_whitening_is_natural_gradient_descent() -> None:
    built, theta = problem((4, 2))
    mixed_net, mixed, xi = reparametrized_as(built, theta, "whitened")
    at, there = built.at(theta), mixed.at(xi)
    plain, _ = rules.gradient(1.0).update(there.grad, there, {})
    rule = rules.natural(1.0, 0.0, method="rows")
    natural, _ = rule.update(at.grad, at, rule.init(theta))
    assert torch.allclose(mixed_net.outward(plain), natural, rtol=0, atol=1e-9)
    assert float(built.at(theta + natural).grad.norm()) < 1e-10


def test_whitening_brings_a_deep_net_s_condition_down_and_standardizing_less() -> None:
    built, theta = problem((4, 5, 2))
    found = [Spectrum.of(built.at(theta)).condition]
    for how in ("standardized", "whitened"):
        _, mixed, xi = reparametrized_as(built, theta, how)
        found.append(Spectrum.of(mixed.at(xi)).condition)
    assert found[0] > found[1] > 2 * found[2]


def test_frozen_norms_have_the_statistics_of_the_data_and_fold_away() -> None:
    x = inputs()
    built = frozen(normed((4, 5, 3, 2)).double(), x)
    here = x
    for child in built:
        here = child(here)
        if isinstance(child, nn.BatchNorm1d):
            assert child.running_var is not None
            shrunk = child.running_var / (child.running_var + child.eps)
            assert torch.allclose(here.mean(0), torch.zeros(here.shape[1], dtype=here.dtype))
            assert torch.allclose(here.var(0, correction=0), shrunk)
    plain = folded(built)
    assert not any(isinstance(child, nn.BatchNorm1d) for child in plain)
    assert torch.allclose(plain(x), built(x), rtol=0, atol=1e-11)


def test_a_frozen_norm_is_the_same_function_with_another_fisher() -> None:
    x = inputs()
    with_norm = NetProblem(frozen(normed((4, 5, 2)).double(), x), Gaussian(), x, x[:, :2])
    module = with_norm.net.module
    assert isinstance(module, nn.Sequential)
    without = NetProblem(folded(module), Gaussian(), x, x[:, :2])
    a, b = with_norm.at(with_norm.net.read()), without.at(without.net.read())
    assert torch.allclose(a.outputs, b.outputs, rtol=0, atol=1e-11)
    first, second = Spectrum.of(a), Spectrum.of(b)
    assert abs(first.condition / second.condition - 1) > 0.1
    # γ and β move the outputs no way that the Linear layer before them does not.
    assert len(first.values) == len(second.values) + 10
    assert torch.linalg.matrix_rank(FisherAt(a).rows()) == torch.linalg.matrix_rank(
        FisherAt(b).rows()
    )


def test_what_cannot_be_framed_or_folded_is_said() -> None:
    built, theta = problem((4, 2))
    with pytest.raises(ValueError, match="no frame 'white'; there are centered"):
        reparametrized_as(built, theta, "white")
    bare = NetProblem(mlp((4, 2), bias=False), Gaussian(), built.x, built.y)
    with pytest.raises(TypeError, match=r"layer 0 \(Linear\): only a Linear layer with a bias"):
        reparametrized_as(bare, theta[:8], "whitened")
    with pytest.raises(TypeError, match="when it is frozen"):
        folded(normed((4, 5, 2)))
    with pytest.raises(TypeError, match="track_running_stats"):
        frozen(nn.Sequential(nn.BatchNorm1d(4, track_running_stats=False)), built.x.float())


def test_the_smallest_eigenvalue_is_that_of_the_scores_where_it_is_told_from_rounding() -> None:
    """One of 10⁻¹¹ of the largest was left out; others fall on into rounding without an end."""
    for scale in (1.0, 1e-5):
        x = inputs() * torch.tensor([1.0, 1.0, 1.0, scale], dtype=torch.float64)
        of = NetProblem(mlp((4, 3, 2)), Gaussian(), x, x[:, :2].sin())
        at = of.at(of.net.init(0, torch.float64))
        exact = torch.linalg.svdvals(FisherAt(at).rows()).square()
        rank = int((exact > 1e-26 * exact[0]).sum())
        found = Spectrum.of(at)
        assert (found.rank, found.ends) == (rank, True)
        assert found.condition == pytest.approx(float(exact[0] / exact[rank - 1]), rel=0.05)
    line = torch.linspace(-1, 1, 60, dtype=torch.float64)[:, None]
    smooth = NetProblem(mlp((1, 40, 1)), Gaussian(), line, line)
    endless = Spectrum.of(smooth.at(smooth.net.init(0, torch.float64)))
    assert not endless.ends
    assert endless.condition == pytest.approx(1e14)
