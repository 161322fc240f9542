"""What the engine says of the empirical Fisher beside the Fisher matrix."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from natgrad_core import Rule, Trajectory, chain, metrics, run
from natgrad_core.analysis.fisher_sampling import angle
from natgrad_core.core.problem import Problem
from natgrad_core.core.rule import descend, precondition
from natgrad_core.problems._kunstner_line import directions, minimum, skewed_line
from natgrad_core.rules.kl_limited import paced
from natgrad_core.types import Array
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.drawing.windows import grid

VIEW = np.array([[-2.0, 6.0], [-2.0, 6.0]])
STEPS = 42
RUNS = {"natural": "fisher", "empirical": "empirical-fisher"}
"""The runs by style, with the metric of each."""
_AT_REST = 1e-9
"""So near the minimum a step has no direction but that of rounding."""


@bounded_cache
def line_with(noise: float) -> Problem:
    """The least-squares problem with data of this noise."""
    return skewed_line(noise)


@bounded_cache
def angle_map(noise: float, fine: int) -> Array:
    """The Euclidean angle between the two steps, in degrees, ``[fine, fine]``."""
    half = np.ptp(VIEW[0]) / fine / 2
    inner = VIEW + np.array([[half, -half], [half, -half]])
    points, problem = grid(inner, fine), line_with(noise)
    steps = [directions(problem, points, name)[0] for name in RUNS.values()]
    return angle(*steps)


def rule_with(metric: str, nats: float) -> Rule:
    """Along −G⁻¹∇J, ``nats`` nats a step."""
    return chain(precondition(metrics[metric]()), descend(1.0), paced(nats), name=metric)


class Data:
    """What the engine says at a point w of the data's own line."""

    def __init__(self, state: Any) -> None:
        self.state = state
        self.problem = line_with(state.noise)
        self.at = np.array(state.w)

    @cached_property
    def minimum(self) -> Array:
        """Where the loss is least."""
        return minimum(self.problem)

    @cached_property
    def runs(self) -> dict[str, Trajectory]:
        """Along −G⁻¹∇J from w, with G = F and with the empirical Fisher, at one pace."""
        return {
            style: run(self.problem, rule_with(metric, self.state.nats_a_step), self.at, STEPS)
            for style, metric in RUNS.items()
        }

    @cached_property
    def here(self) -> dict[str, tuple[Array, Array]]:
        """At w: the step of rate 1 and the matrix, of either run."""
        return {style: directions(self.problem, self.at, metric) for style, metric in RUNS.items()}

    @cached_property
    def along(self) -> dict[str, tuple[Array, Array]]:
        """The same along the natural run; NaN for the step once it is at rest."""
        path = self.runs["natural"].good
        rests = np.linalg.norm(path - self.minimum, axis=-1) < _AT_REST
        found = {style: directions(self.problem, path, metric) for style, metric in RUNS.items()}
        return {
            style: (np.where(rests[:, None], np.nan, step), g) for style, (step, g) in found.items()
        }

    @property
    def angles(self) -> tuple[float, float]:
        """The angle of the two steps at w, in degrees: Euclidean, and in the Fisher metric."""
        (natural, fisher), (empirical, _) = self.here["natural"], self.here["empirical"]
        return float(angle(natural, empirical)), float(angle(natural, empirical, fisher))
