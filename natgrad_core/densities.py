"""Densities that an expression may name: log p(y | …), its Fisher matrix, KL and draws.

Each is stated in its own arguments; a model puts expressions of its parameters there, and the chain
rule (Jᵀ I J) gives the model's Fisher matrix exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from natgrad_core.ops import HALF_LOG_2PI, digamma, lgamma, log, log1p_exp, sigmoid, trigamma
from natgrad_core.problem import Support
from natgrad_core.small import Matrix, symmetric
from natgrad_core.types import Array


@dataclass(frozen=True)
class Density:
    """One family in its own arguments; ``log_p(y, *args)`` in nats."""

    name: str
    arguments: tuple[str, ...]
    log_p: Callable[..., Any]
    information: Callable[..., Matrix]
    """The Fisher matrix in the arguments."""
    kl: Callable[[tuple[Any, ...], tuple[Any, ...]], Any]
    draw: Callable[..., Array]
    support: Support

    @property
    def signature(self) -> str:
        """How it is written: ``normal_logpdf(y, mean, sd)``."""
        return f"{self.name}(y, {', '.join(self.arguments)})"


def _normal_kl(a: tuple[Any, ...], b: tuple[Any, ...]) -> Any:
    (m, s), (n, t) = a, b
    return log(t / s) + (s * s + (m - n) * (m - n)) / (2 * t * t) - 0.5


def _gamma_kl(a: tuple[Any, ...], b: tuple[Any, ...]) -> Any:
    (k, r), (j, q) = a, b
    return (k - j) * digamma(k) - lgamma(k) + lgamma(j) + j * log(r / q) + k * (q - r) / r


def _log_beta(a: Any, b: Any) -> Any:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def _beta_kl(a: tuple[Any, ...], b: tuple[Any, ...]) -> Any:
    (p, q), (u, v) = a, b
    gap = _log_beta(u, v) - _log_beta(p, q)
    return gap + (p - u) * digamma(p) + (q - v) * digamma(q) + (u - p + v - q) * digamma(p + q)


def _bernoulli_kl(a: tuple[Any, ...], b: tuple[Any, ...]) -> Any:
    (s,), (u,) = a, b
    return sigmoid(s) * (s - u) - log1p_exp(s) + log1p_exp(u)


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
            "exponential_logpdf", ("rate",),
            lambda y, r: log(r) - r * y,
            lambda r: ((1 / (r * r),),),
            lambda a, b: log(a[0] / b[0]) + b[0] / a[0] - 1,
            lambda rng, shape, r: rng.exponential(1 / r, shape),
            (0.0, np.inf),
        ),
        Density(
            "gamma_logpdf", ("shape", "rate"),
            lambda y, k, r: k * log(r) - lgamma(k) + (k - 1) * log(y) - r * y,
            lambda k, r: symmetric(trigamma(k), -1 / r, k / (r * r)),
            _gamma_kl,
            lambda rng, shape, k, r: rng.gamma(k, 1 / r, shape),
            (0.0, np.inf),
        ),
        Density(
            "beta_logpdf", ("a", "b"),
            lambda y, a, b: (a - 1) * log(y) + (b - 1) * log(1 - y) - _log_beta(a, b),
            lambda a, b: symmetric(
                trigamma(a) - trigamma(a + b), -trigamma(a + b), trigamma(b) - trigamma(a + b)
            ),
            _beta_kl,
            lambda rng, shape, a, b: rng.beta(a, b, shape),
            (0.0, 1.0),
        ),
        Density(
            "poisson_logpmf", ("mean",),
            lambda y, m: y * log(m) - m - lgamma(y + 1.0),
            lambda m: ((1 / m,),),
            lambda a, b: a[0] * log(a[0] / b[0]) - a[0] + b[0],
            lambda rng, shape, m: rng.poisson(m, shape).astype(float),
            range(1_000_000),
        ),
        Density(
            "bernoulli_logpmf", ("logit",),
            lambda y, s: y * s - log1p_exp(s),
            lambda s: ((sigmoid(s) * (1 - sigmoid(s)),),),
            _bernoulli_kl,
            lambda rng, shape, s: (rng.random(shape) < 1 / (1 + np.exp(-s))).astype(float),
            range(2),
        ),
    )
}  # fmt: skip
"""By name."""
