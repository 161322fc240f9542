"""The lines of the derivations as numbers, at the step shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.linalg import inv

from natgrad_core.geometry.steepest import unit_directions
from natgrad_core.linalg.small_matrices import components, pack
from natgrad_core.problems.normal import Normal
from natgrad_core.types import Array
from natgrad_lecture.drawing.paired_runs import COINCIDE
from natgrad_lecture.lessons.derivation import (
    Derivation,
    Exercise,
    differences,
    in_reach,
    matrix,
    number,
    vector,
)
from natgrad_lecture.lessons.natural_gradient.model import Model
from natgrad_lecture.lessons.scope import Scope, box, log_between, of_problem, one_of
from natgrad_lecture.state.items import chart_named

LENGTH = 0.05
"""ε of the small step whose KL is computed, by δᵀFδ = ε²."""

_FAN = np.deg2rad(np.linspace(-180.0, 180.0, 3601))

PLACES = {
    "problem": one_of("normal", "gamma"),
    "start": of_problem(
        {"normal": box((5.25, 0.18), (5.5, 0.35)), "gamma": box((1.2, 0.7), (2.6, 2.2))}
    ),
    "chart": one_of("log-scale", "bend"),
    "rate": log_between(0.05, 0.5),
    "k": one_of(0),
}


CANONICAL = {
    "problem": one_of("logistic-regression", "poisson-regression"),
    "start": of_problem(
        {
            "logistic-regression": box((-1.5, -0.3), (1.5, 2.5)),
            "poisson-regression": box((1.4, 0.0), (2.2, 1.0)),
        }
    ),
    "chart": one_of("bend"),
    "rate": one_of(0.5),
    "steps": one_of(4),
    "k": one_of(0),
}
"""Regressions with a canonical link."""


@dataclass(frozen=True)
class _Here:
    """The step shown: ∇J and F in θ and in x, and the Jacobian of θ = f(x)."""

    model: Model
    theta: Array
    x: Array
    gradient: Array
    fisher: Array
    jacobian: Array
    gradient_in_x: Array
    fisher_in_x: Array

    @property
    def raised(self) -> Array:
        """F⁻¹∇J."""
        return inv(self.fisher) @ self.gradient

    @property
    def size(self) -> float:
        """√(∇JᵀF⁻¹∇J)."""
        return float(np.sqrt(self.gradient @ self.raised))

    @property
    def small(self) -> Array:
        """δ along −F⁻¹∇J, of the length ε."""
        return -LENGTH * self.raised / self.size

    @property
    def small_in_x(self) -> Array:
        """The same δ in x."""
        return inv(self.jacobian) @ self.small


def _here(model: Model) -> _Here:
    path = model.guide.in_theta.theta
    theta = in_reach(path[min(model.now, len(path) - 1)])
    at = model.problem.at(components(theta))
    x = np.asarray(model.chart.inverse(theta))
    through = model.problem.through(model.chart).at(components(x))
    return _Here(
        model,
        theta,
        x,
        pack(at.grad),
        pack(at.fisher),
        differences(model.chart.forward, x),
        pack(through.grad),
        pack(through.fisher),
    )


def _least_slope(at: _Here) -> float:
    return float((unit_directions(at.fisher, _FAN) @ at.gradient).min())


@dataclass(frozen=True)
class _Sigma:
    """A normal at the mean of its sample: σ, and the sample's variance v."""

    problem: Normal
    sigma: float
    v: float

    def step(self, chart: str) -> float:
        """The second coordinate of a chart after one natural step with α = 1 made in it."""
        through = self.problem.through(chart_named((chart, ())))
        x = np.asarray(through.chart.inverse(np.array([self.problem.mean, self.sigma])))
        at = through.at(components(x))
        return float((x - inv(pack(at.fisher)) @ pack(at.grad))[1])


def _sigma(model: Model) -> _Sigma:
    if not isinstance(model.problem, Normal):
        raise ZeroDivisionError("these four coordinates are those of a normal distribution")
    return _Sigma(model.problem, float(model.start[1]), model.problem.variance)


