"""Laws of what is chosen where nothing is said: no default diverges, none stops for good.

The whole table is ``python -m benchmarks.defaults``.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from benchmarks.defaults import OPTIMIZERS, batches, train, xor
from benchmarks.nets import small_cnn
from natgrad_core.nets import KFAC, Data, NetProblem, mlp, real, rules
from natgrad_core.nets.fresh_batches import Fresh

SMALL = {"xor": xor(), "iris": real("iris"), "diabetes": real("diabetes")}


@pytest.mark.parametrize(("batch", "noise"), [(None, 0.2), (64, 0.0), (8, 0.2)])
@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_default_neither_diverges_nor_stops(
    optimizer: str, name: str, batch: int | None, noise: float
) -> None:
    run = train(OPTIMIZERS[optimizer], SMALL[name], batch, noise, seed=0, epochs=2)
    assert run.losses[-1] < 0.95 * run.losses[0]
    assert max(run.losses) < 1.1 * run.losses[0]
    assert run.refused <= 0.05 * run.steps


def test_batches_that_are_fitted_do_not_make_a_default_diverge() -> None:
    """F of a fitted batch is nearly 0; the next one may hold an example that is not fitted."""
    run = train(KFAC, real("breast-cancer"), 8, 0.0, seed=0, epochs=2)
    assert max(run.losses) < 1.1 * run.losses[0]
    assert run.losses[-1] < 0.1


def test_inverses_that_are_held_do_not_slow_a_default_down() -> None:
    """λ judged by the size of G, which is not that of F, stays so large that this ends at 0.15."""
    data, model, loss = real("digits", "unit"), small_cnn(0), nn.CrossEntropyLoss()
    optimizer, refreshes = KFAC(model, loss), 0
    state: Any = optimizer.state
    for epoch in range(3):
        for index in batches(len(data.y), 64, epoch, seed=0):
            optimizer.zero_grad()
            loss(model(data.x[index]), data.y[index]).backward()
            optimizer.step()
            refreshes += state["memory"]["clock"]["last"] == state["steps"] - 1
    assert loss(model(data.x), data.y).item() < 0.08
    assert refreshes < state["steps"] / 4


def _stepper(model: nn.Module, optimizer: KFAC) -> Any:
    def step(x: Tensor, y: Tensor) -> dict[str, Any]:
        optimizer.zero_grad()
        optimizer.loss(model(x), y).backward()
        optimizer.step()
        kept: Any = optimizer.state
        return kept["memory"]["report"]

    return step


def test_a_batch_with_nothing_to_gain_leaves_the_damping_alone() -> None:
    torch.manual_seed(0)
    x = torch.randn(256, 10)
    y = (x[:, 0] > 0).long()
    model = mlp((10, 16, 2), "relu")
    step = _stepper(model, KFAC(model, nn.CrossEntropyLoss()))
    for k in range(2):
        step(x[64 * k : 64 * k + 64], y[64 * k : 64 * k + 64])
    easy = 1e4 * x[:64]
    reports = [step(easy, model(easy).argmax(1)) for _ in range(3)]
    assert all(report["tries"] <= 1 and not report["refused"] for report in reports)
    assert reports[2]["damping"] <= reports[1]["damping"] < 1
    for k in range(40):
        rows = slice(64 * (k % 4), 64 * (k % 4) + 64)
        step(x[rows], y[rows])
    assert nn.functional.cross_entropy(model(x), y).item() < 0.3


def test_a_step_that_no_trial_saves_is_told_and_the_damping_grows_by_no_more_than_64() -> None:
    model, x, y = mlp((2, 3, 2)), torch.randn(8, 2), torch.arange(8) % 2
    optimizer = KFAC(model, nn.CrossEntropyLoss())
    calls = iter(range(100))

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = optimizer.loss(model(x), y)
        loss.backward()
        return loss + 5.0 * (next(calls) > 0)  # higher at each trial, whatever the step

    before = nn.utils.parameters_to_vector(model.parameters()).detach().clone()
    with pytest.warns(RuntimeWarning, match="step 0 was not taken: 12 trials, with λ up to"):
        optimizer.step(closure)
    assert torch.equal(nn.utils.parameters_to_vector(model.parameters()), before)
    kept: Any = optimizer.state
    assert kept["memory"]["trust"]["damping"] == 64


def test_on_one_batch_nothing_is_judged_on_another() -> None:
    data = SMALL["iris"]
    problem = NetProblem.of(mlp((4, 5, 3)), data)
    rule = rules.kfac()
    at = problem.at(problem.net.init(0))
    memory = rule.init(at.theta)
    for _ in range(4):
        change, memory = rule.update(at.grad, at, memory)
        at = at.after(change)
        assert memory["report"]["share"] == 1
        assert not memory["fresh"]["varies"]


def test_on_a_quadratic_loss_the_share_is_the_step_of_least_loss_on_the_other_batch() -> None:
    """A linear net with squared loss is its quadratic model, so a/q is exact."""
    x = torch.randn(40, 3, dtype=torch.float64)
    problem = NetProblem.of(
        nn.Sequential(nn.Linear(3, 1)).double(),
        Data("lines", x, x[:, :1] + torch.randn(40, 1), x, x[:, :1], 0),
    )
    first, second = problem.batch(torch.arange(8)), problem.batch(torch.arange(8, 40))
    rule = rules.levenberg_marquardt(initial=0.01)
    start = problem.net.init(0, torch.float64)
    at = first.at(start)
    change, memory = rule.update(at.grad, at, rule.init(start))
    found = Fresh.at(second.at(start + change), memory["fresh"])
    assert found.varies
    grid = torch.linspace(0.01, 1, 100, dtype=torch.float64)
    losses = torch.stack([second.loss(start + s * change) for s in grid])
    assert abs(found.share - float(grid[losses.argmin()])) < 0.011
    hessian = second.hessian(start)
    assert found.curvature == pytest.approx(float(change @ hessian @ change), rel=1e-6)
    own = first.hessian(start)
    assert found.owns == pytest.approx(float(change @ own @ change), rel=1e-6)
    assert found.dampings == pytest.approx(0.01 * float(change @ change), rel=1e-6)


@pytest.mark.parametrize(("damping", "moves"), [(1e-6, 1.25), (1e3, 0.8)])
def test_the_next_batch_raises_a_small_damping_and_lowers_a_large_one(
    damping: float, moves: float
) -> None:
    """As many examples as parameters: without λ the batch's smallest eigenvalues are divided by."""
    x, y = torch.randn(40, 8).double(), torch.randn(40, 1).double()
    module = nn.Sequential(nn.Linear(8, 1)).double()
    problem = NetProblem.of(module, Data("lines", x, y, x, y, 0))
    first, second = problem.batch(torch.arange(9)), problem.batch(torch.arange(9, 40))
    rule, start = rules.levenberg_marquardt(damping), problem.net.init(0, torch.float64)
    at = first.at(start)
    change, memory = rule.update(at.grad, at, rule.init(start))
    assert Fresh.at(second.at(start + change), memory["fresh"]).factor == moves
