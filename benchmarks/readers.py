"""Readers with a page each, as real clients of the protocol, and what they measure.

Each fetches the page over HTTP, opens its websocket and sends requests as the page does, the newest
value first and one request in flight. They run on the machine that they measure, so the figures
are pessimistic.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import websocket_connect

from natgrad_lecture.server.page_handlers import AGAIN, TICKET
from natgrad_lecture.server.request_filter import PROTOCOL, frame_of, parts_of
from tests.support.servers import children

ARRIVE = 10.0
"""Seconds within which all arrive."""

BURST, PAUSE = 2.0, 18.0
"""Seconds that a reader drags, and then reads: a tenth drag at once."""

TIME_LIMIT = 60.0
"""Seconds without a picture after which a reader leaves."""

FRAME = 1 / 60


@dataclass
class Readings:
    """The measurements of all readers of one run."""

    first: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    """When each of the answers came, on the machine's clock."""
    failures: list[str] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    shared: float = 0.0


def pss(pid: int) -> float:
    """Return a process's proportional set size, in MB."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def quantile(values: list[float], q: float) -> float:
    """Return the q-quantile of some values."""
    row = sorted(values)
    return row[min(len(row) - 1, int(q * len(row)))] if row else float("nan")


async def fetch(url: str) -> str:
    """Return the page at an address."""
    answer = await AsyncHTTPClient().fetch(HTTPRequest(url, request_timeout=300))
    return answer.body.decode()


class OurReader:
    """A reader of a lesson."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked = 0

    async def open(self) -> None:
        """Fetch the page, which holds the first picture, and open the websocket."""
        page = await fetch(f"{self.url}coordinates")
        found = re.search(r'id="natgrad-data">(.*?)</script>', page)
        trouble = re.search(r"role=\"alert\".*?>(.*?)<", page)
        assert found, f"no picture in the page; it says: {trouble and trouble[1]}"
        self.data = json.loads(found[1])
        self._keep(self.data["first"])

    async def connect(self) -> None:
        """Open the websocket."""
        url = f"{self.url}api/kernels/{self.data['kernel']}/channels?session_id={id(self)}"
        wanted = [PROTOCOL, f"natgrad.{self.data['pass']}"]
        request = HTTPRequest(url.replace("http", "ws", 1), request_timeout=60)
        request.headers["Origin"] = self.url.rstrip("/")
        self.line = await websocket_connect(request, subprotocols=wanted)

    async def ask(self, rate: float) -> None:
        """Move the slider, and wait for the picture."""
        self.asked += 1
        ask = {"ask": self.asked, "state": self.state, "set": {"rate": rate}, "have": self.have}
        data = {"comm_id": self.data["comm"], "data": {"method": "custom", "content": ask}}
        parts = ({"msg_id": "m", "msg_type": "comm_msg"}, {}, {}, data)
        frame = frame_of([b"shell", *(json.dumps(part).encode() for part in parts)])
        await self.line.write_message(frame, binary=True)
        while True:
            heard = await self.line.read_message()
            assert isinstance(heard, bytes), "the line was cut"
            answer = json.loads(parts_of(heard)[4])["data"]["content"]
            if answer["answer"] == self.asked:
                assert "fault" not in answer, answer
                self._keep(answer)
                return

    def _keep(self, answer: dict[str, Any]) -> None:
        """Keep what the page keeps: the state, and the outlines that are sent once."""
        self.state = answer["state"]
        self.have = sorted({trace["cache"] for trace in answer["traces"] if trace.get("cache")})


async def wait(url: str, count: int, after: float, until: float, readings: Readings) -> None:
    """Wait in line for a server with ``count`` readers, and ask again as the waiting page does."""
    while len(readings.first) < count and time.monotonic() < until:
        await asyncio.sleep(1)
    await asyncio.sleep(after)
    ticket = ""
    try:
        while time.monotonic() < until:
            headers = {TICKET: ticket} if ticket else {}
            request = HTTPRequest(f"{url}coordinates", headers=headers, request_timeout=300)
            answer = await AsyncHTTPClient().fetch(request, raise_error=False)
            assert answer.code == 503, f"{answer.code} in a full house"
            (ticket,) = re.findall('data-ticket="(.*?)"', answer.body.decode())
            await asyncio.sleep(AGAIN)
    except Exception as error:
        readings.failures.append(f"in line: {type(error).__name__}: {error}"[:100])


async def read(reader: Any, after: float, until: float, readings: Readings) -> None:
    """Play one reader's visit."""
    await asyncio.sleep(after)
    began = time.monotonic()
    try:
        await reader.open()
        readings.first.append(time.monotonic() - began)
        await reader.connect()
        await asyncio.sleep(random.uniform(0, BURST + PAUSE))
        while time.monotonic() < until:
            stop = min(until, time.monotonic() + BURST)
            while (now := time.monotonic()) < stop:
                await asyncio.wait_for(reader.ask(random.uniform(0.01, 0.05)), TIME_LIMIT)
                took = time.monotonic() - now
                readings.answers.append(took)
                readings.at.append(now + took)
                await asyncio.sleep(max(0.0, FRAME - took))
            await asyncio.sleep(random.uniform(0.9, 1.1) * PAUSE)
    except Exception as error:
        readings.failures.append(f"{type(error).__name__}: {error}"[:100])


async def visit(
    kind: Callable[[str], Any], url: str, count: int, seconds: float, server: int, line: int = 0
) -> Readings:
    """Let ``count`` readers come and stay, and then ``line`` more wait."""
    readings = Readings()
    until = time.monotonic() + ARRIVE + seconds
    visits: list[Coroutine[Any, Any, None]] = [
        read(kind(url), ARRIVE * i / count, until, readings) for i in range(count)
    ]
    # They come when all others have a page, and leave before the first of those leaves.
    visits += [wait(url, count, AGAIN * i / line, until - ARRIVE, readings) for i in range(line)]

    async def weigh() -> None:
        await asyncio.sleep(ARRIVE + 0.9 * seconds)
        below = children(server)
        kernels = [k for parent in below for k in children(parent)] or below
        readings.memory = [pss(k) for k in kernels]
        readings.shared = sum(map(pss, {server, *below} - set(kernels)))

    try:
        async with asyncio.timeout(ARRIVE + seconds + 2 * TIME_LIMIT):
            await asyncio.gather(weigh(), *visits)
    except TimeoutError:
        readings.failures.append("the server did not come to the end of what it was asked")
    return readings
