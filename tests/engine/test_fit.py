"""A fit is the maximum of the likelihood, told with its errors; where there is none, it says so.

The references are statsmodels' regressions and SciPy's distributions, on published data.
"""

from __future__ import annotations

import importlib
import math
import re
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from natgrad_core import charts, fit, own, problems
from natgrad_core.analysis.fit import Fit
from natgrad_core.core.problem import Problem
from natgrad_core.errors import NoProbabilityModel, OutsideDomain
from natgrad_core.types import Array

stats: Any = importlib.import_module("scipy.stats")
"""A reference without types that say what its results are; the other is ``sm``."""

KINDS: dict[str, Any] = dict(problems.items())

WELL_POSED = [
    name
    for name, kind in KINDS.items()
    if kind.support is not None and not kind.singular and len(kind().rows)
    if name not in ("two-layer-linear", "two-bernoullis", "double-well")
]
"""Problems with data whose likelihood has one maximum."""


@cache
def fitted(name: str) -> Fit:
    return fit(KINDS[name]())


@pytest.mark.parametrize("name", WELL_POSED)
def test_a_fit_ends_where_the_gradient_is_zero_and_the_hessian_positive(name: str) -> None:
    found = fitted(name)
    assert found.converged, found.why
    assert found.grad_norm < 1e-6
    assert_allclose(found.problem.grad(found.theta), 0, atol=1e-6)
    if not found.problem.kinks:
        assert np.linalg.eigvalsh(found.problem.hessian(found.theta))[0] > 0
    losses = np.asarray(found.problem.loss(found.path))
    assert (np.diff(losses) < 0).all(), "no step raises the loss"


@pytest.mark.parametrize("name", ["gamma", "weibull", "von-mises", "logistic-regression"])
def test_a_fit_does_not_depend_on_the_start(name: str) -> None:
    found = fitted(name)
    for start in found.problem.examples(np.random.default_rng(3), 5):
        again = fit(found.problem, start)
        assert again.converged, (start, again.why)
        assert_allclose(again.theta, found.theta, rtol=1e-6)


def test_a_fit_in_other_coordinates_has_the_same_estimate_and_the_transformed_covariance() -> None:
    found = fitted("gamma")
    chart = charts["log-scale"](which=(0, 1))
    other = fit(found.problem.through(chart), chart.inverse(found.problem.start))
    assert_allclose(chart.forward(other.theta), found.theta, rtol=1e-7)
    slope = chart.jacobian(other.theta)
    assert_allclose(slope @ other.covariance @ slope.T, found.covariance, rtol=1e-6)


def expanded(problem: Any) -> tuple[Array, Array]:
    """X and y with one row for each observation."""
    weights = problem.rows.columns[0] * problem.size
    times = np.rint(weights).astype(int)
    return np.repeat(problem.X, times, 0), np.repeat(problem.rows.columns[-1], times)


FAMILIES = {
    "logistic-regression": "Binomial",
    "poisson-regression": "Poisson",
    "linear-regression": "Gaussian",
}
"""What statsmodels calls them."""


@pytest.mark.parametrize("name", FAMILIES)
def test_a_regression_on_published_data_agrees_with_statsmodels(sm: Any, name: str) -> None:
    found = fitted(name)
    x, y = expanded(found.problem)
    family = getattr(sm.families, FAMILIES[name])()
    other = sm.GLM(y, x, family=family).fit(tol=1e-12, scale=1.0)
    assert_allclose(found.theta, other.params, rtol=1e-7)
    assert_allclose(found.standard_errors, other.bse, rtol=1e-6)
    assert found.size == len(y)


@pytest.mark.parametrize("d", [1, 2, 3, 5, 20])
@pytest.mark.parametrize("name", FAMILIES)
def test_a_regression_on_any_number_of_columns_agrees_with_statsmodels(
    sm: Any, name: str, d: int
) -> None:
    rng = np.random.default_rng(d)
    x = np.c_[np.ones(400), rng.normal(size=(400, d - 1))]
    offset, line = 0.2 * rng.normal(size=400), x @ rng.normal(0, 0.4 / math.sqrt(d), d)
    draw = {
        "logistic-regression": lambda m: rng.random(400) < 1 / (1 + np.exp(-m)),
        "poisson-regression": lambda m: rng.poisson(np.exp(m)),
        "linear-regression": lambda m: rng.normal(m),
    }
    y = draw[name](line + offset).astype(float)
    found = fit(KINDS[name](X=x, y=y, offset=offset))
    family = getattr(sm.families, FAMILIES[name])()
    other = sm.GLM(y, x, family=family, offset=offset).fit(tol=1e-12, scale=1.0)
    assert found.converged
    assert_allclose(found.theta, other.params, rtol=1e-6, atol=1e-8)  # of errors of 0.1
    assert_allclose(found.standard_errors, other.bse, rtol=1e-6)


