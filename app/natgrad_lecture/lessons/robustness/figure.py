"""The picture: what the engine says, as traces and handles."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from natgrad_core.analysis.grid_sweep import Sweep
from natgrad_lecture.drawing.contours import add_contours
from natgrad_lecture.drawing.graph import Graph
from natgrad_lecture.drawing.heat_map import (
    SLOWEST,
    Kept,
    add_map,
    color_scale,
    colors,
    progress,
    steps_axis,
)
from natgrad_lecture.drawing.model_picture import add_model
from natgrad_lecture.drawing.paired_runs import add_paths, reading, trouble
from natgrad_lecture.drawing.palette import style
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.start_handles import start_handle
from natgrad_lecture.drawing.windows import plane, theta, window
from natgrad_lecture.lessons.robustness.model import COUNT, METRICS, Model
from natgrad_lecture.lessons.robustness.state import RATES, UPS
from natgrad_lecture.protocol import Picture
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)


def picture(model: Model, sheet: Sheet) -> Picture:
    """Three maps, the edges in closed form, and beside them the run of the cell that was clicked.

    The model is drawn beside them where the problem has one.
    The first block of a map comes with the answer, so that the maps follow a drag.
    """
    state = model.state
    axis = UPS[state.upwards]
    rules = (state.rule, *model.beside)
    kept = {rule: model.kept(rule) for rule in rules}
    graphs = [_map(model, sheet, rule, kept[rule]) for rule in rules]
    view, symbols = window(model.problem), model.problem.symbols
    add_contours(sheet, state.problem)
    add_paths(sheet, model, ("theta",))
    pair = model.guide
    shown = replace(pair.in_x, theta=pair.measures.x_run_in_theta)
    beside = add_model(sheet, model.problem, {state.rule: shown}, state.point)
    meter = [reading(pair, style(state.rule)["label"])]
    here = [float(RATES.place(state.rate)), float(axis.place(getattr(state, state.upwards)))]
    return {
        "planes": [
            {**graphs[0].plane(), "click": "cell", "look": ("cell", {})},
            *(
                {**graph.plane(), "look": ("cell", {"rule": rule})}
                for rule, graph in zip(rules[1:], graphs[1:], strict=True)
            ),
            plane("theta", say("this-run", theta=theta(symbols)), symbols, view),
            *beside,
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
            start_handle(model.start),
        ],
        "numbers": _numbers(model),
        "meter": meter,
        "notes": {state.rule: trouble(pair)},
        "description": say("rule-in-x", rule=style(state.rule)["label"], outcome=_outcome(model)),
        **progress(sheet, next((k for k in kept.values() if not k.whole), kept[state.rule])),
    }


def _map(model: Model, sheet: Sheet, rule: str, kept: Kept[Sweep]) -> Graph:
    """The map of one rule, and its edge."""
    state = model.state
    name = "map" if rule == state.rule else f"map-{rule}"
    graph = Graph(sheet, name, style(rule)["label"], RATES, UPS[state.upwards])
    found = kept.upto(max(sheet.fine, 1))
    if found is not None:
        cells = colors(found, model.target, model.begin, state.steps)
        scale = color_scale(
            steps_axis(say("steps-to-arrive"), state.steps),
            SLOWEST,
            over=say("still-on-its-way", steps=state.steps),
            none=say("no-lower-than-at-the-start"),
        )
        add_map(sheet, graph, cells.reshape(COUNT, COUNT).T, scale)
    if rule in METRICS:
        graph.curve("edge", "α*", *model.edges(rule), width=2.6)
    return graph


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
