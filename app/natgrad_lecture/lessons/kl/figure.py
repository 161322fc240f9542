"""Two normals, and either of two changes: of the data variable, y = f(x), or of the parameters.

On the left always the densities in x, with KL's integrand filled. Beside it, for the first change,
the curve y = f(x) and the same densities in y; for the second, the same two points in two charts.
Graphs that are compared give the same probability the same area on the page.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_core.core.chart import Chart
from natgrad_core.geometry.level_sets import kl_level_set
from natgrad_core.types import Array, Bools, Whole
from natgrad_lecture.drawing.contours import add_lattice
from natgrad_lecture.drawing.graph import Axis, Graph
from natgrad_lecture.drawing.numbers import FINE, round_up, short
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.windows import plane, square
from natgrad_lecture.lessons.kl.model import NORMAL, SAME, STEPS, Model, curves_at
from natgrad_lecture.lessons.kl.state import KNOTS, WINDOW, WINDOWS
from natgrad_lecture.protocol import Handle, MeterRow, Picture, Plane
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

PLACE = np.array([[-2.0, 2.0], [0.0, 4.0]])
"""The window of (μ, σ)."""

_STEEP = 3.0
"""How much taller than the left graph's densities those on the right may make both graphs."""

_TALL = 8.0
"""How much taller than the densities in x the integrand may make both graphs; of two normals that
hardly overlap it is hundreds of times as tall, and is cut off.
"""

ROWS = ("kl", "hellinger", "l2", "apart")


def picture(model: Model, sheet: Sheet) -> Picture:
    """The densities on the left, and the change that is made."""
    top, bottom = _heights(model)
    left = _densities(
        model, sheet, "left", say("in-x"), Axis("x", *WINDOW), model.places[0], (bottom, top)
    )
    if model.of_data:
        low, high = WINDOWS[model.state.f]
        right = _densities(
            model,
            sheet,
            "right",
            say("in-y"),
            Axis("y", low, high),
            model.places[1],
            (bottom / model.part, top / model.part),
        )
        planes = [left, _curve(model, sheet), right]
    else:
        planes = [left, *_parameters(model, sheet)]
    groups = ["data"] if model.of_data else ["parameters"]
    return {
        "planes": planes,
        "dash_labels": {}
        if model.of_data
        else {
            "solid": say("equally-far-in-sigma"),
            "dashed": say("equally-far-in-the-other-parameters"),
        },
        "steps": STEPS if model.of_data else 0,
        "handles": _handles(model, (bottom, top)),
        "numbers": _numbers(model, sheet),
        "meter": _meter(model),
        "shown": {"groups": ["what", "two", *groups], "formulas": [*_lines(model), "both"]},
        "description": "; ".join(f"{row.get('label')} {row.get('word')}" for row in _meter(model)),
    }


def _lines(model: Model) -> list[str]:
    """The formulas that hold: where f folds, a density is a sum over two x."""
    if not model.of_data:
        return ["numbers", "directions"]
    if not model.variable.one_to_one:
        return ["folded", "sums", "directions"]
    return ["point", "sums", "halves", "directions"]


def _heights(model: Model) -> tuple[float, float]:
    """How high and how deep the graph in x goes, so that on both graphs all can be seen."""
    tops, bottoms = [], []
    tallest = _TALL * float(np.nanmax(model.curves["left"][:2]))
    for name, curves in model.curves.items():
        values = np.stack(curves)
        part = model.part if name == "right" else 1.0
        tops.append(min(part * np.nanmax(values), tallest))
        bottoms.append(min(part * -np.nanmin(values), tallest))
    most = _STEEP * tops[0]
    return (
        round_up(1.06 * min(max(tops), most), FINE),
        -round_up(1.1 * max(min(max(bottoms), most), 0.05 * tops[0]), FINE),
    )


def _densities(
    model: Model,
    sheet: Sheet,
    name: str,
    title: str,
    across: Axis,
    places: Array,
    span: tuple[float, float],
) -> Plane:
    up = Axis("p,\u00a0q", *span)
    graph = Graph(sheet, name, say("densities-and-integrand", title=title), across, up)
    graph.curve("axis", "", [across.low, across.high], [0, 0], faint=True, width=1.0)
    if model.of_data:
        marks = np.arange(-3.0, 4.0)
        at = marks if name == "left" else np.unique(model.variable.forward(marks))
        lines = graph.points(np.repeat(at, 2), np.tile(span, len(at)))
        sheet.add(
            name,
            "lines",
            "grid",
            say("whole-numbers-of-x"),
            points=lines,
            starts=np.arange(0, len(lines) + 1, 2),
        )
    p, q, integrand = model.curves[name]
    graph.area("kl", say("adds-to-kl"), places, np.maximum(integrand, 0.0))
    graph.area("less", "subtracts", places, np.minimum(integrand, 0.0))
    graph.curve("p", "p", places, p, width=2.6)
    graph.curve("q", "q", places, q, width=2.6)
    if model.of_data:
        if name == "right":  # the point goes where its partner on the left is sent
            places = model.images
            integrand = curves_at(model.in_y, places)[2]
        graph.path("kl", say("the-integrand"), places, integrand, dash="solid")
    else:
        graph.curve("kl", say("adds-to-kl"), places, integrand)
    return graph.plane()


