"""Laws of every chart: it inverts, its derivatives are its derivatives, charts compose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from natgrad_core import charts, problems
from natgrad_core.charts.linear import compose, decompose
from natgrad_core.errors import OutsideDomain
from tests.engine.autodiff_reference import derivatives
from tests.engine.cases import PAIRS, chart_for, on, pair, problem

every_pair = on(PAIRS, "name", "chart")


def test_every_chart_is_tried_on_some_problem() -> None:
    assert {chart for _, chart in PAIRS} == set(charts)


@every_pair
def test_a_chart_inverts(name: str, chart: str) -> None:
    of = pair(name, chart)
    x = of.examples(np.random.default_rng(2), 12)
    assert of.inside(x).all()
    theta = of.chart.forward(x)
    assert problem(name).inside(theta).all()
    assert_allclose(of.chart.inverse(theta), x, rtol=1e-9, atol=1e-9)
    assert_allclose(of.chart.forward(of.chart.inverse(theta)), theta, rtol=1e-9, atol=1e-9)


@every_pair
def test_jacobian_and_curvature_are_the_derivatives_of_the_map(name: str, chart: str) -> None:
    of = pair(name, chart)
    points = of.examples(np.random.default_rng(3), 4)
    found = derivatives(of.chart.forward, points)
    for x, jacobian, curvature in zip(points, *found, strict=True):
        assert_allclose(of.chart.jacobian(x), jacobian, rtol=1e-9, atol=1e-10)
        assert_allclose(of.chart.curvature(x), curvature, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("outer", ["log-scale", "variance", "expectation"])
@pytest.mark.parametrize("inner", ["linear", "bend"])
def test_charts_compose_by_the_chain_rule(outer: str, inner: str) -> None:
    both = chart_for(outer, "normal").then(
        charts[inner](**{"linear": {"shear": 0.4}}.get(inner, {}))
    )
    x = both.inverse(np.array([[5.3, 0.3], [5.5, 0.2]]))
    assert_allclose(both.forward(x), [[5.3, 0.3], [5.5, 0.2]], rtol=1e-10)
    for point, jacobian, curvature in zip(x, *derivatives(both.forward, x), strict=True):
        assert_allclose(both.jacobian(point), jacobian, rtol=1e-9, atol=1e-10)
        assert_allclose(both.curvature(point), curvature, rtol=1e-8, atol=1e-7)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=4, max_size=4))
def test_a_matrix_is_its_rotation_stretches_and_shear(entries: list[float]) -> None:
    matrix = np.array(entries).reshape(2, 2)
    if not np.linalg.cond(matrix) < 1e6:
        return
    parts = decompose(matrix)
    assert parts.stretch1 > 0
    assert_allclose(compose(parts), matrix, atol=1e-8)
    built = charts["linear"](
        rotation=parts.rotation, stretch=(parts.stretch1, parts.stretch2), shear=parts.shear
    )
    assert_allclose(built.forward((1.0, -2.0)), matrix @ (1.0, -2.0), atol=1e-7)


@pytest.mark.parametrize("chart", ["bend", "log-scale", "expectation", "natural"])
def test_the_hessian_does_not_transform_as_a_tensor_its_extra_term_is_needed(chart: str) -> None:
    of, base = pair("normal", chart), problem("normal")
    x = of.examples(np.random.default_rng(4), 3)
    jacobian = of.chart.jacobian(x)
    theta = of.chart.forward(x)
    carried = np.swapaxes(jacobian, -1, -2) @ base.hessian(theta) @ jacobian
    apart = np.abs(carried - of.hessian(x)).max((1, 2)) / np.abs(carried).max((1, 2))
    assert apart.max() > 1e-4
    extra = np.einsum("nk,nkij->nij", base.grad(theta), of.chart.curvature(x))
    assert_allclose(carried + extra, of.hessian(x), rtol=1e-9, atol=1e-9)


def test_a_point_outside_the_chart_is_refused_with_the_charts_name() -> None:
    of = problem("normal").through(charts["variance"]())
    with pytest.raises(OutsideDomain, match="variance"):
        of.loss((5.0, -1.0))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: charts["linear"](matrix=((1, 2), (2, 4))), "singular"),
        (lambda: charts["linear"](matrix=((1, 2, 3),)), "square"),
        (lambda: charts["linear"](matrix=((1, 0), (0, 1)), rotation=3.0), "not both"),
        (lambda: charts["expectation"](family="weibull"), "there are those of"),
        (lambda: charts["bend"](strength=float("nan")), "finite"),
        (lambda: cast("Any", charts["polar"])(center=(0.0,)), "two finite numbers"),
        (lambda: cast("Any", charts["log-scale"])(which=(0.5,)), "components"),
        (lambda: problems["normal"]().through(charts["log-scale"](which=7)), "of only 2"),
    ],
)
def test_a_chart_that_cannot_be_is_refused_in_words(make: Callable[[], object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()
