"""The unit ball of a metric: its parts, its boundary, and Lagrange's condition on it."""

from __future__ import annotations

import numpy as np
import pytest

from natgrad_core.geometry.steepest import steepest
from natgrad_core.geometry.unit_ball import axes, boundary, normal, spd_matrix

METRICS = {
    "ball": ((0.3, 2.0), 25.0),
    "long ball": ((9.0, 0.04), -70.0),
    "strip": ((1.5, 0.0), 40.0),
    "hyperbola": ((0.5, -2.0), 110.0),
}


@pytest.mark.parametrize(("values", "turn"), METRICS.values(), ids=list(METRICS))
def test_a_bent_metric_has_its_eigenvalues_along_its_axes(
    values: tuple[float, float], turn: float
) -> None:
    metric = spd_matrix(values, turn)
    for value, angle in zip(values, (turn, turn + 90.0), strict=True):
        axis = np.array([np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))])
        np.testing.assert_allclose(metric @ axis, value * axis, atol=1e-14)


@pytest.mark.parametrize("near", [-170.0, -10.0, 60.0, 200.0])
@pytest.mark.parametrize(("values", "turn"), METRICS.values(), ids=list(METRICS))
def test_a_metric_is_the_one_its_axes_make_and_turns_no_more_than_it_must(
    values: tuple[float, float], turn: float, near: float
) -> None:
    metric = spd_matrix(values, turn)
    found, angle = axes(metric, near)
    np.testing.assert_allclose(spd_matrix(found, angle), metric, atol=1e-13)
    assert found[0] > 0
    assert abs(angle - near) <= (45.0 if min(found) > 0 else 90.0) + 1e-9


def test_a_round_metric_keeps_the_turn_it_had() -> None:
    assert axes(2 * np.eye(2), 33.0) == ((2.0, 2.0), 33.0)


@pytest.mark.parametrize("name", METRICS)
def test_the_boundary_holds_unit_vectors_as_far_as_was_asked(name: str) -> None:
    metric = spd_matrix(*METRICS[name])
    pieces = boundary(metric, 50.0)
    assert len(pieces) == (1 if "ball" in name else 2)
    points = np.concatenate(pieces)
    lengths = np.einsum("ni,ij,nj->n", points, metric, points)
    np.testing.assert_allclose(lengths, 1.0, atol=1e-9)
    farthest = np.linalg.norm(points, axis=1).max()
    if "ball" in name:
        assert farthest == pytest.approx(1 / np.sqrt(min(METRICS[name][0])))
    else:
        assert farthest > 49.0


def test_a_negative_metric_has_no_unit_vector() -> None:
    assert boundary(-np.eye(2), 5.0) == []
    assert boundary(np.zeros((2, 2)), 5.0) == []


@pytest.mark.parametrize("angle", np.linspace(0.0, 330.0, 12))
def test_the_balls_normal_is_the_gradient_at_the_steepest_vector_and_its_opposite_only(
    angle: float,
) -> None:
    metric, gradient = spd_matrix((0.3, 2.0), 25.0), np.array([0.7, -0.4])
    best = steepest(metric, gradient)
    for a, sign in ((best.a, 1), (-best.a, -1)):
        multiplier, covector = normal(metric, gradient, a)
        assert multiplier == pytest.approx(sign * best.multiplier)
        np.testing.assert_allclose(covector, gradient, atol=1e-12)
    aim = np.array([np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))])
    _, covector = normal(metric, gradient, aim)
    assert covector @ aim == pytest.approx(gradient @ aim)
    assert np.linalg.norm(covector - gradient) > 1e-3
