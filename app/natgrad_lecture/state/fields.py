"""A field is one thing that a reader can set: its default, its name in a link, what it may be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Any

Check = Callable[[Any], Any]
"""Takes what a control, a link or a notebook gave; returns the value, or raises BadInput."""


class BadInput(ValueError):
    """A value that a control may not take: which field, and what is allowed."""

    def __init__(self, field_name: str, message: str) -> None:
        super().__init__(message)
        self.field = field_name


def control(default: Any, short: str, check: Check) -> Any:
    """A field of a State: ``short`` names it in a link, ``check`` says what it may be."""
    return field(default=default, metadata={"short": short, "check": check})


def number(name: str, label: str, low: float, high: float, allowed: str) -> Check:
    """A number from ``low`` to ``high``; ``allowed`` says so in words."""

    def check(value: Any) -> float:
        try:
            found = float(value)
        except (TypeError, ValueError):
            raise BadInput(name, f"{label} must be a number, not {value!r}; {allowed}") from None
        if not low <= found <= high:
            raise BadInput(name, f"{label} = {found:g} is not allowed; {allowed}")
        return found

    return check


def whole(name: str, label: str, low: int, high: int) -> Check:
    """A whole number from ``low`` to ``high``."""
    allowed = f"take a whole number from {low} to {high}"
    of = number(name, label, low, high, allowed)

    def check(value: Any) -> int:
        found = of(value)
        if found != int(found):
            raise BadInput(name, f"{label} = {found:g} is not possible; {allowed}")
        return int(found)

    return check


def point(name: str, label: str, size: int = 2, most: float = 1e6) -> Check:
    """``size`` numbers up to ``most`` in size."""
    of = number(name, label, -most, most, f"any number up to {most:g} in size")

    def check(value: Any) -> tuple[float, ...]:
        parts = tuple(of(part) for part in value)
        if len(parts) != size:
            raise BadInput(name, f"{label} must be {size} numbers; got {len(parts)}")
        return parts

    return check


def choice(
    name: str,
    label: str,
    options: Mapping[str, Any] | tuple[str, ...],
    former: Mapping[str, str] = MappingProxyType({}),
) -> Check:
    """One of ``options``, a registry or a few names; ``former`` are names in old links."""

    def check(value: Any) -> str:
        if value not in options and isinstance(value, str):
            value = former.get(value, value)
        if value not in options:
            raise BadInput(name, f"no {label} {value!r}; there are {', '.join(options)}")
        return str(value)

    return check


def several(
    name: str,
    label: str,
    options: Mapping[str, Any] | tuple[str, ...],
    former: Mapping[str, str] = MappingProxyType({}),
) -> Check:
    """One or more of ``options``, each once; ``former`` as in ``choice``."""
    of = choice(name, label, options, former)

    def check(value: Any) -> tuple[str, ...]:
        chosen = tuple(dict.fromkeys(of(each) for each in value))
        if not chosen:
            raise BadInput(name, f"choose at least one {label}; with none there is nothing to see")
        return chosen

    return check


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
