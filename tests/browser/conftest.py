"""A real server and the system's own Chromium, for tests that look at the page as a reader does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect

from tests.conftest import TRAINED
from tests.support import servers
from tests.support.chromium import Server

expect.set_options(
    timeout=30_000
)  # The machine may be busy; what is true already waits for nothing.


@dataclass
class Watch:
    """What a page did that a reader should never see."""

    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        """Note every request that leaves this machine and every error in a script."""
        page.on("request", lambda request: self._request(request.url))
        page.on("websocket", lambda socket: self._request(socket.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _request(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob", "about") and parts.hostname != "127.0.0.1":
            self.outside.append(url)


NO_THUMBNAILS = """
from natgrad_lecture.server.thumbnails import Drawing
async def nothing(self, name):
    return '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>'
Drawing.picture = nothing
"""
"""What a server does first whose home page has empty pictures: to draw them takes ten seconds of a
processor, and torch. One test looks at them (test_home.py), with a server of its own."""

TORCH_ONCE = f"""
from natgrad_lecture.server.fork_client import ForkClient
begin = ForkClient.__init__
def knowing(self, nets=False):
    begin(self, nets)
    self.net_lessons.update({TRAINED})
ForkClient.__init__ = knowing
"""
"""What a server does first that need not try a lesson to learn that it is one of the nets': their
kernels are forked from a process that has loaded torch. Else each would load it for itself."""


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The lessons, on a free port, with one warm kernel for the first."""
    with servers.running(pool=1, first=NO_THUMBNAILS + TORCH_ONCE) as running:
        yield Server(running.process, running.url, int(running.url.split(":")[2].split("/")[0]))


@pytest.fixture
def own_server() -> Iterator[Callable[..., servers.Server]]:
    """Starts servers that a test may stop and start again: ``own_server(port)``."""
    started: list[servers.Server] = []

    def start(port: int = 0, *arguments: str) -> servers.Server:
        started.append(servers.start(port, 1, *arguments))
        return started[-1]

    yield start
    for each in started:
        each.stop()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh visitor with a projector-sized window.

    ``wait_for_function`` evaluates strings, which the page's own policy forbids, so the policy is
    set aside; ``test_the_page_works_under_its_own_policy`` keeps it.
    """
    visitor = browser.new_context(
        viewport={"width": 1280, "height": 800}, bypass_csp=True, reduced_motion="no-preference"
    )
    visitor.set_default_timeout(60_000)
    yield visitor
    visitor.close()


def phone_of(browser: Browser) -> BrowserContext:
    """A visitor with a phone. The policy is set aside, as above."""
    visitor = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, bypass_csp=True
    )
    visitor.set_default_timeout(60_000)
    return visitor


def touch(client: CDPSession, kind: str, *fingers: tuple[float, float]) -> None:
    """Real touches, where the fingers are: ``kind`` is touchStart, touchMove or touchEnd."""
    points = [{"x": x, "y": y} for x, y in fingers]
    client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def stroke(client: CDPSession, *places: tuple[float, float]) -> None:
    """A finger is set down, moved from place to place, and taken up."""
    for i, place in enumerate(places):
        touch(client, "touchMove" if i else "touchStart", place)
    touch(client, "touchEnd")


@pytest.fixture
def watch(context: BrowserContext) -> Iterator[Watch]:
    """Fails the test if a page reached beyond this machine or a script failed."""
    seen = Watch()
    context.on("page", seen.follow)
    yield seen
    assert not seen.outside, f"requests that left this machine: {seen.outside}"
    assert not seen.errors, f"errors in the page: {seen.errors}"


@pytest.fixture
def page(context: BrowserContext, watch: Watch) -> Page:
    """An empty page, watched."""
    return context.new_page()


FIRST = """async () => {
    await document.querySelector('.natgrad').natgrad.settled();
    return [history.state, location.href];
}"""

GO_BACK = """async ([state, address]) => {
    const { natgrad } = document.querySelector('.natgrad');
    document.activeElement.blur();
    if (natgrad.playing) document.querySelector('button.play').click();
    await natgrad.settled();
    history.pushState(state, '', address);
    dispatchEvent(new PopStateEvent('popstate', { state }));
    await natgrad.settled();
    scrollTo(0, 0);
}"""
"""Takes a page to the state that it opened in, as the browser does when a reader goes back."""


SET = """async (changes) => {
    const { natgrad } = document.querySelector('.natgrad');
    const { at } = history.state.natgrad; // its state is written a moment after an answer
    const state = { ...natgrad.answer.state, k: natgrad.k, ...changes };
    const entry = { natgrad: { at, state } };
    dispatchEvent(new PopStateEvent('popstate', { state: entry }));
    await natgrad.settled();
}"""
"""Takes a page to the state that it opened in with these changes, as when a reader goes back to
one: where an address would take a page of its own."""


@pytest.fixture(scope="module")
def opened(browser: Browser, server: Server) -> Iterator[Callable[..., Page]]:
    """Opens a link once for the tests of a file, and goes back to its first state for each that
    comes later: ``opened("fisher")``. It is for tests of what a reader does in a lesson. A test
    that needs what going back does not take back loads the page again, ``opened("fisher",
    again=True)``; one that leaves behind what loading does not take back opens a ``page`` of its
    own.
    """
    visitor = browser.new_context(
        viewport={"width": 1280, "height": 800}, bypass_csp=True, reduced_motion="no-preference"
    )
    visitor.set_default_timeout(120_000)  # torch is large, where a lesson needs it
    seen = Watch()
    visitor.on("page", seen.follow)
    page = visitor.new_page()
    shown: list[Any] = ["", None]  # the link, and where it led

    def show(link: str, again: bool = False) -> Page:
        if shown[0] == link and not again:
            page.mouse.move(0, 0)
            page.evaluate(GO_BACK, shown[1])
        else:
            page.goto(server.url + link)
            page.wait_for_function("document.querySelector('.natgrad')?.natgrad")
            shown[:] = link, page.evaluate(FIRST)
        return page

    yield show
    visitor.close()
    assert (seen.outside, seen.errors) == ([], [])


@pytest.fixture
def lesson(page: Page, server: Server) -> Page:
    """The first lesson with its first picture drawn and its line to the kernel open."""
    page.goto(server.url)
    page.wait_for_function("document.querySelector('#natgrad, .natgrad')?.natgrad")
    page.evaluate("document.querySelector('#natgrad, .natgrad').natgrad.settled()")
    return page
