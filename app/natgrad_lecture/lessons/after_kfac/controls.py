"""The controls; their labels stand in text.md."""

from __future__ import annotations

from typing import Any

from natgrad_lecture import controls as panels
from natgrad_lecture.lessons.after_kfac.state import DATA, KINDS, MATRICES, METHODS, ROOT, SHOW
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)


def controls() -> list[dict[str, Any]]:
    """The controls, in groups."""
    return [
        panels.group(
            "view",
            panels.choice("show", SHOW),
            panels.slider("batch", 1, 300, 1, scale="log"),
            panels.choice("root", ROOT),
            panels.slider("damping", 1e-6, 100, 1e-6, scale="log"),
            panels.slider("after", 0, 30, 1),
        ),
        panels.group(
            "methods",
            panels.checks("methods", panels.styled(METHODS)),
            panels.choice("matrix", panels.styled(MATRICES), when=[["show", ["matrix"]]]),
            panels.choice("kind", KINDS, when=[["show", ["coordinates"]]]),
            panels.slider("stretch", 1, 1000, 0.1, scale="log", when=[["show", ["coordinates"]]]),
        ),
        panels.group("data", panels.choice("data", DATA), panels.number("seed", 1)),
    ]


def idle(model: Any) -> dict[str, str]:
    """Return the controls that change nothing, and why."""
    state = model.state
    found: dict[str, str] = {}
    if state.show == "matrix" and state.matrix in ("kfac", "muon"):
        found |= dict.fromkeys(("batch", "root"), say("idle-fixed"))
    if state.show == "matrix":
        found |= {"damping": say("idle-matrix"), "methods": say("idle-methods")}
    if state.show == "coordinates" and state.kind == "rotate":
        found["stretch"] = say("idle-rotate")
    return found
