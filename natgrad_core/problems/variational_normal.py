"""Variational inference: a normal q fitted to a posterior p by the divergence KL(q ‖ p).

The posterior is that of the parameters of another problem, with a flat prior: its log-density is
−n J(z) up to a constant. By default z is the logit of dying after an amputation; in Lister's
hospital 6 of 40 patients died. In natural parameters the natural-gradient step is the update of
Khan and Lin.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from functools import cache
from typing import Any, ClassVar

import numpy as np

from natgrad_core.core.problem import EVERYWHERE, Preset, Problem
from natgrad_core.core.symbols import subscript
from natgrad_core.linalg.small_matrices import transpose
from natgrad_core.problems import problems
from natgrad_core.problems.multivariate_normal import MultivariateNormal
from natgrad_core.tracing.ops import log, total
from natgrad_core.tracing.row_sums import Rows
from natgrad_core.types import Array, Matrix, Vector

NODES = {1: 40, 2: 14, 3: 8}
"""Gauss–Hermite nodes along each axis, by how many parameters the target has."""

COVARIANCES = ("full", "diagonal")


@cache
def _quadrature(m: int) -> Rows:
    """Weights and nodes of the expectation under a standard normal of ``m`` numbers."""
    one, weight = np.polynomial.hermite_e.hermegauss(NODES[m])
    grid = np.stack(np.meshgrid(*[one] * m, indexing="ij"), -1).reshape(-1, m)
    shares = np.prod(np.stack(np.meshgrid(*[weight] * m, indexing="ij"), -1), -1).ravel()
    return Rows(shares / (2 * math.pi) ** (m / 2), *grid.T, few=0)


@problems.register()
class VariationalNormal(MultivariateNormal):
    """J(μ, L) = E_q[n J_target(z)] + E_q[log q(z)], q = N(μ, LLᵀ): KL(q ‖ posterior) + constant.

    The expectation is a sum over Gauss–Hermite nodes ε with z = μ + Lε, and so are its derivatives:
    E ∇f by μ and E ∇f εᵀ by L (Opper and Archambeau 2009).

    Args:
        target: A problem defined for all real parameters, one to three; None: Lister's patients.
        covariance: "full", or "diagonal" for a q of independent parts.

    Raises:
        ValueError: If the target has an edge or too many parameters, or no such covariance.
    """

    exponential = False
    title = "a normal approximation of a posterior: the logit of dying of an amputation"
    symbols = ("m", "s")
    latex = r"J = \mathrm{KL}\big(\mathcal{N}(m, s^2) \,\|\, p(z \mid y)\big) + \mathrm{const}"
    source = "Hoffman et al. 2013; Khan and Lin 2017; Khan and Rue 2023"
    domain = "s > 0"
    outside = (0.0, -1.0)
    view = ((-3.5, 0.5), (0.15, 1.5))
    start = (-0.5, 1.2)
    varying = ("target",)
    presets: ClassVar = {
        "Lister's patients": Preset(),
        "too narrow, off to one side": Preset(start=(-3.0, 0.3)),
    }

    def __init__(self, target: Problem | None = None, covariance: str = "full") -> None:
        kinds: dict[str, Any] = dict(problems.items()) if target is None else {}
        self.target: Problem = target or kinds["binomial"](data=(6.0,), trials=40)
        m = self.target.dim
        if covariance not in COVARIANCES:
            raise ValueError(f"no covariance {covariance!r}; there are {', '.join(COVARIANCES)}")
        if self.target.domain != EVERYWHERE or m not in NODES:
            raise ValueError(
                "the target must be defined for all real parameters, one to three; "
                f"{self.target.name} has {m}, with {self.target.domain}: take it through a chart "
                "such as log-scale"
            )
        self.outcomes, self.rows, self.n = m, Rows(), float(self.target.size or 1.0)
        full = covariance == "full"
        self._places = [(i, j) for i in range(m) for j in range(i + 1) if full or i == j]
        self._nodes = _quadrature(m)
        if target is not None:
            self.symbols = (
                *(f"μ{subscript(i + 1)}" for i in range(m)),
                *(f"L{subscript(i + 1)}{subscript(j + 1)}" for i, j in self._places),
            )
            size = [(1.0 if i == j else 0.0) for i, j in self._places]
            self.start = (*self.target.start, *size)
            sides = [(0.1, 2.0) if s else (-1.0, 1.0) for s in size]
            self.view = (*self.target.view, *sides)

    @property
    def form(self) -> tuple[Hashable, ...]:
        """The kind of covariance is in it."""
        return (*super().form, *self._places)

    def guess(self) -> tuple[float, ...]:
        """Where the runs begin."""
        return self.start

    def _shifted(self, theta: Vector, node: Vector) -> Vector:
        """Z = μ + Lε."""
        factor = self._factor(theta)
        return tuple(
            theta[i] + total(factor[i][j] * node[j] for j in range(i + 1))
            for i in range(self.outcomes)
        )

    def _over_nodes(
        self, of_node: Callable[[Problem, Vector, Any, Vector], Any], theta: Vector
    ) -> Any:
        """The sum of ``of_node(target, θ, weight, node)``.

        The target's numbers are parameters of the sum, as θ is: the tracer must know of each
        number that stands beside a column of nodes.
        """
        d, numbers = len(theta), self.target.numbers
        end = d + len(numbers)

        def term(*row: Any) -> Any:
            target = self.target.with_numbers(row[d:end])
            return of_node(target, row[:d], row[end], row[end + 1 :])

        return self._nodes.total(term, *theta, *numbers)

    def _loss(self, *theta: Any) -> Any:
        def term(target: Problem, theta: Vector, weight: Any, node: Vector) -> Any:
            return weight * target._loss(*self._shifted(theta, node))

        m, factor = self.outcomes, self._factor(theta)
        spread = total(log(factor[i][i]) for i in range(m))
        entropy = spread + m * (1 + math.log(2 * math.pi)) / 2
        return self.n * self._over_nodes(term, theta) - entropy

    def _grad(self, *theta: Any) -> Vector:
        def term(target: Problem, theta: Vector, weight: Any, node: Vector) -> Vector:
            slope = target._grad(*self._shifted(theta, node))
            by_factor = (slope[i] * node[j] for i, j in self._places)
            return tuple(self.n * weight * part for part in (*slope, *by_factor))

        found, factor = self._over_nodes(term, theta), self._factor(theta)
        kept = found[self.outcomes :]
        return (*found[: self.outcomes], *(
            part - 1 / factor[i][i] if i == j else part
            for part, (i, j) in zip(kept, self._places, strict=True)
        ))  # fmt: skip

    def _hessian(self, *theta: Any) -> Matrix:
        d, m = len(theta), self.outcomes
        places = [(i, -1) for i in range(m)] + self._places  # -1: the mean

        def term(target: Problem, theta: Vector, weight: Any, node: Vector) -> Vector:
            bend = target._hessian(*self._shifted(theta, node))
            unit = tuple(node[j] if j >= 0 else 1.0 for _, j in places)
            return tuple(
                self.n * weight * (bend[places[p][0]][places[q][0]] * (unit[p] * unit[q]))
                for p in range(d)
                for q in range(d)
            )

        found, factor = self._over_nodes(term, theta), self._factor(theta)
        rows = [list(found[p * d : (p + 1) * d]) for p in range(d)]
        for p, (i, j) in enumerate(places):
            if i == j:
                rows[p][p] = rows[p][p] + 1 / (factor[i][i] * factor[i][i])
        return transpose(tuple(map(tuple, rows)))

    def expected_hessian(self, theta: Array) -> Array:
        """E_q ∇²(n J_target), by which the precision is replaced in the update of Khan and Lin.

        Args:
            theta: A point, ``[d]``.

        Returns:
            The matrix, ``[m, m]``.
        """
        point = tuple(self.check(theta).tolist())
        z = np.stack(np.broadcast_arrays(*self._shifted(point, tuple(self._nodes.columns[1:]))), -1)
        found: Array = np.einsum("n,nij->ij", self._nodes.columns[0], self.target.hessian(z))
        return self.n * found
