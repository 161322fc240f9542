"""Laws of the optimizers: in anyone's loop they take the steps of the rules, and resume exactly."""

from __future__ import annotations

import copy
import io
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from natgrad_core.nets import NetProblem, mlp, rules
from natgrad_core.nets.damping import LevenbergMarquardt
from natgrad_core.nets.likelihood import Bernoulli, Categorical, Gaussian, Likelihood
from natgrad_core.nets.rule import Rule
from natgrad_core.nets.torch_optimizers import EKFAC, KFAC, NaturalGradient, SecondOrder

LOSSES: dict[str, tuple[nn.Module, Likelihood]] = {
    "cross-entropy": (nn.CrossEntropyLoss(), Categorical()),
    "cross-entropy, summed": (nn.CrossEntropyLoss(reduction="sum"), Categorical()),
    "squares": (nn.MSELoss(), Gaussian()),
    "squares, summed": (nn.MSELoss(reduction="sum"), Gaussian()),
    "coins": (nn.BCEWithLogitsLoss(), Bernoulli()),
    "coins, summed": (nn.BCEWithLogitsLoss(reduction="sum"), Bernoulli()),
}
PAIRS: dict[str, tuple[Any, Rule]] = {
    "natural": (lambda m, loss: NaturalGradient(m, loss, 0.5, 0.1), rules.natural(0.5, 0.1)),
    "natural, sampled": (
        lambda m, loss: NaturalGradient(m, loss, 0.5, 0.1, "monte-carlo"),
        rules.natural(0.5, 0.1, "monte-carlo"),
    ),
    "natural, empirical": (
        lambda m, loss: NaturalGradient(m, loss, 0.5, 0.1, "empirical"),
        rules.natural(0.5, 0.1, "empirical"),
    ),
    "K-FAC": (KFAC, rules.kfac()),
    "K-FAC, sampled": (
        lambda m, loss: KFAC(m, loss, kind="monte-carlo", samples=2, keep=0.9),
        rules.kfac(kind="monte-carlo", samples=2, keep=0.9),
    ),
    "E-KFAC": (EKFAC, rules.ekfac()),
    "E-KFAC, sampled": (
        lambda m, loss: EKFAC(m, loss, kind="monte-carlo", samples=2, keep=0.9, every=2),
        rules.ekfac(kind="monte-carlo", samples=2, keep=0.9, every=2),
    ),
}


def data(likelihood: Likelihood) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(20, 3, generator=generator, dtype=torch.float64)
    if likelihood.name == "categorical":
        return x, torch.randint(0, 3, (20,), generator=generator)
    return x, torch.rand(20, 3, generator=generator, dtype=torch.float64)


def net(seed: int = 0) -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return mlp((3, 4, 3)).double()


def closure_of(
    optimizer: SecondOrder,
    model: nn.Module,
    loss: nn.Module,
    x: Tensor,
    y: Tensor,
    penalty: float = 0.0,
    penalized: nn.Module | None = None,
) -> Any:
    """The loss plus ``penalty`` ‖θ‖², with θ the parameters of a part of the model, or of all."""

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = loss(model(x), y)
        if penalty:
            part = model if penalized is None else penalized
            value = value + penalty * sum(p.square().sum() for p in part.parameters())
        value.backward()
        return value

    return closure


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("pair", PAIRS)
def test_an_optimizer_takes_the_steps_of_its_rule(loss: str, pair: str) -> None:
    criterion, likelihood = LOSSES[loss]
    make, rule = PAIRS[pair]
    x, y = data(likelihood)
    model = net()
    optimizer = make(model, criterion)
    problem = NetProblem(net(), likelihood, x, y)
    at = problem.at(problem.net.read())
    memory = rule.init(at.theta)
    for _ in range(6):
        before = criterion(model(x), y).item()
        assert optimizer.step(closure_of(optimizer, model, criterion, x, y)) == pytest.approx(
            before
        )
        change, memory = rule.update(at.grad, at, memory)
        at = at.after(change)
        theta = nn.utils.parameters_to_vector(model.parameters())
        assert torch.allclose(theta, at.theta, rtol=0, atol=1e-9)


@pytest.mark.parametrize("make", [lambda m, c: NaturalGradient(m, c, 0.7), KFAC, EKFAC])
def test_an_optimizer_resumes_exactly_from_its_state(make: Any) -> None:
    criterion, (x, y) = nn.CrossEntropyLoss(), data(Categorical())
    model = net()
    optimizer = make(model, criterion)
    for _ in range(3):
        optimizer.step(closure_of(optimizer, model, criterion, x, y))
    saved = copy.deepcopy((model.state_dict(), optimizer.state_dict()))
    counterpart = net(5)
    again = make(counterpart, criterion)
    counterpart.load_state_dict(saved[0])
    again.load_state_dict(saved[1])
    for _ in range(3):
        optimizer.step(closure_of(optimizer, model, criterion, x, y))
        again.step(closure_of(again, counterpart, criterion, x, y))
    for p, q in zip(model.parameters(), counterpart.parameters(), strict=True):
        assert torch.equal(p, q)


