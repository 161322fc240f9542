"""The controls; their labels stand in text.md."""

from __future__ import annotations

from typing import Any

from natgrad_core import rules
from natgrad_lecture import controls as panels
from natgrad_lecture.lessons.coordinates.state import PROBLEMS, STAGES, STARTS

RULES = ("gradient", "newton", "natural")
"""The rules that the lesson is about; the others that there are can be chosen too."""


ALL_RULES = (*RULES, *(name for name in rules if name not in RULES))


def controls() -> list[dict[str, Any]]:
    """The controls, in groups."""
    return [
        panels.group(
            "what",
            panels.choose_problem(tuple(PROBLEMS)),
            panels.choose_rules(ALL_RULES),
            *panels.start(),
            panels.choice("starts", STARTS),
        ),
        panels.group("matrix", *panels.coordinates(), panels.choice("stage", STAGES)),
        panels.group("descent", *panels.descent()),
    ]
