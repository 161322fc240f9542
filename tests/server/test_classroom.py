"""A class without a socket: codes, pictures for all, questions and their counts, who is in."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from natgrad_lecture.classroom.codes import LETTERS, Devices, code_of, plain_code
from natgrad_lecture.classroom.counts import as_csv, as_json
from natgrad_lecture.classroom.hub import ALONE, WRONG_BURST, Hub, qr
from natgrad_lecture.classroom.limits import KEPT, Bucket, Buckets
from natgrad_lecture.classroom.messages import Message, unpacked
from natgrad_lecture.classroom.pictures import Outlines, Picture
from natgrad_lecture.classroom.pose import read_pose
from natgrad_lecture.classroom.questions import (
    BadQuestion,
    Round,
    histogram,
    read_kept,
    read_question,
)
from natgrad_lecture.classroom.room import BURST, ENDED, FLOOD, SPACING, TAKEN, Room
from natgrad_lecture.protocol import ClassTruth
from tests.support.event_loops import run_apart

TOKEN, OTHER = "0" * 32, "1" * 32


class Texts:
    """A lesson with one question, whose second option is right."""

    def options(self, lesson: str) -> Mapping[str, list[str]]:
        return {"which": ["one", "two", "three", "Which?"]} if lesson == "coordinates" else {}

    def spoken(self, lesson: str, language: str, words: Mapping[str, Any]) -> dict[str, Any]:
        return {**words, "description": f"{words['description']} in {language}"}

    async def truth(self, lesson: str, name: str) -> ClassTruth:
        return {"right": 1, "say": {"en": "<p>because</p>"}}


class Phone:
    """A line that keeps what it is sent; while it is ``slow`` it takes one message at a time."""

    def __init__(self, slow: bool = False) -> None:
        self.slow = slow
        self.heard: list[tuple[dict[str, Any], bytes]] = []
        self.closed: int | None = None

    def send(self, message: Message) -> bool:
        self.heard.append(unpacked(message.payload))
        return not self.slow

    def hang_up(self, code: int, reason: str, at_once: bool = False) -> None:
        self.closed = code

    def all(self, part: str) -> list[Any]:
        return [news[part] for news, _ in self.heard if part in news]

    def last(self, part: str) -> Any:
        found = self.all(part)
        return found[-1] if found else "nothing"


def picture(rate: float, *, outline: bool = True) -> tuple[dict[str, Any], bytes]:
    """An answer with a path of its own, and an outline that is sent once."""
    path, ground = np.arange(6, dtype="f4") * np.float32(rate), np.arange(8, dtype="f4")
    traces = [
        {"plane": "theta", "kind": "bands", "style": "loss", "name": "loss", "cache": "g"},
        {"plane": "theta", "kind": "path", "style": "natural", "name": "natural"},
    ]
    traces[0]["points"], traces[1]["points"] = "g.points", "1.points"
    buffers: dict[str, Any] = {"1.points": ["f4", [3, 2], 0]}
    data = path.tobytes()
    if outline:
        buffers["g.points"] = ["f4", [4, 2], len(data)]
        data += ground.tobytes()
    answer = {
        "answer": 7,
        "state": {"rate": rate, "k": 2},
        "errors": {"rate": "private"},
        "traces": traces,
        "buffers": buffers,
        "more": 2,
        "numbers": {"loss": rate},
        "description": "a path",
    }
    return answer, data


def array(words: dict[str, Any], data: bytes, name: str) -> list[float]:
    """An array of a picture, as a follower finds it."""
    _, shape, start = words["buffers"][name]
    return np.frombuffer(data, "f4", int(np.prod(shape)), start).tolist()


def room(limit: int = 10) -> Room:
    """A class that shows the first lesson."""
    opened = Room(TOKEN, limit, Texts())
    opened.take_the_lead(Phone())
    opened.led("coordinates", "kernel")
    return opened


def lead_of(room: Room) -> Phone:
    """The lecturer's line."""
    assert isinstance(room.lead, Phone)
    return room.lead


# Codes


def test_a_token_gives_one_code_on_every_server() -> None:
    assert code_of(TOKEN) == "X8AZAM" or len(code_of(TOKEN)) == 6
    assert code_of(TOKEN) == code_of(TOKEN) != code_of(OTHER)
    assert set(code_of(TOKEN)) <= set(LETTERS)
    assert not set("01ILO") & set(LETTERS)


