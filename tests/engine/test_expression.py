"""Your own problem: equal to the built-in one, exact in its derivatives, and never executed."""

from __future__ import annotations

import re
from contextlib import suppress
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import quad_vec

from natgrad_core import charts, metrics, problems, rules, run
from natgrad_core.core.rule import SINGULAR, Rule, chain, descend, precondition
from natgrad_core.core.run import directly
from natgrad_core.errors import NoProbabilityModel
from natgrad_core.expressions.expression_problem import ExpressionError, OutsideSupport, own
from natgrad_core.expressions.grammar import FUNCTIONS
from natgrad_core.families.densities import DENSITIES
from natgrad_core.linalg.small_matrices import components, full
from natgrad_core.tracing.row_sums import Rows
from natgrad_core.types import Array
from tests.engine.autodiff_reference import derivatives
from tests.fuzz.texts import anything, texts

RNG = np.random.default_rng(11)
X = RNG.normal(size=9)
DATA = {"x": X, "y": 1.0 + 0.5 * X + 0.3 * RNG.normal(size=9)}
COUNTS = {"x": X, "y": RNG.poisson(2.0, 9).astype(float)}
COINS = {"x": X, "y": (RNG.random(9) < 0.6).astype(float)}
WAITS = {"y": RNG.gamma(2.0, 0.5, 9)}
SHARES = {"y": RNG.beta(2.0, 3.0, 9)}

SAMPLES = {
    "a line": ("normal_logpdf(y, a + b*x, 1)", DATA),
    "a scale": ("normal_logpdf(y, a, exp(b))", {"y": DATA["y"]}),
    "counts": ("poisson_logpmf(y, exp(a + b*x))", COUNTS),
    "spread counts": ("negative_binomial_logpmf(y, exp(a + 0.1*x), exp(b))", COUNTS),
    "coins": ("bernoulli_logpmf(y, a + b*x)", COINS),
    "waits": ("gamma_logpdf(y, exp(a), exp(b))", WAITS),
    "rates": ("exponential_logpdf(y, exp(a + b))", WAITS),
    "products": ("lognormal_logpdf(y, a, exp(b))", WAITS),
    "two sides": ("laplace_logpdf(y, a + b*x, exp(b))", DATA),
    "shares": ("beta_logpdf(y, exp(a), exp(b))", SHARES),
    "logistic": ("logistic_logpdf(y, a + b*x, exp(b))", DATA),
    "heavy tails": ("student_logpdf(y, a, exp(b), 4)", DATA),
    "how heavy": ("student_logpdf(y, a*x, exp(a), 3 + exp(b))", DATA),
    "no mean": ("cauchy_logpdf(y, a, exp(b))", DATA),
    "maxima": ("gumbel_logpdf(y, a, exp(b))", DATA),
    "passages": ("inverse_gaussian_logpdf(y, exp(a), exp(b))", WAITS),
    "a mixture of words": (
        "-softplus(-y*tanh(a*x) - sin(b)) / (1 + x**2) - sqrt(2 + cos(a))",
        DATA,
    ),
    "a valley": ("(1 - a)**2 + 100*(b - a**2)**2", {}),
    "roots and powers": ("(2 + a)**0.5 + (2 + b)**(-1.5) + (2 + a*b)**3 + (2 + a)**(-1)", {}),
}
POINTS = np.array([[0.3, 0.2], [-0.4, 0.7], [0.1, -0.6]])


@pytest.mark.parametrize("name", SAMPLES)
def test_derivatives_are_those_of_the_loss(name: str) -> None:
    problem = own(*SAMPLES[name])
    for point, slope, bend in zip(POINTS, *derivatives(problem.loss, POINTS), strict=True):
        assert_allclose(problem.grad(point), slope, rtol=1e-9, atol=1e-11)
        assert_allclose(problem.hessian(point), bend, rtol=1e-8, atol=1e-10)
    whole = problem.hessian(POINTS.reshape(3, 1, 2))
    assert_allclose(whole[:, 0], [problem.hessian(p) for p in POINTS], rtol=1e-12)


