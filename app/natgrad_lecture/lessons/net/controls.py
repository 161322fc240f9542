"""The controls; their labels stand in text.md."""

from __future__ import annotations

from typing import Any

from natgrad_lecture import controls as panels
from natgrad_lecture.lessons.net.state import DATA, RULES


def controls() -> list[dict[str, Any]]:
    """The controls, in groups."""
    return [
        panels.group(
            "view",
            panels.choice("show", ("regions", "outputs", "fisher")),
            panels.choice("by", ("step", "second")),
            panels.choice("approximation", ("kfac", "ekfac", "block", "diagonal")),
            panels.slider("stretch", 1, 1000, 0.01, scale="log"),
            panels.choose_damping(),
            panels.choice("on_change", ("anew", "onward")),
        ),
        panels.group(
            "rules",
            panels.choose_rules(RULES),
            panels.slider("alpha", 0.01, 2, 0.01, scale="log"),
            panels.slider("damping", 0.0001, 10, 0.0001, scale="log"),
            panels.slider("adam", 0.001, 1, 0.001, scale="log"),
            panels.slider("nesterov", 0.001, 10, 0.001, scale="log"),
            panels.slider("gradient", 0.001, 10, 0.001, scale="log"),
        ),
        panels.group(
            "data",
            panels.choice("data", DATA),
            panels.choice("brush", ("0", "1")),
            panels.button("erase"),
            panels.slider("noise", 0, 0.5, 0.01),
            panels.slider("width", 2, 32, 1),
            panels.slider("steps", 10, 1000, 1, scale="log"),
            panels.number("seed", 1),
        ),
    ]
