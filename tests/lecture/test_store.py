"""The store: every view of A stays in step, and what is refused leaves the last good state."""

from __future__ import annotations

import re

import numpy as np
import pytest

from natgrad_core.charts.linear import Parts, compose, decompose
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.state.fields import BadInput
from natgrad_lecture.state.store import Store


@pytest.fixture
def store() -> Store:
    return lessons["coordinates"].store()


def test_parts_and_entries_of_a_name_the_same_matrix(rng: np.random.Generator) -> None:
    for _ in range(200):
        matrix = rng.normal(size=(2, 2))
        np.testing.assert_allclose(compose(decompose(matrix)), matrix, atol=1e-12)


def test_turning_one_part_leaves_the_others(store: Store) -> None:
    before = decompose(store.state.matrix)
    assert store.set({"rotation": 30.0}) == {}
    np.testing.assert_allclose(decompose(store.state.matrix), before._replace(rotation=30.0))


def test_an_entry_a_column_and_a_part_all_set_a(store: Store) -> None:
    assert store.set({"matrix.0.1": 0.25, "matrix.:.0": [2, 0.5]}) == {}
    assert store.state.matrix == ((2.0, 0.25), (0.5, 1.0))
    assert store.set({"stretch1": 3.0}) == {}
    assert decompose(store.state.matrix).stretch1 == pytest.approx(3.0)


def test_a_start_dragged_in_x_is_the_same_point_in_theta(store: Store) -> None:
    store.set({"matrix": [[2, 1], [0, 0.5]]})
    assert store.set({"start.x": [2.3, 0.7]}) == {}
    assert store.state.point == pytest.approx((5.3, 0.35))


def test_another_problem_brings_its_own_start_and_rate(store: Store) -> None:
    store.set({"start": [5.3, 0.3], "rate": 0.07})
    assert store.set({"problem": "logistic-regression"}) == {}
    assert store.state.point == (-1.0, 0.5)
    assert store.state.rate != 0.07


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"matrix.:.0": [0.8, 1.0]}, "matrix.:.0", "singular"),
        ({"stretch1": 0}, "stretch1", "more than 0"),
        ({"stretch2": 0}, "stretch2", "singular"),
        ({"shear": 3000}, "shear", "any number up to a thousand"),
        ({"matrix.0.0": "one"}, "matrix.0.0", "must be a number"),
        ({"start": [5.3, -0.2]}, "start", "σ > 0"),
        ({"start.1": 0}, "start.1", "σ > 0"),
        ({"rate": 0}, "rate", "not allowed"),
        ({"damping": -1}, "damping", "0 (none) or more"),
        ({"nonsense": 1}, "nonsense", "no field"),
        ({"matrix.a.b": 1}, "matrix.a.b", "no control"),
        ({"start.7": 1}, "start.7", "no control"),
        ({"rotation": "north"}, "rotation", "is not a number"),
    ],
)
def test_a_refused_change_names_its_control_and_leaves_the_last_good_state(
    store: Store, change: dict[str, object], field: str, said: str
) -> None:
    before = store.state
    errors = store.set(change)
    assert said in errors[field]
    assert store.state == before
    assert store.set({"rate": 0.03}) == {}, "the next good input works"
    assert store.state.rate == 0.03


def test_one_bad_change_does_not_take_the_good_ones_with_it(store: Store) -> None:
    assert set(store.set({"rate": -1, "steps": 12})) == {"rate"}
    assert store.state.steps == 12


def test_loading_a_state_that_is_none_is_refused(store: Store) -> None:
    before = store.state
    with pytest.raises(BadInput):
        store.load({"matrix": [[1, 1], [1, 1]]})
    assert store.state == before


def test_a_part_with_which_an_entry_of_a_is_too_large_is_refused_at_its_own_control(
    store: Store,
) -> None:
    assert store.set({"stretch1": 100}) == {}
    assert [*store.set({"shear": 900})] == ["shear"]


NUMBER = r"\d[\d.]*(e[+-]?\d+)?°?|0 \(none\)|a (thousand|million)"


@pytest.mark.parametrize("lesson", lessons.values(), ids=list(lessons))
def test_a_number_that_is_too_large_is_refused_at_its_own_control_with_both_its_bounds(
    lesson: Lesson,
) -> None:
    controls = [control for group in lesson.control_groups() for control in group["controls"]]
    fields = [c["field"] for c in controls if c["kind"] in ("slider", "number")]
    fields += [f"{c['field']}.0.1" for c in controls if c["kind"] == "matrix"]
    for field in fields:
        for number in (-1e30, 1e30):
            errors = lesson.store().set({field: number})
            assert [*errors] == [field], number
            allowed = errors[field].partition(";")[2]
            two = len(re.findall(NUMBER, allowed)) > 1
            assert two or "in size" in allowed, errors


@pytest.mark.parametrize(("field", "given"), [("rate", 100.0000001), ("steps", 2.0000001)])
def test_a_number_is_not_rounded_to_one_that_is_allowed_where_it_is_refused(
    store: Store, field: str, given: float
) -> None:
    assert f"= {given} is not" in store.set({field: given})[field]


def test_parts_are_the_names_of_the_sliders() -> None:
    fields = {c["field"] for g in lessons["coordinates"].control_groups() for c in g["controls"]}
    assert set(Parts._fields) <= fields
