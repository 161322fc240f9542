"""KL's exact level set over the ellipse ½δᵀFδ = r, and how fast the two part."""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_core.analysis.fitted_curve import density_curve
from natgrad_core.geometry.ellipses import ellipse_axes
from natgrad_core.types import Array
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.drawing.graph import Axis, Graph
from natgrad_lecture.drawing.model_picture import Curves, densities, of_problem
from natgrad_lecture.drawing.rounding import without_rounding
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.windows import plane, window
from natgrad_lecture.lessons.fisher.level_model import SIZES, Level
from natgrad_lecture.lessons.fisher.state import PLACES
from natgrad_lecture.protocol import Picture, Plane
from natgrad_lecture.state.items import problem_named
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)


def view_of(name: str) -> Array:
    """The square window of its parameters."""
    return np.array(PLACES[name][1]) if name in PLACES else window(problem_named(name))


@bounded_cache
def _curves(name: str) -> Curves | None:
    """The model over its outcomes; for parameters that no data chose, over a window of its own."""
    problem = problem_named(name)
    if name in PLACES:
        return densities(density_curve(problem, *_OUTCOMES[name]))
    return of_problem(problem)


_OUTCOMES = {"normal": ((-5.0, 5.0), 0.8), "gamma": ((0.0, 6.0), 1.5)}
"""Where outcomes are drawn, and the largest density, of the problems in PLACES."""


def _add_models(level: Level, sheet: Sheet) -> list[Plane]:
    """The model at θ, and dashed the one at θ + δ."""
    shown = _curves(level.state.problem)
    if shown is None:
        return []
    tip = (level.theta + level.step)[None]
    tip = np.where(level.problem.inside(tip)[:, None], tip, np.nan)
    shown.fit(sheet, "start", "", level.theta[None])
    shown.fit(sheet, "you", "", tip, dash="dashed")
    return [shown.plane(say("the-model-at-both"), say("two-models"))]


def picture(level: Level, sheet: Sheet) -> Picture:
    """The level set over the ellipse; the error over the length of the step."""
    state, visible = level.state, level.state.show == "shown"
    axes = ellipse_axes(level.fisher, level.radius)
    shape = np.concatenate([level.theta, axes.ravel()])[None]
    sheet.add("left", "ellipse-at", "metric", "½δᵀFδ = r", shapes=shape)
    if visible:
        kept = level.level[np.isfinite(level.level).all(-1)]
        sheet.add("left", "curve", "kl", "KL(θ ‖ θ + δ) = r", points=kept, width=2.6)
        kept = level.backward[np.isfinite(level.backward).all(-1)]
        if len(kept):
            sheet.add("left", "curve", "back", "KL(θ + δ ‖ θ) = r", points=kept, dash="dashed")
    view = view_of(state.problem)
    tip = level.theta + level.step
    return {
        "planes": [
            plane(
                "left",
                level.problem.title
                if state.problem not in PLACES
                else say("the-parameters-of-a", problem=state.problem),
                level.problem.symbols,
                view,
            ),
            _errors(level, sheet, visible),
            *_add_models(level, sheet),
        ],
        "dash_labels": {},
        "steps": 0,
        "handles": [
            {
                "id": "theta",
                "plane": "left",
                "at": level.theta.tolist(),
                "label": "θ",
                "field": "theta",
                "style": "start",
                "tag": "θ",
            },
            {
                "id": "step",
                "plane": "left",
                "at": tip.tolist(),
                "from": level.theta.tolist(),
                "label": say("tip-of"),
                "field": "step",
                "style": "you",
                "tag": "δ",
            },
        ],
        "numbers": _numbers(level, visible),
        "description_of": "formula.level",
        "description": say("kl-of-f-nats", kl=f"{level.kl:.4g}", half=f"{level.half:.4g}")
        if visible
        else say("f-nats-the-level-set-is", half=f"{level.half:.4g}"),
    }


def _errors(level: Level, sheet: Sheet, visible: bool) -> Plane:
    exact = not np.isfinite(level.slopes).all()
    title = say("kl-is-exactly-no-error" if exact else "how-far-kl-is-from")
    graph = Graph(
        sheet,
        "right",
        title,
        Axis("ε", SIZES[0], SIZES[-1], log=True),
        Axis("error", 1e-14, 10.0, log=True),
    )
    worst, pairs = level.misses
    curves = [
        ("worst", say("error-worst-direction"), worst),
        ("pairs", say("mean-of-and-worst"), pairs),
    ]
    if visible:
        curves.append(("you", say("error-along-your-delta"), level.own_misses))
    for style, label, values in curves:
        good = np.isfinite(values) & (values > 1e-15)
        if good.any() and not exact:
            graph.curve(style, label, SIZES[good], values[good])
            if style != "you":  # whose mark is the reader's own step
                graph.marks(style, label, SIZES[good][-1], values[good][-1])
    here = np.sqrt(2 * level.radius)
    graph.curve("metric", "", [here, here], [1e-14, 10.0], width=1.2, dash="dashed")
    miss = abs(level.kl - level.half)
    if visible and np.isfinite(miss) and miss > 1e-14:
        graph.marks("you", say("error-along-your-delta"), np.sqrt(2 * level.half), miss)
    return graph.plane()


def _numbers(level: Level, visible: bool) -> dict[str, Any]:
    miss = float(without_rounding(level.kl - level.half, max(1.0, level.kl), 1e-15))
    found: dict[str, Any] = {"half": level.half, "kl": level.kl, "miss": miss}
    if not visible:
        found |= {"kl": None, "miss": None}
    found |= {f"F.{i}.{j}": float(level.fisher[i, j]) for i in (0, 1) for j in (0, 1)}
    named = zip(("worst", "pairs"), level.slopes, strict=True)
    found |= {name: slope if np.isfinite(slope) else None for name, slope in named}
    return found | {f"step.{i}": float(level.step[i]) for i in (0, 1)}
