"""Laws of one step with each matrix: what its angle says, and what a promise is."""

from __future__ import annotations

import math

import pytest
import torch

from natgrad_core.errors import SingularMetricError
from natgrad_core.nets.fisher.fisher import FisherAt
from natgrad_core.nets.metrics import Basis
from natgrad_core.nets.step_comparison import MATRICES, along, one_step, operators
from tests.nets.cases import LIKELIHOODS, point


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@pytest.mark.parametrize("damping", [1e-2, 1.0])
def test_a_step_promises_cosine_squared_of_the_exact_one(likelihood: str, damping: float) -> None:
    at = point("tanh MLP", likelihood)
    found = one_step(at, damping)
    metric = FisherAt(at).dense() + damping * torch.eye(at.problem.dim, dtype=torch.float64)
    exact = -torch.linalg.solve(metric, at.grad)
    assert list(found) == list(MATRICES)
    assert torch.allclose(found["exact"].change, exact, atol=1e-9)
    assert found["exact"].angle < 1e-3
    best = float(-at.grad @ exact) / 2
    for name, step in found.items():
        d = step.change
        cosine = float(d @ metric @ exact / ((d @ metric @ d) * (exact @ metric @ exact)).sqrt())
        assert math.cos(math.radians(step.angle)) == pytest.approx(cosine, abs=1e-9)
        assert step.promise == pytest.approx(cosine**2 * best)
        # The length is where the damped model is lowest: its slope along the step is gone.
        assert float(d @ (at.grad + metric @ d)) == pytest.approx(0, abs=1e-9)
        model = float(at.grad @ d + d @ metric @ d / 2)
        assert step.promise == pytest.approx(-model)
        assert step.bend == pytest.approx(float(d @ metric @ d - damping * d @ d))
        assert step.gained == pytest.approx(at.loss - float(at.problem.loss(at.theta + d)))
        assert step.nats == pytest.approx(float(at.problem.kl(at.theta, at.theta + d)))
        assert (name == "exact") == (step.angle < 1e-3)


def test_large_damping_turns_every_step_into_the_plain_one() -> None:
    found = one_step(point("tanh MLP", "three classes"), 1e6)
    plain = found["euclidean"].change
    for name, step in found.items():
        if name != "kfac":  # its factors have √λ each, so it takes a square as much
            assert torch.allclose(step.change, plain, rtol=1e-3, atol=1e-12)
    assert one_step(point("tanh MLP", "three classes"), 1e12)["kfac"].angle < 0.1


@pytest.mark.parametrize("data", ["regression", "three classes"])
def test_the_loss_along_steps_begins_here_and_passes_their_ends(data: str) -> None:
    at = point("tanh MLP", data)
    steps = one_step(at, 0.1, ("kfac", "euclidean")).values()
    found = along(at, [step.change for step in steps], (0.0, 1.0)).tolist()
    for step, (here, end) in zip(steps, found, strict=True):
        assert here == pytest.approx(at.loss)
        assert end == pytest.approx(at.loss - step.gained)


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@pytest.mark.parametrize("damping", [1e-6, 1e-2, 10.0])
def test_eigenvectors_make_the_same_step(likelihood: str, damping: float) -> None:
    at = point("tanh MLP", likelihood)
    built = operators(at)
    kept = {name: Basis.of(at, each) for name, each in built.items()}
    assert {name for name, each in kept.items() if each} == {"exact", "block", "empirical"}
    for name, basis in kept.items():
        if basis is not None:
            assert torch.allclose(
                basis.solve(at.grad, damping), built[name].solve(at.grad, damping), rtol=1e-6
            )
            assert torch.allclose(basis.dense(), built[name].dense(), atol=1e-12)


def test_eigenvectors_say_what_is_singular() -> None:
    at = point("tanh MLP", "three classes")
    basis = Basis.of(at, operators(at, ["block"])["block"])
    assert basis is not None
    with pytest.raises(SingularMetricError, match="raise λ"):
        basis.solve(at.grad, 0.0)


def test_without_damping_the_singular_matrix_is_said() -> None:
    with pytest.raises(SingularMetricError, match="raise λ"):
        one_step(point("tanh MLP", "three classes"), 0.0, ("block",))
