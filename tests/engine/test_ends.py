"""Numbers that hold at the ends: densities and Fisher matrices against 120 digits of mpmath."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from natgrad_core import problems
from natgrad_core.expressions.expression_problem import own
from natgrad_core.families.counts import log_binomial
from natgrad_core.families.densities import DENSITIES
from natgrad_core.linalg.small_matrices import full
from natgrad_core.tracing import ops

DIGITS = 120
SHAPES = (1e-8, 1e-3, 0.3, 5.0, 39.9, 40.1, 1e4, 1e8)
FREEDOMS = (1e-2, 0.5, 3.0, 39.9, 40.1, 1e2, 1e3, 1e5, 1e8, 1e12, 1e16, 1e20)
LOGITS = (-700.0, -40.0, -35.0, -3.0, 0.0, 3.0, 35.0, 40.0, 700.0)


def _lbeta(a: Any, b: Any) -> Any:
    return mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)


def _student(y: Any, m: Any, s: Any, nu: Any) -> Any:
    z = (y - m) / s
    constant = mp.loggamma((nu + 1) / 2) - mp.loggamma(nu / 2) - mp.log(mp.pi * nu) / 2
    return constant - mp.log(s) - (nu + 1) / 2 * mp.log1p(z * z / nu)


def _student_information(m: Any, s: Any, nu: Any) -> Any:
    tail = (mp.psi(1, nu / 2) - mp.psi(1, (nu + 1) / 2)) / 4
    tail -= (nu + 5) / (2 * nu * (nu + 1) * (nu + 3))
    both = -2 / (s * (nu + 1) * (nu + 3))
    return [
        [(nu + 1) / (nu + 3) / s**2, 0, 0],
        [0, 2 * nu / (nu + 3) / s**2, both],
        [0, both, tail],
    ]


def _beta_information(a: Any, b: Any) -> Any:
    both = mp.psi(1, a + b)
    return [[mp.psi(1, a) - both, -both], [-both, mp.psi(1, b) - both]]


def _negative_binomial(y: Any, m: Any, r: Any) -> Any:
    choose = mp.loggamma(y + r) - mp.loggamma(r) - mp.loggamma(y + 1)
    return choose + r * mp.log(r / (m + r)) + y * mp.log(m / (m + r))


def _negative_binomial_information(m: Any, r: Any) -> Any:
    """That of the size by the integral of Anscombe's series."""
    share = m / (m + r)

    def rise(s: Any) -> Any:
        u = -mp.expm1(-s / r)
        return -(mp.log(1 - share * u) + share * u) / u * mp.exp(-s) / r

    with mp.workdps(100):
        of_size = mp.quad(rise, [0, 0.01, 0.5, 2, 8, 40, 100])
    return [[r / (m * (m + r)), 0], [0, of_size]]


def _bernoulli(y: Any, s: Any) -> Any:
    return -mp.log1p(mp.exp(-s if y else s))


