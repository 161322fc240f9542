"""The websocket handler between a page and its kernel: it lets asks in, and answers out."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from typing import Any

import tornado.web
from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import APIHandler
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler

from natgrad_lecture.server.ask_socket import MOST_ANSWERED, AskSocket, path_of
from natgrad_lecture.server.context import Context
from natgrad_lecture.server.request_filter import (
    PROTOCOL,
    Refused,
    answer_in,
    ask_in,
    content,
    for_page,
    message,
)
from natgrad_lecture.server.security_headers import Guarded
from natgrad_lecture.server.sessions import Pass

IN_FLIGHT = 4
"""Asks that may wait for an answer. A page has one, and on a long line as many as this
(request_window.js); what comes beyond waits outside."""

A_SECOND = 240
"""Asks that pass in a second: twice what the fastest screen's drag sends."""

ASLEEP = 4001
"""The websocket's close code by which a page learns that its kernel was let go while it idled."""

GOING_AWAY, POLICY_VIOLATION, SERVICE_RESTART = 1001, 1008, 1012
"""Close codes of the websocket protocol (RFC 6455, and IANA's registry of them)."""

REAPED = 1.0
"""Seconds after which a kernel that ended is known to have ended."""

HANDSHAKE = 15.0
"""Seconds in which a kernel has to answer a new line; one that does not is ended."""


