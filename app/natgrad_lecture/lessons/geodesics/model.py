"""What the engine says of two normals: three geodesics and two natural-gradient runs."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from natgrad_core import Trajectory, problems, rules, run
from natgrad_core.geometry.geodesics import distance, e_geodesic, fisher_rao, m_geodesic
from natgrad_core.geometry.gradient_flow import Flow, flow
from natgrad_core.problems._kl_to_target import Divergence
from natgrad_core.types import Array
from natgrad_lecture.bounded_cache import bounded_cache, recent_cache
from natgrad_lecture.engine_cache import traces
from natgrad_lecture.lessons.geodesics.state import CHARTS

GEODESICS = {"m": m_geodesic, "e": e_geodesic, "rao": fisher_rao}
NAMES = {"m": "m-geodesic", "e": "e-geodesic", "rao": "Fisher–Rao geodesic"}
RUNS = {"natural": False, "reverse": True}
"""The natural runs on KL(p* ‖ p) and, in reverse, on KL(p ‖ p*)."""

NORMAL = problems["normal"]()
COUNT = 101
STRAIGHT = {"m": "expectation", "e": "natural"}
"""The chart in which a geodesic is a straight line."""

_SHARES = 1 / (1 + np.exp(-np.linspace(-16.0, 16.0, 1001)))[:, None]
"""Shares of the way along a straight line, close together at both ends: there σ may change most."""

_LOGITS, _STEP = np.linspace(-45.0, 45.0, 401, retstep=True)
_FINE = 1 / (1 + np.exp(-_LOGITS))[:, None]
_WEIGHTS = _STEP * (_FINE * (1 - _FINE))[:, 0]
"""Shares of the way and weights of a sum that is the integral over it: the trapezoidal rule in the
logit of the share, which is as fine at any distance from the ends, however small.
"""

_SIDES = 1001
"""Points of a geodesic from which the distance to it is measured."""


End = tuple[float, ...]


@bounded_cache
def _loss(target: End, reverse: bool) -> Divergence:
    """KL(p* ‖ p), or in reverse KL(p ‖ p*), with p* at ``target``."""
    return Divergence(NORMAL, np.array(target), reverse)


@recent_cache
def _steps(a: End, b: End, chart: str, reverse: bool, rate: float) -> Trajectory:
    of = CHARTS[chart]
    charted = _loss(b, reverse).through(of)
    kept = traces("geodesics", chart, reverse)
    return run(charted, rules["natural"](rate), of.inverse(np.array(a)), count(rate), kept)


@bounded_cache
def _flow(a: End, b: End, reverse: bool) -> Flow:
    return flow(_loss(b, reverse), np.array(a), 6.0, count=61)


class Model:
    """What the engine says of two normals and a chart."""

    def __init__(self, state: Any) -> None:
        self.state = state
        self.a, self.b = np.array(state.a), np.array(state.b)
        self.chart = CHARTS[state.chart]

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
        for kind, name in STRAIGHT.items():
            chart = CHARTS[name]
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
        found = {kind: straight_length(name, self.a, self.b) for kind, name in STRAIGHT.items()}
        return {**found, "rao": float(distance(NORMAL, self.a, self.b))}

    @cached_property
    def runs(self) -> dict[str, Trajectory]:
        """The natural gradient's steps from a, in the chosen chart."""
        return {name: self.steps(reverse, self.state.rate) for name, reverse in RUNS.items()}

    def loss(self, reverse: bool) -> Divergence:
        """KL(p* ‖ p), or in reverse KL(p ‖ p*), with p* at b."""
        return _loss(tuple(map(float, self.b)), reverse)

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


def straight_length(chart: str, a: Array, b: Array) -> float:
    """The Fisher length ∫√(ẋᵀFẋ) dt between two normals of the line that is straight in a chart."""
    of = CHARTS[chart]
    first, last = of.inverse(a), of.inverse(b)
    points, v = (1 - _FINE) * first + _FINE * last, last - first
    squares = np.einsum("i,nij,j->n", v, NORMAL.through(of).fisher(points), v)
    return float(np.sqrt(np.maximum(squares, 0.0)) @ _WEIGHTS)


def count(rate: float) -> int:
    """Steps to a time of 6, when e⁻⁶ of the way is left."""
    return int(min(600, np.ceil(6.0 / rate)))
