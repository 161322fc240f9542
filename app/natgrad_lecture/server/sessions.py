"""Who is inside: each page's pass to its kernel, and which kernels nobody needs any more."""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from secrets import token_hex

GONE = 30.0
"""Seconds after which a kernel without its page's websocket is ended."""

UNOPENED = 15.0
"""Seconds in which a page that was sent has to open its websocket: a client that only fetches holds
no place for longer.
"""

MAKING = 60.0
"""Seconds that the making of a page may take, before its kernel counts as one without a page."""

IDLE = 900.0
"""Seconds without an ask after which a page's kernel is let go. The page has its state."""

TOKEN = re.compile(r'"pass":"(\w{32})"')
"""How a page's data names its pass."""


@dataclass
class Pass:
    """What lets one page speak to one kernel: ``token``, told to that page and to nobody else."""

    kernel: str
    comm: str
    token: str = field(default_factory=lambda: token_hex(16))
    unanswered: float = 0.0
    """When the first handshake began that its kernel did not answer yet; 0 if there is none."""

    opened: bool = False
    """Whether its page ever opened one."""

    address: str = ""
    """Where the page was sent."""

    asked: float = field(default_factory=time.monotonic)
    """When it last asked something."""

    def admits(self, token: str) -> bool:
        """Whether this is the token, in a time that tells nothing about it."""
        return hmac.compare_digest(self.token.encode(), token.encode())


class Readers:
    """The passes by kernel, and since when a kernel has had no line to a page.

    All times are of a clock that only goes forward: the machine's may be set while we run.
    """

    def __init__(self, gone: float = GONE, idle: float = IDLE) -> None:
        self.gone = gone
        self.idle = idle
        self.passes: dict[str, Pass] = {}
        self.lines: dict[str, int] = {}
        self.handed: set[str] = set()
        self._alone: dict[str, float] = {}

    def admit(self, kernel: str, comm: str) -> str:
        """Make the pass of a page that is being written; returns its token."""
        self.passes[kernel] = Pass(kernel, comm)
        return self.passes[kernel].token

    def open_line(self, kernel: str) -> None:
        """A page's websocket opened."""
        self.lines[kernel] = self.lines.get(kernel, 0) + 1
        self._alone.pop(kernel, None)
        self.passes[kernel].asked = time.monotonic()
        self.passes[kernel].opened = True

    def close_line(self, kernel: str) -> None:
        """A page's websocket closed."""
        self.lines[kernel] = self.lines.get(kernel, 1) - 1
        if self.lines[kernel] <= 0:
            del self.lines[kernel]

    def forget(self, kernel: str) -> None:
        """A kernel has ended."""
        self.passes.pop(kernel, None)
        self._alone.pop(kernel, None)
        self.handed.discard(kernel)

    def unopened(self, address: str) -> int:
        """How many pages were sent to an address and have not opened their line yet."""
        held = (self.passes[kernel] for kernel in self.handed & self.passes.keys())
        return sum(not one.opened and one.address == address for one in held)

    def hand_over(self, page: str, address: str = "") -> None:
        """A page was sent to a reader: the kernel that it names is theirs from now on."""
        for found in TOKEN.finditer(page):
            fresh = {p.kernel for p in self.passes.values() if p.token == found[1]} - self.handed
            self.handed |= fresh
            for kernel in fresh:
                self.passes[kernel].address = address
                self._alone.pop(kernel, None)  # Its page has all the time to open its line.

    def unneeded(self, live: Collection[str], pooled: Collection[str]) -> list[tuple[str, str]]:
        """Of the kernels that live, those to end, and why: "gone" or "idle"."""
        now = time.monotonic()
        for kernel in self.passes.keys() - set(live) - self.lines.keys():
            self.forget(kernel)  # It ended by itself.
        found = []
        for kernel in set(live) - set(pooled):
            time_limit = self.gone if kernel in self.handed else max(self.gone, MAKING)
            if kernel in self.handed and not self.passes[kernel].opened:
                time_limit = min(self.gone, UNOPENED)
            if kernel in self.lines:
                # One that is being ended has no pass any more, though its page still hangs on.
                if kernel in self.passes and now - self.passes[kernel].asked > self.idle:
                    found.append((kernel, "idle"))
            elif now - self._alone.setdefault(kernel, now) > time_limit:
                found.append((kernel, "gone"))
        return found
