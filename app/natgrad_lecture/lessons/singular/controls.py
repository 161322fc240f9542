"""The controls; their labels stand in text.md."""

from __future__ import annotations

from typing import Any

from natgrad_lecture import controls as panels
from natgrad_lecture.lessons.singular.state import METHODS, PROBLEMS


def controls() -> list[dict[str, Any]]:
    """The controls, in groups."""
    return [
        panels.group(
            "what",
            panels.choose_problem(PROBLEMS),
            *panels.start(),
            panels.choice("graph", ("loss", "eigenvalues")),
        ),
        panels.group("methods", panels.checks("rules", panels.styled(METHODS))),
        panels.group(
            "descent",
            panels.slider("rate", 0.001, 1, 0.001, scale="log"),
            panels.slider("gradient_rate", 0.001, 1, 0.001, scale="log"),
            panels.slider("damping", 0.001, 10, 0.001, scale="log"),
            panels.slider("steps", 10, 400, 1),
        ),
    ]
