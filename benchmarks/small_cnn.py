"""A small convolutional net on digits in batches of 64: time to a test accuracy of 0.97.

    make bench-nets ARGS="--only small-cnn"

Each rule is tuned over a printed grid on two seeds, by the median of CPU seconds on one thread, and
shown on others. The accuracy is that of the held-out fifth, measured off the clock after every
fifth step; who is there at two measurements in a row has arrived. The last column is the time of a
step, as a multiple of gradient descent's.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from torch import nn

from benchmarks.measure import aim, say, table
from natgrad_core.nets import Data, NetProblem, real, rules
from natgrad_core.nets.damping import LevenbergMarquardt
from natgrad_core.nets.rule import Rule
from natgrad_core.nets.training import accuracy, train

BATCH, WANTED, EVERY, MOST = 64, 0.97, 5, 400
"""Examples of a step, the accuracy, the steps between measurements, the steps at most."""

ON, SHOWN = (0, 1), range(10, 15)

BASELINES = ("SGD, Nesterov", "Adam", "Muon", "SOAP")
CLOCK = 1.25
"""Target: K-FAC's seconds by the best baseline's."""


class Arrival(NamedTuple):
    """When a run was there, if it was, and the seconds of a step."""

    steps: float
    seconds: float
    each: float


def images() -> Data:
    """The digits as images ``[N, 1, 8, 8]``, a fifth held out."""
    data = real("digits", "unit", 0.2)
    return replace(data, x=data.x.reshape(-1, 1, 8, 8), x_test=data.x_test.reshape(-1, 1, 8, 8))


def net() -> nn.Sequential:
    """Two convolutions and a linear layer, 3,818 parameters."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(8, 16, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(16 * 16, 10),
    )


Grid = dict[str, Callable[[], Rule]]


def grids() -> dict[str, Grid]:
    """The settings of each rule."""
    return {
        "SGD": {f"α {a:g}": (lambda a=a: rules.gradient(a)) for a in (0.1, 0.3, 0.6)},
        "SGD, Nesterov": {
            f"α {a:g}, μ {m:g}": (lambda a=a, m=m: rules.nesterov(a, m))
            for a in (0.03, 0.1, 0.3)
            for m in (0.9, 0.95)
        },
        "Adam": {
            f"α {a:g}, β₂ {b:g}": (lambda a=a, b=b: rules.adam(a, 0.9, b))
            for a in (0.003, 0.01, 0.03)
            for b in (0.95, 0.999)
        },
        "Muon": {
            f"α {a:g}, μ {m:g}": (
                lambda a=a, m=m: rules.muon(a, m, others=rules.adamw(0.01, decay=0.0))
            )
            for a in (0.02, 0.05, 0.1)
            for m in (0.8, 0.9)
        },
        "SOAP": {
            f"α {a:g}, every {k}": (lambda a=a, k=k: rules.soap(a, 0.9, 0.95, every=k))
            for a in (0.003, 0.01, 0.03)
            for k in (10, 30)
        },
        "K-FAC": {
            f"λ₀ {s:g}, every {k}, ω {o:g}": (
                lambda s=s, k=k, o=o: rules.kfac(
                    LevenbergMarquardt(s, o), kind="monte-carlo", keep=0.9, every=k
                )
            )
            for s in (1.0, 0.3)
            for k in (1, 5, 10)
            for o in (0.5,)
        },
        "K-FAC, λ and α fixed": {
            f"λ {s:g}, α {a:g}, every {k}": (
                lambda s=s, a=a, k=k: rules.kfac(s, a, "monte-carlo", 1, 0.9, every=k)
            )
            for s in (0.03, 0.1)
            for a in (0.1, 0.3)
            for k in (5, 10)
        },
    }


def arrival(problem: NetProblem, data: Data, rule: Rule, seed: int, most: int = MOST) -> Arrival:
    """Run until the accuracy is held at two measurements, or for so many steps."""
    held, there, frame = 0, (math.inf, math.inf), None
    for frame in train(problem, rule, seed, BATCH, steps=most, clock=time.thread_time):
        if not frame.ok:
            break
        if frame.step % EVERY or not frame.step:
            continue
        right = accuracy(problem, frame.theta, data.x_test, data.y_test) >= WANTED
        if right and not held:
            there = (float(frame.step), frame.seconds)
        held = held + 1 if right else 0
        if held == 2:
            break
    assert frame is not None
    found = there if held == 2 else (math.inf, math.inf)
    return Arrival(*found, frame.seconds / max(frame.step, 1))


def tuned(problem: NetProblem, data: Data, name: str, grid: Grid, seeds: Sequence[int]) -> str:
    """The setting with the least median seconds; print the whole grid."""
    lines: list[str] = []
    best, least = next(iter(grid)), math.inf
    for setting, make in grid.items():
        runs = [arrival(problem, data, make(), seed) for seed in seeds]
        steps, seconds = (statistics.median(run[i] for run in runs) for i in (0, 1))
        lines.append(f"{setting}: {steps:g} steps, {seconds:.2f} s")
        if seconds < least:
            best, least = setting, seconds
    say(f"- {name}: {'; '.join(lines)}. **{best}**")
    return best


def to_accuracy(quick: bool, seeds: int) -> None:
    """Tune, measure and print."""
    data = images()
    problem = NetProblem.of(net(), data)
    say(f"## Small CNN on digits, batches of {BATCH}, test accuracy {WANTED}\n")
    say(f"{problem.dim} parameters; tuned on seeds {', '.join(map(str, ON))}:\n")
    every = grids()
    if quick:
        every = {name: dict(list(grid.items())[:1]) for name, grid in every.items()}
    chosen = {
        name: tuned(problem, data, name, grid, ON[:1] if quick else ON)
        for name, grid in every.items()
    }
    found: dict[str, list[Arrival]] = {name: [] for name in every}
    fresh = SHOWN[: 2 if quick else max(seeds, 2)]
    for seed in fresh:
        for name, grid in every.items():
            found[name].append(arrival(problem, data, grid[chosen[name]](), seed))
    middle = {
        name: [statistics.median(run[i] for run in runs) for i in range(3)]
        for name, runs in found.items()
    }
    say(f"\nMedians over seeds {fresh[0]} to {fresh[-1]}:\n")
    plain = middle["SGD"][2]
    table(
        ["rule", "steps", "CPU seconds", "a step / SGD's"],
        [
            [f"{name} ({chosen[name]})", f"{n:g}", f"{t:.3f}", f"{each / plain:.1f}"]
            for name, (n, t, each) in middle.items()
        ],
    )
    ours = min((n for n in middle if n.startswith("K-FAC")), key=lambda n: middle[n][1])
    best = min(BASELINES, key=lambda name: middle[name][1])
    aim(
        f"small CNN: seconds to {WANTED}, K-FAC / best of the tuned",
        f"{middle[ours][1]:.3f} s",
        f"{best} {middle[best][1]:.3f} s",
        middle[ours][1] / middle[best][1],
        CLOCK,
        True,
    )
