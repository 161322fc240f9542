"""What an item of a registry declares of itself, beside what it computes.

Tests read the traits to know which laws hold of the item, and the lecture reads them to draw it.
So a new item is one file: no list elsewhere has to name it. The registry checks the traits when
the item is registered.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass

NEEDS = ("loss", "model", "data", "exponential family", "dual charts")
"""What an item needs of a problem: its loss and derivatives alone, a probability model (a Fisher
matrix), a model and data, an exponential family, or its natural and expectation parameters."""

INVARIANCE = ("linear", "pulled-back", "none")
"""Under which changes of coordinates the paths of a rule stay the same, without damping: under all
linear ones; under all linear ones if its damping is of kind "pulled-back"; under no stretch."""

TRANSFORMATION = ("tensor", "linear", "none")
"""Through which charts a metric pulls back as a tensor, G ↦ JᵀGJ: all, linear ones, or not."""

COLORS = (
    "orange", "blue", "green", "ochre", "magenta", "indigo", "olive", "brown",
    "teal", "purple", "crimson", "moss", "gray", "sky", "rust", "violet",
)  # fmt: skip
"""Names of colors. The lecture defines their values for the light and the dark theme."""

SYMBOLS = (
    "circle", "square", "triangle", "triangle-down", "diamond", "plus", "cross", "star", "hexagon",
    "pentagon",
)  # fmt: skip
"""Names of the symbols at the points of a path."""


@dataclass(frozen=True)
class Traits:
    """What every item declares: its formula as LaTeX, if what it makes cannot say it."""

    latex: str = ""

    @property
    def alone(self) -> Hashable:
        """What no two items of a registry may share; None if there is nothing of the kind."""
        return None


@dataclass(frozen=True, kw_only=True)
class RuleTraits(Traits):
    """What a rule declares.

    Args:
        invariance: One of ``INVARIANCE``.
        needs: One of ``NEEDS``.
        color: One of ``COLORS``. No two rules have the same color and symbol.
        symbol: One of ``SYMBOLS``, for readers who do not see the color. A rule has no dash of its
            own: dashes tell its runs apart, solid in θ and dashed in x.
        label: What the lecture calls it, if not its name.
    """

    invariance: str
    color: str
    symbol: str
    needs: str = "loss"
    label: str = ""

    def __post_init__(self) -> None:
        _one_of("invariance", self.invariance, INVARIANCE)
        _one_of("needs", self.needs, NEEDS)
        _one_of("color", self.color, COLORS)
        _one_of("symbol", self.symbol, SYMBOLS)

    @property
    def alone(self) -> Hashable:
        """Its color with its symbol."""
        return f"the color {self.color!r} with the symbol {self.symbol!r}"


@dataclass(frozen=True, kw_only=True)
class MetricTraits(Traits):
    """What a metric declares.

    Args:
        transforms: One of ``TRANSFORMATION``.
        needs: One of ``NEEDS``.
        indefinite: Whether it may have negative eigenvalues.
    """

    transforms: str
    needs: str = "loss"
    indefinite: bool = False

    def __post_init__(self) -> None:
        _one_of("transforms", self.transforms, TRANSFORMATION)
        _one_of("needs", self.needs, NEEDS)


def _one_of(what: str, given: str, allowed: Collection[str]) -> None:
    if given not in allowed:
        raise ValueError(f"{what}={given!r} is not known; choose one of {', '.join(allowed)}")
