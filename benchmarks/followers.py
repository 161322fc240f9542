"""Measure a class whose followers all look on while the lecturer drags: ``make load``.

The followers are real clients: each fetches the class's page for its token, opens its websocket and
reads frames as they come. They run on the machine that they measure, so the figures are
pessimistic. A picture's delay is counted from the lecturer's ask to the follower's last byte.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import re
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import websocket_connect

from natgrad_lecture.classroom.codes import code_of
from natgrad_lecture.classroom.messages import unpacked
from natgrad_lecture.server.class_handlers import DEVICE, PROTOCOL
from tests.support.servers import Page, Server, start, wait_until

ARRIVE, DRAG, ANSWER = 10.0, 15.0, 10.0
"""Seconds in which all come, the lecturer drags, and all answer."""

AIM = {100: 0.25, 1000: 0.5}
"""Seconds that 95 of 100 pictures may take, by followers."""

MEMORY, RESTART = 0.3, 15.0
"""MB a follower, and seconds until all are back after a restart."""


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
        self.counted = 0
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
            self.quiz = (quiz["id"], quiz["round"]) if quiz and quiz["open"] else None
            if self.quiz and self.answer is not None:
                self.say(self.answer)
        elif b'"mine"' in payload:
            self.counted += 1

    def say(self, answer: int) -> None:
        """Answer the open question."""
        self.answer = answer
        if self.quiz:
            word = {"answer": answer, "round": list(self.quiz)}
            self._send(json.dumps(word).encode(), 1)

    def _send(self, payload: bytes, opcode: int) -> None:
        mask = os.urandom(4)
        body = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self.transport.write(bytes([0x80 | opcode, 0x80 | len(payload)]) + mask + body)

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

    async def drag(self, hall: Hall, seconds: float) -> int:
        """Drag the rate, as fast as it is answered; returns how many pictures there were."""
        loop = asyncio.get_running_loop()
        until = time.monotonic() + seconds
        count = 0
        while time.monotonic() < until:
            count += 1
            rate = round(0.01 + 1e-5 * (count % 3000), 6)
            hall.sent[rate] = time.monotonic()
            await loop.run_in_executor(None, lambda rate=rate: self.page.ask(rate=rate))
            await asyncio.sleep(1 / 60)
        return count


def quantile(values: list[float], q: float) -> float:
    """Return the q-quantile of some values."""
    row = sorted(values)
    return row[min(len(row) - 1, int(q * len(row)))] if row else float("nan")


Beside = Callable[[Server], Coroutine[Any, Any, None]]
"""What goes on at the same time."""


async def follow(
    server: Server, count: int, again: Any, beside: Beside | None = None
) -> tuple[bool, Server]:
    """Let ``count`` follow; print a line of figures. Returns whether the aims are met."""
    others = asyncio.create_task(beside(server)) if beside else None
    token = token_hex(16)
    lecturer = Lecturer(server.url, token)
    hall = Hall(server.url, code_of(token))
    await lecturer.lead()
    for page in ("home", "class/lesson/coordinates"):  # what the server loads once, for all
        await AsyncHTTPClient().fetch(HTTPRequest(f"{server.url}{page}", request_timeout=120))
    first = await joined(hall, 0)
    await lecturer.drag(hall, 1)
    first.stop()
    before = resident(server.process.pid)
    followers = await asyncio.gather(*(joined(hall, ARRIVE * i / count) for i in range(count)))
    await lecturer.until(lambda news: news.get("count") == count)
    hall.measuring = True
    pictures = await lecturer.drag(hall, DRAG)
    await asyncio.sleep(2)
    hall.measuring = False
    memory = (resident(server.process.pid) - before) / count
    last = max(hall.sent, key=lambda rate: hall.sent[rate])
    shown = sum(follower.rate == last for follower in followers)
    p50, p95 = (quantile(hall.delays, q) for q in (0.5, 0.95))
    lost = sum(follower.lost for follower in followers)

    asked = {"kind": "choice", "text": "Which?", "options": ["a", "b", "c", "d"]}
    await lecturer.say(ask=asked)
    await lecturer.until(lambda news: bool(news.get("quiz")))
    wished = [0, 0, 0, 0]
    loop = asyncio.get_running_loop()
    for i, follower in enumerate(followers):
        wished[i % 4] += 1
        loop.call_later(random.uniform(0.1, ANSWER), follower.say, i % 4)
    await lecturer.until(lambda news: news.get("answered") == count, ANSWER + 30)
    quiz = lecturer.news["quiz"]

    if others:
        await others
    port = urlsplit(server.url).port
    began = time.monotonic()
    await loop.run_in_executor(None, server.stop)
    server = await loop.run_in_executor(None, again, port)
    lecturer = Lecturer(server.url, token)
    await lecturer.lead()
    await lecturer.say(kept=[], ask={**asked, "id": quiz["id"], "results": []})
    for follower in followers:
        follower.rate = 0.0
    with_all = True
    try:
        await lecturer.until(lambda news: news.get("answered") == count, 60)
    except TimeoutError:
        with_all = False
    back = time.monotonic() - began
    await lecturer.say(reveal=True)
    await lecturer.until(lambda news: bool((news.get("quiz") or {}).get("revealed")))
    counts = lecturer.news["quiz"]["results"][0]["counts"]
    for follower in followers:
        follower.stop()
    lecturer.reading.cancel()
    aim = AIM[min((size for size in AIM if size >= count), default=max(AIM))]
    exact = counts == wished
    print(
        f"| {count} | {1000 * p50:.0f} / {1000 * p95:.0f} | {len(hall.delays)} of {pictures} asks "
        f"| {memory:.3f} | {lost} | {shown} | {'exact' if exact else counts} | {back:.1f} |",
        flush=True,
    )
    fine = p95 < aim and memory < MEMORY and not lost and shown == count
    return fine and exact and with_all and back < RESTART, server


async def come_and_go(server: Server, count: int, seconds: float) -> bool:
    """Let phones come, sleep, change networks and go while the lecturer drags and asks.

    Prints memory and open files at each tenth; returns whether they stood still and every round
    was counted exactly.
    """
    token = token_hex(16)
    lecturer = Lecturer(server.url, token)
    hall = Hall(server.url, code_of(token))
    await lecturer.lead()
    until = time.monotonic() + seconds
    followers = await asyncio.gather(*(joined(hall, 0.02 * i) for i in range(count)))

    async def live(follower: Follower) -> None:
        while time.monotonic() < until:
            await asyncio.sleep(random.uniform(0.5, 4))
            act = random.random()
            if act < 0.3:
                follower.transport.abort()  # another network: it dials again
            elif act < 0.5 and follower.open:
                follower.transport.pause_reading()  # asleep
                await asyncio.sleep(random.uniform(0.5, 3))
                follower.transport.resume_reading()

    async def ask() -> list[bool]:
        exact = []
        while time.monotonic() < until - 12:
            for follower in followers:
                follower.answer, follower.counted = None, 0
            options = {"kind": "choice", "text": "?", "options": ["a", "b"]}
            await lecturer.say(ask=options)
            await asyncio.sleep(2)
            for i, follower in enumerate(followers):
                follower.say(i % 2)
            await asyncio.sleep(6)
            await lecturer.say(reveal=True)
            await lecturer.until(lambda news: bool((news.get("quiz") or {}).get("revealed")))
            (result,) = lecturer.news["quiz"]["results"]
            heard = sum(follower.counted > 0 for follower in followers)
            exact.append(heard <= result["answered"] <= count)  # none lost, none twice
        return exact

    weights: list[tuple[float, int]] = []

    async def weigh() -> None:
        for _ in range(10):
            await asyncio.sleep(seconds / 10)
            files = len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))
            weights.append((resident(server.process.pid), files))
            print(f"    {weights[-1][0]:.0f} MB, {files} files", flush=True)

    asking = asyncio.create_task(ask())
    lives = [asyncio.create_task(live(each)) for each in followers]
    await asyncio.gather(weigh(), lecturer.drag(hall, seconds), *lives)
    rounds = await asking
    for follower in followers:
        follower.stop()
    lecturer.reading.cancel()
    (early, _), (late, files) = weights[3], weights[-1]
    print(f"{len(rounds)} rounds, {sum(rounds)} exact; {early:.0f} MB, then {late:.0f} MB")
    return all(rounds) and late < early + 5 and files < count + 200


def soak(count: int, seconds: float) -> bool:
    """Let ``count`` phones come and go for so long."""
    AsyncHTTPClient.configure(None, max_clients=100)
    server = start(0, 1, f"--followers={count + 100}")
    try:
        return asyncio.run(come_and_go(server, count, seconds))
    finally:
        server.stop()


def measure(counts: list[int], alone: int = 0, beside: Beside | None = None) -> bool:
    """Measure a class of each size; returns whether every aim is met.

    Args:
        counts: How many follow.
        alone: How many others have a page with a kernel.
        beside: What those do.
    """
    AsyncHTTPClient.configure(None, max_clients=100)
    print("| followers | drag to picture p50 / p95 ms | pictures | MB a follower | lost ", end="")
    print("| show the last one | 4 options counted | s until all are back after a restart |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    met = True
    for count in counts:

        def again(port: int, count: int = count) -> Server:
            limits = (f"--followers={count + 100}", f"--readers={alone + 4}")
            return start(port, max(1, alone), *limits)

        server = again(0)
        wait_until(lambda server=server: server.metric("pool") >= alone, 300, pause=1)
        try:
            fine, server = asyncio.run(follow(server, count, again, beside))
            met &= fine
        finally:
            server.stop()
    return met
