"""What a reader can change, and what the presets set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from natgrad_core.analysis.online_mean import marks
from natgrad_lecture.state.fields import control, number, point, whole
from natgrad_lecture.state.state import State
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

STEPS = 1000
TIMES = marks(STEPS)
LAST = len(TIMES) - 1


def _spread(name: str, label: object) -> Any:
    return number(name, label, 0.3, 3, say("take-one-from-0-3-to"))


@dataclass(frozen=True)
class Racers(State):
    """The data's spreads along two directions, gradient descent's c, the start, and the seed."""

    s1: float = control(1.5, "s1", _spread("s1", say.later("the-first-spread")))
    s2: float = control(0.6, "s2", _spread("s2", say.later("the-second-spread")))
    c: float = control(1.5, "c", number("c", "c", 0.02, 20, say.later("take-one-from-0-02-to")))
    start: tuple[float, ...] = control((1.0, 0.5), "start", point("start", "the start", most=20))
    seed: int = control(0, "seed", whole("seed", "the seed", 0, 9999))


ROUND = {"s1": 1.0, "s2": 1.0, "c": 1.0}
SLOW: dict[str, Any] = {"c": 0.3}
PRESETS: dict[str, dict[str, Any]] = {
    "the-race": {},
    "the-right-c": {**ROUND, "k": LAST},
    "c-too-small": {**SLOW, "k": LAST},
    "on-the-edge": {"c": 1.125, "k": LAST},
    "c-too-large": {"c": 10.0, "k": LAST},
    "far-from-home": {**SLOW, "start": (6.0, 3.0), "k": 30},
}
"""What each preset sets, by its id in text.md."""