def _curve(model: Model, sheet: Sheet) -> Plane:
    """y = f(x), and at the step groups the way from x to y."""
    low, high = WINDOWS[model.state.f]
    graph = Graph(sheet, "middle", say("the-change"), Axis("x", *WINDOW), Axis("y", low, high))
    marks = np.arange(-3.0, 4.0)
    image = model.variable.forward(marks)
    corner = [[(m, low), (m, v), (WINDOW[0], v)] for m, v in zip(marks, image, strict=True)]
    flat = np.array(corner).reshape(-1, 2)
    sheet.add(
        "middle",
        "lines",
        "grid",
        say("whole-numbers-of-x"),
        points=graph.points(*flat.T),
        starts=np.arange(0, len(flat) + 1, 3),
    )
    x = model.places[0]
    y = model.variable.forward(x)
    graph.path("change", "y = f(x)", x, y, dash="solid")
    here = graph.points(x, y)
    floor, wall = graph.points(x, low), graph.points(WINDOW[0], y)
    sheet.add("middle", "arrows", "change", "", points=np.concatenate([floor, here], -1))
    sheet.add("middle", "arrows", "change", "", points=np.concatenate([here, wall], -1))
    return graph.plane()


def _parameters(model: Model, sheet: Sheet) -> list[Plane]:
    """p and q by their numbers, in (μ, σ) and in the chart: KL's level set, and two circles."""
    x_p, x_q = model.numbers_of
    level = kl_level_set(NORMAL, model.p, float(model.before["kl"]), 161)
    turn = np.linspace(0.0, 2 * np.pi, 161)
    ring = np.stack([np.cos(turn), np.sin(turn)], -1)
    circle = model.p + model.before["apart"] * ring
    other = x_p + model.after["apart"] * ring
    with np.errstate(all="ignore"):
        back = np.where(model.chart.inside(other)[:, None], model.chart.forward(other), np.nan)
        sent = np.where(circle[:, 1:] > 0, model.chart.inverse(circle), np.nan)
        shapes = {
            "middle": (level, circle, back),
            "right": (model.chart.inverse(level), sent, other),
        }
    tight = square(
        np.concatenate(
            [model.chart.inverse(level[np.isfinite(level).all(-1)]), other, np.stack([x_p, x_q])]
        )
    )
    view = _resting(tight)
    add_lattice(sheet, "right", _into(model.chart), PLACE, view, bends=30)
    for name, (around, solid, dashed) in shapes.items():
        ends = np.stack([model.p, model.q] if name == "middle" else [x_p, x_q])
        pieces = {"kl": (around, {}), "apart": (solid, {}), "": (dashed, {"dash": "dashed"})}
        for key, (points, more) in pieces.items():
            label = say("as-far-as-q-by-kl") if key == "kl" else say("as-far-by-the-numbers")
            kept, starts = _pieces(points)
            sheet.add(name, "curve", key or "apart", label, points=kept, starts=starts, **more)
        sheet.add(name, "curve", "apart", say("as-far-by-the-numbers"), points=ends, width=1.4)
    labels = model.chart.names(NORMAL.symbols)
    return [
        plane("middle", say("in-these", one="μ", other="σ"), NORMAL.symbols, PLACE),
        plane("right", say("in-these", one=labels[0], other=labels[1]), labels, view),
    ]


def _pieces(points: Array) -> tuple[Array, Whole]:
    """A closed curve ``[n, 2]`` without points that are no numbers: its pieces, their starts."""
    good: Bools = np.asarray(np.isfinite(points).all(-1))
    if not good.all():  # begin within a gap, so that none lies across the seam
        shift = -int(np.argmin(good))
        points, good = np.roll(points[:-1], shift, 0), np.roll(good[:-1], shift)
    cuts = np.flatnonzero(np.diff(good.astype(int)) == 1) + 1
    lengths = [int(part.sum()) for part in np.split(good, cuts)]
    return points[good], np.cumsum([0, *(n for n in lengths if n)])


def _into(chart: Chart) -> Any:
    """Points of (μ, σ) as the chart writes them; nowhere for σ ≤ 0."""
    return lambda points: np.where(points[..., 1:] > 0, chart.inverse(points), np.nan)


def _resting(tight: Array) -> Array:
    """A square around it that stays at rest while an end is dragged a little."""
    half, middle = float(np.ptp(tight[0])) / 2, tight.mean(1)
    size = 1.25 ** np.ceil(np.log(1.1 * half) / np.log(1.25))
    middle = np.round(middle / (size / 10)) * (size / 10)
    return np.stack([middle - size, middle + size], -1)


