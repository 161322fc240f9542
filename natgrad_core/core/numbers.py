"""Numbers that may change while the formulas stay: the options of a problem or a chart.

A rule states its numbers (``natgrad_core.core.rule.Rule``), so that one traced step serves every
rate. A problem or a chart names the fields that hold its own. Then one traced step serves every
value of a slider.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any, ClassVar, Self, cast


class Numbered:
    """What names the numbers of its formulas, in ``varying``.

    A formula may compute with such a number, by arithmetic and ``natgrad_core.tracing.ops``. It may
    not branch on it, and not hand it to ``math``: while a step is traced the number is a symbol.
    """

    varying: ClassVar[tuple[str, ...]] = ()
    """The fields that hold numbers, or nested tuples of numbers. All other fields that the formulas
    meet must be the same for all of one ``form``."""

    @property
    def form(self) -> Hashable:
        """A key of all that differ from this one in their ``numbers`` alone; None if it has none.

        Override it where not all of a class share a form.
        """
        return type(self) if self.varying else None

    @property
    def numbers(self) -> tuple[Any, ...]:
        """The numbers of this one among those of its form."""
        return tuple(flattened(tuple(getattr(self, name) for name in self.varying)))

    def with_numbers(self, numbers: Sequence[Any]) -> Self:
        """Return the same with other numbers.

        Args:
            numbers: As many as this one has; they may be the tracer's symbols.

        Returns:
            One of the same form.
        """
        if not self.varying:
            return self
        rest = iter(numbers)
        new = {name: rebuilt(getattr(self, name), rest) for name in self.varying}
        return self._with(**new)

    def _with(self, **fields: Any) -> Self:
        """The same with other fields; it remembers no call, and nothing is checked."""
        other = object.__new__(type(self))
        for name, value in (vars(self) | fields).items():
            setattr(other, name, value)
        return other


def flattened(nested: Any) -> Iterator[Any]:
    """Yield what nested tuples hold, in order.

    Args:
        nested: Nested tuples, or one thing.

    Returns:
        An iterator.
    """
    if isinstance(nested, tuple):
        for part in cast("tuple[Any, ...]", nested):
            yield from flattened(part)
    else:
        yield nested


def rebuilt(like: Any, leaves: Iterator[Any]) -> Any:
    """Return other things nested like these.

    Args:
        like: Nested tuples, or one thing.
        leaves: What is to be in them, in order.

    Returns:
        The next leaves, nested like ``like``.
    """
    if isinstance(like, tuple):
        return tuple(rebuilt(part, leaves) for part in cast("tuple[Any, ...]", like))
    return next(leaves)
