"""Facts about running means, and about the policy of two states."""

from __future__ import annotations

import numpy as np

from natgrad_core import problems
from natgrad_core.types import Array
from tests.lessons.facts.cases import (
    EYE,
    RNG,
    everywhere,
)


@everywhere
def factor_for_large_t() -> object:
    k = RNG.uniform(0.6, 3)  # c/s²
    wrong = [
        abs(t / (t - 1) * (1 - k / t) ** 2 - (1 - (2 * k - 1) / t)) * t**2 for t in (1e3, 1e4, 1e5)
    ]
    return max(wrong) < 20


@everywhere
def whole_numbers_forget() -> object:
    k, t = int(RNG.integers(1, 5)), np.arange(1, 12)
    left = np.cumprod(1 - k / t)
    return bool((left[k - 1 :] == 0).all() and (left[: k - 1] != 0).all())


@everywhere
def reaches_the_bound() -> object:
    s = RNG.uniform(0.3, 2)
    f = EYE / s**2
    c = s**2
    return np.allclose(c * f, EYE) and np.isclose(c**2 / (2 * c - s**2), s**2)


def chances(p: float, q: float) -> tuple[Array, Array, Array]:
    """The slopes of ρ in θ, the diagonal of F, and the weights, of the engine's two states."""
    mdp = problems["two-state-mdp"]()
    theta = np.log([p / (1 - p), q / (1 - q)])
    return -mdp.grad(theta), np.diag(mdp.fisher(theta)), mdp.visits(theta)


@everywhere
def states_of_the_policy() -> object:
    p, q = RNG.uniform(0.05, 0.95, 2)
    slope, f, (one, two) = chances(p, q)
    return (
        np.isclose(one * p, two * q)
        and np.isclose(one, q / (p + q))
        and np.isclose(two, p / (p + q))
        and np.allclose(f, [one * p * (1 - p), two * q * (1 - q)])
        and np.allclose(slope / f, [(1 - 3 * q) / (p + q), -(1 + 3 * p) / (p + q)])
        and np.isclose(
            problems["two-state-mdp"]().loss(np.log([p / (1 - p), q / (1 - q)])),
            -(one * (1 - p) + 2 * two * (1 - q)),
        )
    )


@everywhere
def rarely_visited() -> object:
    q = RNG.uniform(0.1, 0.9)
    (_, slope), (_, f), (_, visits) = chances(1e-7, q)
    return abs(slope) < 1e-5 and visits < 1e-5 and np.isclose(slope / f, -1 / q, rtol=1e-4)


@everywhere
def natural_policy_moves() -> object:
    """The natural gradient always lowers q; it raises p once q is below a third."""
    p, q = RNG.uniform(0.05, 0.95, 2)
    slope, f, _ = chances(p, q)
    return slope[1] / f[1] < 0 and (slope[0] / f[0] > 0) == (q < 1 / 3)
