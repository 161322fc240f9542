"""The playground's picture: θ, x and a graph over the steps; the metric taken apart at one step."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from natgrad_core.charts.linear import Linear
from natgrad_core.core.trajectory import Trajectory
from natgrad_core.geometry.ellipses import ellipse_axes, reach
from natgrad_core.linalg.small_matrices import components, full
from natgrad_core.types import Array
from natgrad_lecture.drawing.contours import add_contours, add_contours_through, add_lattice
from natgrad_lecture.drawing.graph import Axis, Graph
from natgrad_lecture.drawing.paired_runs import add_paths, ellipses_at, one_step, reading, told
from natgrad_lecture.drawing.palette import ink
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.stationary import moving
from natgrad_lecture.drawing.windows import corners, plane, square, window
from natgrad_lecture.lessons.playground.model import Seen
from natgrad_lecture.lessons.playground.state import BY_METRIC
from natgrad_lecture.state.items import ChartKey, ProblemKey, chart_named, problem_named
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

INKS: dict[str, dict[str, Any]] = {
    BY_METRIC: {"light": "#6b2fa0", "dark": "#c79bf2", "symbol": "pentagon", "width": 2.6},
    "metric": {"light": "#6b2fa0", "dark": "#c79bf2"},
}

_ELLIPSE = 0.09
"""How large the ellipse of G is at the start, as a share of the view."""


_MOST = 0.95
"""Of the points of a view lie below the upper edge in x; and as many above the lower one."""


def label(name: str) -> str:
    """What a rule is called on the page."""
    return say.legend.get(name) or ink(name)["label"]


def picture(shown: Seen, sheet: Sheet) -> dict[str, Any]:
    """All views of the state, and the remarks on what cannot be had."""
    view = window(shown.problem)
    x_view = _x_view(shown.problem_key, shown.chart_key)
    symbols = shown.problem.symbols
    straight = isinstance(shown.chart, Linear)
    add_contours(sheet, shown.problem_key)
    add_contours_through(sheet, shown.problem_key, shown.chart_key, x_view)
    bends = 0 if straight else 100
    add_lattice(sheet, "theta", shown.chart.forward, x_view, view, bends)
    add_lattice(sheet, "x", shown.chart.inverse, view, x_view, bends)
    _add_crowd(sheet, shown)
    add_paths(sheet, shown)
    _add_metric(sheet, shown, view)
    graph = _graph(shown, sheet)
    meter = [reading(pair, label(pair.name)) for pair in shown.twins.values()]
    start = np.asarray(shown.start)
    return {
        "planes": [
            plane("theta", f"θ: {_words(shown.problem.name)}", symbols, view),
            plane("x", f"x: {_words(shown.chart.name)}", shown.chart.names(symbols), x_view),
            graph.plane(),
        ],
        "ways": {"solid": "run in θ", "dashed": "run in x"},
        "steps": shown.state.steps,
        "handles": [
            {
                "id": "start",
                "plane": "theta",
                "at": start.tolist(),
                "label": "starting point",
                "field": "start",
                "ink": "start",
            },
            {
                "id": "start.x",
                "plane": "x",
                "at": shown.chart.inverse(start).tolist(),
                "label": "starting point, in x",
                "field": "start.x",
                "ink": "start",
            },
        ],
        "numbers": _numbers(shown, sheet),
        "meter": meter,
        "notes": {name: note for name, pair in shown.twins.items() if (note := told(pair))},
        "remarks": shown.state.remarks,
        "description": "; ".join(f"{m['label']}: {m['word']}, gap {m['text']}" for m in meter),
    }


def _words(name: str) -> str:
    return name.replace("-", " ")


@lru_cache(maxsize=64)
def _x_view(problem: ProblemKey, chart: ChartKey) -> Array:
    """The window in x: around the view's corners, in a curved chart around most of the view."""
    of, through = problem_named(problem), chart_named(chart)
    if isinstance(through, Linear):
        return square(through.inverse(corners(window(of))))
    sides = [np.linspace(*side, 25) for side in of.view]
    points = np.stack(np.meshgrid(*sides), -1).reshape(-1, 2)
    x = through.inverse(points[of.inside(points)])
    x = np.concatenate([x[np.isfinite(x).all(-1)], through.inverse([of.start])])
    return square(np.quantile(x, [1 - _MOST, _MOST], axis=0))


def _add_crowd(sheet: Sheet, shown: Seen) -> None:
    """The runs from the other starts, faint, in θ and written in x."""
    for name, path in shown.crowd.items():
        theta = np.swapaxes(path.good, 0, 1)
        for where, points in (("theta", theta), ("x", shown.chart.inverse(theta))):
            sheet.add(
                where,
                "curve",
                name,
                "from other starts",
                points=points.reshape(-1, 2),
                starts=np.arange(0, len(points) * points.shape[1] + 1, points.shape[1]),
                faint=True,
                width=1.3,
            )


