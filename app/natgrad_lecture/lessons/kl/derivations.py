"""The lines of the derivations as numbers; each integral is computed by quadrature of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from natgrad_core.analysis.data_transforms import Variable
from natgrad_core.analysis.density_distances import Pair, panels
from natgrad_core.types import Array
from natgrad_lecture.lessons.derivation import Derivation, Exercise, number
from natgrad_lecture.lessons.kl.claims import ANY
from natgrad_lecture.lessons.kl.model import NORMAL, Model
from natgrad_lecture.lessons.kl.state import STRETCHED
from natgrad_lecture.lessons.scope import Scope


@dataclass(frozen=True)
class _Here:
    """f, the densities in x and in y, the x of the step shown, and a rule of quadrature in x."""

    f: Variable
    in_x: Pair
    in_y: Pair
    place: float
    x: Array
    weights: Array

    @property
    def slope(self) -> Array:
        """f′ at the places of the rule."""
        return self.f.slope(self.x)

    def in_panels(self, integrand: Array) -> float:
        """∫ dx of the values at the places of the rule."""
        return float((self.weights * integrand).sum())

    def substituted(self, factor: Array) -> float:
        """∫ p_Y log(p_Y/q_Y) at y = f(x), times a factor, dx."""
        with np.errstate(all="ignore"):
            log_p, log_q = self.in_y.logs(self.f.forward(self.x))
            return self.in_panels(np.nan_to_num(np.exp(log_p) * (log_p - log_q)) * factor)

    def divided(self, power: float) -> float:
        """The same with p_Y = p_X/f′ and q_Y = q_X/f′, and dy = f′ to this power dx."""
        log_p, log_q = self.in_x.logs(self.x)
        slope = self.slope
        p, q = log_p - np.log(slope), log_q - np.log(slope)
        return self.in_panels(np.exp(p) * (p - q) * slope**power)


def _here(model: Model) -> _Here:
    f = model.variable
    if not f.one_to_one:
        raise ZeroDivisionError("f folds: y = f(x) has no inverse to put in")
    ends = model.in_x.edges
    kinks = f.kinks[(f.kinks > ends[0]) & (f.kinks < ends[-1])]
    x, weights = panels(np.unique(np.concatenate([ends, kinks])))
    places = model.places[0]
    k = len(places) - 1 if model.state.k is None else min(model.state.k, len(places) - 1)
    return _Here(f, model.in_x, model.in_y, float(places[k]), x, weights)


def _density_in_y(at: _Here) -> float:
    """p_Y at f(x), as the slope of P(Y ≤ y) = P(X ≤ f⁻¹(y)): a difference over a short piece."""
    step = 1e-4
    low, high = at.place - step, at.place + step
    x, weights = panels(np.array([low, high]))
    mass = float((weights * np.exp(at.in_x.logs(x)[0])).sum())
    image = at.f.forward(np.array([low, high]))
    return mass / float(image[1] - image[0])


def _density_in_x(at: _Here) -> float:
    return float(np.exp(at.in_x.logs(np.array(at.place))[0]))


def _slope(at: _Here) -> float:
    return float(at.f.slope(np.array(at.place)))


DERIVATIONS = {
    "integral-in-y": Derivation(
        _here,
        Scope(ANY),
        {
            "density": number(
                _density_in_y,
                lambda at: _density_in_x(at) / _slope(at),
                lights=("p",),
                tolerance=2e-3,
                false={"times f′": lambda at: _density_in_x(at) * _slope(at)},
            ),
            "substitution": number(
                lambda at: at.in_y.kl,
                lambda at: at.substituted(at.slope),
                lights=("kl",),
                tolerance=1e-4,
                false={"dy = dx": lambda at: at.substituted(np.ones_like(at.slope))},
            ),
            "divided": number(
                lambda at: at.substituted(at.slope),
                lambda at: at.divided(1.0),
                lights=("kl",),
                tolerance=1e-4,
                false={"without dy = f′ dx": lambda at: at.divided(0.0)},
            ),
            "cancelled": number(
                lambda at: at.divided(1.0),
                lambda at: at.in_x.kl,
                lights=("kl",),
                tolerance=1e-4,
                false={"the other direction": lambda at: _reversed(at.in_x)},
            ),
        },
        set=STRETCHED,
    ),
}
"""By their ids in text.md."""


def _reversed(pair: Pair) -> float:
    return pair.integral(lambda _, p, q: np.exp(q) * (q - p))


def _coins(p: float, q: float) -> float:
    """KL between two coins that show heads with these probabilities."""
    return float(p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q)))


def _normals(scale: float = 1.0) -> float:
    """KL from N(0, 1) to N(1, 1), each multiplied by a number."""
    return float(NORMAL.kl((0.0, scale), (scale, scale)))


EXERCISES = {
    "coins": Exercise(
        lambda _: _coins(0.5, 0.25) != _coins(0.25, 0.5),
        lambda _: [_coins(0.5, 0.25), _coins(0.25, 0.5)],
    ),
    "units-by-hand": Exercise(
        lambda _: bool(np.isclose(_normals(), _normals(2.0))), lambda _: [_normals(), 4.0]
    ),
    "same-distance": Exercise(
        lambda model: bool(
            np.isclose(np.linalg.norm(model.p - model.q), 0.4)
            and np.isclose(NORMAL.kl((-0.2, 0.25), (0.2, 0.25)) / model.in_x.kl, 36.0)
        ),
        lambda model: [float(NORMAL.kl((-0.2, 0.25), (0.2, 0.25))), model.in_x.kl, 36.0],
        set={"change": "parameters", "p": (-0.2, 1.5), "q": (0.2, 1.5)},
    ),
}
"""By their ids in text.md."""
