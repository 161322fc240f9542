"""What the engine says of a race on real data: runs over seeds, each by its own clock.

Loads torch: the lesson imports it when it is opened.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from natgrad_core.nets import Data, NetProblem, autoencoding, mlp, real
from natgrad_core.nets.training import accuracy, begin, median, reached
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.lessons.race.state import KEEP
from natgrad_lecture.training import Course, by_second, pull, rule_for

HELD_OUT = 0.2
"""The share of the data that no run sees."""

Entry = tuple[str, int, tuple[float, ...]]
"""Rule, width, options."""


@lru_cache(maxsize=8)
def data_of(task: str) -> Data:
    """The data of a task, a fifth held out; pixels in [0, 1], all else standardized."""
    if task == "autoencoder":
        return autoencoding(real("digits", "unit", HELD_OUT))
    return real(task, "unit" if task == "digits" else "standard", HELD_OUT)


@lru_cache(maxsize=16)
def problem_of(task: str, width: int) -> NetProblem:
    """One hidden layer of ``width``; the autoencoder narrows to eight and widens again."""
    data = data_of(task)
    inputs = data.x.shape[1]
    middle = (3 * width // 2, 3 * width // 4, 8, 3 * width // 4, 3 * width // 2)
    hidden = middle if task == "autoencoder" else (width,)
    return NetProblem.of(mlp((inputs, *hidden, data.outputs)), data)


@lru_cache(maxsize=128)
def course(task: str, entry: Entry, seed: int) -> Course:
    """One run; only its first and last frames are kept whole."""
    name, width, options = entry
    problem, rule = problem_of(task, width), rule_for(name, options, KEEP)
    data = data_of(task)

    def test(frame: Any) -> float:
        if data.classes:
            return accuracy(problem, frame.theta, data.x_test, data.y_test)
        out = problem.net.forward(frame.theta, data.x_test)
        return float(problem.likelihood.loss(out, data.y_test))

    return Course(problem, rule, begin(problem, rule, seed), keep=10**9, look=test)


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
        return data_of(self.state.task).classes > 0

    @property
    def held_out(self) -> int:
        """How many examples no run sees."""
        return len(data_of(self.state.task).x_test)

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
            name: [course(self.state.task, entry, seed) for seed in self.seeds]
            for name, entry in self.entries.items()
        }

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

    def tested(self, name: str) -> float:
        """What was last measured on held-out data, the median over the seeds."""
        return float(np.median([run.looks[-1][2] for run in self.runs[name][: self.counted]]))