def _handles(model: Model, span: tuple[float, float]) -> list[Handle]:
    """The densities' peaks; the curve's knots; the two points by their parameters."""
    handles: list[Handle] = []
    across, up = Axis("x", *WINDOW), Axis("", *span)
    for name, at in (("p", model.p), ("q", model.q)):
        peak = float(np.exp(NORMAL.log_prob(at[0], at)))
        spot = [float(across.place(at[0])), float(up.place(peak))]
        handles.append(
            {
                "id": f"peak.{name}",
                "plane": "left",
                "at": spot,
                "style": name,
                "label": say("peak-of", which=name),
                "field": f"peak.{name}",
                "tag": name,
            }
        )
    if model.of_data and model.state.f == "drawn":
        rise = Axis("", *WINDOWS["drawn"])
        for i, (x, y) in enumerate(zip(KNOTS, model.state.curve, strict=True)):
            spot = [float(across.place(x)), float(rise.place(y))]
            handles.append(
                {
                    "id": f"knot.{i}",
                    "plane": "middle",
                    "at": spot,
                    "style": "change",
                    "label": say("f-at", at=short(x)),
                    "field": f"knot.{i}",
                    "tag": "",
                }
            )
    if not model.of_data:
        for name, at in (("p", model.p), ("q", model.q)):
            handles.append(
                {
                    "id": name,
                    "plane": "middle",
                    "at": at.tolist(),
                    "style": name,
                    "label": say("parameters-of", which=name),
                    "field": name,
                    "tag": name,
                }
            )
            handles.append(
                {
                    "id": f"{name}.chart",
                    "plane": "right",
                    "style": name,
                    "tag": name,
                    "at": model.chart.inverse(at).tolist(),
                    "field": f"chart.{name}",
                    "label": say("parameters-of-in-the-chart", which=name),
                }
            )
    return handles


def _meter(model: Model) -> list[MeterRow]:
    rows = []
    for name in ROWS:
        moved = model.change(name)
        moved = 0.0 if moved < SAME else moved  # what is left is rounding
        word = say("changes") if moved else say("stays")
        rows.append(
            {
                "rule": name,
                "style": name,
                "label": say(f"row-{name}"),
                "gap": moved,
                "word": word,
                "text": "∞",
            }
        )
    return rows


def _ratio(p: Array, q: Array) -> Array:
    """p/q; none where the page's numbers, of single precision, cannot hold it."""
    found = p / q
    held = np.finfo(np.float32)
    return np.where((found > held.tiny) & (found < held.max), found, np.nan)


def _numbers(model: Model, sheet: Sheet) -> dict[str, Any]:
    found: dict[str, Any] = {f"before.{name}": value for name, value in model.before.items()}
    found |= {f"after.{name}": value for name, value in model.after.items()}
    middle = (model.p + model.q) / 2
    found |= {
        "back": float(NORMAL.kl(model.q, model.p)),
        "via": float(NORMAL.kl(model.p, middle) + NORMAL.kl(middle, model.q)),
    }
    if model.of_data:
        x, y = model.places[0], model.images
        (p, q, integrand) = model.curves["left"]
        p_y, q_y, integrand_y = curves_at(model.in_y, y)
        found |= dict(zip(("own", "cross"), model.in_x.entropies, strict=True))
        found |= dict(zip(("owny", "crossy"), model.in_y.entropies, strict=True))
        with np.errstate(all="ignore"):
            slope = model.variable.slope(x)
            columns = {
                "x": x,
                "y": y,
                "p": p,
                "slope": slope,
                "mirror": np.exp(model.in_x.logs(-x)[0]),
                "py": p_y,
                "ratio": _ratio(p, q),
                "ratioy": _ratio(p_y, q_y),
                "g": integrand,
                "gy": integrand_y,
                "sum": model.in_x.running(x)[1],
                "sumy": model.in_y.running(y)[1],
            }
        sheet.array("live", np.stack(list(columns.values()), -1))
        return {"@": list(columns), **found}
    x_p, x_q = model.numbers_of
    pairs = {"p": model.p, "q": model.q, "xp": x_p, "xq": x_q}
    return found | {f"{name}.{i}": float(v[i]) for name, v in pairs.items() for i in (0, 1)}


STYLES = {
    "p": {"light": "#1b1b1f", "dark": "#f3f3f0", "symbol": "circle"},
    "q": {"light": "#8a5a00", "dark": "#e6b84d", "symbol": "circle"},
    "kl": {"light": "#0b62a8", "dark": "#63b3f5", "symbol": "circle"},
    "less": {"light": "#a23b72", "dark": "#e58fbf", "symbol": "circle"},
    "change": {"light": "#7b3fa0", "dark": "#cf9ff0", "symbol": "circle"},
    "hellinger": {"light": "#3d4a9e", "dark": "#a3aef5", "symbol": "circle"},
    "l2": {"light": "#a23b72", "dark": "#e58fbf", "symbol": "circle"},
    "apart": {"light": "#c2410c", "dark": "#fb923c", "symbol": "circle"},
}