def test_a_rate_can_be_scheduled_and_batches_may_vary() -> None:
    criterion, (x, y) = nn.CrossEntropyLoss(), data(Categorical())
    model = net()
    optimizer = NaturalGradient(model, criterion, 1.0, 0.1)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    start = criterion(model(x), y).item()
    for part in (slice(0, 10), slice(10, 20), slice(0, 1)):
        optimizer.step(closure_of(optimizer, model, criterion, x[part], y[part]))
        schedule.step()
    assert optimizer.param_groups[0]["lr"] == 0.125
    assert criterion(model(x), y).item() < start


def test_a_weight_decay_in_the_loss_counts() -> None:
    criterion, (x, y) = nn.CrossEntropyLoss(), data(Categorical())
    model, counterpart = net(), net()
    plain, decayed = (NaturalGradient(m, criterion, 1.0, 1.0) for m in (model, counterpart))
    plain.step(closure_of(plain, model, criterion, x, y))
    decayed.step(closure_of(decayed, counterpart, criterion, x, y, 0.1))
    sizes = [optimizer.net.read().norm().item() for optimizer in (plain, decayed)]
    assert sizes[1] < sizes[0]


def _steps(model: nn.Module, optimizer: SecondOrder, n: int, clip: float = 0.0) -> list[Tensor]:
    """Changes of the parameters in a loop without a closure."""
    x, y = data(Categorical())
    found: list[Tensor] = []
    for _ in range(n):
        before = optimizer.net.read()
        optimizer.zero_grad()
        optimizer.loss(model(x), y).backward()
        if clip:
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        found.append(optimizer.net.read() - before)
    return found


@pytest.mark.parametrize("make", [KFAC, NaturalGradient])
def test_rounding_of_a_fitted_batch_is_not_taken_for_a_penalty(make: Any) -> None:
    """A residual is then a difference of numbers near 1: a step on digits was refused."""
    for units, refused in ((1, False), (1e4, True)):
        torch.manual_seed(4)
        layer, x, y = nn.Linear(8, 10), torch.eye(8), torch.arange(8)
        with torch.no_grad():
            layer.weight.copy_(12 * torch.eye(10, 8))
        model = nn.Sequential(layer)
        criterion = nn.CrossEntropyLoss()
        signs = torch.randn(8, 10).sign() * units * torch.finfo(x.dtype).eps / 8
        rounding = torch.autograd.grad(model(x), list(model.parameters()), signs)
        optimizer = make(model, criterion)
        criterion(model(x), y).backward()
        for p, r in zip(model.parameters(), rounding, strict=True):
            assert p.grad is not None
            p.grad += r
        if refused:
            with pytest.raises(ValueError, match="hold more than that of the loss"):
                optimizer.step()
        else:
            optimizer.step()


def test_weight_decay_is_the_penalty_in_the_loss() -> None:
    criterion, (x, y) = nn.CrossEntropyLoss(), data(Categorical())
    given: tuple[dict[str, Any], ...] = ({}, {"lr": 0.5, "damping": 0.1})
    for settings in given:
        model, counterpart = net(), net()
        plain = NaturalGradient(model, criterion, **settings)
        decayed = NaturalGradient(counterpart, criterion, **settings, weight_decay=0.1)
        for _ in range(3):
            plain.step(closure_of(plain, model, criterion, x, y, 0.05))
        _steps(counterpart, decayed, 3)
        assert torch.allclose(plain.net.read(), decayed.net.read(), rtol=0, atol=1e-8)


NUMBERS: dict[str, Any] = {"lr": 0.5, "damping": 0.1}


def _groups(model: nn.Sequential, *settings: dict[str, Any]) -> list[dict[str, Any]]:
    """The first layer, and the others, with settings of their own."""
    parts = [list(model[0].parameters()), list(model[1:].parameters())]
    return [{"params": p, **own} for p, own in zip(parts[::-1], settings, strict=True)]


@pytest.mark.parametrize("make", [KFAC, NaturalGradient])
@pytest.mark.parametrize("settings", [{}, NUMBERS, {**NUMBERS, "momentum": 0.5}])
def test_two_groups_with_equal_settings_are_one_to_the_last_bit(
    make: Any, settings: dict[str, Any]
) -> None:
    criterion, model, counterpart = nn.CrossEntropyLoss(), net(), net()
    one = make(model, criterion, **settings, weight_decay=0.1)
    two = make(
        counterpart, criterion, **settings, weight_decay=0.1, params=_groups(counterpart, {}, {})
    )
    _steps(model, one, 3)
    _steps(counterpart, two, 3)
    assert torch.equal(one.net.read(), two.net.read())


