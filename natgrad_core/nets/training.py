"""A training run is a generator of frames; a frame holds all that is needed to go on from it.

Pause by not asking for the next frame, stop by letting go of the generator, rewind by starting
again from a frame kept earlier: what follows is the same to the last bit, because rules are pure,
and batches and samples are seeded by the step. A race is several runs in lockstep from one start
on the same batches; each has its own clock, which runs only while it computes.

A run that diverges ends with a frame that is not ``ok`` and says why: it is data, not an error.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from natgrad_core.errors import not_a
from natgrad_core.nets.problem import At, NetProblem
from natgrad_core.nets.rule import Memory, Rule, must_be_a_rule

Clock = Callable[[], float]

LinAlgError = torch.linalg.LinAlgError  # pyright: ignore[reportPrivateImportUsage]

NO_FACTORS = (
    "a matrix of this step has no factorization to rounding: raise the damping, or lower the rate"
)
"""Said for what PyTorch's linear algebra raises."""


@dataclass(frozen=True, eq=False)
class Frame:
    """A run after ``step`` steps and ``seconds`` of its own time, in nats of ``loss`` per example.

    ``loss`` is that of the whole data at ``theta`` ``[p]``; ``report`` is what the rule says of the
    step that led here (damping λ, ρ, tries, which solve).
    """

    step: int
    theta: Tensor
    memory: Memory
    loss: float
    seconds: float = 0.0
    seed: int = 0
    batch: int | None = None
    ok: bool = True
    note: str = ""
    stuck: bool = False
    """Whether there is no next step (no inverse, too slow); then ``note`` says why."""

    def __repr__(self) -> str:
        said = f", λ {self.report['damping']:.2g}" if "damping" in self.report else ""
        note = f"; {self.note}" if self.note else ""
        return f"<frame {self.step}: loss {self.loss:.4g}, {self.seconds:.3g} s{said}{note}>"

    @property
    def report(self) -> dict[str, Any]:
        """What the rule said of its last step."""
        return self.memory.get("report", {})

    def save(self, path: str | Path) -> None:
        """Write a checkpoint.

        Args:
            path: Where to.
        """
        torch.save({each.name: getattr(self, each.name) for each in fields(self)}, path)

    @classmethod
    def load(cls, path: str | Path) -> Frame:
        """Return the frame that was saved; it holds numbers and tensors, and no code is run.

        Args:
            path: Where it was saved.

        Returns:
            The frame.
        """
        return cls(**torch.load(path, weights_only=True))


@dataclass
class _Run:
    """One rule on its way; the point is kept between steps, so that no trial is computed twice."""

    problem: NetProblem
    rule: Rule
    frame: Frame
    clock: Clock
    point: At | None = field(default=None, repr=False)

    def here(self) -> At:
        frame = self.frame
        if frame.batch is None:
            if self.point is None:
                self.point = self.problem.at(frame.theta, frame.step)
            return self.point
        index = indices(len(self.problem), frame.batch, frame.seed, frame.step)
        return self.problem.batch(index).at(frame.theta, frame.step)

    def advance(self) -> Frame:
        """One step, on the clock; what only a spectator wants is off it."""
        old = self.frame
        began = self.clock()
        try:
            at = self.here()
            change, memory = self.rule.update(at.grad, at, old.memory)
        except (ArithmeticError, LinAlgError) as error:
            raw = isinstance(error, LinAlgError)
            spent = old.seconds + self.clock() - began
            self.frame = Frame(
                old.step + 1,
                old.theta,
                old.memory,
                math.nan,
                spent,
                old.seed,
                old.batch,
                False,
                NO_FACTORS if raw else str(error),
                True,
            )
            return self.frame
        if old.batch is None:
            self.point = at.after(change)
            theta, loss = self.point.theta, self.point.loss
            spent = old.seconds + self.clock() - began
        else:
            theta = at.theta + change
            spent = old.seconds + self.clock() - began
            loss = float(self.problem.loss(theta))
        ok = math.isfinite(loss)
        note = "" if ok else f"diverged at step {old.step + 1}: the loss is {loss}"
        self.frame = Frame(old.step + 1, theta, memory, loss, spent, old.seed, old.batch, ok, note)
        return self.frame


