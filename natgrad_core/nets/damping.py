"""How much to trust the metric: λ, fixed or learned from how well the last step was predicted.

ρ = (decrease of the loss)/(decrease the quadratic model promised). ρ near one: the model is good,
trust it further, λ down. ρ small or negative: λ up. Each policy is pure: ``start``, ``value(state,
at)``, and ``judge(state, ρ, least)`` for those that learn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, cast

from natgrad_core.core.damping import levenberg_marquardt
from natgrad_core.errors import not_a
from natgrad_core.nets.problem import At
from natgrad_core.nets.rule import Memory
from natgrad_core.nets.settings import in_range


class Damping(Protocol):
    """A policy for λ."""

    @property
    def learns(self) -> bool:
        """Whether a trial step must be looked at, so that ``judge`` hears its ρ."""
        ...

    def start(self) -> Memory:
        """Return the state before the first step.

        Returns:
            A dictionary of numbers, which only this policy reads.
        """
        ...

    def value(self, state: Memory, at: At) -> float:
        """Return λ for the next step.

        Args:
            state: What ``start`` or ``judge`` returned.
            at: The point that the step starts from.

        Returns:
            λ ≥ 0, in the unit of the metric.
        """
        ...

    def judge(self, state: Memory, rho: float, least: float = 0.0) -> Memory:
        """Return the state after a trial step.

        Args:
            state: The state that gave the λ of the trial.
            rho: ρ of the trial: the decrease of J over the decrease that the model promised. NaN
                counts as a bad step.
            least: The least λ worth learning. λ that falls below it becomes ``least``.

        Returns:
            The state for the next step.
        """
        ...


FLOOR = 1e-12
"""The smallest value of an adaptive λ."""

CEILING = 1e12
"""The largest value of an adaptive λ. Where rounding dominates the loss every step is rejected, and
λ would overflow float32."""


@dataclass(frozen=True)
class Fixed:
    """A constant λ.

    Args:
        damping: λ ≥ 0.
        learns: False: no trial step is judged.
    """

    damping: float
    learns: bool = False

    def start(self) -> Memory:
        """Nothing to keep."""
        return {}

    def value(self, state: Memory, at: At) -> float:
        """λ."""
        return self.damping

    def judge(self, state: Memory, rho: float, least: float = 0.0) -> Memory:
        """Unmoved."""
        return state


@dataclass(frozen=True)
class LevenbergMarquardt:
    """λ ← ω λ when ρ > ¾, λ ← λ/ω when ρ < ¼ (Martens & Grosse 2015, §6.5, with a brisk ω).

    Args:
        initial: λ before the first step, > 0.
        omega: ω, 0 < ω < 1: how fast λ moves.
        floor: The smallest λ.
        ceiling: The largest λ.
        learns: True: each trial step is judged.

    Raises:
        ValueError: If ω is not between 0 and 1, or the first λ is not positive.
    """

    initial: float = 1.0
    omega: float = 0.5
    floor: float = FLOOR
    ceiling: float = CEILING
    learns: bool = True

    def __post_init__(self) -> None:
        if not 0 < self.omega < 1:
            raise ValueError(f"ω lies between 0 and 1 (¼ to ½ is brisk), got {self.omega}")
        in_range("the first λ", self.initial, open_=True)

    def start(self) -> Memory:
        """λ₀."""
        return {"damping": self.initial}

    def value(self, state: Memory, at: At) -> float:
        """λ."""
        return state["damping"]

    def judge(self, state: Memory, rho: float, least: float = 0.0) -> Memory:
        """Return λ lowered, raised or unchanged; a ρ that is NaN counts as bad."""
        now = max(state["damping"], least)
        if rho > 0.75:
            return {"damping": max(self.omega * now, self.floor, least)}
        if not rho >= 0.25:
            return {"damping": min(now / self.omega, self.ceiling)}
        return state


@dataclass(frozen=True)
class Nielsen:
    """λ ← λ max(⅓, 1 − (2ρ − 1)³) if ρ > 0, else λ ← νλ, ν ← 2ν (Nielsen 1999).

    Args:
        initial: λ before the first step, > 0.
        floor: The smallest λ.
        ceiling: The largest λ.
        learns: True: each trial step is judged.

    Raises:
        ValueError: If the first λ is not positive.
    """

    initial: float = 1.0
    floor: float = FLOOR
    ceiling: float = CEILING
    learns: bool = True

    def __post_init__(self) -> None:
        in_range("the first λ", self.initial, open_=True)

    def start(self) -> Memory:
        """λ₀ and ν = 2."""
        return {"damping": self.initial, "nu": 2.0}

    def value(self, state: Memory, at: At) -> float:
        """λ."""
        return state["damping"]

    def judge(self, state: Memory, rho: float, least: float = 0.0) -> Memory:
        """Smoothly down, or ever faster up."""
        now = max(state["damping"], least)
        damping, nu = levenberg_marquardt(rho, now, state["nu"], self.ceiling)
        return {"damping": max(damping, self.floor, least), "nu": nu}


def policy(value: float | Damping) -> Damping:
    """Return the policy that a user's ``damping`` means.

    Args:
        value: A number λ ≥ 0, for a fixed λ, or a policy, which is returned unchanged.

    Returns:
        The policy.

    Raises:
        TypeError: If it is a string, or a policy that was not called.
        ValueError: If the number is negative or not finite.
    """
    if isinstance(value, type):
        raise not_a("a number λ or a policy for it", "damping=LevenbergMarquardt()", value)
    if hasattr(value, "judge"):
        return cast(Damping, value)
    if isinstance(value, str):
        raise TypeError(
            "damping is a number λ ≥ 0, or a policy such as LevenbergMarquardt() "
            f"(natgrad_core.nets.damping); got {value!r}"
        )
    return Fixed(in_range("damping λ", value))
