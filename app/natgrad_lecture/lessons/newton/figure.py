"""The picture: what the engine says, as traces and handles."""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_core.types import Array, Bools
from natgrad_lecture.drawing.contours import add_contours, add_contours_through, add_lattice
from natgrad_lecture.drawing.hatching import add_hatch
from natgrad_lecture.drawing.model_picture import add_model
from natgrad_lecture.drawing.paired_runs import add_paths, in_words, reading, trouble
from natgrad_lecture.drawing.palette import style
from natgrad_lecture.drawing.rounding import without_rounding
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.start_handles import start_handles
from natgrad_lecture.drawing.stationary import moving
from natgrad_lecture.drawing.windows import grid, plane, square, theta, window
from natgrad_lecture.lessons.newton.model import Model
from natgrad_lecture.protocol import Picture
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

STYLES = {
    "absolute-hessian": {
        "light": "#a23b72",
        "dark": "#e58fbf",
        "symbol": "triangle",
        "width": 2.6,
    },
    "uphill": {"light": "#a3341f", "dark": "#ff9d86"},
}


def picture(model: Model, sheet: Sheet) -> Picture:
    """Both planes, where Newton may climb in each, the runs, and the steps at one point."""
    view = window(model.problem)
    x_view = square(model.chart.inverse(grid(view, 9).reshape(-1, 2)))
    symbols = model.problem.symbols
    add_contours(sheet, model.state.problem)
    add_contours_through(sheet, model.state.problem, model.state.chart_key, x_view)
    add_lattice(sheet, "theta", model.chart.forward, x_view, view, bends=100, beyond=0)
    add_lattice(sheet, "x", model.chart.inverse, view, x_view, bends=100)
    for name, plane_view in (("theta", view), ("x", x_view)):
        add_hatch(
            sheet,
            name,
            "uphill",
            say("h-has-a-negative-eigenvalue"),
            model.least(name == "x"),
            plane_view,
        )
    add_paths(sheet, model)
    _add_steps(sheet, model, view, x_view)
    beside = add_model(sheet, model.problem, model.in_theta, model.start, _label)
    meter = [reading(pair, _label(name)) for name, pair in model.paired_runs.items()]
    notes = {name: note for name, pair in model.paired_runs.items() if (note := trouble(pair))}
    for name in set(model.state.rules) - set(model.paired_runs):
        meter.append(
            {
                "rule": name,
                "style": name,
                "label": _label(name),
                "gap": None,
                "text": "–",
                "word": say("has-no-meaning"),
            }
        )
        notes[name] = say("is-a-bare-loss-without-a", which=model.problem.name)
    return {
        "planes": [
            plane("theta", theta(symbols), symbols, view),
            plane("x", "x, with θ = f(x)", model.chart.names(symbols), x_view),
            *beside,
        ],
        "dash_labels": {"solid": "run in θ", "dashed": say("run-in-x-mapped-back")},
        "steps": model.state.steps,
        "handles": start_handles(model.start, model.chart, say("starting-point-in-x")),
        "numbers": _numbers(model, sheet),
        "meter": meter,
        "notes": notes,
        "description": in_words(meter),
    }


def _label(name: str) -> str:
    return say.legend.get(name) or style(name)["label"]


_LENGTH = 0.15
"""Of the arrows, in windows: they show where a step goes, not how far."""


def _add_steps(sheet: Sheet, model: Model, view: Array, x_view: Array) -> None:
    """At each point of the guide's run in θ, in both planes: where each rule would step."""
    pair = model.guide
    arrows = [("gradient", "gradient", "−∇J")]
    more = {"natural": "−F⁻¹∇J", "absolute-hessian": "−|H|⁻¹∇J"}
    arrows += [(name, name, label) for name, label in more.items() if name in model.paired_runs]
    arrows += [("newton", "newton", "Newton in θ"), ("newton-x", "newton", "Newton in x")]
    steps = np.stack([model.direction(direction) for direction, _, _ in arrows])
    steps = np.where(np.isnan(moving(model.problem, model.gradient)), np.nan, steps)
    for name, points, vectors, plane_view in (
        ("theta", pair.in_theta.good, steps, view),
        ("x", model.chart.inverse(pair.in_theta.good), model.into_x(steps), x_view),
    ):
        with np.errstate(all="ignore"):
            units = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
        for (_, color, label), unit in zip(arrows, units, strict=True):
            heads = points + _LENGTH * np.ptp(plane_view[0]) * unit
            sheet.add(
                name,
                "arrows",
                color,
                label,
                label=label,
                points=np.concatenate([points, heads], -1),
            )


def _numbers(model: Model, sheet: Sheet) -> dict[str, Any]:
    """The formulas' numbers, a series over the steps of the guide's run."""
    parts = model.parts
    with np.errstate(all="ignore"):
        eigen = [_eigenvalues(parts[name]) for name in ("H", "Hx")]
    series = np.concatenate(
        [
            *(parts[name].reshape(-1, 4) for name in ("JHJ", "term", "Hx")),
            *eigen,
        ],
        axis=1,
    )
    series = without_rounding(series, np.abs(series).max(axis=1, keepdims=True))
    slopes = [model.slope(name) for name in ("newton", "newton-x")]
    gaps = [model.gaps_of_a_step(rate) for rate in (model.state.rate, model.state.rate / 2)]
    with np.errstate(all="ignore"):
        series = np.column_stack([series, *slopes, *gaps, gaps[0] / gaps[1]])
    names = [f"{m}.{i}.{j}" for m in ("JHJ", "term", "Hx") for i in (0, 1) for j in (0, 1)]
    sheet.array("live", series)
    names += ["low", "high", "lowx", "highx", "slope", "slopex", "gap", "halfgap", "times"]
    return {"@": names}


def _eigenvalues(matrices: Array) -> Array:
    good: Bools = np.asarray(np.isfinite(matrices).all((-1, -2)))
    values = np.linalg.eigvalsh(np.where(good[:, None, None], matrices, np.eye(2)))
    return np.where(good[:, None], values, np.nan)
