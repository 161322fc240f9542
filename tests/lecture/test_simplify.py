"""What is left out of a line is what nobody sees."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from natgrad_core.types import Array, Bools
from natgrad_lecture.drawing.simplify import seen, thinned

VIEW = np.array([[-1.0, 1.0], [-1.0, 1.0]])
SIZE = np.array([2.0, 2.0])


def distance(points: Array, line: Array) -> Array:
    """How far each point is from the nearest segment of the line."""
    start, along = line[:-1], np.diff(line, axis=0)
    out = points[:, None] - start
    part = np.clip((out * along).sum(-1) / np.maximum((along**2).sum(-1), 1e-300), 0, 1)
    return np.linalg.norm(out - part[..., None] * along, axis=-1).min(-1)


@pytest.mark.parametrize("size", [(1.0, 1.0), (4.0, 0.01)])
@pytest.mark.parametrize("longest", [0.05, np.inf])
def test_a_line_is_thinned_by_less_than_an_eye_can_see(
    size: tuple[float, float], longest: float
) -> None:
    turn = np.linspace(0.0, 2 * np.pi, 301)
    lines = (
        np.stack([0.4 * np.cos(turn), 0.1 * np.sin(turn)], -1),
        np.stack([0.1 * turn[:2], turn[:2]], -1),
        np.stack([turn / 7, 0.2 * np.abs(np.sin(3 * turn))], -1),  # with corners
        np.stack([turn / 7, 0 * turn], -1),
        np.stack([0.01 * np.cos(turn), 0 * turn], -1),  # there and back
    )
    starts = np.cumsum([0, *map(len, lines)])
    points, cuts = thinned(np.concatenate(lines) * size, starts, np.array(size), longest)
    found = [points[a:b] / size for a, b in pairwise(cuts)]
    for line, few in zip(lines, found, strict=True):
        np.testing.assert_allclose(few[[0, -1]], line[[0, -1]], rtol=1e-15)
        assert len(few) < max(0.6 * len(line), 3)
        assert distance(line, few).max() < 1e-3
    chords = [np.linalg.norm(np.diff(few, axis=0), axis=1).max() for few in found]
    if longest < 1:
        assert 0.02 < chords[3] <= longest, "it will bend with a chart"
    else:
        assert len(found[3]) < 20


def test_the_tip_of_a_hairpin_and_what_is_not_a_number_stay() -> None:
    hairpin = np.array([[0.0, 0.0], [0.9, 0.0], [0.1, 0.0]])
    assert len(thinned(hairpin, np.array([0, 3]), SIZE)[0]) == 3
    parted = np.array([[0.0, 0.0], [0.1, 0.0], [np.nan, 0.0], [0.3, 0.0], [np.inf, 1.0]])
    kept = thinned(parted, np.array([0, 5]), SIZE)[0]
    assert np.isnan(kept).any()
    assert np.isinf(kept).any()


def inside(places: Array, ring: Array) -> Bools:
    """By the even–odd rule, as the page fills."""
    (x, y), (u, v) = ring.T, np.roll(ring, -1, axis=0).T
    px, py = places[:, :1], places[:, 1:]
    between = (y > py) != (v > py)
    with np.errstate(all="ignore"):
        right = px < x + (py - y) * (u - x) / (v - y)
    return (between & right).sum(1) % 2 == 1


@pytest.mark.parametrize("spread", [1.0, 2.5, 6.0])
def test_what_is_outside_goes_and_what_is_inside_stays_filled(
    rng: np.random.Generator, spread: float
) -> None:
    places, gone = rng.uniform(-1, 1, (300, 2)), 0
    for _ in range(30):
        ring = rng.normal(0, spread, (60, 2))
        ring = np.concatenate([ring, ring[:1]])
        kept, starts = seen(ring, np.array([0, len(ring)]), VIEW)
        assert starts.tolist() == [0, len(kept)]
        gone += len(ring) - len(kept)
        assert np.array_equal(inside(places, kept[:-1]), inside(places, ring[:-1]))
        near = (np.abs(ring) <= 1).all(-1)
        assert all((kept == point).all(-1).any() for point in ring[near])
    assert gone > 0


def test_a_line_round_a_corner_does_not_cut_it() -> None:
    line = np.array([[3.0, -3], [3, -2], [3, 2], [3, 3], [2, 3], [-2, 3], [-3, 3]])
    kept, _ = seen(line, np.array([0, 7]), VIEW)
    middle = (kept[1:] + kept[:-1]) / 2
    assert len(kept) < 7
    assert (np.abs(middle) > 1).any(-1).all()


@pytest.mark.parametrize("starts", [[0], [0, 0], [0, 1], [0, 2], [0, 0, 2, 2]])
def test_no_line_and_the_shortest_stay_as_they_are(starts: list[int]) -> None:
    points, at = np.arange(2.0 * starts[-1]).reshape(-1, 2), np.array(starts)
    for found, cuts in (thinned(points, at, SIZE), seen(points, at, VIEW)):
        assert np.array_equal(found, points)
        assert cuts.tolist() == starts
