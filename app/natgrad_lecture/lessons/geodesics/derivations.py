"""The lines of the derivations as numbers, at the step shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.linalg import inv

from natgrad_core.core.chart import Chart
from natgrad_core.problems._kl_to_target import Divergence
from natgrad_core.types import Array
from natgrad_lecture.lessons.derivation import Derivation, Exercise, matrix, vector
from natgrad_lecture.lessons.geodesics.claims import ANY
from natgrad_lecture.lessons.geodesics.model import NORMAL, Model
from natgrad_lecture.lessons.geodesics.state import CHARTS, E_CHART, UPRIGHT
from natgrad_lecture.lessons.scope import Scope

_STEP = 1e-3
"""Of the differences, in parts of the step of each parameter that has the length 1 by F."""

ETA, M = CHARTS["natural"], CHARTS["expectation"]


@dataclass(frozen=True)
class _Here:
    """The step shown of one of the two runs, in both pairs of parameters, and its loss."""

    loss: Divergence
    theta: Array
    target: Array

    @cached_property
    def eta(self) -> Array:
        """η of the point."""
        return ETA.inverse(self.theta)

    @cached_property
    def m(self) -> Array:
        """The expectation parameters of the point."""
        return M.inverse(self.theta)

    def slope(self, chart: Chart) -> Array:
        """∇J in a chart, as the engine has it."""
        return self.loss.through(chart).grad(chart.inverse(self.theta))

    def differences(self, chart: Chart) -> Array:
        """∇J in a chart by differences of J: it uses none of the lesson's formulas."""
        steps = self.steps(chart)
        return _differences(self.loss.through(chart).loss, chart.inverse(self.theta), steps)

    @cached_property
    def dm_deta(self) -> Array:
        """∂m/∂η by differences, a row an mᵢ."""
        return _differences(lambda eta: M.inverse(ETA.forward(eta)), self.eta, self.steps(ETA))

    def steps(self, chart: Chart) -> Array:
        """How far the differences reach, in a chart."""
        return _STEP / np.sqrt(np.diag(self.fisher(chart)))

    def fisher(self, chart: Chart) -> Array:
        """F in a chart."""
        return NORMAL.through(chart).fisher(chart.inverse(self.theta))


def _differences(f: Callable[[Array], Array], at: Array, steps: Array) -> Array:
    """∂f/∂x by differences of the fourth order, with the axis of x last."""

    def across(h: Array) -> Array:
        return np.asarray(f(at + h)) - np.asarray(f(at - h))

    slopes = [(8 * across(h) - across(2 * h)) / (12 * h.sum()) for h in np.diag(steps)]
    return np.stack(slopes, -1)


def _look(reverse: bool) -> Callable[[Model], _Here]:
    def here(model: Model) -> _Here:
        path = model.runs["reverse" if reverse else "natural"]
        last = int(np.flatnonzero(path.ok)[-1])
        k = model.state.k
        theta = path.in_theta[last if k is None else min(k, last)]
        return _Here(model.loss(reverse), theta, model.b)

    return here


EARLY = {**ANY, "k": lambda rng, _: int(rng.integers(0, 12))}
"""Any two normals, at one of the first steps: at the target both sides are zero."""

DERIVATIONS = {
    "mirror": Derivation(
        _look(reverse=False),
        Scope(EARLY),
        {
            "chain": vector(
                lambda at: at.differences(ETA),
                lambda at: at.dm_deta.T @ at.slope(M),
                lights=("natural",),
                against=lambda at: at.m,
                tolerance=1e-4,
                false={"inverse": lambda at: inv(at.dm_deta.T) @ at.slope(M)},
            ),
            "fisher": matrix(
                lambda at: at.dm_deta,
                lambda at: at.fisher(ETA),
                lights=("rao",),
                tolerance=1e-4,
                false={"F in m": lambda at: at.fisher(M)},
            ),
            "inverse": matrix(
                lambda at: at.fisher(M),
                lambda at: inv(at.fisher(ETA)),
                lights=("rao",),
                tolerance=1e-6,
                false={"the same matrix": lambda at: at.fisher(ETA)},
            ),
            "joined": vector(
                lambda at: inv(at.fisher(M)) @ at.slope(M),
                lambda at: at.slope(ETA),
                lights=("natural",),
                against=lambda at: at.m,
                tolerance=1e-6,
                false={"∇ in m": lambda at: at.slope(M)},
            ),
            "loss": vector(
                lambda at: at.differences(ETA),
                lambda at: at.m - M.inverse(at.target),
                lights=("natural", "m"),
                against=lambda at: at.m,
                tolerance=1e-4,
                false={"sign": lambda at: M.inverse(at.target) - at.m},
            ),
            "straight": vector(
                lambda at: -inv(at.fisher(M)) @ at.slope(M),
                lambda at: M.inverse(at.target) - at.m,
                lights=("natural", "m"),
                against=lambda at: at.m,
                tolerance=1e-6,
                false={"half of it": lambda at: (M.inverse(at.target) - at.m) / 2},
            ),
        },
        set={"chart": "expectation"},
    ),
    "mirrored": Derivation(
        _look(reverse=True),
        Scope(EARLY),
        {
            "other": vector(
                lambda at: inv(at.fisher(ETA)) @ at.slope(ETA),
                lambda at: at.slope(M),
                lights=("reverse",),
                against=lambda at: at.m,
                tolerance=1e-6,
                false={"∇ in η": lambda at: at.slope(ETA)},
            ),
            "loss": vector(
                lambda at: at.differences(M),
                lambda at: at.eta - ETA.inverse(at.target),
                lights=("reverse", "e"),
                against=lambda at: at.eta,
                tolerance=1e-4,
                false={"m for η": lambda at: at.m - M.inverse(at.target)},
            ),
            "straight": vector(
                lambda at: -inv(at.fisher(ETA)) @ at.slope(ETA),
                lambda at: ETA.inverse(at.target) - at.eta,
                lights=("reverse", "e"),
                against=lambda at: at.eta,
                tolerance=1e-6,
                false={"sign": lambda at: at.eta - ETA.inverse(at.target)},
            ),
        },
        set=E_CHART,
    ),
}
"""By their ids in text.md."""


def _half_way(model: Model) -> list[float]:
    """The midpoints' σ of the exercise by hand: between σ = 1 and σ = 2 at equal means."""
    del model
    return [np.sqrt(2.5), np.sqrt(2.0), np.sqrt(1.6)]


def _one_step(_: Model) -> bool:
    """With α = 1 a natural step in m on KL(p* ‖ p) lands on m*, whatever the ends."""
    a, b = np.array([-1.0, 0.5]), np.array([2.0, 1.5])
    problem = Divergence(NORMAL, b, False).through(M)
    x = M.inverse(a)
    return bool(np.allclose(x - inv(problem.fisher(x)) @ problem.grad(x), M.inverse(b)))


EXERCISES = {
    "three-means": Exercise(
        lambda model: bool(
            np.allclose(
                [
                    of.geodesics[name][50, 1]
                    for of in [Model(model.state.with_(a=(0.0, 1.0), b=(0.0, 2.0)))]
                    for name in ("m", "rao", "e")
                ],
                _half_way(model),
            )
        ),
        _half_way,
    ),
    "one-natural-step": Exercise(_one_step),
    "find-one-line": Exercise(
        lambda model: bool(
            np.isclose(model.lengths["m"], model.lengths["rao"], rtol=1e-6)
            and np.isclose(model.lengths["e"], model.lengths["rao"], rtol=1e-6)
        ),
        set=UPRIGHT,
    ),
}
"""By their ids in text.md."""
