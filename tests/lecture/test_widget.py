"""A lesson in a notebook: its state two ways, and its path as natgrad_core has it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import numpy as np
import pytest

from natgrad_core import Trajectory, problems, rules, run
from natgrad_lecture import lesson, widget
from natgrad_lecture.widget import plain
from tests.support.event_loops import run_apart


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A lesson whose words to its page are kept in ``sent``."""
    widget = lesson("coordinates")
    sent: list[Any] = []
    monkeypatch.setattr(widget, "send", lambda content, buffers=None: sent.append(content))
    object.__setattr__(widget, "sent", sent)
    return widget


def test_a_state_set_in_the_notebook_moves_the_page_and_the_path(seen: Any) -> None:
    seen.state = {**seen.state, "rate": 0.05, "rules": ("natural",), "steps": 30}
    (answer,) = seen.sent
    assert answer["answer"] is None  # said unasked
    assert answer["values"]["rate"] == 0.05
    assert list(seen.path) == ["natural"]
    shown = seen.path["natural"]["theta"]
    assert isinstance(shown, Trajectory)
    problem = problems["normal"]()
    expected = run(problem, rules["natural"](rate=0.05), problem.start, 30)
    assert np.array_equal(shown.theta, expected.theta)


def test_what_the_reader_does_is_read_in_the_notebook(seen: Any) -> None:
    seen._on_ask(seen, {"ask": 1, "state": seen.state, "set": {"shear": 0.3, "steps": 12}}, None)
    assert seen.state["steps"] == 12
    assert np.allclose(seen.state["matrix"], [[1, 0.3], [0, 1]])
    assert seen.path["newton"]["x"].steps == 12
    assert [answer["answer"] for answer in seen.sent] == [1]  # answered once, not told again


def test_a_bad_state_is_refused_in_words_and_the_last_good_one_stays(seen: Any) -> None:
    before = dict(seen.state)
    seen.state = {**seen.state, "rate": -1.0}
    (answer,) = seen.sent
    assert "the learning rate" in answer["errors"]["rate"]
    assert seen.state == before


def test_a_view_hears_its_own_answer_and_the_others_that_the_state_moved(seen: Any) -> None:
    def ask(view: str, **more: Any) -> dict[str, Any]:
        return {"ask": 1, "view": view, "state": {}, "set": {}, "have": [], **more}

    for view in "ab":  # both ask at once, under the same number
        seen._on_ask(seen, ask(view, follow=True), None)
    assert [(answer["answer"], answer["view"]) for answer in seen.sent] == [(1, "a"), (1, "b")]
    seen.sent.clear()
    seen._on_ask(seen, ask("a", state=seen.state, set={"rate": 0.03}), None)
    answer, moved = seen.sent
    assert (answer["view"], moved) == ("a", {"moved": "a"})
    seen.sent.clear()
    seen._on_ask(seen, ask("b", follow=True), None)
    (answer,) = seen.sent  # to follow is not to move: nobody follows the follower
    assert answer["view"] == "b"
    assert answer["values"]["rate"] == 0.03
    seen.sent.clear()
    for view in "aab":
        seen._on_ask(seen, {"k": 7, "view": view}, None)
    assert seen.sent == [{"moved": "a"}], "a step is told once"
    assert seen.state["k"] == 7


def test_a_page_with_one_view_is_told_nothing_but_its_answers(seen: Any) -> None:
    ask = {"ask": 1, "view": "a", "state": seen.state, "set": {"rate": 0.03}, "have": []}
    seen._on_ask(seen, ask, None)
    assert [answer["answer"] for answer in seen.sent] == [1]


