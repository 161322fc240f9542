"""The model at a point θ as a curve over the data: a density, probabilities, or a regression.

Of an exponential family, log p(y | θ) = h(y) + Σ_k c_k(θ) φ_k(y) with few φ_k (Brown 1986, ch. 1),
and a regression's mean is g⁻¹ of a predictor that is such a sum, too (McCullagh and Nelder 1989,
ch. 2). So a run of a thousand steps is a thousand rows of few coefficients c. The φ_k are found
from values of the model alone, by an interpolative decomposition (Cheng, Gimbutas, Martinsson and
Rokhlin 2005): c_k is the value at one of a few points, its anchors. Other families are such sums
nearly, over a bounded set of parameters; where a sum misses, all values are taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np

from natgrad_core.core.problem import Problem, Support
from natgrad_core.families.exponential_family import ExponentialFamily
from natgrad_core.linalg.small_matrices import components
from natgrad_core.types import Array, Whole

Kind = Literal["density", "masses", "regression"]
"""A density over a histogram, probabilities over shares, or a mean over points."""

FINE = 161
"""Points at which a curve is computed."""

FEWER = 81
"""The same of a family whose curves are no sums of a few: then each of them is sent."""

MOST_MASSES = 60
"""Outcomes up to which probabilities are drawn one by one."""

_RANK = 6
"""Of an exponential family's curves, at most."""

_NEARLY = 16
"""Functions with which the curves of another family are nearly sums, at most."""

_MISS = 1e-3
"""Of the window's height: by how much such a sum may miss."""

_DRAWN = {True: 40, False: 160}
"""Points of the domain from which the φ_k are found, of an exponential family and of another."""

_PADDING = 0.3
"""By how much of their range the window goes beyond the data."""

_HEADROOM = 1.5
"""How many times as high as the highest bar the window is."""

_EDGE = 0.06
"""By how much of their range the window goes beyond values that an outcome cannot exceed."""

_BINS = (5, 24)
"""The fewest and the most bins of a histogram."""


@dataclass(frozen=True, eq=False)
class FittedCurve:
    """The curve value(x) = g⁻¹(offset(x) + Σ_k c_k(θ) features_k(x)), and the data beside it."""

    kind: Kind
    x: Array
    """Where the curve is computed, ``[m]``: outcomes, or of a regression its covariate."""
    offset: Array
    """``[m]``."""
    features: Array | None
    """φ, ``[m, r]``; None: r = m, and each point has a coefficient of its own."""
    exact: bool
    """Whether the sum is the curve at every θ, as of an exponential family."""
    response: str
    """g⁻¹: "exp", "logistic" or "identity"."""
    few: Callable[[Array], Array]
    """c(θ), ``[n, r]``, at points ``[n, d]`` of the domain."""
    whole: Callable[[Array], Array]
    """g of the values themselves, ``[n, m]``."""
    data: Array
    """``[n, 2]``: points (x, y); of a histogram the middle of each bin, and its height."""
    width: float
    """Of a histogram's bins; 0 if the data are points."""
    window: tuple[tuple[float, float], tuple[float, float]]
    """Low and high of x, and of the values."""

    def coefficients(self, theta: Array) -> Array:
        """What makes the curve at points of the domain: few numbers, or where these miss it, all.

        Args:
            theta: The points, ``[n, d]``.

        Returns:
            c(θ), ``[n, r]``; or g of the values, ``[n, m]``, if the sum misses one of the curves by
            more than a thousandth of the window.
        """
        with np.errstate(all="ignore"):
            few = self.few(theta)
            if self.features is None or self.exact:
                return few
            whole = self.whole(theta)
            low, high = self.window[1]
            missed = np.abs(self._respond(few) - self._respond(whole))
        return few if np.all(missed < _MISS * (high - low)) else whole

    def values(self, theta: Array) -> Array:
        """The curve at points of the domain, from its coefficients.

        Args:
            theta: The points, ``[n, d]``.

        Returns:
            The values at ``x``, ``[n, m]``.
        """
        with np.errstate(all="ignore"):
            return self._respond(self.coefficients(theta))

    def _respond(self, rows: Array) -> Array:
        if self.features is not None and rows.shape[1] == self.features.shape[1]:
            rows = self.offset + rows @ self.features.T
        return RESPONSES[self.response](rows)


def _logistic(value: Array) -> Array:
    return np.where(value < 0, np.exp(np.minimum(value, 0)), 1) / (1 + np.exp(-np.abs(value)))


