"""A problem through a chart: the same problem in other coordinates, and itself a problem.

Its loss is a scalar, its gradient a covector and its Fisher matrix a tensor; its Hessian does not
transform as a tensor. ``ChartedAt`` holds these four rules, which are what the lecture is about.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_core.core.chart import Chart
from natgrad_core.core.evaluation import At
from natgrad_core.core.problem import Problem
from natgrad_core.errors import OutsideDomain
from natgrad_core.linalg.small_matrices import add, congruent, mv, transpose
from natgrad_core.tracing.ops import finite
from natgrad_core.types import Array, ArrayLike, Bools, Matrix, Numeric, Vector


class Charted(Problem):
    """A problem in other coordinates: J(f(x)) with θ = f(x). Itself a problem."""

    varying = ("base", "chart")

    def __init__(self, base: Problem, chart: Chart) -> None:
        self.base = base
        self.chart = chart
        self.name = f"{base.name} through {chart.name}"
        self.domain = f"{base.domain}, through {chart.name}"
        if chart.domain:
            self.domain += f" ({chart.domain})"
        self.symbols = chart.names(base.symbols)
        self.rows, self.outcomes, self.support = base.rows, base.outcomes, base.support
        self.size = base.size

    @property
    def view(self) -> tuple[tuple[float, float], ...]:  # type: ignore[override]
        """The box in x around the part of the base's view that the chart reaches."""
        sides = [np.linspace(*side, 9) for side in self.base.view]
        grid = np.array(np.meshgrid(*sides, indexing="ij")).reshape(self.dim, -1).T
        x = self.chart.inverse(grid)
        x = x[np.isfinite(x).all(-1)]
        if not len(x):
            raise OutsideDomain(f"{self.name}: the chart reaches no point of {self.base.view}")
        return tuple(zip(x.min(0).tolist(), x.max(0).tolist(), strict=True))

    @property
    def start(self) -> tuple[float, ...]:  # type: ignore[override]
        """The base's start, in x."""
        return tuple(self.chart.inverse(self.base.start).tolist())

    def inside(self, theta: Array) -> Bools:
        """Whether the chart is defined at x and θ = f(x) is in the base's domain, ``[...]``."""
        with np.errstate(all="ignore"):
            return self.chart.inside(theta) & self.base.inside(self.chart.forward(theta))

    def _inside(self, *theta: Any) -> Vector:
        base = self.chart._forward(*theta)
        return (*self.chart._inside(*theta), *map(finite, base), *self.base._inside(*base))

    def log_prob(self, data: Numeric, theta: ArrayLike) -> Numeric:
        """Return log p(datum | f(x)): a scalar, so only its argument changes."""
        return self.base.log_prob(data, self.chart.forward(self.check(theta)))

    def sample(self, theta: ArrayLike, rng: np.random.Generator, n: int) -> Array:
        """Draw from the base at f(x): the distribution is the same."""
        return self.base.sample(self.chart.forward(self.check(theta)), rng, n)

    def examples(self, rng: np.random.Generator, n: int) -> Array:
        """Return those of the base's examples that the chart reaches, in x.

        Args:
            rng: The generator.
            n: How many.

        Returns:
            The points in x, ``[n, d]``.

        Raises:
            OutsideDomain: If the chart reaches none.
        """
        with np.errstate(all="ignore"):
            x = self.chart.inverse(self.base.examples(rng, max(4 * n, 64)))
        good = x[self.inside(x)]
        if not len(good):
            raise OutsideDomain(f"{self.name}: the chart reaches no point of {self.base.view}")
        return np.resize(good, (n, self.dim))

    def at(self, theta: Vector) -> At:
        """Return the problem at x; θ = f(x) and what depends on it are computed once."""
        return ChartedAt(self, theta)

    def _loss(self, *theta: Any) -> Any:
        return self.base._loss(*self.chart._forward(*theta))

    def _kl(self, theta: Vector, other: Vector) -> Any:
        return self.base._kl(self.chart._forward(*theta), self.chart._forward(*other))

    def _log_prob(self, datum: Vector, *theta: Any) -> Any:
        return self.base._log_prob(datum, *self.chart._forward(*theta))

    def _score(self, datum: Vector, *theta: Any) -> Vector:
        """A covector: Jᵀ s."""
        jacobian = transpose(self.chart._jacobian(*theta))
        return mv(jacobian, self.base._score(datum, *self.chart._forward(*theta)))

    def _grad(self, *theta: Any) -> Vector:
        return self.at(theta).grad

    def _fisher(self, *theta: Any) -> Matrix:
        return self.at(theta).fisher

    def _hessian(self, *theta: Any) -> Matrix:
        return self.at(theta).hessian


class ChartedAt(At):
    """How each quantity changes with the coordinates. J is the chart's Jacobian ∂θ/∂x."""

    __slots__ = ("base", "jacobian")

    problem: Charted

    def __init__(self, problem: Charted, theta: Vector) -> None:
        super().__init__(problem, theta)
        self.base = problem.base.at(problem.chart._forward(*theta))
        self.jacobian = problem.chart._jacobian(*theta)

    @property
    def grad(self) -> Vector:
        """A covector: Jᵀ g."""
        if self._grad is None:
            self._grad = mv(transpose(self.jacobian), self.base.grad)
        return self._grad

    @property
    def fisher(self) -> Matrix:
        """A tensor: Jᵀ F J."""
        if self._fisher is None:
            self._fisher = congruent(self.jacobian, self.base.fisher)
        return self._fisher

    @property
    def hessian(self) -> Matrix:
        """Jᵀ H J + Σ_k g_k ∇²f_k: it does not transform as a tensor."""
        if self._hessian is None:
            self._hessian = congruent(self.jacobian, self.base.hessian)
            for g, second in zip(
                self.base.grad, self.problem.chart._curvature(*self.theta), strict=True
            ):
                self._hessian = add(self._hessian, second, g)
        return self._hessian

    def flat(self) -> Matrix:
        """Return the identity of θ, as a tensor in x: JᵀJ.

        Returns:
            JᵀJ by rows.
        """
        return congruent(self.jacobian, self.base.flat())
