"""Families on published data: their fits are those of SciPy, statsmodels and the literature."""

from __future__ import annotations

import importlib
import inspect
import re
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from natgrad_core import charts, fit, problems
from natgrad_core.datasets import load
from natgrad_core.families.density_family import DensityFamily
from natgrad_core.types import Array
from tests.engine.autodiff_reference import derivatives

stats: Any = importlib.import_module("scipy.stats")

KINDS: dict[str, Any] = dict(problems.items())

BY_SCIPY: dict[str, Any] = {
    "exponential": lambda y: (1 / stats.expon.fit(y, floc=0)[1],),
    "lognormal": lambda y: (lambda s, _, m: (np.log(m), s))(*stats.lognorm.fit(y, floc=0)),
    "laplace": stats.laplace.fit,
    "logistic": stats.logistic.fit,
    "gumbel": stats.gumbel_r.fit,
    "inverse-gaussian": lambda y: (lambda m, _, k: (m * k, k))(*stats.invgauss.fit(y, floc=0)),
    "student-t": lambda y: (lambda nu, m, s: (m, s, nu))(*stats.t.fit(y)),
}


@pytest.mark.parametrize("name", BY_SCIPY)
def test_a_fit_is_that_of_scipy(name: str) -> None:
    problem = KINDS[name]()
    assert_allclose(fit(problem).theta, BY_SCIPY[name](problem.rows.columns[1]), rtol=1e-4)


def test_fits_are_those_of_the_literature() -> None:
    """Bliss and Fisher 1953, p. 179; Chhikara and Folks 1977, p. 463; Agresti 2002, table 7.3."""
    assert_allclose(fit(KINDS["negative-binomial"]()).theta, (1.14667, 1.02459), rtol=1e-5)
    assert_allclose(fit(KINDS["inverse-gaussian"]()).theta, (3.61, 1.66), atol=5e-3)
    belief = fit(KINDS["multinomial-regression"]()).theta
    assert_allclose(belief, (0.883, 0.419, 0.342, -0.758, 0.105, 0.271), atol=5e-4)


@pytest.mark.parametrize("d", [1, 2, 5, 20])
@pytest.mark.parametrize("name", ["gamma-regression", "negative-binomial-regression"])
def test_a_regression_agrees_with_statsmodels(sm: Any, name: str, d: int) -> None:
    rng = np.random.default_rng(d)
    x = np.c_[np.ones(300), rng.normal(size=(300, d - 1))]
    offset, line = 0.2 * rng.normal(size=300), x @ rng.normal(0, 0.4 / np.sqrt(d), d)
    mean = np.exp(line + offset)
    if name == "gamma-regression":
        y = rng.gamma(2.5, mean / 2.5)
        family = sm.families.Gamma(sm.families.links.Log())
        problem, scale = KINDS[name](X=x, y=y, offset=offset, shape=2.5), 1 / 2.5
    else:
        y = rng.poisson(rng.gamma(0.7, mean / 0.7)).astype(float)
        family = sm.families.NegativeBinomial(alpha=1 / 0.7)
        problem, scale = KINDS[name](X=x, y=y, offset=offset, size=0.7), 1.0
    found = fit(problem)
    other = sm.GLM(y, x, family=family, offset=offset).fit(tol=1e-13, scale=scale)
    assert found.converged
    assert_allclose(found.theta, other.params, rtol=1e-6, atol=1e-7)
    # statsmodels' errors are those of the observed information where the link is not canonical.
    expected = np.linalg.inv(-other.model.hessian(other.params, observed=False, scale=scale))
    assert_allclose(found.standard_errors, np.sqrt(np.diag(expected)), rtol=1e-6)


@pytest.mark.parametrize(("classes", "p"), [(2, 1), (3, 2), (4, 5)])
def test_a_multinomial_regression_agrees_with_statsmodels(sm: Any, classes: int, p: int) -> None:
    rng = np.random.default_rng(p)
    x = np.c_[np.ones(400), rng.normal(size=(400, p - 1))]
    odds = np.c_[x @ rng.normal(0, 0.7, (p, classes - 1)), np.zeros(400)]
    y = np.argmax(odds + rng.gumbel(size=odds.shape), 1)
    found = fit(KINDS["multinomial-regression"](X=x, y=y))
    other = sm.MNLogit((y + 1) % classes, x).fit(disp=0, method="newton", tol=1e-12)
    assert_allclose(found.theta, other.params.T.ravel(), rtol=1e-6, atol=1e-8)
    assert_allclose(found.standard_errors, other.bse.T.ravel(), rtol=1e-5)


