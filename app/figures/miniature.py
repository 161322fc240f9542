"""A lesson's first picture, small: one plane as an SVG that plays its runs. Made by the engine."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from app.figures.sheet import Sheet
from natgrad_core.types import Array

SIDE = 240
_FINEST = 2.0
"""Points closer than this, in the picture's units, are left out."""

_STYLE = """
path { fill: none; stroke: #d9d6cc; stroke-width: 1; vector-effect: non-scaling-stroke; }
.contour { stroke: #3b5b92; opacity: .35; }
.grid { stroke: #7b3fa0; opacity: .2; }
.run { stroke: var(--light); stroke-width: 2.6; stroke-dasharray: 1;
  animation: run 5s ease-in-out infinite; }
.thin { stroke-width: 1.2; opacity: .8; }
@keyframes run { 0% { stroke-dashoffset: 1; } 60%, 100% { stroke-dashoffset: 0; } }
@media (prefers-color-scheme: dark) { path { stroke: #33383e; } .contour { stroke: #7f9fd8; }
  .grid { stroke: #cf9ff0; } .run { stroke: var(--dark); } }
@media (prefers-reduced-motion: reduce) { .run { animation: none; } }
"""
"""A picture by itself brings its style: light and dark, and rest for who wants it."""

_DRAWN = ("lines", "path", "curve", "ellipse-at", "arrows")

_DTYPES = {"f4": np.float32, "u4": np.uint32}


def miniature(answer: dict[str, Any], sheet: Sheet, inks: dict[str, Any]) -> str:
    """The first plane of an answer on which there are lines, without words.

    Paths, curves, ellipses and arrows are drawn one after the other.
    """
    lined = {trace["plane"] for trace in sheet.traces if trace["kind"] in _DRAWN}
    plane = next((p for p in answer["planes"] if p["name"] in lined), answer["planes"][0])
    x0, x1, _, y1 = plane["view"]
    scale = SIDE / (x1 - x0)

    def place(points: Array) -> Array:
        return (points - [x0, y1]) * [scale, -scale]

    drawn = []
    for trace in sheet.traces:
        if trace["plane"] != plane["name"] or trace["kind"] not in _DRAWN:
            continue
        points = place(_points(sheet, trace))
        if trace["kind"] == "lines":
            if not trace.get("map"):
                starts = _array(sheet, trace["starts"]) if "starts" in trace else [0, len(points)]
                parts = (points[a:b] for a, b in pairwise(starts))
                d = "".join(map(_line, parts))
                drawn.append(f'<path class="{trace["ink"]}" d="{d}"/>')
        else:
            thin = trace.get("dash") == "dashed" or trace.get("faint")
            kind = "run thin" if thin else "run"
            ink = inks.get(trace["ink"], {})
            starts = _array(sheet, trace["starts"]) if "starts" in trace else [0, len(points)]
            drawn += [
                f'<path class="{kind}" pathLength="1" d="{_line(points[a:b])}" '
                f'style="--light:{ink.get("light")};--dark:{ink.get("dark")}"/>'
                for a, b in pairwise(starts)
            ]
    box = f'viewBox="0 0 {SIDE} {SIDE}" width="{SIDE}" height="{SIDE}"'
    paths = "".join(drawn)
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box}><style>{_STYLE}</style>{paths}</svg>'


def _points(sheet: Sheet, trace: dict[str, Any]) -> Array:
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
