"""What the engine says of a state; nothing is drawn here."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from natgrad_core import Trajectory
from natgrad_core.types import Array, Bools
from natgrad_lecture.engine_cache import rule_named, run_of
from natgrad_lecture.lessons.policy.state import NAME, Walk
from natgrad_lecture.state.items import problem_named

PLATEAU = 0.1
"""The return is on the plateau when it is this near to 1, that of staying in the poorer state."""


GOOD = 1.9
"""A return that shows the better state found."""


class Model:
    """What the engine says about the runs of a policy."""

    def __init__(self, state: Walk) -> None:
        self.state = state
        self.problem: Any = problem_named(state.problem)

    @cached_property
    def runs(self) -> dict[str, Trajectory]:
        """Each chosen rule from the start."""
        return {name: self.run(name) for name in self.state.rules}

    def run(self, name: str, times: float | None = None, steps: int | None = None) -> Trajectory:
        """One rule from the start; gradient descent at ``times`` the rate."""
        s = self.state
        factor = s.times if times is None else times
        rate = s.rate * (factor if name == "gradient" else 1.0)
        start = tuple(map(float, s.point))
        call = rule_named, (name, rate, s.damping, s.kind)
        return run_of(NAME, None, call, start, steps or s.steps)

    @property
    def paths(self) -> dict[str, Any]:
        """What a notebook reads as the widget's ``path``."""
        return self.runs

    @property
    def guide(self) -> Trajectory:
        """The run whose numbers the formulas show."""
        return self.runs.get("natural") or next(iter(self.runs.values()))

    def on_plateau(self, name: str, times: float | None = None) -> int:
        """How many steps a run stays within PLATEAU of a return of 1."""
        return int((np.abs(-self.run(name, times).loss - 1) < PLATEAU).sum())

    def arrives(
        self, name: str, times: float | None = None, steps: int | None = None
    ) -> int | None:
        """The first step at which the return is GOOD."""
        there: Bools = -self.run(name, times, steps).loss > GOOD
        return int(np.argmax(there)) if there.any() else None

    def raised(self, points: Array) -> Array:
        """F⁻¹∇ρ, the natural gradient of the return, ``[n, 2]``."""
        gradient = -self.problem.grad(points)
        return np.asarray(
            np.linalg.solve(self.problem.fisher(points), gradient[..., None])[..., 0], np.float64
        )
