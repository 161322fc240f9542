"""A lesson's picture, small, as an SVG made by the engine: one plane that plays its runs, for the
list of the lessons, or two at rest, for a notebook to keep.
"""

from __future__ import annotations

from typing import Any

from natgrad_core.types import Array
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.srgb import css
from natgrad_lecture.drawing.strokes import Stroke, planes_of, simplified, strokes
from natgrad_lecture.protocol import Picture, Plane

SIDE, _GAP = 240, 16
_FINEST = 2.0
"""Points closer than this, in the picture's units, are left out."""

_STYLE = """
path { fill: none; stroke: var(--light); stroke-width: 1; vector-effect: non-scaling-stroke; }
.contour { opacity: .35; }
.grid { opacity: .2; }
.run { stroke-width: 2.6; stroke-dasharray: 1; vector-effect: none;
  animation: run 6s ease-in-out infinite; }
.thin { stroke-width: 1.2; opacity: .8; }
.cells { vector-effect: none; }
.dots { stroke-width: 4.5; stroke-linecap: round; }
@keyframes run { 0%, 50% { stroke-dashoffset: 0; } 50.01% { stroke-dashoffset: 1; } }
@media (prefers-color-scheme: dark) { path { stroke: var(--dark); } }
@media (prefers-reduced-motion: reduce) { .run { animation: none; } }
"""
"""The style of a picture by itself: light, dark, and still where reduced motion is preferred.

A run scales with the picture, because browsers measure the dashes of a stroke that does not in
pixels of the screen: the run would end too soon in a larger picture.
"""


def thumbnail(answer: Picture, sheet: Sheet, styles: dict[str, Any]) -> str:
    """The first plane of an answer on which something is drawn, without words."""
    plane = planes_of(answer, sheet)[0]
    return _svg(SIDE, _STYLE, _paths(plane, sheet, styles))


def still(answer: Picture, sheet: Sheet, styles: dict[str, Any]) -> str:
    """The first two such planes, side by side, as they are at the end: nothing plays."""
    planes = planes_of(answer, sheet)[:2]
    drawn = "".join(
        f'<svg x="{i * (SIDE + _GAP)}" width="{SIDE}" height="{SIDE}">'
        f"{_paths(plane, sheet, styles)}</svg>"
        for i, plane in enumerate(planes)
    )
    wide = len(planes) * (SIDE + _GAP) - _GAP
    return _svg(wide, f"{_STYLE}.run {{ animation: none; }}", drawn)


def _svg(wide: int, style: str, drawn: str) -> str:
    box = f'viewBox="0 0 {wide} {SIDE}" width="{wide}" height="{SIDE}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box}><style>{style}</style>{drawn}</svg>'


def _paths(plane: Plane, sheet: Sheet, styles: dict[str, Any]) -> str:
    return "".join(_path(stroke) for stroke in strokes(plane, sheet, styles))


def _path(stroke: Stroke) -> str:
    """A stroke as an SVG path."""
    lines = [SIDE * line for line in stroke.lines]
    colors = f"--light:{css(stroke.light)};--dark:{css(stroke.dark)}"
    if stroke.kind == "cells":
        d = "".join(f"M{x0:.1f} {y:.1f}h{x1 - x0:.1f}" for (x0, y), (x1, _) in lines)
        colors = f"stroke-width:{SIDE * stroke.width + 0.6:.1f};{colors}"
    elif stroke.kind == "dots":
        d = "".join(f"M{x:.0f} {y:.0f}h0" for ((x, y),) in lines)
    else:
        d = "".join(map(_line, stroke.lines))
    length = ' pathLength="1"' if stroke.kind.startswith("run") else ""
    return f'<path class="{stroke.kind}"{length} d="{d}" style="{colors}"/>'


def _line(points: Array) -> str:
    """The points as an SVG path, without those that the eye cannot part."""
    kept = SIDE * simplified(points, _FINEST / SIDE)
    return "M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in kept) if len(kept) > 1 else ""
