"""Laws of runs: they resume to the last bit, race on equal terms, and diverge in words."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from natgrad_core.nets import NetProblem, mlp, plane, rules
from natgrad_core.nets.rule import Rule
from natgrad_core.nets.training import Frame, accuracy, begin, indices, race, steps_to, train

ROOT = Path(__file__).resolve().parents[2]
PROBLEM = NetProblem.of(mlp((2, 6, 2)), plane("moons", 80))
RULES = {
    **{name: make() for name, make in rules.RULES.items()},
    "sampled K-FAC": rules.kfac(kind="monte-carlo", keep=0.9),
}

BASELINES: dict[str, tuple[Rule, Any]] = {
    "gradient": (rules.gradient(0.3), lambda p: torch.optim.SGD(p, 0.3)),
    "momentum": (rules.momentum(0.3, 0.8), lambda p: torch.optim.SGD(p, 0.3, 0.8)),
    "nesterov": (rules.nesterov(0.3, 0.8), lambda p: torch.optim.SGD(p, 0.3, 0.8, nesterov=True)),
    "adam": (rules.adam(0.02, 0.8, 0.99), lambda p: torch.optim.Adam(p, 0.02, (0.8, 0.99))),
    "adadelta": (rules.adadelta(0.7), lambda p: torch.optim.Adadelta(p, 0.7)),
}


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_takes_the_steps_of_torch(name: str) -> None:
    rule, make = BASELINES[name]
    problem = PROBLEM.double
    theta = nn.Parameter(problem.net.init(3, torch.float64))
    optimizer = make([theta])
    frames = train(problem, rule, seed=3)
    for frame in itertools.islice(frames, 40):
        assert torch.allclose(frame.theta, theta.data, rtol=0, atol=1e-12)
        theta.grad = problem.grad(theta.data)
        optimizer.step()


def test_lbfgs_takes_the_steps_of_torch() -> None:
    """Its many steps of one iteration are torch's one step of many."""
    problem = PROBLEM.double
    theta = nn.Parameter(problem.net.init(3, torch.float64))
    optimizer = torch.optim.LBFGS(
        [theta],
        max_iter=12,
        max_eval=1000,
        history_size=20,
        tolerance_grad=0,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )

    def closure() -> float:
        theta.grad = problem.grad(theta.data)
        return float(problem.loss(theta.data))

    optimizer.step(closure)
    last = list(train(problem, rules.lbfgs(), seed=3, steps=12))[-1]
    assert torch.allclose(last.theta, theta.data, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("batch", [None, 16])
def test_a_run_rewound_or_loaded_goes_on_to_the_last_bit(
    name: str, batch: int | None, tmp_path: Path
) -> None:
    frames = list(train(PROBLEM, RULES[name], seed=2, batch=batch, steps=8))
    assert [f.step for f in frames] == list(range(len(frames)))
    frames[3].save(tmp_path / "frame.pt")
    for start in (frames[3], Frame.load(tmp_path / "frame.pt")):
        again = list(train(PROBLEM, RULES[name], start=start, steps=len(frames) - 4))
        assert [f.loss for f in again] == [f.loss for f in frames[4:]]
        for a, b in zip(again, frames[4:], strict=True):
            assert torch.equal(a.theta, b.theta)
            assert a.seconds > start.seconds


def test_a_frame_is_not_changed_by_what_follows() -> None:
    run = train(PROBLEM, rules.kfac(kind="monte-carlo", keep=0.9))
    kept = list(itertools.islice(run, 4))
    before = [(f.theta.clone(), repr(f.memory), f.loss) for f in kept]
    list(itertools.islice(run, 4))
    for f, (theta, memory, loss) in zip(kept, before, strict=True):
        assert torch.equal(f.theta, theta)
        assert (repr(f.memory), f.loss) == (memory, loss)
    with pytest.raises(AttributeError):
        kept[0].loss = 0.0  # type: ignore[misc]


def test_racers_start_together_and_run_as_they_would_alone() -> None:
    entrants = {name: RULES[name] for name in ("kfac", "adam", "lbfgs", "sampled K-FAC")}
    together = list(race(PROBLEM, entrants, seed=4, batch=20, steps=5))
    assert len({f.loss for f in together[0].values()}) == 1
    for name, rule in entrants.items():
        alone = list(train(PROBLEM, rule, seed=4, batch=20, steps=5))
        assert [frames[name].loss for frames in together] == [f.loss for f in alone]
    middle = together[2]
    again = list(race(PROBLEM, entrants, start=middle, steps=3))
    assert [f["kfac"].loss for f in again] == [f["kfac"].loss for f in together[3:]]


def test_a_racer_that_has_arrived_waits_for_the_others() -> None:
    entrants = {"kfac": rules.kfac(), "gradient": rules.gradient(0.1)}
    frames = list(race(PROBLEM, entrants, target=0.2, steps=30))
    last = frames[-1]
    assert last["kfac"].loss <= 0.2
    assert last["kfac"].step < last["gradient"].step == 30
    assert last["kfac"] is frames[last["kfac"].step]["kfac"]


def test_each_racer_s_clock_runs_only_while_it_computes() -> None:
    """By a clock that ticks when it is looked at: once at the start of a step, once at its end."""
    ticks = itertools.count()
    entrants = {"gradient": rules.gradient(), "kfac": rules.kfac()}
    for batch in (None, 16):
        frames = race(PROBLEM, entrants, batch=batch, steps=4, clock=lambda: float(next(ticks)))
        for step, both in enumerate(frames):
            next(ticks)  # the spectator takes his time
            assert [frame.seconds for frame in both.values()] == [step, step]


def test_a_run_that_diverges_ends_with_a_frame_that_says_so() -> None:
    frames = list(race(PROBLEM, {"wild": rules.gradient(1e38), "calm": rules.kfac()}, steps=12))
    wild = frames[-1]["wild"]
    assert not wild.ok
    assert not wild.stuck
    assert not math.isfinite(wild.loss)
    assert f"diverged at step {wild.step}" in wild.note
    assert frames[-1]["calm"].ok
    assert frames[-1]["calm"].step == 12


def test_a_matrix_that_cannot_be_inverted_ends_a_run_in_words() -> None:
    last = list(train(PROBLEM, rules.natural(1.0, 0.0, method="rows"), steps=3))[-1]
    assert not last.ok
    assert last.stuck
    assert "singular with λ = 0.0e+00" in last.note
    start = begin(PROBLEM, rules.kfac(), theta=torch.full((PROBLEM.dim,), math.nan))
    assert not start.ok
    assert not start.stuck
    assert list(train(PROBLEM, rules.kfac(), start=start)) == []


def test_an_epoch_sees_every_example_once_in_an_order_of_its_own() -> None:
    first, second = (
        torch.cat([indices(12, 3, 7, step) for step in range(epoch * 4, epoch * 4 + 4)])
        for epoch in (0, 1)
    )
    assert torch.equal(first.sort().values, torch.arange(12))
    assert torch.equal(second.sort().values, torch.arange(12))
    assert not torch.equal(first, second)
    assert not torch.equal(indices(12, 3, 7, 0), indices(12, 3, 8, 0))


def test_training_says_what_it_will_not_take() -> None:
    with pytest.raises(ValueError, match="a batch has 1 … 80 examples, got 81"):
        next(train(PROBLEM, rules.kfac(), batch=81))
    with pytest.raises(ValueError, match="at least one rule"):
        next(race(PROBLEM, {}))


def test_accuracy_and_steps_to_a_target() -> None:
    frames = list(train(PROBLEM, rules.kfac(), steps=60, target=0.05))
    assert accuracy(PROBLEM, frames[-1].theta, PROBLEM.x, PROBLEM.y) > 0.95
    found = steps_to(iter(frames), (0.3, 0.05, 1e-9))
    assert set(found) == {0.3, 0.05}
    step, seconds = found[0.3]
    assert frames[step].loss <= 0.3 < frames[step - 1].loss
    assert seconds == frames[step].seconds


def test_no_optimizer_nor_a_look_along_steps_imports_a_compiler_or_sympy() -> None:
    """Torch's optimizers do the one at their first use, and its cross-entropy, of a batch of nets,
    the other; a reader would wait for either.
    """
    code = (
        "import sys\nimport torch\nfrom torch import nn\n"
        "from natgrad_core.nets import EKFAC, KFAC, NaturalGradient\n"
        "from natgrad_core.nets import NetProblem, mlp, plane, rules, train\n"
        "from natgrad_core.nets.step_comparison import along\n"
        "problem = NetProblem.of(mlp((2, 2, 2)), plane('moons', 4))\n"
        "frames = [*train(problem, rules.lbfgs(), steps=2)]\n"
        "at = problem.at(frames[-1].theta)\n"
        "print(len(frames), *along(at, [at.grad], (0.0, 1.0)).shape)\n"
        "x, y = torch.rand(8, 2), torch.arange(8) % 2\n"
        "for make in NaturalGradient, KFAC, EKFAC:\n"
        "    model, criterion = nn.Linear(2, 2), nn.CrossEntropyLoss()\n"
        "    optimizer = make(model, criterion)\n"
        "    optimizer.zero_grad()\n"
        "    criterion(model(x), y).backward()\n"
        "    optimizer.step()\n"
        "    optimizer.load_state_dict(optimizer.state_dict())\n"
        "print('torch._dynamo' in sys.modules, 'sympy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == ["3", "1", "2", "False", "False"], done.stderr
