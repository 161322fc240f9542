"""Laws of every problem, alone and in a chart: what its formulas must agree with.

The references are independent: torch differentiates the loss, SciPy integrates the densities, and
outcomes that can be counted are counted.
"""

from __future__ import annotations

import itertools
import re
import tracemalloc
from copy import copy
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad_vec, simpson

from natgrad_core import problems
from natgrad_core.core.problem import Problem
from natgrad_core.errors import NoProbabilityModel, OutsideDomain
from natgrad_core.problems.mixture import Mixture
from natgrad_core.tracing import row_sums
from natgrad_core.tracing.row_sums import Rows
from natgrad_core.types import Array
from tests.engine.autodiff_reference import derivatives
from tests.engine.cases import PAIRS, modeled, on, pair, problem

every_pair = on(PAIRS, "name", "chart")
every_problem = pytest.mark.parametrize("name", problems)
MODELED = [name for name in problems if modeled(name)]
COUNTED = 1500
"""Whole numbers up to this are summed over; what lies beyond has no weight in these examples."""


def some(of: Problem, n: int = 4, seed: int = 7) -> Array:
    return of.examples(np.random.default_rng(seed), n)


def close(a: Any, b: Array, tolerance: float = 1e-8) -> None:
    assert_allclose(a, b, rtol=tolerance, atol=tolerance * max(1.0, float(np.abs(b).max())))


@every_pair
def test_gradient_and_hessian_are_the_derivatives_of_the_loss(name: str, chart: str) -> None:
    of = pair(name, chart)
    points = some(of)
    for point, slope, bend in zip(points, *derivatives(of.loss, points), strict=True):
        close(of.grad(point), slope)
        close(of.hessian(point), bend, 1e-7)


def test_no_examples_are_looked_for_without_end() -> None:
    of = copy(problem("normal"))
    of.view = ((0.0, 1.0), (-2.0, -1.0))
    with pytest.raises(OutsideDomain, match="hardly a point of the view"):
        some(of)


def test_a_problem_without_data_is_told_what_it_does_not_say() -> None:
    class Silent(Problem):
        name = "silent"

    for ask, thing in (
        (Silent().loss, "loss"),
        (Silent().grad, "gradient"),
        (Silent().hessian, "Hessian"),
    ):
        with pytest.raises(NotImplementedError, match=f"Silent does not state its {thing}"):
            ask((0.0, 0.0))
    heard = Silent()
    heard.rows = Rows([1.0], [2.0])
    for ask, thing in ((heard.loss, "log-probability"), (heard.grad, "scores")):
        with pytest.raises(NoProbabilityModel, match=f"silent is a loss without .* no {thing}"):
            ask((0.0, 0.0))


@every_pair
def test_batches_are_kept(name: str, chart: str) -> None:
    of = pair(name, chart)
    points = some(of, 6).reshape(3, 2, of.dim)
    for ask in (of.loss, of.grad, of.hessian, *((of.fisher,) if modeled(name) else ())):
        whole = np.asarray(ask(points))
        assert whole.shape[:2] == (3, 2)
        single = np.array([[ask(points[i, j]) for j in range(2)] for i in range(3)])
        close(whole, single, 1e-11)


