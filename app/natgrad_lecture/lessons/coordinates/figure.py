"""The picture: what the engine says, as traces and handles."""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_core import rules, run
from natgrad_core.core.trajectory import Trajectory
from natgrad_core.linalg.small_matrices import pack
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.drawing.contours import add_contours, add_contours_through, add_lattice
from natgrad_lecture.drawing.model_picture import add_model
from natgrad_lecture.drawing.paired_runs import (
    add_anatomy,
    add_ellipses,
    add_paths,
    in_words,
    one_step,
    reading,
    trouble,
)
from natgrad_lecture.drawing.palette import style
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.simplify import thinned
from natgrad_lecture.drawing.start_handles import start_handles
from natgrad_lecture.drawing.windows import corners, plane, square, theta, window
from natgrad_lecture.lessons.coordinates.chain_rule_figure import add_chain_rule
from natgrad_lecture.lessons.coordinates.model import Model, carried
from natgrad_lecture.protocol import Handle, Picture
from natgrad_lecture.state.items import problem_named
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)


def picture(model: Model, sheet: Sheet) -> Picture:
    """Both planes, the meter, the live numbers and the words for what is seen."""
    view = window(model.problem)
    x_view = square(model.chart.inverse(corners(view)))
    symbols = model.problem.symbols
    add_contours(sheet, model.state.problem)
    add_contours_through(sheet, model.state.problem, model.state.chart_key, x_view)
    add_lattice(sheet, "theta", model.chart.forward, x_view, view)
    add_lattice(sheet, "x", model.chart.inverse, view, x_view)
    if model.state.stage == "off" and not model.clouds:
        add_ellipses(sheet, model)
    _add_clouds(sheet, model)
    add_paths(sheet, model)
    if model.state.stage == "off":
        add_anatomy(sheet, model)
    else:
        add_chain_rule(sheet, model, model.state.stage, float(np.ptp(view[0])))
    beside = add_model(sheet, model.problem, model.in_theta, model.start)
    meter = [reading(pair, style(pair.name)["label"]) for pair in model.paired_runs.values()]
    return {
        "planes": [
            plane("theta", theta(symbols), symbols, view),
            plane("x", "x = A⁻¹θ", model.chart.names(symbols), x_view),
            *beside,
        ],
        "dash_labels": {"solid": "run in θ", "dashed": say("run-in-x-mapped-back")},
        "steps": model.state.steps,
        "handles": _handles(model),
        "numbers": _numbers(model, sheet),
        "meter": meter,
        "shown": {"formulas": _formulas(model.state.rules)},
        "notes": {
            name: note for name, pair in model.paired_runs.items() if (note := trouble(pair))
        },
        "description": in_words(meter),
    }


_EVERY = 60
"""Steps at which the points of a cloud are shown, at most: a run of more shows every second, …"""


