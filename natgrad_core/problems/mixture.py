"""Two normals mixed, with unknown means: where they meet, the model cannot tell which is which.

On the line a = b the two scores are parallel, so the Fisher matrix has rank one there. Gradient
descent is slow near such lines: these are the plateaus that Amari explained in neural nets.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar, cast

import numpy as np

from natgrad_core.core.problem import Preset, Problem
from natgrad_core.families.exponential_family import outcomes, shares
from natgrad_core.linalg.small_matrices import components, symmetric
from natgrad_core.problems import problems
from natgrad_core.tracing.ops import HALF_LOG_2PI, logaddexp, sigmoid
from natgrad_core.tracing.row_sums import Rows
from natgrad_core.types import Array, ArrayLike, Matrix, Vector

STEP = 0.125
"""Between the trapezoidal rule's nodes: for so smooth a density its error is below 1e-9."""

REACH = 9.0
"""How far on either side of a mean the nodes go, in standard deviations."""


@problems.register()
class Mixture(Problem):
    """p(y | a, b) = (1 − w) φ(y − a) + w φ(y − b), the weight w known.

    The data are an infinite sample of the mixture at ``truth`` (its density at nodes), or
    ``data [n]``. With r the chance that y came from b, the score is ((1 − r)(y − a), r (y − b)).

    Args:
        weight: w in (0, 1), the probability of b.
        truth: The means (a, b) of the infinite sample.
        data: Numbers, ``[n]``; None: the infinite sample.
        weights: How many observations each number stands for, ``[n]``; None: one each.

    Raises:
        ValueError: If w is not in (0, 1), or there are no finite data.
    """

    title = "two normals mixed, with unknown means"
    symbols = ("a", "b")
    latex = r"p(y) = (1 - w)\,\varphi(y - a) + w\,\varphi(y - b)"
    source = "Amari, Park and Ozeki 2006; Titterington, Smith and Makov 1985"
    view = ((-3.5, 3.5), (-3.5, 3.5))
    start = (-0.5, -0.9)
    support = (-math.inf, math.inf)
    presets: ClassVar = {
        "near the singular line": Preset(),
        "equal weights": Preset({"weight": 0.5}, (0.4, 0.5)),
        "the labels the wrong way round": Preset(start=(2.0, -1.5)),
    }

    def __init__(
        self,
        weight: float = 0.35,
        truth: tuple[float, float] = (-1.0, 1.5),
        data: ArrayLike | None = None,
        weights: ArrayLike | None = None,
    ) -> None:
        if not 0 < weight < 1:
            raise ValueError(f"the weight must be between 0 and 1; got {weight}")
        self.weight, self._log_odds = weight, math.log(weight / (1 - weight))
        if data is None:
            ends = (min(truth) - REACH, max(truth) + REACH)
            y = STEP * np.arange(math.floor(ends[0] / STEP), math.ceil(ends[1] / STEP) + 1)
            density = np.exp(self._log_prob((y,), *truth))
            self.rows = Rows(density / density.sum(), y)
            self.size = math.inf
        else:
            y = outcomes(self.name, data, self.support)
            share, self.size = shares(weights, y.size)
            self.rows = Rows(share, y)
        nodes = np.arange(-REACH, REACH + STEP / 2, STEP)
        self._nodes = Rows(nodes, np.exp(-(nodes**2) / 2 - HALF_LOG_2PI) * STEP)

    def _log_prob(self, datum: Vector, a: Any, b: Any) -> Any:
        p, q = datum[0] - a, datum[0] - b
        first = math.log(1 - self.weight) - p * p / 2
        return logaddexp(first, math.log(self.weight) - q * q / 2) - HALF_LOG_2PI

    def _responsibility(self, y: Any, a: Any, b: Any) -> Any:
        """R = P(y came from b)."""
        p, q = y - a, y - b
        return sigmoid(self._log_odds + (p * p - q * q) / 2)

    def _score(self, datum: Vector, a: Any, b: Any) -> Vector:
        y = datum[0]
        r = self._responsibility(y, a, b)
        return (1 - r) * (y - a), r * (y - b)

    def _hessian(self, a: Any, b: Any) -> Matrix:
        def term(a: Any, b: Any, weight: Any, y: Any) -> Vector:
            r = self._responsibility(y, a, b)
            unsure, p, q = r * (1 - r), y - a, y - b
            h = (1 - r - unsure * p * p, unsure * p * q, r - unsure * q * q)
            return tuple(weight * part for part in h)

        return symmetric(*self.rows.total(term, a, b))

    def _mean(self, of: Callable[..., Vector], *theta: Any) -> Vector:
        """E of(y, *θ), by quadrature about each of the two means, wherever they are."""

        def term(*row: Any) -> Vector:
            *theta, node, mass = row
            first, second = (of(mean + node, *theta) for mean in theta[:2])
            shares = (1 - self.weight) * mass, self.weight * mass
            return tuple(shares[0] * p + shares[1] * q for p, q in zip(first, second, strict=True))

        return self._nodes.total(term, *theta)

    def _fisher(self, a: Any, b: Any) -> Matrix:
        """By quadrature: there is no closed form."""

        def products(y: Any, a: Any, b: Any) -> Vector:
            s, t = self._score((y,), a, b)
            return s * s, s * t, t * t

        return symmetric(*self._mean(products, a, b))

    def _kl(self, theta: Vector, other: Vector) -> Any:
        def ratio(y: Any, a: Any, b: Any, c: Any, d: Any) -> Vector:
            return (self._log_prob((y,), a, b) - self._log_prob((y,), c, d),)

        return self._mean(ratio, *theta, *other)[0]

    def sample(self, theta: ArrayLike, rng: np.random.Generator, n: int) -> Array:
        """N draws, ``[n, ...]``."""
        a, b = components(self.check(theta))
        shape = (n, *np.shape(a))
        means = cast(Array, np.where(rng.random(shape) < self.weight, b, a))
        return rng.normal(means, 1.0)
