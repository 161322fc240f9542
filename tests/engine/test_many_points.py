"""A problem at many points by machine code is what the formula on arrays says, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from natgrad_core import charts, problems
from natgrad_core.core import many_points
from natgrad_core.core.charted import ChartedAt
from natgrad_core.core.many_points import Part, evaluated, losses
from natgrad_core.core.problem import Problem
from natgrad_core.linalg.small_matrices import components, full
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


CURVED = charts["bend"](strength=0.4, center=0.3, shear=0.7)
PARTS: tuple[Part, ...] = ("grad", "hessian", "fisher")


@pytest.mark.parametrize("name", ["normal", "logistic-regression"])
@pytest.mark.parametrize("compiled", [True, False])
def test_what_is_evaluated_at_once_is_what_the_formula_says(
    name: str, compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, traces = problems[name]().through(CURVED), {}
    if not compiled:
        monkeypatch.setattr(many_points, "replay", lambda *given: None)
    x = CURVED.inverse(points_of(place.base))
    with ahead():
        found = evaluated(place, x, PARTS, traces)
    assert isinstance(found, ChartedAt)
    assert all((each._grad is not None) == compiled for each in (found, found.base))
    with np.errstate(all="ignore"):
        said = place.at(components(x))
        assert isinstance(said, ChartedAt)
        for part in PARTS:
            for here, there in ((found, said), (found.base, said.base)):
                of_arrays = full(getattr(there, part), x.shape[:-1])
                np.testing.assert_array_equal(full(getattr(here, part), x.shape[:-1]), of_arrays)


def test_another_chart_of_the_form_has_its_own_values() -> None:
    base, traces = problems["rosenbrock"](), {}
    x = points_of(base)[1:]
    for strength in (0.2, -0.5):
        place = base.through(charts["bend"](strength=strength))
        with ahead():
            found = evaluated(place, x, ("hessian",), traces)
        np.testing.assert_array_equal(full(found.hessian, x.shape[:-1]), place.hessian(x))
    assert len(traces) == 1
