"""KL's exact level set over the ellipse ½δᵀFδ = r, and how fast the two part."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from natgrad_core.analysis.fisher_sampling import kl_misses
from natgrad_core.core.problem import Problem
from natgrad_core.geometry.ellipses import ellipse_axes, outline, reach
from natgrad_core.geometry.level_sets import kl_level_set
from natgrad_core.types import Array
from natgrad_lecture.drawing.graph import Axis, Graph
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.windows import plane, window
from natgrad_lecture.state.items import problem_named

PLACES: dict[str, tuple[tuple[float, float], tuple[tuple[float, float], tuple[float, float]]]] = {
    "normal": ((0.0, 1.0), ((-2.0, 2.0), (0.0, 4.0))),
    "gamma": ((1.6, 1.4), ((0.0, 4.0), (0.0, 4.0))),
}
"""Where the problems of families stand on this page, and what of their parameters is seen."""

SIZES: Array = np.geomspace(1e-3, 2.0, 25)
"""The lengths ε = √(δᵀFδ) at which the error is drawn."""

YOURS = "error along your δ"
"""What the reader's own curve is called, and the dot on it at the length of δ."""

_SMALL = np.array([0.02, 0.01])
"""Two lengths from which a slope is read."""


def place_of(name: str) -> tuple[float, ...]:
    """Where a problem's point stands when it is chosen."""
    return PLACES[name][0] if name in PLACES else problem_named(name).start


def view_of(name: str) -> Array:
    """The square window of its parameters."""
    return np.array(PLACES[name][1]) if name in PLACES else window(problem_named(name))


class Level:
    """What the engine says of a point θ, a radius r and the reader's step δ."""

    def __init__(self, state: Any) -> None:
        self.state = state
        self.problem: Problem = problem_named(state.problem)
        self.theta = np.array(state.point)
        self.radius = float(state.radius)

    @cached_property
    def fisher(self) -> Array:
        """F at θ."""
        return self.problem.fisher(self.theta)

    @cached_property
    def step(self) -> Array:
        """The reader's δ; until it is taken, straight up to the ellipse."""
        if self.state.step is not None:
            return np.array(self.state.step)
        return reach(np.array([0.0, 1.0]), self.fisher, self.radius)

    @cached_property
    def level(self) -> Array:
        """KL(p_θ ‖ p_θ+δ) = r, as points θ + δ."""
        return kl_level_set(self.problem, self.theta, self.radius, 181)

    @cached_property
    def backward(self) -> Array:
        """KL(p_θ+δ ‖ p_θ) = r."""
        return kl_level_set(self.problem, self.theta, self.radius, 121, reverse=True)

    @cached_property
    def ellipse(self) -> Array:
        """½δᵀFδ = r, as points θ + δ."""
        return self.theta + outline(self.fisher, self.radius, 181)

    @cached_property
    def kl(self) -> float:
        """KL(p_θ ‖ p_θ+δ) of the reader's step; NaN outside the domain."""
        there = self.theta + self.step
        if not bool(self.problem.inside(there)):
            return np.nan
        return float(self.problem.kl(self.theta, there))

    @cached_property
    def half(self) -> float:
        """½δᵀFδ of the reader's step."""
        return float(self.step @ self.fisher @ self.step / 2)

    @property
    def misses(self) -> tuple[Array, Array]:
        """By how much KL misses ½ε² at worst at each of SIZES, and on average of opposite ends."""
        return _misses(self.state.problem, tuple(self.theta.tolist()))

    @cached_property
    def own_misses(self) -> Array:
        """By how much KL misses ½ε² along the reader's δ, at each of SIZES; NaN past the domain."""
        along = self.step / np.sqrt(2 * self.half) if self.half > 0 else np.zeros_like(self.step)
        there = self.theta + SIZES[:, None] * along
        inside = self.problem.inside(there)
        there = np.where(inside[:, None], there, self.theta)
        kl = self.problem.kl(np.broadcast_to(self.theta, there.shape), there)
        return np.where(inside, np.abs(kl - SIZES**2 / 2), np.nan)

    @property
    def slopes(self) -> tuple[float, float]:
        """The two graphs' slopes at their small end; NaN where there is no error at all."""
        worst, pairs = worst_misses(self.problem, self.theta, _SMALL)
        if worst[0] < 1e-12:
            return np.nan, np.nan
        return float(np.log2(worst[0] / worst[1])), float(np.log2(pairs[0] / pairs[1]))


def worst_misses(problem: Problem, theta: Array, sizes: Array) -> tuple[Array, Array]:
    """The largest abs(KL − ½ε²) around each ellipse, and the largest mean of opposite ends."""
    found = kl_misses(problem, theta, sizes)
    half = found.shape[1] // 2
    pairs = (found[:, :half] + found[:, half:]) / 2
    with np.errstate(all="ignore"):
        return np.abs(found).max(-1), np.abs(pairs).max(-1)


@lru_cache(maxsize=16)
def _misses(name: str, theta: tuple[float, ...]) -> tuple[Array, Array]:
    return worst_misses(problem_named(name), np.array(theta), SIZES)


def picture(level: Level, sheet: Sheet) -> dict[str, Any]:
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
                else f"the parameters of a {state.problem}",
                level.problem.symbols,
                view,
            ),
            _errors(level, sheet, visible),
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
                "label": "tip of δ",
                "field": "step",
                "style": "you",
                "tag": "δ",
            },
        ],
        "numbers": _numbers(level, visible),
        "description": f"KL of δ {level.kl:.4g}, ½δᵀFδ {level.half:.4g} nats"
        if visible
        else f"½δᵀFδ {level.half:.4g} nats; the level set is hidden",
    }


def _errors(level: Level, sheet: Sheet, visible: bool) -> dict[str, Any]:
    slopes = level.slopes
    title = "how far KL is from ½ε²"
    if np.isfinite(slopes).all():
        title += f": slopes {slopes[0]:.2f} and {slopes[1]:.2f}"
    else:
        title = "KL is ½ε² exactly: no error"
    graph = Graph(
        sheet,
        "right",
        title,
        Axis("ε", SIZES[0], SIZES[-1], log=True),
        Axis("error", 1e-14, 10.0, log=True),
    )
    worst, pairs = level.misses
    curves = [
        ("worst", "error, worst direction", worst),
        ("pairs", "mean of δ and −δ, worst", pairs),
    ]
    if visible:
        curves.append(("you", YOURS, level.own_misses))
    for style, label, values in curves:
        good = np.isfinite(values) & (values > 1e-15)
        if good.any() and np.isfinite(slopes).all():
            graph.curve(style, label, SIZES[good], values[good])
            if style != "you":  # whose mark is the reader's own step
                graph.marks(style, label, SIZES[good][-1], values[good][-1])
    here = np.sqrt(2 * level.radius)
    graph.curve("metric", "", [here, here], [1e-14, 10.0], width=1.2, dash="dashed")
    miss = abs(level.kl - level.half)
    if visible and np.isfinite(miss) and miss > 1e-14:
        graph.marks("you", YOURS, np.sqrt(2 * level.half), miss)
    return graph.plane()


def _numbers(level: Level, visible: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"half": level.half, "kl": level.kl, "miss": level.kl - level.half}
    if not visible:
        found |= {"kl": None, "miss": None}
    found |= {f"F.{i}.{j}": float(level.fisher[i, j]) for i in (0, 1) for j in (0, 1)}
    return found | {f"step.{i}": float(level.step[i]) for i in (0, 1)}
