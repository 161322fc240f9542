"""A metric maps a problem at a point to an operator that a rule can invert."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Any

from natgrad_core.core.evaluation import At
from natgrad_core.linalg.operators import Operator


@dataclass(frozen=True)
class Metric:
    """``function(at, *options, *numbers)``: two metrics of equal fields are the same.

    Args:
        function: A function of the module, which gives the operator at a point. It must be pure.
        options: What the function takes after the point.
        numbers: What it takes after these: numbers, or arrays over the leading axes, that a traced
            step need not be traced again for.
    """

    function: Callable[..., Operator]
    options: tuple[Any, ...] = ()
    numbers: tuple[Any, ...] = ()

    def __call__(self, at: At) -> Operator:
        """Return the metric at a point (or a batch)."""
        return self.function(at, *self.options, *self.numbers)

    def with_numbers(self, numbers: tuple[Any, ...]) -> Metric:
        """Return the metric with other numbers.

        Args:
            numbers: As many as the metric has; they may be the tracer's symbols.

        Returns:
            The metric.
        """
        return replace(self, numbers=numbers)

    @property
    def form(self) -> Hashable:
        """What metrics share that differ in ``numbers`` alone, as a key; None if an option (an
        array) cannot be part of one.
        """
        options_are_keys = all(isinstance(option, Hashable) for option in self.options)
        return (self.function, self.options, len(self.numbers)) if options_are_keys else None
