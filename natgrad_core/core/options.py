"""The options of a registry's item, read from its signature, so that controls need no list.

A parameter with a default is an option. Its default gives its kind: a number, a few numbers, a
choice. ``Annotated[float, Span(-2, 2)]`` gives the range of its control.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, NamedTuple, cast, get_args, get_origin, get_type_hints


class Span(NamedTuple):
    """The range of a number's control and its step; with ``log`` on a logarithmic scale."""

    low: float
    high: float
    step: float = 0.01
    log: bool = False


class Choices(NamedTuple):
    """The names among which an option chooses."""

    names: tuple[str, ...]


class Component(NamedTuple):
    """Says that an option is the number of a parameter (-1: the last), or a few such numbers."""


class Option(NamedTuple):
    """One option: its name, its default, and what is known of its values."""

    name: str
    default: Any
    span: Span | None = None
    choices: tuple[str, ...] = ()
    component: bool = False


@cache
def options(item: Callable[..., Any]) -> Mapping[str, Option]:
    """Return the options of an item that are numbers, a few numbers or a choice.

    Others (an array of data, a family's name) cannot be turned by hand and are left out.

    Args:
        item: A problem, chart, metric or rule: a class or a function.

    Returns:
        The options by name.
    """
    maker = item.__init__ if inspect.isclass(item) else item
    hints = get_type_hints(inspect.unwrap(maker), include_extras=True)
    found: dict[str, Option] = {}
    for name, parameter in inspect.signature(item).parameters.items():
        notes = get_args(hints[name])[1:] if get_origin(hints.get(name)) is Annotated else ()
        span = next((n for n in notes if isinstance(n, Span)), None)
        choices = next((n.names for n in notes if isinstance(n, Choices)), ())
        component = any(isinstance(n, Component) for n in notes)
        if choices or _numbers(parameter.default):
            found[name] = Option(name, parameter.default, span, choices, component)
    return found


def _numbers(value: Any) -> bool:
    """Whether a default is one number, or a tuple of numbers."""
    parts: tuple[Any, ...] = (value,)
    if isinstance(value, tuple) and value:
        parts = cast("tuple[Any, ...]", value)
    return all(isinstance(p, int | float) and not isinstance(p, bool) for p in parts)
