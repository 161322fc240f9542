"""The errors that the library raises on purpose, one vocabulary for the plane and for nets."""

from __future__ import annotations

import inspect
from typing import Any


class OutsideDomain(ValueError):
    """The problem or chart is not defined at these parameters."""


class NoProbabilityModel(TypeError):
    """A Fisher matrix, a KL divergence or a sample of a loss that has no probability model."""


class SingularMetricError(ValueError, ArithmeticError):
    """A metric that cannot be inverted, to rounding, where its inverse is needed."""


class NotFiniteError(ArithmeticError):
    """The loss is not a finite number here, so nothing can be derived from it."""


class UnknownName(KeyError):
    """A name that is not in the registry; the message lists the names that are."""

    def __str__(self) -> str:
        return str(self.args[0])


def not_a(what: str, example: str, value: Any) -> TypeError:
    """Return the error for a value of a wrong kind; it says whether a call was forgotten.

    Args:
        what: What is needed: "a rule".
        example: What gives one: 'rules["natural"](rate=0.1)'.
        value: What was given.

    Returns:
        The error, to be raised.
    """
    if isinstance(value, type) or inspect.isroutine(value):
        got = f"{value.__name__} itself, so call it"
    else:
        got = repr(value) if isinstance(value, str) else f"a value of type {type(value).__name__}"
    return TypeError(f"{what} is needed, such as {example}; got {got}")
