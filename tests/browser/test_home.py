"""What a visitor does on the home page: finds where to start, and where the lecture slips."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Page, expect

from natgrad_lecture.lessons import lessons
from tests.browser.axe import barriers
from tests.support.chromium import Server

pytestmark = pytest.mark.browser


@pytest.fixture
def home(page: Page, server: Server) -> Page:
    page.goto(server.url.rstrip("/") + "/home", timeout=60_000)
    return page


def test_every_lesson_has_its_card_with_a_picture_in_the_lectures_order(
    page: Page, own_server: Callable[..., Server]
) -> None:
    home = page
    drawn = min(lessons.values(), key=lambda lesson: lesson.order).name
    other = re.compile(rf"/home/(?!{drawn}\.)")
    home.route(other, lambda route: route.abort())  # those that train take long to draw
    home.goto(own_server(0).url.rstrip("/") + "/home", timeout=60_000)
    cards = home.locator("li.card a")
    names = [cards.nth(i).get_attribute("href") or "" for i in range(cards.count())]
    assert sorted(names) == sorted(lessons)
    assert [lessons[n].order for n in names] == sorted(lessons[n].order for n in names)
    for name in names:
        assert home.locator(f"li.card a[href='{name}'] img[src='home/{name}.svg']").count() == 1
    first = cards.first.locator("img")
    home.wait_for_function("e => e.complete && e.naturalWidth > 0", arg=first.element_handle())
    assert '<path class="run' in home.request.get(f"{home.url}/{names[0]}.svg").text()
    assert home.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_visitor_starts_with_the_first_lesson_and_light_or_dark_holds_for_all_pages(
    home: Page,
) -> None:
    home.emulate_media(color_scheme="light")
    paper = "getComputedStyle(document.body).backgroundColor"
    light = home.evaluate(paper)
    tool = home.locator("button.theme")
    expect(tool).to_have_attribute("aria-label", "theme: system")
    tool.click()
    assert home.evaluate(paper) == light
    tool.click()
    dark = home.evaluate(paper)
    assert dark != light
    home.reload()
    assert home.evaluate(paper) == dark, "and it is remembered"
    home.get_by_role("link", name="Start with Coordinates").click()
    expect(home.locator("h1")).to_have_text("Coordinates")
    expect(home.locator(".natgrad")).to_have_attribute("data-theme", "dark")
    # Of a slip of the lecture its link opens the state that shows how it is.
    home.go_back()
    home.locator("#section-3 .slips a").first.click()
    expect(home.locator(".natgrad")).to_have_attribute("data-theme", "dark")
    home.wait_for_function("document.querySelector('.natgrad')?.natgrad")
    state = home.evaluate("document.querySelector('.natgrad').natgrad.state")
    lesson = lessons["steepest-descent"]
    wished = lesson.state_after(lesson.claims["squared"].set)
    assert state["eig"] == [*wished.eig] != [*lesson.default.plain()["eig"]]


def test_who_waits_in_line_sees_the_place_and_comes_in(
    page: Page, browser: Browser, own_server: Callable[..., Server]
) -> None:
    """The page stays as it is meanwhile, so that a screen reader does not start again."""
    server = own_server(0, "--readers=1")
    inside = browser.new_context()
    first = inside.new_page()
    first.goto(f"{server.url}coordinates", timeout=60_000)
    first.locator(".natgrad .handle").first.wait_for()
    page.goto(f"{server.url}newton?v=1&rate=0.2", timeout=60_000)
    expect(page.locator("[role=status] strong")).to_have_text("1")
    assert barriers(page) == []
    page.evaluate("window.here = 'still'")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with page.expect_request("**"):
        page.wait_for_timeout(1_000)
    page.wait_for_timeout(1_500)
    assert len(asked) == 1, "every four seconds"
    expect(page.locator("[role=status] strong")).to_have_text("1")
    assert page.evaluate("window.here") == "still"
    first.goto("about:blank")  # a reader goes elsewhere; not every browser tells a page of its end
    page.wait_for_function("document.querySelector('.natgrad')?.natgrad")
    assert page.evaluate("document.querySelector('.natgrad').natgrad.values.rate") == 0.2
    slider = page.locator("input[type=range][data-field=rate]")
    slider.press("ArrowRight")
    page.wait_for_function("document.querySelector('.natgrad').natgrad.values.rate > 0.2")
    inside.close()


def test_a_lesson_that_cannot_start_says_so_without_a_barrier(
    page: Page, own_server: Callable[..., Server], tmp_path: Path
) -> None:
    cell = nbformat.v4.new_code_cell("raise RuntimeError('no <data> today')")
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": kernel})
    nbformat.write(notebook, tmp_path / "broken.ipynb")
    page.goto(f"{own_server(0, f'--notebooks={tmp_path}').url}broken", timeout=60_000)
    expect(page.get_by_role("alert")).to_have_text("The lesson could not be opened.")
    assert "RuntimeError" not in page.content(), "the log says what it was"
    assert barriers(page) == []
