"""Measure a class whose followers all look on while the lecturer drags: ``make load``.

The followers (benchmarks/class_clients.py) run on the machine that they measure, so the figures are
pessimistic. A picture's delay is counted from the lecturer's ask to the follower's last byte. Where
others read on their own at the same time, these run in a process of their own, so that neither
kind of client waits for the other, and their drags are measured without the class and with it.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from secrets import token_hex
from urllib.parse import urlsplit

import psutil
from tornado.httpclient import AsyncHTTPClient, HTTPRequest

from benchmarks.class_clients import Hall, Lecturer, joined, resident
from benchmarks.readers import OurReader, Readings, quantile, visit
from natgrad_lecture.classroom.codes import code_of
from tests.support.servers import Server, start, wait_until

ARRIVE, DRAG, ANSWER = 10.0, 15.0, 10.0
"""Seconds in which all come, the lecturer drags, and all answer."""

BEFORE = 20.0
"""Seconds that those on their own read before anybody follows."""

AIM = {100: 0.25, 1000: 0.5}
"""Seconds that 95 of 100 pictures may take, by followers."""

MEMORY, RESTART = 0.3, 15.0
"""MB a follower, and seconds until all are back after a restart."""

Again = Callable[[int], Server]
"""Starts the server again, at a port."""


def _visit(url: str, count: int, seconds: float, server: int) -> Readings:
    return asyncio.run(visit(OurReader, url, count, seconds, server))


class Own:
    """Readers with a page of their own beside a class: what they wait for in each of its parts."""

    def __init__(self, count: int, aim: float) -> None:
        """Measure ``count`` readers; 95 of 100 pictures are to come within ``aim`` seconds."""
        self.count, self.aim = count, aim
        self.parts: list[tuple[str, float]] = []
        self.busy: list[tuple[float, float, float]] = []
        self.readings = Readings()

    async def begin(self, server: Server) -> None:
        """Let them come, and read for a while."""
        self.server = psutil.Process(server.process.pid)
        self.visits: Future[Readings] | None = None
        if not self.count:
            return
        self.pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
        stay = BEFORE + ARRIVE + DRAG + ANSWER + 5
        self.visits = self.pool.submit(_visit, server.url, self.count, stay, server.process.pid)
        await asyncio.sleep(ARRIVE + 2)
        self.during("before the class")
        await asyncio.sleep(BEFORE)

    def during(self, part: str) -> None:
        """From now on this is what happens."""
        self.parts.append((part, time.monotonic()))
        everybody = [self.server, *self.server.children(recursive=True)]
        clients = [psutil.Process(), *psutil.Process().children(recursive=True)]
        shares = [sum(self.server.cpu_times()[:2])]
        for group in (everybody[1:], [it for it in clients if it not in everybody]):
            shares.append(sum(sum(process.cpu_times()[:2]) for process in group))
        self.busy.append((shares[0], shares[1], shares[2]))

    async def end(self) -> bool:
        """Wait until they have left; returns whether none was lost and all were quick enough."""
        self.during("")
        if self.visits is None:
            return True
        self.readings = await asyncio.wrap_future(self.visits)
        self.pool.shutdown()
        drag = self._within("while the lecturer drags")
        return not self.readings.failures and quantile(drag, 0.95) < self.aim

    def _within(self, part: str) -> list[float]:
        """How long each picture took that came in a part."""
        names = [name for name, _ in self.parts]
        at = names.index(part)
        since, until = self.parts[at][1], self.parts[at + 1][1]
        pairs = zip(self.readings.at, self.readings.answers, strict=True)
        return [took for came, took in pairs if since <= came < until]

    def show(self) -> None:
        """Print what they waited for, and what took the cores meanwhile."""
        print("    | | on their own: drag p50 / p95 / p99 ms | drags ", end="")
        print("| cores busy with the server / its kernels / all clients |\n    |---|---|---|---|")
        for i, (part, since) in enumerate(self.parts[:-1]):
            took = self._within(part)
            row = " / ".join(f"{1000 * quantile(took, q):.0f}" for q in (0.5, 0.95, 0.99))
            span = self.parts[i + 1][1] - since
            pairs = zip(self.busy[i], self.busy[i + 1], strict=True)
            busy = " / ".join(f"{(late - early) / span:.2f}" for early, late in pairs)
            print(f"    | {part} | {row} | {len(took)} | {busy} |")
        for failure in sorted(set(self.readings.failures)):
            print(f"    failed: {failure} ({self.readings.failures.count(failure)} times)")


async def follow(server: Server, count: int, again: Again, own: Own) -> tuple[bool, Server]:
    """Let ``count`` follow; print a line of figures. Returns whether the aims are met."""
    token = token_hex(16)
    lecturer = Lecturer(server.url, token)
    hall = Hall(server.url, code_of(token))
    await lecturer.lead()
    for page in ("home", "class/lesson/coordinates"):  # what the server loads once, for all
        await AsyncHTTPClient().fetch(HTTPRequest(f"{server.url}{page}", request_timeout=120))
    first = await joined(hall, 0)
    await lecturer.drag(hall, 1)
    first.stop()
    await own.begin(server)
    before = resident(server.process.pid)
    own.during(f"while {count} come")
    followers = await asyncio.gather(*(joined(hall, ARRIVE * i / count) for i in range(count)))
    await lecturer.until(lambda news: news.get("count") == count)
    own.during("while the lecturer drags")
    hall.measuring = True
    pictures = await lecturer.drag(hall, DRAG)
    own.during("while all answer")
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
    own_fine = await own.end()

    port = urlsplit(server.url).port or 0
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
    own.show()
    fine = p95 < aim and memory < MEMORY and not lost and shown == count and own_fine
    return fine and exact and with_all and back < RESTART, server


def measure(counts: list[int], alone: int = 0, aim: float = 0.5) -> bool:
    """Measure a class of each size; returns whether every aim is met.

    Args:
        counts: How many follow.
        alone: How many others have a page with a kernel.
        aim: Seconds within which those others get 95 of 100 pictures.
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
            fine, server = asyncio.run(follow(server, count, again, Own(alone, aim)))
            met &= fine
        finally:
            server.stop()
    return met
