"""Laws of the Fisher matrix as an average, of KL's ellipse, and of the empirical Fisher's line."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate

from natgrad_core import chain, metrics, problems, run
from natgrad_core.analysis.fisher_sampling import (
    angle,
    curvatures,
    error,
    expected_error,
    gather,
    kl_misses,
    scores,
    whitening,
)
from natgrad_core.core.rule import descend, precondition
from natgrad_core.geometry.ellipses import outline, spread_axes
from natgrad_core.problems._kunstner_line import directions, minimum, skewed_line
from natgrad_core.rules.kl_limited import paced
from natgrad_core.types import Array

MODELS = [n for n, kind in problems.items() if kind.support is not None]
ALONE = ("normal", "gamma", "von-mises", "weibull", "beta")
"""Families of one number, without covariates, on an interval."""


@pytest.mark.parametrize("name", MODELS)
def test_scores_and_curvatures_are_slopes_of_log_p(name: str) -> None:
    problem = problems[name]()
    theta = np.array(problem.start)
    data = problem.sample(theta, np.random.default_rng(0), 5)
    step = 1e-5 * np.eye(problem.dim)

    def log_p(at: Array) -> Array:
        return problem.log_prob(data, at)

    slopes = np.stack([(log_p(theta + d) - log_p(theta - d)) / 2e-5 for d in step], -1)
    found = scores(problem, theta, data)
    np.testing.assert_allclose(found, slopes, rtol=1e-5, atol=1e-6)
    bends = np.stack(
        [
            (scores(problem, theta + d, data) - scores(problem, theta - d, data)) / 2e-5
            for d in step
        ],
        -1,
    )
    np.testing.assert_allclose(curvatures(problem, theta, data), -bends, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ALONE)
def test_the_mean_score_is_zero_and_the_mean_curvature_of_the_log_likelihood_is_the_fisher_matrix(
    name: str,
) -> None:
    problem = problems[name]()
    theta, support = np.array(problem.start), problem.support
    assert isinstance(support, tuple)

    def mean(of: str, *index: int) -> float:
        def part(y: float) -> float:
            data = np.array([y])
            value = (scores if of == "score" else curvatures)(problem, theta, data)[0][index]
            return float(np.exp(problem.log_prob(data, theta)[0]) * value)

        low, high = support
        if np.isinf(low):
            low, high = theta[0] - 40 * theta[1], theta[0] + 40 * theta[1]
        return integrate.quad(part, low, high, limit=200, points=None)[0]

    fisher = problem.fisher(theta)
    assert [mean("score", i) for i in (0, 1)] == pytest.approx([0.0, 0.0], abs=1e-6)
    found = [mean("curvature", i, j) for i, j in ((0, 0), (0, 1), (1, 1))]
    assert found == pytest.approx([fisher[0, 0], fisher[0, 1], fisher[1, 1]], rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("name", ["normal", "von-mises", "categorical", "logistic-regression"])
def test_sums_to_each_number_are_those_of_the_same_draws(name: str) -> None:
    problem = problems[name]()
    theta, ns = np.array(problem.start), np.array([1, 2, 7, 40])
    found = gather(problem, theta, ns, 5)
    data = problem.sample(theta, np.random.default_rng(5), 40)
    s, h = scores(problem, theta, data), curvatures(problem, theta, data)
    weights = problem.rows.columns[0] if problem.covariates else np.ones(1)
    s, h = s.reshape(40, -1, 2), h.reshape(40, -1, 2, 2)
    for i, n in enumerate(ns):
        outer = np.einsum("r,nri,nrj->ij", weights, s[:n], s[:n]) / n
        np.testing.assert_allclose(found.fisher[i], outer, rtol=1e-10)
        np.testing.assert_allclose(found.mean[i], np.einsum("r,nri->i", weights, s[:n]) / n)
        bend = np.einsum("r,nrij->ij", weights, h[:n]) / n
        np.testing.assert_allclose(found.curvature[i], bend, rtol=1e-10, atol=1e-12)


def test_more_draws_go_on_where_the_first_ended() -> None:
    problem, theta = problems["normal"](), (0.0, 1.0)
    first, second = (gather(problem, theta, np.array([3, 10]), (1, i)) for i in (0, 1))
    both = first.then(second)
    np.testing.assert_array_equal(both.n, [3, 10, 13, 20])
    np.testing.assert_allclose(20 * both.fisher[-1], 10 * (first.fisher[-1] + second.fisher[-1]))


def test_the_expected_error_of_a_normal_is_the_root_of_26_over_n() -> None:
    """With z = F^{−1/2}s of a normal, Σ Var(z_i z_j) = 2 + 2·5 + 14."""
    problem, theta = problems["normal"](), np.array([0.3, 0.7])
    found = gather(problem, theta, np.array([400_000]), 3)
    assert expected_error(found) == pytest.approx(np.sqrt(26), rel=0.03)
    misses = [
        error(gather(problem, theta, np.array([500]), (9, i)).fisher, problem.fisher(theta))[0]
        for i in range(60)
    ]
    assert np.sqrt(np.mean(np.square(misses)) * 500) == pytest.approx(np.sqrt(26), rel=0.25)


def test_the_error_knows_no_coordinates() -> None:
    problem, theta = problems["gamma"](), np.array([1.7, 1.1])
    fisher = problem.fisher(theta)
    estimate = gather(problem, theta, np.array([50]), 0).fisher
    turn = np.array([[2.0, 1.0], [0.0, 0.5]])
    there = error(turn.T @ estimate @ turn, turn.T @ fisher @ turn)
    np.testing.assert_allclose(there, error(estimate, fisher), rtol=1e-10)
    white = whitening(fisher)
    np.testing.assert_allclose(white @ fisher @ white, np.eye(2), atol=1e-12)
    with pytest.raises(ValueError, match="no inverse"):
        whitening(np.diag([1.0, 0.0]))


@pytest.mark.parametrize(
    "name",
    [
        "normal",
        "gamma",
        "von-mises",
        "categorical",
        "weibull",
        "logistic-regression",
        "poisson-regression",
    ],
)
def test_kl_misses_its_ellipse_by_the_third_order_and_on_average_of_ends_by_the_fourth(
    name: str,
) -> None:
    problem = problems[name]()
    found = kl_misses(problem, problem.start, np.array([0.02, 0.01]))
    half = found.shape[1] // 2
    pairs = (found[:, :half] + found[:, half:]) / 2
    worst, mean = (np.abs(each).max(-1) for each in (found, pairs))
    assert np.log2(worst[0] / worst[1]) == pytest.approx(3, abs=0.05)
    assert np.log2(mean[0] / mean[1]) == pytest.approx(4, abs=0.05)


def test_a_spread_s_axes_are_those_of_the_inverse_s_ellipse() -> None:
    covariance = np.array([[2.0, 0.6], [0.6, 0.5]])
    first, second = spread_axes(covariance, 0.7)
    turn = np.linspace(0, 2 * np.pi, 50)[:, None]
    points = np.cos(turn) * first + np.sin(turn) * second
    inverse = np.linalg.inv(covariance)
    np.testing.assert_allclose(np.einsum("ni,ij,nj->n", points, inverse, points) / 2, 0.7)
    assert np.linalg.norm(first) > np.linalg.norm(second)
    np.testing.assert_allclose(
        spread_axes(np.outer([1.0, 2.0], [1.0, 2.0]), 0.5)[1], 0.0, atol=1e-7
    )
    ring = outline(inverse, 0.7, 400)
    assert np.linalg.norm(ring, axis=1).max() == pytest.approx(np.linalg.norm(first), rel=1e-4)


# The line through skewed data -------------------------------------------------------------------


def line(noise: float = 1.0) -> tuple[Array, Array, Array]:
    problem = skewed_line(noise)
    _, one, x, y = problem.rows.columns
    return np.stack([one, x], -1), y, minimum(problem)


def test_the_skewed_line_is_as_it_was_published() -> None:
    x, y, goal = line()
    assert len(y) == 1000
    logs = np.log(x[:, 1])
    assert [logs.mean(), logs.std()] == pytest.approx([0.0, 0.75], abs=0.05)
    assert goal == pytest.approx([2.0, 2.0], abs=0.15)
    assert goal == pytest.approx(np.linalg.lstsq(x, y, rcond=None)[0], rel=1e-10)
    assert np.std(y - x @ goal) == pytest.approx(1.0, abs=0.1)
    with pytest.raises(ValueError, match="more than 0"):
        skewed_line(0.0)


def test_both_steps_are_solved_with_their_own_matrix() -> None:
    x, y, _ = line()
    w = np.array([[4.0, -1.0], [0.0, 0.0]])
    natural, fisher = directions(skewed_line(), w, "fisher")
    empirical, other = directions(skewed_line(), w, "empirical-fisher")
    for i, at in enumerate(w):
        residual = y - x @ at
        gradient = -(x.T @ residual) / len(y)
        by_hand = np.linalg.solve(x.T @ x / len(y), -gradient)
        np.testing.assert_allclose(natural[i], by_hand, rtol=1e-9)
        g = (x * residual[:, None] ** 2).T @ x / len(y)
        np.testing.assert_allclose(other[i], g, rtol=1e-9)
        np.testing.assert_allclose(empirical[i], np.linalg.solve(g, -gradient), rtol=1e-8)
    assert angle(natural[0], empirical[0]) > 90
    assert angle(natural[0], empirical[0], fisher[0]) < 90


def test_angles_are_those_of_the_metric() -> None:
    a, b = np.array([1.0, 0.0]), np.array([1.0, 1.0])
    assert angle(a, b) == pytest.approx(45)
    assert angle(a, b, np.diag([1.0, 3.0])) == pytest.approx(60)


@pytest.mark.parametrize("metric", ["fisher", "empirical-fisher"])
def test_a_paced_run_spends_the_same_kl_a_step_and_comes_to_rest(metric: str) -> None:
    problem, goal = skewed_line(), minimum(skewed_line())
    rule = chain(precondition(metrics[metric]()), descend(1.0), paced(0.05))
    path = run(problem, rule, (-1.0, 0.0), 80)
    spent = path.kl[path.loss[:-1] - problem.loss(goal) > 0.06]
    assert len(spent) > 10
    np.testing.assert_allclose(spent, 0.05, rtol=1e-9)
    np.testing.assert_allclose(path.theta[-1], goal, atol=1e-3)
    if metric == "fisher":  # the last step is a whole natural one, and lands
        np.testing.assert_allclose(path.theta[len(spent) + 2], goal, atol=1e-9)
