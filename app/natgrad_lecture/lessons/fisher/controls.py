"""The controls; their labels stand in text.md."""

from __future__ import annotations

from typing import Any

from natgrad_lecture import controls as panels
from natgrad_lecture.lessons.fisher.state import PROBLEMS
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)


def controls() -> list[dict[str, Any]]:
    """The controls, in groups."""
    return [
        panels.group(
            "look",
            panels.choice("look", ("level", "draws", "data")),
        ),
        panels.group(
            "model",
            panels.choose_problem(PROBLEMS),
            *(panels.number(f"theta.{i}", 0.05) for i in (0, 1)),
        ),
        panels.group(
            "level",
            panels.slider("radius", 0.001, 2, 0.001, scale="log"),
            panels.choice("show", ("shown", "hidden")),
        ),
        panels.group(
            "draws",
            panels.number("seed", 1),
        ),
        panels.group(
            "data",
            panels.slider("noise", 0.1, 5, 0.01, scale="log"),
            panels.slider("nats_a_step", 0.01, 1, 0.001, scale="log"),
            *(panels.number(f"w.{i}", 0.1) for i in (0, 1)),
        ),
    ]


def idle(model: Any) -> dict[str, str]:
    """Return the controls that change nothing, and why."""
    if model.state.look == "draws" and model.state.problem == "normal":
        return {"theta.0": say("idle-location")}
    return {}
