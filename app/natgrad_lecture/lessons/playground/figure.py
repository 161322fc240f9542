"""The playground's picture: θ, x and a graph over the steps; the metric taken apart at one step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from natgrad_core.analysis.basins import Basins
from natgrad_core.charts.linear import Linear
from natgrad_core.core.restricted import Restricted
from natgrad_core.core.trajectory import Trajectory
from natgrad_core.geometry.ellipses import ellipse_axes, reach
from natgrad_core.linalg.small_matrices import components, full
from natgrad_core.types import Array
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.drawing.contours import add_contours, add_contours_through, add_lattice
from natgrad_lecture.drawing.graph import Axis, Graph
from natgrad_lecture.drawing.heat_map import Growth, Kept, progress, spread, steps_axis
from natgrad_lecture.drawing.model_picture import add_model
from natgrad_lecture.drawing.numbers import short
from natgrad_lecture.drawing.paired_runs import (
    add_paths,
    ellipses_at,
    in_words,
    one_step,
    reading,
    trouble,
)
from natgrad_lecture.drawing.palette import style
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.start_handles import start_handles
from natgrad_lecture.drawing.stationary import moving
from natgrad_lecture.drawing.windows import (
    corners,
    framed,
    is_square,
    placed,
    plane,
    square,
    theta,
    window,
)
from natgrad_lecture.lessons.playground.model import COUNT, Model
from natgrad_lecture.lessons.playground.state import BY_METRIC
from natgrad_lecture.protocol import ColorScale, Picture, Plane
from natgrad_lecture.state.items import OWN, ChartKey, ProblemKey, chart_named, problem_named
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

STYLES: dict[str, dict[str, Any]] = {
    BY_METRIC: {"light": "#6b2fa0", "dark": "#c79bf2", "symbol": "pentagon", "width": 2.6},
    "metric": {"light": "#6b2fa0", "dark": "#c79bf2"},
    "minimum-1": {"light": "#1f6fb4", "dark": "#6cb6f5"},
    "minimum-2": {"light": "#b06a00", "dark": "#f0b050"},
}

_ELLIPSE = 0.09
"""How large the ellipse of G is at the start, as a share of the view."""


MANY = 30
"""Steps from which a scale of steps has room for a mark at ten."""

_MOST = 0.95
"""Of the points of a view lie below the upper edge in x; and as many above the lower one."""


def label(name: str) -> str:
    """What a rule is called on the page."""
    return say.legend.get(name) or style(name)["label"]


def picture(model: Model, sheet: Sheet) -> Picture:
    """All views of the state, and the remarks on what cannot be had."""
    view = _view(model)
    x_view = _x_view(model.problem_key, model.chart_key, is_square(view), model.start)
    frames = {} if is_square(view) else {"theta": view, "x": x_view}
    for name, shown in frames.items():
        sheet.frame(name, shown)
    symbols = model.problem.symbols
    straight = isinstance(model.chart, Linear)
    add_contours(sheet, model.problem_key)
    add_contours_through(sheet, model.problem_key, model.chart_key, x_view)
    bends = 0 if straight else 100
    add_lattice(sheet, "theta", model.chart.forward, x_view, view, bends)
    add_lattice(sheet, "x", model.chart.inverse, view, x_view, bends)
    _add_crowd(sheet, model)
    add_paths(sheet, model)
    _add_metric(sheet, model, view)
    ends = model.ends
    grows: Growth = progress(sheet, _least(ends.values())) if ends else {}
    if ends:
        beside = _ends(model, sheet)
    else:
        shown = add_model(sheet, model.problem, model.in_theta, model.start, label)
        beside = [_graph(model, sheet).plane(), *shown]
    meter = [reading(pair, label(pair.name)) for pair in model.paired_runs.values()]
    handles = start_handles(model.start, model.chart, say("starting-point-in-x"))
    planes = [
        plane("theta", f"{theta(symbols)}: {_words(_name(model))}", symbols, view),
        plane("x", f"x: {_words(model.chart.name)}", model.chart.names(symbols), x_view),
    ]
    if frames:
        handles = [placed(handle, frames[handle["plane"]]) for handle in handles]
        planes = [framed(each) for each in planes]
    return {
        "planes": [*planes, *beside],
        "dash_labels": {"solid": "run in θ", "dashed": "run in x"},
        "steps": model.state.steps,
        "handles": handles,
        "numbers": _numbers(model, sheet),
        "meter": meter,
        "notes": {
            name: note for name, pair in model.paired_runs.items() if (note := trouble(pair))
        },
        "remarks": model.remarks,
        "hints": model.state.hints,
        "description": in_words(meter),
        **grows,
    }


def _name(model: Model) -> str:
    """The problem's name; what is held stands beside the names of the parameters."""
    problem = model.problem
    return problem.base.name if isinstance(problem, Restricted) else problem.name