@pytest.mark.parametrize("make", [KFAC, EKFAC, NaturalGradient])
@pytest.mark.parametrize("settings", [NUMBERS, {**NUMBERS, "momentum": 0.5}])
def test_each_group_has_its_own_rate(make: Any, settings: dict[str, Any]) -> None:
    criterion, model, counterpart = nn.CrossEntropyLoss(), net(), net()
    one = make(model, criterion, **settings)
    two = make(
        counterpart, criterion, **settings, params=_groups(counterpart, {"lr": 0.0}, {"lr": 0.25})
    )
    first = sum(p.numel() for p in model[0].parameters())
    schedule = torch.optim.lr_scheduler.LambdaLR(two, [lambda _: 1.0, lambda k: 0.5 if k else 1.0])
    whole, part = _steps(model, one, 1)[0], _steps(counterpart, two, 1)[0]
    assert torch.equal(part[first:], torch.zeros_like(part[first:]))
    assert torch.allclose(part[:first], whole[:first] / 2, rtol=1e-12, atol=0)
    schedule.step()
    assert [group["lr"] for group in two.param_groups] == [0.0, 0.125]
    again = make(
        fresh := net(), criterion, **settings, params=_groups(fresh, {"lr": 0.0}, {"lr": 0.25})
    )
    torch.optim.lr_scheduler.LambdaLR(again, [lambda epoch: 1.0, lambda epoch: 1.0])
    fresh.load_state_dict(counterpart.state_dict())
    again.load_state_dict(two.state_dict())
    assert torch.equal(_steps(counterpart, two, 1)[0], _steps(fresh, again, 1)[0])


def test_a_policy_with_rates_by_group_promises_what_the_step_does() -> None:
    """ρ of a step so short that the quadratic model is right is near 1."""
    criterion, model = nn.CrossEntropyLoss(), net()
    groups = _groups(model, {"lr": 1e-3}, {"lr": 2e-3})
    optimizer = NaturalGradient(model, criterion, params=groups)
    _steps(model, optimizer, 1)
    state: Any = optimizer.state
    assert state["memory"]["report"]["rho"] == pytest.approx(1, abs=1e-2)


@pytest.mark.parametrize("settings", [{}, NUMBERS])
def test_each_group_has_its_own_weight_decay(settings: dict[str, Any]) -> None:
    criterion, (x, y) = nn.CrossEntropyLoss(), data(Categorical())
    model, counterpart = net(), net()
    plain = NaturalGradient(model, criterion, **settings)
    groups = _groups(counterpart, {"weight_decay": 0.1}, {"weight_decay": 0.0})
    decayed = NaturalGradient(counterpart, criterion, **settings, params=groups)
    for _ in range(3):
        plain.step(closure_of(plain, model, criterion, x, y, 0.05, model[1:]))
    _steps(counterpart, decayed, 3)
    assert torch.allclose(plain.net.read(), decayed.net.read(), rtol=0, atol=1e-8)


def test_groups_hold_all_parameters_and_differ_in_rate_and_decay_alone() -> None:
    criterion, model = nn.CrossEntropyLoss(), net()
    with pytest.raises(ValueError, match=r"made for \(0\.weight, 0\.bias\): give it all of them"):
        KFAC(model, criterion, params=model[1:].parameters())
    several = r"damping is a setting of the whole step.*lr and weight_d"
    for value in (0.1, LevenbergMarquardt(0.5)):
        with pytest.raises(ValueError, match=several):
            KFAC(model, criterion, params=_groups(model, {"damping": value}, {}))
    with pytest.raises(ValueError, match="lr is a finite number, at least 0"):
        KFAC(model, criterion, params=_groups(model, {"lr": -1.0}, {}))
    optimizer = KFAC(model, criterion, params=_groups(model, {}, {}))
    optimizer.param_groups[0]["damping"] = 0.1
    with pytest.raises(ValueError, match=several):
        _steps(model, optimizer, 1)


