"""Laws that every registered metric obeys, and laws that some of them break."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from natgrad_core import charts, metrics, problems
from natgrad_core.charts.natural import Natural
from natgrad_core.datasets import load
from natgrad_core.errors import UnknownName
from natgrad_core.families.exponential_family import ExponentialFamily
from natgrad_core.linalg.small_matrices import components, full, pack
from natgrad_core.linalg.spectral import absolute, power, pseudo_inverse
from natgrad_core.problems.normal import Normal
from tests.engine.cases import (
    EVERY_METRIC_CASE,
    METRIC_CASES,
    alike,
    few,
    has_metric,
    matrix,
    on,
    problem,
    regular,
    shear,
    sheared,
)


@on(METRIC_CASES)
def test_a_metric_is_symmetric_and_keeps_the_leading_axes(name, of, rng):
    points = problem(of).examples(rng, 6).reshape(2, 3, -1)
    g = matrix(metrics[name](), problem(of), points)
    d = problem(of).dim
    assert g.shape == (2, 3, d, d)
    assert_allclose(g, np.swapaxes(g, -1, -2), rtol=1e-12)
    one = np.array([[matrix(metrics[name](), problem(of), p) for p in row] for row in points])
    assert_allclose(g, one, rtol=1e-9, atol=1e-12)


DEFINITE_CASES = few(
    "metric", [(m, p) for m, p in EVERY_METRIC_CASE if not metrics.traits(m).indefinite]
)


@on(DEFINITE_CASES)
def test_every_metric_but_a_hessian_is_positive_semidefinite(name, of, rng):
    g = matrix(metrics[name](), problem(of), problem(of).examples(rng, 12))
    values = np.linalg.eigvalsh(g)
    assert (values[:, 0] >= -1e-9 * values[:, -1]).all()


@on(METRIC_CASES)
def test_solving_with_a_metric_is_solving_with_its_matrix(name, of, rng):
    points = problem(of).examples(rng, 12)
    points, g = regular(points, matrix(metrics[name](), problem(of), points))
    if not len(points):
        return
    v = rng.normal(size=points.shape)
    operator = metrics[name]()(problem(of).at(components(points)))
    raised = full(operator.solve(components(v)), points.shape[:-1])
    lowered = full(operator.mv(components(v)), points.shape[:-1])
    assert_allclose(lowered, np.einsum("nij,nj->ni", g, v), rtol=1e-10, atol=1e-12)
    expected = np.linalg.solve(g, v[..., None])[..., 0]
    assert_allclose(raised, expected, rtol=1e-6, atol=1e-9 * np.abs(expected).max())


def _pulled_back(name: str, of: str, chart, rng) -> tuple[np.ndarray, np.ndarray]:
    """Jᵀ G J with G in θ, and G as the metric states it in x."""
    through = problem(of).through(chart)
    x = through.examples(rng, 6)
    jacobian = chart.jacobian(x)
    g = matrix(metrics[name](), problem(of), chart.forward(x))
    return np.swapaxes(jacobian, -1, -2) @ g @ jacobian, matrix(metrics[name](), through, x)


def _apart(pair: tuple[np.ndarray, np.ndarray]) -> float:
    return float(np.abs(pair[0] - pair[1]).max() / np.abs(pair[0]).max())


@pytest.mark.parametrize("of", problems)
def test_the_absolute_hessian_pulls_back_where_the_hessian_is_definite_and_only_there(of, rng):
    chart = sheared(of).chart
    x = sheared(of).examples(rng, 30)
    g = matrix(metrics["absolute-hessian"](), problem(of), chart.forward(x))
    jacobian = chart.jacobian(x)
    pulled = np.swapaxes(jacobian, -1, -2) @ g @ jacobian
    found = matrix(metrics["absolute-hessian"](), sheared(of), x)
    apart = np.abs(found - pulled).max((-1, -2)) / np.abs(pulled).max((-1, -2))
    values = np.linalg.eigvalsh(problem(of).hessian(chart.forward(x)))
    indefinite = (values[:, 0] < -0.05 * np.abs(values).max(1)) & (values[:, -1] > 0)
    indefinite &= values[:, -1] > 0.05 * np.abs(values).max(1)
    same_sign = (values > 0).all(1) | (values < 0).all(1)
    assert (apart[same_sign] < 1e-9).all()
    assert (apart[indefinite] > 1e-3).all()


@on(few("metric", [c for c in EVERY_METRIC_CASE if c[0] != "absolute-hessian"]))
def test_a_metric_pulls_back_through_a_linear_chart_if_it_is_a_tensor_and_only_then(name, of, rng):
    apart = _apart(_pulled_back(name, of, sheared(of).chart, rng))
    if metrics.traits(name).transforms != "none":
        assert apart < 1e-10
    elif problem(of).dim > 1:  # of one parameter the diagonal is all of F
        assert apart > 1e-3


TENSOR_CASES = few(
    "metric", [(m, p) for m, p in EVERY_METRIC_CASE if metrics.traits(m).transforms == "tensor"]
)


@on(TENSOR_CASES)
def test_a_tensor_pulls_back_through_a_curved_chart(name, of, rng):
    chart = charts["bend"](0.3) if problem(of).dim > 1 else shear(1)  # a curve has no curved chart
    assert _apart(_pulled_back(name, of, chart, rng)) < 1e-9


@pytest.mark.parametrize("name", [m for m in metrics if metrics.traits(m).transforms == "linear"])
def test_what_is_a_tensor_for_linear_charts_alone_does_not_pull_back_through_a_curved_one(
    name, rng
):
    assert _apart(_pulled_back(name, "normal", charts["log-scale"](), rng)) > 1e-2


@pytest.mark.parametrize("of", [p for p in problems if has_metric("fisher", p)])
def test_the_fisher_power_goes_from_the_identity_to_the_fisher_matrix(of, rng):
    points = problem(of).examples(rng, 8)
    f = problem(of).fisher(points)
    scale = np.abs(f).max()
    of_power = [matrix(metrics["fisher-power"](q), problem(of), points) for q in (0.0, 0.5, 1.0)]
    assert_allclose(of_power[0], np.broadcast_to(np.eye(f.shape[-1]), f.shape), atol=1e-12)
    assert_allclose(of_power[2], f, atol=1e-12 * scale)
    assert_allclose(of_power[1] @ of_power[1], f, atol=1e-7 * scale)


@pytest.mark.parametrize("of", sorted(Natural.routes))
def test_gauss_newton_is_the_pulled_back_hessian_of_the_natural_parameters(of, rng):
    model = problem(of)
    eta = model.through(charts["natural"](of))
    x = eta.examples(rng, 4)
    inverse = np.linalg.inv(eta.chart.jacobian(x))
    expected = np.swapaxes(inverse, -1, -2) @ eta.hessian(x) @ inverse
    found = matrix(metrics["gauss-newton"](), model, eta.chart.forward(x))
    assert_allclose(found, expected, rtol=1e-7, atol=1e-9 * np.abs(expected).max())


def test_a_group_says_what_its_members_say(rng):
    """Beetles that shared a dose are rows with weights; here they are counted one by one."""
    groups, members = problem("logistic-regression"), []
    for dose, exposed, killed in load("beetles"):
        members += [(1.0, (dose - 1.8) / 0.1, float(i < killed)) for i in range(int(exposed))]
    X, y = np.split(np.array(members), [2], axis=1)
    for w in groups.examples(rng, 5):
        z = X @ w[:, None]
        p = 1 / (1 + np.exp(-z))
        s = (y - p) * X
        assert_allclose(groups.loss(w), np.mean(np.log1p(np.exp(z)) - y * z), rtol=1e-12)
        assert_allclose(groups.grad(w), -s.mean(0), rtol=1e-10)
        fisher, empirical = (p * (1 - p) * X).T @ X, s.T @ s
        for name, right in (("fisher", fisher), ("empirical-fisher", empirical)):
            assert_allclose(matrix(metrics[name](), groups, w), right / len(X), rtol=1e-10)


def test_gauss_newton_of_a_canonical_link_is_the_hessian(rng):
    for of in ("logistic-regression", "poisson-regression", "linear-regression"):
        points = problem(of).examples(rng, 4)
        found = matrix(metrics["gauss-newton"](), problem(of), points)
        assert_allclose(found, problem(of).hessian(points), rtol=1e-10)


@pytest.mark.parametrize("of", [p for p in problems if isinstance(problem(p), ExponentialFamily)])
def test_gauss_newton_is_the_hessian_once_the_outputs_are_linear(of, rng, monkeypatch):
    points = problem(of).examples(rng, 4)
    monkeypatch.setattr(type(problem(of)), "_bend", lambda self, x, *theta: ())
    straight = problem(of).hessian(points)
    assert_allclose(
        matrix(metrics["gauss-newton"](), problem(of), points), straight, rtol=1e-12, atol=1e-15
    )


def test_gauss_newton_of_least_squares_is_the_jacobian_squared(rng):
    points = problem("rosenbrock").examples(rng, 5)
    a = points[:, 0]
    root = np.sqrt(2 * 100.0)
    rows = [[-2 * root * a, root + 0 * a], [-np.sqrt(2) + 0 * a, 0 * a]]
    jacobian = np.moveaxis(np.array(rows), -1, 0)
    g = matrix(metrics["gauss-newton"](), problem("rosenbrock"), points)
    assert_allclose(g, np.swapaxes(jacobian, -1, -2) @ jacobian, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("of", [p for p in problems if has_metric("empirical-fisher", p)])
def test_the_empirical_fisher_is_the_mean_outer_product_of_the_data_scores(of, rng):
    model = problem(of)
    points = model.examples(rng, 3)
    weights, *datum = model.rows.columns
    for theta in points:
        scores = np.stack(np.broadcast_arrays(*model._score(tuple(datum), *theta), weights), -1)
        s = scores[:, :-1]
        expected = np.einsum("n,ni,nj->ij", weights, s, s)
        found = matrix(metrics["empirical-fisher"](), model, theta)
        assert_allclose(found, expected, rtol=1e-9, atol=1e-12 * np.abs(expected).max())


def test_the_empirical_fisher_of_data_from_the_model_is_the_fisher_matrix_in_the_limit(rng):
    truth = (1.5, 0.7)
    errors = []
    for n in (1_000, 100_000):
        y = problem("normal").sample(truth, rng, n)
        fit = Normal(data=y)
        found = matrix(metrics["empirical-fisher"](), fit, np.array(truth))
        errors.append(np.abs(found - fit.fisher(truth)).max() / np.abs(fit.fisher(truth)).max())
    assert errors[1] < 0.02 < 10 * errors[0]


@pytest.mark.parametrize("of", ["normal", "logistic-regression", "gamma", "weibull"])
def test_the_empirical_fisher_of_real_data_is_not_the_fisher_matrix(of):
    point = np.array(problem(of).start)
    found, f = matrix(metrics["empirical-fisher"](), problem(of), point), problem(of).fisher(point)
    assert np.abs(found - f).max() > 0.1 * np.abs(f).max()


@pytest.mark.parametrize("of", [p for p in problems if has_metric("monte-carlo-fisher", p)])
def test_the_monte_carlo_error_falls_as_one_over_the_root_of_n(of):
    point = np.array(problem(of).start)
    f = problem(of).fisher(point)

    def error(n: int) -> float:
        found = [matrix(metrics["monte-carlo-fisher"](n, s), problem(of), point) for s in range(40)]
        return float(np.sqrt(np.mean((np.array(found) - f) ** 2)) / np.abs(f).max())

    few, many = error(100), error(1600)
    assert 2.4 < few / many < 6.5
    assert many < 0.25


@pytest.mark.parametrize(
    "of", [p for p in problems if alike(p)[0] == p and has_metric("monte-carlo-fisher", p)]
)
def test_the_monte_carlo_fisher_is_unbiased_however_few_the_samples(of):
    point = np.array(problem(of).start)
    f = problem(of).fisher(point)
    found = [matrix(metrics["monte-carlo-fisher"](2, s), problem(of), point) for s in range(100)]
    assert np.abs(np.mean(found, 0) - f).max() < 0.5 * np.abs(f).max()


def test_the_monte_carlo_fisher_is_the_same_whenever_it_is_asked():
    metric = metrics["monte-carlo-fisher"](8, seed=3)
    points = np.array([problem("gamma").start] * 2)
    first = matrix(metric, problem("gamma"), points)
    assert_allclose(first[0], first[1], rtol=0)
    assert_allclose(first, matrix(metric, problem("gamma"), points), rtol=0)
    other = matrix(metrics["monte-carlo-fisher"](8, seed=4), problem("gamma"), points)
    assert np.abs(first - other).max() > 0


def test_the_monte_carlo_fisher_outside_the_domain_is_not_a_number():
    metric, points = metrics["monte-carlo-fisher"](), np.array([[0.0, -1.0], [0.0, 1.0]])
    found = np.isnan(matrix(metric, problem("normal"), points))
    assert found[0].all()
    assert not found[1].any()


def test_the_absolute_hessian_is_the_hessian_where_that_is_positive(rng):
    model = problem("double-well")
    points = model.examples(rng, 60)
    h, g = model.hessian(points), matrix(metrics["absolute-hessian"](), model, points)
    positive = np.linalg.eigvalsh(h)[:, 0] > 0
    assert 5 < positive.sum() < 55
    assert_allclose(g[positive], h[positive], rtol=1e-12)
    assert (np.linalg.eigvalsh(g)[:, 0] > 0).all()


numbers = st.floats(-10, 10).filter(lambda v: v == 0 or abs(v) > 1e-3)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 3), st.lists(numbers, min_size=9, max_size=9), st.integers(0, 3))
def test_functions_of_a_matrix_are_functions_of_its_eigenvalues(d, entries, rank):
    factor = np.array(entries).reshape(3, 3)[:d, : min(rank, d)]
    g = factor @ factor.T
    values, vectors = np.linalg.eigh(g)
    large = values > 1e-6 * max(values[-1], 1e-300)
    if ((values > 1e-11 * values[-1]) & ~large).any():
        return  # between the two no one can say what the rank is
    as_tuple = tuple(map(tuple, g.tolist()))
    expected = (vectors * np.where(large, 1 / np.where(large, values, 1), 0)) @ vectors.T
    assert_allclose(pack(pseudo_inverse(as_tuple)), expected, atol=1e-6 * np.abs(expected).max())
    h = g - 5 * np.eye(d)
    values, vectors = np.linalg.eigh(h)
    expected = (vectors * np.abs(values)) @ vectors.T
    assert_allclose(pack(absolute(tuple(map(tuple, h.tolist())))), expected, atol=1e-9)
    nothing = ((0.0,) * d,) * d
    assert (pack(absolute(nothing)) == 0).all()
    values, vectors = np.linalg.eigh(g)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    assert_allclose(pack(power(as_tuple, 0.5)), root, atol=2e-7 * max(values[-1] ** 0.5, 1e-9))


@pytest.mark.parametrize("name", ["categorical-singular", "two-layer-linear", "mixture"])
def test_the_pseudo_inverse_obeys_penroses_four_equations_on_singular_fishers(name, rng):
    points = problem(name).examples(rng, 10)
    points = np.repeat(points[:, :1], 2, 1) if name == "mixture" else points
    f = problem(name).fisher(points)
    p = full(pseudo_inverse(problem(name).at(components(points)).fisher), (10,))
    for m, n in ((f, p), (p, f)):
        assert_allclose(m @ n @ m, m, atol=1e-9 * np.abs(m).max())
        assert_allclose(m @ n, np.swapaxes(m @ n, -1, -2), atol=1e-9)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: metrics["fisher-power"](1.5), r"power q .* in \[0, 1\], got 1.5"),
        (lambda: metrics["fisher-power"](float("nan")), "finite number"),
        (lambda: metrics["monte-carlo-fisher"](0), "whole number ≥ 1; got 0"),
        (lambda: cast("Any", metrics["monte-carlo-fisher"])(2.5), "whole number"),
        (lambda: metrics["block-fisher"](((0, 1), (1,))), "no index in two"),
        (lambda: metrics["block-fisher"](((),)), "blocks must be"),
    ],
)
def test_a_bad_option_of_a_metric_is_refused_in_words(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_an_unknown_metric_is_answered_with_those_there_are():
    with pytest.raises(UnknownName, match=r"no metric 'fischer' .*empirical-fisher"):
        metrics["fischer"]


@pytest.mark.parametrize("name", [m for m in metrics if metrics.traits(m).needs != "loss"])
def test_a_metric_of_a_bare_loss_is_refused_by_name(name):
    at = problem("double-well").at((0.1, 0.2))
    with pytest.raises(TypeError, match=r"double-well .*(hessian|likelihood)"):
        metrics[name]()(at)


def test_a_block_that_the_problem_lacks_is_refused_by_name():
    with pytest.raises(IndexError, match="normal has 2 parameters"):
        metrics["block-fisher"](((2,),))(problem("normal").at((0.0, 1.0)))


def test_the_mdp_has_no_data_and_says_so():
    with pytest.raises(TypeError, match="two-state-mdp has no data"):
        metrics["empirical-fisher"]()(problem("two-state-mdp").at((0.0, 0.0)))
