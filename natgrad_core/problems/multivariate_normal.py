"""A normal distribution of several numbers, by its mean and the Cholesky factor of its covariance.

Fisher's irises: the length and the width of the sepals of fifty plants.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from natgrad_core.core.problem import Preset, Problem
from natgrad_core.core.symbols import subscript
from natgrad_core.datasets import load
from natgrad_core.families.exponential_family import outcomes, shares
from natgrad_core.linalg.small_matrices import components, dot, transpose
from natgrad_core.problems import problems
from natgrad_core.tracing.ops import HALF_LOG_2PI, log, total
from natgrad_core.tracing.row_sums import Rows
from natgrad_core.types import Array, ArrayLike, Matrix, Vector


@problems.register()
class MultivariateNormal(Problem):
    """−log p(y | μ, L) = Σ log Lᵢᵢ + ½‖L⁻¹(y − μ)‖² + ½ m log 2π, with Σ = LLᵀ.

    θ is μ, then the lower triangle of L row by row: m + m(m + 1)/2 numbers for outcomes of m. The
    Fisher matrix is that of KL: ½ tr (A + Aᵀ)² + ‖L⁻¹ dμ‖² with A = L⁻¹ dL.

    Args:
        data: Numbers, ``[n, m]``; None: the published data.
        weights: How many observations each row stands for, ``[n]``; None: one each.

    Raises:
        ValueError: If there are no data, or one is not finite.
    """

    exponential = True
    title = "a normal distribution of the length and the width of irises' sepals"
    symbols = ("μ₁", "μ₂", "L₁₁", "L₂₁", "L₂₂")
    latex = r"p(y) = \frac{e^{-\|L^{-1}(y - \mu)\|^2/2}}{(2\pi)^{m/2} \prod_i L_{ii}}"
    source = "Fisher 1936; Skovgaard 1984"
    domain = "diagonal of L > 0"
    outside = (5.0, 3.4, 0.3, 0.3, -0.3)
    view = ((4.4, 5.6), (2.8, 4.0), (0.2, 0.9), (-0.2, 0.7), (0.15, 0.8))
    start = (4.7, 3.7, 0.6, 0.0, 0.5)
    support = (-np.inf, np.inf)
    presets: ClassVar = {
        "irises": Preset(),
        "too narrow": Preset(start=(5.2, 3.3, 0.25, 0.2, 0.2)),
    }

    def __init__(self, data: ArrayLike | None = None, weights: ArrayLike | None = None) -> None:
        y = np.asarray(load("nets/iris")[:50, :2] if data is None else data, float)
        if y.ndim != 2 or not y.size:
            raise ValueError(f"{self.name} needs rows of numbers, [n, m]; got {list(y.shape)}")
        for column in y.T:
            outcomes(self.name, column, None)
        n, m = int(y.shape[0]), int(y.shape[1])
        share, self.size = shares(weights, n)
        self.outcomes, self.rows = m, Rows(share, *y.T)
        self._places: list[tuple[int, int]] = [(i, j) for i in range(m) for j in range(i + 1)]
        self.symbols = (
            *(f"μ{subscript(i + 1)}" for i in range(m)),
            *(f"L{subscript(i + 1)}{subscript(j + 1)}" for i, j in self._places),
        )
        self._center = share @ y
        moved = y - self._center
        values, vectors = np.linalg.eigh(moved.T @ (share[:, None] * moved))
        self._spread: list[Vector] = [
            tuple(c.tolist()) for c in (vectors * np.sqrt(np.maximum(values, 0))).T
        ]
        if data is not None:
            guess: tuple[float, ...] = self.guess()
            size = [guess[m + self._places.index((i, i))] for i in range(m)]
            scale = [0.0 if i == j else size[i] for i, j in self._places]
            self._suit(guess, (*size, *scale))

    def guess(self) -> tuple[float, ...]:
        """The mean and the Cholesky factor of the covariance, which are the estimate itself."""
        m = self.outcomes
        c = np.array(self._spread).T
        covariance = c @ c.T
        ridge = 1e-12 * (np.trace(covariance) or 1.0) * np.eye(m)
        try:
            factor = np.linalg.cholesky(covariance)
        except np.linalg.LinAlgError:
            factor = np.linalg.cholesky(covariance + ridge)
        return (*self._center.tolist(), *(float(factor[i, j]) for i, j in self._places))

    def _inside(self, *theta: Any) -> Vector:
        """The diagonal of L is positive."""
        factor = self._factor(theta)
        return tuple(factor[i][i] > 0 for i in range(self.outcomes))

    def _factor(self, theta: Vector) -> Matrix:
        """L by rows, with integers 0 above its diagonal."""
        m = self.outcomes
        entry = dict(zip(self._places, theta[m:], strict=True))
        return tuple(tuple(entry.get((i, j), 0) for j in range(m)) for i in range(m))

    def _whitened(self, factor: Matrix, v: Vector) -> Vector:
        """L⁻¹ v, by forward substitution."""
        z: list[Any] = []
        for i, row in enumerate(factor):
            left = v[i] - dot(row[:i], z) if i else v[i]
            z.append(left / row[i])
        return tuple(z)

    def _inverse(self, factor: Matrix) -> Matrix:
        """L⁻¹ by rows, with integers 0 above its diagonal."""
        m = self.outcomes
        columns: list[Vector] = []
        for j in range(m):
            column: list[Any] = [0] * j
            for i in range(j, m):
                whole = 1 if i == j else -dot(factor[i][j:i], column[j:i])
                column.append(whole / factor[i][i])
            columns.append(tuple(column))
        return transpose(tuple(columns))

    def _rests(self, theta: Vector) -> list[Vector]:
        """Vectors whose mean outer product, times their number, is that of y − μ."""
        return [tuple(c - p for c, p in zip(self._center.tolist(), theta, strict=False)),
                *self._spread]  # fmt: skip

    def _loss(self, *theta: Any) -> Any:
        factor = self._factor(theta)
        squares = (dot(z, z) for z in (self._whitened(factor, r) for r in self._rests(theta)))
        return total(squares) / 2 + self._log_volume(factor)

    def _log_volume(self, factor: Matrix) -> Any:
        """Σ log Lᵢᵢ + ½ m log 2π."""
        m = self.outcomes
        return total(log(factor[i][i]) for i in range(m)) + m * HALF_LOG_2PI

    def _slopes(self, factor: Matrix, inverse: Matrix, rest: Vector) -> tuple[Vector, Vector]:
        """Z = L⁻¹r and w = L⁻ᵀz, of which the derivatives by μ and L are −w and −w zᵀ."""
        z = self._whitened(factor, rest)
        m = self.outcomes
        return z, tuple(total(inverse[k][i] * z[k] for k in range(i, m)) for i in range(m))

    def _grad(self, *theta: Any) -> Vector:
        factor = self._factor(theta)
        inverse = self._inverse(factor)
        pairs = [self._slopes(factor, inverse, rest) for rest in self._rests(theta)]
        of_mean = tuple(-part for part in pairs[0][1])
        return (*of_mean, *(
            (1 / factor[i][i] if i == j else 0) - total(w[i] * z[j] for z, w in pairs)
            for i, j in self._places
        ))  # fmt: skip

    def _hessian(self, *theta: Any) -> Matrix:
        """Of ½‖z‖² with L z = r: dz·dz' − w·(dL dz' + dL' dz), dz = −L⁻¹(dμ + dL z)."""
        m, factor = self.outcomes, self._factor(theta)
        inverse = self._inverse(factor)
        places = [(i, -1) for i in range(m)] + self._places  # -1: the mean
        columns = transpose(inverse)
        products = {
            (i, k): total(columns[i][n] * columns[k][n] for n in range(max(i, k), m))
            for i in range(m)
            for k in range(m)
        }
        result = [[0 * theta[0] for _ in places] for _ in places]
        for n, rest in enumerate(self._rests(theta)):
            z, w = self._slopes(factor, inverse, rest)
            for p, (i, j) in enumerate(places):
                for q, (k, n2) in enumerate(places):
                    if n and min(j, n2) < 0:  # the mean moves the first of the vectors alone
                        continue
                    first, second = (z[j] if j >= 0 else 1), (z[n2] if n2 >= 0 else 1)
                    value = products[i, k] * first * second
                    if j >= 0:
                        value = value + w[i] * inverse[j][k] * second
                    if n2 >= 0:
                        value = value + w[k] * inverse[n2][i] * first
                    result[p][q] = result[p][q] + value
        for p, (i, j) in enumerate(places):
            if i == j:
                result[p][p] = result[p][p] - 1 / (factor[i][i] * factor[i][i])
        return tuple(map(tuple, result))

    def _fisher(self, *theta: Any) -> Matrix:
        m, factor = self.outcomes, self._factor(theta)
        columns = transpose(self._inverse(factor))
        places = [(i, -1) for i in range(m)] + self._places

        def entry(p: tuple[int, int], q: tuple[int, int]) -> Any:
            (i, j), (k, n) = p, q
            if j != n:
                return 0
            product = total(columns[i][r] * columns[k][r] for r in range(max(i, k), m))
            return product + 1 / (factor[i][i] * factor[i][i]) if i == j == k else product

        return tuple(tuple(entry(p, q) for q in places) for p in places)

    def _kl(self, theta: Vector, other: Vector) -> Any:
        """Σ log(L'ᵢᵢ/Lᵢᵢ) + ½(‖L'⁻¹L‖² + ‖L'⁻¹(μ' − μ)‖² − m)."""
        m, factor, new = self.outcomes, self._factor(theta), self._factor(other)
        apart = tuple(b - a for a, b in zip(theta[:m], other[:m], strict=True))
        moved = [self._whitened(new, v) for v in (apart, *transpose(factor))]
        squares = total(dot(z, z) for z in moved)
        return total(log(new[i][i] / factor[i][i]) for i in range(m)) + (squares - m) / 2

    def _log_prob(self, datum: Vector, *theta: Any) -> Any:
        factor = self._factor(theta)
        z = self._whitened(factor, tuple(y - p for y, p in zip(datum, theta, strict=False)))
        return -dot(z, z) / 2 - self._log_volume(factor)

    def _score(self, datum: Vector, *theta: Any) -> Vector:
        factor = self._factor(theta)
        rest = tuple(y - p for y, p in zip(datum, theta, strict=False))
        z, w = self._slopes(factor, self._inverse(factor), rest)
        return (*w, *(
            w[i] * z[j] - (1 / factor[i][i] if i == j else 0) for i, j in self._places
        ))  # fmt: skip

    def sample(self, theta: ArrayLike, rng: np.random.Generator, n: int) -> Array:
        """N draws, ``[n, ..., m]``; of one number ``[n, ...]``."""
        point = components(self.check(theta))
        m, factor = self.outcomes, self._factor(point)
        z = rng.normal(size=(m, n, *np.shape(point[0])))
        drawn = [point[i] + sum(factor[i][j] * z[j] for j in range(i + 1)) for i in range(m)]
        return np.stack(drawn, -1) if m > 1 else np.asarray(drawn[0])
