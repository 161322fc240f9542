"""The bend: affine at strength zero, and with its shear as straight as ever at the center."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from natgrad_core import charts


def test_without_strength_the_bend_is_a_shear_about_its_center(rng):
    x = rng.normal(size=(7, 2))
    chart = charts["bend"](strength=0.0, center=0.4, shear=0.8)
    shear = charts["linear"](matrix=((1, 0), (0.8, 1)))
    assert_allclose(chart.forward(x), shear.forward(x) - [0, 0.32], rtol=1e-12)
    assert not chart.curvature(x).any()


def test_the_bend_comes_back_and_its_derivatives_are_its_slopes(rng):
    x = rng.normal(size=(7, 2))
    chart = charts["bend"](strength=-0.7, center=0.4, shear=0.8)
    assert_allclose(chart.inverse(chart.forward(x)), x, rtol=1e-12)
    expected = np.zeros((7, 2, 2))
    expected[:] = np.eye(2)
    expected[:, 1, 0] = 0.8 - 1.4 * (x[:, 0] - 0.4)
    assert_allclose(chart.jacobian(x), expected, atol=1e-12)
    assert_allclose(chart.curvature(x)[:, 1], np.broadcast_to([[-1.4, 0], [0, 0]], (7, 2, 2)))
    with pytest.raises(ValueError, match="shear must be finite"):
        charts["bend"](shear=float("nan"))


def test_bends_of_many_strengths_are_those_of_one_each(rng):
    strengths, x = np.array([0.0, 0.4, -0.7]), rng.normal(size=(3, 2))
    many = charts["bend"](strengths, center=0.4, shear=0.8)
    for i, strength in enumerate(strengths.tolist()):
        one = charts["bend"](strength, center=0.4, shear=0.8)
        for method in ("forward", "inverse", "jacobian", "curvature"):
            assert_allclose(getattr(many, method)(x)[i], getattr(one, method)(x[i]), rtol=1e-15)
    with pytest.raises(ValueError, match="strength, center and shear must be finite"):
        charts["bend"](np.array([0.1, np.inf]))
