"""A page's kernel: ipykernel's, without what no page hears.

ipykernel says busy and idle around every message, hands it from a thread to another and its answer
to a third, so that a notebook's reader sees a star beside a cell, that cells may run side by side
and that all who look on hear what is said. A page asks one thing at a time and waits for its
answer, and of a class of a hundred each would pay for all of it.
"""

from __future__ import annotations

import contextlib
import json
import logging
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

ASK = "comm_msg"


class PageComm(BaseComm):
    """A comm that answers whoever asked, where they asked, in the thread at work."""

    def publish_msg(
        self,
        msg_type: str,
        data: Any = None,
        metadata: Any = None,
        buffers: Any = None,
        **keys: Any,
    ) -> None:
        """Send an answer to an ask; what nobody asked for goes to all, as ipykernel has it."""
        kernel: Any = PageKernel.instance()
        parent = kernel.get_parent("shell")
        if parent.get("header", {}).get("msg_type") != ASK:
            super().publish_msg(msg_type, data, metadata, buffers, **keys)
            return
        kernel.session.send(
            kernel.shell_stream,
            msg_type,
            {"data": data, "comm_id": self.comm_id, **keys},
            metadata=metadata,
            parent=parent,
            ident=kernel._parent_ident["shell"],
            buffers=buffers,
        )


class PageKernel(IPythonKernel):
    """A kernel that answers an ask and says nothing beside it."""

    def _publish_status(
        self, status: str, channel: str, parent: dict[str, Any] | None = None
    ) -> None:
        about: dict[str, Any] = parent or self.get_parent(channel)
        if about.get("header", {}).get("msg_type") != ASK:
            super()._publish_status(status, channel, parent)


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


if __name__ == "__main__":
    PageKernelApp.launch_instance()