DERIVATIONS = {
    "joined": Derivation(
        _here,
        Scope(PLACES),
        {
            "kl": number(
                lambda at: at.model.problem.kl(at.theta, at.theta + at.small),
                lambda at: at.small @ at.fisher @ at.small / 2,
                lights=("metric",),
                tolerance=0.15,
                false={"without the half": lambda at: at.small @ at.fisher @ at.small},
            ),
            "length": number(
                lambda at: at.small @ at.fisher @ at.small,
                lambda at: at.small_in_x @ at.fisher_in_x @ at.small_in_x,
                lights=("metric",),
                tolerance=1e-5,
                false={"Euclidean": lambda at: at.small_in_x @ at.small_in_x},
            ),
            "steepest": number(
                _least_slope,
                lambda at: -at.size,
                lights=("natural", "metric"),
                tolerance=1e-4,
                false={"Euclidean": lambda at: -np.linalg.norm(at.gradient)},
            ),
            "step": vector(
                lambda at: at.model.state.rate * at.size * (-at.raised / at.size),
                lambda at: -at.model.state.rate * at.raised,
                lights=("natural",),
                false={"up": lambda at: at.model.state.rate * at.raised},
            ),
        },
        set={"rules": ["natural"], "k": 2},
    ),
    "tensor": Derivation(
        _here,
        Scope(PLACES),
        {
            "gradient": vector(
                lambda at: differences(at.model.problem.through(at.model.chart).loss, at.x),
                lambda at: at.jacobian.T @ at.gradient,
                lights=("gradient",),
                tolerance=1e-4,
                zero=1e-7,
                false={"by the inverse": lambda at: inv(at.jacobian) @ at.gradient},
            ),
            "outer": matrix(
                lambda at: at.fisher_in_x,
                lambda at: at.jacobian.T @ at.fisher @ at.jacobian,
                lights=("metric",),
                tolerance=1e-5,
                zero=1e-7,
                false={"unchanged": lambda at: at.fisher},
            ),
            "direction": vector(
                lambda at: at.jacobian @ inv(at.fisher_in_x) @ at.gradient_in_x,
                lambda at: inv(at.fisher) @ at.gradient,
                lights=("natural",),
                tolerance=1e-5,
                false={"the gradient itself": lambda at: at.gradient},
            ),
        },
        set={"rules": ["natural"], "k": 2},
    ),
    "four-coordinates": Derivation(
        _sigma,
        Scope({"start": box((5.3, 0.16), (5.5, 0.4))}),
        {
            "slope": number(
                lambda at: differences(at.problem.loss, np.array([at.problem.mean, at.sigma]))[1],
                lambda at: 1 / at.sigma - at.v / at.sigma**3,
                lights=("gradient",),
                tolerance=1e-5,
                zero=1e-6,
                false={"sign": lambda at: at.v / at.sigma**3 - 1 / at.sigma},
            ),
            "fisher": number(
                lambda at: at.problem.fisher((at.problem.mean, at.sigma))[1, 1],
                lambda at: 2 / at.sigma**2,
                lights=("metric",),
                false={"of μ": lambda at: 1 / at.sigma**2},
            ),
            "sigma": number(
                lambda at: at.step("identity"),
                lambda at: (at.sigma + at.v / at.sigma) / 2,
                lights=("natural",),
                false={"exactly v": lambda at: np.sqrt(at.v)},
            ),
            "variance": number(
                lambda at: at.step("variance"),
                lambda at: at.v,
                lights=("natural",),
                false={"as in σ": lambda at: ((at.sigma + at.v / at.sigma) / 2) ** 2},
            ),
            "log": number(
                lambda at: at.step("log-scale"),
                lambda at: np.log(at.sigma) + (at.v / at.sigma**2 - 1) / 2,
                lights=("natural",),
                false={"twice as far": lambda at: np.log(at.sigma) + at.v / at.sigma**2 - 1},
            ),
            "precision": number(
                lambda at: at.step("precision"),
                lambda at: 2 / at.sigma**2 - at.v / at.sigma**4,
                lights=("natural",),
                zero=1e-9,
                false={"exactly 1/v": lambda at: 1 / at.v},
            ),
        },
        set={"graph": "sigma", "rate": 1.0, "rules": ["natural"], "k": 0},
    ),
    "canonical": Derivation(
        _here,
        Scope(CANONICAL),
        {
            "hessian": matrix(
                lambda at: differences(at.model.problem.grad, at.theta, 1e-5),
                lambda at: at.model.problem.hessian(at.theta),
                lights=("natural",),
                tolerance=1e-5,
                zero=1e-6,
                false={"sign": lambda at: -at.model.problem.hessian(at.theta)},
            ),
            "same": matrix(
                lambda at: at.model.problem.hessian(at.theta),
                lambda at: at.fisher,
                lights=("metric",),
                false={"2F": lambda at: 2 * at.fisher},
            ),
            "newton": vector(
                lambda at: -inv(at.model.problem.hessian(at.theta)) @ at.gradient,
                lambda at: -at.raised,
                lights=("natural",),
                false={"sign": lambda at: at.raised},
            ),
        },
        set={
            "problem": "logistic-regression",
            "chart": "bend",
            "rate": 1.0,
            "steps": 8,
            "rules": ["natural"],
            "k": 1,
        },
        beyond=Scope({"problem": one_of("normal"), "k": one_of(0)}),
    ),
}
"""By their ids in text.md."""


def _by_hand(sigma: float = 1.0, v: float = 4.0) -> list[float]:
    """σ after a step in σ, σ² and log σ, and τ after one in τ."""
    heron = (sigma + v / sigma) / 2
    log = sigma * float(np.exp((v / sigma**2 - 1) / 2))
    return [heron, v, log, 2 / sigma**2 - v / sigma**4]


def _fisher_in_log_scale(sigma: float = 0.5) -> Array:
    jacobian = np.diag([1.0, sigma])
    return jacobian.T @ np.diag([1 / sigma**2, 2 / sigma**2]) @ jacobian


EXERCISES = {
    "one-step-by-hand": Exercise(lambda _: _by_hand()[-1] < 0, lambda _: _by_hand()),
    "log-scale-by-hand": Exercise(
        lambda _: bool(np.isclose(_fisher_in_log_scale()[1, 1], 2.0)),
        lambda _: [*np.diag(_fisher_in_log_scale())],
    ),
    "which-power": Exercise(
        lambda model: model.gap("natural") < COINCIDE,
        set={"chart": "shear", "rules": ["natural"], "q": 1.0},
    ),
}
"""By their ids in text.md."""
