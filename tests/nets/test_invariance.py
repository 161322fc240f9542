"""Laws of invariance: the exact natural step ignores how a layer is parameterized; λI does not."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from natgrad_core.nets import NetProblem, mlp, rules
from natgrad_core.nets.damping import LevenbergMarquardt
from natgrad_core.nets.layers.linear_and_conv import Linear
from natgrad_core.nets.likelihood import Bernoulli, Gaussian, Likelihood
from natgrad_core.nets.problem import At
from natgrad_core.nets.reparametrization import Frame, Reparametrized
from natgrad_core.nets.rule import Rule

SIZES = (3, 4, 3, 2)


def pair(likelihood: Likelihood, seed: int = 0) -> tuple[Reparametrized, At, At]:
    """The same net twice: in θ, and in ξ with all three layers mixed."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(80, 3, generator=generator, dtype=torch.float64)
    y = torch.rand(80, 2, generator=generator, dtype=torch.float64)
    module = mlp(SIZES)
    plain = NetProblem(module, likelihood, x, y)
    frames = {
        i: Frame.random(layer.inputs, layer.outputs, seed + i, 0.3)
        for i, layer in enumerate(plain.net.layers)
        if isinstance(layer, Linear)
    }
    mixed_net = Reparametrized(module, frames)
    theta = plain.net.init(seed, torch.float64)
    mixed = NetProblem(mixed_net.module, likelihood, x, y)
    return mixed_net, plain.at(theta), mixed.at(mixed_net.inward(theta))


def gap(rule: Rule, likelihood: Likelihood | None = None) -> float:
    """How far apart one step lands in θ, relative to the step."""
    mixed_net, plain, mixed = pair(Gaussian() if likelihood is None else likelihood)
    a, _ = rule.update(plain.grad, plain, rule.init(plain.theta))
    b, _ = rule.update(mixed.grad, mixed, rule.init(mixed.theta))
    return float((mixed_net.outward(b) - a).norm() / a.norm())


def test_a_mixed_net_is_the_same_function_and_its_map_inverts() -> None:
    mixed_net, plain, mixed = pair(Gaussian())
    assert torch.allclose(plain.outputs, mixed.outputs, rtol=0, atol=1e-12)
    assert torch.allclose(mixed_net.outward(mixed.theta), plain.theta, rtol=0, atol=1e-12)
    change = torch.linspace(-1, 1, plain.problem.dim, dtype=torch.float64)
    both = mixed_net.outward(mixed.theta + change)
    assert torch.allclose(both, plain.theta + mixed_net.outward(change), rtol=0, atol=1e-12)
    moved = mixed.after(change).outputs
    assert torch.allclose(plain.after(mixed_net.outward(change)).outputs, moved, rtol=0, atol=1e-12)


def test_the_gradient_is_a_covector_and_the_fisher_a_tensor() -> None:
    mixed_net, plain, mixed = pair(Gaussian())
    eye = torch.eye(plain.problem.dim, dtype=torch.float64)
    matrix = torch.stack([mixed_net.outward(e) for e in eye], 1)
    assert torch.allclose(mixed.grad, matrix.T @ plain.grad, rtol=0, atol=1e-12)
    pulled = matrix.T @ plain.problem.fisher(plain.theta) @ matrix
    assert torch.allclose(mixed.problem.fisher(mixed.theta), pulled, rtol=0, atol=1e-11)


@pytest.mark.parametrize("likelihood", [Gaussian(0.5), Bernoulli()], ids=["regression", "coins"])
@pytest.mark.parametrize("method", ["rows", "contracted", "auto"])
def test_the_exact_natural_step_ignores_how_layers_are_parameterized(
    likelihood: Likelihood, method: str
) -> None:
    assert gap(rules.natural(0.3, 0.0, method=method), likelihood) < 1e-6


def test_damping_by_a_multiple_of_the_identity_breaks_the_invariance() -> None:
    gaps = [gap(rules.natural(0.3, damping)) for damping in (1e-6, 1e-3, 1e-1)]
    assert gaps[0] < gaps[1] < gaps[2]
    assert gaps[2] > 0.1


def test_gradient_descent_is_not_invariant() -> None:
    assert gap(rules.gradient(0.1)) > 0.5


def test_undamped_kfac_ignores_it_too() -> None:
    """Martens & Grosse 2015, theorem 1."""
    assert gap(rules.kfac(damping=0.0, size=1.0)) < 1e-8
    assert gap(rules.kfac(damping=0.1, size=1.0)) > 0.05


def test_the_path_with_learned_damping_differs_but_both_descend() -> None:
    rule = rules.levenberg_marquardt(0.1)
    assert gap(rule) > 1e-3
    _, plain, mixed = pair(Gaussian())
    for at in (plain, mixed):
        here, memory = at, rule.init(at.theta)
        for _ in range(6):
            change, memory = rule.update(here.grad, here, memory)
            here = here.after(change)
        assert here.loss < at.loss
    assert LevenbergMarquardt(0.1).value(LevenbergMarquardt(0.1).start(), plain) == 0.1


def test_a_frame_says_what_it_will_not_take() -> None:
    with pytest.raises(TypeError, match=r"layer 1 \(Tanh\) is not Linear"):
        Reparametrized(mlp(SIZES), {1: Frame.of(4, 4)})
    shifted = Frame.random(3, 4, 0)
    with pytest.raises(ValueError, match="no bias to take"):
        Reparametrized(mlp(SIZES, bias=False), {0: shifted})


def test_a_frame_without_bias_leaves_the_shift_alone() -> None:
    module = mlp(SIZES, bias=False)
    mixed_net = Reparametrized(module, {0: Frame.random(3, 4, 1, bias=False)})
    theta: Tensor = torch.linspace(-1, 1, mixed_net.inner.size, dtype=torch.float64)
    assert torch.allclose(mixed_net.outward(mixed_net.inward(theta)), theta)
