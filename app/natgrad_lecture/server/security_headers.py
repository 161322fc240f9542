"""What every answer says about itself: what a page may load, and who may show it in a frame."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Any

import tornado.web

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}


def policy(embed: tuple[str, ...] = ()) -> str:
    """Return what a page may load: what comes from here. Nothing can be fetched from elsewhere by
    mistake. Only pages of ours, and of the origins ``embed``, may show it in a frame.
    """
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            " ".join(("frame-ancestors 'self'", *embed)),
        )
    )


class Guarded(tornado.web.RequestHandler):
    """A handler whose answers carry these headers. To be named before Jupyter's own handlers."""

    @property
    def content_security_policy(self) -> str:
        """See policy."""
        return policy(self.settings.get("natgrad_embed", ()))

    def set_default_headers(self, *args: Any, **kwargs: Any) -> None:
        """Set them; an error's answer gets them too."""
        self.set_header("Content-Security-Policy", self.content_security_policy)
        for name, value in HEADERS.items():
            self.set_header(name, value)
        self.clear_header("Server")

    def check_host(self) -> bool:
        """Let in who calls us by an address of ``--name`` too: Jupyter looks up names there, but
        of addresses allows this machine's own only.
        """
        if _address(self.request.host, port=True) in self._addresses():
            return True
        jupyter = getattr(super(), "check_host", None)  # our own plain handlers have none
        return jupyter is not None and jupyter()

    def _addresses(self) -> set[str]:
        """The addresses among our names."""
        return {found for name in self.settings["local_hostnames"] if (found := _address(name))}


def _address(host: str, port: bool = False) -> str | None:
    """Return the address that a host is given by, in its one spelling; None if it is a name."""
    if port:
        host = re.sub(r":\d+$", "", host)
    try:
        return str(ip_address(host.removeprefix("[").removesuffix("]")))
    except ValueError:
        return None
