"""Closed forms and published numbers that the engine is held against."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import digamma, i0, i1, polygamma, psi

from natgrad_core import charts, metrics, problems, rules, run
from natgrad_core.charts.linear import Linear
from natgrad_core.core.problem import Problem
from natgrad_core.expressions.expression_problem import own
from natgrad_core.linalg.operators import Dense
from natgrad_core.linalg.small_matrices import components, full
from natgrad_core.types import Array
from tests.engine.cases import problem

EULER = -float(digamma(1.0))


def trigamma(x: float) -> float:
    return float(polygamma(1, x))


def problem_with(name: str, **options: Any) -> Any:
    """A problem with data or options of one's own."""
    make: Any = problems[name]
    return make(**options)


def _normal_in(chart: str, **options: Any) -> Problem:
    return problem("normal").through(charts[chart](**options))


def _von_mises(mu: float, kappa: float) -> Any:
    r = float(i1(kappa) / i0(kappa))
    return np.diag([kappa * r, 1 - r / kappa - r * r])


def _weibull(k: float, scale: float) -> Any:
    cross = -(1 - EULER) / scale
    return [[(np.pi**2 / 6 + (1 - EULER) ** 2) / k**2, cross], [cross, k**2 / scale**2]]


def _beta(a: float, b: float) -> Any:
    both = trigamma(a + b)
    return [[trigamma(a) - both, -both], [-both, trigamma(b) - both]]


def _natural(eta1: float, eta2: float) -> Any:
    mu, v = -eta1 / (2 * eta2), -1 / (2 * eta2)
    return [[v, 2 * mu * v], [2 * mu * v, 4 * mu**2 * v + 2 * v**2]]


def _expectation(m1: float, m2: float) -> Any:
    v = m2 - m1**2
    return np.array([[v + 2 * m1**2, -m1], [-m1, 0.5]]) / v**2


def _own(density: str) -> Any:
    """A density of the grammar in its own arguments, (a, b)."""
    return lambda: own(f"{density}(y, a, b{', 5' * density.startswith('student')})", {"y": [1.0]})


def _gumbel(_: float, scale: float) -> Any:
    cross = -(1 - EULER)
    return np.array([[1, cross], [cross, np.pi**2 / 6 + (1 - EULER) ** 2]]) / scale**2


