"""What speaks to a kernel while it makes a page, and loses no time about it."""

from __future__ import annotations

import asyncio
from queue import Empty
from typing import Any

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient

AGAIN = 1.0
"""Seconds after which a kernel that has not answered is greeted again."""

HEARD = 0.02
"""Seconds that what a kernel says to all may come after its answer. If the line for that was not
open yet, nothing comes, and the kernel is greeted again, which costs less than a longer wait.
"""

SOONEST, LATEST = 5, 40
"""Milliseconds between two tries to connect: the first, and what they grow to by doubling."""


def connect_soon(context: zmq.Context[Any]) -> None:
    """Let sockets find a kernel as soon as it listens.

    A client is there before its kernel listens, by a few milliseconds or a hundred; ZeroMQ tries
    again every 100 ms.
    """
    context.setsockopt(zmq.RECONNECT_IVL, SOONEST)
    context.setsockopt(zmq.RECONNECT_IVL_MAX, LATEST)


class PageClient(AsyncKernelClient):
    """A client that is ready as soon as its kernel is.

    Jupyter's own then waits until the kernel has been silent for 0.2 s, so that whoever comes next
    hears nothing of the greeting. A page's first picture would come that much later, for nothing:
    what a cell says names that cell, and nbclient passes over all else.
    """

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Return once the kernel has answered, and what it says to all arrives here.

        Raises:
            RuntimeError: if the kernel ends before that.
            TimeoutError: after ``timeout`` seconds.
        """
        async with asyncio.timeout(timeout):
            while not await self._greeted():
                if not await self.is_alive():
                    raise RuntimeError("the kernel ended before it answered")

    async def _greeted(self) -> bool:
        """Greet the kernel once; returns whether both channels answered."""
        self.kernel_info()
        try:
            await self.shell_channel.get_msg(timeout=AGAIN)
            await self.iopub_channel.get_msg(timeout=HEARD)
        except Empty:
            return False
        return True
