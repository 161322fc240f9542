"""The door: what may pass between a page and its kernel, and what a page may load."""

from __future__ import annotations

import re
from typing import Any

import tornado.web
from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import APIHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

CHATTER = re.compile(rb'"execution_state": ?"(busy|idle)"')

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
    )
)
"""What a page may load: what comes from here. Nothing can be fetched from elsewhere by mistake."""


class Channels(VoilaKernelWebsocketHandler):
    """The websocket between a page and its kernel."""

    async def open(self, kernel_id: str) -> None:  # type: ignore[override]
        """Send each message at once.

        A picture follows a small status message, and would wait until the other side acknowledges
        that one, which it puts off for 40 ms (Nagle's algorithm and delayed ACKs).
        """
        self.set_nodelay(True)
        await super().open(kernel_id)

    def write_message(self, message: bytes | dict[str, Any], binary: bool = False) -> Any:
        """Pass on what a page reads. Two thirds of all say that the kernel is busy, or idle."""
        if isinstance(message, bytes) and len(message) < 1500 and CHATTER.search(message):
            return None
        return super().write_message(message, binary)


class Goodbye(APIHandler):
    """A page that goes away ends its kernel with a beacon."""

    def check_xsrf_cookie(self) -> None:
        """Ask for our own origin instead: a beacon cannot carry the cookie's twin."""
        if self.request.headers.get("Origin") is None or not self.check_origin():
            raise tornado.web.HTTPError(403, reason="only a page of this server may end a kernel")

    async def post(self, kernel_id: str) -> None:
        """End the kernel, if it still lives."""
        if kernel_id in self.kernel_manager:
            await ensure_async(self.kernel_manager.shutdown_kernel(kernel_id, now=True))
        self.set_status(204)
        self.finish()