@pytest.mark.parametrize("m", [1, 2, 3, 5])
def test_a_multivariate_normal_of_any_dimension_has_its_derivatives(m: int) -> None:
    rng = np.random.default_rng(m)
    data = rng.normal(size=(30, m)) @ rng.normal(size=(m, m)) + rng.normal(size=m)
    of = KINDS["multivariate-normal"](data)
    points = np.asarray(of.guess()) + 0.05 * rng.normal(size=(2, of.dim))
    for point, slope, bend in zip(points, *derivatives(of.loss, points), strict=True):
        assert_allclose(of.grad(point), slope, rtol=1e-8, atol=1e-8)
        assert_allclose(of.hessian(point), bend, rtol=1e-7, atol=1e-7)
    _, (f,) = derivatives(lambda q: of.kl(q.detach(), q), points[:1])
    assert_allclose(of.fisher(points[0]), f, rtol=1e-8, atol=1e-8)
    found = fit(of)
    factor = np.zeros((m, m))
    factor[np.tril_indices(m)] = found.theta[m:]
    assert_allclose(factor @ factor.T, np.cov(data.T, bias=True).reshape(m, m), rtol=1e-9)
    mean, covariance = points[0][:m], np.zeros((m, m))
    covariance[np.tril_indices(m)] = points[0][m:]
    expected = stats.multivariate_normal(mean, covariance @ covariance.T).logpdf(data)
    found_p = [float(of.log_prob(y if m > 1 else y[0], points[0])) for y in data]
    assert_allclose(found_p, expected, rtol=1e-9)


@pytest.mark.parametrize("k", [2, 3, 5])
def test_a_dirichlet_of_any_number_of_shares_is_fitted(k: int) -> None:
    a = np.linspace(0.7, 3.0, k)
    data = np.random.default_rng(k).dirichlet(a, 4000)
    found = fit(KINDS["dirichlet"](data))
    assert found.converged
    assert_allclose(found.theta, a, atol=5 * found.standard_errors.max())
    of = found.problem
    expected = [stats.dirichlet(found.theta).logpdf(row) for row in data[:5]]
    assert_allclose([float(of.log_prob(row, found.theta)) for row in data[:5]], expected)


EDGES = {"student-t": (1, 2), "dirichlet": (0, 1, 2), "multivariate-normal": (2, 4)}
"""Which parameters have to be positive."""


@pytest.mark.parametrize(("name", "positive"), EDGES.items())
def test_each_parameter_that_has_to_be_positive_has_an_edge_at_zero(
    name: str, positive: tuple[int, ...]
) -> None:
    problem = KINDS[name]()
    for i in range(problem.dim):
        moved = np.array(problem.start)
        moved[i] = -1e-3
        assert bool(problem.inside(moved)) == (i not in positive), problem.symbols[i]


def test_shares_that_add_up_to_one_nearly_are_divided_by_their_sum() -> None:
    shares = np.array([[0.2, 0.79], [0.5, 0.51], [0.3, 0.69]])
    given, exact = (KINDS["dirichlet"](y) for y in (shares, shares / shares.sum(1)[:, None]))
    assert_allclose(given.loss((2.0, 3.0)), exact.loss((2.0, 3.0)), rtol=1e-12)


def test_data_on_a_line_have_a_start_at_which_the_loss_is_finite() -> None:
    problem = KINDS["multivariate-normal"]([[1.0, 2.0], [2.0, 4.0], [4.0, 8.0]])
    assert np.isfinite(problem.loss(problem.start))
    assert np.isfinite(problem.loss(problem.guess()))


@pytest.mark.parametrize(
    ("name", "options", "law"),
    [
        ("gamma-regression", {"shape": 2.5}, lambda m: stats.gamma(2.5, scale=m / 2.5)),
        (
            "negative-binomial-regression",
            {"size": 1.7},
            lambda m: stats.nbinom(1.7, 1.7 / (1.7 + m)),
        ),
    ],
)
def test_a_regression_s_outcomes_have_the_distribution_that_it_names(
    name: str, options: dict[str, Any], law: Any
) -> None:
    problem = KINDS[name](X=np.c_[np.ones(3), (0.0, 1.0, 2.0)], y=[3, 1, 2], **options)
    of = law(np.exp(0.4 + 0.7 * np.arange(3)))
    log_prob = of.logpdf if name == "gamma-regression" else of.logpmf
    assert_allclose(problem.log_prob([3, 1, 2], (0.4, 0.7)), log_prob([3, 1, 2]), rtol=1e-9)
    drawn = problem.sample((0.4, 0.7), np.random.default_rng(0), 20_000)
    assert_allclose(drawn.mean(0), of.mean(), rtol=0.05)
    assert_allclose(drawn.var(0), of.var(), rtol=0.1)