REFERENCES: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "normal_logpdf": (
        lambda y, m, s: -(((y - m) / s) ** 2) / 2 - mp.log(s) - mp.log(2 * mp.pi) / 2,
        lambda m, s: [[1 / s**2, 0], [0, 2 / s**2]],
    ),
    "lognormal_logpdf": (
        lambda y, m, s: (
            -(((mp.log(y) - m) / s) ** 2) / 2 - mp.log(s) - mp.log(2 * mp.pi) / 2 - mp.log(y)
        ),
        lambda m, s: [[1 / s**2, 0], [0, 2 / s**2]],
    ),
    "laplace_logpdf": (
        lambda y, m, s: -abs(y - m) / s - mp.log(2 * s),
        lambda m, s: [[1 / s**2, 0], [0, 1 / s**2]],
    ),
    "negative_binomial_logpmf": (_negative_binomial, _negative_binomial_information),
    "exponential_logpdf": (lambda y, r: mp.log(r) - r * y, lambda r: [[1 / r**2]]),
    "gamma_logpdf": (
        lambda y, k, r: k * mp.log(r) - mp.loggamma(k) + (k - 1) * mp.log(y) - r * y,
        lambda k, r: [[mp.psi(1, k), -1 / r], [-1 / r, k / r**2]],
    ),
    "beta_logpdf": (
        lambda y, a, b: (a - 1) * mp.log(y) + (b - 1) * mp.log(1 - y) - _lbeta(a, b),
        _beta_information,
    ),
    "logistic_logpdf": (
        lambda y, m, s: -abs(y - m) / s - 2 * mp.log1p(mp.exp(-abs(y - m) / s)) - mp.log(s),
        lambda m, s: [[1 / (3 * s**2), 0], [0, (3 + mp.pi**2) / (9 * s**2)]],
    ),
    "student_logpdf": (_student, _student_information),
    "cauchy_logpdf": (
        lambda y, m, s: -mp.log(mp.pi * s) - mp.log1p(((y - m) / s) ** 2),
        lambda m, s: [[1 / (2 * s**2), 0], [0, 1 / (2 * s**2)]],
    ),
    "gumbel_logpdf": (
        lambda y, m, s: -(y - m) / s - mp.exp(-(y - m) / s) - mp.log(s),
        lambda m, s: [
            [1 / s**2, (mp.euler - 1) / s**2],
            [(mp.euler - 1) / s**2, (mp.pi**2 / 6 + (1 - mp.euler) ** 2) / s**2],
        ],
    ),
    "inverse_gaussian_logpdf": (
        lambda y, m, k: mp.log(k / (2 * mp.pi * y**3)) / 2 - k * (y - m) ** 2 / (2 * m * m * y),
        lambda m, k: [[k / m**3, 0], [0, 1 / (2 * k**2)]],
    ),
    "poisson_logpmf": (
        lambda y, m: y * mp.log(m) - m - mp.loggamma(y + 1),
        lambda m: [[1 / m]],
    ),
    "bernoulli_logpmf": (
        _bernoulli,
        lambda s: [[1 / ((1 + mp.exp(-s)) * (1 + mp.exp(s)))]],
    ),
}


def _cases(name: str) -> list[tuple[float, ...]]:
    """The outcome and the arguments, out to the ends."""
    widths = (1e-8, 1.0, 1e8)
    if name == "bernoulli_logpmf":
        return [(y, s) for y in (0.0, 1.0) for s in LOGITS]
    if name == "poisson_logpmf":
        counts = (0.0, 1.0, 7.0, 1e4, 1e9)
        return [(y, m) for y in counts for m in (1e-8, 0.3, 5.0, 1e4, 1e9, 1.00003e9)]
    if name == "gamma_logpdf":
        return [
            (y * max(k, 0.1) / r, k, r)
            for k in SHAPES
            for r in widths
            for y in (0.9, 1.0 + 0.5 * min(1.0, k**-0.5), 3.0)
        ]
    if name == "beta_logpdf":
        return [
            (y, a, b)
            for a in SHAPES
            for b in SHAPES
            for y in (0.2, 0.7, min(max(a / (a + b), 1e-6), 0.9999))
        ]
    if name == "student_logpdf":
        return [(y, 0.3, s, nu) for nu in FREEDOMS for s in (1e-3, 1.0, 1e3) for y in (0.1, 1.7)]
    if name == "exponential_logpdf":
        return [(y / r, r) for r in widths for y in (1e-3, 0.5, 30.0)]
    if name == "inverse_gaussian_logpdf":
        return [(y, m, k) for y in (0.2, 3.0) for m in (1e-3, 1.0, 1e3) for k in (1e-3, 1.0, 1e3)]
    if name == "negative_binomial_logpmf":
        both = [(1e-8, 1.0), (1e4, 1e-2), (3.0, 1e20), (1e4, 1e8)]
        return [(y, m, r) for m, r in both for y in (0.0, 1.0, 7.0, 1e4)]
    if name == "lognormal_logpdf":
        return [(y, 0.3, s) for s in (1e-2, 1.0, 1e8) for y in (1e-8, 1.2, 1e8)]
    return [(0.3 + y * s, 0.3, s) for s in widths for y in (-3.0, 0.1, 2.0)]


