"""The race to efficiency: exact recursions, their limits, and many runs agree."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import numpy as np
import pytest

from natgrad_core.analysis.online_mean import (
    AVERAGED,
    KEPT,
    Examples,
    averaged,
    drawing,
    exact,
    expected,
    learned,
    limit,
    marks,
    ratio,
)
from natgrad_core.types import Array

FISHER = np.linalg.inv(np.array([[1.6, 0.5], [0.5, 0.7]]))
GAINS = {"natural": np.linalg.inv(FISHER), "gradient": 1.4 * np.eye(2)}
START = (1.0, -0.5)
TIMES = marks(200, 15)


RATE = 0.3
BATCH, BATCHES = 300, 4


def last(parts: Iterator[Examples]) -> Examples:
    return deque(parts, maxlen=1).pop()


@pytest.fixture(scope="module")
def examples() -> Examples:
    return last(drawing(int(TIMES[-1]), batch=BATCH, batches=BATCHES, seed=4))


def test_gradient_descents_limit_is_its_closed_form_and_the_natural_one_is_the_bound() -> None:
    for s, c in ((1.3, 1.0), (0.7, 2.0), (1.0, 1.0)):
        assert limit([[s**-2]], [[c]])[0, 0] == pytest.approx(c**2 / (2 * c - s**2))
    np.testing.assert_allclose(limit(FISHER, GAINS["natural"]), GAINS["natural"])
    assert np.isinf(limit([[1.0]], [[0.5]])).all()
    assert np.isinf(limit(FISHER, 0.2 * np.eye(2))).all()


def test_the_recursion_tends_to_the_limit_for_a_gain_that_is_not_symmetric() -> None:
    gain = np.array([[2.0, 0.7], [-0.3, 1.5]])
    far = expected(FISHER, gain, START, np.array([20_000]))[0]
    np.testing.assert_allclose(far, limit(FISHER, gain), rtol=2e-3, atol=1e-3)


def test_the_natural_gradient_is_the_running_mean_and_on_the_bound_at_every_time() -> None:
    found = expected(FISHER, GAINS["natural"], START, TIMES)
    np.testing.assert_allclose(found, np.broadcast_to(np.linalg.inv(FISHER), found.shape))


@pytest.mark.parametrize("name", GAINS)
def test_responses_give_the_moments_that_the_recursion_gives(name: str) -> None:
    found = exact(FISHER, GAINS[name], START, TIMES)
    np.testing.assert_allclose(found, expected(FISHER, GAINS[name], START, TIMES), rtol=1e-9)


def simulated(start: Array) -> dict[str, Array]:
    """The same runs step by step: √t e at every time, ``[times, runs, 2]``."""
    values, basis = np.linalg.eigh(FISHER)
    methods = {**{name: (gain, False) for name, gain in GAINS.items()}, AVERAGED: (RATE, True)}
    found = {}
    for name, (gain, fixed) in methods.items():
        runs = []
        for done in range(1, BATCHES + 1):
            noise = np.random.default_rng([4, done]).normal(size=(TIMES[-1], BATCH, 2))
            examples = (noise / np.sqrt(values)) @ basis.T
            error, mean, rows = np.broadcast_to(start, (BATCH, 2)), np.zeros((BATCH, 2)), []
            for t, y in enumerate(examples, 1):
                step = RATE if fixed else gain / t
                error = error + (y - error) @ (step * FISHER if fixed else step @ FISHER).T
                mean = mean + error
                if t in TIMES:
                    rows.append(np.sqrt(t) * (mean / t if fixed else error))
            runs.append(np.array(rows))
        found[name] = np.concatenate(runs, 1)
    return found


@pytest.mark.parametrize("start", [(1.0, -0.5), (0.0, 0.0), (8.0, 3.0)])
def test_sums_over_the_examples_give_what_runs_step_by_step_give(
    examples: Examples, start: tuple[float, float]
) -> None:
    errors = {name: learned(examples, FISHER, gain, start, TIMES) for name, gain in GAINS.items()}
    errors[AVERAGED] = averaged(examples, FISHER, RATE, start, TIMES)
    for name, runs in simulated(np.array(start)).items():
        moments = np.einsum("nri,nrj->nij", runs, runs) / runs.shape[1]
        np.testing.assert_allclose(errors[name].moments, moments, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(errors[name].cloud, runs[:, :KEPT], rtol=1e-9, atol=1e-12)


def test_a_rate_far_above_the_variance_is_run_as_exactly(examples: Examples) -> None:
    """The factors 1 − p/t are far below −1 at first, and exactly zero at t = p."""
    for p in (150.0, 60.5):
        found = learned(examples, np.eye(2), p * np.eye(2), START, TIMES).moments
        exact = expected(np.eye(2), p * np.eye(2), START, TIMES)
        np.testing.assert_allclose(ratio(np.eye(2), found), ratio(np.eye(2), exact), rtol=0.2)


def test_many_runs_agree_with_the_recursion(examples: Examples) -> None:
    for gain in GAINS.values():
        exact = ratio(FISHER, expected(FISHER, gain, START, TIMES))
        found = learned(examples, FISHER, gain, START, TIMES).moments
        np.testing.assert_allclose(ratio(FISHER, found), exact, rtol=5 / examples.runs**0.5)


def test_the_averaged_iterates_come_to_the_bound(examples: Examples) -> None:
    values = ratio(FISHER, averaged(examples, FISHER, RATE, START, TIMES).moments)
    assert abs(values[0] - 1) > 0.3
    assert values[-1] == pytest.approx(1, abs=0.15)


def test_examples_come_batch_by_batch_and_are_seeded(examples: Examples) -> None:
    parts = [(part.runs, part.share) for part in drawing(20, batch=7, batches=4, seed=4)]
    assert parts == [(7, 0.25), (14, 0.5), (21, 0.75), (28, 1.0)]
    again = last(drawing(int(TIMES[-1]), batch=BATCH, batches=BATCHES, seed=4))
    np.testing.assert_array_equal(again.products[0, 1], examples.products[0, 1])
    other = last(drawing(int(TIMES[-1]), batch=BATCH, batches=BATCHES, seed=5))
    assert not np.allclose(other.sums, examples.sums)
    first, second = drawing(20, batch=7, batches=2, seed=4)
    assert np.array_equal(first.first, second.first)


def test_a_gain_that_does_not_commute_is_refused(examples: Examples) -> None:
    with pytest.raises(ValueError, match="commute with F"):
        learned(examples, FISHER, np.diag([1.0, 2.0]), START, TIMES)
    with pytest.raises(ValueError, match="commute with F"):
        exact(FISHER, np.diag([1.0, 2.0]), START, TIMES)
