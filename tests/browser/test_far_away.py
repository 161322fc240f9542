"""A reader far away: 100 ms to the server and 100 ms back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.support.chromium import Server
from tests.support.long_line import long_line

PAGE = "document.querySelector('.natgrad').natgrad"

WATCH = """
window.flying = [];
let answered = 0;
const number = (bytes, name) =>
  Number(new TextDecoder("latin1").decode(bytes).match(`"${name}": ?([0-9]+)`)?.[1] ?? 0);
window.WebSocket = class extends WebSocket {
  constructor(...how) {
    super(...how);
    // Before the page itself hears of it, and asks again.
    this.addEventListener("message", ({ data }) => {
      if (typeof data !== "string") answered = Math.max(answered, number(data, "answer"));
    });
  }
  send(data) {
    const ask = number(data, "ask");
    if (ask) flying.push(ask - answered);
    super.send(data);
  }
};
"""
"""Notes of every ask how many were on their way, itself included."""

HANDLE = """() => {
  const { left, width, top, height } =
    document.querySelector("[data-handle=a1]").getBoundingClientRect();
  const box = (at) => document.querySelector(`.matrix [data-field="matrix.${at}.0"]`).value;
  return { x: left + width / 2, y: top + height / 2, column: [box(0), box(1)] };
}"""


@pytest.fixture
def far_away(page: Page, server: Server) -> Iterator[Page]:
    """The first lesson, 100 ms away."""
    with long_line(server.port, 0.1) as port:
        page.add_init_script(f"{{{WATCH}}}")
        page.goto(f"http://127.0.0.1:{port}/coordinates")
        page.wait_for_function("document.querySelector('.natgrad')?.natgrad")
        page.evaluate(f"{PAGE}.settled()")
        yield page


def test_a_handle_and_its_numbers_go_with_the_pointer_before_any_answer(far_away: Page) -> None:
    page = far_away
    began = page.evaluate(HANDLE)
    page.mouse.move(began["x"], began["y"])
    page.mouse.down()
    seen = [began]
    for i in range(1, 4):
        drawn = page.evaluate(f"Object.keys({PAGE}.stats.drawn).length")
        page.mouse.move(began["x"] + 12 * i, began["y"] - 7 * i)
        now = page.evaluate(HANDLE)
        # No answer can have come meanwhile, unless this machine took 200 ms for these two calls.
        if page.evaluate(f"Object.keys({PAGE}.stats.drawn).length") == drawn:
            assert abs(now["x"] - began["x"] - 12 * i) < 1.5, now
            assert abs(now["y"] - began["y"] + 7 * i) < 1.5, now
            assert now["column"][0] != seen[-1]["column"][0], now
            assert now["column"][1] != seen[-1]["column"][1], now
        seen.append(now)
    page.mouse.up()
    shown = page.evaluate(HANDLE)["column"]
    page.evaluate(f"{PAGE}.settled()")
    assert page.evaluate(HANDLE)["column"] == shown, "the kernel says the same"


def test_no_more_asks_are_on_their_way_than_the_server_lets_in_and_the_last_counts(
    far_away: Page,
) -> None:
    """That they become several is for request_queue.test.js: on a busy machine answers wait."""
    page = far_away
    slider = page.locator("input[type=range][data-field=rate]").first
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box
    x, y = box["x"] + 0.3 * box["width"], box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for i in range(40):
        page.mouse.move(x + 0.4 * box["width"] * (i % 20) / 20, y)
        page.wait_for_timeout(16)
    page.mouse.up()
    page.evaluate(f"{PAGE}.settled()")
    flying = page.evaluate("flying")
    assert len(flying) > 5
    assert max(flying) <= 4, "as many as the server lets in"
    at = page.evaluate(f"{PAGE}.state.rate")
    shown_value = float(slider.get_attribute("aria-valuetext") or "nan")
    assert abs(at - shown_value) <= 0.01 * abs(at), "the last picture is of the last value"
