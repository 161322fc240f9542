"""The controls; their labels stand in text.md."""

from __future__ import annotations

from typing import Any

from natgrad_lecture import controls as panels
from natgrad_lecture.lessons.approximations.state import DATA, FRAMES, MATRICES, RUNS
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)


def controls() -> list[dict[str, Any]]:
    """The controls, in groups."""
    return [
        panels.group(
            "view",
            panels.choice("show", ("step", "runs", "spectrum")),
            panels.slider("damping", 1e-6, 100, 1e-6, scale="log"),
            panels.slider("after", 0, 30, 1, when=[["show", ["step"]]]),
        ),
        panels.group(
            "matrices",
            panels.checks("matrices", panels.styled(MATRICES), when=[["show", ["step"]]]),
            panels.checks("runs", panels.styled(RUNS), when=[["show", ["runs"]]]),
            panels.checks("frames", panels.styled(FRAMES), when=[["show", ["spectrum"]]]),
        ),
        panels.group(
            "data",
            panels.choice("data", DATA),
            panels.slider("steps", 1, 200, 1, scale="log"),
            panels.number("seed", 1),
        ),
    ]


def idle(model: Any) -> dict[str, str]:
    """Return the controls that change nothing, and why."""
    if model.state.show == "runs" and "fixed" not in model.state.runs:
        return {"damping": say("idle-fixed")}
    if model.state.show == "spectrum":
        return {"damping": say("idle-spectrum")}
    return {}
