"""The engine holds in any number of dimensions: the laws of two, at d = 1, 3, 5 and 20."""

from __future__ import annotations

import pickle
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from natgrad_core import charts, gap, metrics, problems, rules, run
from natgrad_core.analysis.fit import fit
from natgrad_core.core.problem import Problem
from natgrad_core.core.rule import direction
from natgrad_core.core.run import directly
from natgrad_core.linalg import small_matrices as small
from natgrad_core.linalg.small_matrices import components, pack
from natgrad_core.linalg.spectral import pseudo_inverse
from natgrad_core.types import Array, Matrix
from tests.engine.autodiff_reference import derivatives
from tests.engine.cases import has_rule

KINDS: dict[str, Any] = dict(problems.items())
DIMENSIONS = (1, 3, 5, 20)
NAMES = ("linear-regression", "logistic-regression", "poisson-regression", "categorical")


@cache
def problem(kind: str, d: int) -> Problem:
    rng = np.random.default_rng(d)
    if kind == "categorical":
        return KINDS[kind](rng.integers(3, 30, d + 1))
    x = np.c_[np.ones(60), rng.normal(size=(60, d - 1))]
    line = x @ rng.normal(0, 0.3 / np.sqrt(d), d)
    y = {
        "linear-regression": line + rng.normal(size=60),
        "logistic-regression": rng.random(60) < 1 / (1 + np.exp(-line)),
        "poisson-regression": rng.poisson(np.exp(line)),
    }[kind]
    return KINDS[kind](X=x, y=y.astype(float), offset=0.1 * rng.normal(size=60))


def near(of: Problem, n: int = 3) -> Array:
    return np.asarray(of.guess()) + 0.3 * np.random.default_rng(1).normal(size=(n, of.dim))


def chart(d: int) -> Any:
    return charts["linear"](matrix=np.eye(d) + np.triu(np.full((d, d), 0.2), 1))


every = pytest.mark.parametrize(("kind", "d"), [(k, d) for k in NAMES for d in DIMENSIONS])


@every
def test_derivatives_are_those_of_the_loss_and_the_fisher_matrix_that_of_kl(
    kind: str, d: int
) -> None:
    of = problem(kind, d)
    points = near(of)
    for point, slope, bend in zip(points, *derivatives(of.loss, points), strict=True):
        assert_allclose(of.grad(point), slope, rtol=1e-9, atol=1e-9)
        assert_allclose(of.hessian(point), bend, rtol=1e-8, atol=1e-8)
    _, (f,) = derivatives(lambda q: of.kl(q.detach(), q), points[:1])
    assert_allclose(of.fisher(points[0]), f, rtol=1e-8, atol=1e-8)


@every
def test_natural_paths_are_the_same_in_every_linear_chart_and_gradient_paths_are_not(
    kind: str, d: int
) -> None:
    of, map_ = problem(kind, d), chart(d)
    start = near(of, 1)[0]
    for name, same in (("natural", True), ("newton", True), ("gradient", d == 1)):
        rule = rules[name](rate=0.2)
        here = run(of, rule, start, 20)
        there = run(of.through(map_), rule, map_.inverse(start), 20)
        assert (gap(here.theta, there.in_theta) < 1e-8) == same


@pytest.mark.parametrize("d", [1, 5])
@pytest.mark.parametrize("rule", [r for r in rules if has_rule(r, "logistic-regression")])
def test_a_traced_run_of_any_rule_is_the_direct_one(rule: str, d: int) -> None:
    of = problem("logistic-regression", d).through(chart(d))
    starts = of.chart.inverse(near(of.base))
    expected = directly(of, rules[rule](), starts[0], 4)
    assert_allclose(run(of, rules[rule](), starts[0], 4).theta, expected.theta, rtol=1e-9)
    assert_allclose(run(of, rules[rule](), starts, 4).theta[:, 0], expected.theta, rtol=1e-9)


@pytest.mark.parametrize("d", [1, 5, 20])
@pytest.mark.parametrize("metric", metrics)
def test_every_metric_gives_a_direction(metric: str, d: int) -> None:
    of = problem("logistic-regression", d)
    found = direction(of, metrics[metric](), near(of), damping=0.1)
    assert found.shape == (3, d)
    assert np.isfinite(found).all()


