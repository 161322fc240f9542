"""What the engine says of a state; nothing is drawn here."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from natgrad_core import Rule, Trajectory, rules, run
from natgrad_core.linalg.small_matrices import full
from natgrad_core.types import Array, Bools
from natgrad_lecture.bounded_cache import bounded_cache, recent_cache
from natgrad_lecture.engine_cache import traces_of
from natgrad_lecture.lessons.singular.state import METHODS, NET, Runner
from natgrad_lecture.state.items import problem_named


def _rule(method: str, rate: float, damping: float) -> Rule:
    if method == "gradient":
        return rules["gradient"](rate)
    if method == "damped":
        return rules["natural"](rate, damping)
    return rules["natural"](rate, singular="pseudo-inverse" if method == "pseudo" else "diverge")


@recent_cache
def run_of(
    problem: str, method: str, rate: float, damping: float, start: Any, steps: int
) -> Trajectory:
    """Return the run of a rule, made once.

    In the net F has no inverse at any point, so the undamped natural run stops at its start: what
    floating point makes of it would be rounding errors divided by rounding errors.
    """
    place, rule = problem_named(problem), _rule(method, rate, damping)
    if problem == NET and method == "natural":
        theta = np.full((steps + 1, 2), np.nan)
        theta[0] = start
        return Trajectory(place, rule, theta, np.arange(steps + 1) == 0)
    return run(place, rule, start, steps, traces_of(problem, None))


@bounded_cache
def _level(problem: str) -> float:
    """The loss on the plateau: at the net's saddle; of the mixture, with its parts made one."""
    place = problem_named(problem)
    if problem == NET:
        return float(place.loss((0.0, 0.0)))
    line = np.linspace(*place.view[0], 2001)
    return float(place.loss(np.stack([line, line], -1)).min())


class Model:
    """What the engine says of the runs beside each other."""

    def __init__(self, state: Runner) -> None:
        self.state = state
        self.problem: Any = problem_named(state.problem)

    def run(self, method: str, **other: Any) -> Trajectory:
        """One method from the start; ``other`` options than the state's where given."""
        s = self.state
        options = {"rate": s.rate, "damping": s.damping, "steps": s.steps} | other
        if method != "damped":
            options["damping"] = 0.0
        if method == "gradient" and "rate" not in other:
            options["rate"] = s.gradient_rate or s.rate
        start = tuple(map(float, s.point))
        return run_of(
            s.problem, method, options["rate"], options["damping"], start, options["steps"]
        )

    @cached_property
    def runs(self) -> dict[str, Trajectory]:
        """Each chosen method."""
        return {method: self.run(method) for method in self.state.rules}

    @property
    def paths(self) -> dict[str, Any]:
        """What a notebook reads as the widget's ``path``."""
        return self.runs

    @property
    def guide(self) -> Trajectory:
        """The run whose numbers the formulas show: the last chosen of the list."""
        return [path for method in METHODS if (path := self.runs.get(method)) is not None][-1]

    @property
    def level(self) -> float:
        """The loss on the plateau."""
        return _level(self.state.problem)

    def lingers(self, method: str) -> int:
        """Steps within a fiftieth of the method down from the plateau's loss."""
        path = self.run(method)
        lowest = float(np.nanmin(path.loss))
        return int((np.abs(path.loss - self.level) < (self.level - lowest) / 50).sum())

    @staticmethod
    def eigenvalues(path: Trajectory) -> Array:
        """Of F along a run, ``[steps + 1, 2]``, the smaller first; NaN where it broke."""
        with np.errstate(all="ignore"):
            fisher = full(path.at.fisher, path.ok.shape)
        good: Bools = np.asarray(np.isfinite(fisher).all((-1, -2)))
        values = np.linalg.eigvalsh(np.where(good[:, None, None], fisher, np.eye(2)))
        return np.where(good[:, None], np.maximum(values, 0.0), np.nan)
