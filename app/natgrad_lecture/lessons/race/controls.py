"""The controls; their labels stand in text.md."""

from __future__ import annotations

from typing import Any

from natgrad_lecture import controls as panels
from natgrad_lecture.lessons.race.state import (
    BATCHES,
    CHOICES,
    CLASSED,
    CONSTANTS,
    ENVELOPE,
    OPTIONS,
    RULES,
)
from natgrad_lecture.state.own_table import OWN_TABLE
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)


_SLIDERS: dict[str, tuple[float, float, float, str]] = {
    "kfac_damping": (0.001, 10, 0.001, "log"),
    "kfac_samples": (0, 5, 1, "linear"),
    "kfac_every": (1, 50, 1, "log"),
    "exact_damping": (0.001, 10, 0.001, "log"),
    "alpha": (0.01, 2, 0.01, "log"),
    "damping": (0.0001, 10, 0.0001, "log"),
    "lbfgs_history": (1, 100, 1, "log"),
    "muon": (0.001, 10, 0.001, "log"),
    "muon_keep": (0, 0.99, 0.01, "linear"),
    "muon_others": (0.001, 1, 0.001, "log"),
    "soap": (0.001, 1, 0.001, "log"),
    "soap_keep": (0, 0.99, 0.01, "linear"),
    "soap_square": (0, 0.999, 0.001, "linear"),
    "soap_every": (1, 50, 1, "log"),
    "shampoo": (0.001, 10, 0.001, "log"),
    "shampoo_keep": (0, 0.99, 0.01, "linear"),
    "shampoo_factors": (0, 1, 0.001, "linear"),
    "shampoo_every": (1, 50, 1, "log"),
    "adam": (0.001, 1, 0.001, "log"),
    "adam_keep": (0, 0.99, 0.01, "linear"),
    "adam_square": (0, 0.999, 0.001, "linear"),
    "adamw": (0.001, 1, 0.001, "log"),
    "adamw_square": (0, 0.999, 0.001, "linear"),
    "adamw_decay": (0, 0.1, 0.001, "linear"),
    "nesterov": (0.001, 10, 0.001, "log"),
    "nesterov_keep": (0, 0.99, 0.01, "linear"),
    "gradient": (0.001, 100, 0.001, "log"),
    "adadelta": (0.1, 100, 0.1, "log"),
    "adadelta_keep": (0, 0.99, 0.01, "linear"),
}
"""The least and the most of a slider, its step and its scale; what has none is set by the tuning or
by a link.
"""


def controls() -> list[dict[str, Any]]:
    """The controls, in groups."""
    own = [["task", [OWN_TABLE]]]
    return [
        panels.group(
            "task",
            panels.choice("task", CHOICES),
            panels.text("table", rows=4, file=True, when=own),
            panels.text("label", when=own),
            panels.choice("batch", BATCHES),
            panels.slider("noise", 0, 0.5, 0.05, when=[["task", list(CLASSED)]]),
            panels.slider("width", 4, 128, 1, scale="log"),
            panels.slider("count", 1, 9, 1),
            panels.number("seed", 1),
            panels.slider("budget", 0.1, 30, 0.1, scale="log"),
        ),
        panels.group(
            "rules",
            panels.choose_rules(RULES),
            panels.button("keep"),
            panels.button("forget"),
            panels.choice("constants", CONSTANTS),
            panels.choice("envelope", ENVELOPE),
        ),
        panels.group(
            "rates",
            *(
                panels.slider(field, low, high, step, scale=scale, **panels.for_rules(rule))
                for rule, fields in OPTIONS.items()
                for field in fields
                if field in _SLIDERS
                for low, high, step, scale in (_SLIDERS[field],)
            ),
        ),
    ]


def idle(model: Any) -> dict[str, str]:
    """Return the controls that change nothing, and why."""
    return {} if model.state.kept else {"forget": say("idle-forget")}
