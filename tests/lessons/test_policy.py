"""The lesson on policies: what its picture draws, and its numbers far out."""

from __future__ import annotations

import math

import numpy as np

from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.policy.figure import VIEW, picture
from tests.support.answers import traces_of, unpack

LESSON = lessons["policy"]


def test_no_ellipse_of_equal_kl_is_larger_than_the_window() -> None:
    """Where F is tiny an ellipse tinted the whole plane, or crossed it like a path."""
    for changes in ({"damping": 1e-4, "steps": 150}, {"start": (0.0, 0.0)}, {"steps": 400}):
        sheet = Sheet()
        picture(LESSON.after({"rules": ["natural"], **changes}), sheet)
        (ellipse,) = (trace for trace in traces_of(sheet) if trace["kind"] == "ellipse-at")
        shapes = unpack({"buffers": sheet.buffers}, sheet.data)[ellipse["shapes"]]
        drawn = shapes[np.isfinite(shapes).all(1)]
        assert len(drawn) > 0
        assert np.abs(drawn[:, 2:]).max() <= np.ptp(VIEW[0]) / 2


def test_the_numbers_are_right_to_their_last_digits_where_a_policy_is_nearly_certain() -> None:
    """The logistic function as (1 + tanh)/2 has no digit left at −38."""
    problem = LESSON.after({}).problem
    for logit in (-20.0, -35.0, -38.3, -200.0):
        p, q = problem.policy((logit, logit))
        assert p == q
        assert math.isclose(p, math.exp(logit), rel_tol=1e-8)
    assert np.isfinite(np.linalg.inv(problem.fisher((8.0, -38.3)))).all()


def test_the_page_opens_with_both_ends_of_the_plateau() -> None:
    model = LESSON.model(LESSON.first)
    natural, plain = model.arrives("natural"), model.arrives("gradient")
    assert natural is not None
    assert plain is not None
    assert natural < 30 < 10 * natural < plain < model.state.steps
