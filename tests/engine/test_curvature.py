"""Curvature and transport of the Fisher metric: the values that are known, and their invariance."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from natgrad_core import charts, problems
from natgrad_core.geometry.curvature import parallel_transport, sectional_curvature
from natgrad_core.geometry.geodesics import NoGeodesic, exponential
from tests.engine.cases import shear

U, V = np.array([1.0, 0.3]), np.array([-0.2, 0.7])


@pytest.mark.parametrize(
    ("name", "point", "curvature"),
    [
        ("normal", (0.3, 2.0), -1 / 2),
        ("inverse-gaussian", (0.7, 2.0), -1 / 2),
        ("weibull", (0.7, 2.0), -6 / np.pi**2),
        ("gumbel", (0.7, 2.0), -6 / np.pi**2),
        ("laplace", (0.7, 2.0), -1.0),
        ("categorical", (0.7, -1.0), 1 / 4),
        ("two-bernoullis", (0.7, 0.2), 0.0),
    ],
)
def test_the_curvature_is_the_known_one_in_every_chart(
    name: str, point: tuple[float, float], curvature: float
) -> None:
    problem = problems[name]()
    assert_allclose(sectional_curvature(problem, point, U, V), curvature, atol=1e-9)
    through = problem.through(charts["bend"](0.4))
    x = through.chart.inverse(point)
    assert_allclose(sectional_curvature(through, x, V, U), curvature, atol=1e-9)


def test_curvature_of_more_parameters_depends_on_the_plane() -> None:
    """Skovgaard 1984: means and scales of one coordinate span a plane of curvature −½."""
    problem = problems["multivariate-normal"]()
    point = (0.0, 0.0, 1.5, 0.0, 0.8)
    e = np.eye(5)
    assert_allclose(sectional_curvature(problem, point, e[0], e[2]), -1 / 2, rtol=1e-9)
    assert_allclose(sectional_curvature(problem, point, e[0], e[4]), 0.0, atol=1e-9)
    assert_allclose(sectional_curvature(problem, point, e[0], e[1]), 1 / 4, rtol=1e-9)


@pytest.mark.parametrize("name", ["gamma", "multivariate-normal"])
def test_where_it_differs_from_point_to_point_or_plane_to_plane_it_is_the_same_in_every_chart(
    name: str,
) -> None:
    problem = problems[name]()
    chart = shear(problem.dim)
    point = np.asarray(problem.start)
    u, v = np.eye(problem.dim)[[0, -1]] + 0.1
    here = sectional_curvature(problem, point, u, v)
    there = sectional_curvature(
        problem.through(chart),
        chart.inverse(point),
        *(np.linalg.solve(chart.jacobian(point), w) for w in (u, v)),
    )
    assert_allclose(there, here, rtol=1e-9)
    others = np.arange(problem.dim) / 5  # another plane, where there are others
    assert abs(sectional_curvature(problem, 1.1 * point, u + others, v) - here) > 1e-3


@pytest.mark.parametrize("name", ["normal", "gamma", "categorical"])
def test_transport_keeps_lengths_and_angles_and_carries_the_velocity_along(name: str) -> None:
    problem, start = problems[name](), np.array(problems[name]().start)
    velocity = 0.3 * U
    ends = exponential(problem, start, velocity, 1001, seconds=60)
    here, there = problem.fisher(start), problem.fisher(ends[-1])
    v, w = (parallel_transport(problem, start, velocity, x, seconds=60) for x in (U, V))
    for a, b, c, d in ((U, U, v, v), (U, V, v, w), (V, V, w, w)):
        assert_allclose(c @ there @ d, a @ here @ b, rtol=1e-8, atol=1e-10)
    assert_allclose(0.3 * v, (ends[-1] - ends[-2]) * 1000, rtol=2e-3)


def test_beyond_the_edge_of_the_domain_there_is_no_vector() -> None:
    """In log θ a straight line reaches θ₁ = 0 at a third of its way."""
    problem = problems["quadratic"]().through(charts["log-scale"](which=(0, 1)))
    assert np.isnan(parallel_transport(problem, (0.0, 0.0), (-3.0, 0.0), V, seconds=600)).all()


def test_what_has_no_curvature_or_takes_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="must span a plane"):
        sectional_curvature(problems["normal"](), (0.0, 1.0), U, 2 * U)
    with pytest.raises(NoGeodesic, match="did not come to its end"):
        parallel_transport(problems["gamma"](), (1.0, 1.0), U, V, seconds=0.0)
