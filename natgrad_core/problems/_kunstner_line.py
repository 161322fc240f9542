"""A straight line through skewed data, where the empirical Fisher matrix misleads.

Kunstner, Balles and Hennig 2019, figure 1: a thousand pairs, y = 2 + 2x + noise with x lognormal
(0, ¾). The model is least squares, whose outcomes have variance one.
"""

from __future__ import annotations

import numpy as np

from natgrad_core.core.problem import Problem
from natgrad_core.linalg.small_matrices import components, full
from natgrad_core.metrics import metrics
from natgrad_core.problems.linear_regression import LinearRegression
from natgrad_core.types import Array


def skewed_line(noise: float = 1.0, n: int = 1000, seed: int = 0) -> Problem:
    """The least-squares problem in (w₀, w₁); ``noise`` is the standard deviation in the data."""
    if not noise > 0:
        raise ValueError(f"the noise is a standard deviation, more than 0; got {noise}")
    rng = np.random.default_rng(seed)
    x = rng.lognormal(0.0, 0.75, n)
    y = 2 + 2 * x + noise * rng.standard_normal(n)
    return LinearRegression(X=np.stack([np.ones(n), x], -1), y=y)


def minimum(problem: Problem) -> Array:
    """Where a least-squares problem has its minimum, ``[2]``: one natural step of rate 1."""
    origin = np.zeros(2)
    return -np.asarray(np.linalg.solve(problem.fisher(origin), problem.grad(origin)), float)


def directions(problem: Problem, theta: Array, metric: str) -> tuple[Array, Array]:
    """−G⁻¹∇J and G at points ``[..., 2]``, with G the registered ``metric`` of this name."""
    lead = theta.shape[:-1]
    at = problem.at(components(theta))
    g = full(metrics[metric]()(at).dense(), lead)
    step: Array = np.asarray(np.linalg.solve(g, full(at.grad, lead)[..., None])[..., 0], float)
    return -step, g