RESPONSES: dict[str, Callable[[Array], Array]] = {
    "exp": np.exp,
    "logistic": _logistic,
    "identity": np.asarray,
}
"""g⁻¹, by name."""


def fitted_curve(problem: Problem) -> FittedCurve | None:
    """The model of a problem as a curve over its data.

    Args:
        problem: The problem.

    Returns:
        The curve; None if the problem has no data, or the model is not a curve over one number.
    """
    if not len(problem.rows) or problem.outcomes != 1 or problem.support is None:
        return None
    if not problem.covariates:
        return _distribution(problem, problem.support)
    return _regression(problem) if isinstance(problem, ExponentialFamily) else None


def density_curve(problem: Problem, window: tuple[float, float], top: float) -> FittedCurve:
    """The density of a problem for one real outcome, without data.

    Args:
        problem: The problem.
        window: Low and high of the outcomes.
        top: The largest value that is drawn.

    Returns:
        The curve; its ``data`` are empty.
    """
    x = np.linspace(*window, FINE + 2)[1:-1]
    data = np.array([[window[0], 0.0], [window[1], top / _HEADROOM]])
    curve = _curve(problem, "density", x, "exp", _log_prob(problem), data, 0.0, window)
    return replace(curve, data=np.empty((0, 2)))


def _distribution(problem: Problem, support: Support) -> FittedCurve:
    """Bars of the data, and over them log p(y | θ) through exp."""
    share, y = problem.rows.columns
    if isinstance(support, range):
        low, high = int(y.min()), int(y.max())
        reach = max(1, round(_PADDING * (high - low)))
        first = max(support.start, low - reach)
        last = min(support.stop - 1, high + reach, first + MOST_MASSES)
        x = np.arange(first, last + 1.0)
        bars = np.array([share[y == each].sum() for each in x])
        data, width, kind = np.stack([x, bars], -1), 0.8, "masses"
        window = (first - 0.6, last + 0.6)
    else:
        window = _window(y, share, support)
        data, width = _histogram(y, share, problem.size or y.size)
        kind, fine = "density", FINE if problem.exponential else FEWER
        x = np.linspace(*window, fine + 2)[1:-1]  # at an edge of the support p may be infinite
    return _curve(problem, kind, x, "exp", _log_prob(problem), data, width, window)


def _regression(problem: ExponentialFamily) -> FittedCurve | None:
    """Points of the data, and over them the mean of an outcome as a function of its covariate."""
    columns = [c for c in problem.covariates if np.ptp(c)]
    if len(columns) != 1 or not problem.response:
        return None
    (varied,) = columns
    share, y = problem.rows.columns[0], problem.rows.columns[-1]
    places, at = np.unique(varied[share > 0], return_inverse=True)
    weight = np.bincount(at, share[share > 0])
    mean = np.bincount(at, (share * y)[share > 0]) / weight
    window = _padded(float(varied.min()), float(varied.max()), 0.15)
    x = np.linspace(*window, FINE)
    rest = [c[0] for c in problem.covariates]

    def predictor(where: Array) -> Callable[[Array], Array]:
        row = tuple(
            where if column is varied else np.full(where.shape, constant)
            for column, constant in zip(problem.covariates, rest, strict=True)
        )

        def at(theta: Array) -> Array:
            eta = problem._natural(row, *(part[:, None] for part in components(theta)))[0]
            return np.broadcast_to(eta, (len(theta), where.size))

        return at

    data = np.stack([places, mean], -1)
    return _curve(problem, "regression", x, problem.response, predictor, data, 0.0, window)


def _log_prob(problem: Problem) -> Callable[[Array], Callable[[Array], Array]]:
    def at_outcomes(y: Array) -> Callable[[Array], Array]:
        def at(theta: Array) -> Array:
            return np.asarray(problem.log_prob(y[:, None], theta), float).T

        return at

    return at_outcomes


