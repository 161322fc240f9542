"""The socket between the server and a kernel: whole messages, no more than is on its way, and an
end that both sides notice.
"""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler

from natgrad_lecture.server import websocket
from natgrad_lecture.server.ask_socket import HEAD, MOST_ASKED, AskSocket, path_of
from natgrad_lecture.server.request_filter import (
    MOST_BYTES,
    ask_in,
    content,
    frame_of,
)
from natgrad_lecture.server.sessions import Pass
from natgrad_lecture.server.websocket import IN_FLIGHT, SERVICE_RESTART, Channels
from tests.support.event_loops import run_apart

if not hasattr(socket, "AF_UNIX"):
    pytest.skip("this system has no such sockets", allow_module_level=True)

from natgrad_lecture.server.ask_socket import listening

COMM = "c" * 32


def framed(*messages: bytes) -> bytes:
    """Messages as they stand on the socket."""
    return b"".join(len(each).to_bytes(HEAD, "little") + each for each in messages)


class Transport:
    """What a side writes to, and what it asked of it."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *_: self.said.append(name)


def side(most: int = 100) -> tuple[AskSocket, list[bytes], list[str]]:
    """A side, what it heard, and what it asked of its transport."""
    heard: list[bytes] = []
    one, transport = AskSocket(lambda _, message: heard.append(message), most), Transport()
    one.connection_made(transport)  # pyright: ignore[reportArgumentType]
    return one, heard, transport.said


@pytest.mark.parametrize("step", [1, 3, 5, 1000])
def test_messages_come_whole_and_in_order_however_their_bytes_are_cut(step: int) -> None:
    one, heard, _ = side()
    sent = [b"first", b"", b"x" * 100, b"last"]
    stream = framed(*sent)
    for i in range(0, len(stream), step):
        one.data_received(stream[i : i + step])
    assert heard == sent


def test_a_message_that_is_too_long_ends_the_connection_before_it_has_come() -> None:
    one, heard, said = side(most=100)
    one.data_received(framed(b"good") + (101).to_bytes(HEAD, "little") + framed(b"never"))
    assert heard == [b"good"]
    assert said == ["abort"]


def test_a_side_that_holds_hands_on_nothing_and_then_all() -> None:
    one, heard, said = side()

    def hear(asks: AskSocket, message: bytes) -> None:
        heard.append(message)
        asks.hold()

    one.heard = hear
    one.data_received(framed(b"one", b"two", b"three"))
    assert heard == [b"one"]
    one.go_on()
    assert heard == [b"one", b"two"]
    assert said == ["pause_reading", "resume_reading", "pause_reading"]


def test_the_longest_ask_fits_after_it_was_written_again() -> None:
    """Of all JSON, numbers and characters that are written in few bytes grow most."""
    head = json.dumps({"msg_type": "comm_msg"}).encode()
    for piece in (b"1e15,", b"1E9,", '"é",'.encode(), '"數",'.encode(), '"𝜃",'.encode(), b"[],"):
        data = b'{"ask":1,"set":{"data":[%s1]}}' % (piece * ((MOST_BYTES - 400) // len(piece)))
        body = b'{"comm_id":"%s","data":{"method":"custom","content":%s}}' % (COMM.encode(), data)
        frame = frame_of([b"shell", head, b"{}", b"{}", body])
        assert MOST_BYTES / 2 < len(frame) <= MOST_BYTES
        assert len(content(ask_in(frame, COMM), COMM)) <= MOST_ASKED


def test_only_the_server_s_user_may_open_the_socket(tmp_path: Path) -> None:
    path = path_of("ipc", str(tmp_path / "k"))
    assert path
    for _ in range(2):  # what one that ended left behind keeps no other from listening
        with listening(path):
            assert path.stat().st_mode & 0o777 == 0o600
    assert path_of("tcp", "127.0.0.1") is None


class Kernel:
    """A page's line, and in place of its kernel what a test has it do with each ask."""

    asks: AskSocket
    """The kernel's side."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.asked: list[dict[str, Any]] = []
        self.shown: list[bytes] = []
        self.closed: list[int] = []
        self.lives = True
        self.full: asyncio.Future[None] | None = None
        self.address = SimpleNamespace(transport="ipc", ip=str(folder / "k"))
        self.come, self.left = asyncio.Event(), asyncio.Event()
        self.channels: Any = Channels.__new__(Channels)
        self.channels.initialize(
            SimpleNamespace(
                watch=SimpleNamespace(answered=lambda _: None),
                together=SimpleNamespace(asked=lambda *_: None, leads=lambda _: False),
                lives=lambda _: self.lives,
                close_line=lambda *_: None,
            )
        )
        self.channels.holder = Pass("kernel", COMM)
        self.channels.connection = SimpleNamespace()
        self.channels.ws_connection = SimpleNamespace(
            is_closing=lambda: False, stream=SimpleNamespace(writing=lambda: self.full is not None)
        )
        self.channels.hang_up = lambda code, _why: self.closed.append(code)
        monkeypatch.setattr(websocket, "REAPED", 0.02)
        monkeypatch.setattr(
            KernelWebsocketHandler,
            "write_message",
            lambda _, *said, **how: self._show(*said, **how),
        )
        monkeypatch.setattr(KernelWebsocketHandler, "on_close", lambda _: None)

    def _show(self, frame: bytes, binary: bool = False) -> Any:
        assert binary
        self.shown.append(frame)
        return self.full

    async def __aenter__(self) -> Kernel:
        path = path_of(self.address.transport, self.address.ip)
        assert path
        bound = listening(path)
        loop = asyncio.get_running_loop()

        def heard(asks: AskSocket, message: bytes) -> None:
            self.asks = asks
            self.asked.append(json.loads(message))
            self.come.set()

        self.server = await loop.create_unix_server(
            lambda: AskSocket(heard, MOST_ASKED, self.left.set), sock=bound
        )
        await self.channels._open_asks(self.address)
        return self

    async def ask(self, number: int) -> None:
        """Ask, and wait until the kernel has heard it."""
        said = {"comm_id": COMM, "data": {"method": "custom", "content": {"ask": number}}}
        parts = ({"msg_type": "comm_msg"}, {}, {}, said)
        frame = frame_of([b"shell", *(json.dumps(part).encode() for part in parts)])
        self.come.clear()
        await asyncio.wait_for(self.channels.on_message(frame), 10)
        await asyncio.wait_for(self.come.wait(), 10)

    async def __aexit__(self, *_: object) -> None:
        self.channels.ws_connection = None
        self.channels.on_close()
        self.server.close()
        await asyncio.wait_for(self.left.wait(), 10)  # with the page, the server goes


async def until(true: Any) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.005)


def test_an_ask_and_its_answer_pass_as_they_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def story() -> None:
        async with Kernel(monkeypatch, tmp_path) as kernel:
            await kernel.ask(7)
            assert kernel.asked == [
                {"comm_id": COMM, "data": {"method": "custom", "content": {"ask": 7}}}
            ]
            kernel.asks.send(b"a frame")
            await until(lambda: kernel.shown)
            assert kernel.shown == [b"a frame"]
            assert kernel.channels.silent() == 0.0
        assert not kernel.closed

    run_apart(story())


def test_a_kernel_that_does_not_answer_is_asked_no_more_and_is_known_to_be_silent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def story() -> None:
        async with Kernel(monkeypatch, tmp_path) as kernel:
            for number in range(IN_FLIGHT):
                await kernel.ask(number)
            beyond = asyncio.create_task(kernel.ask(IN_FLIGHT))
            await asyncio.sleep(0.05)
            assert len(kernel.asked) == IN_FLIGHT
            assert kernel.channels.silent() > 0.04
            kernel.asks.send(b"at last")
            await beyond
            assert len(kernel.asked) == IN_FLIGHT + 1

    run_apart(story())


@pytest.mark.parametrize("lives", [True, False])
def test_of_an_answer_that_is_cut_the_page_sees_nothing_and_its_line_ends_if_the_kernel_lives(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, lives: bool
) -> None:
    """Of a kernel that has ended, Jupyter tells the page."""

    async def story() -> None:
        async with Kernel(monkeypatch, tmp_path) as kernel:
            kernel.lives = lives
            await kernel.ask(1)
            kernel.asks.transport.write(framed(b"x" * 1000)[:500])
            kernel.asks.close()
            await asyncio.sleep(0.1)
            assert kernel.closed == ([SERVICE_RESTART] if lives else [])
            kernel.channels.asks.send(b"into a closed connection")
            assert not kernel.shown

    run_apart(story())


def test_an_answer_that_is_too_long_ends_the_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(websocket, "MOST_ANSWERED", 1000)

    async def story() -> None:
        async with Kernel(monkeypatch, tmp_path) as kernel:
            await kernel.ask(1)
            kernel.asks.send(b"x" * 1001)
            await until(lambda: kernel.closed)
            assert not kernel.shown

    run_apart(story())


def test_a_reader_who_reads_slowly_fills_no_memory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """While one answer waits for the reader, the kernel's others wait with the kernel."""

    async def story() -> None:
        async with Kernel(monkeypatch, tmp_path) as kernel:
            kernel.full = asyncio.get_running_loop().create_future()
            await kernel.ask(1)
            for number in range(IN_FLIGHT):
                kernel.asks.send(b"%d" % number + b"x" * 2**20)
            await until(lambda: kernel.shown)
            await asyncio.sleep(0.05)
            assert len(kernel.shown) == 1
            assert kernel.asks.transport.get_write_buffer_size() > 2 * 2**20
            full, kernel.full = kernel.full, None
            full.set_result(None)
            await until(lambda: len(kernel.shown) == IN_FLIGHT)
            assert [frame[:1] for frame in kernel.shown] == [b"0", b"1", b"2", b"3"]

    run_apart(story())


def test_a_kernel_without_the_socket_is_asked_as_jupyter_has_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def story() -> None:
        for transport in ("ipc", "tcp"):
            kernel = Kernel(monkeypatch, tmp_path)
            handed: list[bytes] = []
            kernel.channels.connection.handle_incoming_message = handed.append
            await kernel.channels._open_asks(
                SimpleNamespace(transport=transport, ip=str(tmp_path / "no"))
            )
            kernel.come.set()
            monkeypatch.setattr(kernel.come, "clear", lambda: None)
            await kernel.ask(3)
            assert len(handed) == 1
            assert b'"ask": 3' in handed[0]

    run_apart(story())