@pytest.mark.parametrize("name", [n for n in SAMPLES if own(*SAMPLES[n]).support is not None])
def test_fisher_is_the_hessian_of_kl_and_the_mean_square_of_sampled_scores(name: str) -> None:
    problem = own(*SAMPLES[name])
    point = POINTS[0]
    _, (bend,) = derivatives(lambda there: problem.kl(there.detach(), there), point[None])
    assert_allclose(problem.fisher(point), bend, rtol=1e-7, atol=1e-9)
    drawn = problem.sample(point, np.random.default_rng(3), 20_000)
    weights = problem.rows.columns[0]
    if not problem.covariates:
        drawn, weights = drawn[:, None], np.ones(1)
    scores = np.stack(
        np.broadcast_arrays(*problem._score((*problem.covariates, drawn), *point)), -1
    )
    squares = np.einsum("nri,nrj,r->nij", scores, scores, weights)
    error = squares.std(0) / np.sqrt(len(drawn))
    assert (np.abs(squares.mean(0) - problem.fisher(point)) <= 6 * error + 1e-9).all()


def test_every_density_of_the_grammar_is_under_these_laws() -> None:
    assert all(any(name in text for text, _ in SAMPLES.values()) for name in DENSITIES)


@pytest.mark.parametrize("name", [n for n in SAMPLES if own(*SAMPLES[n]).support is not None])
def test_kl_of_ones_own_density_is_the_mean_log_ratio_of_its_samples(name: str) -> None:
    problem = own(*SAMPLES[name])
    here, there = POINTS[0], POINTS[0] + np.array([0.25, -0.3])
    assert_allclose(problem.kl(here, here), 0, atol=1e-9)
    drawn = problem.sample(here, np.random.default_rng(4), 20_000)
    ratio = np.asarray(problem.log_prob(drawn, here)) - np.asarray(problem.log_prob(drawn, there))
    ratio = ratio @ problem.rows.columns[0] if problem.covariates else ratio
    error = ratio.std() / np.sqrt(len(ratio))
    assert abs(ratio.mean() - float(problem.kl(here, there))) <= 6 * error + 1e-9


@pytest.mark.parametrize("name", DENSITIES)
def test_every_density_integrates_to_one_and_its_kl_is_the_mean_log_ratio(name: str) -> None:
    density = DENSITIES[name]
    one, other = (args[: len(density.arguments)] for args in ((0.8, 1.3, 2.5), (1.1, 0.9, 4.0)))

    def both(y: float) -> Array:
        p, q = (density.log_p(np.array([y]), *args)[0] for args in (one, other))
        mass = np.exp(p)
        return np.array([mass, mass * (p - q) if mass > 0 else 0.0])

    with np.errstate(all="ignore"):
        if isinstance(density.support, range):
            counts = range(density.support.start, min(density.support.stop, 150))
            found = np.sum([both(float(n)) for n in counts], 0)
        else:
            low, high = density.support
            ends = (low, 0.05, 0.9, 3.0, high) if high > 1 else (0.0, 0.01, 0.5, 0.99, 1.0)
            pieces = (quad_vec(both, a, b, epsabs=1e-10)[0] for a, b in pairwise(ends))
            found = np.sum(list(pieces), 0)
    assert_allclose(found, [1.0, density.kl(one, other)], atol=2e-6)


def test_a_problem_of_ones_own_equals_the_built_in_one() -> None:
    built = problems["normal"]()
    mine = own("normal_logpdf(y, m, s)", {"y": built.rows.columns[1]}, ("m", "s"), start=(5.2, 0.3))
    points = built.examples(np.random.default_rng(1), 5)
    for ask in ("loss", "grad", "hessian", "fisher"):
        assert_allclose(getattr(mine, ask)(points), getattr(built, ask)(points), rtol=1e-11)
    assert_allclose(mine.kl(points, points[::-1]), built.kl(points, points[::-1]), rtol=1e-9)
    regression = problems["poisson-regression"]()
    x0, x1, y = regression.rows.columns[1:]
    mine = own("poisson_logpmf(y, exp(u*x0 + v*x1))", {"x0": x0, "x1": x1, "y": y}, ("u", "v"))
    points = regression.examples(np.random.default_rng(2), 5)
    for ask in ("grad", "hessian", "fisher"):
        assert_allclose(getattr(mine, ask)(points), getattr(regression, ask)(points), rtol=1e-9)


def test_it_runs_like_any_other() -> None:
    problem = own(*SAMPLES["a line"])
    path = run(problem, rules["natural"](rate=1.0), (2.0, -1.0), 3)
    slow = directly(problem, rules["natural"](rate=1.0), (2.0, -1.0), 3)
    assert_allclose(path.theta, slow.theta, rtol=1e-12)
    design = np.stack([np.ones(9), X], -1)
    assert_allclose(path.theta[-1], np.linalg.lstsq(design, DATA["y"])[0], rtol=1e-9)


