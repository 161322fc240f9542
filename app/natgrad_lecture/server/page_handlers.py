"""The pages: a lesson, the list of them all, and the page that says what went wrong."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from typing import Any

import tornado.iostream
import tornado.web
from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import JupyterHandler
from tornado.httputil import HTTPServerRequest
from voila.tornado.handler import TornadoVoilaHandler

from natgrad_lecture.lesson_names import current, folder_of
from natgrad_lecture.server.assets import AssetHandler, Assets
from natgrad_lecture.server.context import Context
from natgrad_lecture.server.kernel_provisioner import AWAITED
from natgrad_lecture.server.preview_images import Busy
from natgrad_lecture.server.security_headers import Guarded
from natgrad_lecture.state.link import PAGE
from natgrad_lecture.text.languages import home_languages, languages_of
from natgrad_lecture.text.page_words import page_words

TICKET = "natgrad-ticket"
"""The header by which a page keeps its place in the waiting line; the cookie of this name keeps it
through a reload. A frame in another site's page gets no cookie back, and has the header alone.
"""

PULSE = 2
"""Seconds between two looks at a kernel that makes a page."""

HEARTBEAT = "<script>window.voila_heartbeat()</script>\n"
"""What Voila sends at each of them, which our page is not to get."""

FAULT = re.compile(r"<!-- fault: (\w+) -->")
"""What our template says of a lesson that is not there. A page may be rendered before its visitor
comes, so it is said in the visitor's language as it is sent.
"""

LONGEST = 300.0
"""Seconds that the making of a page may take."""

AGAIN = 4
"""Seconds after which a page in the line asks again."""


PREVIEWERS = re.compile(
    r"(?<!cu)bot\b|crawler|spider|facebookexternalhit|whatsapp/|skypeuripreview|embedly|mastodon/",
    re.IGNORECASE,
)
"""User agents that read what a link says of itself, and no lesson. (Cubot makes phones.)"""


WELCOME = (
    "Twitterbot",
    "facebookexternalhit",
    "LinkedInBot",
    "Slackbot",
    "Discordbot",
    "TelegramBot",
)
"""Those of them that ask robots.txt first."""


def script_json(value: object) -> str:
    """Return ``value`` as JSON for a script element: nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def visitor(request: HTTPServerRequest) -> str:
    """Return where a reader is, as far as we or the proxy before us can tell."""
    peer = request.remote_ip or ""
    said = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return said if said and peer in {"127.0.0.1", "::1"} else peer


def scheme(request: HTTPServerRequest) -> str:
    """Return http or https, as the reader has it: the proxy before us may speak TLS."""
    said = request.headers.get("X-Forwarded-Proto", "").rpartition(",")[2].strip()
    known = said in {"http", "https"} and request.remote_ip in {"127.0.0.1", "::1"}
    return said if known else str(request.protocol)


class Started:
    """A kernel manager that remembers which kernels were started through it."""

    def __init__(self, manager: Any) -> None:
        self._manager = manager
        self.started: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._manager, name)

    async def start_kernel(self, *args: Any, **kwargs: Any) -> str:
        """Start a kernel, and remember it. A reader waits for it."""
        mark = AWAITED.set(True)
        try:
            kernel: str = await ensure_async(self._manager.start_kernel(*args, **kwargs))
        finally:
            AWAITED.reset(mark)
        self.started.append(kernel)
        return kernel


