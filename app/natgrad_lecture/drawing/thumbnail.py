"""A lesson's first picture, small: one plane as an SVG that plays its runs. Made by the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from natgrad_core.types import Array
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.protocol import Picture
from natgrad_lecture.style_tokens import SHARE, color

SIDE = 240
_FINEST = 2.0
"""Points closer than this, in the picture's units, are left out."""

_STYLE = """
path { fill: none; stroke: var(--light); stroke-width: 1; vector-effect: non-scaling-stroke; }
.contour { opacity: .35; }
.grid { opacity: .2; }
.run { stroke-width: 2.6; stroke-dasharray: 1;
  animation: run 6s ease-in-out infinite; }
.thin { stroke-width: 1.2; opacity: .8; }
.cells { vector-effect: none; }
.dots { stroke-width: 4.5; stroke-linecap: round; }
@keyframes run { 0%, 50% { stroke-dashoffset: 0; } 50.01% { stroke-dashoffset: 1; } }
@media (prefers-color-scheme: dark) { path { stroke: var(--dark); } }
@media (prefers-reduced-motion: reduce) { .run { animation: none; } }
"""
"""The style of a picture by itself: light, dark, and still where reduced motion is preferred."""

_DRAWN = ("heat", "lines", "points", "path", "curve", "ellipse-at", "arrows")
"""What is drawn, the lowest first."""

_DTYPES = {"f4": np.float32, "u4": np.uint32, "u1": np.uint8}

_LEVELS = 12
_MOST_POINTS = 200


def thumbnail(answer: Picture, sheet: Sheet, styles: dict[str, Any]) -> str:
    """The first plane of an answer on which something is drawn, without words.

    Maps, points and lines are drawn first, then paths, curves, ellipses and arrows.
    """
    drawable = {trace["plane"] for trace in sheet.traces if trace["kind"] in _DRAWN}
    plane = next((p for p in answer["planes"] if p["name"] in drawable), answer["planes"][0])
    x0, x1, _, y1 = plane["view"]
    scale = SIDE / (x1 - x0)

    def place(points: Array) -> Array:
        return (points - [x0, y1]) * [scale, -scale]

    def shade(name: str) -> str:
        style = styles.get(name, styles["contour"])
        return f"--light:{style['light']};--dark:{style['dark']}"

    drawn = []
    here = [t for t in sheet.traces if t["plane"] == plane["name"] and t["kind"] in _DRAWN]
    for trace in sorted(here, key=lambda t: _DRAWN.index(t["kind"])):
        if trace["kind"] == "heat":
            drawn += _heat(sheet, trace, place, styles)
            continue
        points = place(_points(sheet, trace))
        starts = _array(sheet, trace["starts"]) if "starts" in trace else [0, len(points)]
        if trace["kind"] == "points":
            dots = points[:: -(-len(points) // _MOST_POINTS)]
            d = "".join(f"M{x:.0f} {y:.0f}h0" for x, y in dots if np.isfinite(x + y))
            drawn.append(f'<path class="dots" d="{d}" style="{shade(trace["style"])}"/>')
        elif trace["kind"] == "lines":
            if not trace.get("map"):
                d = "".join(_line(points[a:b]) for a, b in pairwise(starts))
                drawn.append(
                    f'<path class="{trace["style"]}" d="{d}" style="{shade(trace["style"])}"/>'
                )
        else:
            thin = trace.get("dash") == "dashed" or trace.get("faint")
            drawn += [
                f'<path class="run{" thin" if thin else ""}" pathLength="1" '
                f'd="{_line(points[a:b])}" style="{shade(trace["style"])}"/>'
                for a, b in pairwise(starts)
            ]
    box = f'viewBox="0 0 {SIDE} {SIDE}" width="{SIDE}" height="{SIDE}"'
    paths = "".join(drawn)
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box}><style>{_STYLE}</style>{paths}</svg>'


def _heat(
    sheet: Sheet, trace: Mapping[str, Any], place: Callable[[Array], Array], styles: dict[str, Any]
) -> list[str]:
    """A map as one path a level, a bar for every run of alike cells in a row."""
    rows, columns = trace["size"]
    cells = _array(sheet, trace["cells"]).reshape(rows, columns)
    part = cells / 255 if cells.dtype == np.uint8 else cells.astype(float)
    known = np.isfinite(part)
    level = np.where(known, np.clip(np.where(known, part, 0) * _LEVELS, 0, _LEVELS - 1), -1)
    level = np.floor(level).astype(int)
    x0, x1, y0, y1 = trace["box"]
    (left, top), (right, bottom) = place(np.array([[x0, y1], [x1, y0]]))
    wide, high = (right - left) / columns, (bottom - top) / rows
    bars: dict[int, list[str]] = {}
    for row, alike in enumerate(level):
        y = bottom - (row + 0.5) * high  # the first row is the lowest
        edges = np.flatnonzero(np.diff(alike, prepend=-2, append=-2))
        for a, b in pairwise(edges):
            bars.setdefault(alike[a], []).append(
                f"M{left + a * wide:.1f} {y:.1f}h{(b - a) * wide:.1f}"
            )
    return [
        f'<path class="cells" d="{"".join(d)}" '
        f'style="stroke-width:{high + 0.6:.1f};{_tint(k, trace.get("between"), styles)}"/>'
        for k, d in sorted(bars.items())
    ]


def _tint(level: int, between: list[str] | None, styles: dict[str, Any]) -> str:
    """The color of a level in light and in dark, mixed as the front end mixes it."""
    if level < 0:
        return f"--light:{color('heat-none')};--dark:{color('heat-none', dark=True)}"
    part = float(level + 0.5) / _LEVELS
    if between is None:
        mixed = f"color-mix(in oklch, {color('heat-high')} {100 * part:.0f}%, {color('heat-low')})"
        return f"--light:{mixed};--dark:{mixed}"
    style = styles[between[int(part >= 0.5)]]
    share = SHARE * abs(2 * part - 1)
    return ";".join(
        f"--{theme}:color-mix(in oklab, {style[theme]} {share:.0f}%, "
        f"{color('paper', theme == 'dark')})"
        for theme in ("light", "dark")
    )


def _points(sheet: Sheet, trace: Mapping[str, Any]) -> Array:
    """Where a trace's line goes, ``[n, 2]``; of what there is a row a step, at the first one."""
    if trace["kind"] == "ellipse-at":
        shapes = _array(sheet, trace["shapes"]).reshape(-1, 3, 2).astype(float)
        turn = np.linspace(0.0, 2 * np.pi, 60)[:, None]
        center, first, second = shapes[0]
        return center + np.cos(turn) * first + np.sin(turn) * second
    points = _array(sheet, trace["points"]).reshape(-1, 2).astype(float)
    return points[:2] if trace["kind"] == "arrows" else points


def _array(sheet: Sheet, name: str) -> Array:
    kind, shape, offset = sheet.buffers[name]
    count = int(np.prod(shape))
    return np.frombuffer(sheet.data, _DTYPES[kind], count, offset).reshape(shape)


def _line(points: Array) -> str:
    """The points as an SVG path, without those that the eye cannot part or that lie far outside."""
    kept: list[Array] = []
    for here in points:
        if not np.isfinite(here).all() or np.abs(here).max() > 4 * SIDE:
            break
        if not kept or np.abs(here - kept[-1]).max() > _FINEST:
            kept.append(here)
    if len(kept) < 2:
        return ""
    return "M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in kept)
