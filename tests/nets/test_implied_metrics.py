"""Laws of the metrics that methods imply: what each is, and which parameters it depends on."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import cast

import pytest
import torch
from torch import Tensor, nn

from natgrad_core.nets import NetProblem, mlp, real, rules, train
from natgrad_core.nets.fisher.fisher import FisherAt
from natgrad_core.nets.implied_metrics import KINDS, NAMES, frames, implied, turns
from natgrad_core.nets.metrics import Basis
from natgrad_core.nets.preconditioners.matrix_functions import polar, power
from natgrad_core.nets.preconditioners.parameter_tensors import join, split
from natgrad_core.nets.preconditioners.shampoo import KroneckerRoots, basis
from natgrad_core.nets.problem import At
from natgrad_core.nets.reparametrization import Reparametrized
from natgrad_core.nets.step_comparison import one_step


@cache
def here() -> At:
    """A small net on the wines after a few steps."""
    problem = NetProblem.of(mlp((13, 6, 3), bias=False), real("wine"))
    *_, last = train(problem, rules.kfac(), seed=1, steps=4)
    return problem.double.at(last.theta.double())


def test_each_metric_is_the_one_it_is_said_to_be() -> None:
    at = here()
    found = implied(at, 1)
    assert tuple(found) == NAMES
    squares = FisherAt(at, "empirical").diagonal()
    assert torch.allclose(found["adam"].dense().diagonal(), squares.sqrt(), atol=1e-10)
    assert torch.allclose(found["exact"].dense(), FisherAt(at).dense(), atol=1e-12)
    bare = implied(at, 1, root=False)
    assert torch.allclose(bare["adam"].dense().diagonal(), squares, atol=1e-12)
    steps = split(at.problem.net, found["muon"].solve(at.grad, 0.0))
    for step, g in zip(steps, split(at.problem.net, at.grad), strict=True):
        assert torch.allclose(step, polar(g), atol=2e-2)


POINTS = [("wine", 0), ("wine", 12), ("digits", 0), ("digits", 3)]
"""Data, and how many steps a net has learned."""


@cache
def somewhere(data: str, steps: int) -> At:
    """A net of the lesson, without biases."""
    sizes = {"wine": (13, 16, 3), "digits": (64, 8, 10)}[data]
    found = real(data, "unit" if data == "digits" else "standard")
    problem = NetProblem.of(
        mlp(sizes, bias=False), replace(found, x=found.x[:120], y=found.y[:120])
    )
    if not steps:
        return problem.double.at(problem.net.init(7).double())
    *_, last = train(problem, rules.kfac(), seed=steps, steps=steps)
    return problem.double.at(last.theta.double())


def _power(symmetric: Tensor, exponent: float) -> Tensor:
    """By singular values: the engine takes eigenvalues."""
    u, s, _ = torch.linalg.svd(symmetric)
    return (u * torch.where(s > 1e-13 * s.max(), s, 0.0) ** exponent) @ u.T


@pytest.mark.parametrize(("data", "steps"), POINTS)
@pytest.mark.parametrize("batch", [1, 9, 120])
def test_the_metrics_are_those_of_the_formulas(data: str, steps: int, batch: int) -> None:
    """Muon's was Shampoo's of one batch: the same step, but not the matrix that the page names."""
    at = somewhere(data, steps)
    net, n = at.problem.net, len(at.tape)
    rows = FisherAt(at, "empirical").rows()
    c = (n - batch) / (batch * (n - 1))
    second = c * rows.T @ rows / n + (1 - c) * torch.outer(at.grad, at.grad)
    found = implied(at, batch)
    adam, shampoo, muon = (found[name].dense() for name in ("adam", "shampoo", "muon"))
    assert torch.allclose(adam, second.diagonal().clamp_min(0).sqrt().diag(), atol=1e-9)
    begin = 0
    for g in split(net, at.grad):
        out, inner = g.shape
        own = slice(begin, begin + out * inner)
        begin = own.stop
        block = second[own, own].view(out, inner, out, inner)
        left, right = torch.einsum("ijkj->ik", block), torch.einsum("ijil->jl", block)
        due = torch.kron(_power(left, 0.25), _power(right, 0.25))
        # Eigenvalues that are rounding have roots: which of them count is not decided by a formula.
        assert torch.allclose(shampoo[own, own], due, atol=2e-3 * float(due.max()))
        due = torch.kron(_power(g @ g.T, 0.5), torch.eye(inner).double())
        assert torch.allclose(muon[own, own], due, atol=1e-6 * float(due.max()))
        assert not muon[own, : own.start].any()


@pytest.mark.parametrize(("data", "steps"), POINTS)
@pytest.mark.parametrize("share", [1.0, 1e-4, 1e4])
def test_muon_s_step_is_each_layer_s_polar_factor_however_small_its_gradient(
    data: str, steps: int, share: float
) -> None:
    """One ε for all layers let a layer with a small gradient take less than its polar factor."""
    at = somewhere(data, steps)
    parts = split(at.problem.net, at.grad)
    grad = join([parts[0] * share, *parts[1:]])
    point = At(at.problem, at.theta)
    point.grad = grad
    steps_by_hand = split(at.problem.net, implied(point, 1)["muon"].solve(grad, 0.0))
    for g, step in zip(parts, steps_by_hand, strict=True):
        u, s, vh = torch.linalg.svd(g, full_matrices=False)
        there = s > 1e-8 * s.max()  # the scores of the classes sum to zero, up to rounding
        assert torch.allclose(step, (u * there) @ vh, atol=1e-4)


@pytest.mark.parametrize(("data", "steps"), POINTS)
@pytest.mark.parametrize("batch", [1, 9, 120])
def test_a_weight_that_no_example_moves_is_zero_in_each_metric(
    data: str, steps: int, batch: int
) -> None:
    """Pixels that are always 0 had entries of Shampoo's metric: fourth roots of 10⁻¹⁷."""
    at = somewhere(data, steps)
    for root in (True, False):
        for name, metric in implied(at, batch, root).items():
            if name in ("muon", "euclidean"):
                continue  # each has an identity as a factor
            dense = metric.dense().abs()
            still = ~FisherAt(at, "empirical").rows().any(0)
            assert float(dense[still].sum()) <= 1e-9 * float(dense.max()), (name, root)


