"""The picture: what the engine says, as traces and handles."""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_core import Trajectory
from natgrad_core.linalg.small_matrices import full
from natgrad_core.types import Array
from natgrad_lecture.drawing.contours import add_contours
from natgrad_lecture.drawing.graph import Axis, Graph
from natgrad_lecture.drawing.model_picture import add_model
from natgrad_lecture.drawing.paired_runs import broken, ellipses_at
from natgrad_lecture.drawing.palette import style
from natgrad_lecture.drawing.rounding import without_rounding
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.start_handles import start_handle
from natgrad_lecture.drawing.windows import plane, window
from natgrad_lecture.lessons.singular.model import Model
from natgrad_lecture.lessons.singular.state import MIXTURE, NET
from natgrad_lecture.protocol import Picture
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

STYLES = {
    "natural": style("natural"),
    "pseudo": {"light": "#6b2fa0", "dark": "#c79bf2", "symbol": "square", "width": 2.6},
    "damped": {"light": "#0b62a8", "dark": "#63b3f5", "symbol": "triangle", "width": 2.6},
    "singular": {"light": "#9b1c31", "dark": "#f28a9a", "symbol": "cross"},
}


LOWEST = 1e-6
"""Of the graph of eigenvalues: what is smaller, or zero, lies on its lower edge."""


def label(method: str) -> str:
    """What a rule is called here."""
    return str(say.legend.get(method) or style(method)["label"])


def picture(model: Model, sheet: Sheet) -> Picture:
    """The runs, where F loses rank, and the loss or F's eigenvalues along each run."""
    s, view = model.state, window(model.problem)
    add_contours(sheet, s.problem)
    if s.problem == MIXTURE:
        ends = np.array([view[0], view[0]]).T
        sheet.add("theta", "curve", "singular", say("a-b-f-has-rank-one"), points=ends, width=2.0)
    else:
        sheet.add("theta", "points", "singular", "F = 0", points=np.zeros((1, 2)))
    for method, path in model.runs.items():
        loss = sheet.array(f"loss.{method}", path.loss)
        sheet.add(
            "theta",
            "path",
            method,
            label(method),
            rule=method,
            dash="solid",
            values={"loss": loss},
            points=path.theta,
        )
    guide = model.guide
    with np.errstate(all="ignore"):
        fisher = full(guide.at.fisher, guide.ok.shape)
        shapes = ellipses_at(guide.good, fisher) if s.problem == MIXTURE else None
    if shapes is not None:
        sheet.add("theta", "ellipse-at", "metric", say("equal-kl"), shapes=shapes)
    beside = add_model(sheet, model.problem, model.runs, s.point, label)
    graph = (_loss_graph if s.graph == "loss" else _eigenvalue_graph)(model, sheet)
    return {
        "planes": [
            plane("theta", model.problem.title, model.problem.symbols, view),
            graph.plane(),
            *beside,
        ],
        "dash_labels": {}
        if s.graph == "loss"
        else {"solid": say("larger-eigenvalue"), "dashed": say("smaller-eigenvalue")},
        "steps": s.steps,
        "handles": [start_handle(s.point)],
        "numbers": _numbers(model, sheet),
        "description": "; ".join(_description(method, path) for method, path in model.runs.items()),
    }


def _description(method: str, path: Trajectory) -> str:
    if len(path.ok) > 1 and method == "natural" and path.problem.singular and not path.ok[1]:
        return say("no-step", method=label(method))
    how = broken(path)
    if not path.ok[-1]:
        return say("ended", method=label(method), how=how)
    found = say("loss-at-the-end", method=label(method), loss=f"{path.loss[-1]:.4g}")
    return say("and-how", found=found, how=how) if how else found


def _along(sheet: Sheet, graph: Graph, method: str, word: str, values: Array, dash: str) -> None:
    """A number along a run, as a path on the graph that moves with the step."""
    steps = np.arange(len(values), dtype=float)
    read = [["step", sheet.array("steps", steps)], [word, sheet.array(f"{word}.{method}", values)]]
    drawn = np.maximum(values, graph.y.low)
    sheet.add(
        graph.name,
        "path",
        method,
        label(method),
        dash=dash,
        read=read,
        points=graph.points(steps, drawn),
    )


def _loss_graph(model: Model, sheet: Sheet) -> Graph:
    every = np.concatenate([path.loss[path.ok] for path in model.runs.values()])
    every = np.append(every[np.isfinite(every)], model.level)  # a diverged run sets no range
    low = float(every.min()) - 0.02
    high = max(min(float(every[0]), 2 * model.level), model.level) * 1.05
    graph = Graph(
        sheet,
        "graph",
        say("loss-of-each-run"),
        Axis("step", 0, model.state.steps),
        Axis("J", low, high),
    )
    word = say("saddle" if model.state.problem == NET else "one-normal")
    graph.curve("singular", word, [0, model.state.steps], [model.level] * 2, width=1.4)
    for method, path in model.runs.items():
        _along(sheet, graph, method, "J", path.loss, "solid")
    return graph


def _eigenvalue_graph(model: Model, sheet: Sheet) -> Graph:
    across, up = Axis("step", 0, model.state.steps), Axis("γ(F)", LOWEST, 20, log=True)
    graph = Graph(sheet, "graph", say("eigenvalues-of-f-along-each-run"), across, up)
    for method, path in model.runs.items():
        small, large = model.eigenvalues(path).T
        _along(sheet, graph, method, say("larger"), large, "solid")
        _along(sheet, graph, method, say("smaller"), small, "dashed")
    return graph


def _numbers(model: Model, sheet: Sheet) -> dict[str, Any]:
    path = model.guide
    lead = path.ok.shape
    with np.errstate(all="ignore"):
        fisher, gradient = full(path.at.fisher, lead), full(path.at.grad, lead)
        size = np.linalg.norm(np.diff(path.good, axis=0, append=np.nan), axis=1)
    values = model.eigenvalues(path)
    values = without_rounding(values, values[:, 1:], 1e-12)  # beside the larger one at that step
    series = np.concatenate(
        [fisher.reshape(-1, 4), values, gradient, path.loss[:, None], size[:, None]], axis=1
    )
    sheet.array("live", series)
    names = [f"F.{i}.{j}" for i in (0, 1) for j in (0, 1)]
    return {"@": [*names, "low", "high", "g.0", "g.1", "J", "size"]}
