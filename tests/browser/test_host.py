"""Any host of anywidgets will do, an editor's notebook too: this one offers what anywidget's own
interface names (https://anywidget.dev/en/afm), and notes whatever else is asked of it.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from natgrad_lecture import lesson
from tests.browser.acts import ROOT, settle
from tests.browser.test_coordinates import assert_the_page_shows_what_the_engine_says

OWN = {"link", "saved", "asset", "seat", "follows"}
"""What only our own pages offer; undefined elsewhere, and then done without."""

HOST = """async ([code, traits, bytes]) => {
  const codes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const decoded = (text) => new DataView(codes(text).buffer);
  const handlers = new Set();
  const all = { ...traits, arrays: decoded(bytes) };
  const offered = {
    get: (name) => all[name],
    set() {},
    save_changes() {},
    on: (event, handler) => event === "msg:custom" && handlers.add(handler),
    off: (_event, handler) => handlers.delete(handler),
    async send(content) {
      const said = await fetch("http://127.0.0.1:59999/", {
        method: "POST",
        body: JSON.stringify(content),
      });
      for (const [answer, buffers] of await said.json())
        for (const handler of handlers) handler(answer, buffers.map(decoded));
    },
    widget_manager: {},
  };
  window.asked = [];
  const model = new Proxy(offered, {
    get(target, name) {
      if (!(name in target)) asked.push(String(name));
      return target[name];
    },
  });
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const { default: widget } = await import(url);
  const el = document.createElement("div");
  document.body.append(el);
  const stop = await widget.render({ model, el });
  window.leave = () => (stop(), [el.childElementCount, handlers.size]);
}"""


@pytest.fixture(params=["coordinates", "net"])
def hosted(page: Page, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Page:
    """A page with a lesson in such a host, answered by the lesson's own widget."""
    widget = lesson(request.param)
    said: list[Any] = []

    def send(content: Any, buffers: Any = None) -> None:
        said.append([content, [b64encode(part).decode() for part in buffers or ()]])

    def respond(route: Route) -> None:
        said.clear()
        widget._on_ask(widget, route.request.post_data_json, [])
        route.fulfill(json=said, headers={"Access-Control-Allow-Origin": "*"})

    monkeypatch.setattr(widget, "send", send)
    page.route("http://127.0.0.1:59999/", respond)  # nothing is asked for over the network
    page.goto("about:blank")
    page.add_style_tag(content=widget._css)
    traits = {"lesson": widget.lesson, "first": widget.first}
    arrays = b64encode(widget.arrays).decode()
    page.evaluate(HOST, [widget._esm, traits, arrays])
    return page


def test_a_lesson_asks_nothing_of_its_host_that_anywidget_does_not_offer(hosted: Page) -> None:
    first = hosted.evaluate(f"{ROOT}.values")
    if "matrix" in first:
        hosted.locator(".presets button").nth(2).click()
        assert settle(hosted)["values"] != first
        assert_the_page_shows_what_the_engine_says(hosted)
    else:  # Plotly's script comes as a message, where no server has it
        hosted.locator(".presets button").nth(4).click()
        hosted.locator("[data-chart=spectrum] .plot").scroll_into_view_if_needed()
        expect(hosted.locator("[data-chart=spectrum][data-drawn=yes]")).to_be_visible()
    assert set(hosted.evaluate("asked")) <= OWN
    assert hosted.evaluate("leave()") == [0, 0]
