"""Facts about normal distributions, their parameters and their KL."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from natgrad_core import problems
from natgrad_core.types import Array
from tests.lessons.facts.cases import (
    RNG,
    everywhere,
    once,
    random_metric,
    second,
    slopes,
)


def normal_kl(p: Array, q: Array) -> float:
    """KL between two normals (μ, σ)."""
    (a, s), (b, t) = p, q
    return float(math.log(t / s) + (s**2 + (a - b) ** 2) / (2 * t**2) - 0.5)


def random_normal() -> Array:
    return np.array([RNG.normal(), RNG.uniform(0.3, 2)])


def expectation(theta: Array) -> Array:
    return np.array([theta[0], theta[0] ** 2 + theta[1] ** 2])


def from_expectation(m: Array) -> Array:
    return np.array([m[0], math.sqrt(m[1] - m[0] ** 2)])


def natural(theta: Array) -> Array:
    return np.array([theta[0], -0.5]) / theta[1] ** 2


def from_natural(eta: Array) -> Array:
    variance = -0.5 / eta[1]
    return np.array([eta[0] * variance, math.sqrt(variance)])


def psi(eta: Array) -> float:
    """What makes the integral of e^(ηᵀt) equal to 1."""
    return float(-(eta[0] ** 2) / (4 * eta[1]) + 0.5 * math.log(-math.pi / eta[1]))


def fisher_of_normal(theta: Array) -> Array:
    return np.diag([1.0, 2.0]) / theta[1] ** 2


def density(y: Array, theta: Array) -> Array:
    return np.exp(-((y - theta[0]) ** 2) / (2 * theta[1] ** 2)) / theta[1] / math.sqrt(2 * math.pi)


@everywhere
def m_is_the_gradient_of_psi() -> object:
    theta = random_normal()
    eta, m = natural(theta), expectation(theta)
    j = slopes(lambda e: expectation(from_natural(e)), eta)
    into = slopes(from_natural, eta)
    return (
        np.allclose(slopes(psi, eta), m, rtol=1e-5)
        and np.allclose(j, j.T, rtol=1e-4)
        and np.allclose(j, into.T @ fisher_of_normal(theta) @ into, rtol=1e-4)
    )


@everywhere
def the_kl_losses_are_bregman() -> object:
    here, there = random_normal(), random_normal()
    forward = [
        normal_kl(there, p) - psi(natural(p)) + natural(p) @ expectation(there)
        for p in (here, random_normal())
    ]
    backward = [
        normal_kl(p, there) - (natural(p) - natural(there)) @ expectation(p) + psi(natural(p))
        for p in (here, random_normal())
    ]
    return np.allclose(forward[0], forward[1]) and np.allclose(backward[0], backward[1])


@everywhere
def natural_gradient_in_m() -> object:
    here, target = random_normal(), random_normal()
    m, star = expectation(here), expectation(target)
    into = slopes(from_expectation, m)
    metric = into.T @ fisher_of_normal(here) @ into
    slope = slopes(lambda x: normal_kl(target, from_expectation(x)), m)
    return np.allclose(np.linalg.solve(metric, slope), m - star, rtol=1e-4, atol=1e-5)


@everywhere
def one_coordinate() -> object:
    """Slopes and Fisher informations of the normal's σ, in σ, σ², log σ and 1/σ²."""
    s, v = RNG.uniform(0.4, 2, 2)
    information = 2 / s**2

    def loss(sigma: float) -> float:
        return math.log(sigma) + v / (2 * sigma**2)

    def read(of: Callable[[float], float], x: float) -> tuple[float, float]:
        d = float(slopes(lambda a: of(float(a[0])), np.array([x]))[0])
        return float(slopes(lambda a: loss(of(float(a[0]))), np.array([x]))[0]), information * d**2

    u, tau = s**2, s**-2
    said = {
        "sigma": (read(lambda x: x, s), (1 / s - v / s**3, 2 / s**2)),
        "variance": (read(math.sqrt, u), ((u - v) / (2 * u**2), 1 / (2 * u**2))),
        "log": (read(math.exp, math.log(s)), (1 - v / s**2, 2.0)),
        "precision": (read(lambda x: x**-0.5, tau), ((v - 1 / tau) / 2, 1 / (2 * tau**2))),
    }
    return all(np.allclose(found, wanted, rtol=1e-5) for found, wanted in said.values())


@everywhere
def one_coordinate_is_the_engines() -> object:
    """The loss and the Fisher information of one_coordinate are those of the engine's normal."""
    normal = problems["normal"]()
    s = RNG.uniform(0.2, 1)
    at, to = np.array([normal.mean, s]), np.array([normal.mean, 1.3 * s])
    v = normal.variance
    fall = math.log(1.3) + v / (2 * (1.3 * s) ** 2) - v / (2 * s**2)
    fisher = normal.fisher(at)
    return np.isclose(normal.loss(to) - normal.loss(at), fall) and np.allclose(
        fisher, fisher_of_normal(at)
    )


@everywhere
def an_expectation_parameter() -> object:
    """∇J = F (m − m̂) for σ² at the sample's mean, and m̂ = v."""
    s, v = RNG.uniform(0.4, 2, 2)
    u = s**2
    slope = slopes(lambda x: 0.5 * math.log(x[0]) + v / (2 * x[0]), np.array([u]))[0]
    return np.isclose(slope, (u - v) / (2 * u**2), rtol=1e-5)