@pytest.mark.parametrize("token", ["", "0" * 31, "G" * 32, "0" * 33, "é" * 32])
def test_what_is_no_token_has_no_code(token: str) -> None:
    with pytest.raises(ValueError, match="hexadecimal"):
        code_of(token)


def test_a_code_may_be_typed_with_gaps_and_in_lower_case() -> None:
    assert plain_code(" k7m-4qp ") == plain_code("K7M 4QP") == "K7M4QP"


def test_a_class_knows_its_own_devices_alone() -> None:
    mine, others = Devices(TOKEN), Devices(OTHER)
    token = mine.issue()
    assert mine.known(token) == token.partition(".")[0]
    assert others.known(token) is None
    for forged in ("", ".", "abc", "abc.", token[:-1], token + "0", token.replace(".", "")):
        assert mine.known(forged) is None
    assert Devices(TOKEN).known(token), "a server that was started again knows them, too"


# Limits


def test_a_bucket_lets_through_its_burst_and_then_its_rate() -> None:
    now = [0.0]
    bucket = Bucket(3, 2, lambda: now[0])
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    now[0] = 1.0
    assert [bucket.take() for _ in range(3)] == [True, True, False]


def test_names_beyond_number_do_not_fill_the_memory_nor_free_who_tries_most() -> None:
    buckets = Buckets(2, 0)
    worst = buckets.of("worst")
    assert worst.take()
    assert worst.take()
    for i in range(2 * KEPT):
        buckets.of(str(i))
    assert buckets.of("worst") is worst
    assert len(buckets._held) <= KEPT


# Messages and pictures


@given(st.binary(max_size=60), st.text(max_size=60))
@settings(max_examples=30)
def test_a_message_is_read_as_it_was_written(data: bytes, lesson: str) -> None:
    lesson = lesson.encode("utf-8", "replace").decode() * 100  # short ones are not packed
    words, arrays = unpacked(Message({"lesson": lesson}, data).payload)
    assert words == {"lesson": lesson}
    assert arrays == data


@pytest.mark.parametrize(
    ("size", "wide"), [(1, 0), (125, 0), (126, 2), (65_535, 2), (65_536, 8), (70_000, 8)]
)
def test_a_frame_says_its_length_as_the_websocket_protocol_has_it(size: int, wide: int) -> None:
    message = Message({"lesson": "x"})
    message.payload = b"y" * size
    head = message.frame[: -len(message.payload)]
    assert head[0] == 0x81
    assert head[1] == {0: size, 2: 126, 8: 127}[wide]
    assert len(head) == 2 + wide
    assert not wide or int.from_bytes(head[2:], "big") == size


def test_a_late_follower_gets_the_outlines_and_one_who_has_them_does_not() -> None:
    outlines = Outlines()
    Picture(*picture(1.0), outlines)
    second = Picture(*picture(2.0, outline=False), outlines)
    words, data = unpacked(second.message().payload)
    assert array(words["picture"], data, "g.points") == list(range(8))
    assert array(words["picture"], data, "1.points") == [0, 2, 4, 6, 8, 10]
    words, data = unpacked(second.message(frozenset({"g"})).payload)
    assert list(words["picture"]["buffers"]) == ["1.points"]
    assert array(words["picture"], data, "1.points") == [0, 2, 4, 6, 8, 10]


def test_a_picture_is_packed_once_for_all_who_need_the_same() -> None:
    shown = Picture(*picture(1.0), Outlines())
    assert shown.message() is shown.message(frozenset({"of another picture"}))
    assert shown.message(frozenset({"g"})) is not shown.message()


def test_what_is_said_to_the_lecturer_alone_is_not_relayed() -> None:
    words, _ = unpacked(Picture(*picture(1.0), Outlines()).message().payload)
    shown = words["picture"]
    assert shown["answer"] is None
    assert shown["errors"] == {}
    assert "more" not in shown


