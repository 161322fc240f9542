"""The line to the kernel: what a reader set outlives the kernel, the websocket and the server."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_coordinates import assert_the_page_shows_what_the_engine_says
from tests.support.servers import Page as Visit
from tests.support.servers import Server, kernels_of, kill_all, wait_until

PAGE = "document.querySelector('.natgrad').natgrad"


@pytest.fixture
def lesson(opened: Callable[..., Page]) -> Page:
    """The first lesson, on one page for all tests here that leave its line open."""
    return opened("coordinates")


def settled(page: Page) -> dict[str, object]:
    page.evaluate(f"{PAGE}.settled()")
    return page.evaluate(f"{PAGE}.state")


def set_rate(page: Page, value: str) -> None:
    box = page.locator("input[data-field=rate]:not([type=range])").first
    box.fill(value)
    box.press("Enter")


def reconnect(page: Page) -> None:
    """Ask for the line. The page mends it too, perhaps before us, and then hides the button."""
    button = page.locator(".banner button")
    button.dispatch_event("click")
    expect(button).to_be_hidden()


def test_a_dead_kernel_is_replaced_and_the_reader_s_state_kept(server, lesson: Page) -> None:
    set_rate(lesson, "0.03")
    assert settled(lesson)["rate"] == 0.03
    kill_all(kernels_of(server.process.pid))
    expect(lesson.locator(".banner")).to_contain_text("What you set is kept")
    expect(lesson.locator(".banner")).to_contain_text("Reconnect")
    assert lesson.locator("canvas").first.is_visible(), "the last picture stays"
    reconnect(lesson)
    assert settled(lesson)["rate"] == 0.03
    set_rate(lesson, "0.04")
    assert settled(lesson)["rate"] == 0.04
    assert_the_page_shows_what_the_engine_says(lesson)


def test_a_cut_websocket_is_mended_and_what_was_set_meanwhile_arrives(lesson: Page) -> None:
    lesson.evaluate(
        """() => { const { send } = WebSocket.prototype; window.lines = new Set();
        WebSocket.prototype.send = function (data) { lines.add(this); send.call(this, data); }; }"""
    )
    set_rate(lesson, "0.035")
    assert settled(lesson)["rate"] == 0.035
    lesson.evaluate("[...lines].at(-1).close()")
    set_rate(lesson, "0.05")
    reconnect(lesson)
    lesson.wait_for_function(f"{PAGE}.answer.state.rate === 0.05")
    assert_the_page_shows_what_the_engine_says(lesson)
    assert lesson.evaluate("lines.size") == 2


def test_a_server_that_comes_back_on_its_port_finds_the_reader_s_state(
    own_server, page: Page
) -> None:
    first = own_server(0)
    page.goto(first.url)
    page.wait_for_function("document.querySelector('.natgrad')?.natgrad")
    set_rate(page, "0.06")
    assert settled(page)["rate"] == 0.06
    assert first.stop().count("\n") == 0
    own_server(urlsplit(first.url).port)
    reconnect(page)
    set_rate(page, "0.07")
    page.wait_for_function(f"{PAGE}.answer.state.rate === 0.07")
    assert_the_page_shows_what_the_engine_says(page)


def test_a_visitor_who_was_offline_for_a_moment_loses_nothing(lesson: Page) -> None:
    lesson.context.set_offline(True)
    lesson.evaluate("window.dispatchEvent(new Event('offline'))")
    lesson.context.set_offline(False)
    set_rate(lesson, "0.025")
    lesson.wait_for_function(f"{PAGE}.answer.state.rate === 0.025")
    assert_the_page_shows_what_the_engine_says(lesson)


@pytest.mark.parametrize("waits", [True, False])
def test_a_link_s_state_is_awaited_however_late_it_comes(
    server: Server, page: Page, waits: bool
) -> None:
    held: list[Any] = []
    lines: list[Any] = []

    def slow(line: Any) -> None:
        lines.append(line)
        line.connect_to_server().on_message(lambda message: held.append(message))

    page.route_web_socket(re.compile("channels"), slow)
    page.clock.install()
    page.goto(f"{server.url}coordinates?v=1&rate=0.045")
    while not held:  # the browser's events come while it is asked
        page.wait_for_function("true")
    page.clock.run_for(5000)
    expect(page.locator("#natgrad-wait")).to_contain_text("The state of your link is on its way.")
    expect(page).to_have_url(re.compile("rate=0.045"))
    page.clock.resume()
    if waits:
        for message in held:
            lines[0].send(message)
    else:
        page.get_by_role("button", name="Show the first picture instead").click()
    page.wait_for_function("document.querySelector('.natgrad')?.natgrad")
    assert (page.evaluate(f"{PAGE}.answer.state.rate") == 0.045) == waits
    said = page.get_by_text("Of the link, this could not be shown: its state.")
    expect(said).to_have_count(0 if waits else 1)


@pytest.mark.parametrize("moment", [0, 300])
def test_what_is_set_while_the_network_is_away_is_asked_when_it_is_back(
    lesson: Page, moment: int
) -> None:
    lesson.context.set_offline(True)
    lesson.wait_for_timeout(moment)
    set_rate(lesson, "0.026")
    lesson.context.set_offline(False)
    lesson.wait_for_function(f"{PAGE}.answer.state.rate === 0.026")
    assert settled(lesson)["rate"] == 0.026
    assert_the_page_shows_what_the_engine_says(lesson)


def test_an_idle_page_sleeps_without_a_word_and_wakes_with_what_the_reader_does_or_in_line(
    own_server, page: Page
) -> None:
    """In a full house who wakes is told their place, and comes in by themselves."""
    full = own_server(0, "--idle=2", "--pool=0", "--readers=1")
    page.goto(full.url)
    page.wait_for_function("document.querySelector('.natgrad')?.natgrad")
    set_rate(page, "0.03")
    assert settled(page)["rate"] == 0.03
    first = set(kernels_of(full.process.pid))
    wait_until(lambda: not kernels_of(full.process.pid))
    assert page.locator(".banner").is_hidden()
    set_rate(page, "0.07")
    page.wait_for_function(f"{PAGE}.answer.state.rate === 0.07")
    assert settled(page)["rate"] == 0.07
    assert not first & set(kernels_of(full.process.pid))
    assert_the_page_shows_what_the_engine_says(page)
    wait_until(lambda: not kernels_of(full.process.pid))
    other, left = Visit(full.url).open(), threading.Event()

    def stay() -> None:
        while not left.wait(0.3):
            other.ask(rate=0.05)
        other.goodbye()

    staying = threading.Thread(target=stay)
    staying.start()
    try:
        set_rate(page, "0.06")
        expect(page.locator(".banner")).to_contain_text("You are number 1 in the line.")
    finally:
        left.set()
        staying.join()
    page.wait_for_function(f"{PAGE}.answer.state.rate === 0.06")
    expect(page.locator(".banner")).to_be_hidden()


@pytest.mark.parametrize(
    ("address", "parts"),
    [("playground?v=1&problem=quadratic", []), ("coordinates", ["model_picture.js"])],
)
def test_a_visit_costs_two_requests_and_a_websocket_and_a_model_one_more_under_its_own_policy(
    server: Server, browser: Browser, address: str, parts: list[str]
) -> None:
    context = browser.new_context()
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    # What a page keeps for a time without its server it fetches seconds later (test_offline.py).
    page.add_init_script("delete Navigator.prototype.serviceWorker")
    page.goto(f"{server.url}{address}")
    page.locator(".natgrad canvas").first.wait_for()
    set_rate(page, "0.033")
    expect(page).to_have_url(re.compile("rate=0?.033"))
    context.close()
    names = [re.sub(r"[?].*|data:.*", "", url).rsplit("/", 1)[-1] for url in asked]
    wanted = ["channels", address.partition("?")[0], "live_page.js", *parts]
    assert sorted(filter(None, names)) == sorted(wanted), asked
    assert said == []


def test_after_an_upgrade_the_page_takes_the_new_script_and_keeps_its_state(
    server: Server, page: Page
) -> None:
    """A page of another version has its script under another name."""
    page.goto(f"{server.url}coordinates?v=1&rate=0.045")
    page.wait_for_function("document.querySelector('.natgrad')?.natgrad")
    assert page.evaluate(f"{PAGE}.answer.state.rate") == 0.045, "its first picture is the link's"
    set_rate(page, "0.03")
    assert settled(page)["rate"] == 0.03
    script = "document.querySelector('script[type=module]')"
    page.evaluate(f"{script}.setAttribute('src', '/natgrad/0/live_page.js')")
    kill_all(kernels_of(server.process.pid))
    page.wait_for_function(f"!{script}?.src.includes('/natgrad/0/')")
    page.wait_for_function("document.querySelector('.natgrad')?.natgrad")
    assert settled(page)["rate"] == 0.03


def test_leaving_the_page_ends_its_kernel_and_coming_back_works(server, lesson: Page) -> None:
    kernel = lesson.evaluate("JSON.parse(document.getElementById('natgrad-data').text).kernel")
    asked = lesson.context.request.get
    lesson.goto(f"{server.url}nothing")
    lesson.go_back()
    lesson.wait_for_function("document.querySelector('.natgrad')?.natgrad")
    set_rate(lesson, "0.08")
    lesson.wait_for_function(f"{PAGE}.answer.state.rate === 0.08")
    gone = asked(f"{server.url}api/kernels/{kernel}/channels")
    assert gone.status == 404
