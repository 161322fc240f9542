"""Hatching covers where something holds, and only there."""

from __future__ import annotations

import numpy as np
import pytest

from natgrad_lecture.drawing.hatching import add_hatch, hatch
from natgrad_lecture.drawing.sheet import Sheet

VIEW = np.array([[-2.0, 2.0], [1.0, 5.0]])


def test_a_hatched_disk_is_covered_by_pieces_that_end_on_its_edge():
    middle, radius = np.array([0.5, 3.0]), 1.2
    points, starts = hatch(lambda p: np.linalg.norm(p - middle, axis=-1) - radius, VIEW)
    assert starts.tolist() == list(range(0, len(points) + 1, 2))
    distance = np.linalg.norm(points - middle, axis=1)
    np.testing.assert_allclose(distance, radius, rtol=2e-3)
    pieces = points.reshape(-1, 2, 2)
    area = np.linalg.norm(pieces[:, 1] - pieces[:, 0], axis=1).sum() * 8 / 45 / np.sqrt(2)
    np.testing.assert_allclose(area, np.pi * radius**2, rtol=0.04)


def test_what_holds_in_two_places_is_hatched_in_both_and_not_between():
    points, _ = hatch(lambda p: 1.5 - np.abs(p[..., 0]), VIEW)
    assert (np.abs(points[:, 0]) > 1.5 - 1e-9).all()
    assert (points[:, 0] > 0).any()
    assert (points[:, 0] < 0).any()


def test_where_there_is_no_number_nothing_is_hatched() -> None:
    points, _ = hatch(lambda p: np.where(p[..., 0] < 0, np.nan, p[..., 1] - 3), VIEW)
    assert len(points)
    assert (points[:, 0] >= 0).all()
    assert points[:, 1].max() == pytest.approx(3)


def test_what_never_holds_is_not_drawn():
    sheet = Sheet()
    add_hatch(sheet, "theta", "uphill", "nowhere", lambda p: np.ones(p.shape[:-1]), VIEW)
    assert sheet.traces == []
    add_hatch(sheet, "theta", "uphill", "everywhere", lambda p: -np.ones(p.shape[:-1]), VIEW)
    assert len(sheet.traces) == 1
