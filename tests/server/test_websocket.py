"""The websocket handler: any client may send what a page sends, and nothing else."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
import requests
import websocket
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler

from natgrad_lecture.server.fork_client import ForkClient
from natgrad_lecture.server.page_handlers import TICKET
from natgrad_lecture.server.request_filter import MOST_BYTES, PROTOCOL, Refused, ask_in, frame_of
from natgrad_lecture.server.sessions import Pass
from natgrad_lecture.server.websocket import A_SECOND, Channels
from tests.support.event_loops import run_apart
from tests.support.servers import Page, Server, running, wait_until

POLICY_VIOLATION = 1008
NO_KERNEL = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="module")
def page(server: Server) -> Iterator[Page]:
    """One page for all that a visitor tries: its kernel lives on whatever it was sent."""
    page = Page(server.url).open()
    yield page
    assert page.goodbye() == 204


def refused(page: Page, frame: bytes | str) -> None:
    """The server hangs up on this frame, and the kernel never sees it: it answers the next page."""
    assert page.socket
    kernels = page.url, page.kernel
    if isinstance(frame, bytes):
        page.socket.send_binary(frame)
    else:
        page.socket.send(frame)
    try:
        assert page.close_code() in {POLICY_VIOLATION, 1009}
    except ConnectionError:
        assert len(frame) > MOST_BYTES, "it hangs up in the middle of what is too long only"
    page.connect()
    assert page.ask(rate=0.07)["state"]["rate"] == 0.07, kernels


REQUESTS: dict[str, dict[str, Any]] = {
    "execute_request": {"code": "open('/tmp/owned', 'w')", "silent": False},
    "complete_request": {"code": "import o", "cursor_pos": 8},
    "inspect_request": {"code": "open", "cursor_pos": 4, "detail_level": 1},
    "history_request": {"output": True, "raw": True, "hist_access_type": "tail", "n": 10},
    "is_complete_request": {"code": "1"},
    "kernel_info_request": {},
    "comm_info_request": {},
    "connect_request": {},
    "debug_request": {"type": "request", "command": "initialize"},
    "input_reply": {"value": "yes"},
    "interrupt_request": {},
    "shutdown_request": {"restart": False},
    "create_subshell_request": {},
}


@pytest.mark.parametrize("kind", REQUESTS)
def test_no_request_of_the_protocol_reaches_a_kernel(page: Page, kind: str) -> None:
    control = {"interrupt_request", "shutdown_request", "debug_request"}
    channel = "control" if kind in control else "stdin" if kind == "input_reply" else "shell"
    refused(page, page.frame(REQUESTS[kind], kind, channel))


@pytest.mark.parametrize("target", ["jupyter.widget", "jupyter.widget.control", "evil"])
def test_a_visitor_opens_no_comm(page: Page, target: str) -> None:
    state = {"_model_module": "@jupyter-widgets/controls", "_model_name": "ButtonModel"}
    opens = {"comm_id": "c" * 32, "target_name": target, "data": {"state": state}}
    refused(page, page.frame(opens, "comm_open"))


def test_a_visitor_closes_no_comm(page: Page) -> None:
    refused(page, page.frame({"comm_id": page.data["comm"], "data": {}}, "comm_close"))


def asks(page: Page) -> dict[str, bytes]:
    """Messages to a comm that are almost asks."""
    comm = page.data["comm"]
    ask = {"ask": 1, "state": {}, "set": {}, "have": []}
    deep: Any = {}
    for _ in range(40):
        deep = {"a": deep}
    built = {
        "of another comm": {"comm_id": "0" * 32, "data": {"method": "custom", "content": ask}},
        "that sets traits": {"comm_id": comm, "data": {"method": "update", "state": {"_esm": ""}}},
        "that asks for the state": {"comm_id": comm, "data": {"method": "request_state"}},
        "without a number": {"comm_id": comm, "data": {"method": "custom", "content": {}}},
        "that is a list": {"comm_id": comm, "data": {"method": "custom", "content": [ask]}},
        "with a strange key": {
            "comm_id": comm,
            "data": {"method": "custom", "content": {**ask, "__class__": 1}},
        },
        "nested": {"comm_id": comm, "data": {"method": "custom", "content": {**ask, "set": deep}}},
        "with more beside it": {
            "comm_id": comm,
            "data": {"method": "custom", "content": ask},
            "target_name": "x",
        },
    }
    frames = {name: page.frame(content) for name, content in built.items()}
    good = page.frame({"comm_id": comm, "data": {"method": "custom", "content": ask}})
    header = json.dumps({"msg_type": "comm_msg"}).encode()
    body = json.dumps({"comm_id": comm, "data": {"method": "custom", "content": ask}}).encode()
    nan = body.replace(b'"set": {}', b'"set": {"rate": NaN}')
    frames |= {
        "on another channel": page.frame(json.loads(body), channel="control"),
        "with a buffer": frame_of([b"shell", header, b"{}", b"{}", body, b"x" * 100]),
        "with metadata": frame_of([b"shell", header, b"{}", b'{"a": 1}', body]),
        "with a parent": frame_of([b"shell", header, b'{"a": 1}', b"{}", body]),
        "with a NaN": frame_of([b"shell", header, b"{}", b"{}", nan]),
        "in broken JSON": frame_of([b"shell", header, b"{}", b"{}", body[:-1]]),
        "in JSON that never ends": frame_of([b"shell", header, b"{}", b"{}", b"[" * 50_000]),
        "cut short": good[:-3],
        "with offsets that lie": good[:8] + b"\xff" * 8 + good[16:],
        "of nothing": b"",
        "too long": frame_of([b"shell", header, b"{}", b"{}", body + b" " * MOST_BYTES]),
    }
    return frames


def test_what_is_almost_an_ask_is_refused_and_the_kernel_lives_on(server: Server) -> None:
    page = Page(server.url).open()
    before = server.metric('refused_total{reason="data"}')
    for name, frame in asks(page).items():
        print(name)
        with pytest.raises(Refused):
            ask_in(frame, page.data["comm"])
        refused(page, frame)
    refused(page, "text")
    assert server.metric('refused_total{reason="data"}') >= before + 2
    page.goodbye()


def test_a_kernel_answers_the_page_that_holds_its_pass_and_no_other(server: Server) -> None:
    mine, theirs = Page(server.url).open(), Page(server.url).open()
    assert mine.kernel != theirs.kernel
    assert mine.data["pass"] != theirs.data["pass"]
    wrong: list[tuple[str | None, list[str] | None]] = [
        ("", None),
        ("0" * 32, None),
        (mine.data["pass"], None),
        (None, [PROTOCOL]),
        (None, ["other"]),
    ]
    for token, protocols in wrong:
        with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
            mine.dial(kernel=theirs.kernel, token=token, protocols=protocols)
    with pytest.raises(websocket.WebSocketBadStatusException, match="404"):
        mine.dial(kernel=NO_KERNEL)
    assert mine.goodbye() == 204
    assert theirs.ask(rate=0.03)["state"]["rate"] == 0.03
    assert theirs.goodbye() == 204


def test_another_site_s_page_cannot_open_a_line(page: Page) -> None:
    for origin in ("http://evil.example", "null"):
        with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
            page.dial(Origin=origin)
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        page.dial(host="evil.example")


def test_a_second_line_of_a_page_takes_the_place_of_the_first(page: Page) -> None:
    first = page.socket
    page.connect()
    assert page.ask(rate=0.02)["state"]["rate"] == 0.02
    assert first
    opcode, _ = first.recv_data()
    assert opcode == websocket.ABNF.OPCODE_CLOSE


def test_a_page_hears_answers_and_nothing_else(page: Page) -> None:
    """No input, no output, no traceback, no busy and idle: every frame is an answer to an ask."""
    for n in range(20):
        page.send({"ask": n, "state": {}, "set": {"rate": 0.01 + n / 1000}, "have": []})
    for n in range(20):
        assert page.hear()["answer"] == n


def test_a_server_is_not_well_once_the_process_that_forks_has_died() -> None:
    async def story() -> None:
        fork_client = ForkClient()
        assert await fork_client.alive(), "nobody has asked for a kernel yet"
        fork_client.process = subprocess.Popen(["sleep", "60"])
        fork_client._writer = cast(Any, object())
        assert await fork_client.alive()
        fork_client.process.kill()
        fork_client.process.wait()
        assert not await fork_client.alive()

    run_apart(story())


class Line:
    """A line's own side, without a server: what it hands on to the kernel, and its answers."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.handed: list[bytes] = []
        self.counted: list[float] = []
        self.channels = Channels.__new__(Channels)
        server: Any = SimpleNamespace(
            watch=SimpleNamespace(answered=self.counted.append),
            together=SimpleNamespace(asked=lambda *_: None, leads=lambda _: False),
        )
        self.channels.initialize(server)
        self.channels.holder = Pass("kernel", "c" * 32)
        connection: Any = SimpleNamespace(handle_incoming_message=self.handed.append)
        self.channels.connection = connection
        self.channels.ws_connection = cast(Any, object())  # it is open
        monkeypatch.setattr(KernelWebsocketHandler, "write_message", lambda *_: None)

    def message(self, data: dict[str, Any]) -> bytes:
        content = {"comm_id": "c" * 32, "data": {"method": "custom", "content": data}}
        parts = ({"msg_type": "comm_msg"}, {}, {}, content)
        return frame_of([b"shell", *(json.dumps(part).encode() for part in parts)])

    async def ask(self, number: int) -> None:
        await self.channels.on_message(self.message({"ask": number}))

    def answer(self, number: int) -> None:
        self.channels.write_message(self.message({"answer": number}), binary=True)


