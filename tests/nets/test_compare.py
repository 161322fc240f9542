"""What stands in for the Fisher matrix: how far from it, and what a stretched frame is."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from natgrad_core.nets import NetProblem, mlp, plane, rules
from natgrad_core.nets import metrics as metric
from natgrad_core.nets.approximations import APPROXIMATIONS, error, operators, spectrum
from natgrad_core.nets.fisher.fisher import FisherAt
from natgrad_core.nets.metrics import Operator
from natgrad_core.nets.problem import At
from natgrad_core.nets.reparametrization import Frame, Pulled, Reparametrized, natural_in
from natgrad_core.nets.rule import Rule
from natgrad_core.nets.training import train


@pytest.fixture(scope="module")
def problem() -> NetProblem:
    return NetProblem.of(mlp((2, 5, 5, 2)), plane("circles", 80).to(torch.float64))


def test_no_block_diagonal_matrix_is_nearer_than_the_blocks(problem: NetProblem) -> None:
    at = problem.at(problem.net.init(0, torch.float64))
    found = {name: each.dense() for name, each in operators(at).items()}
    assert set(found) == {"exact", *APPROXIMATIONS}
    errors = {name: error(found["exact"], found[name]) for name in APPROXIMATIONS}
    assert 0 < errors["block"] <= errors["ekfac"] <= errors["kfac"]
    assert errors["block"] < errors["diagonal"] < 1
    mask = found["block"] != 0
    assert torch.allclose(found["exact"][mask], found["block"][mask])


def test_an_operator_s_eigenvalues_are_those_of_its_dense_matrix(problem: NetProblem) -> None:
    at = problem.at(problem.net.init(1, torch.float64))
    found: dict[str, Operator] = operators(at)
    others = (metric.kfac(shared=False), metric.euclidean(), metric.hessian())
    found |= {str(i): each.at(at, each.init(at.theta))[0] for i, each in enumerate(others)}
    eigen = metric.Basis.of(at, found["block"])
    assert eigen is not None
    pulled = Pulled(FisherAt(at), torch.eye(problem.dim, dtype=torch.float64), 1.0)
    found |= {"eigenvectors": eigen, "pulled": pulled}
    for name, each in found.items():
        right = torch.linalg.eigvalsh(each.dense()).flip(0)
        values = each.eigenvalues().sort(descending=True).values
        assert torch.allclose(values, right, rtol=1e-9, atol=1e-13), name
        assert torch.equal(spectrum(each), values.clamp_min(0)), name


def test_a_stretched_frame_has_its_condition_number() -> None:
    frame = Frame.stretched(4, 6, 50.0, seed=2)
    values = torch.linalg.eigvalsh(frame.left)
    assert float(values.max() / values.min()) == pytest.approx(50.0)
    assert float(torch.linalg.det(frame.left)) == pytest.approx(1.0)
    with pytest.raises(ValueError, match="1 or more"):
        Frame.stretched(4, 4, 0.5)


def test_damping_that_is_a_tensor_takes_the_same_step_in_both_coordinates(
    problem: NetProblem,
) -> None:
    mixed_net = Reparametrized(mlp((2, 5, 5, 2)), {2: Frame.stretched(5, 5, 30.0)})
    mixed = NetProblem(mixed_net.module, problem.likelihood, problem.x, problem.y)
    theta = problem.net.init(0, torch.float64)
    plain, there = problem.at(theta), mixed.at(mixed_net.inward(theta))
    steps = []
    for rule in (natural_in(mixed_net, 0.7, 0.05), rules.natural(0.7, 0.05)):
        steps.append(mixed_net.outward(rule.update(there.grad, there, rule.init(there.theta))[0]))
    in_theta, _ = rules.natural(0.7, 0.05).update(plain.grad, plain, rules.natural().init(theta))
    assert torch.allclose(steps[0], in_theta, rtol=1e-8, atol=1e-10)
    assert float((steps[1] - in_theta).norm() / in_theta.norm()) > 0.05
    assert torch.allclose(mixed_net.matrix @ there.theta, theta)


@pytest.mark.parametrize("damping", [0.03, 1e-6])
@pytest.mark.parametrize("condition", [30.0, 1e4])
def test_in_float32_it_takes_the_same_step_however_far_a_stretches(
    damping: float, condition: float
) -> None:
    data = plane("moons", 100)
    net, single = Reparametrized(mlp((2, 8, 8, 2)), {2: Frame.stretched(8, 8, condition)}), {}
    for name, module in (("θ", mlp((2, 8, 8, 2))), ("ξ", net.module)):
        single[name] = NetProblem.of(module, data)
    theta = single["θ"].net.init(1)
    plain, there = single["θ"].at(theta), single["ξ"].at(net.inward(theta))
    expected, _ = (natural := rules.natural(1.0, damping)).update(
        plain.grad, plain, natural.init(theta)
    )
    rule = natural_in(net, 1.0, damping)
    found = net.outward(rule.update(there.grad, there, rule.init(there.theta))[0])
    outputs = [
        torch.softmax(single["θ"].net.forward(theta + step, data.x), 1)
        for step in (found, expected)
    ]
    assert float((outputs[0] - outputs[1]).abs().mean()) < 1e-3


def test_where_no_precision_has_an_inverse_the_run_ends_in_words() -> None:
    sizes = (2, 4, 4, 2)
    net = Reparametrized(mlp(sizes), {2: Frame.stretched(4, 4, 1e4)})
    problem = NetProblem.of(net.module, plane("moons", 10))
    *_, last = train(problem, natural_in(net, 1.0, 0.0), seed=0, steps=3)
    assert last.stuck
    assert "raise λ" in last.note


def test_a_step_whose_matrix_torch_cannot_factorize_ends_the_run_in_words(
    problem: NetProblem,
) -> None:
    def update(grad: torch.Tensor, at: At, memory: dict[str, Any]) -> Any:
        return grad * torch.linalg.cholesky(-torch.eye(2))[0, 0], memory

    *_, last = train(problem, Rule(update), seed=0, steps=3)
    assert (last.stuck, last.step) == (True, 1)
    assert "linalg" not in last.note
    assert "raise the damping" in last.note
