"""A page speaks its reader's language, and another one when asked to; the state stays."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from app.languages import words
from app.lessons import lessons
from tests.browser.conftest import Server
from tests.browser.test_coordinates import ROOT


def test_a_page_speaks_the_browser_s_language_and_the_link_s(
    server: Server, browser: Browser
) -> None:
    visitor = browser.new_context(locale="zh-CN", bypass_csp=True)
    page = visitor.new_page()
    page.goto(f"{server.url}coordinates?v=1&rate=0.05")
    lesson, say = lessons["coordinates"], words("zh", "coordinates")
    expect(page.locator("h1")).to_have_text(say(lesson.title))
    page.evaluate(f"{ROOT}.settled()")
    assert page.evaluate(f"{ROOT}.state.rate") == 0.05
    lines = f"{ROOT}.answer.traces.filter((trace) => trace.kind === 'lines')"
    drawn = page.evaluate(f"{lines}.map((trace) => {ROOT}.array(trace.points)?.length ?? 0)")
    assert drawn
    assert all(drawn)
    page.click("[data-part=menu] > button")
    page.click("[data-action=language-en]")
    expect(page.locator("h1")).to_have_text(lesson.title)
    assert "lang=en" in page.url
    page.reload()
    expect(page.locator("h1")).to_have_text(lesson.title)
    page.evaluate(f"{ROOT}.settled()")
    assert page.evaluate(f"{ROOT}.state.rate") == 0.05
    visitor.close()
