"""The numbers beside the ellipse of *Variational inference* are those of the engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.lessons import lessons
from tests.support.answers import unpack

LESSON = lessons["variational"]


def live(changes: Any) -> tuple[Any, dict[str, np.ndarray]]:
    """The model of a state, and its numbers by name, each along the natural gradient's run."""
    sheet, model = Sheet(), LESSON.after(changes)
    names = LESSON.picture(model, sheet)["numbers"]["@"]
    series = unpack({"buffers": sheet.buffers}, sheet.data)["live"]
    return model, dict(zip(names, series.T, strict=True))


@pytest.mark.parametrize("k", [0, 10, 40])
def test_the_mean_hessian_and_the_precision_are_those_of_q_at_the_step(k: int) -> None:
    model, numbers = live({})
    theta = model.run("natural").theta[k]
    a, b, c = theta[2:]
    factor = np.array([[a, 0], [b, c]])
    for name, found in (
        ("spread", factor @ factor.T),
        ("precision", np.linalg.inv(factor @ factor.T)),
        ("bend", model.of.expected_hessian(theta)),
    ):
        shown = [[numbers[f"{name}.{i}.{j}"][k] for j in (0, 1)] for i in (0, 1)]
        assert_allclose(shown, found, rtol=1e-5)
    assert_allclose(numbers["above"][k], model.of.loss(theta) - model.least, rtol=1e-4)


def test_of_a_run_that_ended_no_number_is_shown() -> None:
    model, numbers = live({"rate": 5.0})
    ended = ~model.run("natural").ok
    assert ended.any()
    assert np.isnan(numbers["above"][ended]).all()
    assert np.isfinite(numbers["above"][~ended]).all()
