"""Nothing is drawn from rounding noise: at a stationary point no arrow shows a direction."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from natgrad_core import problems
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.stationary import moving
from natgrad_lecture.lessons import lessons
from tests.support.answers import unpack

RESTING = {
    "coordinates": {"rate": 1.0, "steps": 60, "rules": ["newton"], "k": 60},
    "newton": {"rate": 0.5, "steps": 60, "rules": ["newton"], "k": 60},
    "natural-gradient": {"rate": 0.9, "steps": 60, "k": 60},
    "playground": {"rate": 0.9, "steps": 60, "rules": ["natural"], "k": 60},
}
"""Runs of lessons that end at a minimum."""


@pytest.mark.parametrize("name", RESTING)
def test_no_arrow_is_drawn_at_the_minimum(name: str) -> None:
    lesson = lessons[name]
    seen, sheet = lesson.after(RESTING[name]), Sheet()
    lesson.picture(seen, sheet)
    answer: dict[str, Any] = {"buffers": sheet.buffers, "traces": sheet.traces}
    arrays = unpack(answer, sheet.data)
    arrows = [arrays[t["points"]] for t in answer["traces"] if t["kind"] == "arrows"]
    assert arrows
    for drawn in arrows:
        tails, heads = drawn[:, :2], drawn[:, 2:]
        assert np.isfinite(np.linalg.norm(heads - tails, axis=-1)[0])
        assert np.isnan(heads[-1]).all()


def test_a_small_gradient_that_is_not_rounding_keeps_its_arrow() -> None:
    problem = problems["normal"]()
    usual = np.linalg.norm(problem.grad(problem.start))
    given = np.array([[1e-5 * usual, 0.0], [1e-12 * usual, 0.0]])
    found = moving(problem, given)
    assert (found[0] == given[0]).all()
    assert np.isnan(found[1]).all()
