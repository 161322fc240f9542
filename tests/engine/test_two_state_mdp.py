"""Kakade's two states: the policy's long run, counted out and walked through."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from natgrad_core import problems

PLACES = ((-3.0, 1.5), (0.2, -0.7), (1.0, 2.0))


@pytest.mark.parametrize("theta", PLACES)
def test_visits_are_the_chains_stationary_shares_and_eta_its_mean_reward(theta: Any) -> None:
    of: Any = problems["two-state-mdp"]()
    p, q = of.policy(theta)
    chain = np.array([[1 - p, p], [q, 1 - q]])
    for row in np.linalg.matrix_power(chain, 4000):
        np.testing.assert_allclose(of.visits(theta), row, rtol=1e-9)
    reward = np.array([1 * (1 - p), 2 * (1 - q)])
    assert -of.loss(theta) == pytest.approx(of.visits(theta) @ reward)


@pytest.mark.parametrize("theta", PLACES)
def test_the_fisher_matrix_is_that_of_a_whole_path_per_step(theta: Any) -> None:
    """Bagnell and Schneider 2003: counted over all paths of six steps from the long run's state."""
    of: Any = problems["two-state-mdp"]()
    chances, length = of.policy(theta), 6
    total = np.zeros((2, 2))
    for first, leaves in itertools.product((0, 1), itertools.product((0, 1), repeat=length)):
        state, weight, score = first, of.visits(theta)[first], np.zeros(2)
        for leave in leaves:
            weight *= chances[state] if leave else 1 - chances[state]
            score[state] += leave - chances[state]
            state = 1 - state if leave else state
        total += weight * np.outer(score, score)
    np.testing.assert_allclose(total / length, of.fisher(theta), rtol=1e-12, atol=1e-15)


def test_batches_of_policies_are_kept() -> None:
    of: Any = problems["two-state-mdp"]()
    points = np.array(PLACES).reshape(3, 1, 2)
    for ask in (of.policy, of.visits):
        np.testing.assert_array_equal(ask(points)[1, 0], ask(PLACES[1]))
