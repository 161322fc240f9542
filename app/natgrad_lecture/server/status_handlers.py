"""What a machine asks the server: whether it works, and how it fares."""

from __future__ import annotations

import hmac

import tornado.web
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from natgrad_lecture.server.context import Context
from natgrad_lecture.server.security_headers import Guarded

HERE = {"127.0.0.1", "::1", "localhost"}
"""This machine, as an address or a name."""


class Healthz(Guarded):
    """``/healthz``: 200 while the server does its work. Asked by address, not by our name."""

    def initialize(self, server: Context) -> None:
        """Take the server."""
        self.server = server

    async def get(self) -> None:
        """Answer; 503 if no kernel can be started."""
        well = await self.server.well()
        self.set_status(200 if well else 503)
        self.set_header("Cache-Control", "no-store")
        self.finish({"status": "ok" if well else "no kernels"})


class Readyz(Guarded):
    """``/readyz``: 200 while a page can be made now. Asked by address, not by our name."""

    def initialize(self, server: Context) -> None:
        """Take the server."""
        self.server = server

    async def get(self) -> None:
        """Answer; 503 if a page was made neither just now nor a kernel for the trying."""
        said = await self.server.ready()
        self.set_status(503 if said else 200)
        self.set_header("Cache-Control", "no-store")
        self.finish({"status": said or "ready"})


class Metrics(Guarded):
    """``/metrics``, as Prometheus reads them: with the token, or for this machine.

    A server that has a name is read by others, perhaps through a proxy on this machine, whose
    requests look like ours: it needs the token. So does a request by a name that is not this
    machine's, which a foreign page may have made its own.
    """

    def initialize(self, server: Context) -> None:
        """Take the server."""
        self.server = server

    def get(self) -> None:
        """Answer, or pretend that there is no such page."""
        said = self.request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
        token = self.server.metrics_token.encode()
        known = bool(token) and hmac.compare_digest(said, token)
        proxied = any(name in self.request.headers for name in ("X-Forwarded-For", "Forwarded"))
        host = self.request.host_name.strip("[]").casefold()
        alone = not token and not proxied and HERE.issuperset(self.server.names)
        here = alone and host in HERE and self.request.remote_ip in HERE
        if not known and not here:
            raise tornado.web.HTTPError(404)
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.finish(generate_latest(self.server.watch.registry))