def test_the_path_is_not_sent_while_the_class_is_asked_where_it_goes() -> None:
    shown = Picture(*picture(1.0), Outlines())
    words, data = unpacked(shown.message(hide=frozenset({"path"})).payload)
    assert [trace["kind"] for trace in words["picture"]["traces"]] == ["bands"]
    assert list(words["picture"]["buffers"]) == ["g.points"]
    assert words["picture"]["numbers"] == {}
    assert len(data) == 32


# What the lecturer's page does


@pytest.mark.parametrize(
    "said",
    [
        None,
        [],
        {},
        {"k": "1"},
        {"k": -1},
        {"k": 1e300},
        {"k": 10**400},
        {"k": True},
        {"k": 1, "speed": 0},
        {"k": 1, "speed": float("nan")},
        {"k": 1, "speed": "fast"},
    ],
)
def test_what_is_no_pose_is_not_followed(said: Any) -> None:
    assert read_pose(said) is None


def test_of_a_pose_only_plain_values_are_read() -> None:
    said = {"k": 3.7, "playing": 1, "speed": 2, "laser": ["theta", 0.5, 2], "line": "x" * 9999}
    pose = read_pose({**said, "evil": "<script>"})
    assert pose is not None
    assert pose == {"k": 3, "playing": False, "speed": 2.0, "loop": False, "line": "x" * 600}
    near = read_pose({"k": 0, "laser": ["theta", 0.12345, 1]})
    assert near is not None
    assert near.get("laser") == ("theta", 0.1235, 1)


KEYS = "k kind text options name id results question answered counts points laser start plane right"
SAID = ["choice", "number", "point", "which", "\ud800", 10**400, 1, True]
ANYTHING = st.recursive(
    st.none() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(SAID),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS.split()), inner, max_size=6)
    ),
    max_leaves=12,
)
WORDS = ["pose", "ask", "close", "again", "reveal", "clear", "kept", "answer", "round", "beat"]


@given(st.lists(st.dictionaries(st.sampled_from(WORDS), ANYTHING, max_size=4), max_size=6))
@settings(max_examples=60)
def test_no_word_whatever_is_in_it_is_more_than_refused(words: list[dict[str, Any]]) -> None:
    async def go() -> None:
        held, phone = room(), Phone()
        held.join(phone, "one")
        for word in words:
            await held.order(word)
            held.answered(phone, word)
        await asyncio.sleep(0)
        await held.order({"end": True})

    run_apart(go())


def test_half_a_character_is_said_to_all_and_stops_nothing() -> None:
    words, _ = unpacked(Message({"lesson": "\ud800"}).payload.replace(b"\\ud800", b"?"))
    assert words == {"lesson": "?"}


@pytest.mark.parametrize("id", [-1, 10**400, True, 1.0])
def test_a_kept_round_has_a_number_of_the_servers_own(id: Any) -> None:
    question = {"kind": "choice", "text": "?"}
    said = {"id": id, "question": question, "results": [{"answered": 1, "counts": [1]}]}
    assert read_kept([said]) == []
    assert len(read_kept([{**said, "id": 1}])) == 1


# Questions


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (None, "no-question"),
        ({}, "no-text"),
        ({"kind": "choice", "text": "  "}, "no-text"),
        ({"kind": "choice", "text": "x" * 501, "options": ["a", "b"]}, "no-text"),
        ({"kind": "choice", "text": "?", "options": ["a", " "]}, "no-options"),
        ({"kind": "choice", "text": "?", "options": ["a"] * 9}, "no-options"),
        ({"kind": "choice", "text": "?", "options": "ab"}, "no-options"),
        ({"kind": "choice", "text": "?", "options": ["a", 2]}, "no-options"),
        ({"kind": "point", "text": "?", "plane": "theta"}, "no-plane"),
        ({"kind": "point", "text": "?", "plane": 3, "start": [0, 0]}, "no-plane"),
        ({"kind": "sound", "text": "?"}, "no-question"),
        ({"name": "what"}, "not-in-lesson"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_reason(said: Any, why: str) -> None:
    with pytest.raises(BadQuestion, match=why):
        read_question(said, ["which"])


def test_what_is_right_is_not_in_the_question() -> None:
    question, right = read_question(
        {"kind": "choice", "text": " ? ", "options": ["a", "b"], "right": 1}, []
    )
    assert question == {"kind": "choice", "text": "?", "options": ["a", "b"]}
    assert right == 1
    assert read_question({"kind": "number", "text": "?", "right": 2.5}, [])[1] == 2.5
    wrong = {"kind": "choice", "text": "?", "options": ["a", "b"], "right": 2}
    assert read_question(wrong, [])[1] is None


NO_ANSWERS = [None, True, "0", -1, 3, 1.0, [0], {}, float("nan"), 10**400]


@pytest.mark.parametrize("answer", NO_ANSWERS)
def test_what_is_no_answer_is_not_counted(answer: Any) -> None:
    choice = Round({"kind": "choice", "text": "?", "options": ["a", "b", "c"]}, 3)
    assert not choice.vote("one", answer)
    assert choice.result() == {"answered": 0, "counts": [0, 0, 0]}
    point = Round({"kind": "point", "text": "?", "plane": "theta", "start": [0, 0]}, 0)
    assert not point.vote("one", answer)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 2)), max_size=200))
