"""What the lesson reads from the two runs, beyond what all lessons on runs have."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from natgrad_core import Trajectory, run
from natgrad_core.linalg.small_matrices import pack
from natgrad_core.types import Array
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.drawing.windows import window
from natgrad_lecture.engine_cache import RuleCall, RunsModel, charted, traces_of
from natgrad_lecture.lessons.coordinates.state import Coordinates
from natgrad_lecture.state.items import ChartKey, ProblemKey, problem_named

HUNDRED = 100
"""Starts of a cloud."""

_RADIUS = 0.09
"""Of a cloud, as a share of the window."""

_TURN = np.pi * (3.0 - np.sqrt(5.0))
"""The golden angle: points turned by it fill a disk evenly (Vogel 1979)."""


@dataclass(frozen=True)
class Cloud:
    """One rule from every start of a cloud, ``[steps + 1, starts, 2]``."""

    in_theta: Trajectory
    in_x: Trajectory


def starts_around(problem: ProblemKey, middle: tuple[float, ...]) -> Array:
    """The starts of the cloud around ``middle``, in θ: those that the problem's domain holds."""
    of, i = problem_named(problem), np.arange(HUNDRED)
    out = _RADIUS * float(np.ptp(window(of)[0])) * np.sqrt(i / (HUNDRED - 1))
    points = np.stack([np.cos(i * _TURN), np.sin(i * _TURN)], -1) * out[:, None] + middle
    return points[of.inside(points)]


@bounded_cache
def _runs(
    problem: ProblemKey,
    chart: ChartKey | None,
    rule_call: RuleCall,
    middle: tuple[float, ...],
    steps: int,
) -> Trajectory:
    """The runs of a rule from the cloud's starts, in θ or through a chart."""
    maker, options = rule_call
    starts, kept = starts_around(problem, middle), traces_of(problem, chart)
    if chart is None:
        return run(problem_named(problem), maker(*options), starts, steps, kept)
    there = charted(problem, chart)
    return run(there, maker(*options), there.chart.inverse(starts), steps, kept)


class Model(RunsModel):
    """What the engine says of a state: the two runs, and those from a cloud of starts."""

    state: Coordinates

    @cached_property
    def clouds(self) -> dict[str, Cloud]:
        """Of every chosen rule; empty where one start is shown."""
        return {name: self.cloud(name) for name in self.state.rules} if self.state.cloudy else {}

    def cloud(self, name: str) -> Cloud:
        """One rule from the cloud's starts, run in both coordinates."""
        s, middle = self.state, tuple(map(float, self.start))
        in_theta, in_x = (
            _runs(s.problem_key, chart, self.rule_call(name, chart is None), middle, s.steps)
            for chart in (None, s.chart_key)
        )
        return Cloud(in_theta, in_x)


def carried(model: RunsModel) -> tuple[Array, Array, Array]:
    """∇J, Aᵀ∇J (which is the gradient in x) and AAᵀ∇J along the guide's run in θ, ``[n, 2]``."""
    gradient = pack(model.guide.in_theta.at.grad)
    with np.errstate(all="ignore"):  # A run that breaks off has no gradient at its end.
        in_x = gradient @ model.matrix
        return gradient, in_x, in_x @ model.matrix.T
