"""Three geodesics between two normals, and the two natural-gradient runs, in two charts at once.

Wide bands are the geodesics, thin lines the runs; ellipses of the Fisher metric stand along the
shortest geodesic, at even distances.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from natgrad_core import Trajectory, charts, problems, rules, run
from natgrad_core.core.chart import Chart
from natgrad_core.geometry.ellipses import ellipse_axes
from natgrad_core.geometry.geodesics import distance, e_geodesic, fisher_rao, length, m_geodesic
from natgrad_core.geometry.gradient_flow import Flow, flow
from natgrad_core.problems._kl_to_target import Divergence
from natgrad_core.types import Array
from natgrad_lecture.drawing.contours import add_lattice
from natgrad_lecture.drawing.paired_runs import broken
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.windows import plane, square

GEODESICS = {"m": m_geodesic, "e": e_geodesic, "rao": fisher_rao}
NAMES = {"m": "m-geodesic", "e": "e-geodesic", "rao": "Fisher–Rao geodesic"}
RUNS = {"natural": False, "reverse": True}
"""The natural runs on KL(p* ‖ p) and, in reverse, on KL(p ‖ p*)."""

CHARTS: dict[str, tuple[str, Chart]] = {
    "expectation": ("mean and mean square", charts["expectation"]()),
    "natural": ("natural parameters", charts["natural"]()),
    "half-plane": ("half-plane μ/√2, σ", charts["linear"](((np.sqrt(2.0), 0.0), (0.0, 1.0)))),
    "log-scale": ("μ, log σ", charts["log-scale"]()),
    "variance": ("μ, σ²", charts["variance"]()),
}
LABELS = {"half-plane": ("μ/√2", "σ"), "log-scale": ("μ", "log\u00a0σ")}

NORMAL = problems["normal"]()
VIEW = np.array([[-1.6, 1.6], [0.0, 3.2]])
COUNT = 101
_FINE = 401
"""Points of a geodesic, for drawing and for its length, which is right to six digits."""

_SHARES = 1 / (1 + np.exp(-np.linspace(-16.0, 16.0, 1001)))[:, None]
"""Shares of the way along a straight line, close together at both ends: there σ may change most."""

_SIDES = 1001
"""Points of a geodesic from which the distance to it is measured."""

_STANDING = 5
_RADIUS = 0.02
"""Nats of KL, ½ δᵀFδ, of the ellipses."""


End = tuple[float, ...]


@lru_cache(maxsize=128)
def _loss(target: End, reverse: bool) -> Divergence:
    """KL(p* ‖ p), or in reverse KL(p ‖ p*), with p* at ``target``."""
    return Divergence(NORMAL, np.array(target), reverse)


@lru_cache(maxsize=128)
def _steps(a: End, b: End, chart: str, reverse: bool, rate: float) -> Trajectory:
    of = CHARTS[chart][1]
    charted = _loss(b, reverse).through(of)
    return run(charted, rules["natural"](rate), of.inverse(np.array(a)), count(rate))


@lru_cache(maxsize=128)
def _flow(a: End, b: End, reverse: bool) -> Flow:
    return flow(_loss(b, reverse), np.array(a), 6.0, count=61)


class Model:
    """What the engine says of two normals and a chart."""

    def __init__(self, state: Any) -> None:
        self.state = state
        self.a, self.b = np.array(state.a), np.array(state.b)
        self.chart = CHARTS[state.chart][1]

    @property
    def paths(self) -> dict[str, Any]:
        """What a notebook reads as the widget's ``path``: the runs, and the geodesics as points."""
        return {**self.runs, **{f"{name}-geodesic": path for name, path in self.geodesics.items()}}

    @cached_property
    def geodesics(self) -> dict[str, Array]:
        """The three geodesics, in (μ, σ), ``[COUNT, 2]``."""
        return {name: of(NORMAL, self.a, self.b, COUNT) for name, of in GEODESICS.items()}

    @cached_property
    def drawn(self) -> dict[str, Array]:
        """The same as curves, at even distances, so that none has a corner in any chart."""
        found = {"rao": self.geodesics["rao"]}
        for kind, name in (("m", "expectation"), ("e", "natural")):
            chart = CHARTS[name][1]
            first, last = chart.inverse(self.a), chart.inverse(self.b)
            fine = chart.forward((1 - _SHARES) * first + _SHARES * last)
            sides = np.diff(fine, axis=0) / fine[:-1, 1:]  # by F, up to a factor of at most √2
            way = np.append(0.0, np.linalg.norm(sides, axis=1).cumsum())
            kept = np.searchsorted(way, np.linspace(0.0, way[-1], COUNT)[1:-1])
            found[kind] = np.concatenate([self.a[None], fine[kept], self.b[None]])
        return found

    @cached_property
    def lengths(self) -> dict[str, float]:
        """Their lengths by the Fisher metric."""
        found = {n: length(NORMAL, GEODESICS[n](NORMAL, self.a, self.b, _FINE)) for n in ("m", "e")}
        return {**found, "rao": float(distance(NORMAL, self.a, self.b))}

    @cached_property
    def runs(self) -> dict[str, Trajectory]:
        """The natural gradient's steps from a, in the chosen chart."""
        return {name: self.steps(reverse, self.state.rate) for name, reverse in RUNS.items()}

    def steps(self, reverse: bool, rate: float) -> Trajectory:
        """A run at this rate, about as far in time whatever the rate."""
        ends = tuple(map(float, self.a)), tuple(map(float, self.b))
        return _steps(*ends, self.state.chart, reverse, float(rate))

    def flow(self, reverse: bool) -> Flow:
        """The limit of small steps, followed by an ODE solver."""
        return _flow(tuple(map(float, self.a)), tuple(map(float, self.b)), reverse)

    def off(self, points: Array, kind: str) -> float:
        """The largest distance of some sixty of ``points [n, 2]`` from a geodesic, as a share of
        that of its ends.

        By the Fisher metric at the nearest of many points of the geodesic, to its sides there.
        """
        points = points[:: max(1, len(points) // 60)]
        fine = GEODESICS[kind](NORMAL, self.a, self.b, _SIDES)
        gaps = points[:, None] - fine
        squares = np.einsum("nki,kij,nkj->nk", gaps, NORMAL.fisher(fine), gaps)
        nearest = squares.argmin(1)
        metric = NORMAL.fisher(fine[nearest])
        found = squares.min(1)
        for other in (np.maximum(nearest - 1, 0), np.minimum(nearest + 1, _SIDES - 1)):
            side, gap = fine[other] - fine[nearest], points - fine[nearest]
            along, size = (np.einsum("ni,nij,nj->n", side, metric, v) for v in (gap, side))
            share = np.clip(along / np.where(size > 0, size, 1.0), 0.0, 1.0)[:, None]
            rest = gap - share * side
            found = np.minimum(found, np.einsum("ni,nij,nj->n", rest, metric, rest))
        return float(np.sqrt(found).max() / self.lengths["rao"])


def count(rate: float) -> int:
    """Steps to a time of 6, when e⁻⁶ of the way is left."""
    return int(min(600, np.ceil(6.0 / rate)))


def picture(model: Model, sheet: Sheet) -> dict[str, Any]:
    """Geodesics and runs in (μ, σ) and in the chosen chart."""
    views = {"theta": _view(model), "x": _window(list(_in_chart(model)))}
    title, chart = CHARTS[model.state.chart]
    labels = LABELS.get(model.state.chart, chart.names(NORMAL.symbols))
    for name in views:
        _draw(model, sheet, name, views)
    return {
        "planes": [
            plane("theta", "mean and spread", NORMAL.symbols, views["theta"]),
            plane("x", title, labels, views["x"]),
        ],
        "dash_labels": {},
        "steps": count(model.state.rate),
        "handles": _handles(model),
        "numbers": _numbers(model),
        "description": _description(model),
    }


def _draw(model: Model, sheet: Sheet, name: str, views: dict[str, Array]) -> None:
    there = name == "x"

    def place(points: Array) -> Array:
        with np.errstate(all="ignore"):
            moved = model.chart.inverse(points) if there else points
        return np.where(points[..., 1:] > 0, moved, np.nan)

    if there:
        add_lattice(sheet, "x", place, views["theta"], views["x"], bends=60)
    for kind, points in model.drawn.items():
        sheet.add(name, "curve", kind, NAMES[kind], points=place(points), faint=True, width=9.0)
    standing = model.geodesics["rao"][:: (COUNT - 1) // (_STANDING - 1)]
    problem = NORMAL.through(model.chart) if there else NORMAL
    x = place(standing)
    axes = ellipse_axes(problem.fisher(x), _RADIUS)
    shapes = np.concatenate([x, axes.reshape(len(x), 4)], -1)
    sheet.add(name, "ellipses", "rao", NAMES["rao"], shapes=shapes)
    for run_name, reverse in RUNS.items():
        path = model.runs[run_name]
        with np.errstate(all="ignore"):  # a run that left the domain is drawn as far as it went
            points = path.theta if there else path.in_theta
        loss = sheet.array(f"loss.{run_name}", path.loss)
        sheet.add(
            name,
            "path",
            run_name,
            "natural steps",
            rule=run_name,
            dash="dashed" if reverse else "solid",
            values={"loss": loss},
            points=points,
        )
    for kind, points in model.geodesics.items():
        middle = points[COUNT // 2][None]
        sheet.add(name, "points", kind, NAMES[kind], points=place(middle))


def _in_chart(model: Model) -> Iterator[Array]:
    return (model.chart.inverse(path) for path in model.drawn.values())


def _view(model: Model) -> Array:
    """The window of (μ, σ): the usual one, or one around ends and geodesics that it cannot hold."""
    paths = list(model.drawn.values())
    low, high = VIEW.T
    if all(((low <= path) & (path <= high)).all() for path in paths):
        return VIEW
    return _window(paths)


def _window(paths: list[Array]) -> Array:
    """A square around all that is drawn, a little at rest while an end is dragged."""
    tight = square(np.concatenate(paths))
    half, middle = float(np.ptp(tight[0])) / 2, tight.mean(1)
    size = 1.25 ** np.ceil(np.log(1.15 * half) / np.log(1.25))
    grain = size / 10
    middle = np.round(middle / grain) * grain
    return np.stack([middle - size, middle + size], -1)


def _handles(model: Model) -> list[dict[str, Any]]:
    handles = []
    for plane_name, end in (("theta", ""), ("x", ".x")):
        for field, label in (("a", "start p"), ("b", "target p*")):
            at = getattr(model, field)
            place = model.chart.inverse(at) if end else at
            handles.append(
                {
                    "id": field + end,
                    "plane": plane_name,
                    "at": place.tolist(),
                    "label": label,
                    "field": field + end,
                    "style": "start",
                    "tag": "p" if field == "a" else "p*",
                }
            )
    return handles


def _numbers(model: Model) -> dict[str, Any]:
    found: dict[str, Any] = {f"length.{name}": size for name, size in model.lengths.items()}
    for name, path in model.geodesics.items():
        found |= {f"mid.{name}.{i}": float(path[COUNT // 2, i]) for i in (0, 1)}
    return found


def _description(model: Model) -> str:
    sizes = ", ".join(f"{NAMES[name]} {size:.4g}" for name, size in model.lengths.items())
    bad = [
        f"the run on {'KL(p‖p*)' if RUNS[name] else 'KL(p*‖p)'} {how}"
        for name, path in model.runs.items()
        if (how := broken(path))
    ]
    return "; ".join([f"lengths: {sizes}", *bad])