def _add_clouds(sheet: Sheet, model: Model) -> None:
    """The runs from a cloud of starts, faint, in both planes; and where those in θ are now.

    The page maps what it has of θ to x.
    """
    if not model.clouds:
        return
    size = np.ptp(window(model.problem), axis=1)
    through = [*model.chart.inverse(np.eye(2)).T.ravel().tolist(), 0.0, 0.0]
    for name, cloud in model.clouds.items():
        path = cloud.in_theta.theta
        every = -(-(len(path) - 1) // _EVERY)
        now = sheet.array(f"cloud.{name}", path[::every].reshape(-1, 2))
        for dash, runs in (("dashed", cloud.in_x.in_theta), ("solid", path)):
            count = len(path) * np.arange(path.shape[1] + 1)
            points, starts = thinned(np.swapaxes(runs, 0, 1).reshape(-1, 2), count, size)
            lines = sheet.array(f"cloud.{name}.{dash}", points)
            begins = sheet.array(f"cloud.{name}.{dash}.starts", starts)
            for plane_name, affine in (("theta", None), ("x", through)):
                sheet.add(
                    plane_name,
                    "curve",
                    name,
                    say("from-the-cloud"),
                    points=lines,
                    starts=begins,
                    dash=dash,
                    faint=True,
                    width=1.1,
                    map=affine,
                )
        for plane_name, affine in (("theta", None), ("x", through)):
            sheet.add(
                plane_name,
                "points",
                name,
                say("from-the-cloud"),
                points=now,
                per=path.shape[1],
                every=every,
                size=0.5,
                map=affine,
            )


def _numbers(model: Model, sheet: Sheet) -> dict[str, Any]:
    """The numbers in the formulas; a name with @ is a series over the steps of the guide's run."""
    A, guide = model.matrix, model.guide
    fisher = pack(guide.in_theta.at.fisher)
    step, step_x = one_step(guide, model.rule("gradient"))
    natural, natural_x = one_step(guide, model.rule("natural"))
    second = A.T @ A if model.state.kind == "pulled-back" else np.eye(2)
    numbers: dict[str, Any] = {}
    for name, fixed in (("A", A), ("AAT", A @ A.T), ("D", model.state.damping * second)):
        tidy = np.round(fixed, 12)  # −0.8·0.6 + 0.6·0.8 is nothing, not 10⁻¹⁷
        numbers |= {f"{name}.{i}.{j}": float(tidy[i, j]) for i in (0, 1) for j in (0, 1)}
    hessian = pack(guide.in_theta.at.hessian)
    columns = {
        "F": fisher, "AFA": A.T @ fisher @ A, "H": hessian, "AHA": A.T @ hessian @ A,
        "step": step, "gx": carried(model)[1], "stepx": step_x, "nat": natural,
        "natx": natural_x, "kl": _kl(guide.in_theta), "klx": _kl(guide.in_x),
    }  # fmt: skip
    n = len(step)
    series = np.concatenate([values.reshape(n, -1) for values in columns.values()], axis=1)
    names = [
        ".".join((name, *map(str, entry)))
        for name, values in columns.items()
        for entry in np.ndindex(values.shape[1:])
    ]
    sheet.array("live", series)
    numbers["@"] = names
    return numbers


def _formulas(rules: tuple[str, ...]) -> list[str]:
    """The formulas that belong to the methods shown."""
    natural = ["natural", "kl"] if "natural" in rules else []
    return ["matrices", *(["hessian"] if "newton" in rules else []), "plain", *natural]


def _kl(run: Trajectory) -> np.ndarray:
    """KL of each step; the last point has none."""
    return np.append(run.kl, np.nan)


def _handles(model: Model) -> list[Handle]:
    """The start, in both planes, and the columns of A as arrows from an anchor in a free corner."""
    anchor, scale = _anchor(model.state.problem)
    handles = start_handles(model.start, model.chart, say("starting-point-in-x"))
    for j, word in enumerate(("first", "second")):
        tip = anchor + scale * model.matrix[:, j]
        handles.append(
            {
                "id": f"a{j + 1}",
                "plane": "theta",
                "at": tip.tolist(),
                "from": anchor.tolist(),
                "scale": scale,
                "label": f"{word} column of A",
                "field": f"matrix.:.{j}",
                "style": f"a{j + 1}",
            }
        )
    return handles


@bounded_cache
def _anchor(name: str) -> tuple[np.ndarray, float]:
    """A corner of the view away from where this problem's runs usually are."""
    problem = problem_named(name)
    view = window(problem)
    low, span = view[:, 0], np.ptp(view, axis=1)
    usual = run(problem, rules["natural"](0.05), problem.start, 100).theta
    places = [low + span * np.array([a, b]) for a in (0.26, 0.74) for b in (0.26, 0.74)]
    free = max(places, key=lambda c: float(np.linalg.norm((usual - c) / span, axis=1).min()))
    return free, 0.16 * float(span.max())
