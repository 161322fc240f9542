"""The lines of the derivation as numbers, for the metric and the gradient on the screen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.linalg import inv

from natgrad_core.types import Array
from natgrad_lecture.lessons.derivation import (
    Derivation,
    Exercise,
    differences,
    number,
    vector,
)
from natgrad_lecture.lessons.scope import Scope
from natgrad_lecture.lessons.steepest_descent.claims import ANY, INDEFINITE
from natgrad_lecture.lessons.steepest_descent.model import Model
from natgrad_lecture.lessons.steepest_descent.state import LONG, ROUND

_FAN = np.linspace(-180.0, 180.0, 3601)


@dataclass(frozen=True)
class _Here:
    """G, ∇J, the reader's unit vector, the steepest one, its multiplier, and the least slope."""

    G: Array
    gradient: Array
    a: Array
    best: Array
    nu: float
    least: float
    """The least slope of a dense fan of unit vectors."""

    @property
    def squared(self) -> float:
        """∇JᵀG⁻¹∇J."""
        return float(self.gradient @ inv(self.G) @ self.gradient)


def _here(model: Model) -> _Here:
    best = model.best
    nu = np.nan if best.multiplier is None else float(best.multiplier)
    slopes = model.slopes(_FAN)
    least = float(np.nanmin(slopes)) if np.isfinite(slopes).any() else np.nan
    return _Here(model.metric, model.gradient, model.yours, best.a, nu, least)


DERIVATIONS = {
    "lagrange": Derivation(
        _here,
        Scope(ANY),
        {
            "symmetric": vector(
                lambda at: differences(lambda a: a @ at.G @ a, at.a),
                lambda at: 2 * at.G @ at.a,
                lights=("metric", "you"),
                tolerance=1e-5,
                false={"without the 2": lambda at: at.G @ at.a},
            ),
            "stationary": vector(
                lambda at: at.gradient,
                lambda at: 2 * at.nu * at.G @ at.best,
                lights=("gradient", "normal"),
                false={"sign": lambda at: -2 * at.nu * at.G @ at.best},
            ),
            "solved": vector(
                lambda at: at.best,
                lambda at: inv(at.G) @ at.gradient / (2 * at.nu),
                lights=("natural",),
                false={"G for its inverse": lambda at: at.G @ at.gradient / (2 * at.nu)},
            ),
            "multiplier": number(
                lambda at: 4 * at.nu**2 * (at.best @ at.G @ at.best),
                lambda at: at.squared,
                lights=("natural",),
                false={"without the 4": lambda at: at.squared / 4},
            ),
            "minimizer": vector(
                lambda at: at.best,
                lambda at: -inv(at.G) @ at.gradient / np.sqrt(at.squared),
                lights=("natural",),
                false={"up": lambda at: inv(at.G) @ at.gradient / np.sqrt(at.squared)},
            ),
            "least": number(
                lambda at: at.least,
                lambda at: -np.sqrt(at.squared),
                lights=("natural", "slope"),
                tolerance=1e-4,
                false={"Euclidean": lambda at: -np.linalg.norm(at.gradient)},
            ),
        },
        set=LONG,
        beyond=Scope(INDEFINITE),
    ),
}
"""By their ids in text.md."""

_G, _GRADIENT = np.diag([4.0, 1.0]), np.array([2.0, 1.0])


def _by_hand() -> tuple[Array, float, float]:
    """a*, its slope, and the slope of the unit vector straight against ∇J."""
    raised = inv(_G) @ _GRADIENT
    best = -raised / np.sqrt(_GRADIENT @ raised)
    against = -_GRADIENT / np.sqrt(_GRADIENT @ _G @ _GRADIENT)
    return best, float(_GRADIENT @ best), float(_GRADIENT @ against)


def _transforms(model: Model) -> bool:
    """A times the steepest direction in x is the one in θ."""
    a = np.array([[2.0, 1.0], [0.0, 1.0]])
    metric, gradient = a.T @ model.metric @ a, a.T @ model.gradient
    raised = inv(metric) @ gradient
    return bool(np.allclose(a @ (-raised / np.sqrt(gradient @ raised)), model.best.a))


EXERCISES = {
    "by-hand": Exercise(
        lambda _: _by_hand()[1] < _by_hand()[2],
        lambda _: [0.5, 1.0, 2.0, *_by_hand()[0], *_by_hand()[1:]],
    ),
    "in-x": Exercise(_transforms),
    "straight-against": Exercise(
        lambda model: bool(
            np.allclose(model.best.a, -model.gradient / np.linalg.norm(model.gradient))
        ),
        set=ROUND,
    ),
}
"""By their ids in text.md."""
