"""What a reader can change, and what the presets set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from natgrad_lecture.state.fields import BadInput, choice, control, number, numbers, several
from natgrad_lecture.state.items import problem_named
from natgrad_lecture.state.runs import Runs
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

NAME = "two-state-mdp"
RULES = ("gradient", "natural", "adam")
FIELDS = ("natural", "gradient")


@dataclass(frozen=True)
class Walk(Runs):
    """Runs on Kakade's problem; gradient descent may take ``times`` the rate of the others."""

    problem: str = control(NAME, "problem", choice("problem", "problem", (NAME,)))
    rules: tuple[str, ...] = control(
        ("gradient", "natural"), "rules", several("rules", "rule", RULES)
    )
    times: float = control(
        1.0, "times", number("times", "the factor", 1, 100, say.later("take-one-from-1-to-100"))
    )
    arrows: str = control("natural", "arrows", choice("arrows", "field", FIELDS))

    def changes(self, name: str, value: Any) -> dict[str, Any]:
        """The chances p and q are views of the start."""
        if name in ("p", "q"):
            (chance,) = numbers(name, [value])
            if not 0 < chance < 1:
                raise BadInput(name, say("chance-is-not-allowed", which=name, chance=f"{chance:g}"))
            start = list(self.point)
            start["pq".index(name)] = float(np.log(chance / (1 - chance)))
            return {"start": start}
        return super().changes(name, value)

    def values(self) -> dict[str, Any]:
        """The fields, and the chances at the start."""
        chances: Any = problem_named(self.problem)
        return {**super().values(), **dict(zip("pq", chances.policy(self.point), strict=True))}


PLATEAU_SEEN: dict[str, Any] = {"times": 100.0, "steps": 1000, "k": 200}
"""So long a run, at so large a rate, that gradient descent's plateau has both its ends."""
STUCK = (-4.5, 0.5)
LATER: dict[str, Any] = {"start": STUCK, "times": 10.0, "steps": 400, "k": 100}
PRESETS: dict[str, dict[str, Any]] = {
    "the-plateau": {},
    "the-whole-plateau": PLATEAU_SEEN,
    "the-plain-field": {"arrows": "gradient", "k": 80},
    "at-one-rate": {"times": 1.0, "k": 80},
    "plain-leaves-at-last": LATER,
    "undecided": {"start": (0.0, 0.0), "times": 10.0, "k": 20},
    "with-adam": {"rules": ["gradient", "natural", "adam"], "k": 60},
    "a-little-damping": {"damping": 0.0001, "steps": 150, "rules": ["natural"], "k": 90},
}
"""What each preset sets, by its id in text.md."""
