"""The picture: what the engine says, as traces and handles."""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_lecture.drawing.contours import add_contours
from natgrad_lecture.drawing.graph import Graph
from natgrad_lecture.drawing.heat_map import add_map, colors, progress
from natgrad_lecture.drawing.paired_runs import add_paths, reading, trouble
from natgrad_lecture.drawing.palette import style
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.windows import plane, window
from natgrad_lecture.lessons.robustness.model import COUNT, METRICS, Model
from natgrad_lecture.lessons.robustness.state import RATES, UPS
from natgrad_lecture.protocol import Picture
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)


def picture(model: Model, sheet: Sheet) -> Picture:
    """The map, its edge in closed form, and beside it the run of the cell that was clicked."""
    state, kept = model.state, model.kept
    axis = UPS[state.upwards]
    graph = Graph(
        sheet,
        "map",
        say("steps-from-the-start", label=style(state.rule)["label"], steps=state.steps),
        RATES,
        axis,
    )
    found = kept.upto(sheet.fine)
    if found is not None:
        cells = colors(found, model.target, model.begin, state.steps)
        add_map(sheet, graph, cells.reshape(COUNT, COUNT).T, say("steps-to-arrive"))
    if state.rule in METRICS:
        rates, up = model.edges
        graph.curve("edge", "α*", rates, up, width=2.6)
    view = window(model.problem)
    add_contours(sheet, state.problem)
    add_paths(sheet, model, ("theta",))
    pair = model.guide
    meter = [reading(pair, style(state.rule)["label"])]
    here = [float(RATES.place(state.rate)), float(axis.place(getattr(state, state.upwards)))]
    return {
        "planes": [
            {**graph.plane(), "click": "cell"},
            plane("theta", "this run", model.problem.symbols, view),
        ],
        "dash_labels": {"solid": "run in θ", "dashed": say("run-in-x-mapped-back")},
        "steps": state.steps,
        "handles": [
            {
                "id": "cell",
                "tag": "run",
                "style": "start",
                "plane": "map",
                "at": np.clip(here, 0, 1).tolist(),
                "label": say("the-run-shown", by=state.upwards),
                "field": "cell",
            },
            {
                "id": "start",
                "plane": "theta",
                "at": list(model.start),
                "label": "starting point",
                "field": "start",
                "style": "start",
            },
        ],
        "numbers": _numbers(model),
        "meter": meter,
        "notes": {state.rule: trouble(pair)},
        "description": f"{style(state.rule)['label']} in x: {_outcome(model)}",
        **progress(sheet, kept),
    }


def _outcome(model: Model) -> str:
    first = _first(model)
    return say("arrives-at-step", first=first) if first is not None else say("does-not-arrive")


def _first(model: Model) -> int | None:
    loss = model.guide.in_x.loss
    if not loss[-1] <= model.target:
        return None
    return int(np.argmax(loss <= model.target))


def _numbers(model: Model) -> dict[str, Any]:
    state, loss = model.state, model.guide.in_x.loss
    edge = float(model.edge(state.angle, state.damping)) if state.rule in METRICS else float("nan")
    first = _first(model)
    return {
        "edge": edge,
        "rate": state.rate,
        "share": state.rate / edge,
        "begin": model.begin,
        "end": float(loss[-1]),
        "first": float("nan") if first is None else first,
    }
