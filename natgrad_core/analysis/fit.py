"""A maximum-likelihood fit by the natural gradient, with what a statistician asks of one.

The step is that of Fisher scoring, δ = −(F + λ diag F)⁻¹ ∇J (Fisher 1925; Osborne 1992), and λ
follows Levenberg and Marquardt's rule as Nielsen (1999) states it, so that the loss never rises.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from natgrad_core.core.damping import levenberg_marquardt
from natgrad_core.core.path_end import reason
from natgrad_core.core.problem import Problem, must_be_a_problem
from natgrad_core.families.linear_predictor import LinearPredictor
from natgrad_core.types import Array, ArrayLike

TOLERANCE = 1e-9
"""A fit has converged when √(∇Jᵀ F⁻¹ ∇J), the length of the natural gradient, is below this."""

ROUNDING = 1e-6
"""Where no step lowers the loss any more, that length must be below this."""

SINGULAR = 1e-10
"""Below this share of the largest, an eigenvalue of F (with unit diagonal) counts as zero."""

EXTREME = 12.0
"""Predictors beyond this make the fit look whether the data allow a finite maximum."""


ENDLESS = 1e3
"""A positive parameter whose standard error is so many times itself is not determined."""


@dataclass(frozen=True)
class Fit:
    """A fitted model.

    Args:
        problem: The problem.
        theta: The estimate, ``[d]``.
        covariance: F⁻¹/n at the estimate, ``[d, d]``; NaN where F has no inverse.
        loss: J at the estimate, in nats per observation.
        size: How many observations, n.
        grad_norm: √(∇Jᵀ F⁻¹ ∇J) at the estimate: the length of the natural gradient.
        converged: Whether the estimate is a stationary point, to rounding, with an invertible F.
        why: Why the fit stopped, in one sentence.
        path: The points of the fit, ``[steps + 1, d]``.
    """

    problem: Problem
    theta: Array
    covariance: Array
    loss: float
    size: float
    grad_norm: float
    converged: bool
    why: str
    path: Array

    @property
    def standard_errors(self) -> Array:
        """The square roots of the covariance's diagonal, ``[d]``."""
        with np.errstate(invalid="ignore"):
            return np.sqrt(np.diag(self.covariance))

    @property
    def log_likelihood(self) -> float:
        """Log p(data | θ̂) in nats: −n J."""
        return -self.size * self.loss

    @property
    def steps(self) -> int:
        """How many steps were made."""
        return len(self.path) - 1

    def __repr__(self) -> str:
        rows = "\n".join(
            f"  {symbol} = {value:.6g} ± {error:.2g}"
            for symbol, value, error in zip(
                self.problem.symbols, self.theta, self.standard_errors, strict=True
            )
        )
        return f"<fit of {self.problem.name}: {self.why}\n{rows}>"


def fit(problem: Problem, start: ArrayLike | None = None, steps: int = 200) -> Fit:
    """Fit a model by maximum likelihood.

    Args:
        problem: The problem with its data: θ̂ minimizes its J.
        start: Where to start, ``[d]``; None: the problem's rough estimate (``problem.guess()``).
        steps: The most steps.

    Returns:
        The estimate, its standard errors, and why the fit stopped. A fit that does not converge is
        returned, not raised: ``converged`` is False and ``why`` says what is wrong.

    Raises:
        OutsideDomain: If the start is outside the domain.
        ValueError: If the start has another shape, there are fewer than 0 steps, or no data.
        NoProbabilityModel: If the problem has no probability model.
        TypeError: If it is not a problem.
    """
    must_be_a_problem(problem)
    if steps < 0:
        raise ValueError(f"steps must be 0 or more, got {steps}")
    if problem.support is not None and not len(problem.rows):
        raise ValueError(f"{problem.name} has no data, so there is nothing to fit it to")
    point = np.asarray(problem.check(problem.guess() if start is None else start), float)
    if point.shape != (problem.dim,):
        raise ValueError(f"a fit has one start, [{problem.dim}]; got shape {list(point.shape)}")
    with np.errstate(all="ignore"):
        path = np.stack([point, *_path(problem, point, steps)])
        theta = path[-1]
        gradient, fisher = problem.grad(theta), problem.fisher(theta)
        length = _length(gradient, fisher)
        covariance, null = _inverse(fisher)
        size = float(problem.size if problem.size is not None else len(problem.rows) or 1)
        why = _trouble(problem, path, null, length < ROUNDING)
        why = why or _endless(problem, theta, np.sqrt(np.diag(covariance) / size))
    return Fit(
        problem=problem,
        theta=theta,
        covariance=covariance / size,
        loss=float(problem.loss(theta)),
        size=size,
        grad_norm=length,
        converged=not why,
        why=why or f"converged in {len(path) - 1} steps (natural gradient {length:.1e})",
        path=path,
    )