def test_weights_count_observations() -> None:
    x, y = [[1, 0.0], [1, 1.0], [1, 2.0], [1, 0.5]], [0, 1, 1, 0]
    x, y = [*x, [1, 1.5]], [*y, 0]
    weighted = fit(KINDS["logistic-regression"](X=x, y=y, weights=[2, 3, 1, 1, 2]))
    repeated = fit(
        KINDS["logistic-regression"](
            X=np.repeat(x, [2, 3, 1, 1, 2], 0), y=np.repeat(y, [2, 3, 1, 1, 2])
        )
    )
    assert weighted.size == repeated.size == 9
    assert_allclose(weighted.theta, repeated.theta, rtol=1e-8)
    assert_allclose(weighted.standard_errors, repeated.standard_errors, rtol=1e-8)


def test_distributions_on_published_data_agree_with_scipy() -> None:
    gamma, weibull = fitted("gamma"), fitted("weibull")
    y = gamma.problem.rows.columns[1]
    a, _, scale = stats.gamma.fit(y, floc=0)
    assert_allclose(gamma.theta, (a, 1 / scale), rtol=1e-5)
    assert gamma.log_likelihood == pytest.approx(stats.gamma.logpdf(y, a, scale=scale).sum())
    k, _, scale = stats.weibull_min.fit(weibull.problem.rows.columns[1], floc=0)
    assert_allclose(weibull.theta, (k, scale), rtol=1e-4)
    beta = fitted("beta")
    a, b, _, _ = stats.beta.fit(beta.problem.rows.columns[1], floc=0, fscale=1)
    assert_allclose(beta.theta, (a, b), rtol=1e-4)
    mises = fitted("von-mises")
    kappa, mean, _ = stats.vonmises.fit(mises.problem.rows.columns[1], fscale=1)
    assert_allclose(mises.theta, (mean, kappa), rtol=1e-5)


@pytest.mark.parametrize("unit", [1e-8, 1.0, 1e8])
@pytest.mark.parametrize("name", ["normal", "gamma", "weibull"])
def test_data_in_any_unit_are_started_near_and_fitted(name: str, unit: float) -> None:
    data = unit * np.random.default_rng(0).weibull(1.3, 40)
    problem = KINDS[name](data)
    assert problem.inside(np.asarray(problem.start)).all()
    for (low, high), s in zip(problem.view, problem.start, strict=True):
        assert low < s < high
    found = fit(problem)
    assert found.converged
    assert found.steps < 30
    near = fit(problem, problem.start)
    assert_allclose(near.theta, found.theta, rtol=1e-6)


def regression(x: Any, y: Any, name: str = "logistic-regression") -> Problem:
    return KINDS[name](X=x, y=y)


LINE = [[1, 1], [1, 2], [1, 3], [1, 4]]


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (regression(LINE, [0, 0, 1, 1]), "the classes are separated"),
        (regression([[1, 1], [1, 2], [1, 2], [1, 4]], [0, 0, 1, 1]), "the classes are separated"),
        (regression(LINE, [1, 1, 1, 1]), "the classes are separated"),
        (
            regression([[1, 0], [1, 0], [1, 1]], [3, 4, 0], "poisson-regression"),
            "some counts are zero wherever a column says so.*along − w₁",
        ),
        (
            regression([[1, 1, 2], [1, 2, 4], [1, 3, 6], [1, 4, 8]], [0, 1, 0, 1]),
            "does not change along w₁ − 0.5 w₂",
        ),
        (KINDS["normal"]([2.0, 2.0, 2.0]), "the loss still falls|no finite"),
    ],
)
def test_data_without_one_maximum_are_told_so(problem: Problem, said: str) -> None:
    found = fit(problem)
    assert not found.converged
    assert re.search(said, found.why), found.why


def test_a_fit_that_cannot_be_made_says_what_is_missing() -> None:
    with pytest.raises(NoProbabilityModel, match="no Fisher matrix"):
        fit(problems["double-well"]())
    with pytest.raises(ValueError, match="two-state-mdp has no data"):
        fit(problems["two-state-mdp"]())
    with pytest.raises(OutsideDomain, match="σ > 0"):
        fit(problems["normal"](), (0.0, -1.0))
    with pytest.raises(ValueError, match="steps must be 0 or more, got -1"):
        fit(problems["normal"](), steps=-1)
    with pytest.raises(ValueError, match="needs both X and y"):
        KINDS["logistic-regression"](X=[[1.0, 2.0]])


def test_a_fit_shows_its_estimate_with_its_errors() -> None:
    text = repr(fitted("gamma"))
    assert "a = 0.70" in text
    assert " ± 0.25" in text


def test_an_own_model_with_separated_classes_is_told_so() -> None:
    found = fit(
        own(
            "bernoulli_logpmf(y, a + b*x)", {"x": [-2.0, -1.0, 1.0, 2.0], "y": [0.0, 0.0, 1.0, 1.0]}
        )
    )
    assert not found.converged
    assert "the classes are separated" in found.why