class LessonHandler(Guarded, TornadoVoilaHandler):
    """One lesson's page: the head at once, then what Voila renders of its notebook."""

    def initialize(self, **kwargs: Any) -> None:
        """Take Voila's settings, and the server that knows the lessons."""
        self.server: Context = kwargs.pop("server")
        self._manager: Started | None = None
        super().initialize(**kwargs)

    @tornado.web.authenticated
    async def get(self, path: str | None = None) -> None:
        """Send the page of the lesson of this name; an older name leads to today's."""
        name = current(path or "")
        if name != path and name in self.server.lessons():
            query = f"?{self.request.query}" if self.request.query else ""
            self.redirect(f"{self.base_url}{name}{query}", permanent=True)
            return
        if path not in self.server.lessons():
            raise tornado.web.HTTPError(404)
        if not self._is_visit():
            raise tornado.web.HTTPError(403, reason=page_words()["reason-own-page"])
        if self.request.method == "HEAD":  # whether it is there, which costs no kernel
            self.set_header("Content-Type", "text/html; charset=utf-8")
            self.set_header("Cache-Control", "no-cache")
            return
        if PREVIEWERS.search(self.request.headers.get("User-Agent", "")):
            self.finish(f"{self._head(path)}</body>\n</html>\n")  # all that it reads, and no kernel
            return
        held = self.request.headers.get(TICKET) or self.get_cookie(TICKET)
        crowded = self.server.readers.unopened(self.address) >= self.server.an_address
        ticket, place = self.server.line.ask(held, 0 if crowded else self.server.free(path))
        if place:
            self._wait(ticket, place)
            return
        started = time.monotonic()
        with self.server.making():
            await self._send(path)
        self.server.watch.page(path, time.monotonic() - started)

    def _head(self, path: str) -> str:
        """The page as far as it needs no kernel; it says where its link's picture is."""
        own = (part for part in self.request.query.split("&") if part.split("=")[0] not in PAGE)
        query = "&".join(filter(None, own))
        place = f"{scheme(self.request)}://{self.request.host}{self.base_url}"
        image = f"{place}preview/{path}.png{query and '?'}{query}"
        return self.server.head(path, image, self.language(languages_of(folder_of(path))))

    def _is_visit(self) -> bool:
        """Whether a reader opens the page, as far as the browser tells: no picture of another
        site's page, no page fetched ahead that perhaps nobody will look at.
        """
        said = self.request.headers
        kind, site = said.get("Sec-Fetch-Dest", "document"), said.get("Sec-Fetch-Site", "none")
        ours = site in {"none", "same-origin"} or said.get("Sec-Fetch-Mode") == "navigate"
        ahead = "prefetch" in said.get("Sec-Purpose", said.get("Purpose", ""))
        page = kind in {"document", "iframe", "frame"}
        # A service worker fetches a page as "empty"; no script of another site can say "navigate".
        return not ahead and (page or (kind == "empty" and ours))

    def _wait(self, ticket: str, place: int) -> None:
        """Send the page of the waiting line, which asks again by itself."""
        self.set_status(503, "every place is taken")
        self.set_header("Retry-After", str(AGAIN))
        self.set_header("Cache-Control", "no-store")
        self.set_cookie(TICKET, ticket, httponly=True, samesite="Lax", path=self.base_url)
        script = self.server.assets.url(self.base_url, "waiting_page.js")
        said = {"place": place, "inside": self.server.inside, "again": AGAIN}
        self.set_header("Vary", "Accept-Language")
        held = {"script": script, "ticket": ticket}
        self.finish(self.server.render("wait.html", self.language(), **said, **held))

    async def _send(self, path: str) -> None:
        self.set_header("Content-Type", "text/html; charset=utf-8")
        # no-cache, not no-store: a page names its kernel, so it should not come from a cache; but
        # the browser may keep it alive while the reader looks at another page and comes back.
        self.set_header("Cache-Control", "no-cache")
        self.set_header("Vary", "Accept-Language")
        self.write(self._head(path))
        await self.flush()
        self.server.purge_the_pool()
        try:
            async with asyncio.timeout(LONGEST):
                async for part in self.get_generator(f"{path}.ipynb"):
                    if part == HEARTBEAT:
                        self._look()
                        continue
                    self.server.readers.hand_over(part, self.address)
                    self.write(FAULT.sub(lambda found: self._fault(found[1]), part))
                    await self.flush()
            self.server.page_built()
        except tornado.iostream.StreamClosedError:
            pass  # The reader left before the page was whole.
        except Exception as error:
            # The head is on its way with status 200, so the trouble has to be said in the page.
            self.server.page_failed(path, error)
            self.write(self._fault("engine"))

    def _fault(self, fault: str) -> str:
        """What the page says where its lesson should be."""
        return self.server.render("fault.html", self.language(), fault=fault)

    def _look(self) -> None:
        """Raise if the kernel that makes this page has ended: Voila would wait for it."""
        for kernel in self.kernel_manager.started:
            if not self.server.lives(kernel):
                raise RuntimeError("its kernel ended before the page was made")

    @property
    def kernel_manager(self) -> Any:
        """Jupyter's, which here remembers what it started for this page."""
        if self._manager is None:
            self._manager = Started(self.settings["kernel_manager"])
        return self._manager

    @property
    def address(self) -> str:
        """Where the reader is."""
        return visitor(self.request)

    def set_header(self, name: str, value: Any) -> None:
        """Ignore headers once the head is sent: Voila sets its own later, to no effect."""
        if not self._headers_written:
            super().set_header(name, value)


class Robots(Guarded):
    """``/robots.txt``: a crawler may read the list of lessons; a lesson takes a reader's place.

    What shows previews of links may read all: it is sent no lesson.
    """

    def initialize(self, base_url: str) -> None:
        """Take where the pages hang."""
        self.base_url = base_url

    def get(self) -> None:
        """Send it."""
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        previewers = "".join(f"User-agent: {name}\n" for name in WELCOME)
        all_others = f"User-agent: *\nAllow: {self.base_url}home\nDisallow: {self.base_url}\n"
        self.finish(f"{previewers}Allow: {self.base_url}\n\n{all_others}")


class Root(Guarded, tornado.web.RedirectHandler):
    """The pages' path without its last slash leads to them."""


class Asset(Guarded, AssetHandler):
    """An asset, with the headers of every answer."""