FISHER = {
    "normal (μ, σ)": (lambda: problem("normal"), (5.3, 0.3), lambda m, s: np.diag([1, 2]) / s**2),
    "normal (μ, log σ)": (
        lambda: _normal_in("log-scale"), (5.3, -1.1), lambda m, t: np.diag([np.exp(-2 * t), 2]),
    ),
    "normal (μ, σ²)": (
        lambda: _normal_in("variance"), (5.3, 0.2), lambda m, v: np.diag([1 / v, 0.5 / v**2]),
    ),
    "normal (μ, precision)": (
        lambda: _normal_in("precision"), (5.3, 4.0), lambda m, q: np.diag([q, 0.5 / q**2]),
    ),
    "normal, natural": (lambda: _normal_in("natural"), (1.2, -0.7), _natural),
    "normal, expectation": (lambda: _normal_in("expectation"), (1.2, 2.7), _expectation),
    "gamma (a, b)": (
        lambda: problem("gamma"), (2.1, 1.3),
        lambda a, b: [[trigamma(a), -1 / b], [-1 / b, a / b**2]],
    ),
    "gamma (a, mean)": (
        lambda: problem("gamma").through(charts["shape-mean"]()), (2.1, 1.6),
        lambda a, m: np.diag([trigamma(a) - 1 / a, a / m**2]),
    ),
    "beta": (lambda: problem("beta"), (3.0, 7.0), _beta),
    "von Mises": (lambda: problem("von-mises"), (0.7, 1.9), _von_mises),
    "Weibull": (lambda: problem("weibull"), (1.7, 2.3), _weibull),
    "logistic": (
        _own("logistic_logpdf"), (0.3, 1.7),
        lambda m, s: np.diag([1 / 3, (3 + np.pi**2) / 9]) / s**2,
    ),
    "Gumbel": (_own("gumbel_logpdf"), (0.3, 1.7), _gumbel),
    "Cauchy": (_own("cauchy_logpdf"), (0.3, 1.7), lambda m, c: np.eye(2) / (2 * c**2)),
    "Student t, 5 degrees of freedom": (
        _own("student_logpdf"), (0.3, 1.7), lambda m, s: np.diag([6 / 8, 10 / 8]) / s**2,
    ),
    "inverse Gaussian": (
        _own("inverse_gaussian_logpdf"), (0.8, 1.7),
        lambda m, k: np.diag([k / m**3, 1 / (2 * k**2)]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FISHER)
def test_fisher_matrices_are_the_closed_forms(name: str) -> None:
    make, point, closed = FISHER[name]
    assert_allclose(make().fisher(point), closed(*point), rtol=1e-9, atol=1e-12)


def test_natural_and_expectation_coordinates_have_inverse_fisher_matrices() -> None:
    theta = np.array([1.1, 0.8])
    pair = [
        _normal_in(c).fisher(charts[c](family="normal").inverse(theta))
        for c in ("natural", "expectation")
    ]
    assert_allclose(pair[0] @ pair[1], np.eye(2), atol=1e-10)


def test_three_logits_are_singular_along_one_direction_and_two_are_not() -> None:
    logits = np.array([0.3, -0.2, 0.5])
    three = problem("categorical-singular").fisher(logits)
    p = np.exp(logits) / np.exp(logits).sum()
    assert_allclose(three, np.diag(p) - np.outer(p, p), rtol=1e-12)
    assert_allclose(three @ np.ones(3), 0, atol=1e-15)
    two = problem("categorical").fisher(logits[:2] - logits[2])
    assert np.linalg.eigvalsh(two)[0] > 0.01


def _one_natural_step(chart: str, start: float, v: float) -> float:
    """One step with rate 1 on N(0, ·), sample variance v, in a chart of σ: where it lands."""
    data = np.sqrt(v) * np.array([-1.0, 1.0])
    through = problem_with("normal", data=data).through(charts[chart]())
    return float(run(through, rules["natural"](rate=1.0), (0.0, start), 1).theta[-1, 1])


def test_one_natural_step_in_each_coordinate_is_a_famous_iteration() -> None:
    sigma, v = 0.7, 1.3
    assert _one_natural_step("variance", sigma**2, v) == pytest.approx(v)
    heron = (sigma + v / sigma) / 2
    assert _one_natural_step("identity", sigma, v) == pytest.approx(heron)
    lam = 1 / sigma**2
    newton = 2 * lam - v * lam**2
    assert _one_natural_step("precision", lam, v) == pytest.approx(newton)
    stretched = np.log(sigma) + (v / sigma**2 - 1) / 2
    assert _one_natural_step("log-scale", np.log(sigma), v) == pytest.approx(stretched)
    assert _one_natural_step("precision", 2.0, v) < 0, "Newton's reciprocal can overshoot"


class _Fixed(Problem):
    """A point with a gradient and a metric given by hand."""

    name, symbols = "fixed", ("θ₁", "θ₂")

    def _grad(self, *theta: Any, **named: Any) -> Any:
        return 1.0, 1.0

    def _fisher(self, *theta: Any, **named: Any) -> Any:
        return (4.0, 0.0), (0.0, 1.0)


def test_damping_the_identity_of_x_is_not_damping_the_identity_of_theta() -> None:
    chart = Linear(((2, 1), (0, 0.5)))
    at = _Fixed().through(chart).at((0.0, 0.0))

    def back(step: Any) -> Array:
        return chart.matrix @ np.array(step)

    def damped(second: Any) -> Array:
        total = np.array(at.fisher) + np.array(second)
        return back(Dense(tuple(map(tuple, total.tolist()))).solve(at.grad))

    assert_allclose(damped(np.eye(2)), (0.257426, 0.188119), atol=5e-7)
    assert_allclose(damped(at.flat()), (0.2, 0.5), atol=1e-12)
    assert_allclose(back(at.grad), (5.5, 0.75), atol=1e-12)


def test_a_step_of_fixed_kl_has_its_closed_form() -> None:
    of, radius = problem("gamma"), 0.02
    path = run(of, rules["kl-limited"](rate=1e6, radius=radius), of.start, 1)
    f, g = of.fisher(of.start), of.grad(of.start)
    raised = np.linalg.solve(f, g)
    epsilon = np.sqrt(2 * radius)
    assert_allclose(np.diff(path.theta, axis=0)[0], -epsilon * raised / np.sqrt(g @ raised))


def test_canonical_links_make_newton_the_natural_gradient_and_reweighted_least_squares() -> None:
    of: Any = problem("logistic-regression")
    theta = np.asarray(of.start, float)
    newton = run(of, rules["newton"](rate=1.0), theta, 1).theta[-1]
    assert_allclose(run(of, rules["natural"](rate=1.0), theta, 1).theta[-1], newton, rtol=1e-12)
    weight, y = of.rows.columns[0], of.rows.columns[-1]
    p = 1 / (1 + np.exp(-of.X @ theta))
    w = weight * p * (1 - p)
    z = of.X @ theta + (y - p) / (p * (1 - p))
    irls = np.linalg.solve(of.X.T @ (w[:, None] * of.X), of.X.T @ (w * z))
    assert_allclose(newton, irls, rtol=1e-9)


def test_gauss_newton_walks_rosenbrocks_valley_in_two_steps() -> None:
    of = problem("rosenbrock")
    path = run(of, rules["natural"](rate=1.0), (-1.2, 1.0), 2)
    assert_allclose(path.theta, [(-1.2, 1.0), (1.0, -3.84), (1.0, 1.0)], atol=1e-9)
    at = of.at(components(np.array([-1.2, 1.0])))
    assert_allclose(full(metrics["gauss-newton"]()(at).dense(), ()), of.fisher((-1.2, 1.0)))


def test_sohl_dicksteins_quadratic_has_its_published_matrix() -> None:
    of = problem_with("quadratic", **problems["quadratic"].presets["Sohl-Dickstein's"].options)
    assert_allclose(of.hessian((0.3, 0.4)), [[82 / 9, 1], [1, 1 / 9]], rtol=1e-12)
    assert float(of.loss((0.3, 0.4))) == pytest.approx(
        0.5 * np.array([0.3, 0.4]) @ np.array([[82 / 9, 1], [1, 1 / 9]]) @ np.array([0.3, 0.4])
    )


def test_gradient_descent_stalls_on_kakades_plateau_and_the_natural_gradient_does_not() -> None:
    of = problem("two-state-mdp")
    start, steps, rate = (-4.5, 0.5), 100, 0.1
    plain = -run(of, rules["gradient"](rate=rate), start, steps).loss
    natural = -run(of, rules["natural"](rate=rate), start, steps).loss
    assert np.nanmax(natural) > 1.9
    assert (np.abs(plain - 1) < 0.1).any()
    assert np.nanmax(plain) < np.nanmax(natural) - 0.3


def test_the_empirical_fisher_can_point_almost_at_right_angles() -> None:
    """Kunstner, Balles and Hennig 2019, figure 1: y = 2 + 2x + noise, x lognormal(0, ¾)."""
    rng = np.random.default_rng(0)
    x = rng.lognormal(0, 0.75, 1000)
    y = 2 + 2 * x + rng.normal(size=1000)
    of = problem_with("linear-regression", X=np.stack([np.ones(1000), x], -1), y=y)
    worst = 1.0
    for turn in np.linspace(0, 2 * np.pi, 16, endpoint=False):
        theta = np.array([2.0, 2.0]) + 2 * np.array([np.cos(turn), np.sin(turn)])
        at = of.at(components(theta))
        empirical = full(metrics["empirical-fisher"]()(at).dense(), ())
        g = of.grad(theta)
        a, b = np.linalg.solve(empirical, g), np.linalg.solve(of.fisher(theta), g)
        worst = min(worst, float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)))
    assert worst < np.cos(np.radians(75))


