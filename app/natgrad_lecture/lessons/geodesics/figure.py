"""Three geodesics between two normals, and the two natural-gradient runs, in two charts at once.

Wide bands are the geodesics, thin lines the runs; ellipses of the Fisher metric stand along the
shortest geodesic, at even distances.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from natgrad_core.analysis.fitted_curve import density_curve
from natgrad_core.geometry.ellipses import ellipse_axes
from natgrad_core.types import Array
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.drawing.contours import add_lattice
from natgrad_lecture.drawing.model_picture import Curves, densities
from natgrad_lecture.drawing.numbers import FINE, round_up
from natgrad_lecture.drawing.paired_runs import broken
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.windows import plane, square
from natgrad_lecture.lessons.geodesics.model import COUNT, NAMES, NORMAL, RUNS, Model, count
from natgrad_lecture.lessons.geodesics.state import CHARTS, LABELS
from natgrad_lecture.protocol import Handle, Picture, Plane
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

VIEW = np.array([[-1.6, 1.6], [0.0, 3.2]])

NORMAL_PEAK = 1 / np.sqrt(2 * np.pi)
"""The largest density of a normal with σ = 1."""

_SMALL = 1 / 16
"""Of the usual window: geodesics that take less of it have a window of their own."""

_STANDING = 5
_ZERO = 1e-12
"""Of the largest coordinate of a path: what is smaller is rounding, and is told as 0."""

_RADIUS = 0.02
"""Nats of KL, ½ δᵀFδ, of the ellipses."""


def picture(model: Model, sheet: Sheet) -> Picture:
    """Geodesics and runs in (μ, σ) and in the chosen chart."""
    views = {"theta": _view(model), "x": _window(list(_in_chart(model)))}
    title, chart = say(f"chart-{model.state.chart}"), CHARTS[model.state.chart]
    labels = LABELS.get(model.state.chart, chart.names(NORMAL.symbols))
    for name in views:
        _draw(model, sheet, name, views)
    return {
        "planes": [
            plane("theta", say("mean-and-spread"), NORMAL.symbols, views["theta"]),
            plane("x", title, labels, views["x"]),
            _add_densities(sheet, model),
        ],
        "dash_labels": {},
        "steps": count(model.state.rate),
        "handles": _handles(model),
        "numbers": _numbers(model),
        "description": _description(model),
    }


def _draw(model: Model, sheet: Sheet, name: str, views: dict[str, Array]) -> None:
    there = name == "x"

    def place(points: Array) -> Array:
        with np.errstate(all="ignore"):
            moved = model.chart.inverse(points) if there else points
        return np.where(points[..., 1:] > 0, moved, np.nan)

    if there:
        add_lattice(sheet, "x", place, views["theta"], views["x"], bends=60)
    for kind, points in model.drawn.items():
        sheet.add(name, "curve", kind, NAMES[kind], points=place(points), faint=True, width=9.0)
    standing = model.geodesics["rao"][:: (COUNT - 1) // (_STANDING - 1)]
    problem = NORMAL.through(model.chart) if there else NORMAL
    x = place(standing)
    axes = ellipse_axes(problem.fisher(x), _RADIUS)
    shapes = np.concatenate([x, axes.reshape(len(x), 4)], -1)
    sheet.add(name, "ellipses", "rao", NAMES["rao"], shapes=shapes)
    for run_name, reverse in RUNS.items():
        path = model.runs[run_name]
        with np.errstate(all="ignore"):  # a run that left the domain is drawn as far as it went
            points = path.theta if there else path.in_theta
        loss = sheet.array(f"loss.{run_name}", path.loss)
        sheet.add(
            name,
            "path",
            run_name,
            say("natural-steps"),
            rule=run_name,
            dash="dashed" if reverse else "solid",
            values={"loss": loss},
            points=points,
        )
    for kind, points in model.geodesics.items():
        middle = points[COUNT // 2][None]
        sheet.add(name, "points", kind, NAMES[kind], points=place(middle))


@bounded_cache
def _densities(low: float, high: float, top: float) -> Curves:
    return densities(density_curve(NORMAL, (low, high), top))


def _add_densities(sheet: Sheet, model: Model) -> Plane:
    """The two normals, and the one on each geodesic that is as far along it as the step."""
    ends = np.stack([model.a, model.b])
    low, high = (ends[:, 0] - 3 * ends[:, 1]).min(), (ends[:, 0] + 3 * ends[:, 1]).max()
    top = round_up(1.05 * float(NORMAL_PEAK / ends[:, 1].min()), FINE)
    shown = _densities(float(np.floor(low)), float(np.ceil(high)), top)
    for end in ends:
        shown.fit(sheet, "start", "", end[None], width=1.2)
    steps = count(model.state.rate)
    at = np.round(np.linspace(0, COUNT - 1, steps + 1)).astype(int)
    for kind, points in model.geodesics.items():
        shown.fit(sheet, kind, NAMES[kind], points[at])
    return shown.plane(say("along-each-geodesic"), say("densities-along"))


def _in_chart(model: Model) -> Iterator[Array]:
    return (model.chart.inverse(path) for path in model.drawn.values())


def _view(model: Model) -> Array:
    """The window of (μ, σ): the usual one, or one around ends and geodesics that it cannot hold, or
    of which nothing could be seen in it.
    """
    paths = list(model.drawn.values())
    low, high = VIEW.T
    small = np.ptp(np.concatenate(paths), axis=0).max() < _SMALL * np.ptp(VIEW[0])
    if not small and all(((low <= path) & (path <= high)).all() for path in paths):
        return VIEW
    return _window(paths)


def _window(paths: list[Array]) -> Array:
    """A square around all that is drawn, a little at rest while an end is dragged."""
    tight = square(np.concatenate(paths))
    half, middle = float(np.ptp(tight[0])) / 2, tight.mean(1)
    size = 1.25 ** np.ceil(np.log(1.15 * half) / np.log(1.25))
    grain = size / 10
    middle = np.round(middle / grain) * grain
    return np.stack([middle - size, middle + size], -1)


def _handles(model: Model) -> list[Handle]:
    handles = []
    for plane_name, end in (("theta", ""), ("x", ".x")):
        for field, label in (("a", say("start-p")), ("b", say("target-p"))):
            at = getattr(model, field)
            place = model.chart.inverse(at) if end else at
            handles.append(
                {
                    "id": field + end,
                    "plane": plane_name,
                    "at": place.tolist(),
                    "label": label,
                    "field": field + end,
                    "style": "start",
                    "tag": "p" if field == "a" else "p*",
                }
            )
    return handles


def _numbers(model: Model) -> dict[str, Any]:
    found: dict[str, Any] = {f"length.{name}": size for name, size in model.lengths.items()}
    for name, path in model.geodesics.items():
        middle = np.where(
            np.abs(path[COUNT // 2]) < _ZERO * np.abs(path).max(), 0.0, path[COUNT // 2]
        )
        found |= {f"mid.{name}.{i}": float(middle[i]) for i in (0, 1)}
    return found


def _description(model: Model) -> str:
    bad = [
        say("the-run-on", loss="KL(p‖p*)" if RUNS[name] else "KL(p*‖p)", how=how)
        for name, path in model.runs.items()
        if (how := broken(path))
    ]
    sizes = {name: f"{size:.4g}" for name, size in model.lengths.items()}
    return "; ".join([say("lengths", **sizes), *bad])
