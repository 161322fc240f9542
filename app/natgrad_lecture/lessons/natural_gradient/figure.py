"""The natural gradient's picture: field, flow and runs; beside them KL, the gap, or one step."""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_core.geometry.ellipses import reach
from natgrad_core.linalg.small_matrices import full
from natgrad_core.types import Array
from natgrad_lecture.drawing.contours import add_contours
from natgrad_lecture.drawing.graph import Axis, Graph
from natgrad_lecture.drawing.paired_runs import RADIUS, add_paths, ellipses_at, reading, told
from natgrad_lecture.drawing.palette import ink
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.stationary import moving
from natgrad_lecture.drawing.windows import plane, window
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

INKS = {
    "natural": ink("natural"),
    "kl-limited": ink("kl-limited"),
    "field": {"light": "#00735a", "dark": "#3ecfa6"},
    "flow": {"light": "#7cc4ae", "dark": "#1f6f59"},
    "identity": {"light": "#00735a", "dark": "#3ecfa6", "symbol": "diamond"},
    "variance": {"light": "#0b468a", "dark": "#4f9fe8", "symbol": "square"},
    "log-scale": {"light": "#8a5a00", "dark": "#e6b84d", "symbol": "triangle"},
    "precision": {"light": "#a23b72", "dark": "#e58fbf", "symbol": "circle"},
    "stay": {"light": "#6b7280", "dark": "#9aa3ad"},
    "radius": {"light": "#6b7280", "dark": "#9aa3ad"},
    "one": {"light": "#00735a", "dark": "#3ecfa6", "symbol": "diamond"},
    "whole": {"light": "#3d4a9e", "dark": "#a3aef5", "symbol": "square"},
}

RATES: Array = np.power(0.5, np.arange(1.0, 8.0))
"""At which the gap between the coordinates is measured."""


def picture(shown: Any, sheet: Sheet) -> dict[str, Any]:
    """The field, the flow and the runs on one plane; on the other the graph that was chosen."""
    view = window(shown.problem)
    add_contours(sheet, shown.state.problem)
    points, starts = shown.field
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
    if shown.current is not None:
        sheet.add(
            "theta", "curve", "flow", "flow, α → 0", points=shown.current, width=6.5, faint=True
        )
    add_paths(sheet, shown, ("theta",))
    _add_step(sheet, shown)
    graph = {"kl": _kl_graph, "gap": _gap_graph, "sigma": _sigma_graph}[shown.state.graph]
    meter = [reading(pair, _label(name)) for name, pair in shown.twins.items()]
    return {
        "planes": [
            plane("theta", shown.problem.title, shown.problem.symbols, view),
            graph(shown, sheet).plane(),
        ],
        "ways": {"solid": "in θ", "dashed": "in x, mapped back"},
        "steps": shown.state.steps,
        "handles": [
            {
                "id": "start",
                "plane": "theta",
                "at": list(shown.start),
                "label": "starting point",
                "field": "start",
                "ink": "start",
            }
        ],
        "numbers": _numbers(shown, sheet),
        "meter": meter,
        "notes": {name: note for name, pair in shown.twins.items() if (note := told(pair))},
        "description": "; ".join(f"{m['label']}: {m['word']}, gap {m['text']}" for m in meter),
    }


def _add_step(sheet: Sheet, shown: Any) -> None:
    """At each step: −∇J and the direction taken, both to the end of the same KL."""
    path = shown.guide.home
    points, lead = path.good, path.ok.shape
    with np.errstate(all="ignore"):
        fisher = full(path.at.fisher, lead)
        plain = -moving(shown.problem, full(path.at.grad, lead))
        taken_here = np.where(np.isnan(plain), np.nan, shown.direction(points))
    sheet.add("theta", "ellipse-at", "metric", "equal KL", shapes=ellipses_at(points, fisher))
    taken = "−F⁻¹∇J" if shown.state.q == 1 and not shown.state.damping else "step"
    for color, direction, label in (
        ("gradient", plain, "−∇J"),
        ("natural", taken_here, taken),
    ):
        heads = points + reach(direction, fisher, RADIUS)
        sheet.add(
            "theta", "arrows", color, "", label=label, points=np.concatenate([points, heads], -1)
        )