@settings(max_examples=30)
def test_a_device_has_one_vote_which_is_its_last(votes: list[tuple[int, int]]) -> None:
    held = Round({"kind": "choice", "text": "?", "options": ["a", "b", "c"]}, 3)
    for device, option in votes:
        assert held.vote(str(device), option)
    last = Counter(dict(votes).values())
    assert held.result()["answered"] == len(dict(votes))
    assert held.result().get("counts") == [last[i] for i in range(3)]


@given(st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=100))
def test_every_number_is_in_one_bin(values: list[float]) -> None:
    counts, edges = histogram(values)
    assert sum(counts) == len(values)
    assert len(edges) == len(counts) + 1 <= 40
    assert edges == sorted(edges)


def test_a_bin_holds_what_lies_between_its_ends() -> None:
    counts, edges = histogram([0.0, 1.0, 1.5, 2.0, 5.9])
    for count, low, high in zip(counts, edges[:-1], edges[1:], strict=True):
        assert count == sum(low <= value < high for value in (0.0, 1.0, 1.5, 2.0, 5.9))


def test_no_number_far_out_hides_the_others() -> None:
    counts, _ = histogram([0.1 * i for i in range(100)] + [1e9])
    assert sum(count > 0 for count in counts) > 5


# A class


def test_who_comes_late_is_shown_the_present_state() -> None:
    async def go() -> None:
        held = room()
        held.heard(*picture(1.0))
        await held.order({"pose": {"k": 5, "playing": True}})
        phone = Phone()
        assert held.join(phone, "one")
        assert phone.last("lesson") == "coordinates"
        assert phone.last("picture")["state"]["rate"] == 1.0
        assert phone.last("pose")["k"] == 5
        assert phone.last("quiz") is None

    run_apart(go())


def test_each_follower_reads_the_picture_in_their_language() -> None:
    async def go() -> None:
        held, english, chinese = room(), Phone(), Phone()
        held.heard(*picture(1.0))
        held.join(english, "one", "en")
        held.join(chinese, "two", "zh")
        assert english.last("picture")["description"] == "a path"
        assert chinese.last("picture")["description"] == "a path in zh"
        held.language = "zh"  # the lecturer's page speaks it, too
        held.heard(*picture(2.0))
        held._send_picture()
        await asyncio.sleep(0)
        assert chinese.last("picture")["description"] == "a path"

    run_apart(go())


def test_who_is_on_their_own_hears_of_questions_alone_and_is_not_counted() -> None:
    async def go() -> None:
        held, phone, other = room(), Phone(), Phone()
        held.heard(*picture(1.0))
        held.join(phone, "one")
        held.join(other, "two", aside=True)
        await held.order({"ask": {"name": "which"}, "pose": {"k": 3}})
        await asyncio.sleep(0)
        assert other.last("quiz")["open"]
        assert other.all("picture") == other.all("pose") == []
        held._say_count()
        assert lead_of(held).last("count") == 1

    run_apart(go())


