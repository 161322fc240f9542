"""The natural gradient's picture: what a run that ended is called, and KL beside its ellipse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from natgrad_core import run
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.natural_gradient.model import SIDE
from natgrad_lecture.lessons.natural_gradient.model import _rule as rule_of
from natgrad_lecture.lessons.natural_gradient.state import BENDS, LONGEST, NARROW, RATES
from tests.support.answers import unpack

LESSON = lessons["natural-gradient"]
ENDS = {"graph": "sigma", "rate": 1.0, "rules": ["natural"], "chart": "precision", "start": NARROW}


def drawn(changes: Any) -> tuple[Any, list[Any], dict[str, Any]]:
    """The picture's answer, its traces, and the arrays that they name."""
    sheet = Sheet()
    answer = LESSON.picture(LESSON.after(changes), sheet)
    traces: list[Any] = list(sheet.traces)
    return answer, traces, unpack({"buffers": sheet.buffers}, sheet.data)


def test_runs_of_which_one_ended_are_not_said_to_coincide() -> None:
    (row,) = drawn({**ENDS, "steps": 6})[0]["meter"]
    assert (row["word"], row["gap"], row["text"]) == ("ended", None, "–")


def test_a_step_that_leaves_the_domain_has_no_mark_in_the_graph() -> None:
    _, traces, arrays = drawn(ENDS)
    marks = {t["style"]: arrays[t["points"]] for t in traces if t["kind"] == "points"}
    assert set(marks) == {"identity", "variance", "log-scale"}, "1/σ² would be negative"
    assert all(np.isfinite(points).all() for points in marks.values())


@pytest.mark.parametrize("q", [0.0, 0.25, 0.5, 1.0])
@pytest.mark.parametrize("rate", [0.01, 0.1, 1.0])
def test_the_limit_curve_is_that_of_much_smaller_steps_or_is_not_drawn(
    q: float, rate: float
) -> None:
    """It was up to 1.5 % of its size away, and not drawn where the flow is a little stiff."""
    model = LESSON.after({"q": q, "rate": rate})
    s, drawn = model.state, model.current
    assert drawn is not None or q == 0
    if drawn is not None:
        small = min(LONGEST, s.rate * s.steps) / 16_000
        rule = rule_of("natural", small, s.q, s.damping, "identity", s.radius)
        far = run(model.problem, rule, model.start, 16_000).theta[::200]
        size = np.linalg.norm(far - far[0], axis=-1).max()
        assert np.linalg.norm(drawn - far, axis=-1).max() < 0.004 * size


def test_the_dashed_curve_is_the_limit_and_the_exact_kl_may_lie_above_it() -> None:
    _, traces, arrays = drawn({"start": (5.45, 0.42), "rules": ["kl-limited"], "steps": 4})
    curves = {t["style"]: arrays[t["points"]] for t in traces if t["plane"] == "graph"}
    heights = {name: points[0, 1] for name, points in curves.items()}
    assert heights["quadratic"] == pytest.approx(heights["radius"], abs=1e-6)
    assert heights["kl-limited"] > heights["quadratic"] + 1e-3


def test_the_page_opens_with_two_directions_that_one_can_tell_apart() -> None:
    model = LESSON.after(LESSON.opening)
    path = model.pair("natural").in_theta
    gradient, natural = -model.problem.grad(path.theta[0]), model.direction(path.theta[:1])[0]
    cosine = gradient @ natural / np.linalg.norm(gradient) / np.linalg.norm(natural)
    assert np.rad2deg(np.arccos(cosine)) > 30
    assert model.gap("natural") < 1e-9
    assert model.gap("gradient") > 0.1


@pytest.mark.parametrize("problem", ["normal", "gamma"])
def test_a_cell_of_the_map_is_what_the_meter_reads_of_its_run(problem: str) -> None:
    rate, bend = RATES.low * 4, BENDS.low * (BENDS.high / BENDS.low) ** 0.75
    store = LESSON.store()
    assert not store.set({"problem": problem, "graph": "map"})
    assert not store.set({"cell": [rate, bend], "rules": ["natural"]})
    assert (store.state.steps, store.state.chart) == (32, "bend")
    model = LESSON.model(store.state)
    cell = model.gap_map("natural")[3 * (SIDE - 1) // 4, (SIDE - 1) // 3]
    assert model.gap("natural") == pytest.approx(cell, rel=1e-3)  # rate and bend are rounded


def test_a_map_is_of_bends_whatever_is_chosen_first() -> None:
    store = LESSON.store()
    store.set({"graph": "map"})
    assert store.state.chart == "bend"
    store.set({"chart": "shear"})
    assert store.state.graph == "gap"


@pytest.mark.parametrize("graph", ["gap", "map"])
def test_where_the_fisher_matrix_has_no_inverse_the_graphs_are_drawn_and_no_direction(
    graph: str,
) -> None:
    rules = ["natural", "gradient"]
    singular = {"problem": "two-layer-linear", "chart": "bend", "rules": rules, "rate": 0.1}
    for damping, some in ((0.0, False), (0.02, True)):
        model = LESSON.after({**singular, "steps": 10, "graph": graph, "damping": damping})
        assert LESSON.picture(model, Sheet())["planes"]
        assert np.isfinite(model.time("gradient"))
        assert (len(model.field[0]) > 0) is some, "arrows of rounding noise" * (not some)