@once
def short_steps_of_sigma() -> object:
    """½δᵀFδ for σ = 1 → 1 + h: the relative error nearly doubles with a short h."""

    def wrong(h: float) -> float:
        kl = normal_kl(np.array([0.0, 1.0]), np.array([0.0, 1.0 + h]))
        return abs(h**2 - kl) / kl

    return (
        wrong(0.025) < 0.05 < wrong(0.05)
        and abs(wrong(0.01) / wrong(0.005) - 2) < 0.05
        and abs(wrong(1.0) / wrong(0.5) - 2) > 0.1
    )


@once
def half_a_nat() -> object:
    return round(1 + math.sqrt(0.5), 3) == 1.707 and fisher_of_normal(np.array([0, 1]))[1, 1] == 2


@everywhere
def mixture_is_not_normal() -> object:
    """The mixture of two normals is not the normal with its two moments, unless they are equal."""
    a, b = random_normal(), random_normal()
    middle = from_expectation((expectation(a) + expectation(b)) / 2)
    y = np.linspace(-3, 3, 50)
    mixed = (density(y, a) + density(y, b)) / 2
    same = (density(y, a) + density(y, a)) / 2
    return not np.allclose(mixed, density(y, middle)) and np.allclose(same, density(y, a))


@everywhere
def kl_of_equal_sigma() -> object:
    a, b, s = RNG.normal(), RNG.normal(), RNG.uniform(0.3, 2)
    found = normal_kl(np.array([a, s]), np.array([b, s]))
    wider = normal_kl(np.array([2 * a, 2 * s]), np.array([2 * b, 2 * s]))
    return np.isclose(found, (a - b) ** 2 / (2 * s**2)) and np.isclose(wider, found)


@everywhere
def normals_are_closed() -> object:
    """With 1/(2σ²) equal at both ends it is so on the line; m-geodesic: σ is larger between."""
    (a, s), (b, _) = random_normal(), random_normal()
    ends = np.array([a, s]), np.array([b, s])
    e = from_natural((natural(ends[0]) + natural(ends[1])) / 2)
    m = from_expectation((expectation(ends[0]) + expectation(ends[1])) / 2)
    return np.isclose(e[1], s) and m[1] > s


@everywhere
def support_must_not_move() -> object:
    """Uniform on (0, θ): the score is −1/θ everywhere, so its expectation is not zero."""
    theta = RNG.uniform(0.5, 2)
    y = RNG.uniform(0, theta, 100)
    score = (np.log(1 / (theta + 1e-6)) - np.log(1 / (theta - 1e-6))) / 2e-6
    return bool((y < theta).all()) and np.isclose(score, -1 / theta, rtol=1e-5)


@everywhere
def opper_and_archambeau() -> object:
    """∇_Σ q = ½∇²q, and the entropy ½ log det Σ + const. has the derivative ½Σ⁻¹."""
    sigma, z = random_metric(), RNG.normal(size=2)

    def q(s: Array, x: Array) -> float:
        return float(np.exp(-x @ np.linalg.solve(s, x) / 2) / np.sqrt(np.linalg.det(s)))

    change = RNG.normal(size=(2, 2))
    change = change + change.T
    slope = (q(sigma + 1e-5 * change, z) - q(sigma - 1e-5 * change, z)) / 2e-5
    bend = second(lambda x: q(sigma, x), z)
    logs = [np.linalg.slogdet(sigma + h * change)[1] / 2 for h in (1e-5, -1e-5)]
    return np.isclose(slope, 0.5 * (bend * change).sum(), rtol=1e-3, atol=1e-6) and np.isclose(
        (logs[0] - logs[1]) / 2e-5, 0.5 * (np.linalg.inv(sigma) * change).sum(), rtol=1e-5
    )


@everywhere
def khan_and_lin() -> object:
    """One number z, p normal: a natural step in natural parameters mixes the two precisions."""
    v, s, rate = RNG.uniform(0.3, 3), RNG.uniform(0.3, 3), RNG.uniform(0.1, 1)
    here, target = np.array([0.0, s]), np.array([0.0, v])
    eta = natural(here)
    into = slopes(from_natural, eta)
    metric = into.T @ fisher_of_normal(here) @ into
    slope = slopes(lambda e: normal_kl(from_natural(e), target), eta)
    after = from_natural(eta - rate * np.linalg.solve(metric, slope))
    return np.isclose(after[1] ** -2, (1 - rate) / s**2 + rate / v**2, rtol=1e-4)


@everywhere
def stretched_line() -> object:
    """Stretched by c, the integrand is divided by c and the interval multiplied by it."""
    c, a = RNG.uniform(0.2, 5), RNG.uniform(0.5, 2)
    (p, q) = random_normal(), random_normal()
    x = np.linspace(-a, a, 2001)
    y = c * x
    f = density(x, p) * np.log(density(x, p) / density(x, q))
    scaled = (c * p, c * q)
    g = density(y, scaled[0]) * np.log(density(y, scaled[0]) / density(y, scaled[1]))
    return np.allclose(g, f / c) and np.isclose(np.trapezoid(g, y), np.trapezoid(f, x))


@everywhere
def decreasing_f() -> object:
    """With y = −cx the density is divided by |f′|, and KL stays the same."""
    c, p, q = RNG.uniform(0.2, 5), random_normal(), random_normal()
    there = [np.array([-c * t[0], c * t[1]]) for t in (p, q)]
    x = np.linspace(-2, 2, 9)
    return np.allclose(density(-c * x, there[0]), density(x, p) / c) and np.isclose(
        normal_kl(*there), normal_kl(p, q)
    )


@once
def slope_of_the_exponential() -> object:
    return bool((np.exp(np.linspace(-5, -1e-3, 50)) < 1).all())
