"""The still layer: bands of equal loss, in θ, computed once a problem.

The x plane shows the same lines through A⁻¹, which the stage applies as it draws: a loss is a
scalar, so its level sets are the same points in every chart.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias, cast
from zlib import crc32

import contourpy
import numpy as np

from app.figures.sheet import Sheet
from app.state import ChartKey, ProblemKey, chart_named, problem_named
from natgrad_core.charts.linear import Linear
from natgrad_core.types import Array, Whole

_Filled: TypeAlias = tuple[list[Array], list[Whole]]
"""Polygons, and where in each its outer ring and its holes begin."""

_WITHIN, _BEYOND = 90, 60
"""Points of the grid across the view, and on either side of it."""
_AROUND = 1.1
"""How far beyond the view the bands reach, in views: what a shear brings into the x plane."""
_FINE, _LONG = 3e-4, 0.05
"""In views: a third of a pixel on the widest plane; and short enough to bend with a chart."""
_SHARES = np.linspace(0.0, 1.0, 13)[1:-1] ** 1.4
"""Levels at these quantiles of the loss over the view: bands of comparable width to the eye."""


@lru_cache(maxsize=32)
def level_bands(problem: ProblemKey) -> dict[str, Array]:
    """Filled bands and lines of J around the problem's view, as flat arrays."""
    base = problem_named(problem)
    axes = []
    for low, high in base.view:
        more = _AROUND * (high - low)
        before = np.linspace(low - more, low, _BEYOND, endpoint=False)
        after = np.linspace(high + more, high, _BEYOND, endpoint=False)[::-1]
        axes.append(np.concatenate([before, np.linspace(low, high, _WITHIN), after]))
    points = np.stack(np.meshgrid(*axes, indexing="xy"), -1)
    inside = base.inside(points)
    in_view = np.all(
        [(points[..., i] >= v[0]) & (points[..., i] <= v[1]) for i, v in enumerate(base.view)], 0
    )
    loss = np.full(points.shape[:-1], np.nan)
    with np.errstate(all="ignore"):  # a reader's own formula may overflow far out
        loss[inside] = base.loss(points[inside])
    seen = loss[inside & in_view]
    levels = np.unique(np.quantile(seen, _SHARES)) if len(seen) else np.zeros(0)
    edges = np.concatenate([[-np.inf], levels, [np.inf]])
    generator = contourpy.contour_generator(
        x=axes[0],
        y=axes[1],
        z=np.ma.masked_invalid(loss),
        fill_type="OuterOffset",
        line_type="Separate",
    )
    size = np.ptp(base.view, axis=1)
    rings, bands, lines = [], [0], []
    for low, high in pairwise(edges):
        polygons, offsets = cast("_Filled", generator.filled(low, high))
        for polygon, cuts in zip(polygons, offsets, strict=True):
            rings += [_thinned(polygon[a:b], size) for a, b in pairwise(cuts)]
        bands.append(len(rings))
    for level in levels:
        lines += [_thinned(line, size) for line in cast("list[Array]", generator.lines(level))]
    return {
        "rings": np.concatenate([*rings, np.zeros((0, 2))]),
        "ring_starts": _starts(rings),
        "bands": np.array(bands),
        "lines": np.concatenate([*lines, np.zeros((0, 2))]),
        "line_starts": _starts(lines),
    }


def _thinned(line: Array, size: Array) -> Array:
    """The line without what no eye misses: every other point of it, again and again, as long as
    that is within ``_FINE`` of the chord past it (of no line through it: the tip of a hairpin
    stays) and the chord no longer than ``_LONG``.
    """
    while True:
        before, between, after = line[:-2:2], line[1:-1:2], line[2::2]
        chord, out = (after - before) / size, (between - before) / size
        length = np.hypot(*chord.T)
        part = (out * chord).sum(-1) / np.maximum(length**2, 1e-300)
        off = np.hypot(*(out - np.clip(part, 0, 1)[:, None] * chord).T)
        kept = np.ones(len(line), bool)
        kept[1:-1:2] = (off > _FINE) | (length > _LONG)
        if kept.all():
            return line
        line = line[kept]


def _starts(pieces: list[Array]) -> Array:
    return np.cumsum([0, *(len(piece) for piece in pieces)])


