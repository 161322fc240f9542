"""Phones come, go, sleep and change networks while a lecturer teaches: ``make soak-class``.

The server's memory and descriptors must stand still, and every round be counted exactly: each
device's last answer once, however often its line was cut, in however many pages it is open.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex

from tornado.httpclient import AsyncHTTPClient

from benchmarks.class_clients import Follower, Hall, Lecturer, joined, resident
from natgrad_lecture.classroom.codes import code_of
from tests.support.servers import Server, start, wait_until

OPTIONS = 3
CUT, ASLEEP, MOVED, SECOND, GONE = 0.1, 0.2, 0.1, 0.02, 0.005
"""How often a phone's line is cut, it sleeps, it changes networks, its address is opened in a
second page, it leaves for good and another comes: the shares of all that happens to it."""

OLD_LINE = 20.0
"""Seconds after which the old line of a phone that changed networks is cut."""

CONFIRMED = 40.0
"""Seconds in which every phone hears that its answer counts."""

GROWTH = 5.0
"""MB by which the server may be larger at the end than after two fifths of the time."""


@dataclass
class Soak:
    """A class over a long time."""

    lecturer: Lecturer
    hall: Hall
    until: float
    phones: list[Follower] = field(default_factory=list)
    second_pages: list[Follower] = field(default_factory=list)
    """Second pages of some of the devices."""
    rounds: list[bool] = field(default_factory=list)
    devices: int = 0
    acts: Counter[str] = field(default_factory=Counter)

    async def arrive(self, after: float = 0.0) -> None:
        """One more phone comes."""
        phone = await joined(self.hall, after)
        self.devices += 1
        self.phones.append(phone)

    async def live(self) -> None:
        """Let something happen to a phone now and then."""
        loop = asyncio.get_running_loop()
        acts = ("cut", "asleep", "moved", "second", "gone")
        shares = (CUT, ASLEEP, MOVED, SECOND, GONE)
        while time.monotonic() < self.until:
            await asyncio.sleep(2.5 / len(self.phones))  # each phone's turn comes every few seconds
            phone = random.choice(self.phones)
            (act,) = random.choices((*acts, ""), (*shares, 1 - sum(shares)))
            if not act or not phone.open:
                continue
            self.acts[act] += 1
            if act == "cut":
                phone.transport.abort()
            elif act == "asleep":
                phone.transport.pause_reading()
                loop.call_later(random.uniform(0.5, 6), self._wake, phone)
            elif act == "moved":
                phone.move(loop, OLD_LINE)
            elif act == "second":
                second = Follower(self.hall, phone.cookie)
                second.quiz, second.answer, second.mine = phone.quiz, phone.mine, phone.mine
                self.second_pages.append(second)
                await second.dial()
                loop.call_later(15, self._close, second)
            elif phone.mine == phone.answer:  # what it said is counted, or it said nothing
                phone.stop()
                self.phones.remove(phone)
                await self.arrive()

    def _close(self, second: Follower) -> None:
        second.stop()
        self.second_pages.remove(second)

    @staticmethod
    def _wake(phone: Follower) -> None:
        if not phone.transport.is_closing():
            phone.transport.resume_reading()

    async def ask(self) -> None:
        """Ask the class again and again, and compare the counts with what the phones said."""
        while time.monotonic() < self.until - CONFIRMED:
            for phone in (*self.phones, *self.second_pages):
                phone.answer = phone.mine = None
            options = [str(i) for i in range(OPTIONS)]
            await self.lecturer.say(ask={"kind": "choice", "text": "?", "options": options})
            await asyncio.sleep(1)
            asked = list(self.phones)
            for _ in range(2):  # some change their answer
                for phone in asked:
                    if phone in self.phones and (phone.answer is None or random.random() < 0.3):
                        phone.say(random.randrange(OPTIONS))
                await asyncio.sleep(2)
            late = time.monotonic() + CONFIRMED
            while any(phone.mine != phone.answer for phone in asked):
                if time.monotonic() > late:
                    break
                await asyncio.sleep(0.2)
            await self.lecturer.say(reveal=True)
            await self.lecturer.until(lambda news: bool((news.get("quiz") or {}).get("revealed")))
            (result,) = self.lecturer.news["quiz"]["results"]
            said = Counter(phone.answer for phone in asked if phone.answer is not None)
            exact = result["counts"] == [said[i] for i in range(OPTIONS)]
            if not exact:
                print(f"    counted {result}, said {dict(said)}", flush=True)
            self.rounds.append(exact)
            await asyncio.sleep(1)


def files_of(server: Server) -> int:
    """How many descriptors a server has open."""
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


async def come_and_go(server: Server, count: int, seconds: float) -> bool:
    """Let ``count`` phones be there for so long; print memory and open files at each tenth.

    Returns whether both stood still and every round was counted exactly.
    """
    token = token_hex(16)
    lecturer, hall = Lecturer(server.url, token), Hall(server.url, code_of(token))
    await lecturer.lead()
    before = files_of(server)
    soak = Soak(lecturer, hall, time.monotonic() + seconds)
    await asyncio.gather(*(soak.arrive(0.02 * i) for i in range(count)))
    weights: list[float] = []

    async def weigh() -> None:
        for _ in range(10):
            await asyncio.sleep(seconds / 10)
            weights.append(resident(server.process.pid))
            print(
                f"    {weights[-1]:.0f} MB, {files_of(server)} files, {soak.devices} phones so far,"
                f" {sum(soak.rounds)} of {len(soak.rounds)} rounds exact",
                flush=True,
            )

    drag = lecturer.drag(hall, seconds, pause=0.5)
    await asyncio.gather(weigh(), drag, soak.ask(), soak.live())
    for phone in soak.phones:
        phone.stop()
    lecturer.reading.cancel()
    loop = asyncio.get_running_loop()
    level = before + 8
    await loop.run_in_executor(None, wait_until, lambda: files_of(server) <= level, 150, 1)
    early, late = weights[3], weights[-1]
    print(", ".join(f"{act}: {number}" for act, number in soak.acts.items()))
    print(f"{len(soak.rounds)} rounds, {sum(soak.rounds)} exact; {soak.devices} phones")
    print(f"{early:.0f} MB, then {late:.0f} MB; files: {before}, then {files_of(server)}")
    return bool(soak.rounds) and all(soak.rounds) and late < early + GROWTH


def main() -> None:
    """Run, and print whether memory grew."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.class_soak", description=__doc__)
    parser.add_argument("--phones", type=int, default=150, help="at a time (150)")
    parser.add_argument("--seconds", type=float, default=300, help="how long (300)")
    options = parser.parse_args()
    AsyncHTTPClient.configure(None, max_clients=100)
    server = start(0, 1, f"--followers={4 * options.phones + 100}")
    try:
        flat = asyncio.run(come_and_go(server, options.phones, options.seconds))
    finally:
        server.stop()
    print("memory and files stand still, all counts exact" if flat else "NOT flat, or NOT exact")
    sys.exit(not flat)


if __name__ == "__main__":
    main()
