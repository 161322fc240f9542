"""The server's connections: bounded in number, so that it refuses one rather than run out of files.

A process that has no file descriptor left can accept nothing, and ZeroMQ ends it. So some
descriptors are kept back for kernels, and a connection beyond the rest is refused with a sentence.
"""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream

KEPT = 0.25
"""The share of all file descriptors that no connection may take: kernels and their files need it.
"""

IDLE_CONNECTION = 60.0
"""Seconds after which a connection without a whole request is dropped."""

BODY = 10.0
"""Seconds in which a request's body has to come."""

REFUSED = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Retry-After: 5\r\nConnection: close\r\nContent-Length: 55\r\n\r\n"
    b"The server has no connection free. Try again in a while"
)


def most_files() -> int:
    """How many file descriptors this process may have open."""
    try:
        import resource
    except ImportError:  # Windows has no such limit, and its descriptors are no small numbers
        return sys.maxsize
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 2**20 if soft == resource.RLIM_INFINITY else soft


class BoundedServer(HTTPServer):
    """An HTTP server that keeps some file descriptors back, and bounds what one address takes."""

    def initialize(
        self, *args: Any, refused: Callable[[str], None], an_address: int, **kwargs: Any
    ) -> None:
        """Serve as usual.

        Args:
            *args: Those of HTTPServer.
            refused: Told why a connection was refused: "files" or "address".
            an_address: The most connections from one address. A proxy on this machine counts as
                none, because it speaks for many.
            **kwargs: Those of HTTPServer.
        """
        super().initialize(
            *args, idle_connection_timeout=IDLE_CONNECTION, body_timeout=BODY, **kwargs
        )
        self.refused, self.an_address = refused, an_address
        self.files = int(most_files() * (1 - KEPT))
        self.streams: dict[str, WeakSet[IOStream]] = {}

    def _handle_connection(self, connection: socket.socket, address: Any) -> None:
        reason = self._reason(str(address[0]), connection.fileno())
        if reason:
            with contextlib.suppress(OSError):
                connection.setblocking(False)
                connection.send(REFUSED)
            connection.close()
            self.refused(reason)
            return
        super()._handle_connection(connection, address)

    def _reason(self, address: str, descriptor: int) -> str:
        """Why a connection is refused; empty if it is not.

        A new descriptor is the lowest free one (POSIX, ``open``), so its number says how many are
        taken below it. Counting them all would take longer with each connection.
        """
        if descriptor > self.files:
            return "files"
        if address in {"127.0.0.1", "::1"}:
            return ""
        live = [s for s in self.streams.get(address, ()) if not s.closed()]
        return "address" if len(live) >= self.an_address else ""

    def handle_stream(self, stream: IOStream, address: Any) -> None:
        """Serve a connection that was accepted."""
        if len(self.streams) > 1000:  # those that are gone
            self.streams = {name: held for name, held in self.streams.items() if len(held)}
        self.streams.setdefault(str(address[0]), WeakSet()).add(stream)
        super().handle_stream(stream, address)
