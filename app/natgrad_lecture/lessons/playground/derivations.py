"""The lines of the derivation as numbers, at the step shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.linalg import inv

from natgrad_core.linalg.small_matrices import components, full
from natgrad_core.types import Array
from natgrad_lecture.lessons.derivation import Derivation, Exercise, matrix, vector
from natgrad_lecture.lessons.playground.claims import NEAR, bends_of, shears_of
from natgrad_lecture.lessons.playground.model import Model
from natgrad_lecture.lessons.playground.state import BY_METRIC, SHEARED, STRAIGHT
from natgrad_lecture.lessons.scope import Changes, Scope, one_of, whole_between


@dataclass(frozen=True)
class _Here:
    """A point of the guide's run in θ: Df there, and G and ∇J in both coordinates."""

    jacobian: Array
    metric: Array
    metric_in_x: Array
    gradient: Array
    gradient_in_x: Array


def _look(model: Model) -> _Here:
    path = model.guide.in_theta
    last = int(np.flatnonzero(path.ok)[-1])
    theta = path.theta[min(model.now, last)]
    x = np.asarray(model.chart.inverse(theta), float)
    through = model.problem.through(model.chart)
    at, there = model.problem.at(components(theta)), through.at(components(x))
    if model.metric is None:
        raise ArithmeticError("there is no metric here")
    return _Here(
        np.asarray(model.chart.jacobian(x), float),
        full(model.metric(at).dense(), ()),
        full(model.metric(there).dense(), ()),
        full(at.grad, ()),
        full(there.grad, ()),
    )


def _chart(rng: np.random.Generator, drawn: Changes) -> list[str]:
    return (shears_of if drawn["chart"] == "linear" else bends_of)(rng, drawn)


TENSORS = {
    **NEAR,
    "metric": one_of("fisher", "empirical-fisher"),
    "chart": one_of("linear", "bend"),
    "option_values": _chart,
    "k": whole_between(0, 10),
}
"""Metrics that transform as tensors, in linear and in bent coordinates."""

DERIVATIONS = {
    "tensor": Derivation(
        _look,
        Scope(TENSORS),
        {
            "covector": vector(
                lambda at: at.gradient_in_x,
                lambda at: at.jacobian.T @ at.gradient,
                lights=("gradient",),
                tolerance=1e-6,
                false={"Df for Dfᵀ": lambda at: at.jacobian @ at.gradient},
            ),
            "tensor": matrix(
                lambda at: at.metric_in_x,
                lambda at: at.jacobian.T @ at.metric @ at.jacobian,
                lights=("metric",),
                tolerance=1e-6,
                false={"the same matrix": lambda at: at.metric},
            ),
            "same": vector(
                lambda at: at.jacobian @ inv(at.metric_in_x) @ at.gradient_in_x,
                lambda at: inv(at.metric) @ at.gradient,
                lights=("metric", BY_METRIC),
                tolerance=1e-6,
                false={"without Df": lambda at: inv(at.metric_in_x) @ at.gradient_in_x},
            ),
        },
        set={**SHEARED, "rules": [BY_METRIC, "natural"], "k": 4},
        beyond=Scope({**TENSORS, "metric": one_of("euclidean", "diagonal-fisher")}),
    ),
}
"""By their ids in text.md."""


def _diagonal(_: Model) -> bool:
    """The diagonal of AᵀFA is not Aᵀ diag(F) A for a shear, and is for a stretch."""
    f = np.array([[2.0, 1.0], [1.0, 3.0]])

    def apart(a: Array) -> float:
        sheared = np.diag(np.diag(a.T @ f @ a)) - a.T @ np.diag(np.diag(f)) @ a
        return float(np.abs(sheared).max())

    return apart(np.diag([2.0, 0.5])) < 1e-12 < apart(np.array([[1.0, 1.0], [0.0, 1.0]]))


EXERCISES = {
    "one-diagonal": Exercise(_diagonal),
    "bowl-by-hand": Exercise(
        lambda _: bool(np.isclose((1 - 3.0) ** 2 + 10 * (2.0) ** 2, 44.0)), lambda _: [44.0]
    ),
    "one-newton-step": Exercise(
        lambda model: bool(model.paired_runs["newton"].in_x.loss[1] < 1e-16), set=STRAIGHT
    ),
}
"""By their ids in text.md."""
