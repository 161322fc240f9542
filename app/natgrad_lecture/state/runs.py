"""The state of a lesson in which rules run on a problem: in θ, and through a chart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from natgrad_core.core.damping import KINDS
from natgrad_core.rules import rules
from natgrad_lecture.state import item_options
from natgrad_lecture.state.fields import (
    BadInput,
    choice,
    control,
    number,
    perhaps,
    point,
    several,
    whole,
)
from natgrad_lecture.state.items import (
    ON_A_PLANE,
    ChartKey,
    ProblemKey,
    chart_named,
    in_theta,
    problem_named,
    why_not,
    why_not_start,
)
from natgrad_lecture.state.state import MOST_STEPS, State


@dataclass(frozen=True)
class Runs(State):
    """A state in which rules run on a problem, from a start, in θ and through a chart."""

    problem: str = control("normal", "problem", choice("problem", "problem", ON_A_PLANE))
    start: tuple[float, ...] | None = control(None, "start", perhaps(point("start", "the start")))
    rate: float = control(
        0.02,
        "rate",
        number("rate", "the learning rate", 1e-6, 100, "take one from 0.000001 to 100"),
    )
    damping: float = control(
        0.0,
        "damping",
        number("damping", "λ", 0, 1e6, "take 0 (none) or more, up to a million"),
    )
    kind: str = control("identity", "kind", choice("kind", "damping", KINDS))
    steps: int = control(200, "steps", whole("steps", "the number of steps", 1, MOST_STEPS))
    rules: tuple[str, ...] = control(
        ("gradient", "newton", "natural"), "rules", several("rules", "rule", rules)
    )

    option_values: tuple[str, ...] = control((), "set", item_options.check)
    """Options of the items that are not at their default, ``rule.momentum.beta:0.5``."""

    suited: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """What else is set when a problem is chosen: a rate that suits it."""

    @property
    def problem_key(self) -> ProblemKey:
        """Which problem, with its options."""
        options = self.options("problem", self.problem)
        return (self.problem, options) if options else self.problem

    def options(self, registry: str, name: str) -> tuple[tuple[str, Any], ...]:
        """The options of an item that are not at their default, as its maker takes them."""
        return item_options.given(self.option_values, registry, name) if self.option_values else ()

    @property
    def chart_key(self) -> ChartKey:
        """Which chart the other runs are made in; the identity unless a lesson says more."""
        return "identity", ()

    @property
    def point(self) -> tuple[float, ...]:
        """Where the runs start, in θ: the reader's start, or the problem's."""
        return self.start if self.start is not None else problem_named(self.problem_key).start

    def whole(self) -> Self:
        """The state itself if its start is in the problem's domain and its rules can run there."""
        if reason := why_not_start(self.problem_key, self.chart_key, tuple(self.point)):
            raise BadInput("start", reason)
        for rule in self.rules:
            if reason := why_not(self.problem_key, rule):
                raise BadInput("rules", reason)
        return self

    def changes(self, name: str, value: Any) -> dict[str, Any]:
        """Another problem brings its own start; a start dragged in x is written in θ; an option
        of an item is one of ``option_values``.
        """
        if name.startswith(item_options.FIELD):
            spot = name.removeprefix(item_options.FIELD)
            option_values = {"option_values": item_options.turn(self.option_values, spot, value)}
            return option_values | ({"start": None} if spot.startswith("problem.") else {})
        if name == "problem":
            return {"problem": value, "start": None, **self.suited.get(str(value), {})}
        if name == "start.x":
            return {"start": in_theta(chart_named(self.chart_key), name, value)}
        return super().changes(name, value)

    def entries(self, name: str) -> Any:
        """The start that is in force."""
        return self.point if name == "start" else super().entries(name)
