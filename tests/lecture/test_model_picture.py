"""The model beside its parameters: what the page computes of what is sent is the engine's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

from natgrad_core import problems, rules, run
from natgrad_core.analysis.fitted_curve import RESPONSES, fitted_curve
from natgrad_core.problems.two_state_mdp import TwoStateMDP
from natgrad_core.types import Array
from natgrad_lecture.drawing.model_picture import NAME, WIDE, add_model, of_problem
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.strokes import _array
from natgrad_lecture.lessons import lessons
from natgrad_lecture.state.items import ON_A_PLANE


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


@pytest.mark.parametrize("name", ON_A_PLANE)
def test_the_curves_of_several_runs_are_those_of_each_alone_to_the_last_bit(name: str) -> None:
    problem = problems[name]()
    picture = of_problem(problem)
    if picture is None:
        return
    start = np.array([problem.start])
    with np.errstate(all="ignore"):
        paths = [run(problem, rules["gradient"](rate), problem.start, 31) for rate in (1e-3, 0.5)]
    given = [start, *(path.good for path in paths)]
    for together, points in zip(picture.coefficients(*given), given, strict=True):
        np.testing.assert_array_equal(together, picture.coefficients(points)[0])


def test_a_run_whose_curves_take_all_numbers_leaves_another_run_its_few() -> None:
    picture = of_problem(problems["weibull"]())
    assert picture is not None
    near = np.array([problems["weibull"]().start])
    far = 1.5 * near

    def whole(theta: Array) -> Array:
        return picture.curve.whole(theta) + (theta[:, :1] > near[0, 0])

    missing = replace(picture, curve=replace(picture.curve, whole=whole))
    few, most = missing.coefficients(near, far)
    np.testing.assert_array_equal(few, picture.coefficients(near)[0])
    assert most.shape[1] == picture.curve.x.size > few.shape[1]


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


def test_no_two_marks_across_touch_each_other_in_large_type() -> None:
    """Before an audience a model is as wide as sixteen letters of its marks."""
    seen = 0
    for name in ON_A_PLANE:
        problem = problems[name]()
        path = run(problem, rules["gradient"](0.01), problem.start, 1)
        for plane in add_model(Sheet(), problem, {"gradient": path}, problem.start):
            if marks := plane.get("ticks", [[]])[0]:
                seen += 1
                assert len(marks) >= 2, name
                assert sum(len(text) + 1 for _, text in marks) <= 16, (name, marks)
    assert seen > 5


def test_a_loss_without_data_has_none() -> None:
    problem, sheet = problems["double-well"](), Sheet()
    path = run(problem, rules["gradient"](0.1), problem.start, 3)
    assert add_model(sheet, problem, {"gradient": path}, problem.start) == []
    assert sheet.traces == []


def test_the_two_states_are_the_policy_at_every_step() -> None:
    problem, sheet = TwoStateMDP(), Sheet()
    paths = {
        name: run(problem, rules[name](0.3), problem.start, 40) for name in ("gradient", "natural")
    }
    (plane,) = add_model(sheet, problem, paths, problem.start)
    assert plane.get("ticks") == [[], []]
    chains = [cast("Any", trace) for trace in sheet.traces]
    assert [trace["kind"] for trace in chains] == ["chain", "chain"]
    for trace, path in zip(chains, paths.values(), strict=True):
        for part, of in (("chances", problem.policy), ("shares", problem.visits)):
            found = _array(sheet, trace[part])
            slow = np.array([of(point) for point in path.theta[path.ok]])
            np.testing.assert_allclose(found[path.ok], slow, rtol=1e-6, atol=1e-30)
            assert np.isnan(found[~path.ok]).all()
    assert chains[0]["box"][1] == chains[1]["box"][0], "side by side"


def test_each_geodesic_carries_its_density_from_one_end_to_the_other() -> None:
    lesson, sheet = lessons["geodesics"], Sheet()
    model = lesson.after({})
    answer = lesson.picture(model, sheet)
    assert [plane["name"] for plane in answer["planes"]][-1] == NAME
    normal = problems["normal"]()
    for kind, points in model.geodesics.items():
        x, values, _ = drawn(sheet, kind)
        assert len(values) == answer["steps"] + 1
        for k, at in ((0, 0), (answer["steps"] // 2, len(points) // 2), (answer["steps"], -1)):
            wanted = [np.exp(normal.log_prob(y, points[at])) for y in x]
            np.testing.assert_allclose(values[k], wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["normal", "gamma", "categorical", "logistic-regression"])
def test_the_fisher_matrix_s_two_points_are_two_models(name: str) -> None:
    lesson, sheet = lessons["fisher"], Sheet()
    model = lesson.after({"problem": name})
    lesson.picture(model, sheet)
    level = model.level
    if name != "logistic-regression":
        for style, point in (("start", level.theta), ("you", level.theta + level.step)):
            x, values, trace = drawn(sheet, style)
            wanted = [np.exp(level.problem.log_prob(y, point)) for y in x]
            np.testing.assert_allclose(values[0], wanted, rtol=1e-4, atol=1e-5)
            assert trace["dash"] == ("dashed" if style == "you" else "solid")
    assert sum(trace["kind"] == "fit" for trace in sheet.traces) == 2


def test_the_metric_s_unit_circle_is_round_in_z_and_its_steepest_direction_meets_the_line() -> None:
    lesson, sheet = lessons["steepest-descent"], Sheet()
    lesson.picture(lesson.after({}), sheet)
    here = [cast("Any", trace) for trace in sheet.traces if trace["plane"] == NAME]
    balls = [t for t in here if t["style"] == "metric"]
    assert len(balls) == 2
    middle = np.array([0.75 * WIDE, 0.5])
    radii = np.linalg.norm(_array(sheet, balls[1]["points"]) - middle, axis=1)
    assert np.ptp(radii) < 1e-6, "round"
    assert np.ptp(np.linalg.norm(_array(sheet, balls[0]["points"]) - middle, axis=1)) > 0.1
    natural = [t for t in here if t["style"] == "natural"]
    line, arrow = (_array(sheet, t["points"]) for t in natural[2:])
    assert [t["kind"] for t in natural] == ["curve", "arrows"] * 2
    along = line[1] - line[0]
    (ends,) = arrow.reshape(-1, 2, 2)
    np.testing.assert_allclose(along @ (ends[1] - ends[0]), 0, atol=1e-7)
    assert np.linalg.norm(ends[1] - ends[0]) == pytest.approx(float(radii[0]), rel=1e-5)


@pytest.mark.parametrize("problem", ["normal", "logistic-regression"])
def test_the_cell_of_a_map_shows_its_model_along_the_run_in_x(problem: str) -> None:
    lesson, sheet = lessons["robustness"], Sheet()
    model = lesson.after({"problem": problem, "rate": 0.02, "angle": 60.0})
    answer = lesson.picture(model, sheet)
    assert answer["planes"][-1].get("model")
    x, values, _ = drawn(sheet, "gradient")
    curve = fitted_curve(model.problem)
    assert curve is not None
    wanted = RESPONSES[curve.response](curve.whole(model.guide.in_x.in_theta))
    np.testing.assert_allclose(values, wanted, rtol=1e-4, atol=1e-5)
    assert len(x) == wanted.shape[1]
    assert model.guide.gap > 0.01, "the run in θ is another one"


HAVE_IT = {
    *("coordinates", "newton", "natural-gradient", "singular", "playground"),
    *("policy", "geodesics", "fisher", "steepest-descent"),
}


@pytest.mark.parametrize("name", sorted(HAVE_IT))
def test_these_lessons_open_with_their_model_beside_the_planes(name: str) -> None:
    lesson, sheet = lessons[name], Sheet()
    answer = lesson.picture(lesson.after(lesson.opening), sheet)
    assert answer["planes"][-1].get("model")
    assert any(trace["plane"] == NAME for trace in sheet.traces)
    assert answer["planes"][-1].get("say")
