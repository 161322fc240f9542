"""The controls; their labels stand in text.md."""

from __future__ import annotations

from typing import Any

from natgrad_lecture import controls as panels
from natgrad_lecture.lessons.geodesics.state import CHARTS


def controls() -> list[dict[str, Any]]:
    """The controls, in groups."""
    return [
        panels.group(
            "ends",
            *(panels.number(f"{end}.{i}", 0.05) for end in ("a", "b") for i in (0, 1)),
        ),
        panels.group(
            "chart",
            panels.choice("chart", CHARTS),
            panels.slider("rate", 0.01, 1, 0.01, scale="log"),
        ),
    ]
