"""Counts whose probabilities keep their digits: the binomial, and the negative binomial.

Of the negative binomial with mean m and size r (variance m + m²/r) neither the Fisher information
of r nor the KL divergence has a closed form. Both are integrals over (0, ∞) of smooth functions,
which the trapezoid rule in log t gives to many digits (Trefethen and Weideman 2014).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from natgrad_core.linalg.small_matrices import symmetric
from natgrad_core.tracing.ops import (
    exp,
    expm1,
    log,
    log1p,
    log1pmx,
    log_gap,
    stirling_error,
    where,
)
from natgrad_core.tracing.row_sums import Rows
from natgrad_core.types import Array, Matrix, Vector


def log_binomial(n: Any, k: Any, p: Any, q: Any) -> Any:
    """Log of n!/(k!(n − k)!) pᵏ qⁿ⁻ᵏ with q = 1 − p, for real n ≥ k ≥ 0. Loader 2000.

    Each of its terms is small where log-gammas would cancel: with 1e9 trials it keeps 12 digits.

    Args:
        n: How many trials.
        k: How many successes.
        p: The probability of one.
        q: That of a failure.

    Returns:
        The log-probability.
    """
    rest = n - k
    inside = _one(k > 0) * _one(rest > 0) > 0.5
    some, left = where(inside, k, 1.0 + 0.0 * k), where(inside, rest, 1.0 + 0.0 * rest)
    whole = some + left
    within = (
        some * log_gap(whole * p / some)
        + left * log_gap(whole * q / left)
        + stirling_error(whole)
        - stirling_error(some)
        - stirling_error(left)
        + log(whole / (2 * math.pi * some * left)) / 2
    )
    return where(inside, within, _of_share(k, p, q) + _of_share(rest, q, p))


def _one(condition: Any) -> Any:
    return where(condition, 1.0, 0.0)


def _of_share(k: Any, p: Any, q: Any) -> Any:
    """K log p with p + q = 1, by the smaller of the two, which has the digits; 0 for k = 0."""
    some = k > 0
    p, q = where(some, p, 1.0 + 0.0 * p), where(some, q, 0.0 * q)
    small = p < 0.5
    return k * where(small, log(where(small, p, 1.0 + 0.0 * p)), log1p(-where(small, 0.0 * q, q)))


def negative_binomial(y: Any, m: Any, r: Any) -> Any:
    """Log Γ(y + r)/(Γ(r) y!) + r log(r/(m + r)) + y log(m/(m + r)).

    Args:
        y: The count.
        m: The mean.
        r: The size.

    Returns:
        The log-probability.
    """
    return log(r / (r + y)) + log_binomial(r + y, y, m / (r + m), r / (r + m))


def _nodes(low: float, high: float, step: float) -> Rows:
    """Weights t dw and nodes t = eʷ of the trapezoid rule for ∫ f(t) dt."""
    t: Array = np.exp(np.arange(low, high, step))
    return Rows(step * t, t)


_SPREAD = _nodes(-19.0, 3.8, 1 / 16)


def negative_binomial_information(m: Any, r: Any) -> Matrix:
    """The Fisher matrix in (m, r), with zeros off its diagonal.

    The entry of r is the sum over j ≥ 2 of βʲ B(j, r)/j with β = m/(m + r) (Anscombe 1950), which
    may converge slowly; it is ∫₀¹ −log1pmx(−βu)/u · (1 − u)^{r−1} du, taken here in
    s = −r log(1 − u). Nothing cancels in it.

    Args:
        m: The mean.
        r: The size.

    Returns:
        The matrix by rows; the estimates of m and r are uncorrelated.
    """

    def term(m: Any, r: Any, weight: Any, s: Any) -> Any:
        u = -expm1(-s / r)
        share = m / (m + r) * u
        near = share < 0.5
        left = (r + m * exp(-s / r)) / (m + r)  # 1 − βu
        rise = where(near, -log1pmx(-where(near, share, 0.0)), -log(left) - share)
        return weight * exp(-s) * rise / (u * r)

    return symmetric(r / (m * (m + r)), 0, _SPREAD.total(term, m, r))


_FAR = _nodes(-38.0, 12.0, 1 / 8)


def negative_binomial_kl(a: Vector, b: Vector) -> Any:
    """KL of two negative binomials, (m, r) and (n, q).

    What has no closed form in it is E log Γ(Y + r)/Γ(Y + q), by Malmstén's integral of log Γ and
    E e^{−tY} = (1 + (m/r)(1 − e^{−t}))^{−r} (Johnson, Kemp and Kotz 2005, ch. 5).

    Args:
        a: m and r.
        b: n and q.

    Returns:
        The divergence in nats.
    """

    def term(m: Any, r: Any, q: Any, weight: Any, s: Any) -> Any:
        t = s / r
        fallen = -expm1(-t)
        moved = expm1(-r * log1p(m / r * fallen))
        more = where(r < q, q - r, r - q)
        apart = where(r < q, -1.0, 1.0) * exp(-where(r < q, s, q * t)) * expm1(-more * t)
        return weight / r * apart * moved / (t * fallen)  # apart = e^{−rt} − e^{−qt}

    (m, r), (n, q) = a, b
    gap = _FAR.total(term, m, r, q)
    of_size = q * log1p(n / q) - r * log1p(m / r)
    return gap + of_size + m * (log(m / n) + log((n + q) / (m + r)))
