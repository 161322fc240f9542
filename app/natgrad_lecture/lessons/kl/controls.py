"""The controls; their labels stand in text.md."""

from __future__ import annotations

from typing import Any

from natgrad_core.analysis.data_transforms import VARIABLES
from natgrad_lecture import controls as panels
from natgrad_lecture.lessons.kl.state import CHARTS


def controls() -> list[dict[str, Any]]:
    """The controls, in groups."""
    return [
        panels.group(
            "what",
            panels.choice("change", ("data", "parameters")),
        ),
        panels.group(
            "data",
            panels.choice("f", (*VARIABLES, "drawn")),
        ),
        panels.group(
            "parameters",
            panels.choice("chart", CHARTS),
        ),
        panels.group(
            "two",
            *(panels.number(f"{n}.{i}", 0.05) for n in ("p", "q") for i in (0, 1)),
        ),
    ]
