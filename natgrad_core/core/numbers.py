"""Numbers that may change while the formulas stay: the options of a problem or a chart.

A rule states its numbers (``natgrad_core.core.rule.Rule``), so that one traced step serves every
rate. A problem or a chart names the fields that hold its own. Then one traced step serves every
value of a slider.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import Any, ClassVar, Self, TypeAlias, cast

Nested: TypeAlias = tuple[Any, ...]
"""Tuples in tuples, of whatever depth."""


class Numbered:
    """What names the numbers of its formulas, in ``varying``.

    A formula may compute with such a number, by arithmetic and ``natgrad_core.tracing.ops``. It may
    not branch on it, and not hand it to ``math``: while a step is traced the number is a symbol.
    """

    varying: ClassVar[tuple[str, ...]] = ()
    """The fields that hold numbers: a number, nested tuples of numbers, or another problem or chart
    with its own. All other fields that the formulas meet must be the same for all of one ``form``.
    A subclass names them again, for it may have further fields."""

    _names_its_numbers: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._names_its_numbers = bool(vars(cls).get("varying"))

    @property
    def form(self) -> tuple[Hashable, ...]:
        """A key of all that differ from this one in their ``numbers`` alone.

        It is this one itself where its class names none. Override it, adding to it, where not all
        of a class share a form.
        """
        if not self._names_its_numbers:
            return (self,)
        found: list[Hashable] = [type(self)]
        for name in self.varying:
            if isinstance(each := getattr(self, name), Numbered):
                found.append(each.form)
        return tuple(found)

    @property
    def numbers(self) -> tuple[Any, ...]:
        """The numbers of this one among those of its form."""
        found: list[Any] = []
        for name in self.varying:
            each = getattr(self, name)
            if isinstance(each, Numbered):
                found += each.numbers
            elif isinstance(each, tuple):
                _flatten(cast(Nested, each), found)
            else:
                found.append(each)
        return tuple(found)

    def with_numbers(self, numbers: Sequence[Any]) -> Self:
        """Return the same with other numbers.

        Args:
            numbers: As many as this one has; they may be the tracer's symbols.

        Returns:
            One of the same form. It remembers no call, and nothing is checked.
        """
        if not self.varying:
            return self
        other, rest = object.__new__(type(self)), iter(numbers)
        for name, value in vars(self).items():
            if not isinstance(getattr(type(self), name, None), cached_property):
                setattr(other, name, value)  # what was computed of the numbers is left behind
        for name in self.varying:
            setattr(other, name, _with_numbers(getattr(self, name), rest))
        return other


def _with_numbers(field: Any, rest: Iterator[Any]) -> Any:
    if isinstance(field, Numbered):
        return field.with_numbers(tuple(islice(rest, len(field.numbers))))
    return rebuilt(field, rest)


def flattened(nested: Any) -> tuple[Any, ...]:
    """Return what nested tuples hold, in order.

    Args:
        nested: Nested tuples, or one thing.

    Returns:
        All of it in one tuple.
    """
    if not isinstance(nested, tuple):
        return (nested,)
    found: list[Any] = []
    _flatten(cast(Nested, nested), found)
    return tuple(found)


def _flatten(nested: Nested, found: list[Any]) -> None:
    """Append what nested tuples hold, in order: faster than a generator for each level."""
    for part in nested:
        if not isinstance(part, tuple):
            found.append(part)
        elif part:
            _flatten(cast(Nested, part), found)


def rebuilt(like: Any, leaves: Iterator[Any]) -> Any:
    """Return other things nested like these.

    Args:
        like: Nested tuples, or one thing.
        leaves: What is to be in them, in order.

    Returns:
        The next leaves, nested like ``like``.
    """
    if isinstance(like, tuple):
        return tuple(rebuilt(part, leaves) for part in cast(Nested, like))
    return next(leaves)
