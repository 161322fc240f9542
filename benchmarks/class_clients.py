"""A class's lecturer and its phones, as real clients of the protocol.

A phone fetches the class's page for its token, opens its websocket and reads frames as they come.
It is written by hand, without a library for websockets: a thousand of them shall take little of the
machine that they measure.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import websocket_connect

from natgrad_lecture.classroom.messages import unpacked
from natgrad_lecture.server.class_handlers import DEVICE, PROTOCOL
from tests.support.servers import Page


def resident(pid: int) -> float:
    """Return a process's resident memory, in MB."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


@dataclass
class Hall:
    """What all followers know: the rates by the end of a packed picture, and what was measured."""

    url: str
    code: str
    rates: dict[bytes, float] = field(default_factory=dict)
    sent: dict[float, float] = field(default_factory=dict)
    delays: list[float] = field(default_factory=list)
    measuring: bool = False
    quiz: tuple[int, int] | None = None


class Follower(asyncio.Protocol):
    """A phone: it reads frames, keeps the newest picture's rate, and answers the open question."""

    def __init__(self, hall: Hall, cookie: str) -> None:
        self.hall, self.cookie = hall, cookie
        self.held = bytearray()
        self.open = False
        self.rate = 0.0
        self.mine: int | None = None
        """The answer that the server says it has of this device in this round."""
        self.quiz: tuple[int, int] | None = None
        self.answer: int | None = None
        self.stopped = False
        self.lost = 0
        self.delay = 0.4

    async def dial(self) -> None:
        """Open the line; it is opened again for as long as the follower stays."""
        place = urlsplit(self.hall.url)
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: self, place.hostname or "", place.port or 80)
        except OSError:
            self._again()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Shake hands."""
        self.open = False
        self.held.clear()
        place = urlsplit(self.hall.url)
        key = base64.b64encode(os.urandom(16)).decode()
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(
            f"GET {place.path}class/{self.hall.code}/line HTTP/1.1\r\nHost: {place.netloc}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {PROTOCOL}\r\n"
            f"Origin: http://{place.netloc}\r\nCookie: {self.cookie}\r\n\r\n".encode()
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """Come back, as the page does."""
        self.open = False
        self.lost += 1
        self._again()

    def _again(self) -> None:
        if self.stopped:
            return
        loop = asyncio.get_running_loop()
        wait = self.delay * random.uniform(0.5, 1.5)
        self.delay = min(1.5 * self.delay, 4.0)
        loop.call_later(wait, lambda: loop.create_task(self.dial()))

    def data_received(self, data: bytes) -> None:
        """Read the frames that are whole."""
        self.held += data
        if not self.open:
            head, found, rest = self.held.partition(b"\r\n\r\n")
            if not found:
                return
            self.open = b" 101 " in head[:20]
            self.held = bytearray(rest)
        while self.open and len(self.held) >= 2:
            size, start = self.held[1] & 0x7F, 2
            if size >= 126:
                start = 4 if size == 126 else 10
                size = int.from_bytes(self.held[2:start], "big")
            if len(self.held) < start + size:
                return
            opcode = self.held[0] & 0xF
            payload = bytes(self.held[start : start + size])
            del self.held[: start + size]
            if opcode == 9:
                self._send(payload, 0xA)
            elif opcode in (1, 2):
                self.delay = 0.4
                self._hear(payload, opcode)

    def _hear(self, payload: bytes, opcode: int) -> None:
        now = time.monotonic()
        hall = self.hall
        if opcode == 2:  # the end of gzip is a checksum: equal pictures are read once
            key = payload[-8:]
            rate = hall.rates.get(key)
            if rate is None:
                words, _ = unpacked(payload)
                if "picture" not in words:
                    return
                rate = hall.rates[key] = words["picture"]["state"]["rate"]
            if hall.measuring and rate != self.rate and rate in hall.sent:
                hall.delays.append(now - hall.sent[rate])
            self.rate = rate
        elif b'"quiz"' in payload:
            quiz = json.loads(payload)["quiz"]
            now_open = (quiz["id"], quiz["round"]) if quiz and quiz["open"] else None
            if now_open != self.quiz:
                self.mine = None
            self.quiz = now_open
            if self.quiz and self.answer is not None:
                self.say(self.answer, resend=self.mine == self.answer)
        elif b'"mine"' in payload:
            self.mine = json.loads(payload)["mine"]

    def say(self, answer: int, resend: bool = False) -> None:
        """Answer the open question."""
        self.answer = answer
        if self.quiz:
            word = {"answer": answer, "round": list(self.quiz), "resend": resend}
            self._send(json.dumps(word).encode(), 1)

    def _send(self, payload: bytes, opcode: int) -> None:
        mask = os.urandom(4)
        body = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self.transport.write(bytes([0x80 | opcode, 0x80 | len(payload)]) + mask + body)

    def move(self, loop: asyncio.AbstractEventLoop, after: float) -> None:
        """Change networks: the old line says nothing more, and is cut much later."""
        old = self.transport
        old.pause_reading()
        old.set_protocol(asyncio.Protocol())
        loop.call_later(after, old.abort)
        self.open = False
        loop.create_task(self.dial())

    def stop(self) -> None:
        """Leave for good."""
        self.stopped = True
        self.transport.close()


async def joined(hall: Hall, after: float) -> Follower:
    """A follower who fetches the page, and opens the line."""
    await asyncio.sleep(after)
    request = HTTPRequest(f"{hall.url}class/{hall.code}", request_timeout=120)
    answer = await AsyncHTTPClient().fetch(request)
    found = re.search(rf"{DEVICE}=([\w.]+)", answer.headers["Set-Cookie"])
    assert found
    follower = Follower(hall, f"{DEVICE}={found[1]}")
    await follower.dial()
    return follower


class Lecturer:
    """The lecturer's page and its line."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token
        self.news: dict[str, Any] = {}
        self.page = Page(url)

    async def lead(self) -> None:
        """Open the page, and lead the class."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self.page.open)
        request = HTTPRequest(f"{self.url.replace('http', 'ws', 1)}class/lead")
        request.headers["Origin"] = self.url.rstrip("/")
        wanted = [PROTOCOL, f"natgrad.token.{self.token}"]
        self.line = await websocket_connect(request, subprotocols=wanted)
        data = self.page.data
        lead = {"lesson": "coordinates", "kernel": data["kernel"], "pass": data["pass"]}
        await self.say(lead={**lead, "address": f"{self.url}coordinates"})
        self.reading = asyncio.create_task(self._read())
        await self.until(lambda news: "place" in news)
        await loop.run_in_executor(None, lambda: self.page.ask(rate=0.02))

    async def say(self, **word: Any) -> None:
        """Say something to the server."""
        await self.line.write_message(json.dumps(word))

    async def _read(self) -> None:
        while (message := await self.line.read_message()) is not None:
            payload = message.encode() if isinstance(message, str) else message
            self.news |= unpacked(payload)[0]

    async def until(self, true: Any, seconds: float = 60) -> None:
        """Wait until what was heard fulfills something."""
        async with asyncio.timeout(seconds):
            while not true(self.news):
                await asyncio.sleep(0.02)

    async def drag(self, hall: Hall, seconds: float, pause: float = 1 / 60) -> int:
        """Drag the rate, as fast as it is answered; returns how many pictures there were."""
        loop = asyncio.get_running_loop()
        until = time.monotonic() + seconds
        count = 0
        while time.monotonic() < until:
            count += 1
            rate = round(0.01 + 1e-5 * (count % 3000), 6)
            hall.sent[rate] = time.monotonic()
            await loop.run_in_executor(None, lambda rate=rate: self.page.ask(rate=rate))
            await asyncio.sleep(pause)
        return count
