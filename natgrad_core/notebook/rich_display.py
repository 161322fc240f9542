"""What a notebook shows of a problem, or of a run: level lines, Fisher ellipses, and the path.

Two ways of one picture: a Plotly figure, as the plain data that a notebook draws where plotly is
installed, and a small SVG that every notebook can show. Only problems of two parameters have one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.util import find_spec
from typing import Any

import numpy as np

from natgrad_core.core.problem import Problem
from natgrad_core.errors import NoProbabilityModel
from natgrad_core.geometry.ellipses import outline
from natgrad_core.types import Array

PLOTLY = "application/vnd.plotly.v1+json"
_TEXT, _ELLIPSE, _SOFT = "#c2410c", "#047857", "#777777"
_SIDE = 360.0


@dataclass(frozen=True)
class Picture:
    """A window ``[2, 2]`` (low and high of each axis), paths ``[n, 2]`` in it, and ellipses."""

    title: str
    symbols: Sequence[str]
    window: Array
    levels: tuple[Array, Array, Array]
    """J on a grid: the two axes, and the losses by row."""
    ellipses: Array
    """``[m, count, 2]``; each closed, at one distance ½ δᵀFδ = r."""
    paths: Sequence[Array] = ()

    def bundle(self) -> dict[str, Any]:
        """Return the picture by mime type, as ``_repr_mimebundle_`` does.

        Returns:
            The representations.
        """
        shown = {"text/plain": self.title, "text/html": self.svg()}
        return {**shown, PLOTLY: self.plotly()} if find_spec("plotly") else shown

    def plotly(self) -> dict[str, Any]:
        """Return the picture as a Plotly figure's plain data.

        Returns:
            The figure.
        """
        x, y, losses = self.levels
        ground = {
            "type": "contour",
            "x": x.tolist(),
            "y": y.tolist(),
            "z": _plain(losses),
            "colorscale": "Blues",
            "reversescale": True,
            "ncontours": 24,
            "opacity": 0.5,
            "showscale": False,
            "name": "J",
            "line": {"width": 0.5},
        }
        gaps = np.full((len(self.ellipses), 1, 2), np.nan)
        rings = np.concatenate([self.ellipses, gaps], 1).reshape(-1, 2)
        lines = [(rings, _ELLIPSE, 1.0, "Fisher ellipses")]
        lines += [(path, _TEXT, 2.5, "path") for path in self.paths]
        traces = [
            {
                "type": "scatter",
                "mode": "lines",
                "name": name,
                "x": _plain(points[:, 0]),
                "y": _plain(points[:, 1]),
                "line": {"color": color, "width": width},
            }
            for points, color, width, name in lines
        ]
        layout = {
            "title": {"text": self.title},
            "xaxis": {"title": {"text": self.symbols[0]}, "range": self.window[0].tolist()},
            "yaxis": {"title": {"text": self.symbols[1]}, "range": self.window[1].tolist()},
            "width": 560,
            "height": 480,
            "showlegend": False,
        }
        return {"data": [ground, *traces], "layout": layout}

    def svg(self) -> str:
        """Return the picture as an SVG: ellipses, paths, and the window's corners in numbers.

        Returns:
            The text of the SVG.
        """
        (x0, x1), (y0, y1) = self.window
        scale = _SIDE / np.array([x1 - x0, y0 - y1])

        def d(points: Array, close: bool = False) -> str:
            parts: list[str] = []
            pen = "M"
            for point in points:
                if not np.isfinite(point).all():
                    pen = "M"
                    continue
                px, py = (point - [x0, y1]) * scale
                parts.append(f"{pen}{px:.1f} {py:.1f}")
                pen = "L"
            return "".join(parts) + ("Z" if close and parts else "")

        drawn = [
            f'<path d="{d(ring, True)}" stroke="{_ELLIPSE}" stroke-opacity=".6"/>'
            for ring in self.ellipses
        ] + [f'<path d="{d(path)}" stroke="{_TEXT}" stroke-width="2.5"/>' for path in self.paths]
        a, b = (escape(symbol) for symbol in self.symbols)
        text = f'fill="{_SOFT}" font-family="sans-serif" font-size="12"'
        return (
            f'<figure><svg role="img" width="{_SIDE + 90:.0f}" height="{_SIDE + 40:.0f}" '
            f'viewBox="-80 -10 {_SIDE + 90:.0f} {_SIDE + 40:.0f}">'
            f'<svg width="{_SIDE}" height="{_SIDE}" fill="none">'
            f'<rect width="{_SIDE}" height="{_SIDE}" stroke="{_SOFT}"/>{"".join(drawn)}</svg>'
            f'<g {text}><text x="0" y="{_SIDE + 16}">{a} = {x0:.3g}</text>'
            f'<text x="{_SIDE}" y="{_SIDE + 16}" text-anchor="end">{x1:.3g}</text>'
            f'<text x="-4" y="{_SIDE}" text-anchor="end">{b} = {y0:.3g}</text>'
            f'<text x="-4" y="12" text-anchor="end">{y1:.3g}</text></g></svg>'
            f"<figcaption>{escape(self.title)}</figcaption></figure>"
        )


def problem_bundle(problem: Problem) -> dict[str, Any]:
    """Return what a notebook shows of a problem: its loss, and ellipses of F over its view.

    Args:
        problem: The problem.

    Returns:
        The representations by mime type.
    """
    if problem.dim != 2:
        return {"text/plain": repr(problem)}
    return _picture(problem, repr(problem), np.asarray(problem.view, float), [], None).bundle()


def run_bundle(problem: Problem, title: str, theta: Array) -> dict[str, Any]:
    """Return what a notebook shows of a run: its paths over the loss, with ellipses of F.

    Args:
        problem: The problem; one without a model has no ellipses.
        title: The words beside the picture.
        theta: The paths, ``[steps + 1, ..., 2]``; the ellipses stand along the first of them.

    Returns:
        The representations by mime type.
    """
    if problem.dim != 2:
        return {"text/plain": title}
    paths = np.moveaxis(theta.reshape(len(theta), -1, 2), 1, 0)
    window = _around(np.asarray(problem.view, float), paths.reshape(-1, 2))
    return _picture(problem, title, window, list(paths[:20]), paths[0]).bundle()


def _picture(
    problem: Problem, title: str, window: Array, paths: list[Array], along: Array | None
) -> Picture:
    x, y = (_even(low, high) for low, high in window.tolist())
    points = np.stack(np.meshgrid(x, y), -1)
    inside = problem.inside(points)
    losses = np.full(inside.shape, np.nan)
    losses[inside] = problem.loss(points[inside])
    if along is None:
        along = points[6::12, 6::12].reshape(-1, 2)
    else:
        along = along[:: max(1, len(along) // 8)]
    return Picture(
        title, problem.symbols, window, (x, y, losses), _rings(problem, along, window), paths
    )


def _even(low: float, high: float) -> Array:
    return np.linspace(low, high, 60)


def _rings(problem: Problem, at: Array, window: Array) -> Array:
    """Ellipses of F at some points, all at one distance: the largest are a tenth of the window."""
    at = at[np.isfinite(at).all(-1)]
    at = at[problem.inside(at)]
    try:
        offsets = outline(problem.fisher(at), 1.0, 60)
    except NoProbabilityModel:
        return np.empty((0, 60, 2))
    sizes = np.abs(offsets / (window[:, 1] - window[:, 0])).max((-1, -2))
    seen = np.isfinite(sizes)
    if not seen.any():
        return np.empty((0, 60, 2))
    return at[seen][:, None] + offsets[seen] * (0.1 / float(np.median(sizes[seen])))


def _around(view: Array, points: Array) -> Array:
    """The view, widened to at most three times its size to hold the points."""
    middle, size = view.mean(1), np.ptp(view, axis=1)
    seen = points[np.isfinite(points).all(-1)]
    near = seen[(np.abs(seen - middle) < 1.5 * size).all(-1)]
    both = np.concatenate([view.T, near])
    return np.stack([both.min(0), both.max(0)], -1)


def _plain(values: Array) -> list[Any]:
    """As JSON has it: what is not a number is null."""
    found = values.astype(object)
    found[~np.isfinite(values)] = None
    return found.tolist()
