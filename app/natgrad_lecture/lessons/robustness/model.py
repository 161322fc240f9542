"""What the engine says of a state; nothing is drawn here."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, partial
from typing import Any

import numpy as np

from natgrad_core import metrics, rules, run
from natgrad_core.analysis.grid_sweep import Sweep, rotated, sweeping
from natgrad_core.analysis.stability import critical_rate
from natgrad_core.linalg.small_matrices import components, full
from natgrad_core.types import Array
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.drawing.graph import Axis
from natgrad_lecture.drawing.heat_map import Kept, keeper
from natgrad_lecture.engine_cache import RunsModel, traces_of
from natgrad_lecture.lessons.robustness.state import DAMPED, RATES, UPS, Cell
from natgrad_lecture.state.items import problem_named

METRICS = {"gradient": "euclidean", "newton": "hessian", "natural": "fisher"}
"""Rules that are descent with one metric, of which the edge has a closed form."""


COMPARED = ("gradient", "newton", "natural")
"""Rules whose maps stand side by side."""

COUNT = 65
"""Cells along each side of the map: as many as the coarse grids divide."""


SHARE = 0.01
"""A run has arrived when this part of the way down is left."""


def _spaced(axis: Axis, count: int) -> Array:
    return (np.geomspace if axis.log else np.linspace)(axis.low, axis.high, count)


@bounded_cache
def _best(problem: str) -> tuple[float, ...]:
    """The minimum, by many natural steps."""
    place = problem_named(problem)
    return tuple(run(place, rules["natural"](0.2), place.start, 200).theta[-1].tolist())


def maker(rule: str, kind: str) -> Any:
    """What makes a rule of a rate and a damping of this kind."""
    return partial(rules[rule], kind=kind) if rule in DAMPED else rules[rule]


Key = tuple[Any, ...]


def _sweeping(
    problem: str,
    start: tuple[float, ...],
    rule: str,
    kind: str,
    up: str,
    fixed: float,
    stretch: float,
    steps: int,
    target: float,
    count: int,
) -> Iterator[Sweep]:
    """The grid of rates and angles at a fixed damping, or of rates and dampings at an angle."""
    axis = {up: _spaced(UPS[up], count), ("damping" if up == "angle" else "angle"): fixed}
    yield from sweeping(
        problem_named(problem),
        maker(rule, kind),
        _spaced(RATES, count),
        axis["damping"],
        axis["angle"],
        stretch=(stretch, 1.0),
        start=start,
        steps=steps,
        target=target,
        traces=traces_of(problem, None),
    )


_kept = keeper(_sweeping)


class Model(RunsModel):
    """What the engine says of one cell and of the map around it."""

    state: Cell

    @cached_property
    def best(self) -> Array:
        """The minimum."""
        return np.array(_best(self.state.problem))

    @cached_property
    def begin(self) -> float:
        """J at the start."""
        return float(self.problem.loss(self.start))

    @cached_property
    def target(self) -> float:
        """The loss at which a run has arrived."""
        lowest = float(self.problem.loss(self.best))
        return lowest + SHARE * (self.begin - lowest)

    @property
    def beside(self) -> tuple[str, ...]:
        """Two other rules, whose maps stand beside the chosen one's: those that have its axes."""
        s = self.state
        others = (r for r in COMPARED if r != s.rule and (s.upwards == "angle" or r in DAMPED))
        return tuple(others)[:2]

    def key(self, count: int = COUNT, rule: str | None = None) -> Key:
        """All that the map of a rule depends on: not the cell that is looked at."""
        s, rule = self.state, rule or self.state.rule
        damping = s.damping if rule in DAMPED else 0.0
        fixed = damping if s.upwards == "angle" else s.angle
        start = tuple(map(float, s.point))
        return (
            s.problem,
            start,
            rule,
            s.kind,
            s.upwards,
            fixed,
            s.stretch,
            s.steps,
            self.target,
            count,
        )

    def kept(self, rule: str) -> Kept[Sweep]:
        """The map of a rule as far as it was asked for."""
        return _kept(*self.key(rule=rule))

    def sweep(self, count: int = 17) -> Array:
        """Steps until each run of a small map arrives, ``[rates, up]``; NaN where none does."""
        return _arrivals(self.key(count), self.target)

    def edge(self, angle: Any, damping: Any, rule: str | None = None) -> Array:
        """The critical rate at the minimum, ``[...]``, of descent with one metric."""
        rule = rule or self.state.rule
        matrix = rotated(angle, (self.state.stretch, 1.0))
        across = np.swapaxes(matrix, -1, -2)
        at = self.problem.at(components(self.best))
        hessian = across @ full(at.hessian, ()) @ matrix
        if rule not in DAMPED:
            return critical_rate(hessian)
        flat = across @ matrix if self.state.kind == "pulled-back" else np.eye(2)
        metric = across @ full(metrics[METRICS[rule]]()(at).dense(), ()) @ matrix
        return critical_rate(hessian, metric + np.asarray(damping)[..., None, None] * flat)

    def edges(self, rule: str) -> tuple[Array, Array]:
        """The closed form's edge of the map: rates, and where up each belongs."""
        s = self.state
        up = _spaced(UPS[s.upwards], 181)
        where = (up, s.damping) if s.upwards == "angle" else (s.angle, up)
        return np.broadcast_to(self.edge(*where, rule), up.shape), up


@bounded_cache
def _arrivals(key: Key, target: float) -> Array:
    *_, found = _sweeping(*key)
    with np.errstate(all="ignore"):
        first = np.where(found.loss <= target, found.first, np.nan)
    return first.reshape(first.shape[0], -1)
