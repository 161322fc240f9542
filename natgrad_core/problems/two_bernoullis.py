"""Two coins and their chances: deaths after Lister's amputations, before antisepsis and after."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from natgrad_core.core.problem import Preset
from natgrad_core.datasets import load
from natgrad_core.families.exponential_family import ExponentialFamily
from natgrad_core.linalg.small_matrices import symmetric
from natgrad_core.problems import problems
from natgrad_core.tracing.ops import log, log1p_exp, sigmoid, square, total
from natgrad_core.types import ArrayLike, Matrix, Vector


@problems.register()
class TwoBernoullis(ExponentialFamily):
    """Independent outcomes with chances θ = (p, q): η = log-odds, F = diag(1/p(1−p), 1/q(1−q)).

    ``shares`` are the observed ones; an example is one outcome of each coin.

    Args:
        shares: The observed shares of ones, ``[2]``; None: the published ones.

    Raises:
        ValueError: If they are not two numbers from 0 to 1.
    """

    title = "two chances of dying of an amputation: before antisepsis, and after"
    symbols = ("p", "q")
    latex = r"P(y_1, y_2) = p^{y_1} (1-p)^{1-y_1} q^{y_2} (1-q)^{1-y_2}"
    source = "Lister 1870"
    domain = "0 < p < 1, 0 < q < 1"
    outside = (0.5, 1.5)
    view = ((0.02, 0.98), (0.02, 0.98))
    start = (0.9, 0.6)
    support = range(2)
    outcomes = 2
    presets: ClassVar = {
        "Lister": Preset(),
        "from nearly sure": Preset(start=(0.98, 0.98)),
        "a rare event": Preset({"shares": (0.5, 0.03)}, (0.7, 0.7)),
    }

    def __init__(self, shares: ArrayLike | None = None) -> None:
        table = load("lister")
        given = table[:, 0] / table[:, 1] if shares is None else np.asarray(shares, float)
        if given.shape != (2,) or not ((given >= 0) & (given <= 1)).all():
            raise ValueError(f"shares must be two numbers from 0 to 1; got {shares}")
        p, q = given
        self.observe(
            (0.0, 0.0, 1.0, 1.0),
            (0.0, 1.0, 0.0, 1.0),
            weights=((1 - p) * (1 - q), (1 - p) * q, p * (1 - q), p * q),
        )

    def _inside(self, *theta: Any) -> Vector:
        """Chances, neither impossible nor certain."""
        return *(part > 0 for part in theta), *(part < 1 for part in theta)

    def _natural(self, x: Vector, *theta: Any) -> Vector:
        return tuple(log(p / (1 - p)) for p in theta)

    def _slope(self, x: Vector, *theta: Any) -> Matrix:
        p, q = (1 / (t * (1 - t)) for t in theta)
        return (p, 0), (0, q)

    def _bend(self, x: Vector, *theta: Any) -> tuple[Matrix, ...]:
        p, q = ((2 * t - 1) / square(t * (1 - t)) for t in theta)
        return symmetric(p, 0, 0), symmetric(0, 0, q)

    def _partition(self, *eta: Any) -> Any:
        return total(log1p_exp(e) for e in eta)

    def _negative_log_prob(self, t: Vector, *eta: Any) -> Any:
        return total(
            (1 - s) * log1p_exp(e) + s * log1p_exp(-e) for e, s in zip(eta, t, strict=True)
        )

    def _mean(self, *eta: Any) -> Vector:
        return tuple(sigmoid(e) for e in eta)

    def _variance(self, *eta: Any) -> Matrix:
        p, q = (sigmoid(e) * sigmoid(-e) for e in eta)
        return symmetric(p, 0, q)

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...], *eta: Any) -> Vector:
        return tuple((rng.random(shape) < sigmoid(e)).astype(float) for e in eta)
