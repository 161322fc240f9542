"""Which of several steps lowers the loss most, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from natgrad_lecture.drawing.step_fan import Drawn

ROUNDING = 1e-9
"""Decreases that differ by less than this share of them are equal: they are known no better."""


def best_step(
    steps: Mapping[str, Drawn], label: Callable[[str], str], say: Callable[..., str]
) -> str:
    """Say by which step the loss falls most.

    Args:
        steps: The steps by name.
        label: What a step is called.
        say: The lesson's phrases: ``the-loss-falls-most-by``, ``and-as-much-by`` where another
            step is its equal, ``no-step-lowers-the-loss``.

    Returns:
        The sentence, without a full stop.
    """
    gains = {name: step.gained for name, step in steps.items() if np.isfinite(step.gained)}
    most = max(gains.values(), default=0.0)
    if most <= 0:
        return say("no-step-lowers-the-loss")
    first, *equals = [label(name) for name, gain in gains.items() if gain >= most * (1 - ROUNDING)]
    for other in equals:
        first = say("and-as-much-by", one=first, other=other)
    return say("the-loss-falls-most-by", best=first)
