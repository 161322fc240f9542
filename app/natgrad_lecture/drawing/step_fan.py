"""Steps as arrows: each at its angle to the exact step, as long as the loss falls along it.

The quadratic model predicts as much as to the curve, r = cos²φ · the exact step's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from natgrad_lecture.drawing.numbers import power_of_ten
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.windows import plane
from natgrad_lecture.protocol import Plane

SMALL = 1e-2
"""Decreases below this are drawn in a power of ten: an axis has room for few digits."""


LONGEST = 2.5
"""The longest arrow beside what is predicted of the exact step; longer ones are cut."""


class Drawn(Protocol):
    """A step: its angle to the exact one in degrees, and the decrease of the loss."""

    angle: float
    gained: float


def cut(steps: Mapping[str, Any], best: float) -> list[str]:
    """Return the steps whose arrows are longer than the plane and so are cut.

    Args:
        steps: As of ``add_fan``.
        best: Likewise.

    Returns:
        Their names.
    """
    return [name for name, step in steps.items() if abs(step.gained) > LONGEST * best]


def add_fan(
    sheet: Sheet,
    steps: Mapping[str, Any],
    best: float,
    label: Callable[[str], str],
    symbol: Callable[[str], str],
    words: tuple[str, tuple[str, str]],
) -> Plane:
    """Draw the fan on the plane "fan".

    Args:
        sheet: The sheet.
        steps: The steps by name, each ``Drawn``.
        best: What is predicted of the exact step.
        label: What a step is called.
        symbol: What marks its tip.
        words: The plane's title, and the labels of its axes.
    """
    far = max(best, *(abs(s.gained) for s in steps.values()))
    far = min(far, LONGEST * best)
    power = int(np.floor(np.log10(far))) if 0 < far < SMALL else 0
    unit = 10.0**power
    far /= unit
    phi = np.radians(np.linspace(0, 90, 91))
    radius = best / unit * np.cos(phi) ** 2
    circle = np.stack([radius * np.cos(phi), radius * np.sin(phi)], -1)
    sheet.add("fan", "curve", "bound", label("bound"), points=circle, faint=True)
    for name, step in steps.items():
        turn = np.radians(step.angle)
        tip = np.clip(step.gained / unit, -far, far) * np.array([np.cos(turn), np.sin(turn)])
        sheet.add("fan", "curve", name, label(name), points=np.array([[0.0, 0.0], tip]))
        sheet.add("fan", "points", name, label(name), points=tip[None], symbol=symbol(name))
    low = max(min(0.0, *(s.gained / unit for s in steps.values())), -far)
    view = np.array([[1.15 * low - 0.06 * far, 1.1 * far]] * 2)
    title, (across, up) = words
    labels = (f"{power_of_ten(power)} {across}", f"{power_of_ten(power)} {up}")
    labels = labels if power else (across, up)
    return plane("fan", title, labels, view)
