"""Facts of linear algebra: metrics, damping, polar factors and Kronecker products."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np

from natgrad_core.types import Array
from tests.lessons.facts.cases import (
    EYE,
    RNG,
    cross,
    everywhere,
    random_metric,
    slopes,
)


@everywhere
def aat_of_a_rotation_only() -> object:
    a, g = RNG.normal(size=(2, 2)), RNG.normal(size=(2, 5))
    turn = np.linalg.qr(a)[0]
    flip = turn @ np.diag([1, -1])
    return (
        not np.allclose(a @ a.T @ g, g)
        and np.allclose(turn @ turn.T @ g, g)
        and np.allclose(flip @ flip.T @ g, g)
    )


@everywhere
def lengths_differ_by_direction() -> object:
    g, slope = random_metric(), RNG.normal(size=2)
    steepest = -np.linalg.solve(g, slope)
    euclidean = -slope
    return cross(steepest, euclidean) > 1e-9 * np.linalg.norm(steepest) * np.linalg.norm(slope)


@everywhere
def lagrange_arrows() -> object:
    """With ν = ½∇Jᵀa both arrows have the same scalar product with a unit vector a."""
    g, slope, a = random_metric(), RNG.normal(size=2), RNG.normal(size=2)
    a /= math.sqrt(a @ g @ a)
    nu = slope @ a / 2
    return np.isclose(a @ slope, a @ (2 * nu * g @ a)) and np.isclose(
        slopes(lambda x: x @ g @ x, a) @ a, 2.0
    )


@everywhere
def best_rate() -> object:
    """Of all rates 2/(γmin + γmax) has the least largest factor, (γmax − γmin)/(γmax + γmin)."""
    values = np.sort(RNG.uniform(0.1, 5, 4))
    low, high = values[0], values[-1]

    def largest(rate: float) -> float:
        return float(np.abs(1 - rate * values).max())

    best = 2 / (low + high)
    rates = np.linspace(1e-3, 2 / high, 200)
    return (
        np.isclose(largest(best), (high - low) / (high + low))
        and all(largest(rate) >= largest(best) - 1e-12 for rate in rates)
        and np.isclose(largest(2 / high), 1)
        and largest(1.99 / high) < 1 < largest(2.01 / high)
    )


@everywhere
def damped_eigenvalues() -> object:
    h, damping = random_metric(), RNG.uniform(0.1, 5)
    values = np.linalg.eigvalsh(h)
    found = np.linalg.eigvals(np.linalg.solve(h + damping * EYE, h)).real
    return np.allclose(np.sort(found), values / (values + damping))


@everywhere
def symmetric_product_has_real_positive_eigenvalues() -> object:
    g, h = random_metric(3), random_metric(3)
    found = np.linalg.eigvals(np.linalg.solve(g, h))
    values, vectors = np.linalg.eigh(g)
    root = (vectors / np.sqrt(values)) @ vectors.T
    return np.allclose(np.sort(found.real), np.linalg.eigvalsh(root @ h @ root)) and bool(
        (found.real > 0).all()
    )


@everywhere
def quadratic_model() -> object:
    """With α = 1 the damped step is the minimum of the quadratic model."""
    m, slope = random_metric(3), RNG.normal(size=3)
    best = -np.linalg.solve(m, slope)
    low = slope @ best + best @ m @ best / 2
    others = best + RNG.normal(size=(50, 3))
    return all(slope @ d + d @ m @ d / 2 > low for d in others)


@everywhere
def less_damping_is_longer() -> object:
    half = RNG.normal(size=(3, 2))
    f, slope = half @ half.T, RNG.normal(size=3)
    sizes = [
        np.linalg.norm(np.linalg.solve(f + damping * np.eye(3), slope))
        for damping in (1.0, 0.3, 0.1, 0.03)
    ]
    return all(less < more for less, more in pairwise(sizes))


@everywhere
def spectral_norm_bounds_the_change() -> object:
    d, a = RNG.normal(size=(3, 4)), RNG.normal(size=(4, 200))
    a /= np.linalg.norm(a, axis=0)
    most = np.linalg.svd(d)[2][0]
    top = np.linalg.norm(d, 2)
    return bool((np.linalg.norm(d @ a, axis=0) <= top + 1e-12).all()) and np.isclose(
        np.linalg.norm(d @ most), top
    )


@everywhere
def root_of_the_quotient() -> object:
    left, right = random_metric(2), random_metric(3)

    def power(m: Array, q: float) -> Array:
        values, vectors = np.linalg.eigh(m)
        return (vectors * values**q) @ vectors.T

    quotient = np.kron(left, right) / np.trace(left)
    shampoo = np.kron(power(left, 0.25), power(right, 0.25))
    return np.allclose(power(quotient, 0.25) * np.trace(left) ** 0.25, shampoo)


@everywhere
def polar_factor() -> object:
    g = RNG.normal(size=(2, 4))
    u, s, vt = np.linalg.svd(g, full_matrices=False)
    polar = u @ vt
    d = RNG.normal(size=(2, 4))
    d /= np.linalg.norm(d, 2)
    ones = np.linalg.svd(polar)[1]
    each = np.abs(np.einsum("ji,jk,ik->i", u, d, vt))
    return (
        np.allclose(ones, 1)
        and np.isclose((g * polar).sum(), s.sum())
        and (g * d).sum() <= s.sum() + 1e-12
        and bool((each <= 1 + 1e-12).all())
    )


@everywhere
def kronecker_of_l_and_r() -> object:
    """If F₁ = M₁ ⊗ M₂: L = M₁ tr M₂, R = M₂ tr M₁, and the quotient is F₁."""
    one, two = random_metric(2), random_metric(3)
    left, right = one * np.trace(two), two * np.trace(one)
    f = np.kron(one, two).reshape(2, 3, 2, 3)
    return (
        np.allclose(np.einsum("ajbj->ab", f), left)
        and np.allclose(np.einsum("iaib->ab", f), right)
        and np.allclose(np.kron(left, right) / np.trace(left), np.kron(one, two))
        and np.isclose(np.trace(left), np.trace(right))
    )


@everywhere
def factors_with_root_damping() -> object:
    """(B + √λI) ⊗ (A + √λI) is B ⊗ A + λI + √λ(B ⊗ I + I ⊗ A); over λ the rest falls as 1/√λ."""
    b, a, eye = random_metric(2), random_metric(3), np.eye(6)

    def rest(damping: float) -> Array:
        root = math.sqrt(damping)
        both = np.kron(b + root * EYE, a + root * np.eye(3))
        return (both - np.kron(b, a) - damping * eye) / damping

    cross = np.kron(b, np.eye(3)) + np.kron(EYE, a)
    return np.allclose(rest(4.0), cross / 2) and np.allclose(rest(400.0), rest(4.0) / 10)


@everywhere
def large_damping() -> object:
    """As λ grows the damped directions tend to that of gradient descent, K-FAC's the slowest."""
    b, a = random_metric(2), random_metric(3)
    slope = RNG.normal(size=6)

    def angle(matrix: Any) -> float:
        step = np.linalg.solve(matrix, slope)
        return float(np.arccos(step @ slope / np.linalg.norm(step) / np.linalg.norm(slope)))

    exact = np.kron(b, a)
    others, kfac = [], []
    for damping in (1e2, 1e4, 1e6):
        root = math.sqrt(damping)
        kfac.append(angle(np.kron(b + root * EYE, a + root * np.eye(3))))
        kinds = (exact, np.diag(np.diag(exact)))
        others.append(max(angle(f + damping * np.eye(6)) for f in kinds))
    falls = all(y < x / 5 for x, y in pairwise(kfac)) and all(
        y < x / 5 for x, y in pairwise(others)
    )
    return falls and all(x > y for x, y in zip(kfac[1:], others[1:], strict=True))


