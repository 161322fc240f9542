"""Training that is pulled: a run is as long as somebody has asked for, a slice of time at a time.

A page asks for its picture again and again (``more``, see ``request_queue.js``), and each
answer trains for a few hundredths of a second. So to stop is not to ask, a slider waits for one
slice at most, and nothing runs when nobody looks. What was trained stays: a run that is asked for
again goes on.

This is the one module of the dashboards that loads torch; the net lessons import it when they are
opened, and no other lesson does.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from natgrad_core.nets.problem import NetProblem
from natgrad_core.nets.rule import Rule
from natgrad_core.nets.rules import RULES
from natgrad_core.nets.runtime.threads_and_malloc import settle
from natgrad_core.nets.runtime.time_limit import time_limit
from natgrad_core.nets.training import Frame, begin, train
from natgrad_lecture.drawing.sheet import Sheet

settle()

AT_ONCE, SLICE, TIME_LIMIT = 0.012, 0.04, 0.4
"""Seconds of training in an answer: to a reader's act, to an ask for more, to reach a step that a
link or a preset wants seen."""

ONE_STEP = 3.0
"""Seconds of computing after which a step is given up: nothing else is heard while it is made."""


def rule_for(name: str, options: Sequence[float], keep: float) -> Rule:
    """Return the rule of this name with the options that a state has for it.

    Args:
        name: A name in ``natgrad_core.nets.rules.RULES``.
        options: What a reader sets of it, in the order in which the rule takes them.
        keep: The share of Nesterov's momentum that is kept, which no reader sets.
    """
    more = {"keep": keep} if name == "nesterov" else {}
    return RULES[name](*options, **more)


@dataclass(eq=False)
class Course:
    """One rule's run on one problem, as far as it has come; it can go on, and be looked back on.

    ``seconds`` are the rule's own, of this thread's processor time, so that what else the machine
    does is not charged to it. One frame in ``keep`` is kept whole; those between are run again when
    they are wanted, and are the same to the last bit.
    """

    problem: NetProblem
    rule: Rule
    start: Frame
    keep: int = 1
    batch: int | None = None
    before: Course | None = None
    """The run that this one went on from, at ``start``, with another rule or another rate."""
    look: Callable[[Frame], float] | None = None
    """What is measured off the clock now and then, at steps ever farther apart: ``looks``."""
    look_at: tuple[float, ...] = ()
    """Losses: where the run first comes to one of them, it is measured too."""

    losses: list[float] = field(init=False)
    seconds: list[float] = field(init=False)
    looks: list[tuple[int, float, float]] = field(init=False)
    """(step, seconds, what was measured)."""
    _due: list[float] = field(init=False, repr=False)
    _kept: dict[int, Frame] = field(init=False, repr=False)
    _ahead: Iterator[Frame] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        at = self.start.step
        self.losses = [*(self.before.losses[:at] if self.before else ()), self.start.loss]
        self.seconds = [*(self.before.seconds[:at] if self.before else ()), self.start.seconds]
        self.last = self.start
        self.looks = []
        self._due = list(self.look_at)
        self._look()
        self._kept = {at: self.start}
        self._ahead = self._from(self.start)

    @classmethod
    def of(
        cls, problem: NetProblem, rule: Rule, seed: int = 0, batch: int | None = None, keep: int = 1
    ) -> Course:
        """The run that begins at the net's own start for this seed."""
        return cls(problem, rule, begin(problem, rule, seed, batch), keep, batch)

    def turn(self, rule: Rule, step: int) -> Course:
        """The run that goes on from ``step`` of this one by another rule of the same kind."""
        reach([self], step)
        at = min(step, self.steps)
        return Course(self.problem, rule, self.frame(at), self.keep, self.batch, self)

    def _from(self, frame: Frame) -> Iterator[Frame]:
        return train(self.problem, self.rule, start=frame, batch=self.batch, clock=time.thread_time)

    @property
    def steps(self) -> int:
        """How many steps were taken."""
        return len(self.losses) - 1

    @property
    def ok(self) -> bool:
        """Whether it can go on: a run that diverged cannot, nor one that has no next step."""
        return self.last.ok

    @property
    def stuck(self) -> str:
        """Why there is no next step (no inverse, too slow), if that is what ended it."""
        return self.last.note if self.last.stuck else ""

    @property
    def completed(self) -> int:
        """How many steps were made: the one that a run is stuck at was not."""
        return self.steps - self.last.stuck

    @property
    def end(self) -> str:
        """How a run that cannot go on came to its end."""
        return f"{'stuck' if self.last.stuck else 'diverged'} at step {self.steps}"

    def advance(self) -> None:
        """One step more."""
        with time_limit(ONE_STEP):
            self.last = next(self._ahead)
        self.losses.append(self.last.loss)
        self.seconds.append(self.last.seconds)
        if self.steps % self.keep == 0 or not self.last.ok:
            self._kept[self.steps] = self.last
        self._look()

    def _look(self) -> None:
        """Measure, if this step is a tenth farther than the last that was measured, or comes to a
        loss at which it is to be.
        """
        due = [loss for loss in self._due if self.losses[-1] > loss]
        near = self.looks and self.steps < 1.1 * self.looks[-1][0] and len(due) == len(self._due)
        if self.look and self.last.ok and not near:
            self.looks.append((self.steps, self.seconds[-1], self.look(self.last)))
            self._due = due

    def frame(self, step: int) -> Frame:
        """The run after ``step`` steps, or after its last if it has not come so far."""
        step = min(step, self.steps)
        if step < self.start.step and self.before:
            return self.before.frame(step)
        if step == self.steps:
            return self.last
        near = max(k for k in self._kept if k <= step)
        again = train(
            self.problem, self.rule, start=self._kept[near], batch=self.batch, steps=step - near
        )
        return deque(again, maxlen=1)[0] if near < step else self._kept[near]


