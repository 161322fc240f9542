"""Laws of the shapes: ellipses, exact level sets of KL, and the steepest direction."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from natgrad_core import problems
from natgrad_core.errors import OutsideDomain
from natgrad_core.geometry.ellipses import axes_by_eigenvectors, ellipse_axes, outline, reach
from natgrad_core.geometry.level_sets import _crossing, kl_level_set
from natgrad_core.geometry.steepest import steepest, unit_directions
from natgrad_core.types import Array

Curve = Callable[[Array], Array]

size = st.floats(-3, 3).map(lambda v: v if abs(v) > 0.05 else 0.5)


@st.composite
def metrics(draw: st.DrawFn) -> Array:
    root = np.array([[draw(size), draw(size)], [0.0, draw(size)]])
    return root.T @ root


@settings(derandomize=True, max_examples=60, deadline=None)
@given(metrics(), st.floats(1e-4, 10))
def test_an_outline_lies_where_half_the_quadratic_form_is_the_radius(g: Array, r: float) -> None:
    points = outline(g, r, 33)
    np.testing.assert_allclose(np.einsum("ni,ij,nj->n", points, g, points) / 2, r, rtol=1e-7)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(metrics(), st.floats(1e-4, 10))
def test_the_axes_of_an_ellipse_are_its_eigenvectors_longest_first(g: Array, r: float) -> None:
    scales = np.array([1e-200, 1.0, 1e200])  # whose squares are no numbers
    for found, scale in zip(ellipse_axes(scales[:, None, None] * g, r), scales, strict=True):
        values = np.einsum("ni,ij,mj->nm", found, scale * g, found) / 2
        np.testing.assert_allclose(values, r * np.eye(2), atol=1e-9 * r)
        axes = axes_by_eigenvectors(scale * g, r)
        outer = axes[:, :, None] * axes[:, None, :]  # an axis and its negative are the same
        assert np.linalg.norm(found[0]) >= np.linalg.norm(found[1])
        np.testing.assert_allclose(
            found[:, :, None] * found[:, None, :], outer, rtol=1e-6, atol=1e-6 * np.abs(outer).max()
        )


def test_without_a_positive_definite_metric_there_is_no_ellipse() -> None:
    bad = [
        [[1.0, 0], [0, -1]],
        [[1, 1], [1, 1]],
        [[0, 0], [0, 0]],
        [[-1, 0], [0, -2]],
        [[np.inf, 0], [0, 1]],
        [[np.nan, 0], [0, 1]],
    ]
    assert np.isnan(ellipse_axes(np.array(bad), 1.0)).all((-1, -2)).all()
    cube = np.diag([1.0, 4.0, 16.0])
    np.testing.assert_allclose(np.linalg.norm(ellipse_axes(cube, 2.0), axis=-1), [2, 1, 0.5])
    assert np.isnan(ellipse_axes(-cube, 2.0)).all()


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("name", ["normal", "gamma", "beta", "von-mises", "weibull", "categorical"])
def test_a_level_set_lies_where_kl_is_the_radius(name: str, reverse: bool) -> None:
    problem = problems[name]()
    here = np.asarray(problem.start, float)
    points = kl_level_set(problem, here, 0.05, 48, reverse)
    good = np.isfinite(points).all(-1)
    assert good.mean() > 0.9
    there = points[good]
    both = np.broadcast_to(here, there.shape)
    found = problem.kl(there, both) if reverse else problem.kl(both, there)
    np.testing.assert_allclose(found, 0.05, rtol=1e-6)


def test_the_level_set_of_the_standard_normal_is_met_where_it_was_published() -> None:
    problem = problems["normal"]()
    points = kl_level_set(problem, np.array([0.0, 1.0]), 0.5, 721)
    heights = points[np.abs(points[:, 0]) < 1e-9][:, 1]
    assert heights.min() == pytest.approx(0.563777, abs=1e-6)
    assert heights.max() == pytest.approx(2.511055, abs=1e-6)
    ellipse = outline(problem.fisher((0.0, 1.0)), 0.5, 721) + np.array([0.0, 1.0])
    assert ellipse[:, 1].min() == pytest.approx(1 - np.sqrt(0.5), abs=1e-5)
    assert ellipse[:, 1].max() == pytest.approx(1 + np.sqrt(0.5), abs=1e-5)


def test_the_ellipse_misses_kl_by_the_third_power_of_its_size() -> None:
    problem = problems["normal"]()
    here = np.array([5.4, 0.3])
    radii = np.array([1e-3, 1e-4, 1e-5])
    errors = []
    for r in radii:
        there = here + outline(problem.fisher(here), r, 24)
        kl = problem.kl(np.broadcast_to(here, there.shape), there)
        errors.append(np.abs(kl - r).max())
    slopes = np.diff(np.log(errors)) / np.diff(np.log(np.sqrt(radii)))
    assert slopes == pytest.approx(3.0, abs=0.05)


@pytest.mark.parametrize(
    "f", [lambda x: np.exp(8 * x), np.log, lambda x: x - np.log1p(x)], ids=["exp", "log", "kl"]
)
def test_a_crossing_is_found_in_a_few_steps_wherever_the_curve_is_flat(f: Curve) -> None:
    """A secant with one end that never moves takes hundreds; one that overshoots never arrives."""
    roots, tried = np.array([0.1, 0.5, 0.9, 0.99]), 0

    def off(x: Array) -> Array:
        nonlocal tried
        tried += 1
        return f(x) - f(roots)

    low, high = np.full(4, 1e-9), np.ones(4)
    found = _crossing(off, low, high, f(low) - f(roots), f(high) - f(roots))
    np.testing.assert_allclose(found, roots, rtol=1e-12)
    assert tried <= 20


def test_a_ray_that_leaves_the_domain_before_is_not_a_number() -> None:
    # A Bernoulli with p near 1 cannot be 3 nats away by growing.
    points = kl_level_set(problems["two-bernoullis"](), np.array([0.5, 0.5]), 3.0, 60)
    assert np.isfinite(points).all(-1).any()
    reverse = kl_level_set(problems["two-bernoullis"](), np.array([0.5, 0.5]), 3.0, 60, True)
    assert np.isnan(reverse).all(), "KL(q ‖ fair coins) is at most 2 log 2"


@settings(derandomize=True, max_examples=60, deadline=None)
@given(metrics(), size, size)
def test_the_steepest_direction_beats_every_other_of_unit_length(
    g: Array, p: float, q: float
) -> None:
    gradient = np.array([p, q])
    found = steepest(g, gradient)
    assert found.kind == "ball"
    assert found.a @ g @ found.a == pytest.approx(1.0)
    np.testing.assert_allclose(gradient, 2 * found.multiplier * g @ found.a, rtol=1e-7)
    others = unit_directions(g, np.linspace(0, 2 * np.pi, 721))
    slopes = others @ gradient
    assert found.slope == pytest.approx(gradient @ found.a)
    assert found.slope <= slopes.min() + 1e-9 * abs(found.slope)


def test_the_identity_gives_gradient_descent_and_the_fisher_matrix_the_natural_gradient() -> None:
    problem = problems["normal"]()
    gradient = problem.grad(problem.start)
    plain = steepest(np.eye(2), gradient).a
    np.testing.assert_allclose(plain, -gradient / np.linalg.norm(gradient))
    natural = steepest(problem.fisher(problem.start), gradient).a
    along = -np.linalg.solve(problem.fisher(problem.start), gradient)
    np.testing.assert_allclose(natural / np.linalg.norm(natural), along / np.linalg.norm(along))


def test_an_indefinite_metric_has_no_steepest_direction() -> None:
    g, gradient = np.diag([4.0, -1.0]), np.array([1.0, 1.0])
    found = steepest(g, gradient)
    assert found.kind == "hyperbola"
    assert np.isnan(found.a).all()
    lowest = []
    for count in (101, 10_001, 1_000_001):
        slopes = unit_directions(g, np.linspace(0, 2 * np.pi, count)) @ gradient
        assert np.isnan(slopes).any(), "some directions have no unit length"
        lowest.append(float(np.nanmin(slopes)))
    assert lowest[2] < 5 * lowest[1] < 25 * lowest[0] < 0, "others fall as fast as one likes"
    assert steepest(np.diag([1.0, 0.0]), gradient).kind == "strip"


def test_a_direction_is_reached_only_where_it_has_a_length() -> None:
    assert np.isnan(reach(np.array([0.0, 1.0]), np.diag([1.0, -1.0]), 0.1)).all()


def test_bad_input_is_refused_by_name() -> None:
    problem = problems["normal"]()
    with pytest.raises(ValueError, match="more than 0"):
        kl_level_set(problem, np.array([5.0, 1.0]), 0.0)
    with pytest.raises(OutsideDomain, match="σ > 0"):
        kl_level_set(problem, np.array([5.0, -1.0]), 0.1)
    with pytest.raises(ValueError, match="symmetric"):
        steepest(np.array([[1.0, 2.0], [0.0, 1.0]]), np.ones(2))
    with pytest.raises(ValueError, match="zero"):
        steepest(np.eye(2), np.zeros(2))
    for none in (-np.eye(2), np.diag([0.0, -1.0]), np.zeros((2, 2))):
        with pytest.raises(ValueError, match="no vector has length one"):
            steepest(none, np.ones(2))
