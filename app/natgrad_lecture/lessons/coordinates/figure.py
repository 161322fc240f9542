"""The picture: what the engine says, as traces and handles."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from natgrad_core import rules, run
from natgrad_core.linalg.small_matrices import pack
from natgrad_lecture.drawing.contours import add_contours, add_contours_through, add_lattice
from natgrad_lecture.drawing.paired_runs import (
    add_anatomy,
    add_ellipses,
    add_paths,
    one_step,
    reading,
    told,
)
from natgrad_lecture.drawing.palette import ink
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.windows import corners, plane, square, window
from natgrad_lecture.engine_cache import Shown
from natgrad_lecture.lessons.coordinates.chain_rule_figure import add_chain_rule, carried
from natgrad_lecture.state.items import problem_named


def picture(shown: Shown, sheet: Sheet) -> dict[str, Any]:
    """Both planes, the meter, the live numbers and the words for what is seen."""
    view = window(shown.problem)
    x_view = square(shown.chart.inverse(corners(view)))
    symbols = shown.problem.symbols
    add_contours(sheet, shown.state.problem)
    add_contours_through(sheet, shown.state.problem, shown.state.chart_key, x_view)
    add_lattice(sheet, "theta", shown.chart.forward, x_view, view)
    add_lattice(sheet, "x", shown.chart.inverse, view, x_view)
    if shown.state.stage == "off":
        add_ellipses(sheet, shown)
    add_paths(sheet, shown)
    if shown.state.stage == "off":
        add_anatomy(sheet, shown)
    else:
        add_chain_rule(sheet, shown, shown.state.stage, float(np.ptp(view[0])))
    meter = [reading(pair, ink(pair.name)["label"]) for pair in shown.twins.values()]
    return {
        "planes": [
            plane("theta", "θ", symbols, view),
            plane("x", "x = A⁻¹θ", shown.chart.names(symbols), x_view),
        ],
        "ways": {"solid": "run in θ", "dashed": "run in x, mapped back"},
        "steps": shown.state.steps,
        "handles": _handles(shown),
        "numbers": _numbers(shown, sheet),
        "meter": meter,
        "notes": {name: note for name, pair in shown.twins.items() if (note := told(pair))},
        "description": "; ".join(f"{m['label']}: {m['word']}, gap {m['text']}" for m in meter),
    }


def _numbers(shown: Shown, sheet: Sheet) -> dict[str, Any]:
    """The numbers in the formulas; a name with @ is a series over the steps of the guide's run."""
    A, guide = shown.matrix, shown.guide
    fisher = pack(guide.home.at.fisher)
    plain, plain_x = one_step(guide, shown.rule("gradient"))
    natural, natural_x = one_step(guide, shown.rule("natural"))
    second = A.T @ A if shown.state.kind == "pulled-back" else np.eye(2)
    numbers: dict[str, Any] = {}
    for name, fixed in (("A", A), ("AAT", A @ A.T), ("D", shown.state.damping * second)):
        tidy = np.round(fixed, 12)  # −0.8·0.6 + 0.6·0.8 is nothing, not 10⁻¹⁷
        numbers |= {f"{name}.{i}.{j}": float(tidy[i, j]) for i in (0, 1) for j in (0, 1)}
    series = np.concatenate(
        [
            fisher.reshape(-1, 4),
            (A.T @ fisher @ A).reshape(-1, 4),
            plain,
            carried(shown)[1],
            plain_x,
            natural,
            natural_x,
        ],
        axis=1,
    )
    names = [f"{m}.{i}.{j}" for m in ("F", "AFA") for i in (0, 1) for j in (0, 1)]
    names += [f"{v}.{i}" for v in ("plain", "gx", "plainx", "nat", "natx") for i in (0, 1)]
    sheet.array("live", series)
    numbers["@"] = names
    return numbers


def _handles(shown: Shown) -> list[dict[str, Any]]:
    """The start, in both planes, and the columns of A as arrows from an anchor in a free corner."""
    start = np.asarray(shown.start)
    anchor, scale = _anchor(shown.state.problem)
    handles = [
        {
            "id": "start",
            "plane": "theta",
            "at": start.tolist(),
            "label": "starting point",
            "field": "start",
            "ink": "start",
        },
        {
            "id": "start.x",
            "plane": "x",
            "at": shown.chart.inverse(start).tolist(),
            "label": "starting point, in x",
            "field": "start.x",
            "ink": "start",
        },
    ]
    for j, word in enumerate(("first", "second")):
        tip = anchor + scale * shown.matrix[:, j]
        handles.append(
            {
                "id": f"a{j + 1}",
                "plane": "theta",
                "at": tip.tolist(),
                "from": anchor.tolist(),
                "scale": scale,
                "label": f"{word} column of A",
                "field": f"matrix.:.{j}",
                "ink": f"a{j + 1}",
            }
        )
    return handles


@cache
def _anchor(name: str) -> tuple[np.ndarray, float]:
    """A corner of the view away from where this problem's runs usually are."""
    problem = problem_named(name)
    view = window(problem)
    low, span = view[:, 0], np.ptp(view, axis=1)
    usual = run(problem, rules["natural"](0.05), problem.start, 100).theta
    places = [low + span * np.array([a, b]) for a in (0.26, 0.74) for b in (0.26, 0.74)]
    free = max(places, key=lambda c: float(np.linalg.norm((usual - c) / span, axis=1).min()))
    return free, 0.16 * float(span.max())
