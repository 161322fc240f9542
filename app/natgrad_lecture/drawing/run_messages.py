"""What is said of runs of nets that came to a point from which there is no next step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def remarks(field: str, runs: Iterable[tuple[str, Any]]) -> dict[str, str]:
    """Beside the choice of runs, each by its label: which are stuck and why, each said once."""
    said = dict.fromkeys(f"{label}: {run.stuck}." for label, run in runs if run.stuck)
    return {field: "\n".join(said)} if said else {}
