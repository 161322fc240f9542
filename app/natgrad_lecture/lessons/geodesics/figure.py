"""Three geodesics between two normals, and the two natural-gradient runs, in two charts at once.

Wide bands are the geodesics, thin lines the runs; ellipses of the Fisher metric stand along the
shortest geodesic, at even distances.
"""

from __future__ import annotations

from functools import cached_property
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
_FINE = 4001
"""Points of a geodesic, for drawing and for its length, which is right to six digits."""

_STANDING = 5
_RADIUS = 0.02
"""Nats of KL, ½ δᵀFδ, of the ellipses."""


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
    def lengths(self) -> dict[str, float]:
        """Their lengths by the Fisher metric."""
        found = {n: length(NORMAL, GEODESICS[n](NORMAL, self.a, self.b, _FINE)) for n in ("m", "e")}
        return {**found, "rao": float(distance(NORMAL, self.a, self.b))}

    @cached_property
    def runs(self) -> dict[str, Trajectory]:
        """The natural gradient's steps from a, in the chosen chart."""
        return {name: self.steps(reverse, self.state.rate) for name, reverse in RUNS.items()}

    def loss(self, reverse: bool) -> Divergence:
        """KL(p* ‖ p), or in reverse KL(p ‖ p*), with p* at b."""
        return Divergence(NORMAL, self.b, reverse)

    def steps(self, reverse: bool, rate: float) -> Trajectory:
        """A run at this rate, about as far in time whatever the rate."""
        charted = self.loss(reverse).through(self.chart)
        return run(charted, rules["natural"](rate), self.chart.inverse(self.a), count(rate))

    def flow(self, reverse: bool) -> Flow:
        """The limit of small steps, followed by an ODE solver."""
        return flow(self.loss(reverse), self.a, 6.0, count=61)

    def off(self, points: Array, kind: str) -> float:
        """The largest distance of ``points [n, 2]`` from a geodesic, relative to that of its ends.

        By the Fisher metric at the geodesic's nearest point.
        """
        fine = GEODESICS[kind](NORMAL, self.a, self.b, 2001)
        gaps = points[:, None] - fine
        metric = NORMAL.fisher(fine)
        squares = np.einsum("nki,kij,nkj->nk", gaps, metric, gaps)
        return float(np.sqrt(squares.min(1)).max() / self.lengths["rao"])


def count(rate: float) -> int:
    """Steps to a time of 6, when e⁻⁶ of the way is left."""
    return int(min(600, np.ceil(6.0 / rate)))


def picture(model: Model, sheet: Sheet) -> dict[str, Any]:
    """Geodesics and runs in (μ, σ) and in the chosen chart."""
    views = {"theta": VIEW, "x": _window(model)}
    title, chart = CHARTS[model.state.chart]
    labels = LABELS.get(model.state.chart, chart.names(NORMAL.symbols))
    for name in views:
        _draw(model, sheet, name, views)
    return {
        "planes": [
            plane("theta", "mean and spread", NORMAL.symbols, VIEW),
            plane("x", title, labels, views["x"]),
        ],
        "ways": {},
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
    for kind, points in model.geodesics.items():
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


def _window(model: Model) -> Array:
    """A square around all that is drawn in the chart, a little at rest while an end is dragged."""
    tight = square(np.concatenate([model.chart.inverse(path) for path in model.geodesics.values()]))
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
