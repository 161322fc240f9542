"""Structured operators are their own matrices, only cheaper."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from natgrad_core import metrics, problems
from natgrad_core.core.rule import direction
from natgrad_core.errors import SingularMetricError
from natgrad_core.families import linear_predictor
from natgrad_core.linalg.operators import Block, Dense, Diagonal, invertible
from natgrad_core.linalg.small_matrices import pack, solve, transpose
from tests.engine.cases import problem


def _positive(rng, d: int) -> tuple:
    root = rng.normal(size=(d, d))
    return tuple(map(tuple, (root @ root.T + np.eye(d)).tolist()))


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("kind", ["dense", "diagonal", "block"])
def test_an_operator_is_its_matrix_and_solving_is_solving_with_it(kind, d, rng):
    for _ in range(20):
        g, v = _positive(rng, d), tuple(rng.normal(size=d).tolist())
        blocks = ((d - 1,), tuple(range(d - 1))) if d > 1 else ((0,),)
        operator = {
            "dense": lambda g=g: Dense(g),
            "diagonal": lambda g=g: Diagonal(tuple(g[i][i] for i in range(d))),
            "block": lambda g=g, blocks=blocks: Block(g, blocks),
        }[kind]()
        m = pack(operator.dense())
        assert_allclose(pack(operator.mv(v)), m @ v, rtol=1e-12)
        assert_allclose(pack(operator.solve(v)), np.linalg.solve(m, v), rtol=1e-9)
        damped = np.linalg.solve(m + 0.3 * np.eye(d), v)
        assert_allclose(pack(operator.solve(v, 0.3)), damped, rtol=1e-9)
        assert operator.dense() == transpose(operator.dense())


@pytest.mark.parametrize("d", [1, 2, 3])
def test_cofactors_solve_with_a_matrix_that_is_not_symmetric(d, rng):
    for _ in range(20):
        m, v = rng.normal(size=(d, d)) + 2 * np.eye(d), rng.normal(size=d)
        rows = tuple(map(tuple, m.tolist()))
        assert_allclose(solve(rows, tuple(v.tolist())), np.linalg.solve(m, v), rtol=1e-8)


def test_a_block_keeps_the_order_of_the_parameters(rng):
    g = _positive(rng, 3)
    m = pack(Block(g, ((2, 0), (1,))).dense())
    whole = pack(g)
    assert_allclose(m[[0, 0, 2, 2], [0, 2, 0, 2]], whole[[0, 0, 2, 2], [0, 2, 0, 2]])
    assert (m[1, [0, 2]] == 0).all()


@pytest.mark.parametrize("name", ["two-layer-linear", "categorical-singular"])
def test_outside_a_run_a_singular_metric_is_an_error_that_says_what_to_do(name):
    model = problem(name)
    with pytest.raises(
        SingularMetricError, match=r"singular \(condition .*Add damping .*pseudo-inverse"
    ):
        direction(model, metrics["fisher"](), model.start)
    damped = direction(model, metrics["fisher"](), model.start, damping=1e-3)
    shortest = direction(model, metrics["fisher"](), model.start, singular="pseudo-inverse")
    expected = np.linalg.pinv(model.fisher(model.start)) @ model.grad(model.start)
    assert_allclose(shortest, expected, rtol=1e-9, atol=1e-12)
    assert_allclose(damped, shortest, rtol=0.05, atol=1e-6)


def test_a_direction_keeps_its_leading_axes_and_is_the_dense_solve(rng):
    model = problem("gamma")
    points = model.examples(rng, 6).reshape(2, 3, 2)
    found = direction(model, metrics["fisher"](), points, damping=0.3)
    damped = model.fisher(points) + 0.3 * np.eye(2)
    expected = np.linalg.solve(damped, model.grad(points)[..., None])[..., 0]
    assert_allclose(found, expected, rtol=1e-9)
    with pytest.raises(ValueError, match="singular='guess' is not supported"):
        direction(model, metrics["fisher"](), points, singular="guess")


def test_the_singular_point_of_a_batch_is_named():
    good, bad = np.eye(2), np.array([[1.0, 2.0], [2.0, 4.0]])
    with pytest.raises(SingularMetricError, match=r"\[\[1.0, 2.0\], \[2.0, 4.0\]\]"):
        invertible(np.stack([good, bad]))
    with pytest.raises(SingularMetricError, match="not finite"):
        invertible(np.full((2, 2), np.nan))
    assert invertible(good) is good


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_a_matrix_is_refused_by_its_condition_number_alone(scale, rng):
    for d in (2, 5):
        for condition in (1.0, 1e6, 1e11, 1e14, 1e17, np.inf):
            left, right = (np.linalg.qr(rng.normal(size=(d, d)))[0] for _ in range(2))
            matrix = scale * (left * np.geomspace(1, 1 / min(condition, 1e17), d)) @ right
            if condition == np.inf:
                matrix[:, 0] = matrix[:, 1]
            if np.linalg.cond(matrix) < 1 / np.finfo(float).eps:
                assert invertible(matrix) is matrix
            else:
                with pytest.raises(SingularMetricError, match="is singular"):
                    invertible(matrix)


def test_rows_are_summed_by_blocks_to_what_they_are_at_once(rng, monkeypatch):
    x, y = rng.normal(size=(50, 5)), rng.integers(0, 2, 50)
    make: Any = problems["logistic-regression"]
    model = make(X=x, y=y)
    theta = rng.normal(size=5)
    share = 1 / (1 + np.exp(-x @ theta))
    expected = (x.T * (share * (1 - share) / 50)) @ x
    monkeypatch.setattr(linear_predictor, "BLOCK", 7)
    assert_allclose(model.fisher(theta), expected, rtol=1e-12)
    many = np.stack([theta, 2 * theta])
    assert_allclose(model.fisher(many)[0], expected, rtol=1e-12)
