"""The still layer: bands of equal loss, in θ, computed once a problem.

The x plane shows the same lines through A⁻¹, which the front end applies as it draws: a loss is a
scalar, so its level sets are the same points in every chart.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias, cast
from zlib import crc32

import contourpy
import numpy as np

from natgrad_core.charts.linear import Linear
from natgrad_core.linalg.small_matrices import components
from natgrad_core.types import Array, Whole
from natgrad_lecture.bounded_cache import recent_cache
from natgrad_lecture.drawing.numbers import round_near
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.simplify import seen, thinned
from natgrad_lecture.state.items import ChartKey, ProblemKey, chart_named, problem_named

_Filled: TypeAlias = tuple[list[Array], list[Whole]]
"""Polygons, and where in each its outer ring and its holes begin."""
_Sides: TypeAlias = tuple[float, ...]
"""Of a window: low and high of each axis."""

_WITHIN, _BEYOND = 90, 60
"""Points of the grid across the view, and on either side of it."""
_SEEN = 72
"""Points of the grid across a window beyond which nothing is seen, so that nobody looks nearer:
19 of 20 points of a line are within a pixel of it on a plane of 900 pixels."""
_FEWEST = 40
"""Points along each axis that a picture is made of at least."""
_BUDGET = 2e8
"""Operations of an own formula, on rows of data, that its bands may take: two seconds or so."""
_AROUND = 1.1
"""How far beyond the view the bands reach, in views: what a shear brings into the x plane."""
_LONGEST = 0.05
"""In views: what is straight in θ is short enough to bend with a chart."""
_SHARES = np.linspace(0.0, 1.0, 13)[1:-1] ** 1.4
"""Levels at these quantiles of the loss over the view: bands of comparable width to the eye."""


@dataclass(frozen=True)
class Levels:
    """Filled bands and lines of J, as flat arrays."""

    rings: Array
    ring_starts: Whole
    bands: Whole
    """Which ring each band begins with."""

    lines: Array
    line_starts: Whole
    ends: tuple[float, float] | None
    """J at the lowest and at the highest line, if there are two."""


def _share(problem: ProblemKey) -> float:
    """The share of the grid's points along an axis that a long formula on many rows is given."""
    options = {} if isinstance(problem, str) else dict(problem[1])
    columns = dict(options.get("data") or ())
    rows = max((len(column) for column in columns.values()), default=1)
    operations = len(re.findall(r"\w+|[^\w\s(),]", str(options.get("text", ""))))
    whole = _WITHIN + 2 * _BEYOND
    fewest = _FEWEST / whole
    return float(np.clip(np.sqrt(_BUDGET / max(1, rows * operations)) / whole, fewest, 1.0))


def _axes(problem: ProblemKey, sides: _Sides | None) -> list[Array]:
    """The grid along each axis: over the view and around it, or over these sides alone."""
    share, axes = _share(problem), list[Array]()
    within, beyond = (max(1, round(share * count)) for count in (_WITHIN, _BEYOND))
    for i, (low, high) in enumerate(problem_named(problem).view):
        if sides is not None:
            first, last = sides[2 * i : 2 * i + 2]
            count = min(within + 2 * beyond, round(share * _SEEN * (last - first) / (high - low)))
            axes.append(np.linspace(first, last, count))
            continue
        more = _AROUND * (high - low)
        before = np.linspace(low - more, low, beyond, endpoint=False)
        after = np.linspace(high + more, high, beyond, endpoint=False)[::-1]
        axes.append(np.concatenate([before, np.linspace(low, high, within), after]))
    return axes


@recent_cache
def level_bands(problem: ProblemKey, sides: _Sides | None = None) -> Levels:
    """Bands and lines of equal loss around the problem's view, or within ``sides`` alone."""
    base, axes = problem_named(problem), _axes(problem, sides)
    points = np.stack(np.meshgrid(*axes, indexing="xy"), -1)
    inside = base.inside(points)
    across, up = ((a >= v[0]) & (a <= v[1]) for a, v in zip(axes, base.view, strict=True))
    in_view = up[:, None] & across
    loss = np.full(points.shape[:-1], np.nan)
    whole = bool(inside.all())  # then no point is picked, which takes longer than most losses
    with np.errstate(all="ignore"):  # a reader's own formula may overflow far out
        some = points if whole else points[inside]
        loss[... if whole else inside] = base._loss(*components(some))
    heights = loss[inside & in_view]
    levels = np.unique(np.quantile(heights, _SHARES)) if len(heights) else np.zeros(0)
    edges = np.concatenate([[-np.inf], levels, [np.inf]])
    generator = contourpy.contour_generator(
        x=axes[0],
        y=axes[1],
        z=loss if np.isfinite(loss).all() else np.ma.masked_invalid(loss),
        fill_type="OuterOffset",
        line_type="Separate",
    )
    rings, bands, lines = [], [0], []
    for low, high in pairwise(edges):
        polygons, offsets = cast("_Filled", generator.filled(low, high))
        for polygon, cuts in zip(polygons, offsets, strict=True):
            rings += [polygon[a:b] for a, b in pairwise(cuts)]
        bands.append(len(rings))
    for level in levels:
        lines += cast("list[Array]", generator.lines(level))
    pieces = [*rings, *lines, np.zeros((0, 2))]
    cut = len(rings)
    points, starts = thinned(
        np.concatenate(pieces), _starts(pieces[:-1]), np.ptp(base.view, axis=1), _LONGEST
    )
    count = starts[cut]
    points, line_points = points[:count], points[count:]
    starts, line_starts = starts[: cut + 1], starts[cut:] - count
    ends = (float(levels[0]), float(levels[-1])) if len(levels) > 1 else None
    return Levels(points, starts, np.array(bands), line_points, line_starts, ends)


