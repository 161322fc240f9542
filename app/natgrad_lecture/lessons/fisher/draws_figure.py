"""F built draw by draw: the scores, the ellipse of their outer products, and the error over n."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from natgrad_core.analysis.fisher_sampling import (
    Gathered,
    error,
    expected_error,
    gather,
    scores,
    whitening,
)
from natgrad_core.geometry.ellipses import spread_axes
from natgrad_core.types import Array, Whole
from natgrad_lecture.drawing.graph import Axis, Graph
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.windows import plane
from natgrad_lecture.state.items import problem_named

_PER_DECADE = 12
_FIRST, _BLOCK, MOST = 1000, 100_000, 1_000_000
"""Draws of the first answer, of each one after, and in all."""

POINTS = 300
"""Scores drawn as points."""

_NS: Whole = np.unique(np.round(10 ** np.arange(0, 6.01, 1 / _PER_DECADE)).astype(np.int64))
_ENDS = (0, _FIRST, *range(_BLOCK, MOST + 1, _BLOCK))
PARTS = len(_ENDS) - 1


def _numbers_in(part: int) -> Whole:
    """How many draws have been made at each stop of a part, counted from its beginning."""
    low, high = _ENDS[part], _ENDS[part + 1]
    stops = _NS[(low < _NS) & (high > _NS)]
    return np.append(stops, high) - low


STEPS = sum(len(_numbers_in(part)) for part in range(PARTS)) - 1


@lru_cache(maxsize=64)
def _part(name: str, theta: tuple[float, ...], seed: int, part: int) -> Gathered:
    return gather(problem_named(name), theta, _numbers_in(part), (seed, part))


@lru_cache(maxsize=32)
def gathered(name: str, theta: tuple[float, ...], seed: int, parts: int) -> Gathered:
    """The sums over the first so many parts of the draws."""
    found = _part(name, theta, seed, 0)
    for part in range(1, parts):
        found = found.then(_part(name, theta, seed, part))
    return found


class Draws:
    """What the engine says of draws from p(· | θ)."""

    def __init__(self, state: Any) -> None:
        self.state = state
        self.problem = problem_named(state.problem)
        self.theta = tuple(float(v) for v in state.point)

    @cached_property
    def fisher(self) -> Array:
        """F at θ, exactly."""
        return self.problem.fisher(self.theta)

    def gathered(self, parts: int = 1) -> Gathered:
        """The sums over the first so many parts."""
        return gathered(self.state.problem, self.theta, self.state.seed, parts)

    @cached_property
    def first(self) -> Array:
        """The first scores, ``[POINTS, 2]``, or with covariates one a row of the first draws."""
        rng = np.random.default_rng((self.state.seed, 0))
        data = self.problem.sample(self.theta, rng, _FIRST)
        return scores(self.problem, self.theta, data).reshape(-1, 2)[:POINTS]


def picture(draws: Draws, sheet: Sheet) -> dict[str, Any]:
    """The scores with both ellipses, and the errors over n; finer with every ask."""
    parts = min(sheet.fine, PARTS - 1) + 1
    found = draws.gathered(parts)
    view = _scores(draws, found, sheet)
    more = {} if parts == PARTS else {"more": parts, "progress": _ENDS[parts] / MOST}
    apart = error(found.fisher[-1:], draws.fisher)[0]
    return {
        "planes": [
            plane(
                "left",
                "scores s = ∇ log p(y | θ), and two spreads of them",
                tuple(f"s{i}" for i in "₁₂"),
                view,
            ),
            _errors(draws, found, sheet),
        ],
        "dash_labels": {},
        "steps": STEPS,
        "handles": [],
        "numbers": _numbers(draws, found, sheet),
        "description": f"{found.n[-1]} draws; the average of s sᵀ misses F by {apart:.2g}",
        **more,
    }


def _scores(draws: Draws, found: Gathered, sheet: Sheet) -> Array:
    points = draws.first
    each = max(1, len(draws.problem.rows.columns[0]) if draws.problem.covariates else 1)
    sheet.add(
        "left",
        "points",
        "draw",
        "scores of draws",
        points=points,
        size=0.5,
        counts=np.minimum(found.n * each, len(points)),
    )
    exact = np.concatenate([np.zeros(2), spread_axes(draws.fisher, 2.0).ravel()])[None]
    sheet.add("left", "ellipses", "metric", "F", shapes=exact)
    axes = spread_axes(found.fisher, 2.0).reshape(-1, 4)
    shapes = np.concatenate([np.zeros((len(axes), 2)), axes], -1)
    sheet.add("left", "ellipse-at", "estimate", "average of s sᵀ", shapes=shapes)
    sheet.add("left", "path", "mean", "average score", points=found.mean, dash="solid")
    outer = 2.4 * np.sqrt(np.diag(draws.fisher).max())
    return np.array([[-outer, outer], [-outer, outer]])


def _errors(draws: Draws, found: Gathered, sheet: Sheet) -> dict[str, Any]:
    across, up = Axis("n", 1.0, float(MOST), log=True), Axis("error", 1e-4, 100.0, log=True)
    title = "error in F's own units, against the number of draws"
    graph = Graph(sheet, "right", title, across, up)
    c = expected_error(found)
    ends = np.array([1.0, MOST])
    graph.curve(
        "expected", f"expected, {c:.2g}/√n", ends, c / np.sqrt(ends), dash="dashed", width=1.6
    )
    white = whitening(draws.fisher)
    lines = {
        "estimate": ("average of s sᵀ", error(found.fisher, draws.fisher)),
        "curvature": ("average of −∇² log p", error(found.curvature, draws.fisher)),
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
