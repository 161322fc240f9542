"""How a thing was made: the call that made it, so that the call can be written down again.

What a registry makes remembers its call (``call_of(thing)``), and so do chains and charted
problems. ``natgrad_core.provenance.code_writer`` writes such calls as Python, and
``natgrad_core.provenance.cite`` reads the sources of what they name. Whoever adds a rule or a
problem has nothing to do for this, and nothing that is computed depends on it.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar, cast

S = TypeVar("S")

_ATTRIBUTE = "_provenance"


class Call(NamedTuple):
    """The call ``expression(*given, **named)``, where ``module`` holds the first name in it."""

    module: str
    expression: str
    given: tuple[Any, ...]
    named: Mapping[str, Any]


def call_of(thing: Any) -> Call | None:
    """Return the call that made a thing.

    Args:
        thing: What was made.

    Returns:
        The call, or None if none was remembered.
    """
    return getattr(thing, _ATTRIBUTE, None)


def remember(thing: S, call: Call) -> S:
    """Return a thing itself, which from now on knows the call that made it.

    Args:
        thing: What was made.
        call: The call.

    Returns:
        The thing.
    """
    object.__setattr__(thing, _ATTRIBUTE, call)  # a Rule is frozen; its behavior does not change
    return thing


def recreated(module: str, expression: str, given: tuple[Any, ...], named: Any) -> Any:
    """Make what a call made: what a pickle does with it on another machine.

    Args:
        module: The module that holds the first name of the expression.
        expression: What was called: ``chain``, ``rules["adam"]`` or a method, ``.then``.
        given: The arguments; of a method the first is its object.
        named: The arguments by name.

    Returns:
        What the call makes.
    """
    if expression.startswith("."):
        return getattr(given[0], expression[1:])(*given[1:], **named)
    return maker_of(Call(module, expression, given, named))(*given, **named)


def maker_of(call: Call) -> Callable[..., Any]:
    """Return what a call calls; a method has none without its object.

    Args:
        call: The call of a function, or of an item of a registry.

    Returns:
        The function or the class.
    """
    name, _, key = call.expression.rstrip("]").partition("[")
    maker = getattr(importlib.import_module(call.module), name)
    return maker[key.strip("\"'")] if key else maker


class Repeatable:
    """What is pickled as the call that made it, where one is known: closures cannot be."""

    def __reduce_ex__(self, protocol: Any) -> Any:
        call = call_of(self)
        if call is None:
            return super().__reduce_ex__(protocol)
        return recreated, (call.module, call.expression, call.given, dict(call.named))


def remembering(module: str, expression: str) -> Callable[[S], S]:
    """Decorate a class or a function, so that what it makes remembers the call.

    Where one decorated call makes its result by another, the outermost call is remembered.

    Args:
        module: The module from which a script imports the maker.
        expression: The maker, as a script writes it: ``chain``, or ``rules["adam"]``.

    Returns:
        The decorator.
    """

    def decorate(maker: S) -> S:
        if isinstance(maker, type):
            _remember_in(maker, module, expression)
            return maker
        plain = cast("Callable[..., Any]", maker)

        @functools.wraps(plain)
        def call(*given: Any, **named: Any) -> Any:
            return remember(plain(*given, **named), Call(module, expression, given, named))

        return cast(S, call)

    return decorate


def _remember_in(kind: type, module: str, expression: str) -> None:
    plain = kind.__init__

    @functools.wraps(plain)
    def init(self: Any, *given: Any, **named: Any) -> None:
        plain(self, *given, **named)
        if type(self) is kind:
            remember(self, Call(module, expression, given, named))

    kind.__init__ = init
