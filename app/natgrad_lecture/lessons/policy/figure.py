"""The picture: what the engine says, as traces and handles."""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_core import Trajectory
from natgrad_core.linalg.small_matrices import full
from natgrad_core.types import Array, Whole
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.drawing.contours import add_contours
from natgrad_lecture.drawing.graph import Axis, Graph
from natgrad_lecture.drawing.model_picture import add_model
from natgrad_lecture.drawing.paired_runs import broken, ellipses_at
from natgrad_lecture.drawing.palette import style
from natgrad_lecture.drawing.runs_figure import add_runs
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.vector_field import directions
from natgrad_lecture.drawing.windows import plane
from natgrad_lecture.lessons.policy.model import Model
from natgrad_lecture.lessons.policy.state import NAME
from natgrad_lecture.protocol import Picture
from natgrad_lecture.state.items import problem_named
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

VIEW = np.array([[-7.0, 3.0], [-7.0, 3.0]])


@bounded_cache
def _field(name: str) -> tuple[Array, Whole]:
    """Arrows along −∇J or −F⁻¹∇J all over the window."""
    problem = problem_named(NAME)

    def of(points: Array) -> Array:
        downhill = -problem.grad(points)
        if name == "gradient":
            return downhill
        return np.asarray(
            np.linalg.solve(problem.fisher(points), downhill[..., None])[..., 0], np.float64
        )

    return directions(of, VIEW)


def picture(model: Model, sheet: Sheet) -> Picture:
    """The field and the runs over the logits, and the return of each run against the step."""
    s = model.state
    add_contours(sheet, s.problem)
    points, starts = _field(s.arrows)
    sheet.add(
        "theta",
        "curve",
        s.arrows,
        say("directions", rule=style(s.arrows)["label"]),
        points=points,
        starts=starts,
        faint=True,
        width=1.3,
    )
    graph = Graph(
        sheet,
        "eta",
        say("return-of-each-run"),
        Axis("step", 1, max(s.steps, 10), log=True),
        Axis("ρ", 0.0, 2.1),
    )
    for level in (1.0, 2.0):
        graph.curve(
            "level", "ρ = 1 and 2", [1, max(s.steps, 10)], [level, level], width=1.2, faint=True
        )
    add_runs(sheet, model.runs)
    for name, path in model.runs.items():
        steps = np.arange(len(path.theta))  # on a log axis step 0 stands where step 1 does
        read = [
            ["step", sheet.array(f"steps.{name}", steps.astype(float))],
            ["ρ", sheet.array(f"eta.{name}", -path.loss)],
        ]
        sheet.add(
            "eta",
            "path",
            name,
            style(name)["label"],
            dash="solid",
            read=read,
            points=graph.points(np.maximum(steps, 1), -path.loss),
        )
    guide = model.guide
    with np.errstate(all="ignore"):
        fisher = full(guide.at.fisher, guide.ok.shape)
    shapes = ellipses_at(guide.good, fisher)
    sizes = np.abs(shapes[:, 2:]).max(1, initial=0.0)
    shapes[sizes > np.ptp(VIEW[0]) / 2] = np.nan  # it would tint the whole window, or cross it
    sheet.add("theta", "ellipse-at", "metric", say("equal-kl"), shapes=shapes)
    return {
        "planes": [
            plane("theta", say("logits-of-leaving"), model.problem.symbols, VIEW),
            graph.plane(),
            *add_model(sheet, model.problem, model.runs, s.point),
        ],
        "dash_labels": {},
        "steps": s.steps,
        "handles": [
            {
                "id": "start",
                "plane": "theta",
                "at": list(s.point),
                "style": "start",
                "label": say("starting-policy"),
                "field": "start",
            }
        ],
        "numbers": _numbers(model, sheet),
        "description": "; ".join(_description(name, path) for name, path in model.runs.items()),
    }


def _description(name: str, path: Trajectory) -> str:
    found = say(
        "return-at-the-end", label=style(name)["label"], last=f"{-path.loss[path.ok][-1]:.4g}"
    )
    how = broken(path)
    return say("and-how", found=found, how=how) if how else found


def _numbers(model: Model, sheet: Sheet) -> dict[str, Any]:
    """The formulas' numbers along the guide's run."""
    path = model.guide
    lead = path.ok.shape
    with np.errstate(all="ignore"):
        chances = np.full((*lead, 2), np.nan)
        shares = chances.copy()
        chances[path.ok] = model.problem.policy(path.theta[path.ok])
        shares[path.ok] = model.problem.visits(path.theta[path.ok])
        fisher = np.diagonal(full(path.at.fisher, lead), axis1=-2, axis2=-1)
        gradient = -full(path.at.grad, lead)
        series = np.concatenate(
            [chances, shares, -path.loss[:, None], gradient, fisher, gradient / fisher], axis=1
        )
    sheet.array("live", series)
    pairs = (f"{name}.{i}" for name in ("gradient", "F", "natural") for i in (0, 1))
    return {"@": ["p", "q", "d.0", "d.1", "eta", *pairs]}
