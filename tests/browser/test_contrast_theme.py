"""A contrast theme takes backgrounds away: what is told by color alone must still be seen."""

from __future__ import annotations

from playwright.sync_api import Browser

from tests.browser.acts import settle
from tests.browser.conftest import Server

SEEN = """() => {
  const style = (selector) => getComputedStyle(document.querySelector(selector));
  return {
    pressed: style('[aria-pressed="true"]').backgroundColor,
    other: style('[aria-pressed="false"]').backgroundColor,
    dot: style('.handle .dot').borderTopColor,
    ground: style('.handle .dot').backgroundColor,
  };
}"""


def test_what_is_pressed_and_what_can_be_dragged_are_seen(browser: Browser, server: Server) -> None:
    page = browser.new_context(forced_colors="active").new_page()
    page.goto(f"{server.url}coordinates")
    page.wait_for_function("document.querySelector('.natgrad')?.natgrad")
    settle(page)
    page.locator("[data-part=playback] [aria-pressed]").last.click()
    seen = page.evaluate(SEEN)
    assert seen["pressed"] != seen["other"]
    assert seen["dot"] != seen["ground"]
    page.emulate_media(forced_colors="none")
    plain = page.evaluate(SEEN)
    assert [seen["dot"], seen["ground"]] == [plain["dot"], plain["ground"]], "as they are drawn"
    page.close()
