"""A class over real sockets: who leads, who follows, and who tries what they may not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from secrets import token_hex

import pytest
import requests
import websocket

from natgrad_lecture.classroom.codes import Devices
from natgrad_lecture.classroom.room import ENDED, NO_CLASS, TAKEN
from natgrad_lecture.server.class_handlers import DEVICE, FULL, LONGEST, PROTOCOL
from tests.support.class_lines import Lecture, Line, dial, hang_up
from tests.support.servers import Page, Server

MALFORMED = 1008


@pytest.fixture(autouse=True)
def hung_up() -> Iterator[None]:
    """Every line is hung up after the test."""
    yield
    hang_up()


@pytest.fixture(scope="module")
def lecture(server: Server) -> Iterator[Lecture]:
    held = Lecture(Page(server.url).open())
    yield held
    assert held.page.goodbye() == 204


@pytest.fixture
def lead(lecture: Lecture) -> Line:
    return lecture.lead()


def test_the_lecturers_picture_reaches_the_followers(lecture: Lecture, lead: Line) -> None:
    phone = lecture.follow()
    assert phone.until("lesson") == "coordinates"
    answer = lecture.page.ask(rate=0.031)
    shown = phone.until("picture")
    assert shown["state"]["rate"] == 0.031
    assert shown["traces"] == json.loads(json.dumps(answer["traces"]))
    assert set(shown["buffers"]) >= set(answer["buffers"])
    lead.say(pose={"k": 7, "playing": True})
    assert phone.until("pose", {"k": 7, "playing": True, "speed": 1.0, "loop": False})
    late = lecture.follow()
    assert late.until("picture")["state"]["rate"] == 0.031
    assert late.until("pose")["k"] == 7
    assert lead.until("count", 2)
    for line in (phone, late):
        line.socket.shutdown()
    assert lead.until("count", 0) == 0


def test_one_device_has_one_vote_in_however_many_pages(lecture: Lecture, lead: Line) -> None:
    cookie = lecture.device()
    pages = [lecture.follow(cookie) for _ in range(3)]
    lead.say(ask={"kind": "choice", "text": "?", "options": ["a", "b"]})
    for i, page in enumerate(pages):
        quiz = page.until("quiz", bool)
        page.say(answer=i % 2, round=[quiz["id"], 1])
        assert page.until("mine", i % 2) == i % 2
    lead.say(reveal=True)
    results = lead.until("quiz", lambda quiz: quiz and quiz["revealed"])["results"]
    assert results == [{"answered": 1, "counts": [1, 0]}]
    lead.say(clear=True)


def test_a_follower_steers_nothing(lecture: Lecture, lead: Line) -> None:
    phone = lecture.follow()
    phone.until("pose")
    for word in (
        {"pose": {"k": 99}},
        {"ask": {"kind": "number", "text": "?"}},
        {"lead": lecture.words},
        {"reveal": True},
        {"end": True},
    ):
        phone.say(**word)
        assert phone.until("beat")
    lead.say(pose={"k": 1})
    assert phone.until("pose")["k"] == 1
    assert not any(news.get("quiz") for news in phone.heard)


def test_who_holds_no_token_or_no_kernel_leads_nothing(lecture: Lecture) -> None:
    url = f"{lecture.url}/lead"
    assert dial(url).closed() == MALFORMED
    other = dial(url, f"natgrad.token.{token_hex(16)}")
    other.say(lead={**lecture.words, "pass": "0" * 32})
    assert other.closed() == NO_CLASS


def test_a_page_leads_one_class(lecture: Lecture, lead: Line) -> None:
    other = dial(f"{lecture.url}/lead", f"natgrad.token.{token_hex(16)}")
    other.say(lead=lecture.words)
    assert other.closed() == FULL


def test_a_token_is_never_said_back(lecture: Lecture) -> None:
    line = dial(f"{lecture.url}/lead", f"natgrad.token.{lecture.token}")
    assert line.socket.getsubprotocol() == PROTOCOL


def test_a_second_page_with_the_token_takes_over(lecture: Lecture, lead: Line) -> None:
    second = lecture.lead()
    assert lead.closed() == TAKEN
    second.say(beat=1)
    assert second.until("beat")


def test_a_page_that_was_taken_over_steers_no_more(lecture: Lecture, lead: Line) -> None:
    phone, second = lecture.follow(), lecture.lead()
    lead.say(pose={"k": 9})  # it does not hear that its line is closed
    for _ in range(3):
        second.say(beat=1)
        second.until("beat")
    second.say(pose={"k": 4})
    phone.until("pose", lambda pose: pose["k"] == 4)
    assert not any(news.get("pose", {}).get("k") == 9 for news in phone.heard)


@pytest.mark.parametrize("cookie", ["", f"{DEVICE}=", f"{DEVICE}=abc.def", f"{DEVICE}=é.x"])
def test_a_device_that_the_class_did_not_sign_hears_what_one_of_no_class_hears(
    lecture: Lecture, lead: Line, cookie: str
) -> None:
    url = lecture.url
    cookie = cookie.encode("ascii", "ignore").decode()
    assert dial(f"{url}/{lecture.code}/line", cookie=cookie).closed() == NO_CLASS
    assert dial(f"{url}/WRONG2/line", cookie=cookie).closed() == NO_CLASS


def test_a_device_waits_for_its_class_and_another_ones_waits_in_vain(
    server: Server, lecture: Lecture
) -> None:
    later = Lecture(Page(server.url).open())
    url = f"{later.url}/{later.code}/line"
    devices = (Devices(later.token), Devices(lecture.token))
    phone, stranger = (dial(url, cookie=f"{DEVICE}={each.issue()}") for each in devices)
    assert phone.until("said") == stranger.until("said") == "no-class"
    later.lead()
    assert phone.until("lesson") == "coordinates"
    assert stranger.closed() == NO_CLASS
    assert later.page.goodbye() == 204


@pytest.mark.parametrize(
    "message",
    ["", "x", "[]", "3", "null", '{"answer": NaN}', "[" * 9000, '"' + "x" * LONGEST + '"'],
)
def test_a_malformed_word_closes_its_own_line_alone(
    lecture: Lecture, lead: Line, message: str
) -> None:
    phone = lecture.follow()
    phone.until("pose")
    phone.socket.send(message)
    assert phone.closed() == MALFORMED
    lead.say(beat=1)
    assert lead.until("beat")


def test_bytes_are_no_word(lecture: Lecture, lead: Line) -> None:
    phone = lecture.follow()
    phone.until("pose")
    phone.socket.send_binary(b"\0\1\2")
    assert phone.closed() == MALFORMED


def test_another_site_opens_no_line(lecture: Lecture, lead: Line) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        dial(
            f"{lecture.url}/{lecture.code}/line",
            cookie=lecture.device(),
            origin="http://evil.example",
        )


def test_a_code_may_be_typed_as_it_is_read(lecture: Lecture, lead: Line) -> None:
    code = lecture.code
    url = f"{lecture.url}/{code[:3].lower()}%20{code[3:]}"
    answer = requests.get(url, timeout=60)
    assert answer.url.endswith(f"/class/{code}")
    assert answer.status_code == 200
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert f"Path=/class/{code}" in answer.headers["Set-Cookie"]
    looked = requests.head(answer.url, timeout=60)
    assert looked.status_code == 200
    assert "Set-Cookie" not in looked.headers, "who only looks whether it is there takes no place"


def test_every_phone_gets_the_same_page_packed_or_not(lecture: Lecture, lead: Line) -> None:
    url, texts = f"{lecture.url}/{lecture.code}", set[str]()
    for _ in range(2):
        packed = requests.get(url, headers={"Accept-Encoding": "gzip"}, timeout=60)
        plain = requests.get(url, headers={"Accept-Encoding": "identity"}, timeout=60)
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Content-Encoding" not in plain.headers
        assert packed.cookies[DEVICE] != plain.cookies[DEVICE]
        texts |= {packed.text, plain.text}
    (text,) = texts
    assert lecture.code in text
    wrong = requests.get(f"{lecture.url}/WRONG2", timeout=60).text
    assert wrong not in texts


def test_a_wrong_code_gets_a_page_that_says_so(server: Server) -> None:
    answer = requests.get(f"{server.url}class/WRONG2", timeout=60)
    assert answer.status_code == 404
    assert '"missing":"no-class"' in answer.text
    assert "Set-Cookie" not in answer.headers
    evil = requests.get(f"{server.url}class/%3Cscript%3E", timeout=60)
    assert "<SCRIPT>" not in evil.text


def test_a_lesson_comes_in_the_first_wished_language_that_it_has(server: Server) -> None:
    url = f"{server.url}class/lesson/coordinates"
    said = requests.get(url, params={"lang": "fr,zh,en"}, timeout=60).json()
    assert said["language"] == "zh"
    assert requests.get(url, timeout=60).json()["language"] == "en"
    assert requests.get(f"{server.url}class/lesson/none", timeout=60).status_code == 404


def test_an_ended_class_is_said_to_have_ended(server: Server, lecture: Lecture) -> None:
    other = Lecture(Page(server.url).open())
    lead, phone = other.lead(), other.follow()
    cookie = other.device()
    phone.until("pose")
    lead.say(end=True)
    assert lead.closed() == phone.closed() == ENDED
    assert other.follow(cookie).closed() == ENDED
    answer = requests.get(f"{server.url}class/{other.code}", timeout=60)
    assert '"missing":"ended"' in answer.text
    assert other.page.goodbye() == 204
