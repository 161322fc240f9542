"""Whatever fails in a lesson's model or figure is one sentence to the reader, and a trace to us."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from natgrad_lecture import nearest
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.export.kinds import EXPORTS
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.page_data import page_data
from natgrad_lecture.protocol import Picture
from natgrad_lecture.session import Live
from natgrad_lecture.state.fields import BadInput
from natgrad_lecture.time_limit import TookTooLong, time_limit
from natgrad_lecture.widget import Lesson

LESSON = lessons["coordinates"]
RATE = LESSON.default.plain()["rate"]
FAILURES = (
    IndexError("index 0 is out of bounds"),
    StopIteration(),
    ValueError("math domain error"),
    KeyError("x"),
    ZeroDivisionError("division by zero"),
    RecursionError(),
)


@pytest.fixture
def logged() -> Iterator[list[logging.LogRecord]]:
    """What the lessons log."""
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = lambda record: records.append(record)
    logging.getLogger("natgrad").addHandler(handler)
    yield records
    logging.getLogger("natgrad").removeHandler(handler)


def failing(where: Callable[[Any], bool], error: BaseException, in_model: bool = False) -> Live:
    """The lesson, of which some states cannot be drawn."""

    def model(state: Any) -> Any:
        if in_model and where(state):
            raise error
        return LESSON.model(state)

    def picture(model: Any, sheet: Sheet) -> Picture:
        if not in_model and where(model.state):
            raise error
        return LESSON.picture(model, sheet)

    return Live(replace(LESSON, model=model, picture=picture), EXPORTS)


def assert_plain(answer: Mapping[str, Any]) -> None:
    """No programmer's word is in what a reader is told."""
    said = " ".join(
        [*answer.get("errors", {}).values(), *answer.get("dropped", []), answer.get("fault", "")]
    )
    assert said
    for word in ("Error", "Exception", "StopIteration", "index", "domain", "division"):
        assert word not in said


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("in_model", [True, False], ids=["model", "figure"])
def test_a_change_that_cannot_be_drawn_is_said_beside_its_control_and_the_picture_stays(
    error: Exception, in_model: bool, logged: list[logging.LogRecord]
) -> None:
    live = failing(lambda state: state.rate > 0.04, error, in_model)
    first, _ = live.respond({"ask": 1, "set": {"rate": 0.03, "steps": 50}})
    answer, data = live.respond({"ask": 2, "state": first["state"], "set": {"rate": 0.05}})
    assert list(answer["errors"]) == ["rate"]
    assert answer["errors"]["rate"].startswith("The last good picture stays: ")
    assert_plain(answer)
    assert answer["state"] == first["state"]
    assert answer["traces"]
    assert data
    (record,) = logged
    assert record.exc_info
    assert "coordinates?v=1&rate=0.05&steps=50" in record.getMessage()


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
def test_a_link_that_cannot_be_drawn_opens_the_nearest_state_that_can_and_says_so(
    error: Exception,
) -> None:
    live = failing(lambda state: state.rate > 0.04, error)
    answer, _ = live.respond({"ask": 0, "query": "v=1&rate=0.05&steps=77&damping=0.1", "set": {}})
    assert (answer["state"]["steps"], answer["state"]["damping"]) == (77, 0.1)
    assert answer["state"]["rate"] == RATE
    assert answer["dropped"] == [f"rate ({nearest.UNFORESEEN})"]
    assert_plain(answer)


def test_where_two_parts_of_a_link_must_go_both_go() -> None:
    live = failing(lambda state: state.rate > 0.04 or state.steps == 77, IndexError())
    answer, _ = live.respond({"ask": 0, "query": "v=1&rate=0.05&steps=77", "set": {}})
    assert answer["state"] == LESSON.default.plain()
    assert answer["dropped"] == [f"rate, steps ({nearest.UNFORESEEN})"]


def test_a_lesson_that_can_draw_nothing_says_so() -> None:
    answer, data = failing(lambda _state: True, IndexError("index")).respond({"ask": 3})
    assert answer == {"answer": 3, "fault": nearest.NO_PICTURE}
    assert data == b""


def test_a_sentence_meant_for_the_reader_is_passed_on() -> None:
    live = failing(lambda state: state.rate > 0.04, BadInput("rate", "too bold here"))
    answer, _ = live.respond({"ask": 2, "set": {"rate": 0.05}})
    assert answer["errors"] == {"rate": "The last good picture stays: too bold here."}