def _add_metric(sheet: Sheet, shown: Seen, view: Array) -> None:
    """At each step of the guide: the ellipse of G, and −∇J and −G⁻¹∇J to its edge."""
    radius = None
    for where, path in (("theta", shown.guide.home), ("x", shown.guide.away)):
        found = shown.tensor(path)
        if found is None:
            continue
        if radius is None:  # in both planes the same set of points, where G is a tensor
            longest = np.linalg.norm(ellipse_axes(found[0], 1.0), axis=-1).max()
            size = _ELLIPSE * float(np.ptp(view[0])) / longest
            radius = float(size**2) if np.isfinite(size) else 1.0
        sheet.add(
            where,
            "ellipse-at",
            "metric",
            "ellipse of G",
            shapes=ellipses_at(path.good, found, radius),
        )
        with np.errstate(all="ignore"):
            in_theta = full(shown.problem.at(components(path.home)).grad, path.ok.shape)
            resting = np.isnan(moving(shown.problem, in_theta))
            plain = np.where(resting, np.nan, -full(path.at.grad, path.ok.shape))
            raised = _solved(found, plain)
        for color, direction, text in (
            ("gradient", plain, "−∇J"),
            ("metric", raised, "−G⁻¹∇J"),
        ):
            heads = path.good + reach(direction, found, radius)
            sheet.add(
                where,
                "arrows",
                color,
                "",
                label=text,
                points=np.concatenate([path.good, heads], -1),
            )


def _solved(matrices: Array, vectors: Array) -> Array:
    """G⁻¹v, NaN where G has no inverse."""
    (a, b), (c, d) = np.moveaxis(matrices, (-2, -1), (0, 1))
    u, v = np.moveaxis(vectors, -1, 0)
    determinant = a * d - b * c
    return np.stack([d * u - b * v, a * v - c * u], -1) / determinant[..., None]


def _graph(shown: Seen, sheet: Sheet) -> Graph:
    """The loss, or KL of each step, against the step, of every run in θ and in x."""
    pairs = shown.twins
    last = max(shown.state.steps, 2)
    across = Axis("step", 0, last)
    if shown.state.graph == "kl" and shown.problem.support is not None:
        series = {n: (p.home.kl, p.away.kl) for n, p in pairs.items()}
        low, high = _powers(series)
        graph = Graph(
            sheet, "graph", "KL of each step, in nats", across, Axis("KL", low, high, log=True)
        )
    else:
        series = {n: (p.home.loss, p.away.loss) for n, p in pairs.items()}
        low, high = _around(series)
        graph = Graph(sheet, "graph", "loss J", across, Axis("J", low, high))
    for name, both in series.items():
        for values, dash in zip(both, ("solid", "dashed"), strict=True):
            seen = np.where((values >= low) & (values <= high), values, np.nan)
            if np.isfinite(seen).sum() > 1:
                graph.curve(name, label(name), np.arange(len(values)), seen, dash=dash)
    return graph


Series = dict[str, tuple[Array, Array]]


def _powers(series: Series) -> tuple[float, float]:
    every = np.concatenate([np.ravel(v) for pair in series.values() for v in pair])
    seen = every[np.isfinite(every) & (every > 1e-16)]
    if not len(seen):
        return 1e-4, 1.0
    low, high = np.floor(np.log10(np.quantile(seen, 0.02))), np.ceil(np.log10(seen.max()))
    return float(10**low), 2 * float(10 ** max(high, low + 1))


def _around(series: Series) -> tuple[float, float]:
    """From the least loss to a little above the first; what lies above is not drawn."""
    every = np.concatenate([np.ravel(v) for pair in series.values() for v in pair])
    first = float(next(iter(series.values()))[0][0])
    least = float(np.min(every[np.isfinite(every)], initial=first))
    room = 0.15 * max(first - least, 1e-9 * max(1.0, abs(first)))
    return least - room, first + 2 * room


def _numbers(shown: Seen, sheet: Sheet) -> dict[str, Any]:
    """The formulas' numbers along the guide's run in θ, and the same points in x."""
    guide = shown.guide
    path: Trajectory = guide.home
    count = len(path.theta)
    nothing = np.full((count, 2, 2), np.nan)
    with np.errstate(all="ignore"):
        there = guide.there
        found = shown.tensor(path)
        in_x = nothing
        if shown.metric is not None and found is not None:
            in_x = full(shown.metric(there).dense(), (count,))
        jacobian = full(shown.chart._jacobian(*there.theta), (count,))
        home, away = one_step(guide, shown.rule(guide.name))
        kl = path.kl if shown.problem.support is not None else np.full(count - 1, np.nan)
        columns = [
            (nothing if found is None else found).reshape(-1, 4),
            in_x.reshape(-1, 4),
            jacobian.reshape(-1, 4),
            full(path.at.grad, (count,)),
            home,
            away,
            np.asarray(path.loss)[:, None],
            np.append(kl, np.nan)[:, None],
        ]
    sheet.array("live", np.concatenate(columns, axis=1))
    names = [f"{m}.{i}.{j}" for m in ("G", "Gx", "J") for i in (0, 1) for j in (0, 1)]
    names += [f"{v}.{i}" for v in ("g", "home", "away") for i in (0, 1)]
    return {"@": [*names, "loss", "kl"]}