FLAT = {
    "nothing": ("0", {}),
    "a number": ("3", {"x": X}),
    "a slope": ("a", {}),
    "a slope of data": ("a*x", {"x": X}),
    "a valley along b": ("a**2", {}),
    "a density that b does not move": ("normal_logpdf(y, a, 1)", DATA),
    "a density that nothing moves": ("normal_logpdf(y, 0, 1)", DATA),
}
"""What some parameter or none moves: gradient, Hessian or Fisher matrix are constants, singular."""


@pytest.mark.parametrize("name", FLAT)
@pytest.mark.parametrize("through", ["identity", "log-scale"])
def test_where_constants_make_a_singular_matrix_a_run_ends_and_does_not_raise(
    name: str, through: str
) -> None:
    problem = own(*FLAT[name], start=(0.5, 0.5)).through(charts[through]())
    singular = [
        chain(precondition(metrics[metric](), singular=how), descend(0.1))
        for metric in metrics
        for how in SINGULAR
    ]
    why_not: set[str] = set()
    for rule in [*(rules[rule]() for rule in rules), *singular]:
        for start in (problem.start, np.array([problem.start, (0.2, 0.9)])):
            try:
                path = run(problem, rule, start, 3)
            except (NoProbabilityModel, TypeError) as error:
                why_not.add(str(error))  # what has no such matrix says so before it starts
                continue
            lead = path.theta.shape[:-1]
            assert path.loss.shape == path.grad_norm.shape == lead
            assert np.isfinite(path.theta[path.ok]).all()
    assert all("your own" in said for said in why_not)


@pytest.mark.parametrize(
    "text",
    [
        "tanh(a/0) + b",
        "1/(a/tanh(0)) + b",
        "exp(-a/(1 - 1))",
        "a + exp(-b/(x - x)) + 0*y",
        "tanh(a*(1/0))",
        "min(a, b/sin(0))",
    ],
)
@pytest.mark.parametrize("through", ["identity", "log-scale"])
def test_where_a_constant_is_zero_and_divides_a_run_ends_and_does_not_raise(
    text: str, through: str
) -> None:
    problem = own(text, DATA if "x" in text else {}).through(charts[through]())
    for name in ("gradient", "newton", "adam"):
        for start in (problem.start, np.array([problem.start, problem.start])):
            path = run(problem, rules[name](), start, 3)
            assert np.isfinite(path.theta[path.ok]).all()


def test_a_divisor_that_is_minus_zero_turns_the_sign() -> None:
    for divisor, value in (("0", 1.0), ("(-0.0)", -1.0)):
        problem = own(f"tanh(a/{divisor}) + 0*b", {})
        assert problem.loss(problem.start) == value


SPELLINGS = st.one_of(
    st.sampled_from(sorted(rules)).map(lambda name: rules[name]()),
    st.tuples(st.sampled_from(sorted(metrics)), st.sampled_from(SINGULAR)).map(
        lambda t: chain(precondition(metrics[t[0]](), singular=t[1]), descend(0.1))
    ),
)
COLUMNS = [
    {"x": RNG.normal(size=n), "y": RNG.uniform(0.1, 0.9, n)} if n else {} for n in (0, 6, 60)
]
"""No data, rows that are summed one by one, and rows that are summed by columns."""


@settings(max_examples=120, deadline=None)
@given(
    texts(("a", "b"), "y", "x"),
    st.sampled_from(COLUMNS),
    SPELLINGS,
    st.sampled_from(["identity", "log-scale", "polar"]),
    st.booleans(),
)
def test_whatever_the_grammar_allows_runs_by_any_rule_or_says_why_not(
    text: str, data: dict[str, Array], rule: Rule, through: str, several: bool
) -> None:
    why_not = ""
    with suppress(ExpressionError, OutsideSupport):
        problem = own(text, data).through(charts[through]())
        start = np.asarray(problem.start)
        others = np.array([start, 0.9 * start])
        try:
            path = run(problem, rule, others[problem.inside(others)] if several else start, 3)
        except (NoProbabilityModel, TypeError) as error:  # no such matrix, or no mirror
            why_not = str(error)
        else:
            assert path.loss.shape == path.grad_norm.shape == path.theta.shape[:-1]
            assert np.isfinite(path.theta[path.ok]).all()
    assert "your own" in why_not or not why_not


@pytest.mark.parametrize("few", [0, 9])
def test_a_term_that_no_row_moves_is_there_once_a_row(few: int) -> None:
    rows = Rows(X, few=few)
    for theta in (0.5, np.array([0.5, 2.0])):
        assert rows.total(lambda t, x: 3, theta) == 3 * len(X)
        once, each = rows.total(lambda t, x: (0.25, t * x), theta)
        assert once == 0.25 * len(X)
        assert_allclose(each, theta * X.sum())


