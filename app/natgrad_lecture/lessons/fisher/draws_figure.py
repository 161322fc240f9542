"""F built draw by draw: the scores, the ellipse of their outer products, and the error over n."""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_core.analysis.fisher_sampling import Gathered, error, expected_error, whitening
from natgrad_core.geometry.ellipses import spread_axes
from natgrad_core.types import Array
from natgrad_lecture.drawing.graph import Axis, Graph
from natgrad_lecture.drawing.heat_map import Growth
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.windows import plane
from natgrad_lecture.lessons.fisher.draws_model import _ENDS, MOST, PARTS, STEPS, Draws
from natgrad_lecture.protocol import Picture, Plane
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)


def picture(draws: Draws, sheet: Sheet) -> Picture:
    """The scores with both ellipses, and the errors over n; finer with every ask."""
    parts = min(sheet.fine, PARTS - 1) + 1
    found = draws.gathered(parts)
    view = _scores(draws, found, sheet)
    more: Growth = {} if parts == PARTS else {"more": parts, "progress": _ENDS[parts] / MOST}
    apart = error(found.fisher[-1:], draws.fisher)[0]
    return {
        "planes": [
            plane(
                "left",
                say("scores-s-log-p-y-theta"),
                tuple(f"s{i}" for i in "₁₂"),
                view,
            ),
            _errors(draws, found, sheet),
        ],
        "dash_labels": {},
        "steps": STEPS,
        "handles": [],
        "numbers": _numbers(draws, found, sheet),
        "description": say("draws-the-average-of-s-s", n=found.n[-1], apart=f"{apart:.2g}"),
        **more,
    }


def _scores(draws: Draws, found: Gathered, sheet: Sheet) -> Array:
    points = draws.first
    each = max(1, len(draws.problem.rows.columns[0]) if draws.problem.covariates else 1)
    sheet.add(
        "left",
        "points",
        "draw",
        say("scores-of-draws"),
        points=points,
        size=0.5,
        counts=np.minimum(found.n * each, len(points)),
    )
    exact = np.concatenate([np.zeros(2), spread_axes(draws.fisher, 2.0).ravel()])[None]
    sheet.add("left", "ellipses", "metric", "F", shapes=exact)
    axes = spread_axes(found.fisher, 2.0).reshape(-1, 4)
    shapes = np.concatenate([np.zeros((len(axes), 2)), axes], -1)
    sheet.add("left", "ellipse-at", "estimate", say("average-of-s-s"), shapes=shapes)
    # Of one draw the ellipse is a line, which an arrow in each direction shows.
    long = np.take_along_axis(
        axes.reshape(-1, 2, 2),
        np.linalg.norm(axes.reshape(-1, 2, 2), axis=-1).argmax(-1)[:, None, None],
        axis=1,
    )[:, 0]
    for way in (1.0, -1.0):
        ends = np.concatenate([np.zeros_like(long), way * long], -1)
        sheet.add("left", "arrows", "estimate", "", points=ends)
    sheet.add("left", "path", "mean", "average score", points=found.mean, dash="solid")
    outer = 2.4 * np.sqrt(np.diag(draws.fisher).max())
    return np.array([[-outer, outer], [-outer, outer]])


def _errors(draws: Draws, found: Gathered, sheet: Sheet) -> Plane:
    across, up = Axis("n", 1.0, float(MOST), log=True), Axis("error", 1e-4, 100.0, log=True)
    title = say("error-in-f-s-own-units")
    graph = Graph(sheet, "right", title, across, up)
    c = expected_error(found)
    ends = np.array([1.0, MOST])
    graph.curve(
        "expected", say("expected", c=f"{c:.2g}"), ends, c / np.sqrt(ends), dash="dashed", width=1.6
    )
    white = whitening(draws.fisher)
    lines = {
        "estimate": (say("average-of-s-s"), error(found.fisher, draws.fisher)),
        "curvature": (say("average-of-log-p"), error(found.curvature, draws.fisher)),
        "mean": ("average score", np.linalg.norm(found.mean @ white, axis=-1)),
    }
    for style, (label, values) in lines.items():
        if (values > 1e-12).any():  # −∇² log p is F itself, draw by draw, in natural parameters
            graph.path(style, label, found.n, np.maximum(values, 1e-16), dash="solid")
    return graph.plane()


def _numbers(draws: Draws, found: Gathered, sheet: Sheet) -> dict[str, Any]:
    apart = error(found.fisher, draws.fisher)
    columns = [
        found.n[:, None],
        found.fisher.reshape(-1, 4),
        found.curvature.reshape(-1, 4),
        found.mean,
        apart[:, None],
    ]
    sheet.array("live", np.concatenate(columns, axis=1))
    names = ["n", *(f"{m}.{i}.{j}" for m in ("Fn", "Hn") for i in (0, 1) for j in (0, 1))]
    exact = {f"F.{i}.{j}": float(draws.fisher[i, j]) for i in (0, 1) for j in (0, 1)}
    return {"@": [*names, "mean.0", "mean.1", "apart"], **exact}
