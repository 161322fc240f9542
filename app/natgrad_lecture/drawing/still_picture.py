"""A picture in which nothing plays: no steps, no handles, no meter."""

from __future__ import annotations

from typing import Any

from natgrad_lecture.protocol import Plane


def still_picture(
    planes: list[Plane], charts: list[Any], numbers: dict[str, Any], says: str, **more: Any
) -> Any:
    """An answer of planes and charts alone; ``more`` adds to its parts, or replaces them."""
    return {
        "planes": planes,
        "charts": charts,
        "dash_labels": {},
        "steps": 0,
        "shows": 0,
        "handles": [],
        "numbers": numbers,
        "meter": [],
        "notes": {},
        "description": says,
        **more,
    }
