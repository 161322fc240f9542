"""The controls; their labels stand in text.md."""

from __future__ import annotations

from typing import Any

from natgrad_lecture import controls as panels
from natgrad_lecture.lessons.policy.state import FIELDS, RULES


def controls() -> list[dict[str, Any]]:
    """The controls, in groups."""
    return [
        panels.group(
            "start",
            panels.slider("p", 0.001, 0.999, 0.001),
            panels.slider("q", 0.001, 0.999, 0.001),
        ),
        panels.group(
            "what", panels.choose_rules(RULES), *panels.start(), panels.choice("arrows", FIELDS)
        ),
        panels.group(
            "descent",
            panels.slider("rate", 0.001, 2, 0.001, scale="log"),
            panels.slider("times", 1, 100, 1, scale="log", **panels.for_rules("gradient")),
            panels.slider("damping", 0, 1, 0.0001, scale="log", **panels.for_rules("natural")),
            panels.slider("steps", 10, 2000, 1, scale="log"),
        ),
    ]