@pytest.mark.parametrize("make", [NaturalGradient, KFAC])
@pytest.mark.parametrize("value", [0.1, LevenbergMarquardt(0.5, 0.25)])
def test_a_damping_that_all_groups_name_is_that_of_the_optimizer(make: Any, value: Any) -> None:
    criterion, model, counterpart, third = nn.CrossEntropyLoss(), net(), net(), net()
    optimizer = make(model, criterion, params=_groups(model, *[{"damping": value}] * 2))
    single = make(counterpart, criterion, damping=value)
    for one, two in zip(_steps(model, optimizer, 2), _steps(counterpart, single, 2), strict=True):
        assert torch.equal(one, two)
    assert optimizer.trust == single.trust
    file = io.BytesIO()
    torch.save(optimizer.state_dict(), file)
    file.seek(0)
    saved = torch.load(file, weights_only=True)
    assert [group["damping"] for group in saved["param_groups"]] == [
        single.param_groups[0]["damping"]
    ] * 2
    again = make(third, criterion, params=_groups(third, *[{"damping": value}] * 2))
    third.load_state_dict(model.state_dict())
    again.load_state_dict(saved)
    assert torch.equal(_steps(model, optimizer, 1)[0], _steps(third, again, 1)[0])


def test_momentum_adds_the_steps_before() -> None:
    criterion, model, counterpart = nn.CrossEntropyLoss(), net(), net()
    heavy = NaturalGradient(model, criterion, 0.5, 0.1, momentum=0.8)
    one, two = _steps(model, heavy, 2)
    plain = NaturalGradient(counterpart, criterion, 0.5, 0.1)
    assert torch.allclose(one, _steps(counterpart, plain, 1)[0], rtol=0, atol=1e-12)
    assert torch.allclose(two, 0.8 * one + _steps(counterpart, plain, 1)[0], rtol=0, atol=1e-12)


@pytest.mark.parametrize("settings", [{}, {"lr": 0.5, "damping": 0.1}])
def test_clipping_and_schedules_shorten_a_step(settings: dict[str, Any]) -> None:
    criterion, (x, y) = nn.CrossEntropyLoss(), data(Categorical())
    whole = _steps(model := net(), KFAC(model, criterion, **settings), 1)[0]
    model = net()
    criterion(model(x), y).backward()
    norm = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None]).norm()
    clipped = _steps(model, KFAC(model, criterion, **settings), 1, float(norm) / 4)[0]
    assert torch.allclose(clipped, whole / 4, rtol=1e-4, atol=0)
    model = net()
    optimizer = KFAC(model, criterion, **settings)
    torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.5)
    assert torch.allclose(_steps(model, optimizer, 1)[0], whole / 2, rtol=1e-9, atol=0)


@pytest.mark.parametrize("clip", [0.0, 0.05])
@pytest.mark.parametrize("settings", [{}, NUMBERS, {**NUMBERS, "every": 2}])
def test_a_gradient_scaler_changes_nothing(settings: dict[str, Any], clip: float) -> None:
    """The loss is multiplied before backward(), the gradients divided before step()."""
    criterion, model, counterpart = nn.CrossEntropyLoss(), net().float(), net().float()
    one, two = (KFAC(m, criterion, **settings) for m in (model, counterpart))
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**12)
    x, y = data(Categorical())
    for k in range(3):
        rows = slice(6 * k, 6 * k + 8)
        for m, optimizer in ((model, one), (counterpart, two)):
            optimizer.zero_grad()
            value = criterion(m(x[rows].float()), y[rows])
            (scaler.scale(value) if m is model else value).backward()
            if m is model:
                scaler.unscale_(one)
            if clip:
                nn.utils.clip_grad_norm_(m.parameters(), clip)
            if m is model:
                scaler.step(one)
                scaler.update()
            else:
                two.step()
    assert torch.allclose(one.net.read(), two.net.read(), rtol=1e-4, atol=1e-6)


def test_a_model_and_a_loss_that_have_no_fisher_are_refused() -> None:
    with pytest.raises(TypeError, match=r"must be an nn.CrossEntropyLoss, nn.MSELoss.*got L1Loss"):
        KFAC(net(), nn.L1Loss())
    with pytest.raises(TypeError, match=r"Dropout\) draws new noise"):
        KFAC(nn.Sequential(nn.Linear(2, 2), nn.Dropout()), nn.CrossEntropyLoss())


def test_a_closure_that_does_not_do_its_part_is_told_so() -> None:
    criterion, (x, y) = nn.CrossEntropyLoss(), data(Categorical())
    model = net()
    before = nn.utils.parameters_to_vector(model.parameters()).clone()
    optimizer = KFAC(model, criterion)
    with pytest.raises(RuntimeError, match=r"call loss\.backward\(\) before step"):
        optimizer.step()
    with pytest.raises(RuntimeError, match=r"no backward pass came .*the closure is zero_grad\(\)"):
        optimizer.step(lambda: criterion(model(x), y))
    with pytest.raises(ArithmeticError, match="the loss is nan at step 0"):
        optimizer.step(closure_of(optimizer, model, criterion, x * torch.nan, y))
    assert torch.equal(nn.utils.parameters_to_vector(model.parameters()), before)
