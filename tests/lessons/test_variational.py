"""The numbers beside the ellipse of *Variational inference* are those of the engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import simpson

from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.variational.model import covariance
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


def moments(of: Any, low: float, high: float, ends: Any, knots: int = 1201) -> np.ndarray:
    """The variances of p by Simpson's rule: for each z₁ over z₂ between its ``ends``."""
    first = np.linspace(low, high, knots)
    below, above = ends(first)
    second = below + (above - below) * np.linspace(0, 1, knots)[:, None]
    weight = np.exp(-of.n * of.target._loss(first, second))
    mass = simpson(weight, x=second, axis=0)
    along = [simpson(weight * second**k, x=second, axis=0) for k in (1, 2)]
    whole = simpson(mass, x=first)
    z1 = [simpson(mass * first**k, x=first) / whole for k in (1, 2)]
    z2 = [simpson(part, x=first) / whole for part in along]
    return np.array([z[1] - z[0] ** 2 for z in (z1, z2)])


@pytest.mark.parametrize("steepness", [1.0, 2.0, 10.0, 200.0])
def test_the_variances_of_the_banana_are_those_of_all_of_it(steepness: float) -> None:
    model = LESSON.after({"option_values": [f"problem.rosenbrock.steepness:{steepness}"]})
    far = 8 * np.sqrt(1 / (2 * steepness))
    found = moments(model.of, -5.0, 7.0, lambda z: (z**2 - far, z**2 + far))
    assert_allclose(model.variances, found, rtol=1e-6)


def test_the_variances_of_the_beetles_weights_are_those_of_all_of_the_posterior() -> None:
    model = LESSON.after({"problem": "logistic-regression"})
    (a, b), (left, right) = model.best[:2], 12 * np.sqrt(np.diag(covariance(model.best)))
    found = moments(
        model.of, a - left, a + left, lambda z: (b - right + 0 * z, b + right + 0 * z), 201
    )
    assert_allclose(model.variances, found, rtol=1e-6)
