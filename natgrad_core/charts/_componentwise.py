"""Charts that rewrite some components, each by itself: θ_i = f(x_i)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from natgrad_core.core.chart import Chart
from natgrad_core.core.options import Component
from natgrad_core.types import Vector


class Componentwise(Chart):
    """θ_i = f(x_i) for i in ``which``, and θ_i = x_i for the others.

    A subclass states ``_to`` (f) and ``_from`` (its inverse) for one component, how it calls the
    new one (``pattern``), and whether f ``needs`` its argument positive. Both x_i and θ_i stay on
    f's branch: a chart that needs x > 0 makes θ > 0.

    Args:
        which: The indices of the components that change; −1 is the last one.

    Raises:
        ValueError: If an index is no whole number, or (when the chart is used) there is no such
            component.
    """

    pattern: str = "{}"
    needs: str = "x > 0"

    def __init__(self, which: Annotated[int | Sequence[int], Component()] = -1) -> None:
        self.which = (which,) if isinstance(which, int) else tuple(which)
        if not self.which or any(i % 1 for i in self.which):
            raise ValueError(f"which must name components 0, 1, … (or -1, the last); got {which}")
        self.domain = self.needs

    def _chosen(self, d: int) -> set[int]:
        if any(not -d <= i < d for i in self.which):
            raise ValueError(f"{self.name} is to rewrite components {self.which} of only {d}")
        return {i % d for i in self.which}

    def names(self, symbols: tuple[str, ...]) -> tuple[str, ...]:
        """The old names, rewritten as the components are."""
        chosen = self._chosen(len(symbols))
        return tuple(self.pattern.format(s) if i in chosen else s for i, s in enumerate(symbols))

    def _inside(self, *x: Any) -> Vector:
        """Positive where f needs it."""
        return tuple(x[i] > 0 for i in self._chosen(len(x))) if self.needs else ()

    def _forward(self, *x: Any) -> Vector:
        chosen = self._chosen(len(x))
        return tuple(self._to(v) if i in chosen else v for i, v in enumerate(x))

    def _inverse(self, *theta: Any) -> Vector:
        chosen = self._chosen(len(theta))
        return tuple(self._from(v) if i in chosen else v for i, v in enumerate(theta))

    def _to(self, x: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not state its map")

    def _from(self, theta: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not state its inverse map")
