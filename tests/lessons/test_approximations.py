"""A step with each matrix is drawn at once; its curves come when the reader rests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from natgrad_core.nets.step_comparison import one_step
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.approximations.model import SHARES
from natgrad_lecture.lessons.approximations.state import ARRIVED
from natgrad_lecture.session import Live
from tests.support.answers import unpack


def ask(live: Live, fine: int = 0, **changes: Any) -> Mapping[str, Any]:
    state = live.store.state.plain()
    return live.respond({"ask": 1, "state": state, "set": changes, "fine": fine})[0]


def rest(live: Live, answer: Mapping[str, Any]) -> Mapping[str, Any]:
    progress = [answer["progress"]]
    while "more" in answer:
        answer = ask(live, answer["more"])
        progress.append(answer.get("progress", 1.0))
    assert progress == sorted(progress), "progress goes back"
    return answer


def curves(answer: Mapping[str, Any]) -> list[str]:
    """Whose loss is drawn along its step; the models are dashed."""
    return [
        t["style"]
        for t in answer["traces"]
        if t["plane"] == "along" and t["kind"] == "curve" and "dash" not in t
    ]


def errors(answer: Mapping[str, Any]) -> list[Any]:
    return [row[-1] for row in answer["charts"][0]["table"]["rows"]]


@pytest.mark.slow
def test_a_drag_waits_for_no_curve_and_rest_brings_them_all() -> None:
    live = Live(lessons["approximations"])
    first = ask(live, data="wine", seed=5)
    assert curves(first) == []
    assert set(errors(first)) == {None}
    assert len(curves(rest(live, first))) == len(live.model.state.matrices)
    dragged = ask(live, damping=0.2)
    assert curves(dragged) == []
    assert None not in errors(dragged)
    assert len(curves(ask(live, dragged["more"]))) == len(live.model.state.matrices)


@pytest.mark.slow
def test_what_is_drawn_at_rest_is_the_loss_and_eigenvectors_move_nothing() -> None:
    live = Live(lessons["approximations"])
    before = ask(live, data="wine", seed=6, damping=0.3)
    steps = dict(live.model.steps)
    rest(live, before)
    ask(live, damping=0.1)  # by eigenvectors from here on
    afresh = one_step(live.model.point, 0.1)
    for name, step in live.model.steps.items():
        assert step.change.numpy() == pytest.approx(afresh[name].change.numpy(), rel=1e-3, abs=1e-5)
        assert not np.allclose(step.change.numpy(), steps[name].change.numpy(), rtol=0.05)
        problem, at = live.model.problem, live.model.point
        there = [float(problem.loss(at.theta + t * step.change)) for t in SHARES.tolist()]
        assert live.model.falls[name] == pytest.approx(there, rel=1e-4)


def test_the_axes_of_small_steps_have_marks_of_few_digits() -> None:
    answer = ask(Live(lessons["approximations"]), damping=100.0)
    planes = {plane["name"]: plane for plane in answer["planes"]}
    fan, along = planes["fan"], planes["along"]
    assert fan["labels"] == ["10⁻⁴ nats along exact", "10⁻⁴ nats"]
    assert 1 < fan["view"][1] < 11, "numbers of one digit before the point"
    assert max(len(text) for _, text in along["ticks"][1]) <= 6


def test_a_loss_that_a_step_makes_larger_climbs() -> None:
    live = Live(lessons["approximations"])
    said = []
    for damping in (1e-6, 1e-2):
        said += ask(live, damping=damping)["description"].split("; ")
        for sentence, step in zip(said[-2:], live.model.steps.values(), strict=True):
            assert ("climbs" if step.gained < 0 else "falls") in sentence
    assert ["climbs" in sentence for sentence in said] == [True, False, False, False]
    assert not [sentence for sentence in said if "−" in sentence]


@pytest.mark.slow
@pytest.mark.parametrize("data", ["digits", "wine", "moons"])
@pytest.mark.parametrize("after", [10, 20, 30])
def test_the_numbers_of_a_late_step_are_no_rounding(data: str, after: int) -> None:
    """A step so short that its KL is ½δᵀFδ, of which single precision shows other digits."""
    state = {"data": data, "after": after, "matrices": ["exact", "kfac", "euclidean"]}
    for damping in (0.001, 0.1, 100.0):
        model = lessons["approximations"].after({**state, "damping": damping})
        assert model.step("exact").angle < 1e-3
        for name, step in model.steps.items():
            if 1e-13 < step.bend < 1e-6:  # of a smaller one double precision has few digits, too
                assert abs(step.nats - step.bend / 2) < 0.05 * step.nats, (name, damping)
            assert step.nats > -1e-14


@pytest.mark.slow
def test_a_run_that_has_arrived_ends_within_its_plane_at_the_loss_that_can_be_told() -> None:
    live = Live(lessons["approximations"])
    runs = {"show": "runs", "data": "wine", "runs": ["exact", "block"], "steps": 200}
    answer, data = live.respond({"ask": 0, "set": runs})
    while more := answer.get("more"):
        answer, data = live.respond({"ask": 0, "state": answer["state"], "fine": more})
    arrays = unpack(answer, data)
    paths = [t for t in answer["traces"] if t["plane"] == "loss"]
    assert [t["style"] for t in paths] == ["exact", "block"]
    for trace in paths:
        assert arrays[trace["points"]][:, 1].min() >= 0
        (_, read) = trace["read"][0]
        assert arrays[read].min() == np.float32(ARRIVED)
    assert "≤ " in answer["description"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lesson", "field"), [("approximations", "matrices"), ("after-kfac", "methods")]
)
def test_an_arrow_is_as_long_as_its_gain_or_said_to_be_cut(lesson: str, field: str) -> None:
    found = 0
    for damping in (1e-6, 1e-2):
        live = Live(lessons[lesson])
        answer, data = live.respond({"ask": 0, "set": {"data": "wine", "damping": damping}})
        arrays, steps = unpack(answer, data), live.model.steps
        tips = {
            t["style"]: (t["name"], float(np.linalg.norm(arrays[t["points"]])))
            for t in answer["traces"]
            if t["plane"] == "fan" and t["kind"] == "points"
        }
        unit = max(length for _, length in tips.values()) / max(
            min(abs(step.gained), 2.5 * live.model.step("exact").promise) for step in steps.values()
        )
        said = answer["errors"].get(field, "")
        for style, (name, length) in tips.items():
            whole = abs(length - unit * abs(steps[style].gained)) < 1e-4 * length
            assert whole != (name in said), (damping, name, said)
            found += not whole
    assert found, "some arrow is too long"
