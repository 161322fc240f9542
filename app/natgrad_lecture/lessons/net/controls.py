"""The controls; their labels stand in text.md."""

from __future__ import annotations

from typing import Any

from natgrad_lecture import controls as panels
from natgrad_lecture.lessons.net.state import DATA, DRAWN, ONE_EACH, RULES
from natgrad_lecture.state.own_table import OWN_TABLE
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)


def controls() -> list[dict[str, Any]]:
    """The controls, in groups."""
    painted, own = [["data", ["painted"]]], [["data", [OWN_TABLE]]]
    return [
        panels.group(
            "view",
            panels.choice("show", ("regions", "outputs", "fisher")),
            panels.choice("by", ("step", "second")),
            panels.choice(
                "approximation", ("kfac", "ekfac", "block", "diagonal"), when=[["show", ["fisher"]]]
            ),
            panels.slider("stretch", 1, 1000, 0.01, scale="log"),
            panels.choose_damping(),
            panels.choice("on_change", ("anew", "onward")),
        ),
        panels.group(
            "rules",
            panels.choose_rules(RULES),
            panels.slider("alpha", 0.01, 2, 0.01, scale="log", **panels.for_rules("natural")),
            panels.slider(
                "damping", 0.0001, 10, 0.0001, scale="log", **panels.for_rules("natural")
            ),
            panels.slider("adam", 0.001, 1, 0.001, scale="log", **panels.for_rules("adam")),
            panels.slider(
                "nesterov", 0.001, 10, 0.001, scale="log", **panels.for_rules("nesterov")
            ),
            panels.slider(
                "gradient", 0.001, 10, 0.001, scale="log", **panels.for_rules("gradient")
            ),
        ),
        panels.group(
            "data",
            panels.choice("data", DATA),
            panels.text("table", rows=4, file=True, when=own),
            *(panels.text(name, when=own) for name in ("label", "axes", "target")),
            panels.choice("brush", ("0", "1"), when=painted),
            panels.button("erase", when=painted),
            panels.slider("noise", 0, 0.5, 0.01, when=[["data", list(DRAWN)]]),
            panels.slider("width", 2, 32, 1),
            panels.slider("steps", 10, 1000, 1, scale="log"),
            panels.number("seed", 1),
        ),
    ]


def idle(model: Any) -> dict[str, str]:
    """Return the controls that change nothing, and why."""
    state = model.state
    found = {"on_change": say("idle-on-change"), "brush": say("idle-brush")}
    if "natural" not in state.rules:
        found["kind"] = say("idle-kind-rule")
    elif state.stretch == 1:
        found["kind"] = say("idle-kind-same")
    if state.points == ONE_EACH:
        found["erase"] = say("idle-erase")
    return found
