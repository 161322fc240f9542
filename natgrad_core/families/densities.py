"""Densities that an expression may name: log p(y | …), its Fisher matrix, KL and draws.

Each is stated in its own arguments; a model puts expressions of its parameters there, and the chain
rule (Jᵀ I J) gives the model's Fisher matrix exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from natgrad_core.core.problem import Support
from natgrad_core.families.counts import (
    negative_binomial,
    negative_binomial_information,
    negative_binomial_kl,
)
from natgrad_core.linalg.small_matrices import symmetric
from natgrad_core.tracing.ops import (
    HALF_LOG_2PI,
    digamma,
    exp,
    lgamma,
    log,
    log1p,
    log1p_exp,
    log1pmx,
    log_gap,
    sigmoid,
    stirling_error,
    trigamma,
    where,
)
from natgrad_core.tracing.row_sums import Rows
from natgrad_core.types import Array, Matrix, Vector

LogP: TypeAlias = (
    Callable[[Any, Any], Any] | Callable[[Any, Any, Any], Any] | Callable[[Any, Any, Any, Any], Any]
)
"""A function of the outcome and one, two or three arguments."""

Information: TypeAlias = (
    Callable[[Any], Matrix] | Callable[[Any, Any], Matrix] | Callable[[Any, Any, Any], Matrix]
)

Shape: TypeAlias = tuple[int, ...]
Draw: TypeAlias = (
    Callable[[np.random.Generator, Shape, Any], Array]
    | Callable[[np.random.Generator, Shape, Any, Any], Array]
    | Callable[[np.random.Generator, Shape, Any, Any, Any], Array]
)


@dataclass(frozen=True)
class Density:
    """One family in its own arguments; ``log_p(y, *args)`` in nats."""

    name: str
    arguments: tuple[str, ...]
    log_p: LogP
    information: Information
    """The Fisher matrix in the arguments."""
    kl: Callable[[Vector, Vector], Any]
    draw: Draw
    support: Support

    @property
    def signature(self) -> str:
        """How it is written: ``normal_logpdf(y, mean, sd)``."""
        return f"{self.name}(y, {', '.join(self.arguments)})"


def _positive(*arguments: Any) -> Any:
    """0 where all are positive, else no number: for a formula that would go on below zero."""
    return sum(0.0 * log(argument) for argument in arguments)


def _normal_kl(a: Vector, b: Vector) -> Any:
    (m, s), (n, t) = a, b
    return log(t / s) + (s * s + (m - n) * (m - n)) / (2 * t * t) - 0.5


def _gamma_kl(a: Vector, b: Vector) -> Any:
    (k, r), (j, q) = a, b
    return (k - j) * digamma(k) - lgamma(k) + lgamma(j) + j * log(r / q) + k * (q - r) / r


def _log_beta(a: Any, b: Any) -> Any:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def _beta_kl(a: Vector, b: Vector) -> Any:
    (p, q), (u, v) = a, b
    gap = _log_beta(u, v) - _log_beta(p, q)
    return gap + (p - u) * digamma(p) + (q - v) * digamma(q) + (u - p + v - q) * digamma(p + q)


def _bernoulli_kl(a: Vector, b: Vector) -> Any:
    (s,), (u,) = a, b
    return sigmoid(s) * (s - u) - log1p_exp(s) + log1p_exp(u)


def _summed_kl(log_p: Callable[..., Any], reach: float) -> Callable[..., Any]:
    """KL of two members of a family of place m and scale s, where it has no closed form.

    ∫ p log(p/q) over y = m + s sinh u, |u| < ``reach``, by the trapezoid rule, whose error falls as
    e^{−c/step} (Trefethen and Weideman 2014); it is below 1e-6 unless q is ten times as narrow.
    """
    u = np.arange(-reach, reach, 0.125)
    nodes = Rows(0.125 * np.cosh(u), np.sinh(u))

    def kl(a: Vector, b: Vector) -> Any:
        def term(*named: Any) -> Any:
            one, other, (weight, z) = named[: len(a)], named[len(a) : -2], named[-2:]
            y = one[0] + one[1] * z
            log_of_p = log_p(y, *one)
            return weight * one[1] * exp(log_of_p) * (log_of_p - log_p(y, *other))

        return nodes.total(term, *a, *b)

    return kl


def _logistic(y: Any, m: Any, s: Any) -> Any:
    z = (y - m) / s
    return -z - 2 * log1p_exp(-z) - log(s)


def _student(y: Any, m: Any, s: Any, nu: Any) -> Any:
    z = (y - m) / s
    return _student_constant(nu) - log(s) - (nu + 1) / 2 * log1p(z * z / nu) + _positive(nu)


def _student_constant(nu: Any) -> Any:
    """log Γ((ν + 1)/2) − log Γ(ν/2) − ½ log(πν), with Stirling's formula in both: at ν = 1e16 the
    difference of the log-gammas has no digit left.
    """
    half = nu / 2
    return half * log1pmx(1 / nu) + stirling_error(half + 0.5) - stirling_error(half) - HALF_LOG_2PI


def _student_information(_: Any, s: Any, nu: Any) -> Matrix:
    """Lange, Little and Taylor 1989, appendix B."""
    spread, both = 1 / (s * s * (nu + 3)), -2 / (s * (nu + 1) * (nu + 3))
    near = (trigamma(nu / 2) - trigamma((nu + 1) / 2)) / 4
    near = near - (nu + 5) / (2 * nu * (nu + 1) * (nu + 3))
    tail = where(nu > _LARGE, _student_tail(where(nu > _LARGE, nu, _LARGE)), near)
    zero = 0 * s
    return (
        ((nu + 1) * spread, zero, zero),
        (zero, 2 * nu * spread, both),
        (zero, both, tail),
    )


_LARGE = 40.0


def _student_tail(nu: Any) -> Any:
    """The entry of ν for large ν, about 7/(2ν⁴), by the series of ψ₁(x) − ψ₁(x + ½) (Abramowitz
    and Stegun 1964, 6.4.12), whose first terms are taken together with what is subtracted.
    """
    r = 1 / nu
    t = r * r
    first = (7 + 3 * r) * t * t / (2 * (1 + r) * (1 + 3 * r))
    rest = t * t * r * (-0.5 + t * (1.5 + t * (-8.5 + t * (77.5 - 1036.5 * t))))
    return first + rest


def _gamma(y: Any, k: Any, r: Any) -> Any:
    """k log r − log Γ(k) + (k − 1) log y − r y, with Stirling's formula for log Γ (Loader 2000):
    at k = 1e8 the terms of the textbook form cancel to eight digits.
    """
    return (
        k * log_gap(r * y / k) + (log(k) - LOG_2PI) / 2 - stirling_error(k) - log(y) + _positive(k)
    )


def _beta(y: Any, a: Any, b: Any) -> Any:
    """(a − 1) log y + (b − 1) log(1 − y) − log B(a, b), in the same way."""
    n, z = a + b, 1 - y
    return (
        a * log_gap(y * n / a)
        + b * log_gap(z * n / b)
        - log(y)
        - log1p(-y)
        + (log(a) + log(b) - log(n) - LOG_2PI) / 2
        + stirling_error(n)
        - stirling_error(a)
        - stirling_error(b)
    )


def _poisson(y: Any, m: Any) -> Any:
    """Y log m − m − log y!, in the same way."""
    some = where(y > 0, y, 1.0)
    counted = some * log_gap(m / some) - (log(some) + LOG_2PI) / 2 - stirling_error(some)
    return where(y > 0, counted, -m) + _positive(m)


def _gumbel_kl(a: Vector, b: Vector) -> Any:
    (m, s), (n, t) = a, b
    shift, ratio = (n - m) / t, s / t
    return log(t / s) + EULER * (ratio - 1) - shift - 1 + exp(shift + lgamma(1 + ratio))


def _laplace_kl(a: Vector, b: Vector) -> Any:
    (m, s), (n, t) = a, b
    gap = where(m < n, n - m, m - n)  # not abs, whose derivatives at 0 are not those of this
    return log(t / s) + (s * exp(-gap / s) + gap) / t - 1


def _inverse_gaussian_kl(a: Vector, b: Vector) -> Any:
    (m, k), (n, j) = a, b
    return (log(k / j) + j / k - 1 + j * (m - n) * (m - n) / (m * n * n)) / 2


LOG_PI, LOG_2PI, EULER = float(np.log(np.pi)), float(np.log(2 * np.pi)), float(np.euler_gamma)

DENSITIES = {
    density.name: density
    for density in (
        Density(
            "normal_logpdf", ("mean", "sd"),
            lambda y, m, s: -((y - m) / s) * ((y - m) / s) / 2 - log(s) - HALF_LOG_2PI,
            lambda m, s: symmetric(1 / (s * s), 0, 2 / (s * s)),
            _normal_kl,
            lambda rng, shape, m, s: rng.normal(m, s, shape),
            (-np.inf, np.inf),
        ),
        Density(
            "lognormal_logpdf", ("mean", "sd"),
            lambda y, m, s: -((log(y) - m) / s) * ((log(y) - m) / s) / 2 - log(s) - HALF_LOG_2PI
            - log(y),
            lambda m, s: symmetric(1 / (s * s), 0, 2 / (s * s)),
            _normal_kl,
            lambda rng, shape, m, s: rng.lognormal(m, s, shape),
            (0.0, np.inf),
        ),
        Density(
            "laplace_logpdf", ("mean", "scale"),
            lambda y, m, s: -abs(y - m) / s - log(2 * s),
            lambda m, s: symmetric(1 / (s * s), 0, 1 / (s * s)),
            _laplace_kl,
            lambda rng, shape, m, s: rng.laplace(m, s, shape),
            (-np.inf, np.inf),
        ),
        Density(
            "exponential_logpdf", ("rate",),
            lambda y, r: log(r) - r * y,
            lambda r: ((1 / (r * r),),),
            lambda a, b: log(a[0] / b[0]) + b[0] / a[0] - 1,
            lambda rng, shape, r: rng.exponential(1 / r, shape),
            (0.0, np.inf),
        ),
        Density(
            "gamma_logpdf", ("shape", "rate"),
            _gamma,
            lambda k, r: symmetric(trigamma(k), -1 / r, k / (r * r)),
            _gamma_kl,
            lambda rng, shape, k, r: rng.gamma(k, 1 / r, shape),
            (0.0, np.inf),
        ),
        Density(
            "beta_logpdf", ("a", "b"),
            _beta,
            lambda a, b: symmetric(
                trigamma(a) - trigamma(a + b), -trigamma(a + b), trigamma(b) - trigamma(a + b)
            ),
            _beta_kl,
            lambda rng, shape, a, b: rng.beta(a, b, shape),
            (0.0, 1.0),
        ),
        Density(
            "logistic_logpdf", ("mean", "scale"),
            _logistic,
            lambda m, s: symmetric(1 / (3 * s * s), 0, (3 + np.pi**2) / (9 * s * s)),
            _summed_kl(_logistic, 4.4),
            lambda rng, shape, m, s: rng.logistic(m, s, shape),
            (-np.inf, np.inf),
        ),
        Density(
            "student_logpdf", ("mean", "scale", "freedom"),
            _student,
            _student_information,
            _summed_kl(_student, 30.0),
            lambda rng, shape, m, s, nu: m + s * rng.standard_t(nu, shape),
            (-np.inf, np.inf),
        ),
        Density(
            "cauchy_logpdf", ("mean", "scale"),
            lambda y, m, s: log(s) - log(s * s + (y - m) * (y - m)) - LOG_PI,
            lambda m, s: symmetric(1 / (2 * s * s), 0, 1 / (2 * s * s)),
            lambda a, b: log(
                ((a[1] + b[1]) * (a[1] + b[1]) + (a[0] - b[0]) * (a[0] - b[0]))
                / (4 * a[1] * b[1])
            ),
            lambda rng, shape, m, s: m + s * rng.standard_cauchy(shape),
            (-np.inf, np.inf),
        ),
        Density(
            "gumbel_logpdf", ("mode", "scale"),
            lambda y, m, s: -(y - m) / s - exp(-(y - m) / s) - log(s),
            lambda m, s: symmetric(
                1 / (s * s), (EULER - 1) / (s * s), (np.pi**2 / 6 + (1 - EULER) ** 2) / (s * s)
            ),
            _gumbel_kl,
            lambda rng, shape, m, s: rng.gumbel(m, s, shape),
            (-np.inf, np.inf),
        ),
        Density(
            "inverse_gaussian_logpdf", ("mean", "shape"),
            lambda y, m, k: (log(k) - 3 * log(y)) / 2 - HALF_LOG_2PI
            - k * (y - m) * (y - m) / (2 * m * m * y) + _positive(m),
            lambda m, k: symmetric(k / (m * m * m), 0, 1 / (2 * k * k)),
            _inverse_gaussian_kl,
            lambda rng, shape, m, k: rng.wald(m, k, shape),
            (0.0, np.inf),
        ),
        Density(
            "poisson_logpmf", ("mean",),
            _poisson,
            lambda m: ((1 / m,),),
            lambda a, b: a[0] * log(a[0] / b[0]) - a[0] + b[0],
            lambda rng, shape, m: rng.poisson(m, shape).astype(float),
            range(2**53),
        ),
        Density(
            "negative_binomial_logpmf", ("mean", "size"),
            negative_binomial,
            negative_binomial_information,
            negative_binomial_kl,
            lambda rng, shape, m, r: rng.poisson(rng.gamma(r, m / r, shape)).astype(float),
            range(2**53),
        ),
        Density(
            "bernoulli_logpmf", ("logit",),
            lambda y, s: -(1 - y) * log1p_exp(s) - y * log1p_exp(-s),
            lambda s: ((sigmoid(s) * sigmoid(-s),),),
            _bernoulli_kl,
            lambda rng, shape, s: (rng.random(shape) < sigmoid(s)).astype(float),
            range(2),
        ),
    )
}  # fmt: skip
"""By name."""
