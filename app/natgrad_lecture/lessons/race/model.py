"""What the engine says of a race on real data: runs over seeds, each by its own clock.

Loads torch: the lesson imports it when it is opened.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from natgrad_core.nets import Data, NetProblem, autoencoding, mlp, real, rules
from natgrad_core.nets.damping import LevenbergMarquardt
from natgrad_core.nets.datasets import labeled, relabeled
from natgrad_core.nets.rule import Rule
from natgrad_core.nets.training import accuracy, begin, median, reached
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.lessons.race.state import CLASSED, OPTIONS, TARGETS, tuning_of
from natgrad_lecture.state.own_table import examples_of
from natgrad_lecture.training import Course, by_second, pull

HELD_OUT = 0.2
"""The share of the data that no run sees."""

TaskKey = str | tuple[str, str, str]
"""The name of a task; of a reader's own table that, its text, and its label."""

Entry = tuple[str, int, tuple[float, ...]]
"""Rule, width, options."""


@bounded_cache
def data_of(task: TaskKey, noise: float = 0.0) -> Data:
    """The data of a task, a fifth held out; pixels in [0, 1], all else standardized.

    ``noise`` is the share of the training labels that are drawn at random.
    """
    if isinstance(task, tuple):
        return relabeled(labeled(examples_of(*task[1:]), test=HELD_OUT), noise)
    if task == "autoencoder":
        return autoencoding(real("digits", "unit", HELD_OUT))
    return relabeled(real(task, "unit" if task == "digits" else "standard", HELD_OUT), noise)


