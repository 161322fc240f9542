"""Damping: what is added, what it breaks, and the two policies that choose how much."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from natgrad_core import metrics, rules, run
from natgrad_core.core.damping import ALL_KINDS, CEILING, KINDS, levenberg_marquardt, trust_region
from natgrad_core.core.rule import direction
from natgrad_core.problems.quadratic import Quadratic
from tests.engine.cases import SHEAR, problem, sheared

LAMBDA = 0.7


def _second(kind: str, matrix: np.ndarray, jacobian: np.ndarray) -> np.ndarray:
    return {
        "identity": np.eye(2),
        "pulled-back": jacobian.T @ jacobian,
        "relative": np.trace(matrix) / 2 * np.eye(2),
    }[kind]


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_damping_adds_lambda_times_its_second_metric(kind):
    through = sheared("normal")
    x = np.array(through.start)
    f, jacobian = through.fisher(x), SHEAR.jacobian(x)
    damped = f + LAMBDA * _second(kind, f, jacobian)
    found = direction(through, metrics["fisher"](), x, LAMBDA, kind)
    assert_allclose(found, np.linalg.solve(damped, through.grad(x)), rtol=1e-10)


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_only_pulled_back_damping_keeps_the_step_where_it_was(kind):
    through = sheared("normal")
    in_theta = direction(problem("normal"), metrics["fisher"](), problem("normal").start, LAMBDA)
    if kind == "relative":
        start = problem("normal").start
        in_theta = direction(problem("normal"), metrics["fisher"](), start, LAMBDA, kind)
    back = SHEAR.jacobian(np.zeros(2)) @ direction(
        through, metrics["fisher"](), through.start, LAMBDA, kind
    )
    apart = np.abs(back - in_theta).max() / np.abs(in_theta).max()
    assert apart < 1e-12 if kind == "pulled-back" else apart > 1e-2


def test_the_published_numbers_of_damping_in_sheared_coordinates():
    f, g, a = np.diag([4.0, 1.0]), np.ones(2), np.array([[2.0, 1.0], [0.0, 0.5]])
    pulled, covector = a.T @ f @ a, a.T @ g
    identity = a @ np.linalg.solve(pulled + np.eye(2), covector)
    assert_allclose(identity, (0.257426, 0.188119), atol=5e-7)
    assert_allclose(a @ np.linalg.solve(pulled + a.T @ a, covector), (0.2, 0.5), rtol=1e-12)


def test_relative_damping_has_no_unit():
    model = problem("quadratic")
    rule = rules["natural"](1.0, 0.3, "relative")
    larger = run(model, rule, model.start, 5).theta
    assert isinstance(model, Quadratic)
    scaled = Quadratic(M=10 * np.array(model.M))
    assert_allclose(run(scaled, rule, model.start, 5).theta, larger, rtol=1e-10)
    plain = rules["natural"](1.0, 0.3)
    apart = run(scaled, plain, model.start, 5).theta - run(model, plain, model.start, 5).theta
    assert np.abs(apart).max() > 1e-3


@settings(deadline=None, max_examples=50)
@given(st.floats(-5, 5) | st.just(math.nan), st.floats(1e-9, 1e9), st.floats(2, 1e6))
def test_lambda_falls_after_a_good_step_and_rises_after_a_bad_one(ratio, damping, factor):
    after, next_factor = levenberg_marquardt(ratio, damping, factor)
    if ratio > 0:
        assert next_factor == 2
        assert damping / 3 <= after * (1 + 1e-12)
        assert (after < damping) == (2 * ratio - 1 > 0) or abs(2 * ratio - 1) < 1e-5
    else:
        assert after == min(damping * factor, CEILING)
        assert next_factor == 2 * factor


@settings(deadline=None, max_examples=50)
@given(st.floats(-5, 5) | st.just(math.nan), st.floats(1e-6, 1.0), st.floats(0, 1))
def test_the_radius_shrinks_after_a_bad_step_and_grows_only_if_it_was_in_the_way(ratio, r, share):
    after = trust_region(ratio, r, share * r, 1.0)
    if not ratio >= 0.25:
        assert after == r / 4
    elif ratio > 0.75 and share > 0.99:
        assert after == min(2 * r, 1.0)
    else:
        assert after == r


def test_between_a_quarter_and_three_quarters_the_radius_stays():
    for ratio in (0.25, 0.6, 0.75):
        assert trust_region(ratio, 0.1, 0.1, 1.0) == 0.1
    assert trust_region(0.24, 0.1, 0.1, 1.0) < 0.1 < trust_region(0.76, 0.1, 0.1, 1.0)


@pytest.mark.parametrize("bad", [-1.0, math.nan, math.inf, [0.1, -0.1]])
@pytest.mark.parametrize("name", ["natural", "newton"])
def test_a_bad_lambda_is_refused_in_words(name, bad):
    with pytest.raises(ValueError, match=r"damping λ must be .*≥ 0, got"):
        rules[name](damping=bad)


def test_an_unknown_kind_is_answered_with_those_there_are():
    with pytest.raises(ValueError, match=r"no damping 'idenity'; there are identity, .*relative"):
        rules["natural"](damping=1.0, kind="idenity")
    assert set(KINDS) == {"identity", "pulled-back"}
