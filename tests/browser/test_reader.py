"""What a reader has around the picture: history, links, keys, and what a link hides."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.talk_steps import talk_steps
from tests.browser.acts import ROOT, drag, settle, type_in
from tests.browser.conftest import FIRST, GO_BACK, Server, Watch

LESSON = lessons["coordinates"]
HERE = "coordinates"


@pytest.fixture(scope="module")
def reader(browser: Browser, server: Server) -> Iterator[Page]:
    """One visitor for all tests of this file: each begins by opening what it needs."""
    visitor = browser.new_context(
        viewport={"width": 1440, "height": 900},
        bypass_csp=True,
        reduced_motion="no-preference",
        permissions=["clipboard-read", "clipboard-write"],
    )
    visitor.set_default_timeout(60_000)
    seen = Watch()
    visitor.on("page", seen.follow)
    page = visitor.new_page()
    page.goto(server.url)
    yield page
    visitor.close()
    assert (seen.outside, seen.errors) == ([], [])


def opened(page: Page, server: Server, query: str = "") -> Page:
    """The lesson, freshly opened from a link."""
    page.goto(f"{server.url}{HERE}{query}")
    page.wait_for_function("document.querySelector('.natgrad')?.natgrad")
    settle(page)
    return page


def again(page: Page, server: Server) -> Page:
    """The lesson in the state that it opens in: gone back to, where the page shows no link."""
    first = page.evaluate("window.first ?? null")
    if first is None or "hide=" in page.url:
        opened(page, server).evaluate(f"({FIRST})().then((first) => {{ window.first = first; }})")
    else:
        page.keyboard.press("Escape")
        page.mouse.move(0, 0)
        page.evaluate(GO_BACK, first)
    return page


def state(page: Page) -> dict[str, Any]:
    """What is set, at rest; the step shown aside."""
    settle(page)
    return {**page.evaluate(f"{ROOT}.state"), "k": None}


def entries(page: Page) -> int:
    return page.evaluate("history.length")


def at(page: Page, pattern: str) -> None:
    """Wait until the address follows."""
    expect(page).to_have_url(re.compile(pattern))


def test_a_drag_is_one_entry_and_back_and_forward_walk_to_where_it_began_and_ended(
    reader: Page, server: Server
) -> None:
    page = again(reader, server)
    at(page, "coordinates$")
    before, count = state(page), entries(page)
    drag(page, "a2", (60, -30))
    at(page, "A=")
    dragged = state(page)
    assert dragged != before
    assert entries(page) == count + 1
    type_in(page, "rate", "0.05")
    at(page, "rate=0.05")
    assert entries(page) == count + 2
    page.go_back()
    page.wait_for_function(f"{ROOT}.state.rate === 0.02")
    assert state(page) == dragged
    page.go_back()
    at(page, "coordinates$")
    page.wait_for_function(f"{ROOT}.state.matrix[0][1] === 0.8")
    assert state(page) == before
    page.go_forward()
    at(page, "A=")
    page.wait_for_function(f"{ROOT}.state.matrix[0][1] !== 0.8")
    assert state(page) == dragged
    assert entries(page) == count + 2, "walking writes nothing"


PRESSED = """(key, ctrlKey = false) => document.activeElement.dispatchEvent(
    new KeyboardEvent("keydown", { key, ctrlKey, bubbles: true, cancelable: true }))"""


@pytest.mark.covering
@pytest.mark.parametrize("back", ["history.back()", "press('z', true)"])
@pytest.mark.parametrize("answered", [False, True])
@pytest.mark.parametrize("first", [False, True])
def test_back_takes_back_an_act_that_has_just_begun(
    reader: Page, server: Server, back: str, answered: bool, first: bool
) -> None:
    page = again(reader, server)
    at(page, "coordinates$")
    if not first:
        page.keyboard.press("4")
        at(page, "damping=10")
    known, count = state(page), entries(page)
    wait = f"while ({ROOT}.state.rules.length < 3) await new Promise(requestAnimationFrame);"
    page.evaluate(
        f"async () => {{ const press = {PRESSED}; press('2'); {wait * answered} {back} }}"
    )
    page.wait_for_timeout(1000)
    assert state(page) == known
    assert entries(page) == count + 1
    if not first:
        page.go_back()
        page.wait_for_function(f"{ROOT}.state.damping === 0")
        assert entries(page) == count + 1


def test_an_act_that_is_refused_is_no_entry(reader: Page, server: Server) -> None:
    page = again(reader, server)
    at(page, "coordinates$")
    known, count = state(page), entries(page)
    undo = page.get_by_role("button", name="undo")
    for _ in range(2):
        type_in(page, "rate", "-1")
        expect(page.get_by_role("alert").filter(has_text="not allowed")).to_be_visible()
        expect(undo).to_be_disabled()
        assert state(page) == known
    type_in(page, "rate", "0.05")
    at(page, "rate=0.05")
    assert entries(page) == count + 1
    undo.click()
    page.wait_for_function(f"{ROOT}.state.rate === 0.02")
    assert state(page) == known
    expect(undo).to_be_disabled()


def test_undo_and_redo_by_buttons_and_by_keys(reader: Page, server: Server) -> None:
    page = opened(reader, server)
    undo, redo = (page.get_by_role("button", name=name) for name in ("undo", "redo"))
    expect(undo).to_be_disabled()
    expect(redo).to_be_disabled()
    page.keyboard.press("4")
    at(page, "damping=10")
    page.keyboard.press("2")
    at(page, "A=0.7")
    undo.click()
    page.wait_for_function(f"{ROOT}.state.damping === 10")
    expect(redo).to_be_enabled()
    page.keyboard.press("Control+z")
    page.wait_for_function(f"{ROOT}.state.damping === 0")
    assert state(page) == LESSON.default.plain() | {"k": None} | _json(LESSON.default)
    expect(undo).to_be_disabled()
    page.keyboard.press("Control+z")  # nothing before: nothing happens, and the page stays
    page.keyboard.press("Control+Shift+Z")
    page.wait_for_function(f"{ROOT}.state.damping === 10")
    page.keyboard.press("Control+y")
    page.wait_for_function(f"Math.abs({ROOT}.state.matrix[1][0]) > 0.6")
    expect(redo).to_be_disabled()
    type_in(page, "steps", "70")  # a new act ends what could be redone
    at(page, "steps=70")
    undo.click()
    page.wait_for_function(f"{ROOT}.state.steps === 200")
    type_in(page, "steps", "90")
    at(page, "steps=90")
    expect(redo).to_be_disabled()


def _json(default: Any) -> dict[str, Any]:
    """The default as a page has it: tuples are lists."""

    def lists(v: Any) -> Any:
        return [lists(p) for p in v] if isinstance(v, tuple) else v

    return {name: lists(value) for name, value in default.plain().items() if name != "k"}


def test_while_something_is_typed_undo_is_the_box_s_own(reader: Page, server: Server) -> None:
    page = again(reader, server)
    type_in(page, "rate", "0.03")
    at(page, "rate=0.03")
    box = page.locator("input.number[data-field='steps']")
    box.focus()
    box.press("End")
    page.keyboard.type("5")
    page.keyboard.press("Control+z")
    assert box.input_value() == "200"
    assert state(page)["rate"] == 0.03
    page.keyboard.press("Escape")
    page.locator("input.number[data-field='rate']").focus()
    page.keyboard.press("Control+z")
    page.wait_for_function(f"{ROOT}.state.rate === 0.02")


def test_the_step_shown_is_in_the_address_without_an_entry_of_its_own(
    reader: Page, server: Server
) -> None:
    page = again(reader, server)
    count = entries(page)
    for _ in range(3):
        page.keyboard.press(".")
    at(page, r"\?v=1&k=15$")
    assert entries(page) == count
    type_in(page, "rate", "0.03")
    at(page, "k=15&rate=0.03")
    page.evaluate("document.activeElement.blur()")  # there a comma would be typed
    page.keyboard.press(",")
    at(page, "k=14&rate=0.03")
    page.go_back()
    page.wait_for_function(f"{ROOT}.k === 15")


def test_a_copied_link_restores_what_is_on_the_screen_in_another_browser(
    reader: Page, server: Server, browser: Browser
) -> None:
    page = again(reader, server)
    page.keyboard.press("5")
    settle(page)
    drag(page, "start", (40, -40))
    page.keyboard.press(".")
    settle(page)
    page.get_by_role("button", name="copy a link").click()
    expect(page.locator("[data-said='copied']")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    other = browser.new_context(viewport={"width": 1280, "height": 800}, bypass_csp=True)
    there = other.new_page()
    there.goto(link)
    there.wait_for_function("document.querySelector('.natgrad')?.natgrad")
    settle(there)
    assert there.evaluate(f"{ROOT}.state") == page.evaluate(f"{ROOT}.state")
    there.get_by_role("button", name="reset").click()
    assert settle(there)["query"] == ""
    other.close()


def test_a_broken_link_opens_what_it_can_and_says_what_it_could_not(
    reader: Page, server: Server
) -> None:
    page = opened(reader, server, "?v=0&rate=fast&steps=50&colour=red&hide=words,wings&present=abc")
    notice = page.locator(".notice")
    for words in ("version 0", "rate", "colour", "wings", "there is no step abc"):
        expect(notice).to_contain_text(words)
    assert page.evaluate(f"{ROOT}.state.steps") == 50
    expect(page.locator(".words")).to_be_hidden()
    reader.set_viewport_size({"width": 390, "height": 844})
    box = notice.get_by_role("button").bounding_box()
    assert box is not None
    assert box["width"] > box["height"], "its word on one line, beside any number of words"
    reader.set_viewport_size({"width": 1440, "height": 900})
    notice.get_by_role("button").click()
    expect(notice).to_be_hidden()
    opened(reader, server, "?v=1&present=99&lang=xx&hide=handle.none")
    for words in (
        f"there is no step 99, there are {len(talk_steps(LESSON))}",
        "lang=xx is not known here",
        "handle.none is not known here",
    ):
        expect(notice).to_contain_text(words)
    opened(reader, server, "?v=1&steps=50&lang=en&present=2&hide=handle.a1")
    expect(page.locator(".caption .count")).to_contain_text("2 /")
    expect(notice).to_be_hidden()


def test_what_a_link_hides_is_hidden_and_the_rest_works(reader: Page, server: Server) -> None:
    page = opened(reader, server, "?v=1&rate=0.03&hide=words,presets,matrix,rate,handle.a1")
    for hidden in (".words", ".presets", "[data-control=matrix]", "[data-handle=a1]"):
        expect(page.locator(hidden)).to_be_hidden()
    expect(page.locator("[data-control=rate]")).to_be_hidden()
    expect(page.locator("[data-control=damping]")).to_be_visible()
    page.keyboard.press("4")  # no key goes round it
    assert state(page)["damping"] == 0
    before = state(page)["matrix"]
    drag(page, "a2", (50, -20))
    at(page, "A=.*hide=words,presets,matrix,rate,handle.a1")
    assert state(page)["matrix"] != before
    page.locator("[data-handle=a2]").press("ArrowUp")
    settle(page)
    expect(page.locator("[data-handle=a1]")).to_be_hidden()
    assert state(page)["rate"] == 0.03


def test_no_key_goes_round_what_a_link_hides(reader: Page, server: Server) -> None:
    page = opened(reader, server, "?v=1&k=15&rate=0.03&hide=playback,reset,undo")
    type_in(page, "rate", "0.04")
    at(page, "rate=0.04")
    page.evaluate("document.activeElement.blur()")
    for key in (" ", "r", ",", ".", "l", "0", "Control+z"):
        page.keyboard.press(key)
        settle(page)
        assert not page.evaluate(f"{ROOT}.playing"), key
        assert page.evaluate(f"{ROOT}.k") == 15, key
        assert page.evaluate(f"{ROOT}.state.rate") == 0.04, key
    expect(page.locator("[data-part=playback] [aria-pressed=true]")).to_have_count(0)


def test_a_page_is_stripped_in_the_editor_and_published_by_its_link(
    reader: Page, server: Server
) -> None:
    page = again(reader, server)
    page.locator(".menu > button").click()
    page.get_by_role("menuitem", name="hide parts").click()
    window = page.get_by_role("dialog", name="hide parts")
    for part in ("formulas", "meter", "steps", "first column of A"):
        window.get_by_label(part, exact=True).uncheck()
    window.get_by_role("button", name="copy the link").click()
    expect(window.get_by_role("status")).to_have_text("copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.endswith("?v=1&hide=formulas,meter,steps,handle.a1")
    opened(reader, server, link[link.index("?") :])
    for hidden in (".formulas", ".meter", "[data-control=steps]", "[data-handle=a1]"):
        expect(page.locator(hidden)).to_be_hidden()
    expect(page.locator("[data-control=rate]")).to_be_visible()


def test_the_question_mark_lists_the_keys_and_each_does_what_it_says(
    reader: Page, server: Server
) -> None:
    page = again(reader, server)
    page.keyboard.press("?")
    window = page.get_by_role("dialog", name="keys")
    expect(window).to_be_visible()
    for words in ("play or pause", "one step back", "a preset, by its number", "next step"):
        expect(window).to_contain_text(words)
    page.keyboard.press("4")
    page.keyboard.press("Escape")
    expect(window).to_be_hidden()
    assert state(page)["damping"] == 0, "under a window no key acts"
    page.keyboard.press(" ")
    page.wait_for_function(f"{ROOT}.playing")
    page.keyboard.press(" ")
    page.wait_for_function(f"!{ROOT}.playing")
    loop = page.get_by_role("button", name="loop")
    for pressed in ("true", "false"):
        page.keyboard.press("l")
        expect(loop).to_have_attribute("aria-pressed", pressed)
    for n, preset in enumerate(LESSON.presets, 1):
        page.keyboard.press(str(n))
        settle(page)
        assert page.locator(".chip[aria-pressed=true]").inner_text() == preset.name
    page.keyboard.press("0")
    page.wait_for_function(f"{ROOT}.answer.query === ''")


def test_the_menu_is_walked_by_keys(reader: Page, server: Server) -> None:
    page = again(reader, server)
    button = page.locator(".menu > button")
    items = page.get_by_role("menuitem").filter(visible=True)
    button.focus()
    page.keyboard.press("ArrowDown")
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(items.first).to_be_focused()
    for key, nth in (
        ("ArrowDown", 1),
        ("ArrowUp", 0),
        ("ArrowUp", -1),
        ("ArrowDown", 0),
        ("End", -1),
        ("Home", 0),
    ):
        page.keyboard.press(key)
        expect(items.nth(nth)).to_be_focused()
    page.keyboard.press("Escape")
    expect(items).to_have_count(0)
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(items.first).to_be_focused()
    for _ in range(items.count()):
        if page.evaluate("document.activeElement.dataset.action") == "keys":
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="keys")).to_be_visible()


def test_arrows_move_a_handle_and_a_slider_finely_and_coarsely(
    reader: Page, server: Server
) -> None:
    page = again(reader, server)

    def moved(selector: str, field: str, key: str) -> float:
        page.keyboard.press("0")
        settle(page)
        element = page.locator(selector)
        element.focus()
        before = page.evaluate(f"{ROOT}.values['{field}']")
        element.press(key)
        settle(page)
        return abs(page.evaluate(f"{ROOT}.values['{field}']") - before)

    for selector, field in (
        ("[data-handle=start]", "start.0"),
        ("input[type=range][data-field=rotation]", "rotation"),
        ("input[type=range][data-field=rate]", "rate"),
    ):
        steps = [moved(selector, field, k) for k in ("Shift+ArrowRight", "ArrowRight")]
        steps.append(moved(selector, field, "Control+ArrowRight"))
        assert 0 < 2 * steps[0] <= steps[1] < steps[2] / 2, (selector, steps)


def test_light_and_dark_follow_the_system_until_the_reader_chooses(
    reader: Page, server: Server
) -> None:
    page = again(reader, server)
    root, tool = page.locator(".natgrad"), page.get_by_role("button", name="theme")
    page.emulate_media(color_scheme="dark")
    expect(root).to_have_attribute("data-theme", "dark")
    tool.click()
    expect(tool).to_have_attribute("aria-label", "theme: light")
    expect(root).to_have_attribute("data-theme", "light")
    page.reload()
    expect(root).to_have_attribute("data-theme", "light")
    tool.click()
    expect(root).to_have_attribute("data-theme", "dark")
    tool.click()
    page.emulate_media(color_scheme="light")
    expect(root).to_have_attribute("data-theme", "light")
