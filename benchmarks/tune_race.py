"""Tune the methods of the lesson *The race*, rates and all other constants: ``make tune-race``.

    make tune-race                       # all tasks
    make tune-race ARGS="wine iris"      # some

For each task and method every setting of a grid (40 at most) runs from the first seed of ``ON``.
The best three run from all five. The best of these has the least median of steps to the last of the
task's losses; where settings differ in what a step costs (an interval, drawn labels), the least
median of processor seconds on one thread. A method that seldom gets there is judged by the loss
after ``MOST`` steps. Nobody looks at the held-out fifth.

Then each method runs with its setting from the seeds of ``SHOWN``, which no setting was chosen by.
Both go into ``lessons/race/tuned.json``, from where the page has them: the settings, what they did
on fresh seeds, and the envelope: for each loss the fewest steps of any setting of the grid.
"""

from __future__ import annotations

import itertools
import json
import math
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from benchmarks.measure import say, table
from natgrad_core.nets.rule import Rule
from natgrad_core.nets.runtime.threads_and_malloc import settle
from natgrad_core.nets.training import accuracy, train
from natgrad_lecture.lessons.race.model import data_of, problem_of, rule_of
from natgrad_lecture.lessons.race.state import BATCHED, FOUND_IN, TARGETS

ON, SHOWN = range(5), range(10, 17)
"""Seeds that settings are tuned on, and seeds that they are shown on."""

WIDTH = 32
MOST = 200
"""The steps after which a run that is tuned has failed; twice as many on fresh seeds."""

SLACK = 1.3
"""A run is given up when it has taken so many times the steps of the best before it."""

FINAL = 3
"""How many settings run from all seeds."""

GRIDS: dict[str, dict[str, Sequence[float]]] = {
    "kfac": {
        "kfac_damping": (1, 0.3),
        "kfac_fall": (0.25, 0.125),
        "kfac_samples": (0, 1),
        "kfac_keep": (0, 0.9),
        "kfac_every": (1, 3),
    },
    "levenberg-marquardt": {"exact_damping": (0.3, 1), "exact_fall": (0.25,)},
    "lbfgs": {"lbfgs_history": (20, 5, 10, 50, 100)},
    "muon": {
        "muon": (0.2, 0.5, 0.1, 1, 0.05, 0.02),
        "muon_keep": (0.9, 0.8),
        "muon_others": (0.03, 0.1),
    },
    "soap": {
        "soap": (0.1, 0.03, 0.2, 0.5),
        "soap_keep": (0.9, 0.8),
        "soap_square": (0.8, 0.95),
        "soap_every": (10, 2),
    },
    "shampoo": {
        "shampoo": (1, 0.3, 3, 0.1),
        "shampoo_keep": (0.9, 0),
        "shampoo_factors": (0.9, 1),
        "shampoo_every": (1, 10),
    },
    "adam": {
        "adam": (0.1, 0.06, 0.2, 0.03, 0.5, 0.01),
        "adam_keep": (0.9, 0.8),
        "adam_square": (0.8, 0.95, 0.999),
    },
    "adamw": {
        "adamw": (0.1, 0.06, 0.2, 0.03, 0.5, 0.01),
        "adamw_square": (0.8, 0.95),
        "adamw_decay": (0.001, 0.01),
    },
    "nesterov": {
        "nesterov": (0.3, 1, 0.1, 3, 0.03, 0.01, 0.003),
        "nesterov_keep": (0.95, 0.98, 0.9, 0.99),
    },
    "gradient": {"gradient": (1, 0.3, 3, 0.1, 10, 30)},
    "adadelta": {"adadelta": (10, 100, 30, 1), "adadelta_keep": (0.9, 0.8)},
}
"""The settings of each method: all combinations, the likely ones first, so that others end soon."""

COSTLY = ("kfac_samples", "kfac_every", "soap_every", "shampoo_every", "lbfgs_history")
"""Fields on which the cost of a step depends."""