@everywhere
def residuals_of_a_good_fit() -> object:
    """Of an example with residual r: its part in F is of the order r, in F̂ of the order r²."""
    other = RNG.uniform(0.2, 1, 2)
    sizes = []
    for r in (1e-3, 1e-4):
        p = np.array([1 - r, *(r * other / other.sum())])
        scores = np.eye(3) - p
        f = np.einsum("c,ci,cj->ij", p, scores, scores)
        sizes.append([np.linalg.norm(f), np.linalg.norm(np.outer(scores[0], scores[0]))])
    ratio = np.divide(*sizes)
    return np.allclose(ratio, (10, 100), rtol=1e-2)


@everywhere
def norm_cannot_whiten() -> object:
    """Standardized columns have mean 0 and variance 1, but stay correlated."""
    x = RNG.normal(size=(200, 2)) @ np.array([[1.0, 0.9], [0.0, 0.4]])
    z = (x - x.mean(0)) / x.std(0)
    return np.allclose(z.mean(0), 0) and np.allclose(z.std(0), 1) and abs((z.T @ z)[0, 1]) > 50


@everywhere
def tensor_of_the_diagonal() -> object:
    """The diagonal of F is a tensor under stretches of the axes, not under a shear."""
    f, p, q = random_metric(), *RNG.uniform(0.3, 3, 2)
    stretch, shear = np.diag([p, q]), np.array([[1.0, p], [0, 1]])

    def is_one(a: Array) -> bool:
        return np.allclose(np.diag(np.diag(a.T @ f @ a)), a.T @ np.diag(np.diag(f)) @ a)

    return is_one(stretch) and not is_one(shear)


@everywhere
def orthogonal_null_direction() -> object:
    """Both loss and distribution depend on w₂w₁ alone; the steps lie along v, and u is null."""
    w, x2, best = RNG.normal(size=2), RNG.uniform(0.5, 2), RNG.uniform(0.5, 2)
    v, u = w[::-1], w * [1, -1]
    f = x2 * np.outer(v, v)
    slope = slopes(lambda a: 0.5 * x2 * (a[0] * a[1] - best) ** 2, w)
    shortest = np.linalg.pinv(f) @ slope
    t = RNG.normal()
    return (
        np.allclose(f @ u, 0)
        and np.allclose(slope, x2 * (w.prod() - best) * v, rtol=1e-4, atol=1e-6)
        and cross(shortest, slope) < 1e-6 * np.linalg.norm(slope) ** 2 / (v @ v) + 1e-9
        and np.allclose(f @ (shortest + t * u), slope, atol=1e-5)
        and np.isclose(
            np.sum((shortest + t * u) ** 2), shortest @ shortest + t**2 * (u @ u), rtol=1e-4
        )
    )
