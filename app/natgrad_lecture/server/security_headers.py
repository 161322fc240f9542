"""What every answer says about itself: what a page may load, and who may show it in a frame."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

import tornado.web

from natgrad_lecture.server.startup_checks import plain_host
from natgrad_lecture.text.languages import accepted_languages, chosen_language
from natgrad_lecture.text.page_words import page_words

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}


def policy(embed: tuple[str, ...] = ()) -> str:
    """Return what a page may load: what comes from here. Nothing can be fetched from elsewhere by
    mistake. Only our own pages, and those of the origins ``embed``, may show it in a frame.
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

    @property
    def xsrf_token(self) -> bytes:
        """None, and no cookie that holds one: none of our own pages posts a form (see Goodbye)."""
        return b""

    def head(self, *args: str, **kwargs: str) -> Any:
        """Answer as to GET, without the body: a client may only check that a page is there."""
        return self.get(*args, **kwargs)

    def methods(self) -> str:
        """The methods by which this may be asked, as the header Allow has them."""
        lacking = tornado.web.RequestHandler.get  # which stands for each method that is not there
        here = [name for name in ("get", "post") if getattr(type(self), name) is not lacking]
        heads = ["HEAD"] if "get" in here else []
        return ", ".join([*map(str.upper, here), *heads, "OPTIONS"])

    def options(self, *_args: str, **_kwargs: str) -> None:
        """Say what may be asked."""
        self.set_header("Allow", self.methods())
        self.set_status(204)
        self.finish()

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Send the page of an error; where the method is not ours, it says which ones are."""
        if status_code == 405:
            self.set_header("Allow", self.methods())
        super().write_error(status_code, **kwargs)
        if not self._finished:  # Jupyter's page, of which it does not say how it is encoded
            self.set_header("Content-Type", "text/html; charset=utf-8")

    def language(self, known: Sequence[str] | None = None) -> str:
        """The language of the answer: the link's, else the first that the browser accepts, of those
        that a page has (by default those of our own pages).
        """
        asked = self.request.query_arguments.get("lang", [b""])[-1].decode("utf-8", "replace")
        browser = accepted_languages(self.request.headers.get("Accept-Language", ""))
        return chosen_language([asked, *browser], known)

    @property
    def jinja_template_vars(self) -> dict[str, Any]:
        """What the page of an error is filled with besides: Jupyter's handlers ask for it."""
        language = self.language()
        say = page_words(language)

        def why(code: int, reason: str) -> str:
            ids = {said: name for name, said in page_words().items() if name.startswith("reason-")}
            return say.get(ids.get(reason, f"status-{code}"), reason)

        return {"language": language, "say": say, "why": why}

    def check_host(self) -> bool:
        """Whether the reader called us by one of our names, in whatever spelling."""
        if self.settings.get("allow_remote_access", False):
            return True
        try:
            host = plain_host(re.sub(r":\d+$", "", self.request.host))
        except (ValueError, UnicodeError):
            return False
        if host in self.settings["local_hostnames"]:
            return True
        try:
            return ip_address(host).is_loopback
        except ValueError:
            pass
        self.settings["natgrad_refused"]("host")
        self.current_user = self._jupyter_current_user = None  # the page of an error asks for it
        raise tornado.web.HTTPError(403, reason=page_words()["reason-name"])
