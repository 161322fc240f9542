"""The controls; their labels stand in text.md."""

from __future__ import annotations

from typing import Any

from natgrad_lecture import controls as panels
from natgrad_lecture.lessons.singular.state import METHODS, PROBLEMS
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)


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
            panels.slider(
                "gradient_rate", 0.001, 1, 0.001, scale="log", **panels.for_rules("gradient")
            ),
            panels.slider("damping", 0.001, 10, 0.001, scale="log", **panels.for_rules("damped")),
            panels.slider("steps", 10, 400, 1),
        ),
    ]


def idle(model: Any) -> dict[str, str]:
    """Return the controls that change nothing, and why."""
    state = model.state
    own = state.gradient_rate is not None
    runs = [run for name, run in model.runs.items() if not (name == "gradient" and own)]
    if any(run.ok[1] for run in runs):
        return {}
    return {"rate": say("idle-rate")}
