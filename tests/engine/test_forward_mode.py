"""Forward mode's derivatives are those of every function that it knows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from natgrad_core import charts, problems
from natgrad_core.expressions.expression_problem import own
from natgrad_core.geometry.christoffel import bending
from natgrad_core.problems._kl_to_target import Divergence
from natgrad_core.tracing import ops
from natgrad_core.tracing.forward_mode import (
    _BINARY,
    _UNARY,
    Derivatives,
    variables,
    variables_through,
)

POINTS = (0.3, 0.9, 2.4)
H = 1e-3


def _slope(function, x: float) -> float:
    """f'(x) by differences of fourth order."""
    near, far = function(x + H) - function(x - H), function(x + 2 * H) - function(x - 2 * H)
    return (8 * near - far) / (12 * H)


@pytest.mark.parametrize("x", POINTS)
@pytest.mark.parametrize("name", sorted(_UNARY))
def test_the_derivatives_of_a_function_of_one_number_are_its_slopes(name, x):
    value, first, second = _UNARY[name](x)
    assert_allclose(value, getattr(ops, name)(x), rtol=1e-14)
    assert_allclose(first, _slope(lambda t: _UNARY[name](t)[0], x), rtol=1e-8, atol=1e-9)
    assert_allclose(second, _slope(lambda t: _UNARY[name](t)[1], x), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("a", POINTS)
@pytest.mark.parametrize("b", [-0.7, 1.1])
@pytest.mark.parametrize("name", sorted(_BINARY))
def test_the_derivatives_of_a_function_of_two_numbers_are_its_slopes(name, a, b):
    f = _BINARY[name]
    value, fa, fb, faa, fab, fbb = f(a, b)
    assert_allclose(value, getattr(ops, name)(a, b), rtol=1e-14)
    slopes = [
        (fa, _slope(lambda t: f(t, b)[0], a)),
        (fb, _slope(lambda t: f(a, t)[0], b)),
        (faa, _slope(lambda t: f(t, b)[1], a)),
        (fab, _slope(lambda t: f(a, t)[1], b)),
        (fbb, _slope(lambda t: f(a, t)[2], b)),
    ]
    assert_allclose(*np.transpose(slopes), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("power", [0, 1, 2, 3, -1, 0.5])
def test_a_power_is_differentiated_as_a_power(power):
    (x,) = variables((1.7,))
    found = x**power
    value, first, second = found.value, found.grad[0], found.hessian[0]
    assert_allclose(value, 1.7**power, rtol=1e-14)
    assert_allclose(first, power * 1.7 ** (power - 1), rtol=1e-13)
    assert_allclose(second, power * (power - 1) * 1.7 ** (power - 2), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("name", [*sorted(_UNARY), *sorted(_BINARY)])
def test_without_second_derivatives_the_gradient_is_the_same_to_the_last_bit(name):
    def of(a, b):
        inner = (a * b, b / a)[: 1 + (name in _BINARY)]
        return (getattr(ops, name)(*inner) ** 2 - a,)

    (whole,) = variables_through(of, (0.7, 0.9))
    (found,) = variables_through(of, (0.7, 0.9), second=False)
    assert (found.value, found.grad) == (whole.value, whole.grad)
    assert len(whole.hessian) == 3
    assert found.hessian == ()


@pytest.fixture
def first_only(monkeypatch):
    """Whatever carries second derivatives along fails."""
    built = Derivatives.__init__

    def checked(self, value, grad, hessian):
        assert not hessian, "a gradient needs no second derivatives"
        built(self, value, grad, hessian)

    monkeypatch.setattr(Derivatives, "__init__", checked)


GRADIENTS = {
    **{name: problems[name] for name in problems},
    "KL": lambda: Divergence(problems["normal"](), (0.5, 1.5)),
    "typed": lambda: own("normal_logpdf(y, a * x, exp(b))", {"x": (1, 2), "y": (3, 4)}),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_no_gradient_pays_for_second_derivatives(name, first_only):
    of = GRADIENTS[name]()
    of.grad(of.start)


def test_neither_a_jacobian_nor_a_christoffel_symbol_pays_for_second_derivatives(first_only):
    for name in charts:
        kind: Any = charts[name]
        chart = kind(**kind.example("normal", 2))
        chart.jacobian(chart.inverse((0.5, 1.5)))
    at = problems["normal"]().at((0.5, 1.5))
    bending(at, (1.0, 0.0))
