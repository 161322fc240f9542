"""A page speaks its reader's language, and another one when asked to; the state stays."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from natgrad_lecture.lessons import lessons
from tests.browser.acts import ROOT
from tests.support.chromium import Server


def test_a_page_speaks_the_browser_s_language_and_the_link_s(
    server: Server, browser: Browser
) -> None:
    visitor = browser.new_context(locale="zh-CN", bypass_csp=True)
    page = visitor.new_page()
    page.goto(f"{server.url}coordinates?v=1&rate=0.05")
    lesson, say = lessons["coordinates"], lessons["coordinates"].say("zh")
    expect(page.locator("h1")).to_have_text(say(lesson.title))
    page.evaluate(f"{ROOT}.settled()")
    assert page.evaluate(f"{ROOT}.state.rate") == 0.05
    lines = f"{ROOT}.answer.traces.filter((trace) => trace.kind === 'lines')"
    drawn = page.evaluate(f"{lines}.map((trace) => {ROOT}.array(trace.points)?.length ?? 0)")
    assert drawn
    assert all(drawn)
    page.click("[data-part=menu] > button")
    page.click("[data-action=steps]")  # a part that the page fetches now
    expect(page.locator("dialog[open] h2")).to_have_text("演示步骤")
    page.keyboard.press("Escape")
    page.click("[data-part=menu] > button")
    page.click("[data-action=language-en]")
    expect(page.locator("h1")).to_have_text(lesson.title)
    assert "lang=en" in page.url
    page.reload()
    expect(page.locator("h1")).to_have_text(lesson.title)
    page.evaluate(f"{ROOT}.settled()")
    assert page.evaluate(f"{ROOT}.state.rate") == 0.05
    visitor.close()


HEADINGS = """
    globalThis.headings = [];
    new MutationObserver(() => {
        const said = document.querySelector("h1")?.textContent;
        if (said && said !== headings.at(-1)) headings.push(said);
    }).observe(document, { subtree: true, childList: true, characterData: true });
"""
"""Keeps every heading that the page has had."""


@pytest.mark.parametrize(
    ("name", "language", "undo", "site"),
    [
        ("policy", "zh", "撤销（Ctrl Z）", "自然梯度"),
        ("steepest-descent", "es", "deshacer (Ctrl Z)", "el gradiente natural"),
    ],
)
def test_a_link_s_language_comes_before_the_browser_s(
    server: Server, browser: Browser, name: str, language: str, undo: str, site: str
) -> None:
    visitor = browser.new_context(locale="en-US", bypass_csp=True)
    page = visitor.new_page()
    page.add_init_script(HEADINGS)
    page.goto(f"{server.url}{name}?v=1&lang={language}")
    title = lessons[name].text(language).title
    assert title != lessons[name].title
    expect(page.locator("h1")).to_have_text(title)
    assert page.evaluate("headings") == [title], "no English is shown before it"
    expect(page.locator("[data-part=undo]").first).to_have_attribute("aria-label", undo)
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page).to_have_title(f"{title} – {site}")
    slanted = page.evaluate(
        "getComputedStyle(document.querySelector('.planes')).fontSynthesisStyle"
    )
    assert slanted == ("none" if language == "zh" else "auto"), "Chinese has no italics"
    page.set_viewport_size({"width": 390, "height": 844})
    wide = "[e.scrollWidth, e.clientWidth]"
    taken, given = page.locator(".transport .place").evaluate(f"(e) => {wide}")
    assert taken <= given, "the step's number has its room on a phone"
    visitor.close()


def test_a_lesson_without_the_link_s_language_says_so_and_leads_on_in_it(
    server: Server, browser: Browser
) -> None:
    visitor = browser.new_context(locale="en-US", bypass_csp=True)
    page = visitor.new_page()
    assert "es" not in lessons["kl"].languages
    page.goto(f"{server.url}kl?lang=es")
    expect(page.locator("h1")).to_have_text(lessons["kl"].title)
    said = "this lesson in Español; it is shown in English"
    expect(page.locator(".notice")).to_contain_text(said)
    page.click("nav a[rel=prev]")
    expect(page.locator("h1")).to_have_text(lessons["steepest-descent"].text("es").title)
    visitor.close()


SEEN = r"""() => {
    const said = [document.title];
    for (const e of document.body.querySelectorAll('*')) {
        if (e.closest('script, style, noscript, math, code, kbd, textarea, [lang]:not([lang=zh])'))
            continue;
        for (const name of ['aria-label', 'title', 'alt', 'placeholder', 'aria-description'])
            if (e.hasAttribute(name)) said.push(e.getAttribute(name));
        if (getComputedStyle(e).display === 'none') continue;
        for (const node of e.childNodes) if (node.nodeType === 3) said.push(node.data);
    }
    return said.map((each) => each.trim()).filter((each) => /[A-Za-z]{4,}/.test(each));
}"""
"""What a page says with a Latin word of four letters or more, to the eye or to a screen reader."""

NAMES = re.compile(
    r"English|Español|Newton|Adam|AdaGrad|Adadelta|RMSprop|BibTeX|Python|HTML|JSON|Ctrl.*"
)
"""What is the same in Chinese."""


def english(page: Page) -> list[str]:
    """What a Chinese page says in English: without a Chinese character, and no name."""
    said = set(page.evaluate(SEEN))
    return sorted(each for each in said if not re.search("[一-鿿]", each) and not NAMES.match(each))


def test_a_chinese_page_says_nothing_in_english_whatever_happens(
    server: Server, browser: Browser
) -> None:
    visitor = browser.new_context(locale="zh-CN", bypass_csp=True)
    page = visitor.new_page()
    page.goto(f"{server.url}coordinates?v=1&lang=zh&nix=1&rate=fast&A=1,2,2,4&k=9999")
    page.wait_for_function("document.querySelector('.natgrad')?.natgrad")
    page.evaluate(f"{ROOT}.settled()")
    assert page.locator(".notice").is_visible()
    assert english(page) == [], "a broken link"
    fields = page.locator(".control input.number:visible, .control.matrix input:visible").all()
    assert len(fields) >= 4
    for field, typed in zip(fields[:4], ("x", "-1e9") * 2, strict=True):
        field.fill(typed)
        field.press("Enter")
        page.evaluate(f"{ROOT}.settled()")
        assert english(page) == [], typed
    page.keyboard.press("Escape")
    for action in ("keys", "steps"):
        page.click("[data-part=menu] > button")
        page.click(f"[data-action={action}]")
        expect(page.locator("dialog[open] h2")).to_be_visible()
        assert english(page) == [], action
        page.keyboard.press("Escape")
    page.emulate_media(media="print")
    assert english(page) == [], "on paper"
    page.emulate_media(media="screen")
    for path in ("nothing", "class", "class/ABCDEF", "home", "glossary"):
        page.goto(f"{server.url}{path}?lang=zh")
        expect(page.locator("h1").first).to_be_visible()
        names = {"Shampoo", "SOAP", "Muon", "Adam"}  # as the glossary calls them
        assert set(english(page)) <= names, path
        assert page.locator("html").get_attribute("lang") == "zh"
    visitor.close()