class OfflineWorker(Guarded):
    """``/offline_worker.js``: the service worker, which opens kept pages while we are away.

    Its place is above the pages, because a worker sees only what is below it.
    """

    def initialize(self, assets: Assets) -> None:
        """Take the assets, of which it is one."""
        self.assets = assets

    def get(self) -> None:
        """Send it; a browser is to look for a newer one at each visit."""
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.set_header("Cache-Control", "no-cache")
        self.finish(self.assets.files["offline_worker.js"])


class OfflineHead(Guarded, JupyterHandler):
    """``/offline/NAME``: a lesson's page as far as it needs no kernel.

    A browser keeps it with the last picture that it showed, as its page while we are away.
    """

    def initialize(self, server: Context) -> None:
        """Take the server that knows the lessons."""
        self.server = server

    @tornado.web.authenticated
    def get(self, name: str) -> None:
        """Send it."""
        if name not in self.server.lessons():
            raise tornado.web.HTTPError(404)
        self.set_header("Cache-Control", "no-cache")
        self.finish(self.server.head(name, "", self.language(languages_of(folder_of(name)))))


class FirstLesson(Guarded, JupyterHandler):
    """``/`` leads to the first lesson; a link's state goes along."""

    def initialize(self, server: Context) -> None:
        """Take the server that knows the lessons."""
        self.server = server

    @tornado.web.authenticated
    async def get(self) -> None:
        """Redirect."""
        query = f"?{self.request.query}" if self.request.query else ""
        self.redirect(f"{self.base_url}{self.server.lessons()[0]}{query}")


def addresses(asked: str) -> Callable[..., str]:
    """Where the pages are; a link keeps the language that was asked for, if the home page has it.

    A lesson that lacks it says so, and its links keep it.
    """

    def address(name: str, query: str = "", language: str = "") -> str:
        said = language or asked
        query = "&".join(filter(None, (query, f"lang={said}" if said in home_languages() else "")))
        return f"{name}?{query}" if query else name

    return address


class InLanguages(Guarded, JupyterHandler):
    """A page that is there in every language of the home page."""

    def initialize(self, server: Context) -> None:
        """Take the server that has the page."""
        self.server = server

    def wish(self) -> tuple[str, bool]:
        """The language of the answer, and whether the link asks for it: else the browser does."""
        self.set_header("Vary", "Accept-Language")
        language = self.language()
        return language, language == self.get_query_argument("lang", "")


class Home(InLanguages):
    """All lessons, in the lecture's order, each with its first picture in small."""

    @tornado.web.authenticated
    async def get(self) -> None:
        """Send the page, which fetches its pictures."""
        loop = asyncio.get_running_loop()
        self.finish(await loop.run_in_executor(None, self.server.home, *self.wish()))


class GlossaryPage(InLanguages):
    """Every term of the lecture with its definition."""

    @tornado.web.authenticated
    def get(self) -> None:
        """Send the page, in the language that is asked for."""
        self.finish(self.server.glossary(*self.wish()))


class Thumbnail(Guarded, JupyterHandler):
    """A lesson's first picture in small; the page does not wait for it."""

    def initialize(self, server: Context) -> None:
        """Take the server that knows the lessons."""
        self.server = server

    @tornado.web.authenticated
    async def get(self, name: str) -> None:
        """Send it once the engine has drawn it; for HEAD nothing is drawn."""
        if name not in self.server.drawing.names:
            raise tornado.web.HTTPError(404)
        head = self.request.method == "HEAD"
        svg = "" if head else await self.server.drawing.picture(name)
        if not (svg or head):
            raise tornado.web.HTTPError(404)
        self.set_header("Content-Type", "image/svg+xml")
        self.set_header("Cache-Control", "no-cache")
        self.finish(svg)


class PreviewImage(Guarded, JupyterHandler):
    """The picture of the state that a link names, for where the link is shared."""

    def initialize(self, server: Context) -> None:
        """Take the server that knows the lessons."""
        self.server = server

    @tornado.web.authenticated
    async def get(self, name: str) -> None:
        """Send it once the engine has drawn it; for HEAD nothing is drawn."""
        if name not in self.server.drawing.names:
            raise tornado.web.HTTPError(404)
        if self.request.method == "HEAD":
            self.set_header("Content-Type", "image/png")
            return
        try:
            image = await self.server.previews.picture(name, self.request.query)
        except Busy:
            self.set_header("Retry-After", str(AGAIN))
            raise tornado.web.HTTPError(503, reason="other pictures are being drawn") from None
        if not image:
            raise tornado.web.HTTPError(404)
        self.set_header("Content-Type", "image/png")
        self.set_header("Cache-Control", "public, max-age=86400")
        self.set_header("Cross-Origin-Resource-Policy", "cross-origin")
        self.finish(image)


class NotFound(Guarded, JupyterHandler):
    """Everything else: an error page of our own."""

    def initialize(self, server: Context) -> None:
        """Take the server that knows the lessons."""
        self.server = server

    async def prepare(self) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Refuse."""
        await ensure_async(super().prepare())
        raise tornado.web.HTTPError(404)
