"""What is read of what the lecturer's page does beside its picture: nothing but plain values."""

from __future__ import annotations

import math
from typing import Any, TypeGuard

from natgrad_lecture.protocol import ClassPose

STILL: ClassPose = {"k": 0, "playing": False, "speed": 1.0, "loop": False}
MOST_STEPS = 10**7
LONGEST_LINE = 600


def read_pose(said: Any) -> ClassPose | None:
    """Return the pose that a page says it has; None if it is none.

    Args:
        said: What came over the line.
    """
    if not isinstance(said, dict):
        return None
    k, speed = said.get("k"), said.get("speed", 1)
    if not is_number(k) or not 0 <= k <= MOST_STEPS or not is_number(speed) or not 0 < speed <= 16:
        return None
    pose: ClassPose = {
        "k": int(k),
        "playing": said.get("playing") is True,
        "speed": float(speed),
        "loop": said.get("loop") is True,
    }
    match said.get("laser"):
        case [str(plane), x, y] if len(plane) <= 80 and is_share(x) and is_share(y):
            pose["laser"] = (plane, round(x, 4), round(y, 4))
    if isinstance(line := said.get("line"), str) and line:
        pose["line"] = line[:LONGEST_LINE]
    return pose


def is_number(value: Any) -> TypeGuard[float]:
    """Whether this is a finite number, and not True or False."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 2**53 if isinstance(value, int) else math.isfinite(value)


def is_share(value: Any) -> TypeGuard[float]:
    """Whether this is a number from 0 to 1."""
    return is_number(value) and 0 <= value <= 1
