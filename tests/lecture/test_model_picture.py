"""The model beside its parameters: what the page computes of what is sent is the engine's."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from natgrad_core import problems, rules, run
from natgrad_core.analysis.fitted_curve import RESPONSES
from natgrad_core.types import Array
from natgrad_lecture.drawing.model_picture import NAME, WIDE, add_model
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.strokes import _array


def drawn(sheet: Sheet, style: str) -> tuple[Array, Array, Any]:
    """Where a fit is computed, its values at each step, and its trace, from what is sent."""
    (trace,) = (cast("Any", t) for t in sheet.traces if t["kind"] == "fit" and t["style"] == style)
    rows = _array(sheet, trace["coefficients"]).astype(float)
    if "features" in trace:
        features, offset = (_array(sheet, trace[part]) for part in ("features", "offset"))
        rows = offset + rows @ features.T.astype(float)
    with np.errstate(all="ignore"):
        return _array(sheet, trace["x"]), RESPONSES[trace["response"]](rows), trace


@pytest.mark.parametrize("name", ["normal", "gamma", "weibull", "mixture", "categorical"])
def test_what_is_sent_gives_the_density_at_every_step(name: str) -> None:
    problem, sheet = problems[name](), Sheet()
    path = run(problem, rules["natural"](0.1), problem.start, 6)
    (plane,) = add_model(sheet, problem, {"natural": path}, problem.start)
    assert plane["name"] == NAME
    for style, points in (("natural", path.theta), ("start", np.array([problem.start]))):
        x, values, _ = drawn(sheet, style)
        slow = np.array([[np.exp(problem.log_prob(y, point)) for y in x] for point in points])
        np.testing.assert_allclose(values / slow.max(), slow / slow.max(), atol=1e-4)


def test_a_run_that_diverged_has_no_model_after_its_end() -> None:
    problem, sheet = problems["normal"](), Sheet()
    path = run(problem, rules["gradient"](0.5), problem.start, 40)
    end = int(path.ok.sum())
    assert 1 < end < 40
    add_model(sheet, problem, {"gradient": path}, problem.start)
    _, values, _ = drawn(sheet, "gradient")
    assert np.isfinite(values[:end]).all()
    assert np.isnan(values[end:]).all()


@pytest.mark.parametrize("name", ["normal", "logistic-regression", "categorical"])
def test_its_plane_is_wide_named_and_marked_inside(name: str) -> None:
    problem, sheet = problems[name](), Sheet()
    path = run(problem, rules["natural"](0.1), problem.start, 3)
    (plane,) = add_model(sheet, problem, {"natural": path}, problem.start)
    assert plane["view"] == [0, WIDE, 0, 1]
    assert plane["labels"][0] == problem.measured[0]
    assert all(plane["labels"])
    for marks, (low, high) in zip(plane.get("ticks", []), ((0, WIDE), (0, 1)), strict=True):
        assert 2 <= len(marks) <= 5
        assert all(low <= at <= high for at, _ in marks)
    (data,) = (cast("Any", t) for t in sheet.traces if t["kind"] == "data")
    (a, _, _, d, e, f), points = data["map"], _array(sheet, data["points"])
    assert ((points[:, 0] * a + e > 0) & (points[:, 0] * a + e < WIDE)).all()
    assert ((points[:, 1] * d + f > -1e-9) & (points[:, 1] * d + f < 1)).all()


def test_a_loss_without_data_has_none() -> None:
    problem, sheet = problems["double-well"](), Sheet()
    path = run(problem, rules["gradient"](0.1), problem.start, 3)
    assert add_model(sheet, problem, {"gradient": path}, problem.start) == []
    assert sheet.traces == []