def _label(name: str) -> str:
    return say.legend.get(name) or ink(name)["label"]


def _range(*values: Array, least: float = 1e-16) -> tuple[float, float]:
    """Powers of ten around the positive numbers among these, and some room for the axis' name."""
    every = np.concatenate([np.ravel(v) for v in values])
    seen = every[np.isfinite(every) & (every > least)]
    if not len(seen):
        return least, 1.0
    low, high = np.floor(np.log10(seen.min())), np.ceil(np.log10(seen.max()))
    return float(10**low), 2 * float(10 ** max(high, low + 1))


def _kl_graph(shown: Any, sheet: Sheet) -> Graph:
    """KL of each step in nats, of every run in θ."""
    kl = {name: pair.home.kl for name, pair in shown.twins.items()}
    low, high = _range(*kl.values(), np.array(shown.state.radius), least=1e-12)
    across, up = Axis("step", 0, max(shown.state.steps, 2)), Axis("KL", low, high, log=True)
    graph = Graph(sheet, "graph", "KL of each step, in nats", across, up)
    steps = np.arange(shown.state.steps)
    limit = np.full(len(steps), shown.state.radius)
    graph.curve("radius", "r", steps, limit, width=1.2, dash="dashed")
    for name, values in kl.items():
        good = values > 0
        graph.curve(name, _label(name), steps, np.where(good, values, np.nan))
        if good.any():
            graph.marks(name, _label(name), steps[good][-1], values[good][-1])
    return graph


def _gap_graph(shown: Any, sheet: Sheet) -> Graph:
    """The gap between the ends of a run in θ and in x, against the rate."""
    one, whole = shown.gaps("natural", RATES)
    curves = {"one": one, "whole": whole}
    if "gradient" in shown.state.rules:
        curves["gradient"] = shown.gaps("gradient", RATES)[1]
    low, high = _range(*curves.values())
    across, up = Axis("α", RATES[-1], 1.0, log=True), Axis("gap", low, high, log=True)
    graph = Graph(sheet, "graph", "gap of θ and x" + _slopes(one, whole), across, up)
    for name, values in curves.items():
        label = "plain, a whole run" if name == "gradient" else _label(name)
        seen = np.isfinite(values) & (values > 0)
        if seen.any():
            graph.curve(name, label, RATES[seen], values[seen])
            graph.marks(name, label, RATES[seen], values[seen])
    return graph


def _sigma_graph(shown: Any, sheet: Sheet) -> Graph:
    """Where one natural step of rate 1 takes σ: each coordinate is a map of its own."""
    spread = shown.deviation
    sigma = np.linspace(0.5, 2.4, 120)
    graph = Graph(
        sheet,
        "graph",
        "σ⁺ after one natural step, α = 1, in units of √v",
        Axis("σ", 0.4, 2.5),
        Axis("σ⁺", 0.4, 2.5),
    )
    graph.curve("stay", "no change", [0.4, 2.5], [0.4, 2.5], width=1.2, dash="dashed")
    now = np.array([shown.start[1]])
    here = shown.one_step(now)
    for name, after in shown.one_step(sigma * spread).items():
        good = np.isfinite(after)
        graph.curve(name, _label(name), sigma[good], after[good] / spread)
        graph.marks(name, _label(name), now / spread, here[name] / spread)
    return graph


def _numbers(shown: Any, sheet: Sheet) -> dict[str, Any]:
    """The formulas' numbers: a series over the steps, and the slopes of the gap."""
    path = shown.guide.home
    count = len(path.theta)
    at = path.at
    with np.errstate(all="ignore"):
        fisher = full(at.fisher, (count,))
        power = full(shown.power(at).dense(), (count,))
        delta = np.diff(path.good, axis=0, append=np.nan)
        nats = np.einsum("ni,nij,nj->n", delta, fisher, delta) / 2
        step = shown.state.rate * shown.direction(path.good)
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


def _slopes(one: Array, whole: Array) -> str:
    """The slopes of the gap's graph at its left end, in words; empty where there is no gap."""
    with np.errstate(all="ignore"):
        found = [float(np.log2(g[-2] / g[-1])) for g in (one, whole)]
    if not np.isfinite(found).all():
        return ""
    return f": slopes {found[0]:.2f} (one step) and {found[1]:.2f}"
