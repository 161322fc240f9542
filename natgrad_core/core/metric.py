"""A metric maps a problem at a point to an operator that a rule can invert."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from natgrad_core.core.evaluation import At
from natgrad_core.linalg.operators import Operator


@dataclass(frozen=True)
class Metric:
    """``function(at, *options)``, with its options: two metrics of equal fields are the same.

    Args:
        function: A function of the module, which gives the operator at a point. It must be pure.
        options: What the function takes after the point.
    """

    function: Callable[..., Operator]
    options: tuple[Any, ...] = ()

    def __call__(self, at: At) -> Operator:
        """Return the metric at a point (or a batch)."""
        return self.function(at, *self.options)

    @property
    def form(self) -> Hashable:
        """The fields as a key, or None if an option (an array) cannot be part of one."""
        options_are_keys = all(isinstance(option, Hashable) for option in self.options)
        return (self.function, self.options) if options_are_keys else None
