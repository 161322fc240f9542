"""Where AAᵀ comes from, in three pictures: the gradient in x, the step made there, carried back.

A gradient is carried into x by Aᵀ and a step out of it by A; between the two stands AAᵀ.
"""

from __future__ import annotations

import numpy as np

from natgrad_core.types import Array
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.stationary import moving
from natgrad_lecture.engine_cache import RunsModel
from natgrad_lecture.lessons.coordinates.model import carried

STYLES = {
    "back": {"light": "#7b3fa0", "dark": "#cf9ff0"},
    "level": {"light": "#3d4654", "dark": "#c9d1db"},
    "ruler": {"light": "#8a6100", "dark": "#e3b341"},
}

_QUARTER = np.array([[0.0, 1.0], [-1.0, 0.0]])
"""Turns a row by 90°: from the gradient to the level line."""

_TANGENT, _RULER = 0.8, 0.06
"""Half the length of the level line, in lengths of −∇J; the circle ‖x‖ = r, in views."""

_LONG = 0.2
"""The length of −∇J, in views; the other arrows are in proportion to it."""


def add_chain_rule(sheet: Sheet, model: RunsModel, stage: str, width: float) -> None:
    """The arrows of one stage at every step; ``width`` is that of θ's window."""
    gradient, in_x, back = carried(model)
    gradient = moving(model.problem, gradient)
    here, there = model.guide.in_theta.good, model.guide.theta_run_in_x
    with np.errstate(all="ignore"):
        scale = _LONG * width / np.linalg.norm(gradient, axis=-1, keepdims=True)

    def arrows(plane: str, style: str, label: str, tails: Array, along: Array) -> None:
        points = np.concatenate([tails, tails - scale * along], -1)
        sheet.add(plane, "arrows", style, "", label=label, points=points)

    arrows("theta", "gradient", "−∇J", here, gradient)
    arrows("x", "gradient", "−∇ₓJ = −Aᵀ∇J" if stage == "gradient" else "step in x", there, in_x)
    if stage == "back":
        arrows("theta", "back", "−AAᵀ∇J", here, back)
        along = _TANGENT * scale * gradient @ _QUARTER
        _add_ellipse(sheet, "theta", "level", here, along, 1e-3 * along @ _QUARTER)
        a1, a2 = (np.broadcast_to(column, here.shape) for column in _RULER * width * model.matrix.T)
        _add_ellipse(sheet, "theta", "ruler", here, a1, a2)
        e1, e2 = (np.broadcast_to(row, there.shape) for row in _RULER * width * np.eye(2))
        _add_ellipse(sheet, "x", "ruler", there, e1, e2)


def _add_ellipse(
    sheet: Sheet, plane: str, style: str, center: Array, first: Array, second: Array
) -> None:
    """An ellipse at each step, by its center and two conjugate half axes; flat, it is a line."""
    shapes = np.concatenate([center, first, second], -1)
    sheet.add(plane, "ellipse-at", style, "", shapes=shapes)
