"""The race to efficiency: many runs of the same data, and t·Var of their errors over the bound."""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_core.analysis.online_mean import AVERAGED, KEPT, limit
from natgrad_core.types import Array
from natgrad_lecture.drawing.graph import Axis, Graph
from natgrad_lecture.drawing.heat_map import progress
from natgrad_lecture.drawing.palette import style
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.windows import plane
from natgrad_lecture.lessons.efficiency.model import METHODS, Model
from natgrad_lecture.lessons.efficiency.state import STEPS, TIMES
from natgrad_lecture.protocol import Picture
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

GRAY = "#6b7280"
STYLES = {
    **{method: style(method) for method in METHODS[:2]},
    AVERAGED: {
        "light": "#6b2fa0",
        "dark": "#c79bf2",
        "symbol": "square",
        "width": 2.6,
    },
    "bound": {"light": "#1b1b1f", "dark": "#f3f3f0"},
    "exact": {"light": GRAY, "dark": "#9aa3ad"},
}


def picture(model: Model, sheet: Sheet) -> Picture:
    """t·Var over the bound against the time, exact and measured; the errors of many runs."""
    kept = model.kept
    known = kept.upto(sheet.fine)
    runs = known.runs if known else 0
    race = {method: model.errors(method) for method in METHODS} if known else {}
    graph = Graph(
        sheet,
        "graph",
        say("t-var-over-the-bound-runs", runs=runs),
        Axis("t", 1, STEPS, log=True),
        Axis("t·Var", 0.3, 100, log=True),
    )
    graph.curve("bound", "Cramér–Rao bound", [1, STEPS], [1, 1], width=1.6)
    for method in METHODS[:2]:
        graph.curve("exact", "exact mean", TIMES, model.ratio(model.exact(method)), width=1.4)
    half = 3.2 * max(model.state.s1, model.state.s2)
    view = np.array([[-half, half], [-half, half]])
    covariance: Array = np.asarray(np.linalg.inv(model.fisher), float)
    sheet.add(
        "errors", "ellipse-at", "bound", "Cramér–Rao bound", shapes=_ellipses(covariance[None])
    )
    for method, errors in race.items():
        values = model.ratio(errors.moments)
        read = [
            ["t", sheet.array("times", TIMES.astype(float))],
            ["ratio", sheet.array(f"ratio.{method}", values)],
        ]
        sheet.add(
            "graph",
            "path",
            method,
            say.legend[method],
            dash="solid",
            read=read,
            points=graph.points(TIMES, values),
        )
        sheet.add(
            "errors",
            "points",
            method,
            say.legend[method],
            per=KEPT,
            size=0.5,
            points=errors.cloud.reshape(-1, 2),
        )
        sheet.add(
            "errors",
            "ellipse-at",
            method,
            say.legend[method],
            shapes=_ellipses(errors.moments),
        )
    return {
        "planes": [
            graph.plane(),
            plane("errors", say("errors-times-root-t"), ("√t\u00a0e₁", "√t\u00a0e₂"), view),
        ],
        "dash_labels": {},
        "steps": len(TIMES) - 1,
        "handles": [],
        "numbers": _numbers(model, sheet, bool(race)),
        "description": _description(model, runs),
        **progress(sheet, kept),
    }


def _ellipses(moments: Array) -> Array:
    """eᵀV⁻¹e = 4 around 0, two standard deviations, ``[n, 6]``."""
    values, vectors = np.linalg.eigh(moments)
    axes = 2 * vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]
    return np.concatenate(
        [np.zeros((len(axes), 2)), np.swapaxes(axes, 1, 2).reshape(-1, 4)], axis=1
    )


def _numbers(model: Model, sheet: Sheet, race: bool) -> dict[str, Any]:
    s = model.state
    found: dict[str, Any] = {"v1": s.s1**2, "v2": s.s2**2}
    for i, spread in enumerate((s.s1, s.s2), 1):
        found[f"l{i}"] = float(limit([[spread**-2.0]], [[s.c]])[0, 0])
    columns = [TIMES.astype(float)]
    for method in METHODS:
        none = np.full(len(TIMES), np.nan)
        columns.append(model.ratio(model.errors(method).moments) if race else none)
    sheet.array("live", np.stack(columns, -1))
    return {**found, "@": ["t", *METHODS]}


def _description(model: Model, runs: int) -> str:
    if not runs:
        return say("no-runs-yet")
    ends = (
        say(
            "method-at-ratio",
            method=say.legend[method],
            ratio=f"{float(model.ratio(model.errors(method).moments)[-1]):.3g}",
        )
        for method in METHODS
    )
    return say("t-var-over-the-bound-after", steps=STEPS, runs=runs, ends="; ".join(ends))
