"""A field is one thing that a reader can set: its default, its name in a link, what it may be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Check = Callable[[Any], Any]
"""Takes what a control, a link or a notebook gave; returns the value, or raises BadInput."""


class BadInput(ValueError):
    """A value that a control may not take: which field, and what is allowed."""

    def __init__(self, field_name: str, message: str) -> None:
        super().__init__(message)
        self.field = field_name


def control(default: Any, short: str, check: Check, stays: bool = False) -> Any:
    """A field of a State: ``short`` names it in a link, ``check`` says what it may be.

    What ``stays`` is the reader's own: a preset that does not set it leaves it as it is.
    """
    return field(default=default, metadata={"short": short, "check": check, "stays": stays})


@dataclass(frozen=True)
class Number:
    """A number from ``low`` to ``high``; ``allowed`` says so in words.

    ``label`` and ``allowed`` are texts, or what says itself as one when it is needed.
    """

    name: str
    label: object
    low: float
    high: float
    allowed: object

    def __call__(self, value: Any) -> float:
        """The number that was given, or BadInput."""
        try:
            found = float(value)
        except (TypeError, ValueError):
            raise BadInput(
                self.name, f"{self.label} must be a number, not {value!r}; {self.allowed}"
            ) from None
        if not self.low <= found <= self.high:
            said = f"{found:g}"
            if self.low <= float(said) <= self.high:  # rounded, it would be allowed
                said = repr(found)
            raise BadInput(self.name, f"{self.label} = {said} is not allowed; {self.allowed}")
        return found


number = Number
"""``number("rate", "the learning rate", 1e-6, 100, "take one from 0.000001 to 100")``."""


@dataclass(frozen=True)
class Whole:
    """A whole number from ``low`` to ``high``."""

    name: str
    label: object
    low: int
    high: int

    def __call__(self, value: Any) -> int:
        """The number that was given, or BadInput."""
        allowed = f"take a whole number from {self.low} to {self.high}"
        found = Number(self.name, self.label, self.low, self.high, allowed)(value)
        if found != int(found):
            said = repr(found) if float(f"{found:g}").is_integer() else f"{found:g}"
            raise BadInput(self.name, f"{self.label} = {said} is not possible; {allowed}")
        return int(found)


whole = Whole
"""``whole("steps", "the number of steps", 1, 2000)``."""


def point(name: str, label: object, size: int = 2, most: float = 1e6) -> Check:
    """``size`` numbers up to ``most`` in size."""
    of = number(name, label, -most, most, f"any number up to {most:g} in size")

    def check(value: Any) -> tuple[float, ...]:
        parts = tuple(of(part) for part in value)
        if len(parts) != size:
            raise BadInput(name, f"{label} must be {size} numbers; got {len(parts)}")
        return parts

    return check


@dataclass(frozen=True)
class Choice:
    """One of ``options``, a registry or a few names; ``former`` are names in old links."""

    name: str
    label: object
    options: Mapping[str, Any] | tuple[str, ...]
    former: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, value: Any) -> str:
        """The option that was given, or BadInput."""
        if value not in self.options and isinstance(value, str):
            value = self.former.get(value, value)
        if value not in self.options:
            there = ", ".join(self.options)
            raise BadInput(self.name, f"no {self.label} {value!r}; there are {there}")
        return str(value)


choice = Choice
"""``choice("problem", "problem", problems)``."""


@dataclass(frozen=True)
class Several:
    """One or more of ``options``, each once; ``former`` as in ``Choice``."""

    name: str
    label: object
    options: Mapping[str, Any] | tuple[str, ...]
    former: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, value: Any) -> tuple[str, ...]:
        """The options that were given, or BadInput."""
        of = Choice(self.name, self.label, self.options, self.former)
        chosen = tuple(dict.fromkeys(of(each) for each in value))
        if not chosen:
            raise BadInput(
                self.name, f"choose at least one {self.label}; with none there is nothing to see"
            )
        return chosen


several = Several
"""``several("rules", "rule", rules)``."""


def perhaps(check: Check) -> Check:
    """What ``check`` allows, or nothing; a link writes nothing as an empty text."""

    def allowed(value: Any) -> Any:
        empty = isinstance(value, str | list | tuple) and not value
        return None if value is None or empty else check(value)

    return allowed


def numbers(name: str, value: Any) -> list[float]:
    """A list of numbers as a control gives it, or BadInput."""
    try:
        return [float(part) for part in value]
    except (TypeError, ValueError):
        if isinstance(value, list) and len(value) == 1:
            raise BadInput(name, f"{value[0]!r} is not a number; enter one") from None
        raise BadInput(name, f"{value!r} is not a list of numbers") from None