TUNINGS = {
    **{name: name for name in ("digits", "wine", "iris", "breast-cancer", "diabetes")},
    "digits-batches": "digits",
    "autoencoder": "autoencoder",
}
"""The task of each tuning."""

WITHOUT = {
    "digits": ("levenberg-marquardt",),
    "autoencoder": ("levenberg-marquardt",),
    "digits-batches": ("levenberg-marquardt", "lbfgs"),
}
"""Methods that are not tuned: a step takes a tenth of a second and more, or needs all data."""

Setting = dict[str, float]


@dataclass(frozen=True)
class Run:
    """Steps and seconds to each loss, as far as it came, the held-out measure there, the end."""

    steps: tuple[float, ...]
    seconds: tuple[float, ...]
    tested: tuple[float, ...]
    loss: float
    each: float
    """Seconds a step."""

    @property
    def rank(self) -> tuple[float, float]:
        """Fewer steps are better; without an arrival the lower loss."""
        return self.steps[-1], self.loss


def measured(tuning: str, rule: Rule, seed: int, most: int, test: bool = False) -> Run:
    """Run until the last loss, or ``most`` steps; clock only this thread's own time."""
    task = TUNINGS[tuning]
    problem, data, targets = problem_of(task, WIDTH), data_of(task), TARGETS[tuning]
    batch = BATCHED if tuning != task else None
    found: list[tuple[float, float, float]] = []
    last = None
    for last in train(
        problem, rule, seed, batch, steps=most, target=targets[-1], clock=time.thread_time
    ):
        while len(found) < len(targets) and last.ok and last.loss <= targets[len(found)]:
            seen = math.nan
            if test and data.classes:
                seen = accuracy(problem, last.theta, data.x_test, data.y_test)
            elif test:
                out = problem.net.forward(last.theta, data.x_test)
                seen = float(problem.likelihood.loss(out, data.y_test))
            found.append((last.step, last.seconds, seen))
    assert last is not None
    rest = [(math.inf, math.inf, math.nan)] * (len(targets) - len(found))
    steps, seconds, tested = zip(*found, *rest, strict=True)
    loss = last.loss if last.ok else math.inf
    return Run(steps, seconds, tested, loss, last.seconds / max(last.step, 1))


def settings_of(rule: str) -> list[Setting]:
    """All settings of a grid, the likely ones first."""
    grid = GRIDS[rule]
    return [dict(zip(grid, map(float, v), strict=True)) for v in itertools.product(*grid.values())]


def cost_of(setting: Setting) -> tuple[float, ...]:
    """What settings whose steps cost the same have in common."""
    return tuple(value for field, value in setting.items() if field in COSTLY)


def tuned(tuning: str, rule: str) -> dict[str, Any]:
    """The best setting of a method, how many were tried, its median steps, and the envelope."""
    first: list[tuple[Setting, Run]] = []
    best: dict[tuple[float, ...], float] = {}
    for setting in settings_of(rule):
        kind = cost_of(setting)
        most = int(min(MOST, SLACK * best.get(kind, math.inf)) + 1)
        run = measured(tuning, rule_of(rule, setting), ON[0], most)
        best[kind] = min(best.get(kind, math.inf), run.steps[-1])
        first.append((setting, run))
    kinds = {
        kind: statistics.median(r.each for s, r in first if cost_of(s) == kind) for kind in best
    }
    several = len(kinds) > 1
    first.sort(key=lambda pair: (_cost(pair[1], kinds[cost_of(pair[0])]), pair[1].loss))
    scored: list[tuple[tuple[float, float], float, Setting]] = []
    for setting, run in first[:FINAL]:
        most = int(min(MOST, 3 * run.steps[-1]) + 1)
        runs = [run, *(measured(tuning, rule_of(rule, setting), seed, most) for seed in ON[1:])]
        steps = statistics.median(each.steps[-1] for each in runs)
        seconds = statistics.median(each.seconds[-1] for each in runs)
        loss = statistics.median(each.loss for each in runs)
        scored.append(((seconds if several else steps, loss), steps, setting))
    _, steps, setting = min(scored, key=lambda each: each[0])
    fewest = [min(run.steps[i] for _, run in first) for i in range(len(TARGETS[tuning]))]
    said = ", ".join(f"{name} {value:g}" for name, value in setting.items())
    say(f"- {tuning}, {rule}: {steps:g} steps; {said} (of {len(first)} settings)")
    return {
        "setting": setting,
        "tried": len(first),
        "steps": _finite(steps),
        "envelope": [_finite(each) for each in fewest],
    }


