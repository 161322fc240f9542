"""The controls; their labels stand in text.md."""

from __future__ import annotations

from typing import Any

from natgrad_lecture import controls as panels
from natgrad_lecture.lessons.approximations.state import DATA, FRAMES, MATRICES, RUNS


def controls() -> list[dict[str, Any]]:
    """The controls, in groups."""
    return [
        panels.group(
            "view",
            panels.choice("show", ("step", "runs", "spectrum")),
            panels.slider("damping", 1e-6, 100, 1e-6, scale="log"),
            panels.slider("after", 0, 30, 1),
        ),
        panels.group(
            "matrices",
            panels.checks("matrices", panels.styled(MATRICES)),
            panels.checks("runs", panels.styled(RUNS)),
            panels.checks("frames", panels.styled(FRAMES)),
        ),
        panels.group(
            "data",
            panels.choice("data", DATA),
            panels.slider("steps", 1, 200, 1, scale="log"),
            panels.number("seed", 1),
        ),
    ]