Place = Callable[[Course], float]


def by_step(course: Course) -> float:
    """Runs in lockstep: the run with fewer steps goes on."""
    return course.steps


def by_second(course: Course) -> float:
    """Runs with equal computing time: the run that has computed for less time goes on."""
    return course.seconds[-1]


def grow(
    courses: Iterable[Course],
    going: Callable[[Course], bool],
    budget: float = SLICE,
    place: Place = by_step,
) -> bool:
    """Take steps, always of the run that is behind, for ``budget`` seconds; say if some go on.

    ``going`` says which may: those that have not yet come as far as wanted. One that diverged is at
    its end.
    """
    runs = list(courses)
    end = time.perf_counter() + budget
    while left := [run for run in runs if run.ok and going(run)]:
        if time.perf_counter() >= end:
            return True
        min(left, key=place).advance()
    return False


def pull(
    sheet: Sheet,
    courses: Sequence[Course],
    going: Callable[[Course], bool],
    step: int | None = None,
    place: Place = by_step,
) -> bool:
    """Grow the runs as far as one answer should; say if there is more to ask for.

    After a stop the reader sees what there is, and may go on by single steps. A ``step`` that
    is wanted on the picture is reached first, if it does not take long.
    """
    if step is not None and max((run.steps for run in courses), default=0) < step:
        grow(courses, lambda run: going(run) and run.steps <= step, TIME_LIMIT)
    if sheet.one:
        goal = max((run.steps for run in courses if run.ok), default=0) + 1
        grow(courses, lambda run: going(run) and run.steps < goal, TIME_LIMIT)
    begun = any(run.steps for run in courses)
    budget = 0.0 if sheet.hold and begun else SLICE if sheet.fine else AT_ONCE
    return grow(courses, going, budget, place)


def reach(courses: Iterable[Course], steps: int, budget: float = float("inf")) -> bool:
    """Train until each has taken ``steps`` steps; say if some still have to."""
    return grow(courses, lambda run: run.steps < steps, budget)
