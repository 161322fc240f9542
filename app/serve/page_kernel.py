"""A page's kernel: ipykernel's, without what no page hears.

ipykernel says busy and idle around every message and hands it from a thread to another, so that a
notebook's reader sees a star beside a cell, and that cells may run side by side. A page asks one
thing at a time and waits for its answer, and of a class of a hundred each would pay for both.
"""

from __future__ import annotations

from typing import Any

import traitlets
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp


class PageKernel(IPythonKernel):
    """A kernel that answers an ask and says nothing beside it."""

    def _publish_status(
        self, status: str, channel: str, parent: dict[str, Any] | None = None
    ) -> None:
        about: dict[str, Any] = parent or self.get_parent(channel)
        if about.get("header", {}).get("msg_type") != "comm_msg":
            super()._publish_status(status, channel, parent)


class PageKernelApp(IPKernelApp):
    """Starts a ``PageKernel``, which hears its asks in the thread that answers them."""

    @traitlets.default("kernel_class")
    def _page_kernel(self) -> type[PageKernel]:
        return PageKernel

    def init_control(self, context: Any) -> None:
        """Open the control channel, and no second thread for the other one."""
        super().init_control(context)
        self.shell_channel_thread = None


if __name__ == "__main__":
    PageKernelApp.launch_instance()
