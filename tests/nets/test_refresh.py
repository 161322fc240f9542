"""Laws of a metric that is held between steps: no pass is made, and what has changed is noticed."""

from __future__ import annotations

import copy
import io
import itertools
import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from natgrad_core.nets import (
    KFAC,
    Bernoulli,
    Categorical,
    Gaussian,
    NetProblem,
    Poisson,
    gradient_noise,
    held_damping,
    mlp,
    refresh,
    rules,
)
from natgrad_core.nets.damping import LevenbergMarquardt
from natgrad_core.nets.fisher import kfac as by_hand
from natgrad_core.nets.fisher import module_kfac
from natgrad_core.nets.metrics import diagonal, kfac
from natgrad_core.nets.refresh import Every, Growing, spaced, ticked
from natgrad_core.nets.rules import second_order
from natgrad_core.nets.step_size import Rate

X = torch.randn(64, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
Y = (X[:, 0] * X[:, 1] > 0).long()


class Block(nn.Module):
    """A module that is differentiated by autodiff; ``noise`` makes it another one at each call."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.head, self.noise = nn.Linear(5, 5), nn.Linear(5, 2), 0.0
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        x = x + self.noise * torch.randn_like(x)
        return self.head(x + torch.tanh(self.inner(x)))


def block() -> Block:
    torch.manual_seed(0)
    return Block().double()


def step(model: nn.Module, optimizer: KFAC, k: int, scale: float = 1.0) -> Any:
    """A step on the k-th batch of 16; what the rule remembers."""
    rows = slice(16 * (k % 4), 16 * (k % 4) + 16)
    optimizer.zero_grad()
    optimizer.loss(model(scale * X[rows]), Y[rows]).backward()
    optimizer.step()
    state: Any = optimizer.state
    return state["memory"]


def _steps(model: nn.Module, optimizer: KFAC, numbers: range) -> None:
    for k in numbers:
        step(model, optimizer, k)


@pytest.mark.parametrize("settings", [{}, {"lr": 0.1, "damping": 0.1, "every": 5}])
def test_between_refreshes_the_model_is_not_called(settings: dict[str, Any]) -> None:
    model = block()
    optimizer = KFAC(model, nn.CrossEntropyLoss(), **settings)
    quiet = 0
    for k in range(48):
        before = model.calls
        memory = step(model, optimizer, k)
        since = k - memory["clock"]["last"]
        quiet += model.calls == before + 1
        assert (model.calls > before + 1) == (since == 0 or (not settings and since == 1))
    assert quiet >= 20


@pytest.mark.parametrize(
    ("make", "inverse"), [(block, module_kfac), (lambda: mlp((5, 4, 2)).double(), by_hand)]
)
def test_a_step_makes_each_pass_and_each_inverse_once(
    make: Any, inverse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refresh: the model's own pass, one with derivatives, two pushes, the trial, the factors."""
    model, inverted = make(), list[Any]()
    taken = inverse._inverse
    monkeypatch.setattr(inverse, "_inverse", lambda *given: inverted.append(1) or taken(*given))
    optimizer = KFAC(model, nn.CrossEntropyLoss(), every=3)
    for k in range(9):
        model.calls, inverted[:] = 0, []
        memory = step(model, optimizer, k)
        since = k - memory["clock"]["last"]
        tries = memory["report"]["tries"]
        assert len(inverted) == 4 * tries, "both factors of both layers, for each λ that is tried"
        if isinstance(model, Block) and k:
            assert (model.calls, tries) == ((6, 1), (4, 0), (1, 0))[since]


def test_the_steps_between_are_those_of_the_factors_at_the_refresh() -> None:
    """With numbers as settings, and factors kept too, they are −α (B ⊗ A + λ)⁻¹ g, exactly."""
    for model in (block(), mlp((5, 4, 2)).double()):
        counterpart = copy.deepcopy(model)
        held = KFAC(model, nn.CrossEntropyLoss(), 0.1, 0.1, every=3)
        whole = KFAC(counterpart, nn.CrossEntropyLoss(), 0.1, 0.1, every=3, inverses=1)
        for k in range(7):
            step(model, held, k)
            step(counterpart, whole, k)
        for p, q in zip(model.parameters(), counterpart.parameters(), strict=True):
            assert torch.allclose(p, q, rtol=0, atol=1e-12)


def test_factors_may_be_averaged_more_often_than_they_are_inverted() -> None:
    model = block()
    optimizer = KFAC(model, nn.CrossEntropyLoss(), 0.1, 0.1, keep=0.9, every=2, inverses=4)
    pairs, inverses = list[Tensor](), list[Tensor]()
    for k in range(8):
        memory = step(model, optimizer, k)
        pairs.append(memory["metric"]["pairs"]["inner"][0])
        inverses.append(memory["held"]["layers"]["inner"][0])
    changed = [not torch.equal(a, b) for a, b in itertools.pairwise(pairs)]
    inverted = [not torch.equal(a, b) for a, b in itertools.pairwise(inverses)]
    assert changed == [False, True, False, True, False, True, False]
    assert inverted == [False, False, False, True, False, False, False]


@pytest.mark.parametrize("size", [1.0, 50.0])
def test_a_batch_that_the_inverse_is_wrong_for_is_noticed(size: float) -> None:
    """A feature that the first batch has not, and that the outputs do not depend on yet."""
    model, loss = mlp((5, 8, 2)).double(), nn.CrossEntropyLoss()
    first = model[0]
    assert isinstance(first, nn.Linear)
    nn.init.zeros_(first.weight[:, 4])
    optimizer, found = KFAC(model, loss), list[Any]()
    state: Any = optimizer.state
    for k, value in enumerate((0.0, size)):
        rows = slice(16 * k, 16 * k + 16)
        x = torch.cat((X[rows, :4], value * X[rows, 4:].sign()), 1)
        optimizer.zero_grad()
        loss(model(x), Y[rows]).backward()
        optimizer.step()
        found.append(state["memory"])
    wrong = size > 1
    assert found[1]["clock"]["last"] == (1 if wrong else 0)
    assert found[1]["clock"]["interval"] == refresh.SHORTEST
    assert (found[1]["trust"]["damping"] > found[0]["trust"]["damping"]) == wrong


def test_the_damping_where_an_inverse_is_held_follows_the_curvature_on_another_batch() -> None:
    """A λ that is right stays; what is too small or too large is moved; at most by FASTEST."""
    begin = held_damping.start()
    assert held_damping.seen(begin, 2.0, 2.0, 1.0)["factor"] == pytest.approx(1)
    assert held_damping.seen(begin, 1.0, 3.0, 0.1)["factor"] == pytest.approx(3)
    assert held_damping.seen(begin, 1.0, 0.5, 0.1)["factor"] == pytest.approx(0.5)
    for curvature, share in ((1e9, 0.0), (0.0, 1.0)):
        factor = held_damping.seen(begin, 1.0, curvature, share)["factor"]
        assert abs(math.log(factor)) == pytest.approx(math.log(held_damping.FASTEST))
    nothing_to_lower = held_damping.seen(begin, 1.0, 0.5, held_damping.SMALL / 2)
    assert nothing_to_lower["factor"] == 1
    assert held_damping.seen(begin, 0.0, 1.0, 1.0) == begin
    outlier = held_damping.seen(held_damping.seen(begin, 1.0, 1.0, 1.0), 1.0, 4.0, 1.0)
    assert outlier["factor"] == pytest.approx(2)  # half of the way, in logarithms
    assert held_damping.has_settled(begin)
    assert not held_damping.has_settled(outlier)


def test_the_curvature_that_a_step_is_judged_by_is_that_of_its_own_batch_and_of_the_next() -> None:
    """One linear layer with squared loss, whose F is known; a rate, and a rate from the model."""
    x = X[:, :3]
    problem = NetProblem(nn.Sequential(nn.Linear(3, 1)).double(), Gaussian(), x, x[:, :1])
    first, second = problem.batch(torch.arange(32)), problem.batch(torch.arange(32, 64))
    for size in (None, Rate(0.3)):
        rule = rules.kfac(LevenbergMarquardt(0.5), size, every=10)
        at = first.at(problem.net.init(0, torch.float64))
        change, memory = rule.update(at.grad, at, rule.init(at.theta))
        own, other = (p.fisher(at.theta) for p in (first, second))
        known = float(change @ own @ change + 0.5 * change @ change)
        assert memory["known"] == pytest.approx(known)
        there = second.at(at.theta + change)
        look = rule.update(there.grad, there, memory)[1]["look"]
        expected = held_damping.seen(
            held_damping.start(),
            known,
            float(change @ other @ change),
            0.5 * float(change @ change),
        )
        assert look == pytest.approx(expected)


def test_between_refreshes_the_claim_of_the_inverse_has_the_scale_of_the_refresh() -> None:
    """K-FAC of a linear layer is F itself, so a held λ‖δ‖² + δᵀFδ is that of the first batch."""
    x = X[:, :3]
    problem = NetProblem(nn.Sequential(nn.Linear(3, 1)).double(), Gaussian(), x, x[:, :1])
    rule = rules.kfac(LevenbergMarquardt(0.5), Rate(0.3), every=10)
    at = problem.batch(torch.arange(32)).at(problem.net.init(0, torch.float64))
    change, memory = rule.update(at.grad, at, rule.init(at.theta))
    for k in (1, 2):
        rows = torch.arange(8 * k, 8 * k + 32)
        at = problem.batch(rows).at(at.theta + change)
        change, memory = rule.update(at.grad, at, memory)
    slope = -float(change @ at.grad)
    assert memory["known"] == pytest.approx(memory["scale"] * 0.3 * memory["noise"]["square"])
    assert memory["noise"]["square"] == pytest.approx(slope / memory["noise"]["used"])


@pytest.mark.parametrize(
    ("likelihood", "targets"),
    [
        (Categorical(), Y),
        (Gaussian(0.1), X[:, :2]),
        (Poisson(), X[:, :2].abs() * 9),
        (Bernoulli(), torch.stack((Y, 1 - Y), 1)),
    ],
)
def test_no_outputs_have_less_than_the_least_loss(likelihood: Any, targets: Tensor) -> None:
    problem = NetProblem(mlp((5, 2)).double(), likelihood, X, targets)
    floor = problem.least_loss
    generator = torch.Generator().manual_seed(3)
    for scale in (0.1, 1.0, 10.0):
        out = scale * torch.randn(64, 2, generator=generator, dtype=torch.float64)
        assert float(likelihood.loss(out, problem.y)) >= floor
    if isinstance(likelihood, Poisson):
        best = problem.y.clamp_min(1e-300).log()
        assert float(likelihood.loss(best, problem.y)) == pytest.approx(floor)


def test_no_step_between_refreshes_promises_more_than_the_loss() -> None:
    """A feature that earlier batches had not: the held inverse divides by λ alone there."""
    model = mlp((5, 8, 2)).double()
    first = model[0]
    assert isinstance(first, nn.Linear)
    nn.init.zeros_(first.weight[:, 4])
    optimizer = KFAC(model, nn.CrossEntropyLoss(), damping=LevenbergMarquardt(0.1), every=9)
    state: Any = optimizer.state
    losses = list[float]()
    for k, value in enumerate((0.0, 0.0, 50.0)):
        rows = slice(16 * k, 16 * k + 16)
        x = torch.cat((X[rows, :4], value * X[rows, 4:].sign()), 1)
        optimizer.zero_grad()
        loss = optimizer.loss(model(x), Y[rows])
        loss.backward()
        losses.append(loss.item())
        optimizer.step()
    assert state["memory"]["clock"]["last"] < 2
    assert state["memory"]["noise"]["square"] == pytest.approx(2 * losses[-1])


def _values(memory: Any) -> Any:
    pairs = memory["pairs"]
    return pairs.values() if isinstance(pairs, dict) else pairs


def test_factors_are_averaged_over_batches_and_not_over_one() -> None:
    for model in (block(), mlp((5, 4, 2)).double()):
        problem = NetProblem(model, Categorical(), X, Y)
        one, two = (problem.batch(torch.arange(k, k + 32)) for k in (0, 32))
        theta, metric = problem.net.read(), kfac(keep=None)
        memory = metric.init(theta)
        for batch in (one, two):
            _, memory = metric.at(batch.at(theta), memory)
        pairs: Any = [
            next(iter(_values(metric.at(batch.at(theta), metric.init(theta))[1])))
            for batch in (one, two)
        ]
        for mean, a, b in zip(next(iter(_values(memory))), *pairs, strict=True):
            assert torch.allclose(mean, (a + b) / 2)
        again = metric.at(two.at(theta), memory)[0]
        assert torch.allclose(
            again.dense(), metric.at(two.at(theta), metric.init(theta))[0].dense()
        )


@pytest.mark.parametrize("settings", [{}, {"lr": 0.1, "damping": 0.1, "every": 3}])
def test_a_model_that_draws_noise_later_is_refused_at_the_next_refresh(
    settings: dict[str, Any],
) -> None:
    model = block()
    optimizer = KFAC(model, nn.CrossEntropyLoss(), **settings)
    for k in range(3):
        step(model, optimizer, k)
    model.noise = 0.5
    with pytest.raises(ValueError, match="gives other outputs when it is called again"):
        _steps(model, optimizer, range(3, 40))


@pytest.mark.parametrize("settings", [{}, {"lr": 0.1, "damping": 0.1, "every": 3, "momentum": 0.5}])
def test_a_checkpoint_between_refreshes_goes_on_exactly(settings: dict[str, Any]) -> None:
    for make in (block, lambda: mlp((5, 4, 2)).double()):
        model, again = make(), make()
        one, two = (KFAC(m, nn.CrossEntropyLoss(), **settings) for m in (model, again))
        for k in range(5):
            step(model, one, k)
        file = io.BytesIO()
        torch.save({"model": model.state_dict(), "optimizer": one.state_dict()}, file)
        file.seek(0)
        saved = torch.load(file, weights_only=True)
        again.load_state_dict(saved["model"])
        two.load_state_dict(saved["optimizer"])
        for k in range(5, 12):
            step(model, one, k)
            step(again, two, k)
        for p, q in zip(model.parameters(), again.parameters(), strict=True):
            assert torch.equal(p, q)


def _at(loss: float, rows: int = 8, seed: int = 0) -> Any:
    x = torch.randn(rows, 1, generator=torch.Generator().manual_seed(seed))
    problem = NetProblem(nn.Sequential(nn.Linear(1, 1)), Gaussian(), x, x)
    at = problem.at(problem.net.read())
    at.__dict__["loss"] = loss
    return at


def _clock(losses: list[float], interval: int = 32) -> Any:
    clock = {**refresh.start(), "interval": interval}
    for k, loss in enumerate(losses):
        clock = ticked(clock, _at(loss, seed=k), k == 0)
    return clock


def test_a_refresh_comes_when_the_interval_is_over_or_the_losses_rise() -> None:
    growing, steady = Growing(most=10), [1.0, 1.1, 0.9, 1.0]
    assert not growing.due(_clock(steady), _at(1.0, seed=9))
    assert growing.due(_clock(steady), _at(1.0, seed=3))  # the same batch again
    assert growing.due(_clock(steady), _at(2.5, seed=9))
    assert growing.due(_clock(steady), _at(float("nan"), seed=9))
    assert not growing.due(_clock([1.0] * 9), _at(1.0, seed=20))
    assert growing.due(_clock([1.0] * 10), _at(1.0, seed=20))
    assert growing.due(_clock(steady, interval=4), _at(1.0, seed=9))
    assert growing.due(_clock([1.0] * 5 + [1.4, 1.8, 2.4]), _at(1.0, seed=20))
    assert [Every(3).due({"steps": k}, _at(1.0)) for k in range(4)] == [True, False, False, True]
    assert spaced(_clock([1.0], 4), 1 / 8)["interval"] == refresh.SHORTEST
    assert spaced(_clock([1.0], 30), 2)["interval"] == refresh.LONGEST
    assert refresh.share_of_rows(_clock([1.0]), _at(1.0, rows=2)) == 0.25


def test_the_share_is_the_step_of_least_loss_on_the_other_batch_without_a_pass() -> None:
    """A quadratic loss; two batches of the same inputs, so that both have one curvature."""
    x, noise = X[:, :3], torch.Generator().manual_seed(2)
    module = nn.Sequential(nn.Linear(3, 1)).double()
    first, second = (
        NetProblem(
            module,
            Gaussian(),
            x,
            x[:, :1] + 3 * torch.randn(64, 1, generator=noise, dtype=torch.float64),
        )
        for _ in range(2)
    )
    start = first.net.read()
    g = first.grad(start)
    full = -torch.linalg.solve(first.fisher(start), g)
    for used in (0.1, 0.6, 1.0):
        memory = gradient_noise.after(gradient_noise.start(), g, full, used)
        memory |= {"slope": 0.0, "curvature": 0.0}  # without the prior of the first step
        found = gradient_noise.heard(memory, second.grad(start + used * full))
        grid = torch.linspace(0, 1.5, 151, dtype=torch.float64)
        losses = torch.stack([second.loss(start + s * full) for s in grid])
        best = float(grid[losses.argmin()])
        assert found["share"] == pytest.approx(min(max(best, 0.01), 1.0), abs=0.011)
    assert gradient_noise.heard(gradient_noise.start(), g)["share"] == 1


def test_a_metric_without_an_inverse_to_hold_is_refused() -> None:
    with pytest.raises(
        ValueError,
        match="the metric diagonal Fisher is computed at each step: its inverse cannot be held",
    ):
        second_order(diagonal(), 0.1, refresh=Every(2))
    assert second_order(kfac(), 0.1, refresh=Every(2)).passes is not None
    assert rules.kfac().passes is None
