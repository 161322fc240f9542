"""J at many points by machine code is what the formula on arrays says, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from natgrad_core import problems
from natgrad_core.core.losses import losses
from natgrad_core.core.problem import Problem
from natgrad_core.linalg.small_matrices import components
from natgrad_core.tracing.replay import ahead

variational = problems["variational-normal"]
PLACES = {
    "rosenbrock": problems["rosenbrock"](),
    "normal": problems["normal"](),
    "mixture": problems["mixture"](),
    "q of a banana": variational(problems["rosenbrock"](steepness=2.0)),
}


def points_of(place: Problem) -> np.ndarray:
    """Points about the start; one where J is infinite or not a number, and one that is NaN."""
    drawn = np.random.default_rng(1).normal(size=(6, 5, place.dim))
    points = np.asarray(place.start) + 0.2 * drawn
    points[0, 0], points[0, 1] = np.nan, -1e200
    return points


@pytest.mark.parametrize("name", PLACES)
def test_the_losses_by_machine_code_are_those_of_the_formula(name: str) -> None:
    place = PLACES[name]
    points, traces = points_of(place), {}
    with ahead():
        found = losses(place, points, traces)
    assert len(traces) == 1
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(found, place._loss(*components(points)))


def test_another_problem_of_the_form_has_its_own_losses() -> None:
    traces = {}
    for steepness in (2.0, 7.0):
        place = problems["rosenbrock"](steepness=steepness)
        with ahead():
            found = losses(place, points_of(place)[1:], traces)
        np.testing.assert_array_equal(found, place._loss(*components(points_of(place)[1:])))
    assert len(traces) == 1