def _path(problem: Problem, theta: Array, most: int) -> Iterator[Array]:
    """The points after the start, each with a lower loss."""
    loss, gradient, fisher = problem.loss(theta), problem.grad(theta), problem.fisher(theta)
    damping, factor = 1e-3, 2.0
    for _ in range(most):
        if _length(gradient, fisher) < TOLERANCE:
            return
        scale = np.diag(np.diag(fisher))
        while True:
            delta = -_solve(fisher + damping * scale, gradient)
            new = theta + delta
            after = problem.loss(new) if problem.inside(new) else np.nan
            foreseen = -(gradient @ delta + delta @ fisher @ delta / 2)
            ratio = (loss - after) / foreseen if foreseen > 0 else np.nan
            good = bool(after < loss)
            damping, factor = levenberg_marquardt(ratio if good else np.nan, damping, factor)
            damping = max(float(damping), 1e-15)
            if good:
                break
            if damping > 1e12:
                return
        theta, loss = new, after
        gradient, fisher = problem.grad(theta), problem.fisher(theta)
        yield theta


def _solve(matrix: Array, vector: Array) -> Array:
    try:
        return np.asarray(np.linalg.solve(matrix, vector), float)
    except np.linalg.LinAlgError:
        return np.full_like(vector, np.nan)


def _scaled(fisher: Array) -> tuple[Array, Array]:
    """F with unit diagonal, so that no unit of a parameter counts, and the units."""
    size = np.sqrt(np.abs(np.diag(fisher)))
    size = np.where(size > 0, size, 1.0)
    return fisher / np.outer(size, size), size


def _length(gradient: Array, fisher: Array) -> float:
    """√(∇Jᵀ F⁺ ∇J), by the eigenvalues that are not zero."""
    matrix, size = _scaled(fisher)
    if not (np.isfinite(matrix).all() and np.isfinite(gradient).all()):
        return float("nan")
    values, vectors = np.linalg.eigh(matrix)
    along = vectors.T @ (gradient / size)
    good = values > SINGULAR * values[-1]
    return float(np.sqrt((along[good] ** 2 / values[good]).sum()))


def _inverse(fisher: Array) -> tuple[Array, Array | None]:
    """F⁻¹, and the direction along which F is zero; NaN for the parameters that move along it."""
    matrix, size = _scaled(fisher)
    if not np.isfinite(matrix).all():
        return np.full_like(matrix, np.nan), None
    values, vectors = np.linalg.eigh(matrix)
    good = values > SINGULAR * values[-1]
    inverse = (vectors[:, good] / values[good]) @ vectors[:, good].T / np.outer(size, size)
    if good.all():
        return inverse, None
    moved = (np.abs(vectors[:, ~good]) > 1e-6).any(1)
    inverse[moved, :] = np.nan
    inverse[:, moved] = np.nan
    null = vectors[:, 0] / size
    return inverse, null / null[np.argmax(np.abs(null))]


def _trouble(problem: Problem, path: Array, null: Array | None, still: bool) -> str:
    """What keeps the end of the path from being an estimate; empty if nothing does."""
    theta = path[-1]
    if isinstance(problem, LinearPredictor):
        far = np.abs(problem.X @ theta).max() > EXTREME
        if (far or null is not None or not still) and (w := problem.never_better()) is not None:
            return f"{problem.unbounded}: the likelihood never falls along {_direction(problem, w)}"
    if null is not None:
        return (
            f"not determined: the likelihood does not change along {_direction(problem, null)} "
            "(columns of the data may be collinear; leave one out)"
        )
    if ended := reason(problem, path, np.ones(len(path), bool)):
        return ended
    if not still and problem.kinks:
        return (
            "stopped at a kink of the loss, where no step lowers it; start from the problem's "
            "rough estimate (start=None)"
        )
    return (
        ""
        if still
        else (
            f"not converged after {len(path) - 1} steps: the loss still falls, and there may be no "
            "finite maximum; start elsewhere or allow more steps"
        )
    )


def _endless(problem: Problem, theta: Array, errors: Array) -> str:
    """Which positive parameter grows without end, as its error says; empty if none does."""
    for i, symbol in enumerate(problem.symbols):
        mirrored = theta * np.where(np.arange(theta.size) == i, -1.0, 1.0)
        if theta[i] > 0 and errors[i] > ENDLESS * theta[i] and not problem.inside(mirrored):
            return (
                f"not determined: the likelihood hardly changes as {symbol} grows beyond "
                f"{theta[i]:.3g}, so there may be no finite maximum"
            )
    return ""


def _direction(problem: Problem, w: Array) -> str:
    """A direction in words: the parameters that move along it."""
    parts = [
        f"{'−' if v < 0 else '+'} {'' if abs(abs(v) - 1) < 1e-6 else f'{abs(v):.3g} '}{s}"
        for s, v in zip(problem.symbols, w, strict=True)
        if abs(v) > 1e-6
    ]
    return " ".join(parts).removeprefix("+ ")