def _short(problem: ProblemKey) -> str:
    """A name for the page's shelf: a problem with options by the checksum of these."""
    return problem if isinstance(problem, str) else f"{problem[0]}-{crc32(repr(problem).encode())}"


def add_contours(
    sheet: Sheet, plane: str, problem: ProblemKey, chart: ChartKey | None = None
) -> None:
    """The loss of ``problem`` in one plane: in θ, or in the coordinates of ``chart``."""
    shapes, key, affine = level_bands(problem), _short(problem), None
    if chart is not None:
        through = chart_named(chart)
        if isinstance(through, Linear):
            affine = [*through.inverse(np.eye(2)).T.ravel().tolist(), 0.0, 0.0]
        else:
            shapes, key = _bent_bands(problem, chart), f"{key}-{crc32(repr(chart).encode())}"
    sheet.add(
        plane, "bands", "loss", "loss", points=shapes["rings"], rings=shapes["ring_starts"],
        bands=shapes["bands"], cache=f"bands-{key}", map=affine,
    )  # fmt: skip
    sheet.add(
        plane, "lines", "contour", "lines of equal loss", points=shapes["lines"],
        starts=shapes["line_starts"], cache=f"lines-{key}", map=affine,
    )  # fmt: skip


@lru_cache(maxsize=64)
def _bent_bands(problem: ProblemKey, chart: ChartKey) -> dict[str, Array]:
    """The same bands in a curved chart: a loss is a scalar, so each point goes where it goes."""
    shapes = dict(level_bands(problem))
    for name in ("rings", "lines"):
        shapes[name] = chart_named(chart).inverse(shapes[name])
    return shapes


def add_lattice(
    sheet: Sheet, plane: str, to_here: Callable[[Array], Array], view: Array, bends: int = 0
) -> None:
    """The coordinate lines of the other plane, at round numbers, seen in this one.

    ``to_here`` maps the other plane's points to this one's; ``view [2, 2]`` is the other's window.
    Where the map is curved a line needs ``bends`` points between its ends, and they are so many
    that the page keeps them.
    """
    points, starts, key = _lattice(to_here, tuple(view.ravel().tolist()), bends)
    sheet.add(plane, "lines", "grid", "grid of the other coordinates", points=points,
              starts=starts, **({"cache": key} if bends else {}))  # fmt: skip


@lru_cache(maxsize=16)
def _lattice(
    to_here: Callable[[Array], Array], sides: tuple[float, float, float, float], bends: int
) -> tuple[Array, Whole, str]:
    """Kept, for they stay as they are while a rate is dragged; and a name for the page's shelf.

    A line that the map leaves straight (of a bend every other one is) needs its ends alone.
    """
    view = np.reshape(sides, (2, 2))
    spans = view[:, 1] - view[:, 0]
    step = _round_step(float(spans.max()) / 7)
    wide = view + np.outer(spans, [-1.0, 1.0])
    lines = []
    for axis in (0, 1):
        values = np.arange(np.ceil(wide[axis, 0] / step), wide[axis, 1] / step) * step
        line = np.empty((len(values), bends + 2, 2))
        line[..., axis] = values[:, None]
        line[..., 1 - axis] = np.linspace(wide[1 - axis, 0], wide[1 - axis, 1], bends + 2)
        lines.append(line)
    with np.errstate(all="ignore"):
        there = to_here(np.concatenate(lines).reshape(-1, 2)).reshape(-1, bends + 2, 2)
        chord, out = there[:, -1:] - there[:, :1], there[:, 1:-1] - there[:, :1]
        off = np.abs(chord[..., 0] * out[..., 1] - chord[..., 1] * out[..., 0])
        straight = (off <= 1e-9 * (chord**2).sum(-1)).all(-1)
    kept = np.ones(there.shape[:2], bool)
    kept[straight, 1:-1] = False
    points, starts = there[kept], np.concatenate([[0], np.cumsum(kept.sum(1))])
    for array in (points, starts):
        array.flags.writeable = False
    return points, starts, f"lattice-{crc32(points.tobytes())}"


def _round_step(rough: float) -> float:
    """The nearest of 1, 2, 5 × 10ⁿ."""
    power = 10.0 ** np.floor(np.log10(rough))
    return float(min((1, 2, 5, 10), key=lambda m: abs(m * power - rough)) * power)
