"""What stands in for the Fisher matrix: how far from it, and what a stretched frame is."""

from __future__ import annotations

import pytest
import torch

from natgrad_core.nets import NetProblem, mlp, plane, rules
from natgrad_core.nets import metrics as metric
from natgrad_core.nets.approximations import APPROXIMATIONS, error, operators, spectrum
from natgrad_core.nets.metrics import Operator
from natgrad_core.nets.reparametrization import Frame, Pulled, Reparametrized, natural_in


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
    pulled = Pulled(found["exact"].dense(), torch.eye(problem.dim))
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