def test_a_root_of_what_is_negative_is_not_a_number_and_ends_a_run() -> None:
    with pytest.raises(ExpressionError, match="not a finite number at the start"):
        own("(a - 1)**0.5")
    problem = own("a**0.5 + b**2", start=(0.5, 0.5))
    assert not problem.inside(np.array([-0.5, 0.5]))
    for start in (problem.start, [problem.start, problem.start]):  # one by floats, two by arrays
        path = run(problem, rules["gradient"](rate=1.0), start, 5)
        assert path.theta[1, ..., 0] == pytest.approx(0.5 - 0.5 / 0.5**0.5)
        assert not path.ok[2:].any()
    for text in ("a**0.5", "sqrt(a)"):  # of nothing the root is nothing, however it is written
        assert own(text, start=(0.0, 0.0)).loss(np.zeros(2)) == 0
    for text in ("log(-1)*a", "a + (-2)**0.5", "a/0"):
        with pytest.raises(ExpressionError, match="not a finite number"):
            own(text)


@pytest.mark.parametrize(
    "text",
    [
        "gamma_logpdf(y, a, 1)",
        "beta_logpdf(y, a, 1)",
        "beta_logpdf(y, 1, a)",
        "inverse_gaussian_logpdf(y, a, 1)",
        "normal_logpdf(y, 0, a)",
        "poisson_logpmf(y, a)",
        "student_logpdf(y, 0, 1, a)",
        "exponential_logpdf(y, a)",
    ],
)
def test_outside_is_where_a_density_s_argument_must_be_positive_and_is_not(text: str) -> None:
    problem = own(text, {"y": SHARES["y"] if "poisson" not in text else COUNTS["y"]})
    assert problem.inside(np.array([0.5, 0.5]))
    assert not problem.inside(np.array([[-0.5, 0.5], [-1.5, 0.5]])).any()


def test_what_is_no_single_density_has_scores_and_says_what_to_take() -> None:
    problem = own(*SAMPLES["a mixture of words"])
    with pytest.raises(NoProbabilityModel, match="empirical-fisher"):
        problem.fisher(POINTS[0])
    at = problem.at(components(POINTS[0]))
    empirical = full(metrics["empirical-fisher"]()(at).dense(), ())
    scores = np.stack(problem._score(tuple(problem.rows.columns[1:]), *POINTS[0]), -1)
    assert_allclose(empirical, scores.T @ scores / len(scores), rtol=1e-10)
    with pytest.raises(NoProbabilityModel, match="loss without data"):
        own(*SAMPLES["a valley"]).fisher(POINTS[0])
    twice = own("normal_logpdf(y, a*y, 1 + b**2)", {"y": DATA["y"]})
    assert twice.support is None, "an outcome among its own arguments is no density"


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("a + z", 4, "no name 'z'; there are a, b, x, y and pi"),
        ("a + open(b)", 4, "no function 'open'; there are exp"),
        ("__import__('os')", 0, "no function '__import__'"),
        ("a.real", 2, "no function 'real'"),
        ("[a for a in b]", 0, "only numbers, names"),
        ("[a, b]", 0, "cannot be read: '['"),
        ("exq(a)", 0, "no function 'exq' (did you mean 'exp'?)"),
        ("nrom.logpdf(y, a)", 0, "no distribution 'nrom' (did you mean 'norm'?)"),
        ("0,5*b", 1, "a number is written with a point, as in 0.5"),
        ("1/2a", 3, "read in two ways"),
        ("a b 2", 4, "an operator is missing before '2'"),
        ("a\nb", 0, "gives no name"),
        ("norm(a, 1)", 0, "is a distribution and needs an outcome"),
        ("log(sum(exp(a*x)))", 4, "must be added or scaled only"),
        ("y - sum(a*x)", 0, "y is outside sum(…)"),
        ("for i in x", 0, "'for' is a program's"),
        ("a − § b", 4, "'§' has no meaning here"),
        ("normal_logpdf(y, a)", 0, "takes 3: write normal_logpdf(y, mean, sd); got 2"),
        ("exp(a, b)", 0, "takes 1: write exp(…); got 2"),
        ("exp + a", 0, "exp is a function"),
        ("a + )", 4, "cannot be read"),
        ("", 0, "only an expression"),
        ("a + 'b'", 4, "only numbers, names"),
        ("a + 1e999", 4, "not a number that can be used"),
        ("lambda z: a", 7, "no name 'z'"),
        ("lambda x + a", 0, "only numbers"),
        ("def f(z):\n  return a", 6, "no name 'z'"),
        ("f(z) = a + z", 2, "no name 'z'"),
        ("f(z) = a + z\nf(x, 2)", 13, "f takes 1: write f(z); got 2"),
        ("ln a/b", 0, "ln a/b is ln(a)/b or ln(a/b)"),
        ("ln a*b", 0, "ln a*b is ln(a)*b or ln(a*b)"),
        ("a + ln 2 b", 4, "ln a b is ln(a)*b or ln(a*b)"),
        ("y ~ N(a, b)", 4, "write normal(m, s) with the standard deviation s"),
        ("α + z", 0, "no name 'α'"),
        ("a" + "+a" * 3000, 4000, "at most 4000"),
        ("(" * 60 + "a" + ")" * 60 + "*" + "-" * 60 + "a", None, "nested more than"),
    ],
)
def test_what_is_not_in_the_grammar_is_refused_with_its_place(
    text: str, column: int | None, said: str
) -> None:
    with pytest.raises(ExpressionError, match=re.escape(said)) as caught:
        own(text, DATA)
    if column is not None:
        assert caught.value.column == column
    assert str(caught.value).endswith("^")


