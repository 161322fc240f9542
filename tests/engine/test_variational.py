"""Variational inference: the normal found is the nearest to the posterior in every chart."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from natgrad_core import charts, own, problems, rules, run
from tests.engine.autodiff_reference import derivatives

integrate: Any = importlib.import_module("scipy.integrate")
KINDS: dict[str, Any] = dict(problems.items())


def test_the_loss_is_the_divergence_from_the_posterior_by_quadrature() -> None:
    """KL(q ‖ p) + log ∫ e^{−nJ}, by SciPy, for two normals q."""
    of = KINDS["variational-normal"]()

    def log_posterior(z: float) -> float:
        return -of.n * float(of.target.loss((z,)))

    for m, s in ((-1.0, 0.6), (-2.0, 0.3)):

        def term(z: float, m: float = m, s: float = s) -> float:
            log_q = -((z - m) ** 2) / (2 * s * s) - np.log(s * np.sqrt(2 * np.pi))
            return float(np.exp(log_q) * (log_q - log_posterior(z)))

        slow = integrate.quad(term, m - 12 * s, m + 12 * s, epsabs=1e-11)[0]
        assert_allclose(of.loss((m, s)), slow, rtol=1e-9)


def test_a_natural_step_in_natural_parameters_is_the_update_of_khan_and_lin() -> None:
    """1/s² ← (1 − ρ)/s² + ρ E ∇²f, and m moves by −ρ s'² E ∇f (Khan and Lin 2017)."""
    of = KINDS["variational-normal"]()
    through, rate = of.through(charts["natural"](family="normal")), 0.3
    here = np.array(of.start)
    m, s = run(through, rules["natural"](rate), through.start, 1).in_theta[-1]
    precision = (1 - rate) / here[1] ** 2 + rate * of.expected_hessian(here)[0, 0]
    assert_allclose(1 / s**2, precision, rtol=1e-9)
    assert_allclose(m, here[0] - rate * of.grad(here)[0] / precision, rtol=1e-9)


@pytest.mark.parametrize("covariance", ["full", "diagonal"])
def test_a_normal_posterior_is_found_exactly(covariance: str) -> None:
    """Of least squares it is N(ŵ, (XᵀX)⁻¹); a q of independent parts has its precisions."""
    rng = np.random.default_rng(0)
    x = np.c_[np.ones(12), rng.normal(size=12)]
    target = KINDS["linear-regression"](X=x, y=rng.normal(size=12))
    of = KINDS["variational-normal"](target, covariance)
    path = run(of, rules["levenberg-marquardt"](), of.start, 60)
    mean, factor = path.theta[-1][:2], of._factor(tuple(path.theta[-1]))
    assert_allclose(mean, np.linalg.lstsq(x, target.rows.columns[-1], rcond=None)[0], rtol=1e-6)
    found = np.array(factor, float)
    if covariance == "full":
        assert_allclose(found @ found.T, np.linalg.inv(x.T @ x), rtol=1e-5)
    else:
        assert_allclose(1 / np.diag(found) ** 2, np.diag(x.T @ x), rtol=1e-5)


@pytest.mark.parametrize("covariance", ["full", "diagonal"])
@pytest.mark.parametrize("m", [1, 2, 3])
def test_derivatives_and_the_expected_hessian_are_those_of_the_loss(
    m: int, covariance: str
) -> None:
    """By autodiff, of many observations: the loss is their sum, and so are its derivatives."""
    rng = np.random.default_rng(m)
    x = np.c_[np.ones(30), rng.normal(size=(30, m - 1))]
    y = (rng.random(30) < 0.4).astype(float)
    of = KINDS["variational-normal"](KINDS["logistic-regression"](X=x, y=y), covariance)
    low, high = np.asarray(of.view, float).T
    assert (low <= of.start).all()
    assert (of.start <= high).all()
    points = np.asarray(of.start) + 0.05 * rng.normal(size=(2, of.dim))
    for point, slope, bend in zip(points, *derivatives(of.loss, points), strict=True):
        assert_allclose(of.grad(point), slope, rtol=1e-8, atol=1e-8)
        assert_allclose(of.hessian(point), bend, rtol=1e-7, atol=1e-7)
    chol = np.array(of._factor(tuple(points[0])), float)
    z = points[0][:m] + rng.normal(size=(20_000, m)) @ chol.T
    by_draws = 30 * of.target.hessian(z).mean(0)
    assert_allclose(of.expected_hessian(points[0]), by_draws, rtol=0.05, atol=0.05)


def test_the_path_depends_on_the_coordinates_for_gradient_descent_alone() -> None:
    of = KINDS["variational-normal"]()
    chart = charts["linear"](matrix=((1.0, 0.5), (0.0, 1.0)))
    for name, same in (("natural", True), ("gradient", False)):
        here = run(of, rules[name](0.02), of.start, 30).theta
        there = run(of.through(chart), rules[name](0.02), chart.inverse(of.start), 30).in_theta
        assert np.allclose(here, there, atol=1e-9) == same


def test_a_target_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="take it through a chart"):
        KINDS["variational-normal"](KINDS["gamma"]())
    with pytest.raises(ValueError, match="full, diagonal"):
        KINDS["variational-normal"](covariance="round")
    banana = own("(a**2)/2 + 2*(b - a**2)**2")
    with pytest.raises(ValueError, match="one to three"):
        KINDS["variational-normal"](banana)
