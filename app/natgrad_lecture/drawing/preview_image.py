"""The picture that a link shows where it is shared: up to two planes of its state, as a PNG.

Messengers and social networks show no SVG, and none of them runs a browser.
"""

from __future__ import annotations

import io
from typing import Any

from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.srgb import Rgb, rgb
from natgrad_lecture.drawing.strokes import Stroke, planes_of, simplified, strokes
from natgrad_lecture.protocol import Picture
from natgrad_lecture.style_tokens import color

WIDTH, HEIGHT = 1200, 630
"""Pixels: the shape for which Open Graph's readers have room."""

_SIDE, _GAP = 560, 30
_FINER = 2
"""Everything is painted this much larger and then made smaller, which smooths its edges."""

_WIDTHS = {"run": 5.0, "run thin": 3.0, "dots": 9.0}
_OPACITIES = {"contour": 0.35, "grid": 0.2, "run thin": 0.8}
_LINE = 1.5


def preview_image(answer: Picture, sheet: Sheet, styles: dict[str, Any]) -> bytes:
    """Paint the first planes of an answer on light paper, without words."""
    from PIL import Image

    paper = rgb(color("paper"))
    whole = Image.new("RGB", (WIDTH, HEIGHT), paper)
    planes = planes_of(answer, sheet)[:2]
    left = (WIDTH - len(planes) * _SIDE - (len(planes) - 1) * _GAP) // 2
    for i, plane in enumerate(planes):
        square = _painted(strokes(plane, sheet, styles), paper)
        whole.paste(square, (left + i * (_SIDE + _GAP), (HEIGHT - _SIDE) // 2))
    file = io.BytesIO()
    # Few colors halve the file, and what draws previews takes no large one.
    whole.quantize(128, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def _painted(drawn: list[Stroke], paper: Rgb) -> Any:
    """A plane with its edge, as an image of Pillow's."""
    from PIL import Image, ImageDraw

    side = _SIDE * _FINER
    image = Image.new("RGB", (side, side), paper)
    brush = ImageDraw.Draw(image)
    for stroke in drawn:
        share = _OPACITIES.get(stroke.kind, 1.0)
        red, green, blue = (
            round(share * a + (1 - share) * b)
            for a, b in zip(rgb(stroke.light), paper, strict=True)
        )
        shade = red, green, blue
        wide = _WIDTHS.get(stroke.kind, _LINE) * _FINER
        for line in stroke.lines:
            if stroke.kind == "cells":
                (x0, y), (x1, _) = side * line
                half = side * stroke.width / 2
                brush.rectangle((x0, y - half, x1, y + half), fill=shade)
            elif stroke.kind == "dots":
                ((x, y),) = side * line
                brush.ellipse((x - wide / 2, y - wide / 2, x + wide / 2, y + wide / 2), fill=shade)
            else:
                points = [(x, y) for x, y in side * simplified(line, 1 / side)]
                if len(points) > 1:
                    brush.line(points, fill=shade, width=round(wide), joint="curve")
    edge = rgb(color("rule"))
    brush.rectangle((0, 0, side - 1, side - 1), outline=edge, width=_FINER)
    return image.resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
