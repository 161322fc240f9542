"""State: all that a reader can change, frozen, as plain values; and State <-> link.

A link holds only what differs from a lesson's default, is short and readable, and carries a
version. Reading one never fails: what cannot be read is dropped, and said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Self
from urllib.parse import parse_qsl, quote

from natgrad_core.charts.linear import Linear
from natgrad_core.damping import KINDS
from natgrad_core.problems import problems
from natgrad_core.rules import rules

VERSION = 1
"""Of links; raised when an old link would open as something else."""

MOST_STEPS = 2000
WORST_CONDITION = 1e4
"""Beyond this a picture of A is a line, and its numbers lose more digits than the meter shows."""


class BadInput(ValueError):
    """A value that a control may not take: which field, and what is allowed."""

    def __init__(self, field_name: str, message: str) -> None:
        super().__init__(message)
        self.field = field_name


def _number(name: str, label: str, value: Any, low: float, high: float, allowed: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise BadInput(name, f"{label} must be a number, not {value!r}; {allowed}") from None
    if not low <= number <= high:
        raise BadInput(name, f"{label} = {number:g} is not allowed; {allowed}")
    return number


def _choice(name: str, label: str, value: Any, options: Mapping[str, Any]) -> str:
    if value not in options:
        raise BadInput(name, f"no {label} {value!r}; there are {', '.join(options)}")
    return str(value)


def _problem(value: Any) -> str:
    return _choice("problem", "problem", value, problems)


def _start(value: Any) -> tuple[float, ...] | None:
    if value is None:
        return None
    return tuple(
        _number("start", "the start", part, -1e6, 1e6, "any number up to a million in size")
        for part in value
    )


def _matrix(value: Any) -> tuple[tuple[float, ...], ...]:
    allowed = "any number up to a thousand in size"
    rows = tuple(
        tuple(
            _number(f"matrix.{i}.{j}", "this entry of A", part, -1e3, 1e3, allowed)
            for j, part in enumerate(row)
        )
        for i, row in enumerate(value)
    )
    if len(rows) != 2 or any(len(row) != 2 for row in rows):
        raise BadInput("matrix", "A must have two rows of two numbers")
    try:
        condition = Linear(rows).condition
    except ValueError as error:
        raise BadInput("matrix", f"{error}. The last good A stays.") from None
    if condition > WORST_CONDITION:
        raise BadInput(
            "matrix",
            f"A is nearly singular (condition number {condition:.1e}, at most "
            f"{WORST_CONDITION:.0e} is drawn): its columns must point in different directions. "
            "The last good A stays.",
        )
    return rows


def _rate(value: Any) -> float:
    return _number("rate", "the learning rate", value, 1e-6, 100, "take one from 0.000001 to 100")


def _damping(value: Any) -> float:
    return _number("damping", "λ", value, 0, 1e6, "take 0 (none) or more, up to a million")


def _kind(value: Any) -> str:
    return _choice("kind", "damping", value, KINDS)


def _steps(value: Any) -> int:
    allowed = f"take a whole number from 1 to {MOST_STEPS}"
    number = _number("steps", "the number of steps", value, 1, MOST_STEPS, allowed)
    if number != int(number):
        raise BadInput("steps", f"{number:g} steps are not possible; {allowed}")
    return int(number)


def _rules(value: Any) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(_choice("rules", "rule", name, rules) for name in value))
    if not chosen:
        raise BadInput("rules", "choose at least one rule; with none there is nothing to see")
    return chosen


def _k(value: Any) -> int | None:
    if value is None:
        return None
    return int(_number("k", "the step shown", value, 0, MOST_STEPS, "take a step of the run"))


def _control(default: Any, short: str, check: Callable[[Any], Any]) -> Any:
    return field(default=default, metadata={"short": short, "check": check})


@dataclass(frozen=True)
class State:
    """What a reader has set. ``short`` names a field in a link; ``check`` says what it may be."""

    problem: str = _control("normal", "problem", _problem)
    start: tuple[float, ...] | None = _control(None, "start", _start)
    matrix: tuple[tuple[float, ...], ...] = _control(((1.0, 0.8), (0.0, 1.0)), "A", _matrix)
    rate: float = _control(0.02, "rate", _rate)
    damping: float = _control(0.0, "damping", _damping)
    kind: str = _control("identity", "kind", _kind)
    steps: int = _control(200, "steps", _steps)
    rules: tuple[str, ...] = _control(("gradient", "newton", "natural"), "rules", _rules)
    k: int | None = _control(None, "k", _k)

    def with_(self, **changes: Any) -> Self:
        """The state with these fields changed, each checked; BadInput says which and why."""
        known = {f.name: f for f in fields(self)}
        checked = {}
        for name, value in changes.items():
            if name not in known:
                raise BadInput(name, f"no field {name!r}; there are {', '.join(known)}")
            try:
                checked[name] = known[name].metadata["check"](value)
            except (TypeError, OverflowError):
                raise BadInput(name, f"{name} cannot be {str(value)[:60]}") from None
        return replace(self, **checked)

    def plain(self) -> dict[str, Any]:
        """The state as JSON has it."""
        return asdict(self)

    def query(self, default: State) -> str:
        """What differs from ``default``, as a link's query string without the question mark."""
        parts = [f"v={VERSION}"]
        for f in fields(self):
            value = getattr(self, f.name)
            if value != getattr(default, f.name):
                parts.append(f"{f.metadata['short']}={quote(_write(value), safe=',-.')}")
        return "&".join(parts) if len(parts) > 1 else ""


def _write(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ",".join(_write(part) for part in value)
    if isinstance(value, float):
        return repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
    return str(value)


def _read(name: str, text: str) -> Any:
    if name in ("start", "k") and not text:
        return None
    parts = text.split(",")
    if name == "matrix":
        return (parts[:2], parts[2:])
    return parts if name in ("start", "rules") else text


def read_query(query: str, default: State) -> tuple[State, list[str]]:
    """The nearest good state that a link asks for, and what of it was dropped, in words."""
    shorts = {f.metadata["short"]: f.name for f in fields(State)}
    state, dropped = default, []
    for short, text in parse_qsl(query.lstrip("?"), keep_blank_values=True):
        if short == "v":
            if text != str(VERSION):
                dropped.append(f"the link is of version {text[:20]}, this page of {VERSION}")
        elif short not in shorts:
            dropped.append(f"{short[:20]} is not known here")
        else:
            try:
                state = state.with_(**{shorts[short]: _read(shorts[short], text)})
            except BadInput as error:
                dropped.append(str(error))
    return state, dropped