def test_the_fifth_ask_waits_for_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        line = Line(monkeypatch)
        for number in range(4):
            await asyncio.wait_for(line.ask(number), 10)
        fifth = asyncio.create_task(line.ask(4))
        await asyncio.sleep(0.2)
        assert len(line.handed) == 4
        assert not fifth.done(), "and no more is read from this page"
        line.answer(0)
        await asyncio.wait_for(fifth, 10)
        assert len(line.handed) == 5
        assert b'"ask": 4' in line.handed[-1]
        assert len(line.counted) == 1

    run_apart(story())


def test_even_who_is_answered_at_once_asks_so_often_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of 60 asks the last comes 59 intervals after the first, less what may come early."""

    async def story() -> None:
        line = Line(monkeypatch)
        began = time.monotonic()
        for number in range(60):
            await line.ask(number)
            line.answer(number)
        assert len(line.handed) == 60
        assert time.monotonic() - began > 59 / A_SECOND - 0.06

    run_apart(story())


@pytest.mark.slow
def test_who_asks_faster_than_is_answered_waits_and_loses_nothing(server: Server) -> None:
    fast, calm = Page(server.url).open(), Page(server.url).open()
    for n in range(100):
        fast.send({"ask": n, "state": {}, "set": {}, "have": []})
    assert calm.ask(rate=0.04)["state"]["rate"] == 0.04
    assert [fast.hear()["answer"] for _ in range(100)] == list(range(100))
    fast.goodbye()
    calm.goodbye()


METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")


def not_there(method: str, url: str) -> None:
    """This server has no such thing, and says no more than that."""
    answer = requests.request(method, url, json={"name": "python3"}, timeout=60)
    assert answer.status_code in {403, 404, 405}, (method, answer.status_code, answer.text)
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "path",
    [
        "api",
        "api/kernels",
        "api/kernelspecs",
        "api/sessions",
        "api/contents",
        "api/contents/coordinates.ipynb",
        "api/terminals",
        "api/status",
        "api/me",
        "terminals/websocket/1",
        "files/coordinates.ipynb",
        "login",
        "voila/templates/lab/index.html.j2",
        "voila/static/../../app/serve/server.py",
        "static/style.css",
    ],
)
def test_the_rest_of_jupyter_is_not_there(server: Server, method: str, path: str) -> None:
    not_there(method, server.url + path)


@pytest.mark.parametrize(
    "path",
    [
        "api/kernels/{kernel}",
        "api/kernels/{kernel}/restart",
        "api/kernels/{kernel}/interrupt",
        "voila/query/{kernel}",
        "voila/execution/{kernel}",
    ],
)
def test_nor_is_what_jupyter_does_to_a_kernel_that_lives(page: Page, path: str) -> None:
    for method in METHODS:
        not_there(method, page.url + path.format(kernel=page.kernel))
    assert page.ask(rate=0.06)["state"]["rate"] == 0.06


@pytest.mark.parametrize(
    "path",
    [
        "/../pyproject.toml",
        "/..%2f..%2fetc%2fpasswd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/natgrad/x/../../serve/server.py",
        "/natgrad/x/%2e%2e%2f%2e%2e%2fserver.py",
        "//etc/passwd",
        "/coordinates.ipynb",
        "/coordinates/../newton.ipynb",
        "/.git/config",
        "/coordinates%00",
        "/\\..\\..\\etc\\passwd",
    ],
)
def test_no_path_leads_to_a_file(server: Server, path: str) -> None:
    import http.client

    host = server.url.split("/")[2]
    line = http.client.HTTPConnection(host, timeout=60)
    line.putrequest("GET", path, skip_host=False)
    line.endheaders()
    answer = line.getresponse()
    text = answer.read().decode()
    line.close()
    assert answer.status in {400, 404}, (answer.status, text)
    assert "root:" not in text
    assert "import" not in text


@pytest.mark.slow
def test_every_answer_carries_the_headers_and_names_no_software(server: Server) -> None:
    for path in ("coordinates", "home", "nothing", "healthz"):
        headers = requests.get(server.url + path, timeout=60).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "Server" not in headers
        assert "username" not in headers.get("Set-Cookie", "")


def test_no_source_is_shown(server: Server) -> None:
    text = requests.get(f"{server.url}coordinates", timeout=60).text
    assert "from natgrad_lecture import" not in text
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("method", "path", "size"),
    [
        ("GET", "coordinates?" + "x" * 40_000, 0),
        ("POST", "voila/api/shutdown/" + NO_KERNEL, 200_000),
    ],
    ids=["a head of 40 kB", "a body of 200 kB"],
)
def test_a_request_that_never_fits_is_refused(
    server: Server, method: str, path: str, size: int
) -> None:
    """Both would fit into what Tornado allows by itself: 64 KiB of head, 100 MB of body."""
    origin = {"Origin": server.url.rstrip("/")}
    try:
        answer = requests.request(
            method, server.url + path, data=b"x" * size, headers=origin, timeout=60
        )
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
        return  # It hung up while we were still sending.
    assert answer.status_code in {400, 413, 431}


def test_the_numbers_are_for_this_machine_and_say_nothing_about_anybody(server: Server) -> None:
    text = requests.get(f"{server.url}metrics", timeout=60).text
    assert "natgrad_readers " in text
    assert not re.search(r"\b\w{8}-\w{4}|127\.0\.0\.1", text)
    for proxied in ({"X-Forwarded-For": "192.0.2.1"}, {"Forwarded": "for=192.0.2.1"}):
        assert requests.get(f"{server.url}metrics", headers=proxied, timeout=60).status_code == 404
    health = requests.get(f"{server.url}healthz", headers={"Host": "10.0.0.1"}, timeout=60)
    assert health.json() == {"status": "ok"}


@pytest.mark.slow
def test_names_frames_numbers_and_the_log_are_opened_by_options(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NATGRAD_METRICS_TOKEN", "sesame")
    options = ("--host=0.0.0.0", "--name=lecture.example", "--embed=https://lms.example", "--log")
    with running(*options, "--base-url=/some/path") as server:
        url = re.sub(r"//[\w.]+:", "//127.0.0.1:", server.url)
        assert url.endswith("/some/path/")
        named = {"Host": "lecture.example"}
        page = requests.get(f"{url}coordinates", headers=named, timeout=60)
        assert page.status_code == 200
        policy = page.headers["Content-Security-Policy"]
        assert policy.endswith("frame-ancestors 'self' https://lms.example")
        assert requests.get(url, headers={"Host": "evil.example"}, timeout=60).status_code == 403
        assert requests.get(f"{url}metrics", timeout=60).status_code == 404
        known = {"Authorization": "Bearer sesame"}
        assert requests.get(f"{url}metrics", headers=known, timeout=60).status_code == 200
        opened = Page(url).open()
        opened.ask(rate=0.0123)
        opened.hang_up()
        said = server.stop()
    events = [json.loads(line) for line in said.splitlines()]
    assert [event["event"] for event in events].count("page") == 2
    assert "0.0123" not in said
    assert "127.0.0.1" not in said
    assert opened.kernel not in said


@pytest.mark.slow
def test_who_calls_us_by_an_address_that_we_were_given_comes_in() -> None:
    with running("--host=0.0.0.0", "--name=192.0.2.7", "--name=2001:db8::7") as server:
        assert server.url.startswith("http://192.0.2.7:"), "the address that others can open"
        url = re.sub(r"//[\w.]+:", "//127.0.0.1:", server.url)
        port = url.rstrip("/").rpartition(":")[2]
        hosts = {
            "192.0.2.7": 200,
            f"192.0.2.7:{port}": 200,
            f"[2001:DB8:0::7]:{port}": 200,
            "192.0.2.8": 403,
            "[2001:db8::8]": 403,
            "evil.example": 403,
            "127.0.0.1": 200,
            "localhost": 200,
        }
        said = {
            host: requests.get(f"{url}home", headers={"Host": host}, timeout=60).status_code
            for host in hosts
        }
        assert said == hosts
        page = Page(url).open()
        page.connect(host="192.0.2.7", Origin="http://192.0.2.7")
        assert page.ask(rate=0.05)["state"]["rate"] == 0.05
        with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
            page.dial(host="192.0.2.8", Origin="http://192.0.2.8")
        page.goodbye()


@pytest.mark.slow
def test_a_full_house_has_a_waiting_line_and_lets_the_first_in_first() -> None:
    with running("--readers=2") as server:
        inside = [Page(server.url).open() for _ in range(2)]
        visitors = [requests.Session() for _ in range(3)]
        for place, visitor in enumerate(visitors, 1):
            answer = visitor.get(f"{server.url}newton?v=1&rate=0.2", timeout=60)
            assert answer.status_code == 503
            assert f"You are number <strong>{place}</strong>" in answer.text
            assert "/waiting_page.js" in answer.text
            assert int(answer.headers["Retry-After"]) > 0
        again = visitors[1].get(f"{server.url}newton", timeout=60)
        assert "number <strong>2</strong>" in again.text, "who asks again keeps the place"
        (ticket,) = re.findall('data-ticket="(.*?)"', again.text)
        framed = requests.get(f"{server.url}newton", headers={TICKET: ticket}, timeout=60)
        assert "number <strong>2</strong>" in framed.text, "in a frame, which gets no cookie, too"
        assert all(page.ask(rate=0.05)["state"]["rate"] == 0.05 for page in inside)
        assert server.metric("waiting") == 3
        inside[0].goodbye()
        wait_until(lambda: server.metric("readers") == 1)
        assert visitors[1].get(f"{server.url}newton", timeout=60).status_code == 503
        assert requests.get(f"{server.url}newton", timeout=60).status_code == 503
        assert visitors[0].get(f"{server.url}newton", timeout=60).status_code == 200
        assert visitors[1].get(f"{server.url}newton", timeout=60).status_code == 503
        inside[1].hang_up()
        for visitor in visitors:
            visitor.close()
