"""What is said of runs of nets that came to a point from which there is no next step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def remark(runs: Iterable[tuple[str, Any]]) -> str:
    """What to say beside the choice of runs, each by its label: which are stuck, and why."""
    return "\n".join(f"{label}: {run.stuck}." for label, run in runs if run.stuck)
