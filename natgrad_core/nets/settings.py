"""Settings that are numbers: checked where they come in, in one sentence."""

from __future__ import annotations

import math
from typing import Any


def in_range(
    name: str, value: Any, least: float = 0.0, below: float = math.inf, *, open_: bool = False
) -> float:
    """Return a setting as a number in [least, below).

    Args:
        name: What it is called, for the message.
        value: A number, or a tensor of one.
        least: The smallest that is allowed.
        below: What it must be less than.
        open_: Whether ``least`` itself is not allowed.

    Returns:
        The number.

    Raises:
        ValueError: If it is not such a number.
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if least < number < below or (number == least and not open_):
        return number
    bound = f"more than {least:g}" if open_ else f"at least {least:g}"
    most = "" if below == math.inf else f" and less than {below:g}"
    raise ValueError(f"{name} is a finite number, {bound}{most}; got {value!r}")