def test_a_class_without_an_outcome_may_be_named() -> None:
    problem = KINDS["multinomial-regression"](X=[[1.0], [1.0]], y=[0, 1], classes=4)
    assert problem.dim == 3
    assert_allclose(problem.loss(np.zeros(3)), np.log(4))


def one_by_one(kind: Any) -> tuple[dict[str, Any], str]:
    """Arguments with a few data, and the name of the argument that holds them."""
    taken = inspect.signature(kind).parameters
    if "X" in taken:
        return {"X": [[1, 0.0], [1, 1.0], [1, 2.0], [1, 0.5], [1, 1.5]]}, "y"
    return {}, "data"


WEIGHTED = [n for n in KINDS if "weights" in inspect.signature(KINDS[n]).parameters]
OUTCOMES: dict[str, Any] = {
    "student-t": [0.2, 0.9, 0.35, 0.5, 7.0],
    "dirichlet": [[0.2, 0.8], [0.5, 0.5], [0.3, 0.7], [0.6, 0.4], [0.45, 0.55]],
    "multivariate-normal": [[1.0, 0.2], [0.3, 2.0], [-0.5, 0.1], [0.6, 1.1], [2.0, -0.4]],
    "multinomial-regression": [0, 1, 1, 0, 1],
    "logistic-regression": [0, 1, 1, 0, 0],
    "binomial": [3, 9, 4, 1, 2],
    "negative-binomial": [0, 9, 1, 0, 14],
    "poisson-regression": [3, 9, 4, 1, 2],
    "negative-binomial-regression": [3, 9, 4, 1, 2],
}


@pytest.mark.parametrize("name", WEIGHTED)
def test_a_weight_counts_an_observation_as_often_in_every_family(name: str) -> None:
    kind, times = KINDS[name], [2, 3, 1, 1, 2]
    fixed, data = one_by_one(kind)
    y: Any = OUTCOMES.get(name, [0.2, 0.9, 0.35, 0.5, 0.75])
    weighted = kind(**fixed, **{data: y}, weights=times)
    rows = {key: np.repeat(np.asarray(value), times, 0) for key, value in fixed.items()}
    repeated = kind(**rows, **{data: np.repeat(np.asarray(y), times, 0)})
    assert weighted.size == 9
    points: Array = weighted.start + 0.0 * np.ones((2, weighted.dim))
    for ask in ("loss", "grad", "hessian", "fisher"):
        found, expected = getattr(weighted, ask)(points), getattr(repeated, ask)(points)
        assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    assert_allclose(weighted.guess(), repeated.guess(), rtol=1e-7, atol=1e-9)
    errors = [fit(p).standard_errors for p in (weighted, repeated)]
    assert_allclose(*errors, rtol=1e-5)
    with pytest.raises(ValueError, match="weights must be 5 numbers"):
        kind(**fixed, **{data: y}, weights=[1, 2, 3, 4, -1])


def test_every_family_takes_weights() -> None:
    named = ("categorical", "categorical-singular", "two-bernoullis")  # their data are counts
    data = {"data", "y"}
    takers = {n for n, k in KINDS.items() if data & set(inspect.signature(k).parameters)}
    assert takers - {"two-layer-linear"} == set(WEIGHTED) - set(named)


@pytest.mark.parametrize("name", [n for n in KINDS if issubclass(KINDS[n], DensityFamily)])
@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_data_in_any_unit_are_started_near_and_fitted(name: str, unit: float) -> None:
    if name == "negative-binomial":
        if unit < 1:
            return  # there are no parts of counts
        data = np.random.default_rng(0).negative_binomial(2, 2 / (2 + 3 * unit), 60).astype(float)
    elif name == "student-t":
        data = unit * np.random.default_rng(1).standard_t(3, 201)
    else:
        data = unit * np.random.default_rng(0).weibull(1.3, 41)
    problem = KINDS[name](data)
    assert problem.inside(np.asarray(problem.start)).all()
    for (low, high), s in zip(problem.view, problem.start, strict=True):
        assert low < s < high
    found = fit(problem)
    assert found.converged, found.why
    assert found.steps < 30