def test_with_rate_one_over_t_natural_steps_are_the_running_mean_and_reach_the_bound() -> None:
    """Amari 1998: t·Var → F⁻¹ for a normal mean; SGD with c/t: c²/(2c − s²)."""
    rng, t, runs, s = np.random.default_rng(5), 400, 4000, 1.3
    data = rng.normal(0.0, s, (t, runs))
    natural, plain, c = np.zeros(runs), np.zeros(runs), 2.5
    for k, y in enumerate(data, 1):
        natural += (1 / k) * s**2 * (y - natural) / s**2  # F⁻¹ = s², the gradient (μ − y)/s²
        plain += (c / k) * (y - plain) / s**2
    assert_allclose(natural, data.mean(0), atol=1e-12)
    error = np.sqrt(2 / runs)
    assert t * natural.var() == pytest.approx(s**2, rel=4 * error)
    assert t * plain.var() == pytest.approx(c**2 / (2 * c - s**2), rel=4 * error + 0.05)


def test_the_sum_over_examples_only_rescales_rate_and_damping() -> None:
    data = np.array([1.0, 2.0, 4.0])
    once, twice = problem_with("normal", data=data), problem_with("normal", data=np.tile(data, 2))
    for point in ((2.0, 1.0), (1.5, 2.0)):
        assert_allclose(once.fisher(point), twice.fisher(point))
        assert_allclose(once.grad(point), twice.grad(point))


def test_the_score_has_mean_zero_and_the_expected_hessian_of_log_p_is_minus_fisher() -> None:
    of = problem("gamma")
    theta = np.array([2.0, 1.5])
    y = of.sample(theta, np.random.default_rng(7), 200_000)
    a, b = theta
    second = np.array([[-polygamma(1, a), 1 / b], [1 / b, -a / b**2]])  # of log p, free of y
    assert_allclose(-second, of.fisher(theta), rtol=1e-12)
    scores = np.stack([np.log(b) - psi(a) + np.log(y), a / b - y], -1)
    assert (np.abs(scores.mean(0)) < 5 * scores.std(0) / np.sqrt(len(y))).all()
