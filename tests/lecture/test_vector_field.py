"""A field of directions points where its vectors do."""

from __future__ import annotations

import numpy as np

from natgrad_core.types import Array
from natgrad_lecture.drawing.vector_field import directions

VIEW = np.array([[-1.0, 1.0], [2.0, 4.0]])


def test_arrows_are_centered_inside_the_window_and_point_along_the_vectors():
    def turn(p: Array) -> Array:
        return (p - [0.0, 3.0]) @ np.array([[0.0, 5.0], [-5.0, 0.0]])

    points, starts = directions(turn, VIEW)
    assert starts[0] == 0
    assert starts[-1] == len(points)
    assert (np.diff(starts) > 1).all()
    tail, tip, *_ = np.moveaxis(points.reshape(-1, 5, 2), 1, 0)
    middle, arrow = (tail + tip) / 2, tip - tail
    assert (np.abs(middle - VIEW.mean(1)) < 1).all()
    assert len(middle) == 17 * 17 - 1  # there is no direction at the center
    vectors = turn(middle)
    across = arrow[:, 0] * vectors[:, 1] - arrow[:, 1] * vectors[:, 0]
    np.testing.assert_allclose(across, 0, atol=1e-12)
    assert (np.einsum("ni,ni->n", arrow, vectors) > 0).all()
    np.testing.assert_allclose(np.linalg.norm(arrow, axis=1), np.linalg.norm(arrow[0]))


def test_heads_are_behind_the_tip_on_both_sides():
    points, _ = directions(lambda p: np.broadcast_to([3.0, 0.0], p.shape), VIEW)
    _, tip, left, again, right = np.moveaxis(points.reshape(-1, 5, 2), 1, 0)
    np.testing.assert_array_equal(tip, again)
    assert (left[:, 0] < tip[:, 0]).all()
    np.testing.assert_allclose(left + right, np.stack([2 * left[:, 0], 2 * tip[:, 1]], -1))


def test_where_a_vector_is_not_a_number_no_arrow_stands():
    points, starts = directions(lambda p: np.full(p.shape, np.nan), VIEW)
    assert len(points) == 0
    assert starts.tolist() == [0]
