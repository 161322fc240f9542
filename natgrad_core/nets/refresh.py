"""When a metric is computed and inverted again, and when the last inverse still serves.

A metric changes slowly along a run, and costs several passes of the net and an inverse. Between two
refreshes a step costs no pass beyond that of the gradient: d = −(G + λI)⁻¹ g with the inverse that
is held (Martens & Grosse 2015, §8, where T₃ is such an interval).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from natgrad_core.nets.problem import At
from natgrad_core.nets.rule import Memory

KEEP = 0.9
"""The weight of the losses so far in their running mean."""

SHORTEST, LONGEST = 2, 32
"""Steps between refreshes where each inverse is found wrong on the next batch, and never."""


class Refresh(Protocol):
    """A policy for when to refresh."""

    def due(self, clock: Memory, at: At) -> bool:
        """Return whether the step that starts at a point refreshes.

        Args:
            clock: What ``start`` or ``ticked`` returned for the step before.
            at: The point; no pass of the net is made for it here.

        Returns:
            Whether it does.
        """
        ...


@dataclass(frozen=True)
class Every:
    """At every k-th step, the first included.

    Args:
        steps: k ≥ 1.

    Raises:
        ValueError: If k is not a whole number ≥ 1.
    """

    steps: int = 1

    def __post_init__(self) -> None:
        must_be_an_interval(self.steps)

    def due(self, clock: Memory, at: At) -> bool:
        """Whether a multiple of k steps was taken."""
        return clock["steps"] % self.steps == 0


@dataclass(frozen=True)
class Growing:
    """At each step on all examples; on mini-batches after 2, 4, 8, … and at most k steps.

    The interval doubles where the inverse is right on the next batch and λ has settled, and is
    halved where it is wrong. A refresh comes earlier where one loss is far above the mean of those
    before, or three in a row are above it.

    Args:
        most: k, the longest interval.
        far: How many deviations above the mean is far.

    Raises:
        ValueError: If k is not a whole number ≥ 1.
    """

    most: int = 30
    far: float = 4.0

    def __post_init__(self) -> None:
        must_be_an_interval(self.most)

    def due(self, clock: Memory, at: At) -> bool:
        """Whether the batch is that of the last step, the interval is over, or losses rose."""
        return (
            clock["steps"] - clock["last"] >= min(self.most, clock["interval"])
            or at.problem.signature == clock["batch"]
            or not at.loss <= clock["loss"] + self.far * _deviation(clock)
            or clock["above"] >= 3
        )


def start() -> Memory:
    """Return the clock before the first step.

    Returns:
        A dictionary of numbers.
    """
    return {
        "steps": 0,
        "last": -1,
        "interval": SHORTEST,
        "batch": (),
        "rows": 0,
        "loss": 0.0,
        "square": 0.0,
        "above": 0,
    }


def ticked(clock: Memory, at: At, refreshed: bool) -> Memory:
    """Return the clock after a step.

    Args:
        clock: The clock before it.
        at: The point that the step started from.
        refreshed: Whether the step refreshed.

    Returns:
        The clock.
    """
    first, above = clock["steps"] == 0, at.loss > clock["loss"] + _deviation(clock)
    mean, square = (
        value if first else KEEP * clock[name] + (1 - KEEP) * value
        for name, value in (("loss", at.loss), ("square", at.loss**2))
    )
    return {
        **clock,
        "steps": clock["steps"] + 1,
        "last": clock["steps"] if refreshed else clock["last"],
        "batch": at.problem.signature,
        "rows": len(at.problem) if refreshed else clock["rows"],
        "loss": mean,
        "square": square,
        "above": clock["above"] + 1 if above and not refreshed else 0,
    }


def share_of_rows(clock: Memory, at: At) -> float:
    """Return the share of a step that a batch is worth that is smaller than that of the refresh.

    The variance of its gradient is as much larger, so the rate that is best for it is as much
    smaller where noise limits the rate (Goyal et al. 2017, the linear scaling rule).

    Args:
        clock: The clock.
        at: The point.

    Returns:
        N/N₀, at most 1.
    """
    return min(len(at.problem) / max(clock["rows"], 1), 1.0)


def spaced(clock: Memory, factor: float) -> Memory:
    """Return the clock with another interval between refreshes.

    Args:
        clock: The clock.
        factor: What the interval is multiplied by.

    Returns:
        The clock.
    """
    return {**clock, "interval": min(max(int(factor * clock["interval"]), SHORTEST), LONGEST)}


def _deviation(clock: Memory) -> float:
    """The deviation of the losses, at least a quarter of their mean."""
    spread = max(clock["square"] - clock["loss"] ** 2, 0.0) ** 0.5
    return max(spread, clock["loss"] / 4)


def must_be_an_interval(steps: Any) -> None:
    """Check a number of steps.

    Args:
        steps: The number.

    Raises:
        ValueError: If it is no whole number ≥ 1.
    """
    if not isinstance(steps, int) or steps < 1:
        raise ValueError(f"an interval is a whole number of steps, at least 1; got {steps!r}")
