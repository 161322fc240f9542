"""The controls; their labels stand in text.md."""

from __future__ import annotations

from typing import Any

from natgrad_lecture import controls as panels
from natgrad_lecture.lessons.variational.state import CHARTS, METHODS, MOST, POSTERIORS


def controls() -> list[dict[str, Any]]:
    """The controls, in groups."""
    steepness = panels.options_of("problem", "rosenbrock")
    return [
        panels.group(
            "what",
            panels.choose_problem(POSTERIORS),
            *(control | {"when": [["problem", ["rosenbrock"]]]} for control in steepness),
            panels.choose_rules(METHODS),
            *panels.start(),
        ),
        panels.group(
            "descent",
            panels.slider("rate", 0.001, 1, 0.001, scale="log"),
            panels.slider("steps", 1, MOST, 1),
            panels.choice("chart", CHARTS),
        ),
    ]