def _view(model: Model) -> Array:
    """The window in θ: what the reader set, or the square around what the problem wants seen."""
    chosen = model.state.window is not None or model.state.problem == OWN
    return np.asarray(model.problem.view, float) if chosen else window(model.problem)


def _least(kept: Iterable[Kept[Basins]]) -> Kept[Basins]:
    """The map of which the least is known."""
    return min(kept, key=lambda each: each.part if not each.whole else np.inf)


def _ends(model: Model, sheet: Sheet) -> list[Plane]:
    """For each rule a map of the starts: at which minimum its run ends, and how soon."""
    view, steps = _view(model), model.state.steps
    axis = steps_axis("", steps)
    digits = int(2 - np.floor(np.log10(np.ptp(model.problem.view, axis=1).min() / 2)))
    places = [
        f"({', '.join(short(round(v, digits) + 0.0) for v in place)})" for place in model.minima[:2]
    ]
    elsewhere = {1: "at-no-minimum", 2: "at-none-of-them"}
    nowhere = elsewhere.get(len(model.minima), "at-another-or-none")
    scale: ColorScale = {
        "label": say("steps-to-the-minimum", where=", ".join(places)),
        "axis": (axis.low, axis.high, axis.log),
        "ticks": [],
        "sides": places,
        "notes": {"none": say(nowhere, steps=steps)},
    }
    ten = 0.5 * float(axis.place(10.0))
    marks = [(0.0, "1"), (ten, "10"), (0.5, short(axis.high)), (1.0 - ten, "10"), (1.0, "1")]
    scale["ticks"] = [mark for mark in marks if steps > MANY or mark[1] != "10"]
    (x0, x1), (y0, y1) = model.problem.view
    half = [(x1 - x0) / (COUNT - 1) / 2, (y1 - y0) / (COUNT - 1) / 2]
    planes: list[Plane] = []
    for name, kept in model.ends.items():
        found = kept.upto(max(sheet.fine, 1))
        assert found is not None
        soon = 0.4995 * axis.place(np.maximum(found.first, 1))
        value = np.select([found.which == 0, found.which == 1], [soon, 1.0 - soon], np.nan)
        here = f"ends-{name}"
        if not is_square(view):
            sheet.frame(here, view)
        sheet.add(
            here,
            "heat",
            "minimum-1",
            "",
            cells=spread(value, found.done).ravel(),
            size=[COUNT, COUNT],
            box=[x0 - half[0], x1 + half[0], y0 - half[1], y1 + half[1]],
            between=["minimum-1", "minimum-2"],
            colors=scale,
        )
        sheet.add(here, "points", "contour", "", points=model.minima, symbol="cross")
        spec = plane(here, say("where-runs-end", rule=label(name)), model.problem.symbols, view)
        spec = spec if is_square(view) else framed(spec)
        planes.append({**spec, "click": "start", "look": ("start", {})})
    return planes


def _words(name: str) -> str:
    return name.replace("-", " ")


@bounded_cache
def _x_view(problem: ProblemKey, chart: ChartKey, squared: bool, start: tuple[float, ...]) -> Array:
    """The window in x: around the view's corners, in a curved chart around most of the view.

    A square one if it is to be ``squared``, as that in θ is.
    """
    of, through = problem_named(problem), chart_named(chart)
    around = square if squared else _box
    if isinstance(through, Linear):
        base = window(of) if squared else np.asarray(of.view, float)
        return around(through.inverse(corners(base)))
    sides = [np.linspace(*side, 25) for side in of.view]
    points = np.stack(np.meshgrid(*sides), -1).reshape(-1, 2)
    x = through.inverse(np.concatenate([points[of.inside(points)], [start]]))
    x = x[np.isfinite(x).all(-1)]  # the start has an image, or the chart is refused
    return around(np.quantile(x, [1 - _MOST, _MOST], axis=0))


def _box(points: Array) -> Array:
    """The window around some points ``[n, 2]``, as long along each axis as they reach."""
    low, high = points.min(0), points.max(0)
    more = np.where(high > low, 0.0, 0.5)
    return np.stack([low - more, high + more], -1)


def _add_crowd(sheet: Sheet, model: Model) -> None:
    """The runs from the other starts, faint, in θ and written in x."""
    for name, path in model.crowd.items():
        theta = np.swapaxes(path.good, 0, 1)
        for where, points in (("theta", theta), ("x", model.chart.inverse(theta))):
            sheet.add(
                where,
                "curve",
                name,
                say("from-other-starts"),
                points=points.reshape(-1, 2),
                starts=np.arange(0, len(points) * points.shape[1] + 1, points.shape[1]),
                faint=True,
                width=1.3,
            )


