"""A graph puts each number where its axis says, and marks round ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from natgrad_lecture.drawing.graph import Axis, Graph
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.windows import square
from tests.support.answers import traces_of, unpack


@pytest.mark.parametrize(
    "axis", [Axis("a", -3.0, 7.0), Axis("b", 0.02, 0.31), Axis("c", 1e-8, 1e2, log=True)]
)
def test_ends_lie_at_the_ends_and_marks_say_the_number_at_their_place(axis: Axis) -> None:
    assert axis.place([axis.low, axis.high]) == pytest.approx([0.0, 1.0], abs=1e-12)
    ticks = axis.ticks()
    assert 3 <= len(ticks) <= 12
    for at, text in ticks:
        assert float(axis.place(number(text))) == pytest.approx(at, abs=1e-9)
        assert -1e-9 <= at <= 1 + 1e-9


def number(text: str) -> float:
    """The number that a mark says: 0.2, 10⁻³ or 2×10⁻⁷."""
    plain = text.translate(str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--0123456789"))
    if not set(text) & set("⁰¹²³⁴⁵⁶⁷⁸⁹"):
        return float(plain)
    digits, _, power = plain.rpartition("×")
    return float(digits or 1) * 10.0 ** float(power.removeprefix("10"))


@given(st.floats(-12, 6), st.floats(0.005, 20))
def test_every_logarithmic_axis_has_two_marks_or_more_that_say_the_number_there(
    low: float, powers: float
) -> None:
    """From 0.14 to 1 there was one, which says nothing of the rest."""
    axis = Axis("J", 10.0**low, 10.0 ** (low + powers), log=True)
    ticks = axis.ticks()
    assert 2 <= len(ticks) <= 12
    assert len({text for _, text in ticks}) == len(ticks)
    for at, text in ticks:
        assert float(axis.place(number(text))) == pytest.approx(at, abs=0.02)
        assert -1e-6 <= at <= 1 + 1e-6


def test_a_range_too_narrow_for_its_numbers_is_widened_about_its_middle() -> None:
    axis = Axis("J", 0.37514482801, 0.37514482841)
    assert max(len(text) for _, text in axis.ticks()) <= 6
    assert float(axis.place(0.37514482821)) == pytest.approx(0.5)


def test_a_power_law_is_a_straight_line_on_two_logarithmic_axes() -> None:
    sheet = Sheet()
    graph = Graph(sheet, "g", "", Axis("r", 1e-3, 1, log=True), Axis("e", 1e-9, 1, log=True))
    radii = np.geomspace(1e-3, 1, 9)
    graph.curve("metric", "error", radii, radii**3)
    points = unpack({"buffers": sheet.buffers}, sheet.data)[traces_of(sheet)[0]["points"]]
    np.testing.assert_allclose(points[:, 0], points[:, 1], atol=1e-6)


def test_a_window_is_square_and_holds_every_point_that_is_a_number() -> None:
    points = np.array([[0.0, 5.0], [4.0, 6.0], [np.nan, 2.0], [1.0, np.inf]])
    view = square(points)
    assert np.ptp(view, axis=1) == pytest.approx([4.0, 4.0])
    assert (points[:2] >= view[:, 0]).all()
    assert (points[:2] <= view[:, 1]).all()
