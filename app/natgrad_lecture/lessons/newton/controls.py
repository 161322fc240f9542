"""The controls; their labels stand in text.md."""

from __future__ import annotations

from typing import Any

from natgrad_lecture import controls as panels
from natgrad_lecture.lessons.newton.state import HESSIANS, PROBLEMS, RULES


def controls() -> list[dict[str, Any]]:
    """The controls, in groups."""
    return [
        panels.group(
            "what",
            panels.choose_problem(tuple(PROBLEMS)),
            panels.choose_rules(RULES),
            *panels.start(),
        ),
        panels.group(
            "chart",
            panels.slider("bend", -2, 2, 0.01),
            panels.slider("shear", -2, 2, 0.01),
            panels.choice("hessian", HESSIANS, **panels.for_rules("newton", "absolute-hessian")),
        ),
        panels.group(
            "descent",
            panels.slider("rate", 0.001, 2, 0.001, scale="log"),
            panels.slider("steps", 1, 400, 1),
        ),
    ]


def idle(model: Any) -> dict[str, str]:
    """Return the controls that change nothing, and why."""
    return {} if model.state.bend else {"hessian": panels.SAME_LINEAR}
