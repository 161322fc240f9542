"""The empirical Fisher beside the Fisher matrix: two runs, and the angle between their steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_core.analysis.fisher_sampling import angle
from natgrad_core.geometry.ellipses import ellipse_axes, outline
from natgrad_core.problems._kunstner_line import directions, minimum
from natgrad_core.types import Array
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.drawing.graph import Axis
from natgrad_lecture.drawing.heat_map import Growth, color_scale
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.vector_field import directions as field
from natgrad_lecture.drawing.windows import plane
from natgrad_lecture.lessons.fisher.data_model import STEPS, VIEW, Data, angle_map, line_with
from natgrad_lecture.protocol import Picture
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

_FINE = (20, 40, 80)

RIGHT = 90.0
"""Degrees at which the map's scale ends."""
"""Cells of the map on a side, from coarse to fine."""

_LEVELS = np.linspace(0.25, 6.0, 14) ** 2
_POINTS = 91

_SHOWN = 0.9
"""Length of the arrows, in the units of the picture."""

_RADIUS = 0.25
"""Of both ellipses ½δᵀGδ, in nats by their own reckoning."""


@bounded_cache
def _field(noise: float) -> tuple[Array, Any]:
    problem = line_with(noise)
    return field(lambda points: directions(problem, points, "empirical-fisher")[0], VIEW)


def picture(data: Data, sheet: Sheet) -> Picture:
    """Both runs over the loss; and the map of the angle between their steps."""
    _add_ground(data, sheet)
    points, starts = _field(data.state.noise)
    sheet.add(
        "left", "curve", "field", "−F̂⁻¹∇J", points=points, starts=starts, faint=True, width=1.2
    )
    for style, path in data.runs.items():
        name = "natural" if style == "natural" else say("by-the-empirical-fisher")
        with np.errstate(all="ignore"):
            sheet.add(
                "left",
                "path",
                style,
                name,
                rule=style,
                dash="solid",
                points=path.theta,
                values={"loss": sheet.array(f"loss.{style}", path.loss)},
            )
    _arrows(data, sheet)
    part = min(sheet.fine, len(_FINE) - 1)
    fine = _FINE[part]
    angles = angle_map(data.state.noise, fine)
    cells = np.where(angles > RIGHT, 255, np.round(254 * angles / RIGHT)).astype(np.uint8)
    sheet.add(
        "right",
        "heat",
        "map",
        "angle",
        cells=cells.ravel(),
        size=[fine, fine],
        box=VIEW.ravel().tolist(),
        colors=color_scale(
            Axis(say("angle-of-the-steps"), 0.0, RIGHT), 254 / 255, over=say("more-than-90")
        ),
    )
    sheet.add("right", "points", "contour", "", points=data.minimum[None], symbol="cross")
    more: Growth = (
        {} if part + 1 == len(_FINE) else {"more": part + 1, "progress": (part + 1) / len(_FINE)}
    )
    symbols = data.problem.symbols
    paper, own = data.angles
    return {
        "planes": [
            plane("left", say("the-loss-of-a-line-through"), symbols, VIEW),
            plane("right", say("angle-of-the-two-steps"), symbols, VIEW),
        ],
        "dash_labels": {},
        "steps": STEPS,
        "handles": [
            {
                "id": name,
                "plane": side,
                "at": data.at.tolist(),
                "label": say("where-both-start"),
                "field": "w",
                "style": "start",
                "tag": "",
            }
            for name, side in (("w", "left"), ("w.map", "right"))
        ],
        "numbers": _numbers(data, sheet),
        "description": say(
            "the-two-steps-differ-by-on", euclidean=f"{paper:.0f}", own=f"{own:.0f}"
        ),
        **more,
    }


@bounded_cache
def _ground(noise: float) -> tuple[Array, Array]:
    """The loss's level sets, ellipses of F about the minimum: the lines, and bands between them."""
    problem = line_with(noise)
    goal = minimum(problem)
    rings = [goal + outline(problem.fisher(goal), r, _POINTS) for r in _LEVELS]
    between = [
        rings[0],
        *(part for pair in zip(rings[1:], rings[:-1], strict=True) for part in pair),
    ]
    return np.concatenate(rings), np.concatenate(between)


def _add_ground(data: Data, sheet: Sheet) -> None:
    lines, between = _ground(data.state.noise)
    count = len(_LEVELS)
    bands = np.concatenate([[0], 1 + 2 * np.arange(count)])
    cache = f"skewed-{data.state.noise}"
    sheet.add(
        "left",
        "bands",
        "loss",
        "loss",
        points=between,
        bands=bands,
        rings=np.arange(0, len(between) + 1, _POINTS),
        cache=f"bands-{cache}",
    )
    sheet.add(
        "left",
        "lines",
        "contour",
        say("lines-of-equal-loss"),
        points=lines,
        starts=np.arange(0, len(lines) + 1, _POINTS),
        cache=f"lines-{cache}",
    )


def _arrows(data: Data, sheet: Sheet) -> None:
    """Along the natural run: both steps, as long as one another; and both ellipses there."""
    path = data.runs["natural"].good
    for style, (steps, matrices) in data.along.items():
        with np.errstate(all="ignore"):
            unit = steps / np.linalg.norm(steps, axis=-1, keepdims=True)
        label = "−F⁻¹∇J" if style == "natural" else "−F̂⁻¹∇J"
        for side in ("left", "right"):
            sheet.add(
                side,
                "arrows",
                style,
                label if side == "left" else "",
                label=label,
                points=np.concatenate([path, path + _SHOWN * unit], -1),
            )
        axes = ellipse_axes(matrices, _RADIUS).reshape(len(path), 4)
        sheet.add("left", "ellipse-at", style, "", shapes=np.concatenate([path, axes], -1))


def _numbers(data: Data, sheet: Sheet) -> dict[str, Any]:
    """Series along the natural run."""
    (natural, fisher), (empirical, other) = data.along["natural"], data.along["empirical"]
    metric = fisher[0]  # of least squares it is the same everywhere
    with np.errstate(all="ignore"):
        columns = [
            fisher.reshape(-1, 4),
            other.reshape(-1, 4),
            angle(natural, empirical)[:, None],
            angle(natural, empirical, metric)[:, None],
            np.linalg.norm(natural, axis=-1)[:, None],
            np.linalg.norm(empirical, axis=-1)[:, None],
        ]
    sheet.array("live", np.concatenate(columns, axis=1))
    names = [f"{m}.{i}.{j}" for m in ("F", "G") for i in (0, 1) for j in (0, 1)]
    return {"@": [*names, "paper", "own", "long", "short"]}