def _curve(
    problem: Problem,
    kind: Kind,
    x: Array,
    response: str,
    predictor: Callable[[Array], Callable[[Array], Array]],
    data: Array,
    width: float,
    window: tuple[float, float],
) -> FittedCurve:
    """``predictor(x)(θ)`` as a sum of few features if it is one, and otherwise as it is."""
    theta = problem.examples(np.random.default_rng(0), _DRAWN[problem.exponential])
    top = _top(problem, kind, data)
    whole = predictor(x)
    with np.errstate(all="ignore"):
        seen = whole(theta)
    found = _interpolation(seen, _RANK if problem.exponential else _NEARLY, 1e-9)
    if found is None and response == "exp":  # a mixture is a sum before its logarithm is taken
        found, response = _interpolation(np.exp(seen), _NEARLY, 1e-4), "identity"
        predictor, whole = _exp_of(predictor), _exp_of(predictor)(x)
    if found is None:
        anchors, offset, features = np.arange(x.size), np.zeros(x.size), None
    else:
        anchors, offset, features = found
    few = predictor(x[anchors])
    exact = problem.exponential
    return FittedCurve(
        kind, x, offset, features, exact, response, few, whole, data, width, (window, top)
    )


def _exp_of(
    predictor: Callable[[Array], Callable[[Array], Array]],
) -> Callable[[Array], Callable[[Array], Array]]:
    def at_outcomes(y: Array) -> Callable[[Array], Array]:
        log_prob = predictor(y)
        return lambda theta: np.exp(log_prob(theta))

    return at_outcomes


class _Interpolation(NamedTuple):
    """Values = offset + values[:, anchors] @ featuresᵀ."""

    anchors: Whole
    offset: Array
    features: Array


def _interpolation(seen: Array, most: int, least: float) -> _Interpolation | None:
    """What makes all values of some.

    None if the rows of ``seen [n, m]`` span more than ``most`` dimensions, those of a share below
    ``least`` left out.
    """
    good = seen[np.isfinite(seen).all(-1)]
    if len(good) < 2:
        return None
    first = good[0]
    rows = (good - first) / np.abs(good - first).max(-1, keepdims=True).clip(1e-300)
    _, sizes, basis = np.linalg.svd(rows, full_matrices=False)
    rank = int((sizes > least * sizes[0]).sum())
    if not 0 < rank <= most:
        return None
    basis = basis[:rank]
    anchors = np.array(_pivots(basis))
    features = np.linalg.solve(basis[:, anchors], basis).T
    return _Interpolation(anchors, first - features @ first[anchors], features)


def _pivots(basis: Array) -> list[int]:
    """Columns of ``basis [r, m]`` by pivoted Gram–Schmidt: r of them, far from dependent."""
    left, found = basis.copy(), list[int]()
    for _ in basis:
        k = int((left**2).sum(0).argmax())
        found.append(k)
        unit = left[:, k] / np.linalg.norm(left[:, k])
        left -= np.outer(unit, unit @ left)
    return found


def _top(problem: Problem, kind: Kind, data: Array) -> tuple[float, float]:
    """Low and high of the values that are drawn: room above the data, little beyond what can be."""
    low, high = float(data[:, 1].min()), float(data[:, 1].max())
    if kind != "regression":
        return 0.0, _HEADROOM * high
    bottom, top = _padded(low, high, 0.2)
    if isinstance(problem.support, range):
        edge = _EDGE * (high - low or 1.0)
        bottom = max(bottom, problem.support.start - edge)
        top = min(top, problem.support.stop - 1 + edge)
    return bottom, top


def _padded(low: float, high: float, by: float) -> tuple[float, float]:
    more = by * (high - low) or 1.0
    return low - more, high + more


def _window(y: Array, share: Array, support: tuple[float, float]) -> tuple[float, float]:
    """Where all but a thousandth of the data at either end lies, and as much again beside it."""
    order = np.argsort(y)
    below = np.cumsum(share[order])
    ends = y[order[np.searchsorted(below, (1e-3, 1 - 1e-3))]]
    if float(np.ptp(ends)) > 0.4 * (support[1] - support[0]):
        return support
    low, high = _padded(float(ends[0]), float(ends[1]), _PADDING)
    if low < support[0] + 0.2 * (high - low):
        low = support[0]
    return low, min(high, support[1])


def _histogram(y: Array, share: Array, size: float) -> tuple[Array, float]:
    """Middles and heights of bins, ``[n, 2]``, and their width; 2 n^{1/3} bins (Rice's rule)."""
    few, many = _BINS
    wanted = many if math.isinf(size) else min(max(few, math.ceil(2 * size ** (1 / 3))), many)
    inner = y[share > 1e-3 * share.max()]
    low, high = float(inner.min()), float(inner.max())
    if low == high:
        low, high = low - 0.5, high + 0.5
    heights, edges = np.histogram(y, wanted, (low, high), weights=share, density=True)
    return np.stack([(edges[1:] + edges[:-1]) / 2, heights], -1), float(edges[1] - edges[0])
