"""What a reader can change, and what the presets set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from natgrad_core.analysis.grid_sweep import rotated
from natgrad_lecture.drawing.graph import Axis
from natgrad_lecture.drawing.numbers import significant
from natgrad_lecture.drawing.palette import style
from natgrad_lecture.state.fields import BadInput, choice, control, number, numbers, several
from natgrad_lecture.state.items import ChartKey
from natgrad_lecture.state.runs import Runs
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

PROBLEMS = ("quadratic", "normal", "logistic-regression")
RULES = ("gradient", "momentum", "adam", "newton", "natural")
DAMPED = ("newton", "natural")
RATES = Axis("α", 1e-3, 10.0, log=True)
UPS = {"angle": Axis("φ", 0.0, 180.0), "damping": Axis("λ", 1e-3, 1e3, log=True)}
START = (-1.2, 1.0)
"""On the quadratic: beside its valley and far along it, so that both directions count."""


_rules = several("rules", "rule", RULES)


@dataclass(frozen=True)
class Cell(Runs):
    """One run of one rule, in x with θ = R(φ) diag(s, 1) x, and what the map varies upwards."""

    problem: str = control("quadratic", "problem", choice("problem", "problem", PROBLEMS))
    rules: tuple[str, ...] = control(("gradient",), "rules", _rules)
    rate: float = control(
        0.01,
        "rate",
        number(
            "rate", say.later("the-learning-rate"), 1e-3, 10, say.later("take-one-from-0-001-to")
        ),
    )
    angle: float = control(
        60.0, "angle", number("angle", "the angle φ", 0, 180, say.later("take-one-from-0-to-180"))
    )
    stretch: float = control(
        3.0,
        "stretch",
        number("stretch", "the stretch s", 1.1, 10, say.later("take-one-from-1-1-to")),
    )
    up: str = control("angle", "up", choice("up", "axis", tuple(UPS)))

    @property
    def rule(self) -> str:
        """The rule of the map."""
        return self.rules[0]

    @property
    def point(self) -> tuple[float, ...]:
        """The start; on the quadratic one in no direction of its own."""
        return START if self.start is None and self.problem == "quadratic" else super().point

    @property
    def upwards(self) -> str:
        """What the map varies upwards: an angle, where its rule has no damping."""
        return self.up if self.rule in DAMPED else "angle"

    @property
    def chart_key(self) -> ChartKey:
        """θ = R(φ) diag(s, 1) x."""
        matrix = rotated(self.angle, (self.stretch, 1.0)).tolist()
        return "linear", (("matrix", tuple(map(tuple, matrix))),)

    def whole(self) -> Self:
        """The state itself if its start is in the domain and it has one rule."""
        if len(self.rules) > 1:
            raise BadInput("rules", say("one-map-at-a-time-choose"))
        return super().whole()

    def changes(self, name: str, value: Any) -> dict[str, Any]:
        """A place on the map is a rate and an angle, or a rate and a damping."""
        if name == "rule":
            return {"rules": [value], **({} if value in DAMPED else {"up": "angle"})}
        if name == "cell":
            axes = RATES, UPS[self.upwards]
            pairs = zip(numbers(name, value), axes, strict=True)
            rate, other = (float(np.clip(v, axis.low, axis.high)) for v, axis in pairs)
            return {"rate": significant(rate, 4), self.upwards: significant(other, 4)}
        if name == "up" and value == "damping":
            if self.rule not in DAMPED:
                label = style(self.rule)["label"]
                raise BadInput("up", say("has-no-damping-take-newton-or", label=label))
            return {"up": value, **({} if self.damping else {"damping": 1.0})}
        return super().changes(name, value)

    def values(self) -> dict[str, Any]:
        """The fields, and the one rule."""
        return {**super().values(), "rule": self.rule}


NATURAL = {"rules": ["natural"], "rate": 0.5}
DAMPED_MAP = {**NATURAL, "damping": 30.0}
BY_DAMPING = {**NATURAL, "up": "damping", "damping": 3.0, "angle": 60.0}
LOCAL: dict[str, Any] = {"problem": "normal", "rules": ["newton"], "rate": 1.2, "angle": 90.0}
PRESETS: dict[str, dict[str, Any]] = {
    "plain-descent": {},
    "natural": NATURAL,
    "newton": {"rules": ["newton"], "rate": 0.5},
    "adam": {"rules": ["adam"], "rate": 0.2},
    "damped-with-λi": DAMPED_MAP,
    "damped-with-λaᵀa": {**DAMPED_MAP, "kind": "pulled-back"},
    "rate-against-damping": BY_DAMPING,
    "a-normal-far-from-home": LOCAL,
}
"""What each preset sets, by its id in text.md."""