def test_a_drag_is_relayed_spaced_and_its_end_at_once() -> None:
    async def go() -> None:
        held, phone = room(), Phone()
        held.join(phone, "one")
        for i in range(30):
            held.heard(*picture(float(i), outline=i == 0))
            await asyncio.sleep(0.01)
        await asyncio.sleep(SPACING)
        rates = [shown["state"]["rate"] for shown in phone.all("picture")]
        assert rates[0] == 0.0
        assert rates[-1] == 29.0
        assert len(rates) <= 5
        assert rates == sorted(rates)

    run_apart(go())


def test_a_slow_phone_gets_the_newest_state_and_never_a_queue() -> None:
    async def go() -> None:
        held, phone = room(), Phone(slow=True)
        held.join(phone, "one")
        for i in range(4):
            held.heard(*picture(float(i), outline=i == 0))
            held._send_picture()
            await held.order({"pose": {"k": i}})
            await asyncio.sleep(0)
        assert phone.all("picture") == [], "it has not taken the first message yet"
        for _ in range(4):
            held.drained(phone)
        assert [shown["state"]["rate"] for shown in phone.all("picture")] == [3.0]
        words, data = next(it for it in phone.heard if "picture" in it[0])
        assert array(words["picture"], data, "g.points") == list(range(8)), "with its outlines"
        assert [pose["k"] for pose in phone.all("pose")] == [3]

    run_apart(go())


def test_a_question_is_asked_answered_closed_revealed_and_asked_again() -> None:
    async def go() -> None:
        held = room()
        phones = [Phone() for _ in range(5)]
        for i, phone in enumerate(phones):
            held.join(phone, f"device {i}")
        await held.order({"ask": {"name": "which"}})
        await asyncio.sleep(0)
        asked = phones[0].last("quiz")
        assert asked["open"]
        assert not {"results", "truth"} & asked.keys()
        for i, phone in enumerate(phones):
            held.answered(phone, {"answer": i % 3, "round": [asked["id"], 1]})
        held.answered(phones[0], {"answer": 1, "round": [asked["id"], 1]})  # changed
        assert phones[0].last("mine") == 1
        await held.order({"close": True})
        await asyncio.sleep(0)
        held.answered(phones[1], {"answer": 0, "round": [asked["id"], 1]})
        assert phones[1].last("said") == "closed"
        assert "results" not in phones[1].last("quiz"), "not before the lecturer reveals it"
        assert lead_of(held).last("quiz")["results"] == [{"answered": 5, "counts": [1, 3, 1]}]
        await held.order({"reveal": True})
        await asyncio.sleep(0)
        said = phones[4].last("quiz")
        assert said["results"] == [{"answered": 5, "counts": [1, 3, 1]}]
        assert said["truth"] == {"right": 1, "say": {"en": "<p>because</p>"}}
        await held.order({"again": True})
        await asyncio.sleep(0)
        second = phones[0].last("quiz")
        assert (second["round"], second["open"], "results" in second) == (2, True, False)
        held.answered(phones[0], {"answer": 0, "round": [asked["id"], 1]})
        assert phones[0].last("said") == "closed", "an answer to the round before counts in none"
        for phone in phones:
            held.answered(phone, {"answer": 1, "round": [asked["id"], 2]})
        await held.order({"reveal": True})
        await asyncio.sleep(0)
        counts = [each["counts"] for each in phones[0].last("quiz")["results"]]
        assert counts == [[1, 3, 1], [0, 5, 0]]
        lead = lead_of(held)
        await held.order({"end": True})
        files = {each["kind"]: each["text"] for each in lead.all("file")}
        table = list(csv.DictReader(io.StringIO(files["csv"])))
        assert [int(row["count"]) for row in table] == [1, 3, 1, 0, 5, 0]
        assert [row["answer"] for row in table] == ["one", "two", "three"] * 2
        assert {row["text"] for row in table} == {"Which?"}
        assert [row["right"] for row in table] == ["", "yes", ""] * 2
        (kept,) = json.loads(files["json"])["questions"]
        assert [each["counts"] for each in kept["results"]] == counts
        assert "device" not in files["csv"] + files["json"]
        assert {phone.closed for phone in phones} == {ENDED}

    run_apart(go())


def test_a_device_with_two_pages_has_one_vote() -> None:
    async def go() -> None:
        held, pages = room(), [Phone(), Phone()]
        for page in pages:
            held.join(page, "one")
        await held.order({"ask": {"name": "which"}})
        for page in pages:
            held.answered(page, {"answer": 2, "round": [1, 1]})
        assert held.quiz is not None
        assert held.quiz.round.result() == {"answered": 1, "counts": [0, 0, 1]}

    run_apart(go())


