"""The race to efficiency: exact recursions, their limits, and many runs agree."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest

from natgrad_core.analysis.online_mean import AVERAGED, KEPT, expected, limit, marks, racing, ratio

FISHER = np.linalg.inv(np.array([[1.6, 0.5], [0.5, 0.7]]))
GAINS = {"natural": np.linalg.inv(FISHER), "gradient": 1.4 * np.eye(2)}
START = (1.0, -0.5)
TIMES = marks(200, 15)


@pytest.fixture(scope="module")
def race():
    return list(racing(FISHER, GAINS, START, TIMES, average=0.3, batch=300, batches=10, seed=4))


def test_plain_descents_limit_is_its_closed_form_and_the_natural_one_is_the_bound() -> None:
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


def test_many_runs_agree_with_the_recursion(race) -> None:
    last = race[-1]
    assert last.runs == 3000
    for name, gain in GAINS.items():
        exact = ratio(FISHER, expected(FISHER, gain, START, TIMES))
        np.testing.assert_allclose(ratio(FISHER, last.moments[name]), exact, rtol=5 / 3000**0.5)


def test_the_averaged_iterates_come_to_the_bound(race) -> None:
    values = ratio(FISHER, race[-1].moments[AVERAGED])
    assert abs(values[0] - 1) > 0.3
    assert values[-1] == pytest.approx(1, abs=0.15)


def test_a_race_comes_batch_by_batch_is_seeded_and_keeps_its_first_cloud(race) -> None:
    assert [part.share for part in race] == pytest.approx(np.arange(1, 11) / 10)
    assert [part.whole for part in race] == [False] * 9 + [True]
    again = deque(
        racing(FISHER, GAINS, START, TIMES, average=0.3, batch=300, batches=10, seed=4), maxlen=1
    ).pop()
    for name in again.moments:
        np.testing.assert_array_equal(again.moments[name], race[-1].moments[name])
        np.testing.assert_array_equal(again.clouds[name], race[0].clouds[name])
        assert again.clouds[name].shape == (len(TIMES), KEPT, 2)


def test_a_gain_that_does_not_commute_is_refused() -> None:
    with pytest.raises(ValueError, match="commute with F"):
        next(racing(FISHER, {"bent": np.diag([1.0, 2.0])}, START, TIMES))
