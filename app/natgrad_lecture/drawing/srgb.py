"""CSS colors as the red, green and blue of a pixel, for pictures that no browser draws.

The page names its colors as CSS does, and mixes them in OKLCH and Oklab (Ottosson 2020, "A
perceptual color space for image processing"). Here is the same arithmetic for what the styles
contain: ``#rrggbb``, ``oklch(l c h)``, and a mix of two of these.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from natgrad_core.types import Array

Rgb = tuple[int, int, int]

_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
"""Linear RGB to the responses of the cones (Ottosson 2020)."""

_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
"""Their cube roots to Oklab."""


class Mix(NamedTuple):
    """``color-mix(in space, first share%, second)``."""

    space: str
    first: str
    share: float
    second: str


Paint = str | Mix
"""A color, or a mix of two."""


def css(paint: Paint) -> str:
    """A paint as CSS writes it."""
    if isinstance(paint, str):
        return paint
    return f"color-mix(in {paint.space}, {paint.first} {paint.share:.0f}%, {paint.second})"


def rgb(paint: Paint) -> Rgb:
    """A paint as a pixel shows it.

    Raises:
        ValueError: If it is written in a way that the styles do not use.
    """
    if isinstance(paint, str):
        return _pixel(_lab(paint))
    part = paint.share / 100
    a, b = _lab(paint.first), _lab(paint.second)
    if paint.space == "oklab":
        return _pixel(part * a + (1 - part) * b)
    (l0, c0, h0), (l1, c1, h1) = _polar(a), _polar(b)
    turn = (h0 - h1 + 180) % 360 - 180  # the shorter way round, as CSS mixes hues
    mixed = part * (l0 - l1) + l1, part * (c0 - c1) + c1, part * turn + h1
    return _pixel(_from_polar(*mixed))


def _lab(color: str) -> Array:
    """A color in Oklab."""
    if found := re.fullmatch(r"#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})", color):
        code = np.array([int(part, 16) for part in found.groups()]) / 255
        linear = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
        return _LAB @ np.cbrt(_CONES @ linear)
    if found := re.fullmatch(r"oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)", color):
        return _from_polar(*map(float, found.groups()))
    raise ValueError(f"{color!r} is not a color that the styles use: #rrggbb or oklch(l c h)")


def _polar(lab: Array) -> tuple[float, float, float]:
    """Lightness, chroma, and hue in degrees."""
    return float(lab[0]), float(np.hypot(*lab[1:])), float(np.degrees(np.arctan2(lab[2], lab[1])))


def _from_polar(lightness: float, chroma: float, hue: float) -> Array:
    angle = np.radians(hue)
    return np.array([lightness, chroma * np.cos(angle), chroma * np.sin(angle)])


def _pixel(lab: Array) -> Rgb:
    """The nearest pixel: what lies outside of what a screen shows is clipped."""
    linear = np.clip(np.linalg.inv(_CONES) @ np.linalg.inv(_LAB).dot(lab) ** 3, 0, 1)
    code = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    red, green, blue = (round(255 * float(part)) for part in code)
    return red, green, blue
