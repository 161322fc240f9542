"""A widget in a notebook, without JupyterLab: its views, its kernel, and what travels between."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from natgrad_lecture import lesson
from natgrad_lecture.static_files import script, style
from natgrad_lecture.widget import Lesson, plain
from tests.browser.conftest import Watch

MODEL = """
([code, traits, bytes]) => {
  const decode = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  traits.arrays = decode(bytes);
  const handlers = new Set();
  window.hear = (content, arrays) =>
    handlers.forEach((handler) => handler(structuredClone(content), arrays.map(decode)));
  const model = {
    get: (name) => traits[name],
    on: (_, handler) => handlers.add(handler),
    off: (_, handler) => handlers.delete(handler),
    send: (content) => window.ask(JSON.stringify(content)),
  };
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  window.display = async (name) => {
    const { default: widget } = await import(url);
    const el = document.createElement("div");
    el.id = name;
    document.body.append(el);
    await widget.render({ model, el });
  };
}
"""
"""A model as anywidget gives it: what the kernel says reaches every view."""

REST = """() => {
  window.rested = false;
  const views = [...document.querySelectorAll(".natgrad")].flatMap(({ natgrad }) => natgrad ?? []);
  Promise.all(views.map((view) => view.settled())).then(() => (window.rested = true));
}"""
"""Notes when no view waits for an answer or a frame any more."""


class Notebook:
    """A widget, and a page with any number of its views."""

    def __init__(self, page: Page, name: str) -> None:
        self.page, self.widget, self.asks = page, lesson(name), []
        object.__setattr__(self.widget, "send", self._sent)
        page.goto("about:blank")
        page.add_style_tag(content=style())
        page.expose_function("ask", self._asked)
        traits = {"lesson": self.widget.lesson, "first": plain(self.widget.first)}
        arrays = base64.b64encode(self.widget.arrays).decode()
        page.evaluate(MODEL, [script("lesson_view.js"), traits, arrays])

    widget: Lesson
    asks: list[dict[str, Any]]

    def _sent(self, content: Any, buffers: list[bytes] | None = None) -> None:
        arrays = [base64.b64encode(each).decode() for each in buffers or []]
        self.page.evaluate("(told) => void setTimeout(() => hear(...told))", [content, arrays])

    def _asked(self, text: str) -> None:
        self.asks.append(json.loads(text))

    def wait(self, ms: int) -> None:
        """Wait by the page's own clock, so that what it was to hear or say before has passed."""
        self.page.evaluate("(ms) => new Promise((done) => setTimeout(done, ms))", ms)

    def work(self) -> None:
        """Let the kernel answer, and the views ask, until nobody does and all have drawn."""
        for _ in range(400):
            self.page.evaluate(REST)
            self.wait(30)
            if not self.asks and self.page.evaluate("rested"):
                return
            while self.asks:
                self.widget._on_ask(self.widget, self.asks.pop(0), None)
        raise AssertionError("the views never come to rest")

    def display(self, name: str) -> None:
        """Show the widget once more."""
        self.page.evaluate("(name) => display(name)", name)
        self.work()

    def seen(self, name: str) -> dict[str, Any]:
        """The values that a view shows, and the step."""
        return self.page.evaluate(
            "(id) => { const { natgrad } = document.getElementById(id);"
            " return { ...natgrad.values, k: natgrad.k }; }",
            name,
        )

    def push(self, name: str, field: str) -> None:
        """Move a slider of one view by a key."""
        self.page.locator(f"#{name} input[type=range][data-field='{field}']").press("ArrowLeft")


@pytest.fixture(scope="module")
def notebook(browser: Browser) -> Iterator[Notebook]:
    """The first lesson, shown twice: for all tests here, in their order."""
    visitor = browser.new_context(viewport={"width": 1280, "height": 800}, bypass_csp=True)
    seen = Watch()
    visitor.on("page", seen.follow)
    found = Notebook(visitor.new_page(), "coordinates")
    for name in ("one", "two"):
        found.display(name)
    yield found
    visitor.close()
    assert (seen.outside, seen.errors) == ([], [])


def rest(notebook: Notebook) -> None:
    """Let the views say at which step they rest, which they do a moment after an answer."""
    notebook.work()
    notebook.wait(400)
    notebook.work()


def test_two_views_have_one_state_and_each_its_own_answers(notebook: Notebook) -> None:
    notebook.push("one", "shear")
    notebook.push("two", "steps")  # both are in flight, under the same number
    notebook.work()
    one, two = notebook.seen("one"), notebook.seen("two")
    assert one == two
    assert one["steps"] == notebook.widget.state["steps"]
    notebook.push("two", "rate")
    notebook.work()
    assert notebook.seen("one")["rate"] == notebook.seen("two")["rate"] < 0.02
    rest(notebook)
    notebook.widget.state = {**notebook.widget.state, "rate": 0.05, "k": 7}
    notebook.work()
    for name in ("one", "two"):
        assert (notebook.seen(name)["rate"], notebook.seen(name)["k"]) == (0.05, 7)


def test_a_step_at_which_one_view_rests_is_shown_by_the_other(notebook: Notebook) -> None:
    notebook.page.locator("#one .transport button[aria-label='one step back']").click()
    notebook.page.wait_for_timeout(300)
    notebook.work()
    assert notebook.seen("one")["k"] == notebook.seen("two")["k"] == notebook.widget.state["k"]


def test_after_a_reload_the_picture_is_that_of_the_state(notebook: Notebook) -> None:
    rate = notebook.widget.state["rate"]
    notebook.push("one", "rate")
    rest(notebook)
    notebook.widget.state = {**notebook.widget.state, "k": 5}
    notebook.work()
    notebook.page.evaluate("document.getElementById('one').remove()")
    notebook.display("again")  # from the model's first picture, which is old
    again = notebook.seen("again")
    assert again["k"] == 5
    assert again["rate"] == notebook.widget.state["rate"] < rate


def test_without_a_kernel_there_is_the_first_picture_and_a_word(page: Page) -> None:
    """A saved notebook that is opened without its kernel."""
    notebook = Notebook(page, "coordinates")
    page.clock.install()
    page.evaluate("(name) => display(name)", "one")
    page.clock.fast_forward(5_000)
    assert notebook.seen("one")["rate"] == 0.02
    banner = page.locator("#one .banner")
    banner.wait_for()
    assert "not live" in banner.inner_text()