def test_an_answer_that_is_sent_again_takes_no_later_one_back() -> None:
    async def go() -> None:
        held, pages = room(), [Phone(), Phone()]
        for page in pages:
            held.join(page, "one")
        await held.order({"ask": {"name": "which"}})
        held.answered(pages[0], {"answer": 0, "round": [1, 1]})
        held.answered(pages[1], {"answer": 2, "round": [1, 1]})
        held.answered(pages[0], {"answer": 0, "round": [1, 1], "resend": True})
        assert pages[0].last("mine") == 2, "the page learns what counts"
        await held.order({"again": True})
        held.answered(pages[0], {"answer": 0, "round": [1, 2], "resend": True})
        assert held.quiz is not None
        counts = [each.get("counts") for each in held.quiz.results()]
        assert counts == [[0, 0, 1], [1, 0, 0]]

    run_apart(go())


def test_while_a_point_is_asked_for_no_phone_is_sent_the_path() -> None:
    async def go() -> None:
        held, phone = room(), Phone()
        held.heard(*picture(1.0))
        held.join(phone, "one")
        asked = {"kind": "point", "text": "?", "plane": "theta", "start": [0, 0], "right": [1, 2]}
        await held.order({"ask": asked})
        await asyncio.sleep(0)
        assert [t["kind"] for t in phone.last("picture")["traces"]] == ["bands"]
        assert "right" not in json.dumps(phone.last("quiz"))
        late = Phone()
        held.join(late, "two")
        assert [t["kind"] for t in late.last("picture")["traces"]] == ["bands"]
        held.answered(phone, {"answer": [0.5, 0.123456], "round": [1, 1]})
        await held.order({"reveal": True})
        await asyncio.sleep(0)
        assert [t["kind"] for t in phone.last("picture")["traces"]] == ["bands", "path"]
        assert phone.last("quiz")["results"] == [{"answered": 1, "points": [[0.5, 0.1235]]}]
        assert phone.last("quiz")["truth"] == {"right": [1, 2]}

    run_apart(go())


def test_who_floods_is_hung_up_on() -> None:
    async def go() -> None:
        held, phone = room(), Phone()
        held.join(phone, "one")
        for _ in range(BURST + 1):
            held.answered(phone, {"beat": 1})
        assert phone.closed == FLOOD

    run_apart(go())


def test_a_second_page_with_the_token_takes_over_and_the_first_is_told() -> None:
    async def go() -> None:
        held = room()
        first, second = lead_of(held), Phone()
        held.take_the_lead(second)
        assert first.closed == TAKEN
        held.leave_the_lead(first)
        assert held.lead is second, "the first one's end is not the class's"

    run_apart(go())


def test_a_full_class_lets_nobody_in_and_a_place_that_is_free_somebody() -> None:
    async def go() -> None:
        held, phones = room(limit=2), [Phone() for _ in range(3)]
        assert [held.join(phone, "x") for phone in phones] == [True, True, False]
        held.leave(phones[0])
        assert held.join(phones[2], "x")

    run_apart(go())


def test_a_server_that_was_restarted_gets_the_rounds_from_the_page() -> None:
    async def go() -> None:
        old = room()
        phone = Phone()
        old.join(phone, "one")
        await old.order({"ask": {"name": "which"}})
        old.answered(phone, {"answer": 0, "round": [1, 1]})
        await old.order({"reveal": True})
        kept = lead_of(old).last("quiz")
        asked = {"kind": "choice", "text": "Now?", "options": ["yes", "no"]}
        await old.order({"ask": asked})
        await old.order({"again": True})
        open_quiz = lead_of(old).last("quiz")

        new, back = room(), Phone()
        word = {**asked, "id": open_quiz["id"], "results": open_quiz["results"]}
        await new.order({"kept": [kept], "ask": word})
        new.join(back, "one")
        said = back.last("quiz")
        assert (said["id"], said["round"], said["open"]) == (2, 2, True)
        new.answered(back, {"answer": 1, "round": [2, 2]})  # the phone says it again by itself
        await new.order({"reveal": True})
        lead = lead_of(new)
        await new.order({"end": True})
        rows = json.loads(lead.last("file")["text"])["questions"]
        assert [[each["answered"] for each in row["results"]] for row in rows] == [[1], [0, 1]]

    run_apart(go())


