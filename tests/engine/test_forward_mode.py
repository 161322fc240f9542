"""Forward mode's derivatives are those of every function that it knows."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from natgrad_core.tracing import ops
from natgrad_core.tracing.forward_mode import _BINARY, _UNARY, variables

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