@pytest.mark.parametrize("name", [n for n in problems if len(problem(n).rows) > 1])
def test_many_points_are_taken_some_at_a_time_with_the_same_sums(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = problem(name)
    points = some(of, 60).reshape(20, 3, of.dim)
    asks = (of.loss, of.grad, of.hessian, *((of.fisher,) if modeled(name) else ()))
    whole = [ask(points) for ask in asks]
    for at_once in (1, 7 * len(of.rows)):
        monkeypatch.setattr(row_sums, "AT_ONCE", at_once)
        for ask, found in zip(asks, whole, strict=True):
            assert np.array_equal(ask(points), found)


def test_a_sum_over_rows_at_many_points_takes_little_memory() -> None:
    of = problem("mixture")
    points = np.random.default_rng(0).uniform(-3, 3, (40_000, 2))
    tracemalloc.start()
    of.loss(points)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 * points.nbytes  # 9 arrays of rows times points would be 600 MB


@on([(n, c) for n, c in PAIRS if modeled(n)], "name", "chart")
def test_the_fisher_matrix_is_the_hessian_of_kl_at_zero(name: str, chart: str) -> None:
    of = pair(name, chart)
    points = some(of, 3)
    found = derivatives(lambda there: of.kl(there.detach(), there), points)
    for point, slope, bend in zip(points, *found, strict=True):
        close(of.fisher(point), bend, 1e-6)
        close(slope, np.zeros(of.dim), 1e-9)


@on([(n, c) for n, c in PAIRS if modeled(n)], "name", "chart")
def test_kl_is_zero_to_itself_and_positive_to_others(name: str, chart: str) -> None:
    of = pair(name, chart)
    points = some(of, 8)
    assert_allclose(of.kl(points, points), 0, atol=1e-12)
    others = np.roll(points, 1, 0)
    assert (of.kl(points, others) >= -1e-12).all()


@on([(n, c) for n, c in PAIRS if modeled(n)], "name", "chart")
def test_the_model_does_not_move_with_the_chart(name: str, chart: str) -> None:
    of, base = pair(name, chart), problem(name)
    x = some(of, 4)
    theta = of.chart.forward(x)
    close(of.loss(x), base.loss(theta), 1e-12)
    close(of.kl(x, np.roll(x, 1, 0)), base.kl(theta, np.roll(theta, 1, 0)), 1e-9)
    jacobian = of.chart.jacobian(x)
    close(of.fisher(x), np.swapaxes(jacobian, -1, -2) @ base.fisher(theta) @ jacobian, 1e-10)
    close(of.grad(x), np.einsum("nij,ni->nj", jacobian, base.grad(theta)), 1e-10)


def moments(of: Problem, point: Array, row: tuple[float, ...]) -> Array:
    """∫ p(y | x, θ) (1, s, s sᵀ) dy, or the sum, for one row of covariates; s is the score."""

    def at(*outcome: float) -> Array:
        datum = (*row, *outcome)
        try:
            log = float(np.asarray(of._log_prob(datum, *point)))
            score = np.array([float(part) for part in of._score(datum, *point)])
        except OverflowError:
            log, score = -np.inf, np.zeros(of.dim)
        if log < -745:  # p is 0 there, whatever the score
            score = np.zeros(of.dim)
        return np.exp(log) * np.concatenate([[1.0], score, np.outer(score, score).ravel()])

    support = of.support
    if isinstance(support, range):
        outcomes = range(support.start, min(support.stop, support.start + COUNTED))
        whole: Any = 0.0
        for o in itertools.product(outcomes, repeat=of.outcomes):
            whole = whole + at(*o)
            if whole[0] > 1 - 1e-11:
                break
        return np.asarray(whole)
    assert support is not None
    drawn = np.asarray(of.sample(point, np.random.default_rng(1), 2000), float).reshape(2000, -1)
    knots = np.quantile(drawn, [0.001, 0.05, 0.5, 0.95, 0.999])
    ends = [support[0], *knots, support[1]]
    pieces = (quad_vec(at, a, b, epsabs=1e-9, epsrel=1e-9)[0] for a, b in itertools.pairwise(ends))
    return np.sum(list(pieces), 0)


ONE_OUTCOME = [
    n
    for n in MODELED
    if n != "two-state-mdp"  # a policy: a distribution given the state; its own law is below
    and (problem(n).outcomes == 1 or isinstance(problem(n).support, range))
]


@pytest.mark.parametrize("a", [[0.4, 0.5], [3.5, -3.5], [-10.0, 9.0], [13.0, -0.5], [400.0, 403.0]])
def test_a_mixture_has_its_fisher_matrix_wherever_a_run_throws_its_means(a: list[float]) -> None:
    """Quadrature nodes that stay near 0 do not see a mean that is far away."""
    of, point = Mixture(), np.array(a)
    y = np.linspace(min(a) - 12, max(a) + 12, 40_001)
    parts = np.exp(-((y - point[:, None]) ** 2) / 2) / np.sqrt(2 * np.pi)
    parts *= np.array([[1 - of.weight], [of.weight]])
    density = parts.sum(0)
    scores = parts * (y - point[:, None]) / np.where(density > 0, density, 1.0)
    close(simpson(scores * scores[:, None] * density, x=y), of.fisher(point), 1e-7)
    other = point + np.array([0.3, -0.2])
    ratio = np.log(density / _mixed(of, other, y), where=density > 0, out=np.zeros_like(y))
    assert_allclose(of.kl(point, other), simpson(density * ratio, x=y), rtol=1e-7)


def _mixed(of: Mixture, means: Any, y: Any) -> Any:
    parts = np.exp(-((y - means[:, None]) ** 2) / 2) / np.sqrt(2 * np.pi)
    return np.maximum((1 - of.weight) * parts[0] + of.weight * parts[1], 1e-300)


@pytest.mark.slow
@pytest.mark.parametrize("name", ONE_OUTCOME)
def test_densities_integrate_to_one_scores_have_mean_zero_and_their_square_is_fisher(
    name: str,
) -> None:
    of = problem(name)
    d = of.dim
    weights = np.asarray(of.rows.columns[0]) if of.covariates else np.ones(1)
    covariates = np.stack(of.covariates, -1) if of.covariates else np.zeros((1, 0))
    counted = isinstance(of.support, range)
    for point in some(of, 2 if counted else 1):
        rows = [moments(of, point, tuple(x.tolist())) for x in covariates]
        for row in rows:
            assert row[0] == pytest.approx(1.0, abs=1e-6)
            assert_allclose(row[1 : d + 1], 0, atol=1e-5 * max(1.0, float(np.abs(row).max())))
        square = np.sum([w * row[d + 1 :] for w, row in zip(weights, rows, strict=True)], 0)
        close(square.reshape(d, d), of.fisher(point), 1e-5)


def test_a_policys_fisher_matrix_is_weighted_by_the_states_it_is_in() -> None:
    of = problem("two-state-mdp")
    for point in some(of, 4):
        p, q = 1 / (1 + np.exp(-point))
        found = np.zeros((2, 2))
        for state, share in ((0, q / (p + q)), (1, p / (p + q))):
            chances = [float(np.exp(of._log_prob((state, leaves), *point))) for leaves in (0, 1)]
            assert sum(chances) == pytest.approx(1.0)
            for leaves, chance in enumerate(chances):
                score = np.array([float(part) for part in of._score((state, leaves), *point)])
                found += share * chance * np.outer(score, score)
        close(found, of.fisher(point), 1e-10)
        natural = -np.linalg.solve(of.fisher(point), of.grad(point))
        close(natural, np.array([(1 - 3 * q) / (p + q), -(1 + 3 * p) / (p + q)]), 1e-9)


@pytest.mark.parametrize("name", MODELED)
def test_samples_follow_the_model(name: str) -> None:
    """Scores of samples have mean zero, and the Fisher matrix for their mean square."""
    of = problem(name)
    point, n = np.asarray(of.start, float), 4000
    data = of.sample(point, np.random.default_rng(3), n)
    outcome = tuple(np.moveaxis(data, -1, 0)) if of.outcomes > 1 else (data,)
    parts = of._score((*of.covariates, *outcome), *point.tolist())
    scores = np.stack(np.broadcast_arrays(*parts), -1)  # [n, d], or [n, rows, d]
    weights = np.asarray(of.rows.columns[0]) if of.covariates else np.ones(1)
    rows = scores if of.covariates else scores[:, None, :]
    mean = np.einsum("nri,r->ni", rows, weights)
    error = mean.std(0) / np.sqrt(n)
    assert (np.abs(mean.mean(0)) <= 5 * error + 1e-9).all()
    squares = np.einsum("nri,nrj,r->nij", rows, rows, weights)
    spread = squares.std(0) / np.sqrt(n)
    assert (np.abs(squares.mean(0) - of.fisher(point)) <= 6 * spread + 1e-9).all()


@pytest.mark.parametrize("name", MODELED)
def test_kl_is_the_expected_log_ratio(name: str) -> None:
    of = problem(name)
    here = np.asarray(of.start, float)
    there = here + 0.2 * (some(of, 1)[0] - here)
    n = 6000
    data = of.sample(here, np.random.default_rng(5), n)
    ratio = np.asarray(of.log_prob(data, here)) - np.asarray(of.log_prob(data, there))
    if of.covariates:
        ratio = ratio @ np.asarray(of.rows.columns[0])
    error = float(ratio.std()) / np.sqrt(n)
    assert abs(float(ratio.mean()) - float(of.kl(here, there))) <= 5 * error + 1e-9


@pytest.mark.parametrize("name", [n for n in MODELED if len(problem(n).rows)])
def test_the_loss_is_the_expected_negative_log_likelihood_and_scores_are_its_slopes(
    name: str,
) -> None:
    of = problem(name)
    weight, *columns = (np.asarray(c) for c in of.rows.columns)
    outcome = columns[-of.outcomes :]
    data = outcome[0] if of.outcomes == 1 else np.stack(outcome, -1)
    a, b = some(of, 2)

    def negative_log_prob(point: Array) -> float:
        if of.covariates:
            return float(-weight @ np.asarray(of.log_prob(data, point)))
        each = [float(of.log_prob(d, point)) for d in data]
        return float(-weight @ np.array(each))

    # Up to what no parameter moves (least squares leaves ½ log 2π out).
    assert negative_log_prob(a) - negative_log_prob(b) == pytest.approx(
        float(of.loss(a) - of.loss(b)), abs=1e-9
    )
    rows = np.stack(of.rows.columns[1:], -1)
    scores = np.array(
        [[float(part) for part in of._score(tuple(row.tolist()), *a.tolist())] for row in rows]
    )
    close(-(weight @ scores), of.grad(a), 1e-9)


@every_problem
def test_presets_and_the_view_hold_what_they_promise(name: str) -> None:
    of = problem(name)
    for text in (of.title, of.latex, of.source, of.domain):
        assert text
    assert of.presets
    for preset in of.presets.values():
        built = problems[name](**preset.options)
        start = np.asarray(preset.start if preset.start is not None else built.start, float)
        built.check(start)
        assert np.isfinite(built.loss(start))
    low, high = np.asarray(of.view, float).T
    assert (low <= np.asarray(of.start)).all()
    assert (np.asarray(of.start) <= high).all()


@every_problem
def test_what_is_no_point_of_the_problem_is_refused_in_words(name: str) -> None:
    of = problem(name)
    with pytest.raises(ValueError, match=re.escape(f"[..., {of.dim}]")):
        of.loss(np.zeros(of.dim + 1))
    with pytest.raises(OutsideDomain, match="finite numbers"):
        of.grad(np.full(of.dim, np.nan))
    for far in (np.full(of.dim, -1.0), np.full(of.dim, -1e3), np.zeros(of.dim)):
        if not of.inside(far):
            with pytest.raises(OutsideDomain, match=re.escape(of.domain)):
                of.loss(far)


@pytest.mark.parametrize("name", [n for n in problems if problems[n].outside])
def test_a_problem_with_an_edge_has_it_where_its_domain_says(name: str) -> None:
    of, point = problem(name), problems[name].outside
    assert point is not None
    assert not of.inside(np.array(point))
    with pytest.raises(OutsideDomain, match=re.escape(of.domain)):
        of.loss(point)


@pytest.mark.parametrize("name", [n for n in problems if problems[n].outside is None])
def test_a_problem_without_an_edge_is_defined_far_away(name: str) -> None:
    of = problem(name)
    far = np.array([[-1e3] * of.dim, [1e3] * of.dim, [0.0] * of.dim])
    assert of.inside(far).all()


@pytest.mark.parametrize("name", [n for n in problems if not modeled(n)])
def test_a_bare_loss_has_no_fisher_matrix_and_says_so(name: str) -> None:
    of = problem(name)
    for ask in (
        of.fisher,
        lambda p: of.kl(p, p),
        lambda p: of.sample(p, np.random.default_rng(), 1),
    ):
        with pytest.raises(NoProbabilityModel, match=name):
            ask(np.asarray(of.start))