@settings(derandomize=True, max_examples=400, deadline=None)
@given(
    anything(60)
    | st.lists(
        st.sampled_from(
            [
                *FUNCTIONS,
                "a",
                "b",
                "x",
                "y",
                "pi",
                "(",
                ")",
                "+",
                "-",
                "*",
                "/",
                "**",
                ",",
                "2",
                "0.5",
                "normal_logpdf",
                "[",
                ".",
                "=",
                ":",
                "\n",
                "\0",
            ]
        ),
        max_size=14,
    ).map(" ".join)
)
def test_any_text_is_a_problem_or_an_expression_error(text: str) -> None:
    try:
        problem = own(text, DATA)
    except ExpressionError:
        return
    assert np.isfinite(problem.loss(problem.start))
    problem.grad(problem.start)


def test_the_text_is_never_compiled_or_executed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("eval", "exec"):
        monkeypatch.setattr(f"builtins.{name}", lambda *_: pytest.fail("executed"))
    monkeypatch.setattr("ast.parse", lambda *_: pytest.fail("read as Python"))
    assert own("a*b + 1", {}).loss(np.array([2.0, 3.0])) == 7


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"parameters": ()}, "from 1 to 5 parameters"),
        ({"parameters": tuple("abcdef")}, "from 1 to 5 parameters"),
        ({"start": (1.0,)}, "the start has a place for each parameter"),
        ({"parameters": ("a", "x")}, "said once"),
        ({"parameters": ("a", "b c")}, "is no name"),
        ({"data": {"x": X, "y": X[:3]}}, "one length"),
        ({"data": {"x": X, "y": np.full(9, np.nan)}}, "finite numbers"),
        ({"data": {"x": [], "y": []}}, "from 1 to"),
    ],
)
def test_bad_columns_and_names_are_refused_in_words(change: dict[str, object], said: str) -> None:
    given = {"data": DATA, "parameters": ("a", "b"), **change}
    with pytest.raises(ValueError, match=said):
        own("a*x + b", **given)


def test_a_loss_that_is_not_a_number_at_the_start_says_where() -> None:
    with pytest.raises(ExpressionError, match=re.escape("a = 0.5, b = 0.5")):
        own("log(a - 1) + b")


def test_a_loss_without_data_is_what_is_written() -> None:
    """A log-likelihood is summed and its sign turned; a loss is taken as it stands."""
    problem = own("(a - 1)**2 + 3*b**2 + a*b")
    points: Array = np.array([[2.0, 1.0], [-0.5, 0.3]])
    a, b = points.T
    assert_allclose(problem.loss(points), (a - 1) ** 2 + 3 * b**2 + a * b, rtol=1e-14)
    grad = np.stack([2 * (a - 1) + b, 6 * b + a], -1)
    assert_allclose(problem.grad(points), grad, rtol=1e-14)


def test_outside_is_where_the_loss_is_not_a_number() -> None:
    problem = own("a - log(b)")
    points: Array = np.array([[1.0, 0.5], [1.0, -0.5], [np.nan, 1.0]])
    assert problem.inside(points).tolist() == [True, False, False]
    path = run(problem, rules["gradient"](rate=1.0), (0.5, 0.5), 5)
    assert path.ok[0]
