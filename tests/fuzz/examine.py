"""What must hold of the answer to any ask at all, and how to try many of them."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from itertools import count
from typing import Any, NamedTuple

from hypothesis import HealthCheck, Phase, given, settings

from natgrad_lecture.export.kinds import EXPORTS
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.session import Live
from natgrad_lecture.state.link import read_query
from natgrad_lecture.widget import plain
from tests.fuzz.strategies import asks, changes, links


class Unforeseen(logging.Handler):
    """Keeps the traces that a lesson logs: a page hears one sentence of a failure, not we."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.traces: list[str] = []
        logging.getLogger("natgrad").addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a trace; a refusal in words has none."""
        if record.exc_info:
            self.traces.append(f"{record.getMessage()}\n{logging.Formatter().format(record)}")

    def check(self) -> None:
        """Fail if anything failed since."""
        traces, self.traces = self.traces, []
        assert not traces, traces[0]


unforeseen = Unforeseen()

SIZES = {"float32": 4, "float64": 8, "int32": 4, "uint8": 1}


class Watched(Live):
    """A lesson that knows which ask it computed longest for: meanwhile it hears no other."""

    slowest: tuple[float, Mapping[str, Any]] = 0.0, {}

    def respond(self, ask: Mapping[str, Any]) -> tuple[Mapping[str, Any], bytes]:
        """The answer; its seconds of computing are noted."""
        began = time.thread_time()
        answer = super().respond(ask)
        took = time.thread_time() - began
        if took > self.slowest[0]:
            self.slowest = took, ask
        return answer


class Tried(NamedTuple):
    """How many asks were tried, and which took longest."""

    cases: int
    seconds: float
    ask: Mapping[str, Any]


def examine(live: Live, ask: dict[str, Any]) -> dict[str, Any]:
    """Ask; the answer is whole, its state is a good one, and what was refused changed nothing."""
    live.store.reset()
    answer, arrays = live.respond(ask)
    unforeseen.check()
    sent = plain(answer)
    # As a kernel sends it: UTF-8 without escapes.
    assert json.dumps(sent, allow_nan=False, ensure_ascii=False).encode()
    assert isinstance(arrays, bytes)
    if "exported" in sent or "fault" in sent:
        words = sent["exported"]["text"] if "exported" in sent else sent["fault"]
        assert isinstance(words, str)
        assert words
        assert live.store.state == live.lesson.first, "an export changes nothing"
        return sent
    assert all(isinstance(text, str) and text for text in sent["errors"].values())
    again = live.lesson.store()
    again.load(sent["state"])
    assert again.state == live.store.state, "the page can bring its state to another kernel"
    linked, dropped = read_query(sent["query"], live.lesson.default)
    assert not dropped, dropped
    assert live.lesson.query(linked) == sent["query"], "and so can its link"
    return sent


def refused_means_unchanged(live: Live, ask: dict[str, Any]) -> None:
    """Where every change was refused, the state is the one that the ask came with."""
    before = live.lesson.default.plain()
    ask = {"ask": 1, "state": before, "set": ask}
    answer = examine(live, ask)
    if ask["set"] and all(name in answer["errors"] for name in ask["set"]):
        assert live.store.state == live.lesson.default, answer["errors"]


def fuzz(lesson: Lesson, cases: int) -> Tried:
    """Try so many asks, and a quarter as many with nothing but changes."""
    live = Watched(lesson, EXPORTS)
    live.respond({"ask": 0})
    live.slowest = 0.0, {}  # what it imports, it imports once
    tried = count()
    calm = settings(
        max_examples=cases,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),  # pyright: ignore[reportArgumentType]
    )

    @calm
    @given(asks(lesson))
    def any_ask(ask: dict[str, Any]) -> None:
        next(tried)
        examine(live, ask)

    @settings(calm, max_examples=-(-cases // 4))
    @given(changes(lesson))
    def any_changes(built: dict[str, Any]) -> None:
        next(tried)
        refused_means_unchanged(live, built)

    any_ask()
    any_changes()
    good, _ = live.respond({"ask": 1, "state": lesson.default.plain(), "set": {}})
    assert good["state"] == lesson.default.plain(), "after all that, a good ask works"
    return Tried(next(tried), *live.slowest)


def fuzz_states(lesson: Lesson, cases: int) -> int:
    """Try so many links and changes on the state alone, which is quick; returns how many."""
    tried = count()
    calm = settings(
        max_examples=cases,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),  # pyright: ignore[reportArgumentType]
    )

    @calm
    @given(links(lesson), changes(lesson))
    def any_link(link: str, built: dict[str, Any]) -> None:
        next(tried)
        state, dropped = read_query(link, lesson.default)
        assert all(isinstance(text, str) and text for text in dropped)
        store = lesson.store()
        store.state = state
        store.set(built)
        assert store.state.whole() == store.state

    any_link()
    return next(tried)
