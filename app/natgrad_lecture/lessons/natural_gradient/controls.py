"""The controls; their labels stand in text.md."""

from __future__ import annotations

from typing import Any

from natgrad_lecture import controls as panels
from natgrad_lecture.lessons.natural_gradient.state import CHARTS, GRAPHS, PROBLEMS, RULES


def controls() -> list[dict[str, Any]]:
    """The controls, in groups."""
    return [
        panels.group(
            "what", panels.choose_problem(PROBLEMS), panels.choose_rules(RULES), *panels.start()
        ),
        panels.group(
            "descent",
            panels.slider("q", 0, 1, 0.01),
            panels.slider("rate", 0.001, 2, 0.001, scale="log"),
            panels.slider(
                "radius", 0.0001, 1, 0.0001, scale="log", **panels.for_rules("kl-limited")
            ),
            panels.slider("steps", 1, 400, 1),
        ),
        panels.group(
            "chart",
            panels.choice("chart", CHARTS),
            panels.slider("bend", 0.01, 1, 0.001, scale="log", when=[["chart", ["bend"]]]),
            panels.slider("damping", 0, 100, 0.001, scale="log"),
            panels.choose_damping(),
            panels.choice("graph", GRAPHS),
        ),
    ]
