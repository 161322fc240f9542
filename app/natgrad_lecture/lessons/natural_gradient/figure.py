"""The natural gradient's picture: field, flow and runs; beside them KL, the gap, or one step."""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_core import Trajectory
from natgrad_core.geometry.ellipses import reach
from natgrad_core.linalg.small_matrices import full
from natgrad_core.types import Array
from natgrad_lecture.drawing.contours import add_contours
from natgrad_lecture.drawing.graph import Axis, Graph
from natgrad_lecture.drawing.heat_map import add_map, color_scale
from natgrad_lecture.drawing.model_picture import add_model
from natgrad_lecture.drawing.paired_runs import (
    RADIUS,
    add_paths,
    ellipses_at,
    in_words,
    reading,
    trouble,
)
from natgrad_lecture.drawing.palette import style
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.start_handles import start_handle
from natgrad_lecture.drawing.stationary import moving
from natgrad_lecture.drawing.windows import plane, window
from natgrad_lecture.lessons.natural_gradient.state import BENDS, RATES
from natgrad_lecture.protocol import Handle, Picture, Plane
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

STYLES = {
    "natural": style("natural"),
    "kl-limited": style("kl-limited"),
    "field": {"light": "#00735a", "dark": "#3ecfa6"},
    "flow": {"light": "#7cc4ae", "dark": "#1f6f59"},
    "identity": {"light": "#00735a", "dark": "#3ecfa6", "symbol": "diamond"},
    "variance": {"light": "#0b468a", "dark": "#4f9fe8", "symbol": "square"},
    "log-scale": {"light": "#8a5a00", "dark": "#e6b84d", "symbol": "triangle"},
    "precision": {"light": "#a23b72", "dark": "#e58fbf", "symbol": "circle"},
    "stay": {"light": "#6b7280", "dark": "#9aa3ad"},
    "quadratic": {"light": "#8a5a00", "dark": "#e6b84d"},
    "radius": {"light": "#6b7280", "dark": "#9aa3ad"},
    "one": {"light": "#00735a", "dark": "#3ecfa6", "symbol": "diamond"},
    "map": {"light": "#31418f", "dark": "#31418f", "symbol": "square"},
    "whole": {"light": "#3d4a9e", "dark": "#a3aef5", "symbol": "square"},
}

HALVED: Array = np.power(0.5, np.arange(1.0, 8.0))
"""Rates at which the gap between the coordinates is measured."""

GAPS = Axis(say("gap"), 1e-5, 1.0, log=True)
"""What the colors of the map of gaps mean."""

ROUNDING = 1e-13
"""A gap below this is rounding, and has no slope."""


def picture(model: Any, sheet: Sheet) -> Picture:
    """The field, the flow and the runs on one plane; on the other the graph that was chosen."""
    view = window(model.problem)
    add_contours(sheet, model.state.problem)
    points, starts = model.field
    if len(points):
        sheet.add(
            "theta",
            "curve",
            "field",
            "directions",
            points=points,
            starts=starts,
            faint=True,
            width=1.3,
        )
    if model.current is not None:
        sheet.add(
            "theta",
            "curve",
            "flow",
            say("flow-of-small-steps"),
            points=model.current,
            width=6.5,
            faint=True,
        )
    add_paths(sheet, model, ("theta",))
    _add_step(sheet, model)
    if model.state.graph == "map":
        graphs = _gap_maps(model, sheet)
    else:
        draw = {"kl": _kl_graph, "gap": _gap_graph, "sigma": _sigma_graph}[model.state.graph]
        graphs = [draw(model, sheet).plane()]
    beside = add_model(sheet, model.problem, model.in_theta, model.start, _label)
    meter = [reading(pair, _label(name)) for name, pair in model.paired_runs.items()]
    return {
        "planes": [
            plane("theta", model.problem.title, model.problem.symbols, view),
            *graphs,
            *beside,
        ],
        "dash_labels": {"solid": say("in-theta"), "dashed": say("in-x-mapped-back")},
        "steps": model.state.steps,
        "handles": [start_handle(model.start), *_cell(model)],
        "numbers": _numbers(model, sheet),
        "meter": meter,
        "notes": {
            name: note for name, pair in model.paired_runs.items() if (note := trouble(pair))
        },
        "description": in_words(meter),
    }