def _starts(pieces: list[Array]) -> Whole:
    return np.cumsum([0, *(len(piece) for piece in pieces)])


def _short(problem: ProblemKey) -> str:
    """The problem's key in the page's cache: its options are replaced by their checksum."""
    return problem if isinstance(problem, str) else f"{problem[0]}-{crc32(repr(problem).encode())}"


def add_contours(
    sheet: Sheet, problem: ProblemKey, symbol: str = "J", window: Array | None = None
) -> None:
    """The loss of ``problem`` in θ, and ``symbol``, what the lesson writes for it.

    Where a lesson has no plane of other coordinates, nothing beyond its ``window [2, 2]`` is seen,
    and a grid over it alone takes a fourth of the time.
    """
    if window is None:
        _add(sheet, "theta", level_bands(problem), _short(problem), symbol=symbol)
    else:
        levels = level_bands(problem, tuple(window.ravel().tolist()))
        _add(sheet, "theta", levels, f"{_short(problem)}-seen", symbol=symbol)


def add_contours_through(sheet: Sheet, problem: ProblemKey, chart: ChartKey, view: Array) -> None:
    """The loss of ``problem`` in the coordinates x of ``chart``, of which ``view [2, 2]`` is seen.

    The page sends what it has of θ through a linear chart by itself.
    """
    through, key = chart_named(chart), _short(problem)
    if isinstance(through, Linear):
        affine = [*through.inverse(np.eye(2)).T.ravel().tolist(), 0.0, 0.0]
        _add(sheet, "x", level_bands(problem), key, affine)
    else:
        sides = tuple(view.ravel().tolist())
        name = f"{key}-{crc32(repr((chart, sides)).encode())}"
        _add(sheet, "x", _curved_bands(problem, chart, sides), name)


def _add(
    sheet: Sheet,
    plane: str,
    levels: Levels,
    key: str,
    affine: list[float] | None = None,
    symbol: str = "J",
) -> None:
    sheet.add(
        plane,
        "bands",
        "loss",
        "loss",
        points=levels.rings,
        rings=levels.ring_starts,
        bands=levels.bands,
        cache=f"bands-{key}",
        map=affine,
        **({"label": symbol, "levels": levels.ends} if levels.ends else {}),
    )
    sheet.add(
        plane,
        "lines",
        "contour",
        "lines of equal loss",
        points=levels.lines,
        starts=levels.line_starts,
        cache=f"lines-{key}",
        map=affine,
    )


@recent_cache
def _curved_bands(problem: ProblemKey, chart: ChartKey, sides: _Sides) -> Levels:
    """The same bands in a curved chart: a loss is a scalar, so each point goes where it goes."""
    levels, view = level_bands(problem), np.reshape(sides, (2, 2))
    points = chart_named(chart).inverse(np.concatenate([levels.rings, levels.lines]))
    starts = np.concatenate([levels.ring_starts, levels.line_starts[1:] + len(levels.rings)])
    points, starts = thinned(*seen(points, starts, view), np.ptp(view, axis=1))
    rings = len(levels.ring_starts)
    count = starts[rings - 1]
    return Levels(
        points[:count],
        starts[:rings],
        levels.bands,
        points[count:],
        starts[rings - 1 :] - count,
        levels.ends,
    )


def add_lattice(
    sheet: Sheet,
    plane: str,
    to_here: Callable[[Array], Array],
    there: Array,
    here: Array,
    bends: int = 0,
    beyond: int = 1,
) -> None:
    """The coordinate lines of the other plane, at round numbers, seen in this one.

    ``to_here`` maps the other plane's points to this one's; ``there [2, 2]`` is the other's window,
    and ``here [2, 2]`` this one's. The lines go as many windows ``beyond`` the other's: none where
    all that is seen here lies in it. Where the map is curved a line is made of ``bends`` points
    between its ends, and the page keeps what the eye needs of it.
    """
    around, seen_here = (tuple(window.ravel().tolist()) for window in (there, here))
    points, starts, key = _lattice(to_here, around, seen_here, bends, beyond)
    sheet.add(
        plane,
        "lines",
        "grid",
        "grid of the other coordinates",
        points=points,
        starts=starts,
        **({"cache": key} if bends else {}),
    )


@recent_cache
def _lattice(
    to_here: Callable[[Array], Array], there: _Sides, here: _Sides, bends: int, beyond: int
) -> tuple[Array, Whole, str]:
    """Cached, since dragging a rate does not change them; with the key in the page's cache."""
    view = np.reshape(there, (2, 2))
    spans = view[:, 1] - view[:, 0]
    steps = [round_near(float(span) / 7) for span in spans]
    wide = view + np.outer(spans, [-beyond, beyond])
    lines = []
    for axis in (0, 1):
        step = steps[axis]
        values = np.arange(np.ceil(wide[axis, 0] / step), wide[axis, 1] / step) * step
        line = np.empty((len(values), bends + 2, 2))
        line[..., axis] = values[:, None]
        line[..., 1 - axis] = np.linspace(wide[1 - axis, 0], wide[1 - axis, 1], bends + 2)
        lines.append(line)
    with np.errstate(all="ignore"):
        points = to_here(np.concatenate(lines).reshape(-1, 2))
        starts = np.arange(0, len(points) + 1, bends + 2)
        if bends:
            window = np.reshape(here, (2, 2))
            points, starts = thinned(*seen(points, starts, window), np.ptp(window, axis=1))
    for array in (points, starts):
        array.flags.writeable = False
    return points, starts, f"lattice-{crc32(points.tobytes())}"
