"""A page's kernel: ipykernel's, without what no page hears.

ipykernel says busy and idle around every message, hands it from a thread to another and its answer
to a third, so that a notebook's reader sees a star beside a cell, that cells may run side by side
and that all who look on hear what is said. A page asks one thing at a time and waits for its
answer, and of a class of a hundred each would pay for all of it. So its asks come on a socket of
their own (``ask_socket.py``), where the system has such sockets.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
import sys
from datetime import UTC, datetime
from typing import Any

import comm
import traitlets
from ipykernel import kernelapp
from ipykernel.comm.comm import BaseComm
from ipykernel.iostream import OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from tornado.ioloop import IOLoop

from natgrad_lecture.server.ask_socket import MOST_ASKED, AskSocket, listening, path_of
from natgrad_lecture.server.request_filter import frame_of


class PageComm(BaseComm):
    """A comm that answers an ask on the socket on which it came."""

    def publish_msg(
        self,
        msg_type: str,
        data: Any = None,
        metadata: Any = None,
        buffers: Any = None,
        **keys: Any,
    ) -> None:
        """Send an answer to an ask; all else goes to all who listen, as ipykernel has it."""
        kernel: Any = PageKernel.instance()
        if kernel.asker is None or (data or {}).get("method") != "custom":
            super().publish_msg(msg_type, data, metadata, buffers, **keys)
            return
        header, content = {"msg_type": msg_type}, {"data": data, "comm_id": self.comm_id, **keys}
        parts = map(kernel.session.pack, (header, {}, {}, content))
        kernel.asker.send(frame_of([b"shell", *parts, *(buffers or ())]))


class PageKernel(IPythonKernel):
    """A kernel that answers asks on a socket of their own, beside Jupyter's channels."""

    asker: AskSocket | None = None
    """Whose ask is answered now."""

    async def hear_asks(self, bound: socket.socket) -> None:
        """Take connections from now on."""
        loop = asyncio.get_running_loop()
        await loop.create_unix_server(lambda: AskSocket(self.ask, MOST_ASKED), sock=bound)

    def ask(self, asker: AskSocket, content: bytes) -> None:
        """Answer the content of a comm's message, as if it had come on Jupyter's channel."""
        self.asker = asker
        try:
            said = {"content": json.loads(content), "buffers": []}
            self.shell_handlers["comm_msg"](None, [], said)
        finally:
            self.asker = None


class Said(OutStream):
    """What is printed. ipykernel has it sent after every message, and waits for the thread that
    sends it even where nothing was printed.
    """

    def flush(self) -> None:
        """Wait for the thread that sends what was printed, if anything was."""
        if self._flush_pending:
            super().flush()


class Faults(logging.Handler):
    """Sends what a lesson failed at to the server's log, one JSON object a line.

    The kernel's own standard error would go to its page, which never hears it.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; a log that cannot be written stops nothing."""
        with contextlib.suppress(Exception):
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            said = {"time": now, "event": "lesson fault", "say": record.getMessage()}
            if record.exc_info:
                said["trace"] = logging.Formatter().formatException(record.exc_info)
            assert sys.__stderr__
            sys.__stderr__.write(json.dumps(said) + "\n")
            sys.__stderr__.flush()


class PageKernelApp(IPKernelApp):
    """Starts a ``PageKernel``, which hears its asks in the thread that answers them."""

    @traitlets.default("kernel_class")
    def _page_kernel(self) -> type[PageKernel]:
        return PageKernel

    @traitlets.default("outstream_class")
    def _said(self) -> str:
        return "natgrad_lecture.server.page_kernel.Said"

    def init_iopub(self, context: Any) -> None:
        """Open the channel for what is said to all, without ipykernel's pipe from other processes:
        it is a TCP port that whoever has an account on this machine could write to.
        """
        module: Any = kernelapp
        whole = module.IOPubThread
        module.IOPubThread = lambda *args, **how: whole(*args, **{**how, "pipe": False})
        try:
            super().init_iopub(context)
        finally:
            module.IOPubThread = whole

    def init_control(self, context: Any) -> None:
        """Open the control channel, and no second thread for the other one."""
        super().init_control(context)
        self.shell_channel_thread = None

    def init_kernel(self) -> None:
        """Let comms be ``PageComm``s; ipykernel's import, done by now, has made them its own."""
        comm.create_comm = PageComm
        log = logging.getLogger("natgrad")
        log.handlers, log.propagate = [Faults()], False
        super().init_kernel()
        kernel: Any = self.kernel
        if path := path_of(self.transport, self.ip):
            IOLoop.current().add_callback(kernel.hear_asks, listening(path))


if __name__ == "__main__":
    PageKernelApp.launch_instance()
