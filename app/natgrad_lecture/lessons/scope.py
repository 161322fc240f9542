"""The scope of a claim: the states over which its sentence is true, drawn at random.

A claim that was checked in one state is true of one state. A ``Scope`` says which fields of the
state may be anything, and how anything is drawn; the others stay as the claim's click sets them.

    Scope({"matrix": matrices(), "start": near_start(1.0), "rate": log_between(1e-3, 1e-2)})

The draws of a seed are always the same, so that a failure can be repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from natgrad_core.charts.linear import Parts, compose
from natgrad_lecture.state.items import problem_named

Changes = Mapping[str, Any]

Draw = Callable[[np.random.Generator, Changes], Any]
"""A value of a field, given what is drawn already and what the click sets."""

TRIES = 20
"""Draws of a state before the scope is said to hold hardly any that can be shown."""


USUAL = 25
"""States that the tests draw of a scope that trains nothing."""


class EmptyScopeError(ValueError):
    """Hardly any state that a scope draws can be shown."""


@dataclass(frozen=True)
class Scope:
    """How the states are drawn over which a sentence is true."""

    draws: Mapping[str, Draw]
    """By the names of fields; they are drawn in this order."""
    trained: int | None = None
    """How many states are drawn where each is a net to be trained; None: as many as the tests say.
    Where they draw more than usual, so many times more are drawn of these."""

    def count(self, states: int, usual: int = USUAL) -> int:
        """How many states to draw where ``states`` are drawn of a scope that trains nothing."""
        return states if self.trained is None else max(self.trained, self.trained * states // usual)

    def states(
        self, ground: Changes, allowed: Callable[[Changes], bool], n: int
    ) -> Iterator[dict[str, Any]]:
        """Draw ``n`` states, as changes of a lesson's default; a pure function of its arguments.

        Args:
            ground: what the click on the claim sets.
            allowed: whether the lesson can show a state; what it cannot is drawn again.
            n: how many.

        Raises:
            EmptyScopeError: if one of ``TRIES`` draws in a row can be shown.
        """
        for seed in range(n):
            rng = np.random.default_rng((20190201, seed))
            drawn: dict[str, Any] = {}
            for _ in range(TRIES):
                drawn = dict(ground)
                for name, draw in self.draws.items():
                    drawn[name] = draw(rng, drawn)
                # A problem that is chosen brings a rate and a start of its own: it is set first.
                drawn = {"problem": drawn["problem"], **drawn} if "problem" in drawn else drawn
                if allowed(drawn):
                    yield drawn
                    break
            else:
                raise EmptyScopeError(f"none of {TRIES} draws can be shown; the last: {drawn}")


def one_of(*values: Any) -> Draw:
    """Draw one of these values."""
    return lambda rng, _: values[int(rng.integers(len(values)))]


def between(low: float, high: float) -> Draw:
    """Draw a number, uniformly."""
    return lambda rng, _: float(rng.uniform(low, high))


def log_between(low: float, high: float) -> Draw:
    """Draw a number > 0 whose logarithm is uniform."""
    return lambda rng, _: float(np.exp(rng.uniform(np.log(low), np.log(high))))


def whole_between(low: int, high: int) -> Draw:
    """Draw a whole number, both ends included."""
    return lambda rng, _: int(rng.integers(low, high + 1))


def box(low: tuple[float, ...], high: tuple[float, ...]) -> Draw:
    """Draw a point in a box."""
    return lambda rng, _: tuple(float(v) for v in rng.uniform(low, high))


def mostly(
    check: Callable[[Any], bool],
    model_of: Callable[[Any], Any],
    least: int,
    starts: int = 5,
) -> Callable[[Any], bool]:
    """The check of a sentence that says 'from most starts'.

    Args:
        check: what holds from most starts.
        model_of: asks the engine about a state.
        least: from how many it must hold.
        starts: how many are tried: the seed of the state, and the next ones.
    """

    def held(model: Any) -> bool:
        seed, kept, missed = model.state.seed, 0, 0
        while kept < least and missed <= starts - least:  # the others cannot change the answer
            true = check(model_of(model.state.with_(seed=seed + kept + missed)))
            kept, missed = kept + true, missed + (not true)
        return kept == least

    return held


def near_start(size: float) -> Draw:
    """Draw a point within ``size`` of the start of the problem that is drawn, each coordinate."""

    def draw(rng: np.random.Generator, drawn: Changes) -> tuple[float, ...]:
        center = np.asarray(problem_named(drawn.get("problem", "normal")).start, float)
        return tuple(float(v) for v in center + rng.uniform(-size, size, center.shape))

    return draw


def of_problem(draws: Mapping[str, Draw]) -> Draw:
    """Draw as it suits the problem that is drawn."""
    return lambda rng, drawn: draws[drawn.get("problem", "normal")](rng, drawn)


def matrices(worst: float = 10.0, least: float = 1.0) -> Draw:
    """Draw an invertible 2 × 2 matrix A whose singular values have a ratio of ``least`` to
    ``worst``; it turns, stretches, shears and may reflect.
    """

    def draw(rng: np.random.Generator, _: Changes) -> list[list[float]]:
        ratio = float(np.exp(rng.uniform(np.log(least), np.log(worst))))
        size = float(np.exp(rng.uniform(np.log(0.5), np.log(2.0)))) / np.sqrt(ratio)
        turns = [_rotation(rng.uniform(0.0, 2 * np.pi)) for _ in range(2)]
        flip = np.diag([1.0, rng.choice([-1.0, 1.0])])
        return (turns[0] @ np.diag([ratio * size, size]) @ flip @ turns[1]).tolist()

    return draw


def rotations() -> Draw:
    """Draw a rotation of the plane."""
    return lambda rng, _: compose(Parts(float(rng.uniform(-180, 180)), 1.0, 1.0, 0.0)).tolist()


def multiples_of_one() -> Draw:
    """Draw A = cI with c from ½ to 2, and not within a tenth of 1."""

    def draw(rng: np.random.Generator, _: Changes) -> list[list[float]]:
        c = float(np.exp(rng.choice([-1, 1]) * rng.uniform(np.log(1.1), np.log(2.0))))
        return [[c, 0.0], [0.0, c]]

    return draw


def _rotation(angle: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s], [s, c]])
