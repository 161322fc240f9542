"""A dead kernel and a lost connection are ordinary: said in a banner, and nothing is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, start_server
from tests.browser.test_coordinates import (
    ROOT,
    assert_the_stage_shows_what_the_engine_says,
    settle,
    type_in,
)

pytestmark = pytest.mark.browser


def kernel_process(page: Page) -> int:
    """The process of the kernel that this page speaks to."""
    data = json.loads(page.locator("#natgrad-data").text_content() or "{}")
    found = subprocess.run(
        ["pgrep", "-f", data["kernel"]], capture_output=True, text=True, check=True
    )
    return int(found.stdout.split()[0])


def test_a_dead_kernel_is_replaced_and_the_state_is_kept(lesson: Page) -> None:
    type_in(lesson, "matrix.0.1", "1.5")
    state = settle(lesson)["state"]
    os.kill(kernel_process(lesson), signal.SIGKILL)
    type_in(lesson, "rate", "0.03")
    banner = lesson.locator(".banner")
    expect(banner).to_be_visible(timeout=15_000)
    expect(banner).to_contain_text("What you set is kept")
    assert lesson.locator("canvas").first.is_visible(), "the last picture stays"
    banner.get_by_role("button").click()
    expect(banner).to_be_hidden(timeout=20_000)
    now = settle(lesson)["state"]
    assert now["matrix"] == state["matrix"]
    assert now["rate"] == 0.03, "what was asked meanwhile is answered"
    assert_the_stage_shows_what_the_engine_says(lesson)


def test_a_cut_websocket_comes_back_by_itself_or_by_the_button(lesson: Page) -> None:
    type_in(lesson, "steps", "77")
    settle(lesson)
    lesson.context.set_offline(True)
    lesson.evaluate("() => window.dispatchEvent(new Event('offline'))")
    lesson.context.set_offline(False)
    type_in(lesson, "rate", "0.025")
    lesson.wait_for_function(f"{ROOT}.state.rate === 0.025", timeout=30_000)
    assert settle(lesson)["state"]["steps"] == 77
    assert_the_stage_shows_what_the_engine_says(lesson)


@pytest.mark.slow
def test_a_server_that_went_and_came_back_finds_the_page_as_it_was(page: Page) -> None:
    first: Server = start_server()
    port = first.port
    try:
        page.goto(first.url)
        page.wait_for_function("document.querySelector('.natgrad')?.natgrad")
        type_in(page, "matrix.0.1", "-0.75")
        settle(page)
        first.stop()
        expect(page.locator(".banner")).to_be_visible(timeout=20_000)
        second = start_server(port)
        try:
            assert second.port == port
            page.locator(".banner").get_by_role("button").click()
            expect(page.locator(".banner")).to_be_hidden(timeout=40_000)
            type_in(page, "steps", "60")
            assert settle(page)["state"]["matrix"][0][1] == -0.75
            assert_the_stage_shows_what_the_engine_says(page)
        finally:
            second.stop()
    finally:
        first.stop()