def _add_metric(sheet: Sheet, model: Model, view: Array) -> None:
    """At each step of the guide: the ellipse of G, and −∇J and −G⁻¹∇J to its edge."""
    radius = None
    for where, path in (("theta", model.guide.in_theta), ("x", model.guide.in_x)):
        found = model.tensor(path)
        if found is None:
            continue
        if radius is None:  # in both planes the same set of points, where G is a tensor
            axes = ellipse_axes(found[0], 1.0) / np.ptp(view, axis=1)
            size = _ELLIPSE / np.linalg.norm(axes, axis=-1).max()
            radius = float(size**2) if np.isfinite(size) else 1.0
        sheet.add(
            where,
            "ellipse-at",
            "metric",
            "ellipse of G",
            shapes=ellipses_at(path.good, found, radius),
        )
        with np.errstate(all="ignore"):
            in_theta = full(model.problem.at(components(path.in_theta)).grad, path.ok.shape)
            resting = np.isnan(moving(model.problem, in_theta))
            downhill = np.where(resting, np.nan, -full(path.at.grad, path.ok.shape))
            raised = _solved(found, downhill)
        for color, direction, text in (
            ("gradient", downhill, "−∇J"),
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


def _graph(model: Model, sheet: Sheet) -> Graph:
    """The loss, or KL of each step, against the step, of every run in θ and in x."""
    pairs = model.paired_runs
    last = max(model.state.steps, 2)
    across = Axis("step", 0, last)
    if model.state.graph == "kl" and model.problem.support is not None:
        series = {n: (p.in_theta.kl, p.in_x.kl) for n, p in pairs.items()}
        low, high = _powers(series)
        graph = Graph(
            sheet, "graph", say("kl-of-each-step-in-nats"), across, Axis("KL", low, high, log=True)
        )
    else:
        series = {n: (p.in_theta.loss, p.in_x.loss) for n, p in pairs.items()}
        low, high = _around(series)
        graph = Graph(sheet, "graph", "loss J", across, Axis("J", low, high))
    for name, both in series.items():
        for values, dash in zip(both, ("solid", "dashed"), strict=True):
            inside = np.where((values >= low) & (values <= high), values, np.nan)
            if np.isfinite(inside).sum() > 1:
                graph.curve(name, label(name), np.arange(len(values)), inside, dash=dash)
    return graph


Series = dict[str, tuple[Array, Array]]


def _powers(series: Series) -> tuple[float, float]:
    every = np.concatenate([np.ravel(v) for pair in series.values() for v in pair])
    inside = every[np.isfinite(every) & (every > 1e-12)]  # what is smaller is rounding
    if not len(inside):
        return 1e-4, 1.0
    low, high = np.floor(np.log10(np.quantile(inside, 0.02))), np.ceil(np.log10(inside.max()))
    return float(10**low), 2 * float(10 ** max(high, low + 1))


def _around(series: Series) -> tuple[float, float]:
    """From the least loss to a little above the first; what lies above is not drawn."""
    every = np.concatenate([np.ravel(v) for pair in series.values() for v in pair])
    first = float(next(iter(series.values()))[0][0])
    least = float(np.min(every[np.isfinite(every)], initial=first))
    room = 0.15 * max(first - least, 1e-9 * max(1.0, abs(first)))
    return least - room, first + 2 * room


def _numbers(model: Model, sheet: Sheet) -> dict[str, Any]:
    """The formulas' numbers along the guide's run in θ, and the same points in x."""
    guide = model.guide
    path: Trajectory = guide.in_theta
    count = len(path.theta)
    nothing = np.full((count, 2, 2), np.nan)
    with np.errstate(all="ignore"):
        there = guide.there
        found = model.tensor(path)
        in_x = nothing
        if model.metric is not None and found is not None:
            in_x = full(model.metric(there).dense(), (count,))
        jacobian = full(model.chart._jacobian(*there.theta), (count,))
        step_in_theta, step_in_x = one_step(guide, model.rule(guide.name))
        kl = path.kl if model.problem.support is not None else np.full(count - 1, np.nan)
        columns = [
            (nothing if found is None else found).reshape(-1, 4),
            in_x.reshape(-1, 4),
            jacobian.reshape(-1, 4),
            full(path.at.grad, (count,)),
            step_in_theta,
            step_in_x,
            np.asarray(path.loss)[:, None],
            np.append(kl, np.nan)[:, None],
        ]
    sheet.array("live", np.concatenate(columns, axis=1))
    names = [f"{m}.{i}.{j}" for m in ("G", "Gx", "J") for i in (0, 1) for j in (0, 1)]
    names += [f"{v}.{i}" for v in ("g", "step_in_theta", "step_in_x") for i in (0, 1)]
    return {"@": [*names, "loss", "kl"]}
