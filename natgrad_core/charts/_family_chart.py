"""Charts that belong to a family: each defines θ = f(x) for every family that it supports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple

from natgrad_core.core.chart import Chart
from natgrad_core.types import Vector


class Route(NamedTuple):
    """There and back for one family, and where the new coordinates may be."""

    forward: Callable[[Any, Any], Vector]
    inverse: Callable[[Any, Any], Vector]
    inside: Callable[[Any, Any], Vector] | None = None
    domain: str = ""


class FamilyChart(Chart):
    """A chart with a ``Route`` for each ``family`` that has a closed one."""

    letter: ClassVar[str] = "x"
    routes: ClassVar[Mapping[str, Route]] = {}

    def __init__(self, family: str = "normal") -> None:
        if family not in self.routes:
            raise ValueError(
                f"no {self.name} chart in closed form for {family!r}; "
                f"there are those of {', '.join(self.routes)}"
            )
        self.family, self.route = family, self.routes[family]
        self.domain = self.route.domain

    @classmethod
    def example(cls, problem: str, dim: int) -> dict[str, Any]:
        """The problem's family."""
        return {"family": problem}

    def names(self, symbols: tuple[str, ...]) -> tuple[str, ...]:
        """The chart's letter, numbered."""
        if len(symbols) != 2:
            raise ValueError(f"{self.family} has two parameters; got {len(symbols)}")
        return self.letter + "₁", self.letter + "₂"

    def _inside(self, *x: Any) -> Vector:
        """Where the route is defined."""
        return self.route.inside(*x) if self.route.inside else ()

    def _forward(self, *x: Any) -> Vector:
        return self.route.forward(*x)

    def _inverse(self, *theta: Any) -> Vector:
        return self.route.inverse(*theta)
