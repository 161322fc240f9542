"""A picture as strokes: what a small one draws of a plane, without words, axes or handles.

The thumbnail writes them as SVG, the picture of a link's preview paints them.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from natgrad_core.types import Array
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.srgb import Mix, Paint
from natgrad_lecture.protocol import Picture, Plane
from natgrad_lecture.style_tokens import SHARE, color

_DRAWN = ("heat", "lines", "points", "path", "curve", "ellipse-at", "arrows")
"""What is drawn, the lowest first."""

_DTYPES = {"f4": np.float32, "u4": np.uint32, "u1": np.uint8}

_LEVELS = 12
_MOST_POINTS = 200


class Stroke(NamedTuple):
    """Lines of one color, in a square of side 1 whose first row is the highest."""

    kind: str
    """"cells" of a map, "dots", "run", "run thin", or the style of lines."""
    lines: list[Array]
    light: Paint
    dark: Paint
    width: float = 0.0
    """Of cells: their height."""


def planes_of(answer: Picture, sheet: Sheet) -> list[Plane]:
    """The planes on which something is drawn, else the first one."""
    drawable = {trace["plane"] for trace in sheet.traces if trace["kind"] in _DRAWN}
    return [p for p in answer["planes"] if p["name"] in drawable] or answer["planes"][:1]


def strokes(plane: Plane, sheet: Sheet, styles: Mapping[str, Any]) -> list[Stroke]:
    """What is drawn on a plane.

    Maps, points and lines are drawn first, then paths, curves, ellipses and arrows.
    """
    x0, x1, _, y1 = plane["view"]
    drawn: list[Stroke] = []
    here = [t for t in sheet.traces if t["plane"] == plane["name"] and t["kind"] in _DRAWN]
    for trace in sorted(here, key=lambda t: _DRAWN.index(t["kind"])):
        kind = trace["kind"]
        if kind == "heat":
            drawn += _heat(sheet, trace, (x0, y1, x1 - x0), styles)
            continue
        style = styles.get(trace["style"], styles["contour"])
        points = (_points(sheet, trace) - [x0, y1]) / [x1 - x0, x0 - x1]
        starts = _array(sheet, trace["starts"]) if "starts" in trace else [0, len(points)]
        lines = [points[a:b] for a, b in pairwise(starts)]
        if kind == "points":
            dots = points[:: -(-len(points) // _MOST_POINTS)]
            lines = [dot[None] for dot in dots if np.isfinite(dot).all()]
            drawn.append(Stroke("dots", lines, style["light"], style["dark"]))
        elif kind == "lines":
            if not trace.get("map") or "scales" in plane:
                drawn.append(Stroke(trace["style"], lines, style["light"], style["dark"]))
        else:
            thin = trace.get("dash") == "dashed" or trace.get("faint")
            name = "run thin" if thin else "run"
            drawn += [Stroke(name, [line], style["light"], style["dark"]) for line in lines]
    return drawn


def simplified(line: Array, finest: float) -> Array:
    """A line without the points that lie closer than ``finest`` to the last one that is kept. It
    ends where it is not a number, or lies far outside.
    """
    kept: list[Array] = []
    for here in line:
        if not np.isfinite(here).all() or np.abs(here).max() > 4:
            break
        if not kept or np.abs(here - kept[-1]).max() > finest:
            kept.append(here)
    return np.array(kept).reshape(-1, 2)


def _heat(
    sheet: Sheet,
    trace: Mapping[str, Any],
    frame: tuple[float, float, float],
    styles: Mapping[str, Any],
) -> list[Stroke]:
    """A map as one stroke a level, a bar for every run of alike cells in a row."""
    rows, columns = trace["size"]
    cells = _array(sheet, trace["cells"]).reshape(rows, columns)
    part = cells / 255 if cells.dtype == np.uint8 else cells.astype(float)
    known = np.isfinite(part)
    level = np.where(known, np.clip(np.where(known, part, 0) * _LEVELS, 0, _LEVELS - 1), -1)
    level = np.floor(level).astype(int)
    left, top, side = frame
    x0, x1 = ((x - left) / side for x in trace["box"][:2])
    y0, y1 = ((top - y) / side for y in trace["box"][2:])
    wide, high = (x1 - x0) / columns, (y0 - y1) / rows
    bars: dict[int, list[Array]] = {}
    for row, alike in enumerate(level):
        y = y0 - (row + 0.5) * high  # the first row is the lowest
        edges = np.flatnonzero(np.diff(alike, prepend=-2, append=-2))
        for a, b in pairwise(edges):
            bar = np.array([[x0 + a * wide, y], [x0 + b * wide, y]])
            bars.setdefault(int(alike[a]), []).append(bar)
    return [
        Stroke("cells", lines, *_tint(k, trace.get("between"), styles), width=high)
        for k, lines in sorted(bars.items())
    ]


def _tint(level: int, between: list[str] | None, styles: Mapping[str, Any]) -> tuple[Paint, Paint]:
    """The color of a level in light and in dark, mixed as the front end mixes it."""
    if level < 0:
        return color("heat-none"), color("heat-none", dark=True)
    part = float(level + 0.5) / _LEVELS
    if between is None:
        mixed = Mix("oklch", color("heat-high"), 100 * part, color("heat-low"))
        return mixed, mixed
    style = styles[between[int(part >= 0.5)]]
    share = SHARE * abs(2 * part - 1)
    return (
        Mix("oklab", style["light"], share, color("paper")),
        Mix("oklab", style["dark"], share, color("paper", dark=True)),
    )


def _points(sheet: Sheet, trace: Mapping[str, Any]) -> Array:
    """Where a trace's line goes, ``[n, 2]``; of what there is a row a step, at the first one."""
    if trace["kind"] == "ellipse-at":
        shapes = _array(sheet, trace["shapes"]).reshape(-1, 3, 2).astype(float)
        turn = np.linspace(0.0, 2 * np.pi, 60)[:, None]
        center, first, second = shapes[0]
        return center + np.cos(turn) * first + np.sin(turn) * second
    points = _array(sheet, trace["points"]).reshape(-1, 2).astype(float)
    if affine := trace.get("map"):
        a, b, c, d, e, f = affine
        x, y = points.T
        with np.errstate(all="ignore"):
            points = np.stack([a * x + b * y + e, c * x + d * y + f], -1)
    return points[:2] if trace["kind"] == "arrows" else points


def _array(sheet: Sheet, name: str) -> Array:
    kind, shape, offset = sheet.buffers[name]
    count = int(np.prod(shape))
    return np.frombuffer(sheet.data, _DTYPES[kind], count, offset).reshape(shape)