def _cost(run: Run, each: float) -> float:
    """Seconds to the last loss, by what such a step costs on the median."""
    return run.steps[-1] * each


def _finite(value: float) -> float | None:
    """A number as JSON has it; None for one that is infinite or unknown."""
    return float(f"{value:.4g}") if math.isfinite(value) else None


def shown(tuning: str, settings: dict[str, Setting]) -> dict[str, Any]:
    """What the chosen settings do on fresh seeds; the methods take turns."""
    runs: dict[str, list[Run]] = {rule: [] for rule in settings}
    for seed in SHOWN:
        for rule, setting in settings.items():
            run = measured(tuning, rule_of(rule, setting), seed, 2 * MOST, test=True)
            runs[rule].append(run)
    return {
        rule: {
            what: [[_finite(v) for v in getattr(run, what)] for run in each]
            for what in ("steps", "seconds", "tested")
        }
        for rule, each in runs.items()
    }


def print_medians(tuning: str, fresh: dict[str, Any]) -> None:
    """Print medians over the fresh seeds."""
    say(f"\n## {tuning}: medians over seeds {SHOWN[0]} to {SHOWN[-1]}\n")
    heads = [f"{target:g}" for target in TARGETS[tuning]]
    rows: list[list[str]] = []
    for rule, found in fresh.items():
        cells = [rule]
        for i in range(len(heads)):
            steps, seconds, tested = (
                statistics.median(math.inf if run[i] is None else run[i] for run in found[what])
                for what in ("steps", "seconds", "tested")
            )
            cells.append(f"{steps:g}, {1e3 * seconds:.3g} ms, {tested:.4g}")
        rows.append(cells)
    table(["method", *heads], rows)


def main(wanted: Sequence[str]) -> None:
    """Tune, show and write."""
    settle()
    torch.manual_seed(0)
    list(train(problem_of("iris", 4), rule_of("lbfgs", {"lbfgs_history": 5}), steps=2))  # imports
    for tuning in wanted:
        rules = [rule for rule in GRIDS if rule not in WITHOUT.get(tuning, ())]
        found = {rule: tuned(tuning, rule) for rule in rules}
        settings = {rule: each["setting"] for rule, each in found.items()}
        fresh = shown(tuning, settings)
        print_medians(tuning, fresh)
        known: dict[str, Any] = json.loads(FOUND_IN.read_text("utf-8"))  # another may have written
        known |= {"tuned_on": list(ON), "shown_on": list(SHOWN)}
        known["tunings"][tuning] = {
            "settings": settings,
            "tried": {rule: each["tried"] for rule, each in found.items()},
            "steps": {rule: each["steps"] for rule, each in found.items()},
            "envelope": {rule: each["envelope"] for rule, each in found.items()},
            "fresh": fresh,
        }
        FOUND_IN.write_text(_lines(known) + "\n", "utf-8")


def _lines(known: dict[str, Any]) -> str:
    """JSON with a line for each method."""
    head = [f'"{name}": {json.dumps(known[name])},' for name in ("tuned_on", "shown_on")]
    parts: list[str] = []
    for name, found in known["tunings"].items():
        inside = [
            f'   "{what}": {{\n'
            + ",\n".join(f'    "{rule}": {json.dumps(value)}' for rule, value in each.items())
            + "\n   }"
            for what, each in found.items()
        ]
        parts.append(f'  "{name}": {{\n' + ",\n".join(inside) + "\n  }")
    return "{\n " + "\n ".join(head) + '\n "tunings": {\n' + ",\n".join(parts) + "\n }\n}"


if __name__ == "__main__":
    main(sys.argv[1:] or list(TUNINGS))