@pytest.mark.parametrize(
    "said",
    [None, {}, [None], [{"id": 1}], [{"id": 1, "question": {"kind": "x"}, "results": []}]],
)
def test_rounds_of_no_form_are_left_out(said: Any) -> None:
    assert read_kept(said) == []


def test_a_text_that_a_spreadsheet_would_compute_is_text() -> None:
    asked: Any = {"kind": "choice", "text": '=HYPERLINK("x")', "options": ["@a", 'b,\n"c']}
    quiz: Any = {"id": 1, "lesson": "x", "question": asked, "results": [{"answered": 0}]}
    quiz["results"][0]["counts"] = [0, 0]
    table = list(csv.DictReader(io.StringIO(as_csv([quiz]))))
    assert [row["text"] for row in table] == ['\'=HYPERLINK("x")'] * 2
    assert [row["answer"] for row in table] == ["'@a", 'b,\n"c']
    assert json.loads(as_json([quiz]))["questions"][0]["question"] == asked


# All classes of a server


def test_a_wrong_code_is_not_tried_without_end() -> None:
    hub = Hub(Texts())
    held = hub.open(TOKEN)
    assert held is not None
    assert hub.find(held.code, "hall") is held
    for _ in range(WRONG_BURST):
        assert hub.find("WRONG2", "hall") is None
    assert hub.find(held.code, "hall") is None, "now the right one is not told, either"
    assert hub.find(held.code, "hall", held.devices.issue()) is held, "but who was in comes back"
    assert hub.find(held.code, "elsewhere") is held


def test_a_class_is_opened_again_by_its_token_and_ends_once() -> None:
    hub = Hub(Texts())
    held = hub.open(TOKEN)
    assert held is not None
    assert hub.open(TOKEN) is held
    held.end()
    held.end()
    assert hub.ended(held.code)
    assert hub.open(TOKEN) is None
    assert hub.find(held.code, "hall") is None


def test_there_are_only_so_many_classes_and_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("natgrad_lecture.classroom.hub.MOST_ROOMS", 2)
    hub = Hub(Texts(), followers=2)
    opened = [hub.open(f"{i:032x}") for i in range(3)]
    assert opened[-1] is None
    held = opened[0]
    assert held is not None
    assert sum(hub.issue(held, str(i)) is not None for i in range(20)) == 6

    async def go() -> None:
        assert [hub.join(held, Phone(), "x") for _ in range(3)] == [True, True, False]

    run_apart(go())


def test_a_class_without_its_lecturer_ends_after_a_while() -> None:
    hub = Hub(Texts())
    held = hub.open(TOKEN)
    assert held is not None
    hub.sweep()
    assert hub.rooms
    held.left -= ALONE + 1
    hub.sweep()
    assert not hub.rooms


def test_the_lecturer_asks_for_the_outlines_that_the_class_lacks() -> None:
    async def go() -> None:
        hub = Hub(Texts())
        held = hub.open(TOKEN)
        assert held is not None
        hub.led(held, "coordinates", "kernel")
        ask = {"ask": 1, "have": ["g", "other", 3]}
        hub.asked("kernel", ask)
        assert ask["have"] == []
        hub.heard("kernel", *picture(1.0))
        ask = {"ask": 2, "have": ["g", "other"], "kept": "a mark"}
        hub.asked("kernel", ask)
        assert ask == {"ask": 2, "have": ["g"]}, "what the lecturer's page keeps, the class lacks"
        hub.led(held, "newton", "another")
        assert not hub.leads("kernel")
        assert held.picture is None

    run_apart(go())


def test_a_qr_code_is_square_and_has_its_three_corners() -> None:
    rows = qr("http://192.0.2.7:8866/class/K7M4QP")
    assert {len(row) for row in rows} == {len(rows)}
    corner = "1111111"
    assert rows[0][:7] == rows[0][-7:] == rows[-1][:7] == corner
