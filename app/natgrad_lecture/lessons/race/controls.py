"""The controls; their labels stand in text.md."""

from __future__ import annotations

from typing import Any

from natgrad_lecture import controls as panels
from natgrad_lecture.lessons.race.state import RULES, TASKS
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)


def controls() -> list[dict[str, Any]]:
    """The controls, in groups."""
    return [
        panels.group(
            "task",
            panels.choice("task", TASKS),
            panels.slider("width", 4, 128, 1, scale="log"),
            panels.slider("count", 1, 9, 1),
            panels.number("seed", 1),
            panels.slider("budget", 0.1, 30, 0.1, scale="log"),
        ),
        panels.group(
            "rules",
            panels.choose_rules(RULES),
            panels.button("keep"),
            panels.button("forget"),
        ),
        panels.group(
            "rates",
            panels.slider("alpha", 0.01, 2, 0.01, scale="log", **panels.for_rules("natural")),
            panels.slider(
                "damping", 0.0001, 10, 0.0001, scale="log", **panels.for_rules("natural")
            ),
            panels.slider(
                "nesterov", 0.001, 10, 0.001, scale="log", **panels.for_rules("nesterov")
            ),
            panels.slider("adam", 0.001, 1, 0.001, scale="log", **panels.for_rules("adam")),
            panels.slider(
                "gradient", 0.001, 100, 0.001, scale="log", **panels.for_rules("gradient")
            ),
            panels.slider("adadelta", 0.1, 100, 0.1, scale="log", **panels.for_rules("adadelta")),
        ),
    ]


def idle(model: Any) -> dict[str, str]:
    """Return the controls that change nothing, and why."""
    return {} if model.state.kept else {"forget": say("idle-forget")}