@bounded_cache
def problem_of(task: TaskKey, width: int, noise: float = 0.0) -> NetProblem:
    """One hidden layer of ``width``; the autoencoder narrows to eight and widens again."""
    data = data_of(task, noise)
    inputs = data.x.shape[1]
    middle = (3 * width // 2, 3 * width // 4, 8, 3 * width // 4, 3 * width // 2)
    hidden = middle if task == "autoencoder" else (width,)
    return NetProblem.of(mlp((inputs, *hidden, data.outputs)), data)


def _kfac(damping: float, fall: float, samples: float, keep: float, every: float) -> Rule:
    """K-FAC; between new factors the old ones are inverted again, with the present λ."""
    return rules.kfac(
        LevenbergMarquardt(damping, fall),
        kind="monte-carlo" if samples else "true",
        samples=max(int(samples), 1),
        keep=keep,
        every=int(every),
        inverses=1 if every > 1 else None,
    )


_RULES: dict[str, Callable[..., Rule]] = {
    "kfac": _kfac,
    "levenberg-marquardt": rules.levenberg_marquardt,
    "natural": rules.natural,
    "lbfgs": lambda history: rules.lbfgs(history=int(history)),
    "muon": lambda rate, keep, others: rules.muon(
        rate, keep, others=rules.adamw(others, decay=0.0)
    ),
    "soap": lambda rate, keep, square, every: rules.soap(rate, keep, square, every=int(every)),
    "shampoo": lambda rate, keep, factors, every: rules.shampoo(
        rate, keep=keep, keep_factors=factors, every=int(every)
    ),
    "adam": rules.adam,
    "adamw": lambda rate, square, decay: rules.adamw(rate, keep_square=square, decay=decay),
    "nesterov": rules.nesterov,
    "gradient": rules.gradient,
    "adadelta": rules.adadelta,
}
"""Of the values of a rule's fields, in their order, the rule."""


def rule_of(name: str, settings: Mapping[str, float]) -> Rule:
    """The rule with the settings of its fields."""
    return _RULES[name](*(settings[field] for field in OPTIONS[name]))


@bounded_cache
def course(
    task: TaskKey, entry: Entry, seed: int, batch: int | None = None, noise: float = 0.0
) -> Course:
    """One run; only its first and last frames are kept whole."""
    name, width, options = entry
    problem, rule = problem_of(task, width, noise), _RULES[name](*options)
    data = data_of(task, noise)
    name_of_task = task if isinstance(task, str) else task[0]
    targets = TARGETS[tuning_of(name_of_task, batch is not None)]  # as the state has them
    batch = None if batch is None or batch >= len(problem) else batch

    def test(frame: Any) -> float:
        if data.classes:
            return accuracy(problem, frame.theta, data.x_test, data.y_test)
        out = problem.net.forward(frame.theta, data.x_test)
        return float(problem.likelihood.loss(out, data.y_test))

    start = begin(problem, rule, seed, batch)
    return Course(problem, rule, start, 10**9, batch, look=test, look_at=targets)


class Model:
    """All that the engine says of a state of the lesson; runs are as long as they were pulled."""

    def __init__(self, state: Any) -> None:
        self.state = state

    @property
    def targets(self) -> tuple[float, ...]:
        """The losses to reach."""
        return self.state.targets

    @property
    def classes(self) -> bool:
        """Whether classes are told apart, so that there is an accuracy."""
        return data_of(self.state.task_key).classes > 0

    @property
    def held_out(self) -> int:
        """How many examples no run sees."""
        return len(data_of(self.state.task_key).x_test)

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """Who runs, by the name that it has in tables: those chosen, and those kept."""
        state = self.state
        found = {name: (name, state.width, state.options(name)) for name in state.rules}
        for text in state.kept:
            entry = state.entry(text)
            if entry not in found.values():
                found[text] = entry
        return found

    @cached_property
    def seeds(self) -> tuple[int, ...]:
        """One start a seed, the same for all rules."""
        return tuple(range(self.state.seed, self.state.seed + self.state.count))

    @cached_property
    def runs(self) -> dict[str, list[Course]]:
        """Each entrant's runs, one a seed."""
        return {
            name: [self._course(entry, seed) for seed in self.seeds]
            for name, entry in self.entries.items()
        }

    def _course(self, entry: Entry, seed: int) -> Course:
        state = self.state
        batch = None if state.batch == "all" else int(state.batch)
        noise = state.noise if state.task in CLASSED else 0.0
        return course(state.task_key, entry, seed, batch, noise)

    def going(self, run: Course) -> bool:
        """Whether a run has neither time nor loss to spare."""
        return run.seconds[-1] < self.state.budget and run.losses[-1] > self.targets[-1]

    def over(self, run: Course) -> bool:
        """Whether a run is at its end."""
        return not (run.ok and self.going(run))

    def pull(self, sheet: Sheet) -> bool:
        """Run a slice of the first seed that is not over; say if there is more."""
        rounds = [list(each) for each in zip(*self.runs.values(), strict=True)]
        for i, runs in enumerate(rounds):
            if not all(map(self.over, runs)):
                more = pull(sheet, runs, self.going, place=by_second)
                return more or any(not all(map(self.over, each)) for each in rounds[i + 1 :])
        return False

    def to(self, steps: int, *names: str) -> Model:
        """Itself, once the named runs (or all) have come that far, or as low as wanted."""
        for name in names or self.runs:
            for run in self.runs[name]:
                while run.ok and run.steps < steps and run.losses[-1] > self.targets[-1]:
                    run.advance()
        return self

    @property
    def progress(self) -> float:
        """The share of all runs that is done, by the time that they may take."""
        runs = [run for each in self.runs.values() for run in each]
        done = [1.0 if self.over(run) else run.seconds[-1] / self.state.budget for run in runs]
        return sum(done) / len(done)

    @property
    def paths(self) -> dict[str, Any]:
        """What a notebook reads as the widget's ``path``: each entrant's losses, a seed each."""
        return {
            name: {
                str(seed): np.array(run.losses) for seed, run in zip(self.seeds, runs, strict=True)
            }
            for name, runs in self.runs.items()
        }

    @property
    def counted(self) -> int:
        """How many seeds count: those whose runs are all over, and the first in any case."""
        done = 0
        for runs in zip(*self.runs.values(), strict=True):
            if not all(map(self.over, runs)):
                break
            done += 1
        return max(done, 1)

    def median(self, name: str, target: float) -> tuple[float, float]:
        """Median steps and seconds to a loss, of the seeds that count; infinite if most never got
        there.
        """
        runs = self.runs[name][: self.counted]
        return median([reached(run.losses, run.seconds, (target,)) for run in runs], target)

    def tested_at(self, name: str, target: float) -> list[float]:
        """What was measured on held-out data where a run first came to a loss, of each seed that
        counts and came there; nothing if most never got there, as with the median of its steps.
        """
        found: list[float] = []
        if math.isinf(self.median(name, target)[0]):
            return found
        for run in self.runs[name][: self.counted]:
            step = next((k for k, loss in enumerate(run.losses) if loss <= target), None)
            found += [value for at, _, value in run.looks if at == step]
        return found
