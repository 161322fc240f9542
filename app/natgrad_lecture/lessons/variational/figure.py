"""The picture: the posterior with q as an ellipse along each run, and KL above its least value."""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_lecture.drawing.contours import add_contours
from natgrad_lecture.drawing.graph import Axis, Graph
from natgrad_lecture.drawing.paired_runs import in_words, reading, trouble
from natgrad_lecture.drawing.palette import style
from natgrad_lecture.drawing.rounding import without_rounding
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.start_handles import start_handle
from natgrad_lecture.drawing.windows import plane, window
from natgrad_lecture.lessons.variational.model import Model, covariance, ellipses, mean_hessians
from natgrad_lecture.protocol import Picture
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

STANDING = 5
"""Steps at which q stays to be seen along its run, evenly."""

LOWEST = 1e-8
"""Below this KL above its least value is not drawn."""


def picture(model: Model, sheet: Sheet) -> Picture:
    """The posterior's density, q along each run, and how far KL is above its least value."""
    view, steps = window(model.problem), model.state.steps
    add_contours(sheet, model.state.problem_key, say("minus-log-p"), view)
    above = {}
    for name, pair in model.paired_runs.items():
        path, label = pair.in_theta, str(style(name)["label"])
        shapes = ellipses(path)
        sheet.add("theta", "path", name, label, rule=name, dash="solid", points=path.good[:, :2])
        at = np.unique(np.linspace(0, steps, STANDING).astype(int))
        sheet.add("theta", "ellipses", name, label, at=at, rule=name, shapes=shapes[at])
        sheet.add("theta", "ellipse-at", name, say("two-deviations"), shapes=shapes)
        above[name] = np.where(path.ok, pair.measures.losses[0] - model.least, np.nan)
    every = np.concatenate(list(above.values()))
    high = float(np.nanmax(every, initial=1.0))
    low = max(LOWEST, float(np.nanmin(np.where(every > LOWEST, every, np.nan), initial=1.0)))
    up = Axis("KL", 10 ** np.floor(np.log10(low)), 2 * 10 ** np.ceil(np.log10(high)), log=True)
    graph = Graph(sheet, "graph", say("kl-above"), Axis("step", 0, max(steps, 2)), up)
    for name, values in above.items():
        good = np.where(values > up.low, values, np.nan)
        if np.isfinite(good).any():
            graph.curve(name, str(style(name)["label"]), np.arange(steps + 1), good)
    pairs = model.paired_runs
    meter = [reading(pair, str(style(name)["label"])) for name, pair in pairs.items()]
    return {
        "planes": [plane("theta", say("p-and-q"), ("z₁", "z₂"), view), graph.plane()],
        "steps": steps,
        "handles": [start_handle(model.start)],
        "numbers": _numbers(model, sheet),
        "meter": meter,
        "notes": {name: note for name, pair in pairs.items() if (note := trouble(pair))},
        "description": in_words(meter),
    }


def _numbers(model: Model, sheet: Sheet) -> dict[str, Any]:
    """The formulas' numbers, a series over the steps of the natural gradient's run."""
    path, losses = model.guide.in_theta, model.guide.measures.losses
    q = np.where(path.ok[:, None], path.good, path.good[0])  # of a run that ended: not shown
    spread = covariance(q)
    with np.errstate(all="ignore"):
        columns = {
            "mu": q[:, :2],
            "spread": spread,
            "precision": np.linalg.inv(spread),
            "bend": mean_hessians(model.of, q),
            "wide": np.diagonal(spread, axis1=-2, axis2=-1),
            "wide_p": np.broadcast_to(model.variances, (len(q), 2)),
            "above": without_rounding(losses[0] - model.least, max(1.0, abs(model.least))),
        }
    names = [
        ".".join((name, *map(str, entry)))
        for name, values in columns.items()
        for entry in np.ndindex(values.shape[1:])
    ]
    series = np.concatenate([v.reshape(len(q), -1) for v in columns.values()], axis=1)
    sheet.array("live", np.where(path.ok[:, None], series, np.nan))
    return {"@": names}