def _add_step(sheet: Sheet, model: Any) -> None:
    """At each step: −∇J and the direction taken, both to the end of the same KL."""
    path = model.guide.in_theta
    points, lead = path.good, path.ok.shape
    with np.errstate(all="ignore"):
        fisher = full(path.at.fisher, lead)
        downhill = -moving(model.problem, full(path.at.grad, lead))
        taken_here = np.where(np.isnan(downhill), np.nan, model.direction(points))
    sheet.add("theta", "ellipse-at", "metric", say("equal-kl"), shapes=ellipses_at(points, fisher))
    taken = "−F⁻¹∇J" if model.state.q == 1 and not model.state.damping else "step"
    for color, direction, label in (
        ("gradient", downhill, "−∇J"),
        ("natural", taken_here, taken),
    ):
        heads = points + reach(direction, fisher, RADIUS)
        sheet.add(
            "theta", "arrows", color, "", label=label, points=np.concatenate([points, heads], -1)
        )


def _label(name: str) -> str:
    return say.legend.get(name) or style(name)["label"]


def _range(*values: Array, least: float = 1e-16) -> tuple[float, float]:
    """Powers of ten around the positive numbers among these, and some room for the axis' name."""
    every = np.concatenate([np.ravel(v) for v in values])
    good = every[np.isfinite(every) & (every > least)]
    if not len(good):
        return least, 1.0
    low, high = np.floor(np.log10(good.min())), np.ceil(np.log10(good.max()))
    return float(10**low), 2 * float(10 ** max(high, low + 1))


def _kl_graph(model: Any, sheet: Sheet) -> Graph:
    """KL of each step in nats, of every run in θ."""
    kl = {name: pair.in_theta.kl for name, pair in model.paired_runs.items()}
    low, high = _range(*kl.values(), np.array(model.state.radius), least=1e-12)
    across, up = Axis("step", 0, max(model.state.steps, 2)), Axis("KL", low, high, log=True)
    graph = Graph(sheet, "graph", say("kl-of-each-step-in-nats"), across, up)
    steps = np.arange(model.state.steps)
    limit = np.full(len(steps), model.state.radius)
    graph.curve("radius", "r", steps, limit, width=1.2, dash="dashed")
    if "kl-limited" in model.paired_runs:
        nats = _nats(model.paired_runs["kl-limited"].in_theta)
        graph.curve("quadratic", "½δᵀFδ", steps, nats[:-1], width=1.6, dash="dashed")
    for name, values in kl.items():
        good = values >= low  # what is smaller is rounding
        graph.curve(name, _label(name), steps, np.where(good, values, np.nan))
        if good.any():
            graph.marks(name, _label(name), steps[good][-1], values[good][-1])
    return graph


def _gap_graph(model: Any, sheet: Sheet) -> Graph:
    """The gap between the ends of a run in θ and in x, against the rate."""
    one, whole = model.gaps("natural", HALVED)
    curves = {"one": one, "whole": whole}
    if "gradient" in model.state.rules:
        curves["gradient"] = model.gaps("gradient", HALVED)[1]
    low, high = _range(*curves.values())
    across, up = Axis("α", HALVED[-1], 1.0, log=True), Axis("gap", low, high, log=True)
    graph = Graph(sheet, "graph", _gap_title(one, whole), across, up)
    for name, values in curves.items():
        label = say("gradient-descent-a-whole-run") if name == "gradient" else _label(name)
        good = np.isfinite(values) & (values > 0)
        if good.any():
            graph.curve(name, label, HALVED[good], values[good])
            graph.marks(name, label, HALVED[good], values[good])
    return graph