def test_what_an_answer_used_is_weighed_only_once_the_answer_is_sent(
    seen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent_before: list[int] = []
    monkeypatch.setattr(widget.RESULTS, "settle", lambda: sent_before.append(len(seen.sent)))
    seen._on_ask(seen, {"ask": 1, "state": seen.state, "set": {"rate": 0.03}, "have": []}, None)
    assert sent_before == [0, 1], "before it is begun, and once it is sent"


def test_a_file_is_for_the_view_that_wanted_it(seen: Any) -> None:
    seen._on_ask(
        seen, {"ask": -1, "view": "b", "export": "cite", "state": seen.state, "link": ""}, None
    )
    (reply,) = seen.sent
    assert (reply["answer"], reply["view"]) == (-1, "b")


def test_a_view_that_is_drawn_again_follows_what_the_notebook_holds(seen: Any) -> None:
    """After a reload a page has the first picture; the state has gone on since."""
    seen.state = {**seen.state, "rate": 0.05, "k": 9}
    seen.sent.clear()
    seen._on_ask(
        seen, {"ask": 1, "view": "new", "follow": True, "state": seen.first["state"]}, None
    )
    (answer,) = seen.sent
    assert answer["state"] == plain(seen.state)
    assert answer["values"]["rate"] == 0.05


def test_half_a_character_in_an_ask_gets_an_answer_that_can_be_sent(seen: Any) -> None:
    """A kernel sends UTF-8, without escapes: a page whose answer cannot be sent waits in vain."""
    seen._on_ask(seen, {"ask": 1, "state": seen.state, "set": {"\ud800": 1, "rate": 0.03}}, None)
    (answer,) = seen.sent
    assert answer["answer"] == 1
    assert "?" in answer["errors"]
    assert answer["values"]["rate"] == 0.03
    assert json.dumps(answer, ensure_ascii=False).encode()


def test_what_cannot_be_exported_is_refused_in_plain_words(seen: Any) -> None:
    seen._on_ask(seen, {"ask": 2, "state": seen.state, "export": "gold" * 99}, None)
    (answer,) = seen.sent
    assert answer["answer"] == 2
    assert answer["fault"].startswith("there is no export 'goldgold")
    assert answer["fault"].endswith("there are python, cite, html")
    assert len(answer["fault"]) < 120


@pytest.mark.parametrize(
    "answer",
    [
        {"a": float("nan"), "b": [np.inf, -np.inf, 0.1], "c": (1, 2.0, None, True), 3: "θ₁ ≤ ½"},
        {"a": np.float32(0.1), "b": np.int64(-7), "c": np.bool_(True), "d": np.arange(4.0) / 3},
        {"a": np.array([[np.nan, 1e300], [5e-324, -0.0]]), "b": {"c": np.array([], int)}},
        {"a": 2**53 + 1, "b": 2**63 - 1, "c": 1e22, "d": 1.7976931348623157e308, "e": ""},
    ],
    ids=["nan", "numpy", "arrays", "large"],
)
def test_an_answer_is_written_fast_as_it_is_written_slowly(answer: dict[Any, Any]) -> None:
    """Half a character, or a number of 64 bits and more, has the slow writer write all of it."""
    fast = plain(answer)
    slow = plain({**answer, "slow": "\ud800", "long": 2**70})
    assert slow.pop("slow") == "?"
    assert slow.pop("long") == 2**70
    assert json.dumps(fast) == json.dumps(slow)


def test_what_json_has_no_word_for_is_refused_either_way() -> None:
    for more in ({}, {"slow": "\ud800"}):
        with pytest.raises(TypeError, match="plain values, not set"):
            plain({"a": {1, 2}, **more})


def test_a_notebook_keeps_the_picture_that_was_seen_last(
    seen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[tuple[str, bool]] = []
    monkeypatch.setattr(widget.InteractiveShell, "initialized", lambda: True)
    monkeypatch.setattr(widget, "REST", 0.01)
    monkeypatch.setattr(
        widget, "display", lambda data, update, **_: shown.append((data["text/html"], update))
    )

    async def story() -> None:
        seen._repr_mimebundle_()
        for rate in (0.03, 0.04, 0.05):  # a drag: one picture, of its end
            seen._on_ask(seen, {"ask": 1, "state": seen.state, "set": {"rate": rate}}, None)
        await asyncio.sleep(0.1)
        seen._repr_mimebundle_()  # displayed in another cell, too

    run_apart(story())
    assert [again for _, again in shown] == [False, True, False]
    first, last, other = (html for html, _ in shown)
    assert first != last == other
    assert "This picture is not live: run this cell" in last
    assert seen.first["values"]["rate"] == 0.05, "a notebook that is saved with its widgets' state"


def test_on_a_page_of_our_server_no_picture_is_kept(
    seen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(widget.InteractiveShell, "initialized", lambda: True)
    monkeypatch.setattr(widget, "display", lambda *_, **__: pytest.fail("a picture"))
    monkeypatch.setenv("NATGRAD_PAGE", "1")
    assert seen._repr_mimebundle_()
