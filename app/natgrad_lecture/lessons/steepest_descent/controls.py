"""The controls; their labels stand in text.md."""

from __future__ import annotations

from typing import Any

from natgrad_lecture import controls as panels
from natgrad_lecture.lessons.steepest_descent.state import PROBLEMS, SHOW


def controls() -> list[dict[str, Any]]:
    """The controls, in groups."""
    return [
        panels.group(
            "metric",
            panels.choice("of", ("hand", *PROBLEMS)),
            panels.matrix("metric"),
            panels.slider("eig.0", 0.05, 40, 0.01, scale="log"),
            panels.slider("eig.1", -2, 6, 0.01),
            panels.slider("turn", -90, 90, 1, unit="°"),
        ),
        panels.group(
            "directions",
            panels.slider("angle", -180, 180, 1, unit="°"),
            panels.choice("show", SHOW),
            *(panels.number(f"gradient.{i}", 0.05) for i in (0, 1)),
        ),
    ]