def _gap_maps(model: Any, sheet: Sheet) -> list[Plane]:
    """For the natural gradient and gradient descent: the gap at every rate and bend."""
    planes: list[Plane] = []
    words = {"under": say("or-less", least="10⁻⁵"), "none": say("a-run-broke-off")}
    scale = color_scale(GAPS, 254 / 255, over=say("more-than-1"), **words)
    scale["ticks"] = scale["ticks"][::2]  # a narrow scale has no room for more
    for name, title, plane_name in (
        ("natural", say("gap-of-the-natural-gradient"), "map"),
        ("gradient", say("gap-of-gradient-descent"), "map-gradient"),
    ):
        graph = Graph(sheet, plane_name, title, RATES, BENDS)
        place = GAPS.place(model.gap_map(name))
        cells = np.where(place > 1, 1.0, 254 / 255 * np.maximum(place, 0.0))
        add_map(sheet, graph, np.where(np.isnan(place), np.nan, cells), scale)
        planes.append(graph.plane())
    natural, gradient = planes
    return [{**natural, "click": "cell", "look": ("cell", {"rules": ["natural"]})}, gradient]


def _cell(model: Any) -> list[Handle]:
    """The run shown, on the map of the natural gradient's gaps."""
    s = model.state
    if s.graph != "map":
        return []
    here = [float(RATES.place(s.rate)), float(BENDS.place(s.bend))]
    return [
        {
            "id": "cell",
            "tag": say("run"),
            "style": "start",
            "plane": "map",
            "at": np.clip(here, 0, 1).tolist(),
            "label": say("the-run-shown"),
            "field": "cell",
        }
    ]


def _sigma_graph(model: Any, sheet: Sheet) -> Graph:
    """Where one natural step of rate 1 takes σ: each coordinate is a map of its own."""
    spread = model.deviation
    sigma = np.linspace(0.5, 2.4, 120)
    graph = Graph(
        sheet,
        "graph",
        say("from-the-sample-s-mean-sigma"),
        Axis("σ", 0.4, 2.5),
        Axis("σ⁺", 0.4, 2.5),
    )
    graph.curve("stay", "no change", [0.4, 2.5], [0.4, 2.5], width=1.2, dash="dashed")
    now = np.array([model.start[1]])
    here = model.one_step(now)
    for name, after in model.one_step(sigma * spread).items():
        good = np.isfinite(after)
        graph.curve(name, _label(name), sigma[good], after[good] / spread)
        if np.isfinite(here[name]).all():
            graph.marks(name, _label(name), now / spread, here[name] / spread)
    return graph


def _numbers(model: Any, sheet: Sheet) -> dict[str, Any]:
    """The formulas' numbers: a series over the steps, and the slopes of the gap."""
    path = model.guide.in_theta
    count = len(path.theta)
    at = path.at
    with np.errstate(all="ignore"):
        fisher = full(at.fisher, (count,))
        power = full(model.power(at).dense(), (count,))
        nats = _nats(path)
        step = model.state.rate * model.direction(path.good)
    kl = np.append(path.kl, np.nan)
    series = np.concatenate(
        [
            fisher.reshape(-1, 4),
            power.reshape(-1, 4),
            full(at.grad, (count,)),
            step,
            kl[:, None],
            nats[:, None],
        ],
        axis=1,
    )
    names = [f"{m}.{i}.{j}" for m in ("F", "Fq") for i in (0, 1) for j in (0, 1)]
    names += ["g.0", "g.1", "step.0", "step.1", "kl", "nats"]
    sheet.array("live", series)
    return {"@": names}


def _nats(path: Trajectory) -> Array:
    """½δᵀFδ of each step of a run, and NaN at its end, ``[steps + 1]``."""
    with np.errstate(all="ignore"):
        delta = np.diff(path.good, axis=0, append=np.nan)
        fisher = full(path.at.fisher, (len(path.theta),))
        return np.asarray(np.einsum("ni,nij,nj->n", delta, fisher, delta) / 2)


def _gap_title(one: Array, whole: Array) -> str:
    """The title of the gap's graph: with the slopes at its left end, where there is a gap."""
    title = say("gap-of-theta-and-x")
    ends = np.array([one[-2:], whole[-2:]])
    if not (np.isfinite(ends).all() and ends.min() > ROUNDING):
        return title
    found = np.log2(ends[:, 0] / ends[:, 1])
    return say("slopes-one-step-and", title=title, one=f"{found[0]:.2f}", whole=f"{found[1]:.2f}")
