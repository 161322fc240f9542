"""The socket on which a page's asks go to its kernel, and the answers come back.

Jupyter signs each message, parses it on the other side, and passes it through a thread of
ZeroMQ's on both. That takes a fifth of the processor time that an ask costs the server and the
kernel, and while a reader drags, each of these threads waits for a core. Here both sides read and
write in the thread at work. The socket is in the private folder of the kernels' other sockets,
which only the server's own user may open.

A message is its length, four bytes little-endian, and its bytes: of an ask the content of the
comm's message, of an answer the frame that goes to the page's websocket as it is.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import cast

from natgrad_lecture.server.request_filter import MOST_BYTES

HEAD = 4
"""Bytes of a message's length."""

MOST_ASKED = 8 * MOST_BYTES
"""The longest ask: in JSON that is written again, ``1e15`` takes four times the bytes."""

MOST_ANSWERED = 2**28
"""The longest answer: the largest file that a reader may take along is smaller by far."""


def path_of(transport: str, ip: str) -> Path | None:
    """Return where a kernel listens, by what Jupyter calls its transport and its ip.

    None where its other sockets are no files either: it is then asked on Jupyter's channels.
    """
    return Path(f"{ip}-asks") if transport == "ipc" else None


def listening(path: Path) -> socket.socket:
    """Return a socket that listens on this path, to this user alone.

    What a process that ended left there is replaced.
    """
    path.unlink(missing_ok=True)
    bound = socket.socket(socket.AF_UNIX)
    bound.bind(str(path))
    path.chmod(0o600)
    bound.listen()
    bound.setblocking(False)
    return bound


class AskSocket(asyncio.Protocol):
    """One side of a connection.

    It holds no more than is on its way, because the server lets in few asks before they are
    answered (``websocket.py``).
    """

    def __init__(
        self,
        heard: Callable[[AskSocket, bytes], None],
        most: int,
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare one side.

        Args:
            heard: Told each message, whole and in order.
            most: Bytes of the longest message; one that is longer ends the connection.
            ended: Told once that the connection has ended, from whichever side.
        """
        self.heard, self.most, self.ended = heard, most, ended
        self.come = bytearray()
        self.held = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what writes."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Hand on each message that is whole by now."""
        self.come += data
        self._hand_on()

    def _hand_on(self) -> None:
        while not self.held and len(self.come) >= HEAD:
            size = int.from_bytes(self.come[:HEAD], "little")
            if size > self.most:
                self.come.clear()
                self.transport.abort()
            if len(self.come) < HEAD + size:
                return
            message = bytes(memoryview(self.come)[HEAD : HEAD + size])
            del self.come[: HEAD + size]
            self.heard(self, message)

    def send(self, message: bytes) -> None:
        """Send a message; one that is sent into a closed connection is lost."""
        if not self.transport.is_closing():
            self.transport.write(len(message).to_bytes(HEAD, "little") + message)

    def hold(self) -> None:
        """Hand on and read nothing more before ``go_on``."""
        self.held = True
        self.transport.pause_reading()

    def go_on(self) -> None:
        """Hand on what came, and read again."""
        self.held = False
        self.transport.resume_reading()
        self._hand_on()

    def connection_lost(self, exc: Exception | None) -> None:
        """Say that this is the end."""
        self.ended()

    def close(self) -> None:
        """End the connection."""
        self.transport.close()