def _as_mp(args: tuple[float, ...]) -> tuple[Any, ...]:
    return tuple(mp.mpf(a) for a in args)


def _close(found: Any, wanted: Any, scale: float = 0.0, rtol: float = 1e-9) -> bool:
    return abs(mp.mpf(float(found)) - wanted) <= rtol * max(abs(wanted), mp.mpf(scale))


def test_every_density_has_its_reference() -> None:
    assert set(REFERENCES) == set(DENSITIES)


@pytest.mark.parametrize("name", DENSITIES)
def test_a_log_density_keeps_nine_digits_out_to_the_ends(name: str) -> None:
    cases = _cases(name)
    columns = [np.array(c) for c in zip(*cases, strict=True)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one_by_one = [float(DENSITIES[name].log_p(*case)) for case in cases]
        at_once = np.broadcast_to(DENSITIES[name].log_p(*columns), len(cases))
    assert_allclose(one_by_one, at_once, rtol=1e-9)
    with mp.workdps(DIGITS):
        wrong = [
            (case, found, mp.nstr(wanted, 15))
            for case, found in zip(cases, one_by_one, strict=True)
            if not _close(found, wanted := REFERENCES[name][0](*_as_mp(case)))
        ]
    assert not wrong


@pytest.mark.parametrize("name", DENSITIES)
def test_a_fisher_matrix_keeps_nine_digits_out_to_the_ends(name: str) -> None:
    """Entry by entry; of beta's, relative to ψ₁(a) where ψ₁(a) − ψ₁(a + b) is small beside it."""
    wrong: list[Any] = []
    for case in dict.fromkeys(case[1:] for case in _cases(name)):
        found = full(DENSITIES[name].information(*case), ())
        at_once = full(DENSITIES[name].information(*(np.array([a]) for a in case)), (1,))[0]
        assert_allclose(found, at_once, rtol=1e-9)
        with mp.workdps(DIGITS):
            wanted = REFERENCES[name][1](*_as_mp(case))
            for i, row in enumerate(wanted):
                for j, entry in enumerate(row):
                    scale = float(mp.psi(1, case[i])) if name == "beta_logpdf" else 0.0
                    if not _close(found[i, j], mp.mpf(entry), scale):
                        wrong.append((case, i, j, found[i, j], mp.nstr(entry, 15)))
    assert not wrong


def _von_mises(y: Any, m: Any, k: Any) -> Any:
    return k * mp.cos(y - m) - mp.log(2 * mp.pi * mp.besseli(0, k))


def _von_mises_information(_: Any, k: Any) -> Any:
    r = mp.besseli(1, k) / mp.besseli(0, k)
    return [[k * r, 0], [0, 1 - r / k - r * r]]


def _weibull(y: Any, k: Any, scale: Any) -> Any:
    return mp.log(k / scale) + (k - 1) * mp.log(y / scale) - (y / scale) ** k


def _weibull_information(k: Any, scale: Any) -> Any:
    cross = -(1 - mp.euler) / scale
    first = (mp.pi**2 / 6 + (1 - mp.euler) ** 2) / k**2
    return [[first, cross], [cross, k**2 / scale**2]]


FORMULAS: dict[str, Any] = {
    "von-mises": (
        _von_mises,
        _von_mises_information,
        [(y, 0.3, k) for k in (1e-8, 0.5, 40.0, 700.0, 1e6, 1e12) for y in (0.3, 0.31, 3.0)],
    ),
    "weibull": (
        _weibull,
        _weibull_information,
        [(y * s, k, s) for k in (1e-3, 5.0, 300.0) for s in (1e-8, 1e8) for y in (0.5, 1.01)],
    ),
    **{
        name: (*REFERENCES[density], _cases(density))
        for name, density in {
            "beta": "beta_logpdf",
            "exponential": "exponential_logpdf",
            "gamma": "gamma_logpdf",
            "gumbel": "gumbel_logpdf",
            "inverse-gaussian": "inverse_gaussian_logpdf",
            "laplace": "laplace_logpdf",
            "logistic": "logistic_logpdf",
            "lognormal": "lognormal_logpdf",
            "normal": "normal_logpdf",
            "student-t": "student_logpdf",
        }.items()
    },
}
"""Of built-in problems of one outcome: log p and F with many digits, and where they are asked."""


@pytest.mark.parametrize("name", FORMULAS)
def test_a_built_in_problem_keeps_nine_digits_out_to_the_ends(name: str) -> None:
    """At one point and at many; F entry by entry, of beta's relative to ψ₁ as above."""
    problem, (log_p, information, cases) = problems[name](), FORMULAS[name]
    wrong: list[Any] = []
    y, theta = np.array([case[0] for case in cases]), np.array([case[1:] for case in cases])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = [float(problem.log_prob(a, b)) for a, b in zip(y, theta, strict=True)]
        assert_allclose(problem.log_prob(y, theta), found, rtol=1e-9)
        fisher = problem.fisher(theta)
        for each, at_once in zip(theta, fisher, strict=True):
            assert_allclose(problem.fisher(each), at_once, rtol=1e-9)
    with mp.workdps(DIGITS):
        for case, value, matrix in zip(cases, found, fisher, strict=True):
            exact = _as_mp(case)
            if not _close(value, wanted := log_p(*exact)):
                wrong.append((case, value, mp.nstr(wanted, 15)))
            for i, row in enumerate(information(*exact[1:])):
                for j, entry in enumerate(row):
                    scale = float(mp.psi(1, exact[1 + i])) if name == "beta" else 0.0
                    if not _close(matrix[i, j], mp.mpf(entry), scale):
                        wrong.append((case, i, j, matrix[i, j], mp.nstr(mp.mpf(entry), 15)))
    assert not wrong


@pytest.mark.parametrize("nu", [1e2, 1e5, 1e8, 1e14, 1e16, 1e20])
def test_a_student_with_many_degrees_of_freedom_is_the_normal(nu: float) -> None:
    problem = own("student_logpdf(y, 0.0, 1.0, exp(a + 0*b))", {"y": [1.0]}, start=(1.0, 1.0))
    here = np.array([np.log(nu), 0.0])
    excess = 1.4189385332046727 - float(problem.loss(here))
    assert abs(excess) <= 1 / nu + 1e-9
    if nu >= 1e5:
        assert_allclose(problem.fisher(here)[0, 0], 3.5 / nu**2, rtol=10 / nu + 1e-8)


@pytest.mark.parametrize("n", [1.0, 30.0, 1e4, 1e9])
def test_binomials_of_many_trials_keep_their_digits(n: float) -> None:
    for share in (0.0, 0.3, 0.5, 1.0):
        k = np.floor(n * share)
        for p in (1e-9, 0.3, 0.5, 0.999):
            found = float(log_binomial(n, k, p, 1 - p))
            with mp.workdps(DIGITS):
                q = 1 - mp.mpf(p)
                choose = mp.loggamma(n + 1) - mp.loggamma(k + 1) - mp.loggamma(n - k + 1)
                wanted = choose + k * mp.log(p) + (n - k) * mp.log(q)
                assert _close(found, wanted), (n, k, p, found, wanted)


@pytest.mark.parametrize("name", ["logistic-regression", "two-state-mdp", "categorical"])
def test_chances_keep_their_digits_in_losses_slopes_and_fisher_matrices(name: str) -> None:
    problem = problems[name]()
    for a in (-700.0, -40.0, 40.0, 700.0):
        for b in (-690.0, 0.0, 690.0):
            here = np.array([a, b])
            for ask in ("loss", "grad", "fisher"):
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    one, many = getattr(problem, ask)(here), getattr(problem, ask)(here[None])[0]
                assert np.isfinite(one).all()
                assert_allclose(one, many, rtol=1e-9)


@pytest.mark.parametrize("point", [(-700.0, -690.0), (0.0, 40.0), (40.0, 40.5), (700.0, 690.0)])
def test_the_fisher_matrix_of_three_chances_keeps_its_digits(point: tuple[float, float]) -> None:
    found = problems["categorical"]().fisher(point)
    with mp.workdps(800):
        odds = [mp.exp(mp.mpf(e)) for e in (*point, 0.0)]
        p = [o / sum(odds) for o in odds]
        for i in range(2):
            assert _close(found[i, i], p[i] * (1 - p[i]), rtol=1e-11)
        assert _close(found[0, 1], -p[0] * p[1], rtol=1e-11) or p[0] * p[1] < 1e-300


@pytest.mark.parametrize("condition", [True, np.bool_(True), np.float64(1.0) > 0])
def test_a_choice_among_numbers_is_a_number(condition: Any) -> None:
    """Whose functions are those of floats, as everywhere at one point; a sum over data is not."""
    assert type(ops.where(condition, 0.5, 1.0)) is float
    assert isinstance(ops.where(np.array([condition]), 0.5, 1.0), np.ndarray)


@pytest.mark.parametrize("x", LOGITS)
def test_sigmoid_and_softplus_keep_their_digits(x: float) -> None:
    with mp.workdps(DIGITS):
        assert _close(ops.sigmoid(x), 1 / (1 + mp.exp(-mp.mpf(x))), rtol=1e-14)
        assert _close(ops.log1p_exp(x), mp.log1p(mp.exp(mp.mpf(x))), rtol=1e-14)
        assert _close(ops.sigmoid(np.array([x]))[0], 1 / (1 + mp.exp(-mp.mpf(x))), rtol=1e-14)


@pytest.mark.parametrize("x", [-0.9, -0.39, -1e-3, -1e-9, 1e-12, 0.1, 0.399, 0.401, 7.0])
def test_log1p_less_its_argument_and_stirlings_error_keep_their_digits(x: float) -> None:
    with mp.workdps(DIGITS):
        wanted = mp.log1p(mp.mpf(x)) - mp.mpf(x)
        assert _close(ops.log1pmx(x), wanted, rtol=1e-13)
        assert _close(ops.log1pmx(np.array([x]))[0], wanted, rtol=1e-13)
        for k in (abs(x), 100 * abs(x), 1e6 * abs(x) + 12):
            z = mp.mpf(k)
            wanted = mp.loggamma(z) - (z - 0.5) * mp.log(z) + z - mp.log(2 * mp.pi) / 2
            assert _close(ops.stirling_error(k), wanted, rtol=1e-11)
            assert _close(ops.stirling_error(np.array([k]))[0], wanted, rtol=1e-11)


@pytest.mark.parametrize("eta", LOGITS)
def test_the_loss_of_outcomes_that_are_nearly_certain_keeps_its_digits(eta: float) -> None:
    kinds: dict[str, Any] = dict(problems)  # each with options of its own
    logistic = kinds["logistic-regression"](X=[[1.0, 0.0]], y=[1.0])
    sure = kinds["categorical"](counts=(1, 0, 0))
    with mp.workdps(800):
        wanted = mp.log1p(mp.exp(-mp.mpf(eta)))
        slope = -1 / (1 + mp.exp(mp.mpf(eta)))
        assert _close(logistic.loss((eta, 0.0)), wanted, rtol=1e-12)
        assert _close(logistic.grad((eta, 0.0))[0], slope, rtol=1e-12)
        assert _close(
            sure.loss((eta, -2.0)), mp.log1p((1 + mp.exp(-2)) * mp.exp(-mp.mpf(eta))), rtol=1e-12
        )


@pytest.mark.parametrize("name", ["normal", "gamma", "beta", "weibull", "poisson-regression"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -1.5])
def test_an_outcome_that_cannot_be_is_refused_with_its_row(name: str, bad: float) -> None:
    if name == "normal" and np.isfinite(bad):
        pytest.skip("a normal can have any finite number")
    y = [0.5, 0.25, bad] if name != "poisson-regression" else [1.0, 2.0, bad]
    given = {"X": [[1.0, 0.0]] * 3, "y": y} if name == "poisson-regression" else {"data": y}
    with pytest.raises(ValueError, match=r"outcomes must be .* in row 3"):
        problems[name](**given)
    for shape in ([], [[0.5, 0.5]]):
        with pytest.raises(ValueError, match="got"):
            problems[name](**{**given, "y" if "y" in given else "data": shape})
