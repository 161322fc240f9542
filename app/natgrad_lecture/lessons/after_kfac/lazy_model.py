"""The model, imported when first asked for: no other lesson should wait for torch."""

from __future__ import annotations

from typing import Any


def model_of(state: Any) -> Any:
    """Ask the engine about a state."""
    from natgrad_lecture.lessons.after_kfac.model import Model

    return Model(state)
