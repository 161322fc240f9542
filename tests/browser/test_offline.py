"""A page that was seen once opens while its server is away, and is live again when it is back."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.acts import ROOT, paths, settle
from tests.browser.conftest import Watch
from tests.support.servers import Server, free_port, start, wait_until

SENTENCE = "The server cannot be reached. This is the last picture that was shown here"
BASE = "/a/lecture/"
NEWER = """
import natgrad_lecture.server.assets as assets
of = assets.sha256
assets.sha256 = lambda data: of(data + b"newer")
"""
"""A release whose scripts have another name."""

KEPT = """async () => {
    const found = {};
    for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        found[name] = {};
        for (const request of await cache.keys())
            found[name][request.url] = await (await cache.match(request)).text();
    }
    return found;
}"""


ADDRESSES = """async () => Promise.all((await caches.keys()).map(async (name) =>
    (await (await caches.open(name)).keys()).map(({ url }) => url)))"""
"""Those of which something is kept, by release."""

HURRY = """{ const { setTimeout } = window;
window.setTimeout = (act, ms, ...more) => setTimeout(act, ms > 500 ? ms / 5 : ms, ...more); }"""
"""Lets what a page does seconds after it was opened come sooner."""


@pytest.fixture
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    """A reader whose pages keep their own policy, which a worker has to fit."""
    there = browser.new_context(viewport={"width": 1280, "height": 800})
    there.set_default_timeout(60_000)
    there.add_init_script(HURRY)
    seen = Watch()
    there.on("page", seen.follow)
    yield there
    there.close()
    assert seen.errors == []


def kept(page: Page) -> dict[str, str]:
    """What the browser keeps, by its address: of one release alone."""
    found: dict[str, dict[str, str]] = page.evaluate(KEPT)
    assert len(found) <= 1, list(found)
    return next(iter(found.values()), {})


def until_kept(page: Page, address: str) -> None:
    """Wait until the page of this address is kept, and what an older release kept is gone."""
    for _ in range(600):
        releases = page.evaluate(ADDRESSES)
        if [address in pages for pages in releases] == [True]:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{address} is not kept, or not alone: {page.evaluate(ADDRESSES)}")


def drawn(page: Page) -> Page:
    """The page, once its lesson is drawn and nothing is awaited."""
    page.locator(".natgrad .frame").first.wait_for()
    return page


def serve(port: int, first: str = "") -> Server:
    """The lessons below a path of a host."""
    return start(port, 0, f"--base-url={BASE}", first=first)


def test_a_page_once_seen_opens_without_its_server_and_is_live_when_it_is_back(
    visitor: BrowserContext,
) -> None:
    port = free_port()
    server = serve(port)
    try:
        page = visitor.new_page()
        page.goto(f"{server.url}glossary")
        until_kept(page, f"{server.url}glossary")
        slow: list[Route] = []
        page.route(
            "**/offline/coordinates?*", lambda it: it.continue_() if slow else slow.append(it)
        )
        page.goto(f"{server.url}coordinates")
        settle(drawn(page))
        wait_until(lambda: page.wait_for_timeout(20) or slow)
        page.locator("input.number[data-field='rate']").fill("0.045")
        page.keyboard.press("Enter")
        settle(page)
        expect(page).to_have_url(re.compile("rate=0.045"))
        address = page.url
        page.wait_for_timeout(600)  # the first picture is still on its way when this one rests
        slow[0].continue_()
        until_kept(page, address)
        before, state = paths(page), settle(page)["state"]
        held = kept(page)
        for secret in page.evaluate(
            "(({kernel, pass}) => [kernel, pass])"
            "(JSON.parse(document.getElementById('natgrad-data').textContent))"
        ):
            assert not [url for url, text in held.items() if secret in text]
        allowed = rf"{server.url}(glossary|coordinates\?.*|natgrad/\w+/[\w.]+)"
        assert [url for url in held if not re.fullmatch(allowed, url)] == []

        server.stop()
        page.reload()
        drawn(page)
        banner = page.locator(".banner")
        expect(banner).to_contain_text(SENTENCE)
        assert page.url == address
        after = paths(page)
        assert after.keys() == before.keys()
        for key, points in after.items():
            assert points.tolist() == before[key].tolist(), key
        assert page.evaluate(f"{ROOT}.state") == state
        scrub = page.locator("input.scrub")
        scrub.fill("40")
        settle(page)
        assert page.evaluate(f"{ROOT}.k") == 40
        for action, said in (
            ("python", "this could not be made: This needs the live engine."),
            ("class", "its script did not load"),
            ("csv", "saved"),
        ):
            page.locator(".menu > button").click()
            page.locator(f"[data-action={action}]").click()
            expect(page.locator(".menu .said")).to_have_text(said)
        page.goto(f"{server.url}coordinates")  # it names no state: the one that is kept
        expect(drawn(page)).to_have_url(address)
        page.goto(f"{server.url}coordinates?v=1&rate=0.01")
        expect(page.get_by_role("status")).to_contain_text("another state is kept")
        expect(page).to_have_url(re.compile("rate=0.01"))
        page.goto(f"{server.url}fisher")
        expect(page.get_by_role("status")).to_contain_text("not opened in this browser before")
        page.get_by_role("link", name="Coordinates").click()
        expect(drawn(page).locator(".banner")).to_contain_text(SENTENCE)
        page.goto(f"{server.url}glossary")
        expect(page.locator("h1")).to_have_text("Glossary")
        other = visitor.new_page()  # a class's page is nobody's to keep
        with pytest.raises(Exception, match="ERR_CONNECTION_REFUSED"):
            other.goto(f"{server.url}class/ABCDEF")
        other.close()
        page.goto(address)
        drawn(page)

        server = serve(port, first=NEWER)
        banner.get_by_role("button").click()  # the page gets a kernel, and the new release's script
        expect(banner).to_be_hidden()
        settle(drawn(page))
        assert page.url == address
        assert page.evaluate(f"{ROOT}.state.rate") == 0.045
        script = page.locator("script[type=module]").get_attribute("src")
        newer = f"http://127.0.0.1:{port}{script}"
        until_kept(page, newer)
        assert [url for url in kept(page) if "live_page" in url] == [newer], "the old one is gone"

        # A link of another site, when a worker is there: it is a visit like any other.
        page.goto(server.url.replace("127.0.0.1", "localhost") + "glossary")
        page.evaluate("(url) => { location.href = url }", f"{server.url}coordinates?v=1&rate=0.03")
        settle(drawn(page))
        assert page.evaluate(f"{ROOT}.state.rate") == 0.03
    finally:
        server.stop()
