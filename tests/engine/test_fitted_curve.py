"""The model as a curve over its data, held to log p of the problem itself."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from natgrad_core import problems
from natgrad_core.analysis.fitted_curve import RESPONSES, FittedCurve, fitted_curve
from natgrad_core.core.problem import Problem
from natgrad_core.types import Array

WITH_A_CURVE = [name for name in problems if fitted_curve(problems[name]()) is not None]
DISTRIBUTIONS = [name for name in WITH_A_CURVE if not problems[name]().covariates]
REGRESSIONS = [name for name in WITH_A_CURVE if problems[name]().covariates]


def case(name: str) -> tuple[Problem, FittedCurve, Array]:
    """A problem, its curve, and points: of the window, and closer to the edges of the domain."""
    problem = problems[name]()
    curve = fitted_curve(problem)
    assert curve is not None
    near = problem.examples(np.random.default_rng(7), 12)
    far = np.concatenate([near, near * 0.3, near * 3.0])
    return problem, curve, far[problem.inside(far)]


def test_every_problem_with_data_for_one_outcome_has_a_curve() -> None:
    assert {*DISTRIBUTIONS} >= {
        *("beta", "binomial", "categorical", "categorical-singular", "exponential", "gamma"),
        *("gumbel", "inverse-gaussian", "laplace", "logistic", "lognormal", "mixture"),
        *("negative-binomial", "normal", "student-t", "von-mises", "weibull"),
    }
    assert {*REGRESSIONS} >= {
        *("linear-regression", "logistic-regression", "poisson-regression", "two-layer-linear")
    }
    without = {"dirichlet", "multivariate-normal", "quadratic", "rosenbrock", "two-state-mdp"}
    assert without.isdisjoint(WITH_A_CURVE)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_the_curve_of_a_distribution_is_its_density_at_every_point(name: str) -> None:
    problem, curve, theta = case(name)
    slow = np.array([[np.exp(problem.log_prob(y, point)) for y in curve.x[::4]] for point in theta])
    seen = slow.max(1) > 1e-3  # the others lie outside the window
    assert seen.sum() >= 12
    top = slow[seen].max(1, keepdims=True)
    found = curve.values(theta[seen])[:, ::4]
    near = 1e-7 if problem.exponential else 1e-3 * curve.window[1][1] / top.min()
    np.testing.assert_allclose(found / top, slow[seen] / top, rtol=1e-6, atol=near)


@pytest.mark.parametrize("name", REGRESSIONS)
def test_the_curve_of_a_regression_is_the_mean_outcome_at_each_row(name: str) -> None:
    problem, curve, theta = case(name)
    theta = theta[:12]  # within the window of the parameters
    (varied,) = (c for c in problem.covariates if np.ptp(c))
    if isinstance(problem.support, range):
        grid = np.arange(problem.support.start, min(problem.support.stop, 4000))
        weight = 1.0
    else:
        grid, weight = np.linspace(-60.0, 60.0, 1201), 0.1
    inner = np.stack([np.exp(problem.log_prob(np.full(varied.size, y), theta)) for y in grid])
    mean = np.tensordot(grid * weight, inner, 1)
    whole = np.abs(inner.sum(0) * weight - 1) < 1e-6  # else the grid does not hold the outcomes
    assert whole.mean() > 0.5
    shown = np.array([np.interp(varied, curve.x, row) for row in curve.values(theta)])
    size = 1 + np.abs(mean)
    np.testing.assert_allclose((shown / size)[whole], (mean / size)[whole], atol=2e-3)


@pytest.mark.parametrize("name", WITH_A_CURVE)
def test_an_exponential_family_needs_few_numbers_a_point(name: str) -> None:
    problem, curve, theta = case(name)
    assert curve.exact == problem.exponential
    if curve.exact:
        assert curve.coefficients(theta).shape[1] <= problem.dim + 1
    elif name in ("mixture", "weibull"):  # nearly such sums; others may need all values
        near = problem.examples(np.random.default_rng(7), 12)
        assert curve.coefficients(near).shape[1] <= 16


def test_where_a_sum_of_few_misses_the_curve_all_values_are_taken() -> None:
    problem, curve, _ = case("mixture")
    far = np.array([[-1.0, 1.5], [5.5, 6.0]])  # outside the set from which the sum was found
    assert curve.coefficients(far).shape[1] == curve.x.size
    slow = np.exp(problem.log_prob(curve.x[:, None], far)).T
    np.testing.assert_allclose(curve.values(far), slow, atol=1e-12)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_the_data_are_bars_of_area_one_inside_the_window(name: str) -> None:
    problem, curve, _ = case(name)
    area = curve.data[:, 1].sum() * (curve.width if curve.kind == "density" else 1.0)
    assert area == pytest.approx(1.0, abs=5e-3)
    (low, high), (_, top) = curve.window
    assert ((low <= curve.data[:, 0]) & (curve.data[:, 0] <= high)).all()
    assert curve.data[:, 1].max() < top
    if problem.measured:
        assert len(problem.measured) == 1


@pytest.mark.parametrize("name", ["normal", "binomial"])
def test_bars_count_an_observation_as_often_as_its_weight_says(name: str) -> None:
    kind, y, times = cast("Any", problems[name]), (1.0, 2.0, 2.0, 4.0, 7.0), (3, 1, 1, 2, 1)
    weighted, repeated = (
        fitted_curve(problem)
        for problem in (kind(data=y, weights=times), kind(data=np.repeat(y, times)))
    )
    assert weighted is not None
    assert repeated is not None
    np.testing.assert_allclose(weighted.data, repeated.data)


def test_no_bar_stands_at_an_outcome_that_cannot_be() -> None:
    curve = fitted_curve(cast("Any", problems["binomial"])(data=(0.0, 1.0, 2.0), trials=2))
    assert curve is not None
    assert list(curve.x) == [0, 1, 2]


@pytest.mark.parametrize("name", REGRESSIONS)
def test_the_data_of_a_regression_are_the_mean_outcomes_at_each_covariate(name: str) -> None:
    problem, curve, _ = case(name)
    (varied,) = (c for c in problem.covariates if np.ptp(c))
    share, y = problem.rows.columns[0], problem.rows.columns[-1]
    for x, mean in curve.data:
        here = varied == x
        assert mean == pytest.approx(np.average(y[here], weights=share[here]))
    assert len(curve.data) == len(np.unique(varied[share > 0]))
    (left, right), (bottom, top) = curve.window
    assert left < varied.min() < varied.max() < right
    assert bottom < curve.data[:, 1].min() <= curve.data[:, 1].max() < top
    if isinstance(problem.support, range):  # little beyond what can be
        assert bottom > problem.support.start - 0.1 * np.ptp(curve.data[:, 1])
        assert top < problem.support.stop - 1 + 0.1 * np.ptp(curve.data[:, 1])


def test_the_window_of_a_density_begins_at_the_edge_of_its_support_if_data_are_near() -> None:
    """Proschan's times begin at one hour; far from an edge the window begins beside the data."""
    near, far = (
        fitted_curve(cast("Any", problems["exponential"])(data=y))
        for y in ((0.1, 1.0, 2.0), (50.0, 51.0, 52.0))
    )
    assert near is not None
    assert far is not None
    assert near.window[0][0] == 0
    assert 48 < far.window[0][0] < 50


def test_data_that_are_all_alike_have_one_bar_of_width_one() -> None:
    curve = fitted_curve(cast("Any", problems["exponential"])(data=(2.0, 2.0)))
    assert curve is not None
    assert curve.data[:, 1] @ np.full(len(curve.data), curve.width) == pytest.approx(1)


def test_data_of_ones_own_have_no_units() -> None:
    own = cast("Any", problems["normal"])(data=(1.0, 2.0, 4.0))
    assert problems["normal"]().measured
    assert own.measured == ()
    curve = fitted_curve(own)
    assert curve is not None
    assert curve.window[0][0] < 1.0 < 4.0 < curve.window[0][1]


def test_what_is_no_curve_over_one_number_has_none() -> None:
    for name in ("double-well", "quadratic", "two-bernoullis", "two-state-mdp"):
        assert fitted_curve(problems[name]()) is None


def test_the_logistic_function_keeps_its_digits() -> None:
    logistic = RESPONSES["logistic"](np.array([-800.0, -40.0, 0.0, 40.0]))
    np.testing.assert_allclose(logistic, [0.0, np.exp(-40.0), 0.5, 1.0], rtol=1e-12)