class Channels(Guarded, KernelWebsocketHandler):
    """The websocket between a page and its kernel."""

    def initialize(self, server: Context) -> None:
        """Take the server that knows the passes."""
        self.server = server
        self.holder: Pass | None = None
        self.flight: deque[float] = deque()
        self.room = asyncio.Event()
        self.room.set()
        self.next_pass = 0.0
        self.asks: AskSocket | None = None

    async def get(self, kernel_id: str) -> None:
        """Open the line for the page that holds the kernel's pass, in our subprotocol only."""
        holder = self.server.readers.passes.get(kernel_id)
        if holder is None or kernel_id not in self.kernel_manager:
            raise tornado.web.HTTPError(404)
        said = self.request.headers.get("Sec-WebSocket-Protocol", "").split(",")
        offered = [name.strip() for name in said]
        tokens = [name.removeprefix("natgrad.") for name in offered if name.startswith("natgrad.")]
        if PROTOCOL not in offered or not any(map(holder.admits, tokens)):
            self.server.watch.refused("pass")
            raise tornado.web.HTTPError(403, reason="this kernel belongs to another page")
        self.holder = holder
        await super().get(kernel_id)

    async def open(self, kernel_id: str) -> None:
        """Send each message at once.

        A picture follows a small status message, and would wait until the other side acknowledges
        that one, which it puts off for 40 ms (Nagle's algorithm and delayed ACKs).
        """
        assert self.holder
        self.set_nodelay(True)
        self.server.open_line(kernel_id, self)
        # A kernel that stands still answers none, however often its page dials: the first counts.
        now = time.monotonic()
        self.holder.unanswered = self.holder.unanswered or now
        shaking = asyncio.ensure_future(super().open(kernel_id))
        left = self.holder.unanswered + HANDSHAKE - now
        await asyncio.wait([shaking], timeout=max(0.0, left))
        if shaking.done():
            self.holder.unanswered = 0.0
            shaking.result()
            if kernel_id in self.kernel_manager:
                await self._open_asks(self.kernel_manager.get_kernel(kernel_id))
        else:
            shaking.cancel()
            self.hang_up(SERVICE_RESTART, "the kernel did not answer")
            await self.server.end_kernel(kernel_id, "silent")

    # Tornado awaits what this returns; Jupyter's own returns nothing, and declares that.
    async def on_message(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, ws_message: object
    ) -> None:
        """Let an ask in. The next message is not read before this returns: a client
        that asks faster than it is answered fills only its own queue.
        """
        assert self.holder
        try:
            ask = ask_in(ws_message, self.holder.comm)
        except Refused as reason:
            self.server.watch.refused(str(reason))
            self.close(POLICY_VIOLATION, "a page may only ask")
            return
        now = time.monotonic()
        self.next_pass = max(now, self.next_pass + 1 / A_SECOND)
        if self.next_pass > now + 0.05:
            await asyncio.sleep(self.next_pass - now)
        while len(self.flight) >= IN_FLIGHT:
            self.room.clear()
            await self.room.wait()
        if self.connection is None or self.ws_connection is None:
            # The line was closed meanwhile. Jupyter would take what it is given now for its older
            # framing, whose first word it would read as a number of parts: millions of them.
            return
        self.holder.asked = time.monotonic()
        self.server.together.asked(self.holder.kernel, ask)
        self.flight.append(self.holder.asked)
        if self.asks is not None:
            self.asks.send(content(ask, self.holder.comm))
        else:
            self.connection.handle_incoming_message(message(ask, self.holder.comm))

    def write_message(self, message: Any, binary: bool = False) -> Any:
        """Pass on what a page reads: answers, and that its kernel is dead."""
        assert self.holder
        kind = for_page(message, self.holder.comm) if isinstance(message, bytes) else None
        if kind is None:
            return None
        if kind == "answer":
            self._answered(message)
        return super().write_message(message, binary)

    def _answered(self, frame: bytes) -> None:
        """Let the next ask in, and the class hear."""
        assert self.holder
        if self.flight:
            self.server.watch.answered(time.monotonic() - self.flight.popleft())
        self.room.set()
        if self.server.together.leads(self.holder.kernel):
            self.server.together.heard(self.holder.kernel, *answer_in(frame))

    async def _open_asks(self, kernel: Any) -> None:
        """Connect to the socket on which the kernel hears asks, where it has one."""
        path = path_of(kernel.transport, kernel.ip)
        if path is None:
            return
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            _, self.asks = await loop.create_unix_connection(
                lambda: AskSocket(self._heard, MOST_ANSWERED, self._cut), str(path)
            )
            if self.ws_connection is None:  # the page went meanwhile
                self.asks.close()

    def _heard(self, asks: AskSocket, frame: bytes) -> None:
        """Pass on an answer. While it waits for a reader whose line is slow, none after it is
        read, and the kernel's few unanswered asks let no more in.
        """
        held = self.ws_connection
        if held is None or held.is_closing():
            return
        self._answered(frame)
        sent = super().write_message(frame, binary=True)
        stream = getattr(held, "stream", None)
        if stream is not None and stream.writing():
            asks.hold()
            sent.add_done_callback(self._read_on)

    def _read_on(self, sent: asyncio.Future[None]) -> None:
        """An answer has left, or the page has."""
        if not sent.cancelled() and sent.exception() is None and self.asks is not None:
            self.asks.go_on()

    def _cut(self) -> None:
        """The kernel hung up. If it has ended, its page will hear that; else the page is to open
        its line again, and then asks again what was not answered.
        """
        if self.ws_connection is not None:
            asyncio.get_running_loop().call_later(REAPED, self._hang_up_if_it_lives)

    def _hang_up_if_it_lives(self) -> None:
        assert self.holder
        if self.ws_connection is not None and self.server.lives(self.holder.kernel):
            self.hang_up(SERVICE_RESTART, "the kernel hung up")

    def on_close(self) -> None:
        """Let nothing wait for a line that is gone."""
        if self.holder is not None:
            self.server.close_line(self.holder.kernel, self)
        if self.asks is not None:
            self.asks.close()
        self.flight.clear()
        self.room.set()
        if self.connection is not None:
            super().on_close()

    def silent(self) -> float:
        """Since how many seconds an ask waits for its answer."""
        return time.monotonic() - self.flight[0] if self.flight else 0.0

    def hang_up(self, code: int, reason: str, at_once: bool = False) -> None:
        """Close the line, and say why; ``at_once`` waits for no word of the other side."""
        with contextlib.suppress(Exception):
            held = self.ws_connection
            self.close(code, reason)
            stream = getattr(held, "stream", None)
            if at_once and stream is not None:
                stream.close()


class Goodbye(Guarded, APIHandler):
    """A page that goes away ends its kernel with a beacon."""

    def initialize(self, server: Context) -> None:
        """Take the server that knows the passes."""
        self.server = server

    def check_xsrf_cookie(self) -> None:
        """Ask for our own origin instead: a beacon cannot carry a copy of the cookie."""
        if self.request.headers.get("Origin") is None or not self.check_origin():
            raise tornado.web.HTTPError(403, reason="only a page of this server may end a kernel")

    async def post(self, kernel_id: str) -> None:
        """End the kernel, if it still lives and the page holds its pass."""
        holder = self.server.readers.passes.get(kernel_id)
        if holder is not None:
            if not holder.admits(self.request.body[:100].decode("ascii", "replace")):
                self.server.watch.refused("pass")
                raise tornado.web.HTTPError(403, reason="this kernel belongs to another page")
            await ensure_async(self.server.end_kernel(kernel_id))
        self.set_status(204)
        self.finish()
