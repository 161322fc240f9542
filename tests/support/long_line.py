"""A line to a server that is far away: every byte takes so long, each way."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator


class LongLine:
    """A port of this machine behind which another port is, so many seconds away."""

    def __init__(self, port: int, seconds: float) -> None:
        self.far, self.seconds = port, seconds
        self.near = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.near.getsockname()[1]
        self._other: dict[socket.socket, socket.socket] = {}
        self._way: deque[tuple[float, socket.socket, bytes]] = deque()
        """What is on its way: when it arrives, where, and what; nothing is the end."""
        self._selector = selectors.DefaultSelector()
        self._selector.register(self.near, selectors.EVENT_READ)
        self._wake, self._end = socket.socketpair()
        self._selector.register(self._wake, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Cut the line."""
        self._end.send(b"!")
        self._thread.join(30)
        self._selector.close()
        for each in (self.near, self._wake, self._end, *self._other):
            each.close()

    def _run(self) -> None:
        while True:
            rest = self._way[0][0] - time.monotonic() if self._way else None
            for key, _ in self._selector.select(None if rest is None else max(0.0, rest)):
                if key.fileobj is self._wake:
                    return
                if key.fileobj is self.near:
                    self._meet()
                elif isinstance(key.fileobj, socket.socket):
                    self._take(key.fileobj)
            while self._way and self._way[0][0] <= time.monotonic():
                _, there, part = self._way.popleft()
                with contextlib.suppress(OSError):
                    if part:
                        there.sendall(part)
                    else:
                        there.shutdown(socket.SHUT_WR)

    def _meet(self) -> None:
        here, _ = self.near.accept()
        there = socket.create_connection(("127.0.0.1", self.far))
        for one, other in ((here, there), (there, here)):
            self._other[one] = other
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(one, selectors.EVENT_READ)

    def _take(self, here: socket.socket) -> None:
        part = b""
        with contextlib.suppress(OSError):
            part = here.recv(1 << 16)
        if not part:
            self._selector.unregister(here)
        self._way.append((time.monotonic() + self.seconds, self._other[here], part))


@contextlib.contextmanager
def long_line(port: int, seconds: float) -> Iterator[int]:
    """Yield a port of this machine behind which ``port`` is, so many seconds away each way."""
    line = LongLine(port, seconds)
    try:
        yield line.port
    finally:
        line.close()