@pytest.mark.parametrize("lead", [(), (3,), (2, 3)])
@pytest.mark.parametrize("d", [1, 2, 3, 4, 20])
def test_linear_algebra_by_components_is_that_of_numpy(d: int, lead: tuple[int, ...]) -> None:
    rng = np.random.default_rng(d)
    m, v = rng.normal(size=(*lead, d, d)), rng.normal(size=(*lead, d))
    m = m @ np.swapaxes(m, -1, -2) + np.eye(d)

    def by_rows(array: Array) -> Matrix:
        return tuple(tuple(array[..., i, j] for j in range(d)) for i in range(d))

    solved = np.linalg.solve(m, v[..., None])[..., 0]
    assert_allclose(pack(small.solve(by_rows(m), components(v))), solved, rtol=1e-8)
    assert_allclose(small.determinant(by_rows(m)), np.linalg.det(m), rtol=1e-10)
    for rank in range(d, -1, -max(1, d // 3)):  # from the whole matrix to a smaller one among zeros
        m[..., rank:, :] = m[..., :, rank:] = 0
        expected = np.linalg.pinv(m, hermitian=True)
        assert_allclose(pack(pseudo_inverse(by_rows(m))), expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("d", [2, 3, 4, 5, 6])
def test_a_system_whose_first_entries_are_zero_is_solved_one_by_one_as_among_many(d: int) -> None:
    rng = np.random.default_rng(d)
    m, v = rng.normal(size=(20, d, d)), rng.normal(size=(20, d))
    m[:, range(d - 1), range(d - 1)] = 0  # elimination must exchange rows
    rows = tuple(tuple(m[:, i, j] for j in range(d)) for i in range(d))
    many = pack(small.solve(rows, components(v)))
    pairs = zip(m.tolist(), v.tolist(), strict=True)
    one = [small.solve(tuple(map(tuple, matrix)), tuple(right)) for matrix, right in pairs]
    assert_array_equal(one, many)
    assert_allclose(many, np.linalg.solve(m, v[..., None])[..., 0], rtol=1e-9)


@pytest.mark.parametrize("d", [4, 5, 6])
def test_one_singular_matrix_among_many_leaves_the_others_solved(d: int) -> None:
    m = np.stack([np.eye(d), np.zeros((d, d))])
    rows = tuple(tuple(m[:, i, j] for j in range(d)) for i in range(d))
    found = pack(small.solve(rows, components(np.ones((2, d)))))
    assert_allclose(found[0], 1)
    assert np.isnan(found[1]).all()
    alone = small.solve(tuple(map(tuple, m[1].tolist())), (1.0,) * d)
    assert np.isnan(alone).all()


@pytest.mark.parametrize("held", [{"ν": 4.0}, {"m": 25.0}, {"m": 25.0, "ν": 4.0}])
def test_a_problem_with_parameters_held_is_a_slice_of_it(held: dict[str, float]) -> None:
    base = problems["student-t"]()
    problem = base.holding(held)
    free = [i for i, symbol in enumerate(base.symbols) if symbol not in held]
    assert problem.symbols == tuple(base.symbols[i] for i in free)
    points = problem.examples(np.random.default_rng(0), 4)
    whole = problem.whole(points)
    for symbol, value in held.items():
        assert (whole[:, base.symbols.index(symbol)] == value).all()
    for here, there in ((points, whole), (points[0], whole[0])):
        assert_allclose(problem.loss(here), base.loss(there))
        assert_allclose(problem.grad(here), base.grad(there)[..., free])
        for ask in ("hessian", "fisher"):
            block = getattr(base, ask)(there)[..., free, :][..., free]
            assert_allclose(getattr(problem, ask)(here), block)
    assert_allclose(problem.kl(points[0], points[1]), base.kl(whole[0], whole[1]))
    assert_allclose(problem.log_prob([0.3], points[0]), base.log_prob([0.3], whole[0]))
    ours = problem.sample(points[0], np.random.default_rng(1), 5)
    assert_allclose(ours, base.sample(whole[0], np.random.default_rng(1), 5))
    outside = np.array(points[0])
    outside[problem.symbols.index("s")] = -1.0
    assert not problem.inside(outside)
    found = fit(problem)
    assert found.converged
    assert_allclose(base.grad(problem.whole(found.theta))[free], 0, atol=1e-7)
    assert pickle.loads(pickle.dumps(problem)).symbols == problem.symbols


def test_what_cannot_be_held_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no parameter 'x' that could be held; there are μ, σ"):
        problems["normal"]().holding({"x": 1.0})
    with pytest.raises(ValueError, match="at least one parameter must not be held"):
        problems["normal"]().holding({"μ": 1.0, "σ": 1.0})
