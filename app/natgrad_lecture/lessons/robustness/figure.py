"""The picture: what the engine says, as traces and handles."""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_lecture.drawing.contours import add_contours
from natgrad_lecture.drawing.graph import Graph
from natgrad_lecture.drawing.heat_map import add_map, colors, progress
from natgrad_lecture.drawing.paired_runs import add_paths, reading, told
from natgrad_lecture.drawing.palette import ink
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.windows import plane, window
from natgrad_lecture.lessons.robustness.model import COUNT, METRICS, Seen
from natgrad_lecture.lessons.robustness.state import RATES, UPS


def picture(seen: Seen, sheet: Sheet) -> dict[str, Any]:
    """The map, its edge in closed form, and beside it the run of the cell that was clicked."""
    state, kept = seen.state, seen.kept
    axis = UPS[state.upwards]
    graph = Graph(
        sheet, "map", f"{ink(state.rule)['label']}: {state.steps} steps from the start", RATES, axis
    )
    found = kept.upto(sheet.fine)
    if found is not None:
        cells = colors(found, seen.target, seen.begin, state.steps)
        add_map(sheet, graph, cells.reshape(COUNT, COUNT).T, "steps to arrive")
    if state.rule in METRICS:
        rates, up = seen.edges
        graph.curve("edge", "α*", rates, up, width=2.6)
    view = window(seen.problem)
    add_contours(sheet, state.problem)
    add_paths(sheet, seen, ("theta",))
    pair = seen.guide
    meter = [reading(pair, ink(state.rule)["label"])]
    here = [float(RATES.place(state.rate)), float(axis.place(getattr(state, state.upwards)))]
    return {
        "planes": [
            graph.plane() | {"click": "cell"},
            plane("theta", "this run", seen.problem.symbols, view),
        ],
        "ways": {"solid": "run in θ", "dashed": "run in x, mapped back"},
        "steps": state.steps,
        "handles": [
            {
                "id": "cell",
                "tag": "run",
                "ink": "start",
                "plane": "map",
                "at": np.clip(here, 0, 1).tolist(),
                "label": "the run shown, by its rate and " + state.upwards,
                "field": "cell",
            },
            {
                "id": "start",
                "plane": "theta",
                "at": list(seen.start),
                "label": "starting point",
                "field": "start",
                "ink": "start",
            },
        ],
        "numbers": _numbers(seen),
        "meter": meter,
        "notes": {state.rule: told(pair)},
        "description": f"{ink(state.rule)['label']} in x: {_outcome(seen)}",
        **progress(sheet, kept),
    }


def _outcome(seen: Seen) -> str:
    first = _first(seen)
    return f"arrives at step {first}" if first is not None else "does not arrive"


def _first(seen: Seen) -> int | None:
    loss = seen.guide.away.loss
    if not loss[-1] <= seen.target:
        return None
    return int(np.argmax(loss <= seen.target))


def _numbers(seen: Seen) -> dict[str, Any]:
    state, loss = seen.state, seen.guide.away.loss
    edge = float(seen.edge(state.angle, state.damping)) if state.rule in METRICS else float("nan")
    first = _first(seen)
    return {
        "edge": edge,
        "rate": state.rate,
        "share": state.rate / edge,
        "begin": seen.begin,
        "end": float(loss[-1]),
        "first": float("nan") if first is None else first,
    }
