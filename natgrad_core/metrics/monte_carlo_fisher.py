"""G ≈ F from a few samples of the model, for models without a closed form of F."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from natgrad_core.core.evaluation import At
from natgrad_core.core.options import Span
from natgrad_core.core.problem import Problem
from natgrad_core.linalg.operators import Dense, Operator
from natgrad_core.linalg.small_matrices import components, pack, symmetric
from natgrad_core.metrics import Metric, metrics
from natgrad_core.tracing.ops import opaque
from natgrad_core.types import Array


@metrics.register(
    latex=r"G = \frac{1}{n} \sum_{i=1}^{n} s_i s_i^\top,\quad y_i \sim p(\cdot \mid \theta)",
    transforms="tensor",
    needs="model",
)
def monte_carlo_fisher(
    n: Annotated[int, Span(1, 256, 1)] = 64, seed: Annotated[int, Span(0, 20, 1)] = 0
) -> Metric:
    """G = (1/n) Σ s sᵀ over ``n`` data drawn from p(· | θ), with covariates n for each row.

    The generator starts from the same seed at every point (common random numbers), so the metric
    is a pure function of θ: the same in every chart, and independent of the rest of a batch. Its
    relative error is of order 1/√n. With one row of data and n < d it is singular. Martens 2020.

    Args:
        n: How many samples at each point, at least 1.
        seed: The seed of the generator.

    Returns:
        The metric.

    Raises:
        ValueError: If n is not a whole number ≥ 1.
        NoProbabilityModel: At a point of a problem without a probability model.
    """
    if isinstance(n, bool) or int(n) != n or n < 1:
        raise ValueError(f"n, the samples a point, must be a whole number ≥ 1; got {n}")

    return Metric(_at_point, (int(n), seed))


def _at_point(at: At, n: int, seed: int) -> Operator:
    problem, d = at.problem, len(at.theta)
    if problem.support is None:
        raise problem._bare("samples")

    def estimate(*theta: Any) -> tuple[Any, ...]:
        points = pack(theta)
        flat = points.reshape(-1, d)
        good = problem.inside(flat)
        found = np.full((len(flat), d * (d + 1) // 2), np.nan)
        for i in np.flatnonzero(good):
            found[i] = _second_moment(problem, flat[i], np.random.default_rng(seed), n)
        if points.ndim == 1:
            return tuple(found[0].tolist())
        return components(found.reshape(*points.shape[:-1], -1))

    return Dense(symmetric(*opaque(estimate, d * (d + 1) // 2, *at.theta)))


def _second_moment(problem: Problem, theta: Array, rng: np.random.Generator, n: int) -> Array:
    """The upper triangle of the mean of s sᵀ over n draws at one point."""
    drawn = problem.sample(theta, rng, n)  # [n], [n, rows] or with the outcome's numbers last
    outcome = tuple(np.moveaxis(drawn, -1, 0)) if problem.outcomes > 1 else (drawn,)
    scores = problem._score((*problem.covariates, *outcome), *theta.tolist())
    weights = problem.rows.columns[0] if problem.covariates else np.ones(1)
    whole = np.broadcast_arrays(*scores, outcome[0])[: len(theta)]  # a score may be a constant
    s = np.stack(whole, -1)
    s = s.reshape(n, -1, len(theta))
    moment = np.einsum("r,nri,nrj->ij", weights, s, s) / n
    return moment[np.triu_indices(len(theta))]
