"""The Fisher matrix as an average, sample by sample, and how far KL is from its ellipse.

F = E[s sᵀ] with s = ∇ log p(y | θ) and y drawn from p itself; E[s] = 0, and F = −E[∇² log p] too.
Each average over n draws misses by about 1/√n. Fisher 1925; Martens 2020, section 5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from natgrad_core.core.problem import Problem
from natgrad_core.linalg.small_matrices import components
from natgrad_core.tracing.forward_mode import variables_through
from natgrad_core.types import Array, ArrayLike, Whole


def scores(problem: Problem, theta: ArrayLike, data: Array) -> Array:
    """Return ∇ log p of each datum.

    Args:
        problem: The problem.
        theta: θ, ``[d]``.
        data: Data ``[n, ...]``, as ``problem.sample`` makes them.

    Returns:
        The scores, ``[n, d]``; with covariates ``[n, rows, d]``, one a row.
    """
    point = problem.check(theta)
    parts = problem._score((*problem.covariates, *_outcome(problem, data)), *point.tolist())
    lead = data.shape[:-1] if problem.outcomes > 1 else data.shape
    return np.stack([np.broadcast_to(part, lead) for part in parts], -1)


def curvatures(problem: Problem, theta: ArrayLike, data: Array) -> Array:
    """Return −∇² log p of each datum, by automatic differentiation of log p, twice.

    Args:
        problem: The problem.
        theta: θ, ``[d]``.
        data: Data ``[n, ...]``, as ``problem.sample`` makes them.

    Returns:
        The matrices, ``[n, d, d]``; with covariates ``[n, rows, d, d]``.
    """
    point = problem.check(theta)
    datum = (*problem.covariates, *_outcome(problem, data))
    (log_prob,) = variables_through(
        lambda *at: (problem._log_prob(datum, *at),), tuple(point.tolist())
    )
    lead = data.shape[:-1] if problem.outcomes > 1 else data.shape
    d = problem.dim
    found = np.empty((*lead, d, d))
    for value, i, j in zip(log_prob.hessian, *np.triu_indices(d), strict=True):
        found[..., i, j] = found[..., j, i] = -np.broadcast_to(value, lead)
    return found


def _outcome(problem: Problem, data: Array) -> tuple[Array, ...]:
    return components(data) if problem.outcomes > 1 else (data,)


@dataclass(frozen=True)
class Gathered:
    """Sums over the first ``n`` draws, for several n at once: all arrays lead with ``[len(n)]``."""

    n: Whole
    score: Array
    """Σ s, ``[m, d]``."""
    outer: Array
    """Σ s sᵀ, ``[m, d, d]``."""
    curvature_sum: Array
    """Σ −∇² log p, ``[m, d, d]``."""
    square: Array
    """Σ (entries of W s sᵀ W)², ``[m, d, d]``, with W = F^{−1/2}."""

    @property
    def fisher(self) -> Array:
        """The average of s sᵀ, ``[m, d, d]``."""
        return self.outer / self.n[:, None, None]

    @property
    def curvature(self) -> Array:
        """The average of −∇² log p, ``[m, d, d]``."""
        return self.curvature_sum / self.n[:, None, None]

    @property
    def mean(self) -> Array:
        """The average score, ``[m, d]``."""
        return self.score / self.n[:, None]

    def then(self, more: Gathered) -> Gathered:
        """Return these draws and after them more.

        Args:
            more: The draws that follow.

        Returns:
            All draws, summed up as one.
        """
        return Gathered(
            np.concatenate([self.n, self.n[-1] + more.n]),
            _join(self.score, more.score),
            _join(self.outer, more.outer),
            _join(self.curvature_sum, more.curvature_sum),
            _join(self.square, more.square),
        )


def _join(first: Array, then: Array) -> Array:
    """Running sums and what came after them, as running sums."""
    return np.concatenate([first, first[-1] + then])


def whitening(fisher: Array) -> Array:
    """Return F^{−1/2}: with it the error of an estimate has no unit and no coordinates.

    Args:
        fisher: F, ``[d, d]``.

    Returns:
        F^{−1/2}, ``[d, d]``.

    Raises:
        ValueError: If F is not positive definite.
    """
    values, vectors = np.linalg.eigh(fisher)
    if not values[0] > 1e-12 * values[-1]:
        raise ValueError(f"the Fisher matrix has no inverse (eigenvalues {values})")
    return (vectors / np.sqrt(values)) @ vectors.T


def gather(problem: Problem, theta: ArrayLike, ns: Whole, seed: int | tuple[int, ...]) -> Gathered:
    """Return sums over draws from p(· | θ), up to each of some numbers of draws.

    With covariates one draw is an outcome for every row, and its scores are averaged over them.

    Args:
        problem: The problem.
        theta: θ, ``[d]``.
        ns: The numbers, rising, ``[m]``, from 1 on.
        seed: The seed; asked again the draws are the same.

    Returns:
        The sums.
    """
    point = problem.check(theta)
    rng = np.random.default_rng(seed)
    data = problem.sample(point, rng, int(ns[-1]))
    s, h = scores(problem, point, data), curvatures(problem, point, data)
    weights = problem.rows.columns[0] if problem.covariates else None
    if weights is None:
        outer, mean = s[:, :, None] * s[:, None, :], s
    else:
        outer = np.einsum("r,nri,nrj->nij", weights, s, s)
        mean, h = np.einsum("r,nri->ni", weights, s), np.einsum("r,nrij->nij", weights, h)
    white = whitening(problem.fisher(point))
    square = (white @ outer @ white) ** 2
    starts = np.concatenate([[0], ns[:-1]])

    def total(each: Array) -> Array:
        return np.cumsum(np.add.reduceat(each, starts, axis=0), axis=0)

    return Gathered(ns, total(mean), total(outer), total(h), total(square))


def error(estimate: Array, fisher: Array) -> Array:
    """Return ‖F^{−1/2} Ê F^{−1/2} − I‖ (Frobenius): the same in all charts.

    Args:
        estimate: Ê, ``[m, d, d]``.
        fisher: F, ``[d, d]``.

    Returns:
        The errors, ``[m]``.
    """
    white = whitening(fisher)
    return np.linalg.norm(white @ estimate @ white - np.eye(len(fisher)), axis=(-2, -1))


def expected_error(gathered: Gathered) -> float:
    """Return c in E‖…‖² = c²/n, from the spread of the outer products themselves.

    Args:
        gathered: The draws, all of which are used.

    Returns:
        c.
    """
    n = float(gathered.n[-1])
    d = gathered.outer.shape[-1]  # the expectation of W s sᵀ W is I
    return float(np.sqrt(max((gathered.square[-1] / n).sum() - d, 0.0)))


def kl_misses(problem: Problem, theta: ArrayLike, sizes: Array, count: int = 48) -> Array:
    """Return KL(p_θ ‖ p_θ+δ) − ½ε² all around the ellipses δᵀFδ = ε².

    They are of order ε³, and where opposite ends are averaged ε⁴.

    Args:
        problem: The problem.
        theta: θ, ``[d]``.
        sizes: Each ε, ``[m]``.
        count: How many points an ellipse has; opposite ends are ``count/2`` apart.

    Returns:
        The differences, ``[m, count]``; NaN outside the domain.
    """
    from natgrad_core.geometry.ellipses import outline

    point = problem.check(theta)
    ring = outline(problem.fisher(point), 0.5, count + 1)[:-1]
    there = point + sizes[:, None, None] * ring
    inside = problem.inside(there)
    with np.errstate(all="ignore"):
        kl = problem._kl(tuple(point.tolist()), components(there))
    return np.where(inside, np.broadcast_to(kl, inside.shape) - sizes[:, None] ** 2 / 2, np.nan)


def angle(a: Array, b: Array, metric: Array | None = None) -> Array:
    """Return the angle of two vectors in degrees.

    Args:
        a: Vectors ``[..., d]``.
        b: Vectors ``[..., d]``.
        metric: G, ``[d, d]``, which measures it; I if none is given.

    Returns:
        The angles, ``[...]``.
    """
    g = np.eye(a.shape[-1]) if metric is None else metric

    def dot(v: Array, w: Array) -> Array:
        return np.einsum("...i,ij,...j->...", v, g, w)

    with np.errstate(all="ignore"):
        cosine = dot(a, b) / np.sqrt(dot(a, a) * dot(b, b))
    return np.rad2deg(np.arccos(np.clip(cosine, -1.0, 1.0)))
