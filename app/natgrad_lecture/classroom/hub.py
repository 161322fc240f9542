"""All classes of a server: by code for those who follow, by kernel for the picture that passes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from secrets import token_hex
from typing import Any, Protocol

import segno

from natgrad_lecture.classroom.codes import code_of
from natgrad_lecture.classroom.limits import Buckets
from natgrad_lecture.classroom.room import AT_ONCE, NO_CLASS, Line, Room, Texts

MOST_ROOMS = 32
"""Classes at once on one server."""

FOLLOWERS = 1200
"""Followers at once, of all classes of a server, if nobody says otherwise."""

ALONE = 600.0
"""Seconds after which a class without its lecturer's page ends."""

WRONG_BURST, WRONG_RATE = 60, 1
"""Wrong codes that may come from one address at once, and then in a second. A whole hall may share
an address, so this is not one; with 31⁶ codes a year of trying finds none of a single class."""

WAITING = 90.0
"""Seconds that a device waits for its class: a server that was started again has none yet, and a
thousand phones that dial again and again would keep it from getting one."""

REMEMBERED = 200
"""Codes of ended classes that are remembered: those who come late are told."""


class Waiting(Protocol):
    """The line of a device whose class is not there yet."""

    def admit(self, room: Room) -> None:
        """The class is there."""

    def hang_up(self, code: int, reason: str, at_once: bool = False) -> None:
        """Close the line, and say why."""


class Hub:
    """The classes of a server."""

    def __init__(self, texts: Texts, followers: int = FOLLOWERS) -> None:
        """Begin without a class.

        Args:
            texts: What the lessons' texts know.
            followers: How many may follow at once.
        """
        self.followers = followers
        self.process = token_hex(4)
        self.rooms: dict[str, Room] = {}
        self._texts = texts
        self._by_kernel: dict[str, Room] = {}
        self._ended: dict[str, float] = {}
        self._waiting: dict[Waiting, tuple[str, float]] = {}
        self._admitting: asyncio.Task[None] | None = None
        self._wrong = Buckets(WRONG_BURST, WRONG_RATE)
        self._issues = Buckets(max(followers, 100), 10)

    def count(self) -> int:
        """How many follow now."""
        return sum(len(room.seats) for room in self.rooms.values())

    def open(self, token: str, kernel: str = "") -> Room | None:
        """Return the class that a token leads, opened if need be; None if there is no room for it:
        a page, whose ``kernel`` this is, leads one class.

        Raises:
            ValueError: it is no token, or another token's class has the code.
        """
        code = code_of(token)
        room = self.rooms.get(code)
        if room is not None:
            if room.token != token:
                raise ValueError("another class has this code")
            return room
        if len(self.rooms) >= MOST_ROOMS or code in self._ended or self.leads(kernel):
            return None
        room = self.rooms[code] = Room(token, self.followers, self._texts, self._forget)
        if self._waiting:
            self._admitting = asyncio.get_running_loop().create_task(self._admit(room))
        return room

    def wait(self, line: Waiting, code: str) -> bool:
        """Let a device wait for its class; False if too many wait."""
        if len(self._waiting) + self.count() >= self.followers:
            return False
        self._waiting[line] = code, time.monotonic()
        return True

    def leave(self, line: Waiting) -> None:
        """A line that waited is gone."""
        self._waiting.pop(line, None)

    async def _admit(self, room: Room) -> None:
        """Let in those who waited for a class."""
        wished = [line for line, (code, _) in self._waiting.items() if code == room.code]
        for i, line in enumerate(wished):
            if i % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)
            if self._waiting.pop(line, None):
                line.admit(room)

    def _forget(self, room: Room) -> None:
        self.rooms.pop(room.code, None)
        self._by_kernel.pop(room.kernel, None)
        self._ended[room.code] = time.monotonic()
        while len(self._ended) > REMEMBERED:
            del self._ended[next(iter(self._ended))]

    def ended(self, code: str) -> bool:
        """Whether a class had this code, and has ended."""
        return code in self._ended

    def find(self, code: str, address: str, cookie: str = "") -> Room | None:
        """Return the class of a code that somebody typed; None if there is none, or too many wrong
        ones came from the address. A device that the class knows is let in all the same.
        """
        room = self.rooms.get(code)
        if room is not None and room.devices.known(cookie):
            return room
        bucket = self._wrong.of(address)
        if bucket.left() < 1:
            return None
        if room is None:
            bucket.take()
        return room

    def issue(self, room: Room, address: str) -> str | None:
        """Return a token for a new device; None if too many were asked for."""
        if room.issued >= 3 * room.limit or not self._issues.of(address).take():
            return None
        room.issued += 1
        return room.devices.issue()

    def join(
        self, room: Room, line: Line, device: str, language: str = "en", aside: bool = False
    ) -> bool:
        """Let a follower into a class; False if the server is full."""
        return self.count() < self.followers and room.join(line, device, language, aside)

    def led(self, room: Room, lesson: str, kernel: str) -> None:
        """The picture of a class comes out of this kernel."""
        self._by_kernel.pop(room.kernel, None)
        self._by_kernel[kernel] = room
        room.led(lesson, kernel)

    def leads(self, kernel: str) -> bool:
        """Whether a class follows what this kernel answers."""
        return kernel in self._by_kernel

    def heard(self, kernel: str, answer: Mapping[str, Any], data: bytes) -> None:
        """A kernel answered its page; if a class follows it, they get the picture, too."""
        room = self._by_kernel.get(kernel)
        if room is not None:
            room.heard(answer, data)

    def asked(self, kernel: str, ask: dict[str, Any]) -> None:
        """A page asks its kernel: of a class's lecturer it has no array that the class lacks."""
        room = self._by_kernel.get(kernel)
        if room is None:
            return
        room.language = str(ask.get("lang") or "en")
        ask.pop("kept", None)
        if isinstance(ask.get("have"), list):
            held = room.outlines.keys()
            ask["have"] = [key for key in ask["have"] if isinstance(key, str) and key in held]

    def sweep(self) -> None:
        """End the classes whose lecturer has been away for long."""
        now = time.monotonic()
        for room in list(self.rooms.values()):
            if room.lead is None and now - room.left > ALONE:
                room.end()
        for line, (_, since) in list(self._waiting.items()):
            if now - since > WAITING:
                self.leave(line)
                line.hang_up(NO_CLASS, "no class has this code")

    def close(self) -> None:
        """The server ends: every line is let go, and comes back to the next one by itself."""
        for line in list(self._waiting):
            line.hang_up(1001, "the server ends", at_once=True)
        for room in self.rooms.values():
            for line in [*room.seats, *([room.lead] if room.lead else [])]:
                line.hang_up(1001, "the server ends", at_once=True)


def qr(text: str) -> list[str]:
    """Return a QR code (ISO/IEC 18004) as rows of 0 and 1, without the quiet zone around it."""
    return ["".join(map(str, row)) for row in segno.make(text, error="m", micro=False).matrix]
