"""The controls; their labels stand in text.md."""

from __future__ import annotations

from typing import Any

from natgrad_lecture import controls as panels
from natgrad_lecture.lessons.robustness.state import PROBLEMS, RULES


def controls() -> list[dict[str, Any]]:
    """The controls, in groups."""
    return [
        panels.group(
            "what",
            panels.choose_problem(PROBLEMS),
            panels.choice("rule", RULES),
            *panels.start(),
        ),
        panels.group(
            "cell",
            panels.slider("rate", 0.001, 10, 0.001, scale="log"),
            panels.slider("angle", 0, 180, 1, unit="°"),
            panels.slider("damping", 0, 1000, 0.001, scale="log"),
            panels.choose_damping(),
        ),
        panels.group(
            "map",
            panels.choice("up", ("angle", "damping")),
            panels.slider("stretch", 1.1, 10, 0.1, scale="log"),
            panels.slider("steps", 10, 400, 1),
        ),
    ]


def idle(model: Any) -> dict[str, str]:
    """Return the controls that change nothing, and why."""
    found = panels.idle_damping(model)
    return {**found, "up": found["damping"]} if "damping" in found else found
