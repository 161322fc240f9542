"""The figures: what is drawn is what it is called."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from natgrad_core import charts, problems, rules, run
from natgrad_core.analysis import grid_sweep
from natgrad_core.types import Array
from natgrad_lecture.drawing.contours import add_contours_through, add_lattice, level_bands
from natgrad_lecture.drawing.paired_runs import (
    COINCIDE,
    GROWN,
    RADIUS,
    add_anatomy,
    add_ellipses,
    broken,
    one_step,
    trouble,
)
from natgrad_lecture.drawing.palette import styles
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.windows import window
from natgrad_lecture.engine_cache import RunsModel
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.newton.state import HESSIANS
from natgrad_lecture.session import Live
from natgrad_lecture.state.items import problem_named
from tests.support.answers import traces_of, unpack

A = ((2.0, 1.0), (0.0, 0.5))


def drawn(add: Any, changes: dict[str, Any]) -> tuple[Any, list[dict[str, Any]], dict[str, Array]]:
    model = lessons["coordinates"].after({"matrix": A, "rate": 0.01, **changes})
    sheet = Sheet()
    add(sheet, model)
    return model, traces_of(sheet), unpack({"buffers": sheet.buffers}, sheet.data)


@pytest.mark.parametrize("lesson", lessons.values(), ids=lambda lesson: lesson.name)
def test_in_each_preset_a_mark_that_stands_alone_is_within_its_plane(lesson: Lesson) -> None:
    """Clouds of runs may leave it: there are more of them to be seen."""
    for preset in lesson.presets[: 2 if lesson.slow else None]:  # nets train for seconds
        live = Live(lesson)
        answer, data = live.respond({"ask": 0, "set": dict(preset.set)})
        while lesson.slow and (more := answer.get("more")):
            answer, data = live.respond({"ask": 0, "state": answer["state"], "fine": more})
        arrays = unpack(answer, data)
        views = {plane["name"]: np.reshape(plane["view"], (2, 2)).T for plane in answer["planes"]}
        for trace in answer["traces"]:
            if trace["kind"] != "points" or len(points := arrays[trace["points"]]) > 1:
                continue
            low, high = views[trace["plane"]] + 1e-6 * np.array([[-1.0], [1.0]])
            inside = (points >= low) & (points <= high) | np.isnan(points)
            assert inside.all(), (preset.id, trace["plane"], trace.get("name"), points)


@pytest.mark.parametrize("problem", ["normal", "logistic-regression"])
def test_ellipses_are_level_sets_of_the_fisher_metric_in_both_planes(problem: str) -> None:
    model, traces, arrays = drawn(add_ellipses, {"problem": problem})
    assert {t["plane"] for t in traces} == {"theta", "x"}
    for trace in traces:
        metric = model.problem if trace["plane"] == "theta" else model.problem.through(model.chart)
        for x, y, *axes in arrays[trace["shapes"]].astype(float):
            fisher = metric.fisher([x, y])
            for turn in np.linspace(0, 6, 7):
                delta = np.cos(turn) * np.array(axes[:2]) + np.sin(turn) * np.array(axes[2:])
                assert delta @ fisher @ delta / 2 == pytest.approx(RADIUS, rel=1e-4)


def test_both_arrows_spend_the_same_kl_and_the_natural_one_gains_the_most() -> None:
    model, traces, arrays = drawn(add_anatomy, {})
    for plane in ("theta", "x"):
        arrows = {
            t["style"]: arrays[t["points"]].astype(float)
            for t in traces
            if t["plane"] == plane and t["kind"] == "arrows"
        }
        in_theta = plane == "theta"
        problem = model.problem if in_theta else model.problem.through(model.chart)
        for k in (0, 10, 60):
            gains = {}
            for name, points in arrows.items():
                at, delta = points[k, :2], points[k, 2:] - points[k, :2]
                spent = delta @ problem.fisher(at) @ delta / 2
                assert spent == pytest.approx(RADIUS, rel=1e-3)
                gains[name] = -problem.grad(at) @ delta
            assert gains["natural"] > gains["gradient"] > 0


def test_the_steps_in_the_formulas_are_the_steps_of_the_paths() -> None:
    model = lessons["coordinates"].after({"matrix": A, "rate": 0.01})
    for name, pair in model.paired_runs.items():
        in_theta, _ = one_step(pair, model.rule(name))
        np.testing.assert_allclose(in_theta[:-1], np.diff(pair.in_theta.theta, axis=0), atol=1e-12)
        _, in_x = one_step(pair, model.rule(name))
        np.testing.assert_allclose(in_x[0], np.diff(pair.in_x.in_theta[:2], axis=0)[0], atol=1e-12)


@pytest.mark.parametrize("steepness", [5.0, 100.0])
def test_where_nothing_else_is_seen_a_contour_lies_within_a_pixel_of_its_level(
    steepness: float,
) -> None:
    key = ("rosenbrock", (("steepness", steepness),))
    problem, wide = problem_named(key), 900
    view = window(problem)
    shapes = level_bands(key, tuple(view.ravel().tolist()))
    off = []
    for a, b in pairwise(shapes.line_starts):
        line = shapes.lines[a:b]
        points = np.concatenate([line, (line[1:] + line[:-1]) / 2])
        slope = np.linalg.norm(problem.grad(points) * np.ptp(view, axis=1), axis=-1)
        off.append(wide * np.abs(problem.loss(points) - np.median(problem.loss(line))) / slope)
    assert np.quantile(np.concatenate(off), 0.95) < 1


@pytest.mark.parametrize("name", ["normal", "logistic-regression"])
def test_the_loss_is_the_same_all_along_a_contour_and_bands_nest(name: str) -> None:
    shapes, problem = level_bands(name), problems[name]()
    starts = shapes.line_starts
    heights = []
    spread = float(np.ptp(problem.loss(shapes.lines)))
    for a, b in pairwise(starts):
        loss = problem.loss(shapes.lines[a:b])
        assert float(np.ptp(loss)) < 0.02 * spread
        heights.append(float(np.median(loss)))
    assert len(np.unique(np.round(heights, 6))) >= 8
    assert shapes.ends is not None
    lowest, highest = min(heights), max(heights)
    np.testing.assert_allclose(shapes.ends, (lowest, highest), atol=0.02 * spread)
    means = []
    for a, b in pairwise(shapes.bands):
        ring = np.concatenate(
            [shapes.rings[shapes.ring_starts[i] : shapes.ring_starts[i + 1]] for i in range(a, b)]
        )
        means.append(float(np.median(problem.loss(ring[problem.inside(ring)]))))
    assert means == sorted(means), "band 0 is the lowest"


GROUNDED = [lesson for lesson in lessons.values() if not lesson.slow]


@pytest.mark.parametrize("lesson", GROUNDED, ids=lambda lesson: lesson.name)
def test_the_colors_behind_runs_are_named_and_called_j_only_where_they_are_the_runs_loss(
    lesson: Lesson,
) -> None:
    model, sheet = lesson.after({}), Sheet()
    lesson.picture(model, sheet)
    grounds = [trace for trace in traces_of(sheet) if trace["kind"] == "bands"]
    for ground in grounds:
        low, high = ground["levels"]
        assert low < high
    if any(ground["label"] == "J" for ground in grounds):
        pairs = getattr(model, "paired_runs", {})
        paths = [pair.in_theta for pair in pairs.values()] or list(model.runs.values())
        assert paths
        for path in paths:
            loss = model.problem.loss(path.good[path.ok])
            np.testing.assert_allclose(loss, path.loss[path.ok], rtol=1e-9)


def test_the_lattice_is_the_other_planes_round_numbers() -> None:
    model = lessons["coordinates"].after({"matrix": A})
    sheet = Sheet()
    view = np.asarray(model.problem.view)
    add_lattice(sheet, "x", model.chart.inverse, view, view)
    arrays = unpack({"buffers": sheet.buffers}, sheet.data)
    lines = arrays[traces_of(sheet)[0]["points"]].reshape(-1, 2, 2).astype(float)
    theta = model.chart.forward(lines)
    step = 0.05
    constant = np.ptp(theta, axis=1) < 1e-4
    assert constant.any(axis=1).all(), "each line holds one coordinate fixed"
    values = theta[:, 0][constant]
    np.testing.assert_allclose(values / step, np.round(values / step), atol=1e-3)


def test_a_bent_lattice_has_points_where_it_bends_and_ends_where_it_does_not() -> None:
    chart, view = charts["bend"](0.4), np.array([[-1.0, 1.0], [-1.0, 1.0]])
    sheet = Sheet()
    add_lattice(sheet, "theta", chart.forward, view, view, bends=100)
    arrays = unpack({"buffers": sheet.buffers}, sheet.data)
    trace = traces_of(sheet)[0]
    starts = arrays[trace["starts"]].astype(int).tolist()
    lines = np.split(arrays[trace["points"]].astype(float), starts[1:-1])
    counts = [len(line) for line in lines]
    assert min(counts) == 2
    assert 10 < max(counts) < 60, "of 102: what is seen, where it bends"
    for line in lines:
        across = np.ptp(chart.inverse(line), axis=0)
        fixed = across.argmin()
        value = chart.inverse(line)[:, fixed].mean()
        assert abs(value / 0.2 - round(value / 0.2)) < 1e-2
        assert across[1 - fixed] == pytest.approx(6, rel=1e-3), "as long as before"
        close = line[1:] + line[:-1]
        middle = close[(np.abs(close) < 2).all(-1)] / 2  # seen, on the way between two points
        assert np.abs(chart.inverse(middle)[:, fixed] - value).max(initial=0) < 2e-3


def test_what_the_page_keeps_of_a_bent_plane_has_a_name_for_each_bend() -> None:
    view = np.array([[-2.0, 2.0], [-2.0, 2.0]])

    def kept(strength: float, view: Array = view) -> list[str]:
        sheet = Sheet()
        add_contours_through(sheet, "rosenbrock", ("bend", (("strength", strength),)), view)
        return [trace["cache"] for trace in traces_of(sheet)]

    assert kept(0.4) == kept(0.4)
    assert not {*kept(0.4)} & {*kept(0.5)}
    assert not {*kept(0.4)} & {*kept(0.4, view + 1)}


@pytest.mark.parametrize("hessian", HESSIANS)
@pytest.mark.parametrize("in_x", [False, True])
def test_newton_hatches_by_the_least_eigenvalue(hessian: str, in_x: bool) -> None:
    model = lessons["newton"].after({"hessian": hessian, "bend": 0.6})
    of = model.problem.through(model.chart) if in_x else model.problem
    points = np.random.default_rng(0).uniform(-2, 2, (200, 2))
    matrix = of.hessian(points)
    if in_x and hessian != "true":  # as if a Hessian were a tensor: Jᵀ H J
        jacobian = model.chart.jacobian(points)
        base = model.problem.hessian(model.chart.forward(points))
        matrix = np.swapaxes(jacobian, -1, -2) @ base @ jacobian
    least = np.linalg.eigvalsh(matrix)[..., 0]
    assert 10 < (least < 0).sum() < 190
    np.testing.assert_allclose(model.least(in_x)(points), least, rtol=1e-9, atol=1e-9)


def test_a_run_gone_wrong_is_put_into_words() -> None:
    problem = problems["normal"]()
    assert broken(run(problem, rules["natural"](0.1), problem.start, 50)) == ""
    assert "left the domain" in broken(run(problem, rules["gradient"](0.5), problem.start, 50))
    assert "climbed" in broken(run(problem, rules["newton"](0.1), (5.0, 0.45), 50))


def test_every_style_that_is_drawn_is_in_the_palette() -> None:
    answer, _ = Live(lessons["coordinates"]).respond({"ask": 1})
    used = {t["style"] for t in answer["traces"]} | {h["style"] for h in answer["handles"]}
    assert used <= set(styles(lessons["coordinates"].rules))


def test_runs_in_theta_are_kept_while_a_moves() -> None:
    lesson = lessons["coordinates"]
    one, two = lesson.after({"shear": 0.3}), lesson.after({"shear": 0.4})
    for name in one.paired_runs:
        assert one.paired_runs[name].in_theta is two.paired_runs[name].in_theta
        assert one.paired_runs[name].in_x is not two.paired_runs[name].in_x
    assert RunsModel(one.state).paired_runs["natural"].in_x is one.paired_runs["natural"].in_x


@pytest.mark.parametrize(
    "changes", [{}, {"problem": "logistic-regression"}, {"rate": 1.5, "rules": list(rules)[:4]}]
)
def test_what_is_worked_out_for_all_runs_together_is_what_each_says_alone(changes: Any) -> None:
    model = lessons["coordinates"].after({"matrix": A, **changes})
    pairs = model.paired_runs
    assert len(pairs) > 1
    for pair in pairs.values():
        assert pair.known is not None
        together, alone = pair.measures, replace(pair, known=None).measures
        np.testing.assert_allclose(together.gap, alone.gap, rtol=1e-6, atol=1e-13)
        np.testing.assert_allclose(together.theta_run_in_x, alone.theta_run_in_x, rtol=1e-13)
        np.testing.assert_allclose(together.x_run_in_theta, alone.x_run_in_theta, rtol=1e-13)
        for mine, theirs in zip(together.losses, alone.losses, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-12)
        for path, losses in zip((pair.in_theta, pair.in_x), together.losses, strict=True):
            assert broken(path, losses) == broken(path)


def test_ellipses_stand_evenly_along_the_good_part_of_a_path() -> None:
    _, traces, arrays = drawn(add_ellipses, {"rate": 1.5, "rules": ["gradient"]})
    model = lessons["coordinates"].after({"matrix": A, "rate": 1.5, "rules": ["gradient"]})
    pair = model.paired_runs["gradient"]
    for trace, run_ in zip(traces, (pair.in_theta, pair.in_x), strict=True):
        length = np.r_[0, np.linalg.norm(np.diff(run_.theta[run_.ok], axis=0), axis=1).cumsum()]
        marks = np.linspace(0, length[-1], 7)
        expected = np.unique(np.searchsorted(length, marks).clip(0, len(length) - 1))
        assert arrays[trace["at"]].tolist() == expected.tolist()


def test_three_maps_come_with_the_first_answer_where_they_are_quick() -> None:
    lesson = lessons["robustness"]
    sheet = Sheet()
    for rule, up, shown in (
        ("natural", "angle", ["map", "map-gradient", "map-newton", "theta"]),
        ("adam", "angle", ["map", "map-gradient", "map-newton", "theta"]),
        ("natural", "damping", ["map", "map-newton", "theta"]),
    ):
        sheet = Sheet()
        model = lesson.after({"rules": [rule], "up": up, "damping": 1.0, "stretch": 2.9})
        answer = lesson.picture(model, sheet)
        assert [plane["name"] for plane in answer["planes"]] == shown
        assert "more" not in answer
        heats = [trace for trace in traces_of(sheet) if trace["kind"] == "heat"]
        assert [trace["plane"] for trace in heats] == shown[:-1]
        arrays = unpack({"buffers": sheet.buffers}, sheet.data)
        for trace, of in zip(heats, (rule, *model.beside), strict=True):
            state = replace(model.state, rules=(of,))
            alone = Sheet()
            lesson.picture(type(model)(state), alone)
            first = unpack({"buffers": alone.buffers}, alone.data)[traces_of(alone)[0]["cells"]]
            np.testing.assert_array_equal(arrays[trace["cells"]], first)


def test_a_map_comes_coarse_to_fine_and_is_the_sweep_when_it_is_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(grid_sweep, "LOT", 1)
    lesson = lessons["robustness"]
    model = lesson.after({"stretch": 2.7})
    shares, maps = [], []
    for part in range(1, 30):
        sheet = Sheet(fine=part)
        answer = lesson.picture(model, sheet)
        maps += [traces_of(sheet)[0]] if traces_of(sheet)[0]["kind"] == "heat" else []
        shares.append(answer.get("progress", 1.0))
        assert answer.get("more", part + 1) == part + 1
        if "more" not in answer:
            break
    assert 0 < shares[0] < 0.1, "the first answer waits for one block"
    assert shares == sorted(shares)
    assert shares[-1] == 1
    sheet = Sheet()
    lesson.picture(model, sheet)
    arrays = unpack({"buffers": sheet.buffers}, sheet.data)
    cells = arrays[traces_of(sheet)[0]["cells"]].reshape(65, 65)
    small = model.sweep(17)
    np.testing.assert_array_equal(np.isfinite(small), (cells < 0.9)[::4, ::4].T)


def test_a_coarse_cell_stands_for_its_unknown_neighbors() -> None:
    from natgrad_lecture.drawing.heat_map import spread

    value, done = np.arange(17.0)[:, None] * np.ones(17), np.zeros((17, 17), bool)
    done[::16, ::16] = True
    shown = spread(value, done)
    assert set(shown.ravel()) == {0.0, 16.0}
    done[8, 8] = True
    assert spread(value, done)[8, 8] == 8.0
    done[:] = True
    np.testing.assert_array_equal(spread(value, done), value)


def test_a_number_too_large_for_the_page_is_sent_as_infinite() -> None:
    sheet = Sheet()
    sheet.array("loss", np.array([1.0, 1e80]))
    assert np.isinf(unpack({"buffers": sheet.buffers}, sheet.data)["loss"][1])


def test_a_gap_that_is_rounding_is_shown_as_zero() -> None:
    lesson = lessons["coordinates"]
    rows = Live(lesson).respond({"ask": 0})[0]["meter"]
    texts = {row["rule"]: row["text"] for row in rows}
    assert texts["newton"] == texts["natural"] == "0"
    assert float(texts["gradient"]) > 0.1


@pytest.mark.parametrize("bend", [0.0, 0.3])
def test_a_note_says_where_rounding_alone_sets_two_runs_apart(bend: float) -> None:
    rng, grown = np.random.default_rng(0), 0
    for _ in range(60):
        model = lessons["newton"].after(
            {
                "problem": "normal",
                "rules": ["gradient", "newton", "natural"],
                "start": rng.uniform((5.2, 0.15), (5.7, 0.5)).tolist(),
                "rate": float(10 ** rng.uniform(-3, 0.3)),
                "bend": bend * rng.uniform(0.01, 1),
                "shear": rng.uniform(-2, 2),
                "steps": 400,
            }
        )
        for name, pair in model.paired_runs.items():
            equal_steps = name != "gradient" and not bend
            assert (GROWN in trouble(pair)) == (equal_steps and pair.gap >= COINCIDE)
            grown += GROWN in trouble(pair)
    assert bool(grown) != bool(bend)
