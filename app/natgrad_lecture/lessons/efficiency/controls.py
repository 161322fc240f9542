"""The controls; their labels stand in text.md."""

from __future__ import annotations

from typing import Any

from natgrad_lecture import controls as panels
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)


def controls() -> list[dict[str, Any]]:
    """The controls, in groups."""
    return [
        panels.group(
            "data",
            panels.slider("s1", 0.3, 3, 0.01, scale="log"),
            panels.slider("s2", 0.3, 3, 0.01, scale="log"),
        ),
        panels.group("descent", panels.slider("c", 0.02, 20, 0.01, scale="log")),
        panels.group(
            "start",
            *(panels.number(f"start.{i}", 0.1) for i in (0, 1)),
            panels.number("seed", 1),
        ),
    ]


def idle(model: Any) -> dict[str, str]:
    """Return the controls that change nothing, and why."""
    state = model.state
    forgotten = say("idle-start")
    spreads = enumerate((state.s1, state.s2))
    return {f"start.{i}": forgotten for i, s in spreads if abs(state.c - s * s) < 1e-9}