def test_the_median_is_an_estimate_of_laplace_though_the_loss_has_a_kink_there() -> None:
    for y in ([1.0, 2.0, 7.0], [1.0, 2.0, 2.0, 2.0, 7.0, 8.0], [1.0, 2.0, 3.0, 7.0]):
        found = fit(KINDS["laplace"](y))
        assert found.converged
        assert found.theta[0] == np.median(y)
    elsewhere = fit(KINDS["laplace"]([1.0, 2.0, 7.0]), (5.3, 2.0))
    assert elsewhere.converged or "kink" in elsewhere.why


@pytest.mark.parametrize("name", [n for n in KINDS if issubclass(KINDS[n], DensityFamily)])
def test_a_rough_estimate_is_within_three_standard_errors(name: str) -> None:
    problem = KINDS[name]()
    found = fit(problem)
    assert (np.abs(found.theta - problem.guess()) < 3 * found.standard_errors).all()


def test_a_fit_in_other_coordinates_counts_the_same_observations() -> None:
    problem = KINDS["negative-binomial"]()  # 8 rows that stand for 150 leaves
    chart = charts["log-scale"](which=(0, 1))
    here, there = fit(problem), fit(problem.through(chart))
    assert there.size == here.size == 150
    errors = there.standard_errors * chart.forward(there.theta)
    assert_allclose(errors, here.standard_errors, rtol=1e-5)


def test_counts_that_vary_less_than_poissons_are_told_to_have_no_finite_size() -> None:
    found = fit(KINDS["negative-binomial"]([4.0, 5.0, 5.0, 6.0]))
    assert not found.converged
    assert "no finite maximum" in found.why


def test_data_without_tails_are_told_to_have_no_finite_degrees_of_freedom() -> None:
    found = fit(KINDS["student-t"]([0.2, 0.9, 0.35, 0.5, 0.75]))
    assert not found.converged
    assert "no finite maximum" in found.why


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("dirichlet", {"data": [[0.5, 0.4], [0.5, 0.5]]}, "row 1 they add up to 0.9"),
        ("dirichlet", {"data": [[0.5, 0.5], [1.0, 0.0]]}, "strictly between 0 and 1.*row 2"),
        ("dirichlet", {"data": [0.5, 0.5]}, r"\[n, K\]"),
        ("binomial", {"data": [3.0], "trials": 2}, "whole numbers from 0 to 2; got 3 in row 1"),
        ("binomial", {"trials": 0}, "whole number from 1 on"),
        ("gamma-regression", {"shape": -1.0}, "shape must be a number > 0"),
        ("negative-binomial-regression", {"size": 0.0}, "size must be a number > 0"),
        ("multivariate-normal", {"data": [[1.0, np.nan]]}, "in row 1"),
        ("multivariate-normal", {"data": [1.0, 2.0]}, r"\[n, m\]"),
        ("multinomial-regression", {"X": [[1.0], [1.0]], "y": [0, 1.5]}, "from 0 to 1.*row 2"),
        ("multinomial-regression", {"X": [[1.0]]}, "both X and y"),
        ("inverse-gaussian", {"data": [1.0, 0.0]}, "strictly between 0 and inf.*row 2"),
        ("negative-binomial", {"data": [1.0, 0.5]}, "whole numbers from 0.*row 2"),
        ("student-t", {"data": [1.0, np.inf]}, "finite numbers.*row 2"),
    ],
)
def test_what_a_family_cannot_have_is_refused_with_its_row(
    name: str, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=re.compile(said)):
        KINDS[name](**options)


def test_the_tables_are_those_that_were_published() -> None:
    """Sums that their sources print, or fits of them: one number misread would move them."""
    assert load("newcomb").sum() == 1730  # Stigler 1977: mean 26.21
    assert load("homicides")[:, 1:].sum() == 1308
    assert load("afterlife")[:, 2:].sum() == 991
    assert (load("mites")[:, 0] @ load("mites")[:, 1], load("mites")[:, 1].sum()) == (172, 150)
    assert load("sleep").mean() == pytest.approx(1.58)  # Student 1908
    assert load("maize").sum() == 314  # Fisher 1935, sec. 17: mean 20.93
    assert load("repairs").mean() == pytest.approx(3.61, abs=0.005)
    shape, place, scale = stats.genextreme.fit(load("venice")[:, 0])  # Coles 2001, table 3.2
    assert_allclose((place, scale, -shape), (111.1, 17.2, -0.077), rtol=5e-3)
    assert_allclose(load("sediments").sum(1), 1, atol=0.0031)