def indices(n: int, batch: int, seed: int, step: int) -> Tensor:
    """Return the examples of one step: epochs without replacement, each in its own order.

    They depend on nothing but the arguments, so a run resumed at ``step`` sees what it would have.

    Args:
        n: How many examples there are.
        batch: How many one step takes.
        seed: The seed of the orders.
        step: The number of the step.

    Returns:
        Their numbers, ``[batch]``.
    """
    an_epoch = max(n // batch, 1)
    epoch, place = divmod(step, an_epoch)
    generator = torch.Generator().manual_seed((seed * 1_000_003 + epoch) % 2**63)
    return torch.randperm(n, generator=generator)[place * batch : (place + 1) * batch]


def begin(
    problem: NetProblem,
    rule: Rule,
    seed: int = 0,
    batch: int | None = None,
    theta: Tensor | None = None,
) -> Frame:
    """Return the frame before the first step.

    Args:
        problem: The problem.
        rule: The rule.
        seed: Seeds the start, the batches and the samples.
        batch: The number of examples a step; None: all of them.
        theta: Where to start, ``[p]``; None: the net's own start for this seed.

    Returns:
        The frame.

    Raises:
        TypeError: If the problem or the rule is not one.
        ValueError: If the batch is larger than the data or smaller than 1.
    """
    given: tuple[Any, Any] = (problem, batch)
    if not isinstance(given[0], NetProblem):
        raise not_a("a problem", "NetProblem(model, Categorical(), x, y)", problem)
    must_be_a_rule(rule)
    whole = isinstance(given[1], int)
    if batch is not None and not (whole and 1 <= batch <= len(problem)):
        raise ValueError(f"a batch has 1 … {len(problem)} examples, got {batch}")
    start = problem.net.init(seed, problem.x.dtype).to(problem.x.device) if theta is None else theta
    start = problem.check(start)
    loss = float(problem.loss(start))
    note = "" if math.isfinite(loss) else f"the loss is {loss} before the first step"
    return Frame(0, start, rule.init(start), loss, 0.0, seed, batch, not note, note)


def train(
    problem: NetProblem,
    rule: Rule,
    seed: int = 0,
    batch: int | None = None,
    start: Frame | None = None,
    steps: int | None = None,
    target: float | None = None,
    clock: Clock = time.perf_counter,
) -> Iterator[Frame]:
    """Frames from the first, or after ``start`` (which is not repeated), until there is an end.

    The run ends after ``steps`` more steps, at a loss of at most ``target``, where it diverges, or
    when the caller stops iterating.

    Args:
        problem: The problem.
        rule: The rule.
        seed: Seeds the start, the batches and the samples.
        batch: The number of examples a step; None: all of them.
        start: The frame to go on from; None: begin.
        steps: How many steps at most; None: no limit.
        target: Stop at a loss ≤ this, in nats; None: no target.
        clock: Returns seconds; ``time.process_time`` counts this process alone.

    Returns:
        An iterator of frames, the last of them not ``ok`` if the run diverged.

    Raises:
        ValueError: If the batch is larger than the data or smaller than 1.
    """
    run = _Run(problem, rule, start or begin(problem, rule, seed, batch), clock)
    if start is None:
        yield run.frame
    taken = 0
    while run.frame.ok and (steps is None or taken < steps):
        if target is not None and run.frame.loss <= target:
            return
        yield run.advance()
        taken += 1


def race(
    problem: NetProblem,
    entrants: Mapping[str, Rule],
    seed: int = 0,
    batch: int | None = None,
    start: Mapping[str, Frame] | None = None,
    steps: int | None = None,
    target: float | None = None,
    clock: Clock = time.perf_counter,
) -> Iterator[dict[str, Frame]]:
    """Runs in lockstep from one start on the same batches; an ended run keeps its last frame.

    Args:
        problem: The problem.
        entrants: The rules by name.
        seed: Seeds the start, the batches and the samples.
        batch: The number of examples a step; None: all of them.
        start: The frames to go on from, by name; None: begin.
        steps: How many steps at most; None: no limit.
        target: Stop at a loss ≤ this, in nats; None: no target.
        clock: Returns seconds; ``time.process_time`` counts this process alone.

    Returns:
        An iterator of the frames by name.

    Raises:
        TypeError: If ``entrants`` is not a mapping from names to rules.
        ValueError: If there is no rule, or the batch is larger than the data or smaller than 1.
    """
    given: Any = entrants
    if not isinstance(given, Mapping):
        raise not_a("a mapping from names to rules", '{"K-FAC": rules.kfac()}', entrants)
    if not entrants:
        raise ValueError("a race needs at least one rule")
    runs = {
        name: train(
            problem, rule, seed, batch, start[name] if start else None, steps, target, clock
        )
        for name, rule in entrants.items()
    }
    frames = dict(start) if start else {name: next(run) for name, run in runs.items()}
    if start is None:
        yield dict(frames)
    while runs:
        for name in list(runs):
            frame = next(runs[name], None)
            if frame is None:
                del runs[name]
            else:
                frames[name] = frame
        if runs:
            yield dict(frames)


def accuracy(problem: NetProblem, theta: Tensor, x: Tensor, y: Tensor) -> float:
    """Return the share of examples whose likeliest class is their own.

    Args:
        problem: The problem, with a likelihood of classes.
        theta: θ, ``[p]``.
        x: Inputs, ``[N, ...]``.
        y: Classes, ``[N]``.

    Returns:
        The share, from 0 to 1.

    Raises:
        TypeError: If the likelihood has no classes.
    """
    if problem.likelihood.name != "categorical":
        raise TypeError(f"accuracy is of classes; a {problem.likelihood.name} net has a loss only")
    found = problem.net.forward(problem.check(theta), x).argmax(1)
    return float((found == y).double().mean())


def steps_to(frames: Iterator[Frame], targets: tuple[float, ...]) -> dict[float, tuple[int, float]]:
    """Return when a run's loss was first at or below each target.

    Args:
        frames: The run.
        targets: The losses to reach, in nats.

    Returns:
        Steps and seconds by target, of those that were reached.
    """
    found: dict[float, tuple[int, float]] = {}
    for frame in frames:
        for target in targets:
            if target not in found and frame.loss <= target:
                found[target] = (frame.step, frame.seconds)
        if len(found) == len(targets):
            break
    return found


def reached(
    losses: Sequence[float], seconds: Sequence[float], targets: Sequence[float]
) -> dict[float, tuple[int, float]]:
    """Return when a run's losses first reached each target.

    Args:
        losses: J after each step, from step 0.
        seconds: The time of each.
        targets: The losses to reach, in nats.

    Returns:
        The step and the seconds by target, of those that were reached.
    """
    found: dict[float, tuple[int, float]] = {}
    for target in targets:
        step = next((k for k, loss in enumerate(losses) if loss <= target), None)
        if step is not None:
            found[target] = (step, seconds[step])
    return found


def median(reaches: Sequence[dict[float, tuple[int, float]]], target: float) -> tuple[float, float]:
    """Return median steps and seconds over runs.

    Args:
        reaches: Of each run what ``reached`` returned; one that never got there took infinitely
            many.
        target: The target.

    Returns:
        The medians of steps and of seconds.
    """
    never = (math.inf, math.inf)
    pairs = [each.get(target, never) for each in reaches]
    return statistics.median(p[0] for p in pairs), statistics.median(p[1] for p in pairs)
