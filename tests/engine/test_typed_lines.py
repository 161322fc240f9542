"""What people type is understood: each line's value is another program's, its slopes are right."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose

from natgrad_core import rules, run
from natgrad_core.expressions.expression_problem import OutsideSupport, own
from natgrad_core.families.densities import DENSITIES
from tests.engine.autodiff_reference import derivatives
from tests.engine.typed_lines import COUNTS, LINES, REAL, WAITS, Line, found, understood


@pytest.mark.parametrize("line", LINES, ids=[line.text[:40] for line in LINES])
def test_a_typed_line_is_worth_what_it_means(line: Line) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value, wanted = found(line)
    assert_allclose(value, wanted, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("line", LINES, ids=[line.text[:40] for line in LINES])
def test_a_typed_line_has_the_slopes_of_its_value_on_numbers_and_arrays(line: Line) -> None:
    point = np.array([list(line.point.values())])
    problem = own(line.text, dict(line.data), tuple(line.point), start=point[0])
    (slope,), (bend,) = derivatives(problem.loss, point)
    assert_allclose(problem.grad(point[0]), slope, rtol=1e-8, atol=1e-10)
    assert_allclose(problem.hessian(point[0]), bend, rtol=1e-7, atol=1e-9)
    for ask in ("loss", "grad", "hessian"):
        assert_allclose(
            getattr(problem, ask)(point)[0], getattr(problem, ask)(point[0]), rtol=1e-11, atol=1e-13
        )
    if len(line.point) <= 3:
        path = run(problem, rules["gradient"](rate=1e-3), point[0], 2)
        assert_allclose(path.theta[1], point[0] - 1e-3 * slope, rtol=1e-9)


def test_nearly_all_lines_of_a_long_list_are_understood() -> None:
    assert len(LINES) >= 57
    assert len(understood()) == len(LINES)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("mu = a + b*x; norm.logpdf(y, mu, 1)", "normal_logpdf(y, a + b*x, 1)"),
        ("2a + 3(b - 1)", "2*a + 3*(b - 1)"),
        ("a\u2212\u00a0b\u00d7x", "a - b*x"),
        ("ａ＊（ｂ＋１）", "a*(b + 1)"),
        ("a^2^b", "a**(2**b)"),
        ("-a^2", "-(a**2)"),
        ("a²b⁻¹", "a**2/b"),
        ("x - mean(x) + a", "x + a - 0.0 - mean(x)"),
        ("sum(y*a - b)", "y*a - b"),
        ("N*log(b) - b*sum(y) + a", "log(b) - b*y + a/12"),
        ("mean(y*a - b)", "y*a - b"),
        ("a if x > 0 else b", "where(x > 0, a, b)"),
        ("(x > 0)*a + (x <= 0)*b", "where(x > 0, a, b)"),
        ("0 < x < 1", "where((x > 0) and (x < 1), 1, 0)"),
        ("a*y +\n  b", "a*y + b"),
        ("c = a\n-c*y", "-a*y"),
        ("max(a, b, x)", "where(a > max(b, x), a, max(b, x))"),
        ("log(1/(1 + exp(-a)))", "-softplus(-a)"),
        ("-softplus(a)", "log(1 - sigmoid(a))"),
        ("ax + b", "a*x + b"),
        ("y_i - a", "y - a"),
    ],
)
def test_two_ways_of_writing_mean_one_thing(text: str, same: str) -> None:
    points = np.array([[0.4, 0.7], [0.2, 1.3]])
    one, other = own(text, REAL), own(same, REAL)
    assert_allclose(one.loss(points), other.loss(points), rtol=1e-12)
    assert_allclose(one.grad(points), other.grad(points), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", ["lambda", "is", "in", "None", "µ", "μ", "ϕ", "ϵ", "𝜎", "w₀"])
def test_any_word_is_a_parameter_in_any_code_point(name: str) -> None:
    problem = own(f"poisson_logpmf(y, exp({name} + 0*b))", COUNTS, (name, "b"))
    assert problem.symbols == (name, "b")
    assert_allclose(
        problem.loss((0.3, 0.0)), own("poisson_logpmf(y, exp(a))", COUNTS).loss((0.3, 0))
    )


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("bernoulli_logpmf(y, a)", [0, 1, 2.0], "0 and 1.* y in row 3 is 2"),
        ("y ~ bernoulli_logit(a)", [0, 1, 2.0], "0 and 1.* y in row 3 is 2"),
        ("poisson_logpmf(y, a)", [1, 1.5], "whole numbers from 0.* y in row 2 is 1.5"),
        ("poisson_logpmf(y, a)", [1, -1.0], "whole numbers from 0.* y in row 2 is -1"),
        ("a + poisson.logpmf(y, b)", [1, 1.5], "y in row 2 is 1.5"),
        ("beta_logpdf(y, a, b)", [0.5, 0.0], "between 0 and 1.* y in row 2 is 0"),
        ("gamma_logpdf(y, a, b)", [1.0, -1.0], "more than 0.* y in row 2 is -1"),
        ("weibull_min.logpdf(y, a, scale=b)", [1.0, 0.0], "more than 0.* y in row 2 is 0"),
        ("dnbinom(y, size=a, mu=b, log=TRUE)", [1, 0.5], "whole numbers.* y in row 2 is 0.5"),
        ("dlnorm(y, a, b, log=TRUE)", [1.0, -1.0], "more than 0.* y in row 2 is -1"),
    ],
)
def test_an_outcome_that_the_family_cannot_have_is_refused_by_column_and_row(
    text: str, column: list[float], said: str
) -> None:
    with pytest.raises(OutsideSupport, match=said):
        own(text, {"y": column})


def test_no_density_of_the_grammar_takes_an_outcome_outside_its_support() -> None:
    """Each that is not of all numbers is refused −1, so none is left out of the table."""
    bounded = {n for n, d in DENSITIES.items() if d.support != (-np.inf, np.inf)}
    assert len(bounded) > 5
    for name in bounded:
        rest = ", ".join(("a", "b")[: len(DENSITIES[name].arguments)])
        with pytest.raises(OutsideSupport, match="y in row 1 is -1"):
            own(f"{name}(y, {rest})", {"y": [-1.0]})


def test_where_picks_the_rows_of_a_density() -> None:
    """A hurdle: the density of what is positive does not see the zeros."""
    y = np.array([0.0, 0.0, 1.3, 0.4])
    problem = own("where(y > 0, log(a) + gamma_logpdf(y, 2, b), log(1 - a))", {"y": y})
    whole = np.array([[0.4, 0.7]])
    assert np.isfinite(problem.grad(whole)).all()
    assert_allclose(problem.grad(whole[0]), problem.grad(whole)[0], rtol=1e-12)


def test_a_density_by_another_name_has_its_exact_fisher_matrix() -> None:
    here = own("gamma_logpdf(y, a, b)", WAITS).fisher((1.3, 0.8))
    for text in (
        "gamma.logpdf(y, a, scale=1/b)",
        "gamma_lpdf(y | a, b)",
        "y ~ Gamma(a, b)",
        "k = a\ny ~ gamma(k, b)",
    ):
        assert_allclose(own(text, WAITS).fisher((1.3, 0.8)), here, rtol=1e-14)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_one_to_five_parameters_are_fitted(count: int) -> None:
    names = tuple("abcde"[:count])
    powers = " + ".join(f"{name}*x^{i}" for i, name in enumerate(names))
    problem = own(f"y ~ normal({powers}, 1)", REAL, names, start=(0.1,) * count)
    step = np.linalg.solve(problem.fisher(problem.start), problem.grad(problem.start))
    design = np.stack([REAL["x"] ** i for i in range(count)], -1)
    wanted = np.linalg.lstsq(design, REAL["y"])[0]
    assert_allclose(np.asarray(problem.start) - step, wanted, rtol=1e-8)


def test_a_loss_over_data_is_not_turned_round() -> None:
    problem = own("(y - a*x - b)^2", REAL, loss=True)
    residual = REAL["y"] - 0.4 * REAL["x"] - 0.7
    assert_allclose(problem.loss((0.4, 0.7)), np.mean(residual**2), rtol=1e-13)


def test_a_mixture_and_a_logistic_keep_their_digits_far_out() -> None:
    far = {"x": np.array([1.0]), "y": np.array([1.0])}
    assert_allclose(
        own("log(0.5*norm.pdf(y, a, 1) + 0.5*norm.pdf(y, b, 1))", far).loss((101.0, 102.0)),
        5000 + 0.9189385332046727 + np.log(2) - np.exp(-100.5),
        rtol=1e-12,
    )
    text = "y*log(1/(1 + exp(-a*x))) + (1 - y)*log(1 - 1/(1 + exp(-a*x))) + 0*b"
    assert_allclose(own(text, far).loss((-700.0, 0.0)), 700.0, rtol=1e-14)
    far["y"] = np.array([0.0])
    assert_allclose(own(text, far).loss((700.0, 0.0)), 700.0, rtol=1e-14)