def test_a_power_has_the_rank_of_its_matrix() -> None:
    generator = torch.Generator().manual_seed(3)
    for rank in range(1, 8):
        half = torch.randn(9, rank, generator=generator, dtype=torch.float64)
        m = half @ half.T
        for exponent in (0.25, 0.5, 0.1):
            s = torch.linalg.eigvalsh(power(m, exponent))
            assert int((s > 1e-9).sum()) == rank
            values = KroneckerRoots(here().problem.net, [[basis(m), basis(m)]], exponent)
            assert int((values.eigenvalues() > 1e-9).sum()) == rank**2


def test_a_rooted_metric_takes_its_own_damping_and_another_that_of_f() -> None:
    at = here()
    for name in ("adam", "soap", "shampoo"):
        rooted, bare = implied(at, 4)[name], implied(at, 4, root=False)[name]
        assert torch.equal(rooted.solve(at.grad, 0.0), rooted.solve(at.grad, 10.0))
        far = bare.solve(at.grad, 1e6)
        assert torch.allclose(far, at.grad / 1e6, rtol=1e-3, atol=1e-14)


def test_of_all_data_shampoo_and_soap_imply_muon_s_step() -> None:
    at = here()
    steps = one_step(at, 0.01, NAMES, implied(at, len(at.tape)))
    for name in ("shampoo", "soap"):
        cosine = float(steps[name].change @ steps["muon"].change) / float(
            steps[name].change.norm() * steps["muon"].change.norm()
        )
        assert cosine > 0.999


@pytest.mark.parametrize("kind", KINDS)
def test_only_f_and_k_fac_do_not_depend_on_how_layers_are_written(kind: str) -> None:
    at = here()
    found = turns(at, kind, 5.0, 1)
    assert found["exact"] < 2
    assert found["kfac"] < 2
    others = {name: angle for name, angle in found.items() if name not in ("exact", "kfac")}
    if kind == "rotate":
        turned = {name for name, angle in others.items() if angle > 1e-2}
        assert turned == {"adam"}
    else:
        assert min(others.values()) > 0.5


def test_without_the_root_the_scale_of_a_layer_does_not_matter() -> None:
    at = here()
    bare, rooted = (turns(at, "scale", 5.0, 1, root) for root in (False, True))
    for name in ("adam", "soap", "shampoo"):
        assert bare[name] < 1.5
        assert rooted[name] > 2


def test_frames_have_the_stretch_that_was_asked_for() -> None:
    problem = here().problem
    for kind in KINDS:
        for frame in frames(problem, kind, 9.0).values():
            for part in (frame.left, frame.right):
                s = torch.linalg.svdvals(part)
                due = 9.0 if kind in ("units", "linear") else 1.0
                assert float(s.max() / s.min()) == pytest.approx(due)
                if kind == "rotate":
                    assert torch.allclose(part @ part.T, torch.eye(len(part)).double(), atol=1e-9)
    module = cast(nn.Sequential, problem.net.module)
    through = Reparametrized(module, frames(problem, "linear", 9.0))
    theta = here().theta
    assert torch.allclose(through.outward(through.inward(theta)), theta)
    assert torch.allclose(through.matrix @ through.inward(theta), theta)


def test_other_frames_are_drawn_with_another_seed() -> None:
    problem = here().problem
    for kind, same in (("scale", True), ("rotate", False), ("units", False), ("linear", False)):
        one, two = (next(iter(frames(problem, kind, 3.0, seed).values())) for seed in (0, 1))
        assert torch.equal(one.left, two.left) == same
    for frame in frames(problem, "units", 3.0).values():
        assert torch.equal(frame.left, frame.left.diag().diag())
    first, last = frames(problem, "scale", 9.0).values()
    assert float(last.left[0, 0] / first.left[0, 0]) == pytest.approx(9.0)


def test_what_there_is_not_is_said() -> None:
    at = here()
    with pytest.raises(ValueError, match="no kind 'shear'; there are scale, rotate"):
        turns(at, "shear", 2.0, 1)
    with pytest.raises(ValueError, match="batch is a finite number, at least 1"):
        implied(at, 0)
    assert Basis.of(at, implied(at, 1)["adam"]) is None
