"""Laws of the limit: flows do not depend on the chart; three geodesics join two distributions."""

from __future__ import annotations

import numpy as np
import pytest

from natgrad_core import charts, problems, rules, run
from natgrad_core.families.exponential_family import ExponentialFamily
from natgrad_core.geometry.geodesics import (
    NoGeodesic,
    distance,
    e_geodesic,
    exponential,
    fisher_rao,
    length,
    m_geodesic,
    shoot,
)
from natgrad_core.geometry.gradient_flow import extrapolated, flow
from natgrad_core.linalg.operators import Dense
from natgrad_core.metrics import Metric
from natgrad_core.metrics.euclidean import euclidean
from natgrad_core.problems._kl_to_target import Divergence
from natgrad_core.types import Array

CURVED = {
    "bend": charts["bend"](strength=0.8),
    "log-scale": charts["log-scale"](),
    "expectation": charts["expectation"](family="normal"),
    "natural": charts["natural"](family="normal"),
}


def bends(geodesic_path: Array) -> float:
    """Return a path's largest distance from the line between its ends, relative to its length."""
    chord = geodesic_path[-1] - geodesic_path[0]
    in_x = (geodesic_path - geodesic_path[0]) @ np.array([-chord[1], chord[0]]) / (chord @ chord)
    return float(np.abs(in_x).max())


@pytest.mark.parametrize("name", CURVED)
def test_the_natural_flow_is_the_same_curve_in_every_chart(name: str) -> None:
    problem, chart = problems["normal"](), CURVED[name]
    in_theta = flow(problem, problem.start, 3.0)
    in_x = flow(problem.through(chart), chart.inverse(problem.start), 3.0)
    assert in_theta.ok
    assert in_x.ok
    np.testing.assert_allclose(chart.forward(in_x.theta), in_theta.theta, rtol=1e-7)


def test_the_plain_flow_is_not() -> None:
    problem, chart = problems["normal"](), CURVED["bend"]
    in_theta = flow(problem, problem.start, 0.3, euclidean())
    in_x = flow(problem.through(chart), chart.inverse(problem.start), 0.3, euclidean())
    assert np.abs(chart.forward(in_x.theta) - in_theta.theta).max() > 1e-3


@pytest.mark.parametrize("name", ["normal", "gamma", "logistic-regression"])
def test_steps_tend_to_the_flow_at_first_order_in_the_rate(name: str) -> None:
    problem = problems[name]()
    end = flow(problem, problem.start, 1.0).theta[-1]
    gaps = [
        np.linalg.norm(run(problem, rules["natural"](1 / n), problem.start, n).theta[-1] - end)
        for n in (50, 100, 200)
    ]
    orders = np.diff(np.log(gaps)) / -np.log(2)
    assert orders == pytest.approx(1.0, abs=0.08)


@pytest.mark.parametrize("name", ["normal", "gamma", "logistic-regression", "poisson-regression"])
def test_two_runs_of_small_steps_extrapolate_to_the_flow_at_second_order(name: str) -> None:
    problem = problems[name]()
    apart, errors = [], []
    for count in (200, 400, 800):
        found, error = extrapolated(problem, rules["natural"], problem.start, 4.0, count)
        true = flow(problem, problem.start, 4.0, count=count + 1).theta
        apart.append(np.abs(found - true).max())
        errors.append(error)
    assert np.diff(np.log2(apart)) == pytest.approx(-2.0, abs=0.12)
    assert np.diff(np.log2(errors)) == pytest.approx(-1.0, abs=0.1)


def test_a_flow_too_stiff_for_its_steps_says_so() -> None:
    problem = problems["rosenbrock"]()
    _, error = extrapolated(problem, rules["gradient"], problem.start, 4.0, 100)
    assert not error < 0.05


def test_the_flows_of_kl_run_along_the_m_and_the_e_geodesic() -> None:
    base, start, target = problems["normal"](), (0.0, 0.5), (1.5, 0.8)
    for reverse, geodesic_path, kind in (
        (False, m_geodesic, "expectation"),
        (True, e_geodesic, "natural"),
    ):
        curve = flow(Divergence(base, target, reverse), start, 6.0).theta
        in_chart = charts[kind](family="normal").inverse(curve)
        assert bends(in_chart) < 1e-6
        assert (
            bends(charts[kind](family="normal").inverse(geodesic_path(base, start, target))) < 1e-9
        )
        other = "natural" if kind == "expectation" else "expectation"
        assert bends(charts[other](family="normal").inverse(curve)) > 1e-3


def test_the_three_geodesics_differ_and_the_fisher_rao_geodesic_is_the_shortest() -> None:
    problem, a, b = problems["normal"](), (5.2, 0.15), (5.5, 0.4)
    geodesic_paths = {
        f.__name__: f(problem, a, b, 401) for f in (m_geodesic, e_geodesic, fisher_rao)
    }
    lengths = {
        name: length(problem, geodesic_path) for name, geodesic_path in geodesic_paths.items()
    }
    assert lengths["fisher_rao"] == pytest.approx(distance(problem, a, b), rel=1e-5)
    for name in ("m_geodesic", "e_geodesic"):
        assert lengths[name] > 1.002 * lengths["fisher_rao"]
    assert np.abs(geodesic_paths["m_geodesic"] - geodesic_paths["e_geodesic"]).max() > 0.01