def test_a_picture_that_cannot_grow_stays_as_it_is_and_asks_no_more() -> None:
    def picture(model: Any, sheet: Sheet) -> Picture:
        if sheet.fine > 2:
            raise IndexError
        return {**LESSON.picture(model, sheet), "more": sheet.fine + 1}

    live = Live(replace(LESSON, picture=picture))
    assert live.respond({"ask": 1, "fine": 2})[0]["more"] == 3
    answer, _ = live.respond({"ask": 2, "fine": 3})
    assert "more" not in answer
    assert answer["traces"]
    assert_plain(answer)


@pytest.mark.parametrize(
    "part", [{"set": {"rate": 0.05}}, {"query": "v=1&rate=0.05"}, {"state": {}}]
)
def test_what_fails_before_there_is_a_state_is_a_sentence_too(
    part: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    live = Live(LESSON)
    if "state" in part:
        part = {"state": LESSON.default.plain()}

    def fail(self: Any) -> Any:
        raise StopIteration

    monkeypatch.setattr(type(LESSON.default), "whole", fail)
    answer, _ = live.respond({"ask": 1, **part})
    assert answer["traces"]
    assert_plain(answer)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the system has no such timer")
def test_what_takes_too_long_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def model(state: Any) -> Any:
        while state.rate > 0.04:
            try:
                sum(range(1000))
            except Exception:  # a lesson's own handler does not take it for one of its errors
                continue
        return LESSON.model(state)

    monkeypatch.setattr(nearest, "LONGEST", 0.2)
    began = time.thread_time()
    answer, _ = Live(replace(LESSON, model=model)).respond({"ask": 1, "set": {"rate": 0.05}})
    assert time.thread_time() - began < 2
    said = "The last good picture stays: computing this takes more than 0.2 s: take less"
    assert answer["errors"]["rate"].startswith(said)
    assert answer["state"]["rate"] == RATE


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the system has no such timer")
def test_what_takes_more_memory_than_there_is_is_refused_in_words() -> None:
    live = failing(lambda state: state.rate > 0.04, MemoryError(), in_model=True)
    first, _ = live.respond({"ask": 1, "set": {"rate": 0.03}})
    answer, _ = live.respond({"ask": 2, "state": first["state"], "set": {"rate": 0.05}})
    assert answer["errors"]["rate"].endswith("more memory than there is: take less of it.")
    assert answer["state"] == first["state"]


def test_the_limit_is_of_processor_time_and_ends_with_its_block() -> None:
    with time_limit(0.05):
        time.sleep(0.1)  # which is nobody's work
    began = time.thread_time()

    def work() -> None:
        with time_limit(0.3), time_limit(0.01):  # the outer one holds
            while time.thread_time() < began + 2:
                pass

    with pytest.raises(TookTooLong):
        work()
    assert time.thread_time() - began > 0.2
    assert signal.getitimer(signal.ITIMER_PROF)[0] == 0


def test_what_cannot_be_exported_is_said(logged: list[logging.LogRecord]) -> None:
    live = failing(lambda state: state.rate > 0.04, StopIteration(), in_model=True)
    state = {**LESSON.default.plain(), "rate": 0.05}
    answer, _ = live.respond({"ask": 4, "export": "cite", "state": state})
    assert answer == {"answer": 4, "fault": nearest.NOT_EXPORTED}
    assert logged


def test_no_exception_s_name_leaves_the_widget(logged: list[logging.LogRecord]) -> None:
    def respond(ask: Mapping[str, Any]) -> tuple[Mapping[str, Any], bytes]:
        if ask["ask"]:
            raise StopIteration
        return LIVE.respond(ask)

    widget = Lesson(page_data(LESSON), respond)
    answer, _ = widget.respond({"ask": 5})
    assert answer == {"answer": 5, "fault": nearest.NO_PICTURE}
    assert logged[-1].exc_info


LIVE = Live(LESSON)


def test_no_other_state_is_thought_of_where_the_wished_one_can_be_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    thought: list[Any] = []
    monkeypatch.setattr(nearest, "_good", lambda *given: thought.append(given) or ())
    live = Live(LESSON)
    known = live.respond({"ask": 1, "set": {"damping": 0.3, "steps": 60}})[0]
    live.respond({"ask": 2, "state": known["state"], "set": {"rate": 0.03}})
    assert not thought
    failing(lambda state: state.steps == 60, ValueError()).respond(
        {"ask": 3, "state": known["state"], "set": {"rate": 0.03}}
    )
    assert thought
