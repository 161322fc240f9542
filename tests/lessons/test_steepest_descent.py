"""What the page on steepest descent draws where there is no ball, and beside the ball of F."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from natgrad_core import problems
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.steepest_descent.state import FISHER_STRIP, OPEN, STRIP
from natgrad_lecture.session import Live
from tests.support.answers import unpack

LESSON = lessons["steepest-descent"]


def drawn(changes: Any) -> tuple[Any, dict[str, Any]]:
    """The picture's answer, and its traces' points by their names."""
    sheet = Sheet()
    answer = LESSON.picture(LESSON.after(changes), sheet)
    arrays = unpack({"buffers": sheet.buffers}, sheet.data)
    traces: list[Any] = list(sheet.traces)
    return answer, {t["name"]: arrays[t["points"]] for t in traces if "points" in t}


def test_on_a_hyperbola_the_formulas_vector_is_told_and_drawn() -> None:
    answer, traces = drawn(OPEN)
    found = [answer["numbers"][f"best.{i}"] for i in (0, 1)]
    seen = LESSON.after(OPEN)
    raised = np.linalg.solve(seen.metric, seen.gradient)
    np.testing.assert_allclose(found, -raised / np.sqrt(seen.gradient @ raised))
    np.testing.assert_allclose(traces["the formula's vector"][0, 2:], found, rtol=1e-6)
    assert "steepest direction a*" not in traces


def test_where_the_formula_has_no_value_nothing_is_told() -> None:
    answer, traces = drawn({**OPEN, "gradient": (1.0, -0.8)})
    assert answer["numbers"]["best.0"] is None
    assert "the formula's vector" not in traces


def test_a_strip_says_whether_a_direction_is_steepest() -> None:
    assert "no direction is steepest" in drawn(STRIP)[0]["description"]
    assert "along which J does not change" in drawn(FISHER_STRIP)[0]["description"]


@pytest.mark.parametrize("name", ["normal", "gamma", "logistic-regression"])
def test_the_dashed_curve_holds_the_steps_of_one_exact_kl(name: str) -> None:
    curve = drawn({"of": name})[1]["exact KL = ½ε², ε = 0.1, magnified"]
    problem = problems[name]()
    start = np.asarray(problem.start, float)
    kl = problem.kl(start, start + 0.1 * curve)
    np.testing.assert_allclose(kl, 0.005, rtol=1e-4)
    metric = problem.fisher(start)
    lengths = np.sqrt(np.einsum("ni,ij,nj->n", curve, metric, curve))
    assert 1e-3 < np.abs(lengths - 1).max() < 0.1, "close to the ellipse, and not the ellipse"


@pytest.mark.parametrize(("entry", "zero"), [("metric.0.1", (0, 1)), ("metric.0.0", (0, 0))])
def test_an_entry_of_g_that_is_typed_as_zero_is_shown_as_zero(
    entry: str, zero: tuple[int, int]
) -> None:
    answer, _ = Live(LESSON).respond({"ask": 1, "set": {entry: 0}})
    for value in (answer["values"][entry], answer["numbers"]["G.{}.{}".format(*zero)]):
        assert str(value) == "0.0", "neither rounding nor a minus sign"