@pytest.mark.parametrize("name", ["gamma", "beta", "von-mises"])
def test_families_without_closed_inverses_have_their_straight_geodesics_too(name: str) -> None:
    problem = problems[name]()
    assert isinstance(problem, ExponentialFamily)
    a, b = problem.examples(np.random.default_rng(1), 2)
    m = problem.expectation(m_geodesic(problem, a, b, 21))
    e = problem.natural(e_geodesic(problem, a, b, 21))
    for straight in (m, e):
        np.testing.assert_allclose(np.diff(straight, axis=0, n=2), 0, atol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["normal", "categorical", "two-bernoullis"])
def test_shooting_finds_the_closed_geodesic_and_its_length(name: str) -> None:
    problem = problems[name]()
    a, b = problem.examples(np.random.default_rng(2), 2)
    speed = shoot(problem, a, b, seconds=60)
    assert np.sqrt(speed @ problem.fisher(a) @ speed) == pytest.approx(distance(problem, a, b))
    geodesic_path = exponential(problem, a, speed, 11)
    np.testing.assert_allclose(geodesic_path, fisher_rao(problem, a, b, 11), atol=1e-6)


@pytest.mark.slow
def test_a_geodesic_found_by_shooting_is_as_long_as_the_distance_says() -> None:
    problem = problems["weibull"]()
    a, b = problem.examples(np.random.default_rng(3), 2)
    assert length(problem, fisher_rao(problem, a, b, 201)) == pytest.approx(
        distance(problem, a, b), rel=1e-4
    )


@pytest.mark.parametrize("name", ["normal", "categorical", "two-bernoullis"])
def test_the_distance_is_a_metric(name: str) -> None:
    problem = problems[name]()
    points = problem.examples(np.random.default_rng(4), 12)
    for a, b, c in points.reshape(4, 3, 2):
        assert distance(problem, a, a) == 0
        assert distance(problem, a, b) == pytest.approx(distance(problem, b, a), rel=1e-12)
        assert distance(problem, a, c) <= distance(problem, a, b) + distance(problem, b, c) + 1e-12
        near = a + 1e-6 * (b - a)
        quadratic = np.sqrt((near - a) @ problem.fisher(a) @ (near - a))
        assert distance(problem, a, near) == pytest.approx(float(quadratic), rel=1e-4)


def test_the_published_distances_between_normals_are_met() -> None:
    problem = problems["normal"]()
    assert distance(problem, (0, 1), (1, 1)) == pytest.approx(0.9802581, abs=5e-8)
    assert distance(problem, (0, 1), (0, np.e)) == pytest.approx(np.sqrt(2))
    geodesic_path = fisher_rao(problem, (0, 1), (1, 1), 9)
    center, radius = 0.5, np.sqrt(1 + 0.5**2 / 2)
    np.testing.assert_allclose(
        (geodesic_path[:, 0] - center) ** 2 / 2 + geodesic_path[:, 1] ** 2, radius**2
    )


@pytest.mark.slow
def test_the_normals_have_curvature_minus_one_half() -> None:
    """A circle of radius r is 2π √2 sinh(r/√2) long, more than 2πr."""
    problem, center, radius = problems["normal"](), np.array([0.3, 0.8]), 1.0
    frame = np.linalg.inv(np.linalg.cholesky(problem.fisher(center))).T
    angles = np.linspace(0, 2 * np.pi, 121)
    aims = radius * np.stack([np.cos(angles), np.sin(angles)], -1) @ frame.T
    circle = np.array([exponential(problem, center, aim, 2)[-1] for aim in aims])
    expected = 2 * np.pi * np.sqrt(2) * np.sinh(radius / np.sqrt(2))
    assert length(problem, circle) == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("chart", ["log-scale", "shape-mean", "square-root"])
def test_the_exponential_map_is_the_same_point_in_every_chart_of_the_gamma(chart: str) -> None:
    """Song, Song and Ermon 2018: in four parameterizations the exact map agrees."""
    problem, through = problems["gamma"](), charts[chart]()
    here = np.asarray(problem.start, float)
    downhill = -np.linalg.solve(problem.fisher(here), problem.grad(here))
    x = through.inverse(here)
    aim = np.linalg.solve(through.jacobian(x), 0.3 * downhill)
    in_x = exponential(problem.through(through), x, aim, 5)
    in_theta = exponential(problem, here, 0.3 * downhill, 5)
    np.testing.assert_allclose(through.forward(in_x), in_theta, rtol=1e-7)


def test_a_flow_that_meets_a_wall_says_so_and_keeps_what_it_has() -> None:
    problem = problems["normal"]()
    uphill = flow(problem, (5.2, 0.2), 0.05, Metric(lambda at: Dense(((-1, 0), (0, -1)))))
    assert not uphill.ok
    assert "left the domain" in uphill.message
    assert 1 < len(uphill.theta) == len(uphill.times)
    assert problem.inside(uphill.theta).all()
    stuck = flow(problems["two-layer-linear"](), (0.0, 0.0), 1.0)
    assert not stuck.ok
    assert "singular" in stuck.message


def test_bad_input_is_refused_by_name() -> None:
    problem = problems["normal"]()
    with pytest.raises(ValueError, match="duration"):
        flow(problem, problem.start, 0)
    with pytest.raises(ValueError, match="one point"):
        flow(problem, [problem.start] * 2, 1.0)
    with pytest.raises(NoGeodesic, match="exponential family without covariates"):
        m_geodesic(problems["weibull"](), (1, 1), (2, 2))
