"""A class in the browser: one lecturer and two phones, real pages all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, Route, WebSocketRoute, expect

from tests.browser.conftest import Watch, phone_of
from tests.support.chromium import Server

REPORT = "document.querySelector('.natgrad').natgrad"
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}


@dataclass
class Hall:
    """The lecturer's page, and the phones'."""

    lecturer: Page
    phones: list[Page]
    code: str
    watch: Watch
    tried: list[str]
    """The codes of which the lecturer's page asked which process they choose."""

    def press(self, name: str) -> None:
        """Press a button of the lecturer's bar or windows."""
        buttons = self.lecturer.locator("[class*=classroom-]").get_by_role("button", name=name)
        buttons.last.click()

    def rate(self, text: str) -> None:
        """Set the learning rate on the lecturer's page."""
        field = self.lecturer.locator('[data-control="rate"] input.number').first
        field.fill(text)
        field.press("Enter")

    def follow(self, rate: float) -> None:
        """Every phone shows the rate."""
        for phone in self.phones:
            phone.wait_for_function(f"{REPORT}.state.rate === {rate}")


def option(phone: Page, at: int) -> Locator:
    """An option of the question on a phone."""
    return phone.locator(".classroom-quiz .option").nth(at)


@pytest.fixture(scope="module")
def hall(browser: Browser, server: Server) -> Iterator[Hall]:
    """A class of two, in which the lecturer shows the first lesson."""
    watch = Watch()
    desk = browser.new_context(viewport={"width": 1280, "height": 720}, bypass_csp=True)
    lecturer = desk.new_page()
    watch.follow(lecturer)
    tried: list[str] = []

    def choose(route: Route) -> None:
        """The proxy of two processes: the first two codes lead to the other one."""
        tried.append(route.request.url.split("/")[-2])
        if len(tried) > 2:
            route.continue_()
        else:
            route.fulfill(body="another process")

    lecturer.route("**/class/*/process", choose)
    lecturer.goto(f"{server.url}coordinates#class")
    code = lecturer.locator(".classroom-cover .code").inner_text().replace(" ", "")
    lecturer.reload()  # before it is put away, the code is shown again
    expect(lecturer.locator(".classroom-cover .code")).to_have_text(f"{code[:3]} {code[3:]}")
    contexts = [phone_of(browser) for _ in range(2)]
    phones = [context.new_page() for context in contexts]
    for phone in phones:
        watch.follow(phone)
        phone.goto(f"{server.url}class/{code}")
    expect(lecturer.locator(".classroom-cover .here")).to_have_text("2 here")
    found = Hall(lecturer, phones, code, watch, tried)
    found.press("Begin")
    for phone in phones:
        phone.wait_for_function(f"document.querySelector('.natgrad')?.natgrad && {REPORT}.answer")
    yield found
    for context in (desk, *contexts):
        context.close()
    assert not watch.outside
    assert not watch.errors


def test_codes_are_tried_until_one_chooses_the_lecturers_process(hall: Hall) -> None:
    first, second, *others = hall.tried
    assert len({first, second, hall.code}) == 3
    assert set(others) == {hall.code}


def test_phones_follow_a_setting_a_drag_and_a_run_that_plays(hall: Hall) -> None:
    hall.rate("0.027")
    hall.follow(0.027)
    slider = hall.lecturer.locator('[data-control="rate"] input[type=range]').first
    slider.focus()
    for _ in range(6):
        slider.press("ArrowRight")
    moved = hall.lecturer.evaluate(f"{REPORT}.settled().then(() => {REPORT}.state.rate)")
    assert moved > 0.027
    hall.follow(moved)
    play = hall.lecturer.locator(".transport .play")
    play.click()
    for phone in hall.phones:
        phone.wait_for_function(f"{REPORT}.playing")
    play.click()
    hall.lecturer.wait_for_function(f"!{REPORT}.playing")
    step = hall.lecturer.evaluate(f"{REPORT}.k")
    for phone in hall.phones:
        phone.wait_for_function(f"!{REPORT}.playing && {REPORT}.k === {step}")


def test_phones_see_the_laser_dot_and_the_line_of_a_talk(hall: Hall) -> None:
    phone = hall.phones[1]
    hall.lecturer.keyboard.press("d")
    frame = hall.lecturer.locator(".plane .frame").first
    box = frame.bounding_box()
    assert box
    hall.lecturer.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    dot = phone.locator(".classroom-laser")
    expect(dot).to_have_attribute("style", re.compile(r"left: 2[45]\.?\d*%; top: (49|50)\.?\d*%"))
    hall.lecturer.keyboard.press("d")
    expect(dot).to_have_count(0)
    hall.lecturer.keyboard.press("p")
    said = hall.lecturer.locator(".caption .line").inner_text()
    expect(phone.locator(".natgrad > p.line")).to_have_text(said)
    hall.lecturer.keyboard.press("Escape")
    expect(phone.locator(".natgrad > p.line")).to_be_hidden()


def test_no_follower_has_a_kernel(hall: Hall) -> None:
    for phone in hall.phones:
        assert "pass" not in phone.locator("#natgrad-data").inner_text()


def test_a_touch_leaves_the_class_and_one_more_returns(hall: Hall) -> None:
    phone = hall.phones[0]
    shown = phone.evaluate(f"JSON.stringify({REPORT}.state.matrix)")
    phone.locator(".chip").nth(1).click()  # a rotation
    expect(phone.locator(".classroom-bar.alone")).to_be_visible()
    phone.wait_for_function(f"JSON.stringify({REPORT}?.state.matrix) !== '{shown}'")
    expect(hall.lecturer.locator(".classroom-bar .here")).to_have_text("1 here")
    hall.press("Ask the class")
    hall.lecturer.locator(".classroom-dialog .asked").first.click()
    expect(phone.locator(".classroom-bar .status")).to_have_text("The class is asked a question.")
    hall.press("Close")
    hall.press("Put away")
    phone.get_by_role("button", name="Follow again").click()
    expect(hall.lecturer.locator(".classroom-bar .here")).to_have_text("2 here")
    hall.rate("0.024")
    hall.follow(0.024)


def test_a_question_is_asked_twice_and_answered_by_all(hall: Hall) -> None:
    hall.press("Ask the class")
    hall.lecturer.locator(".classroom-dialog .asked").first.click()
    for i, phone in enumerate(hall.phones):
        option(phone, i % 2).click()
        expect(option(phone, i % 2)).to_have_attribute("aria-pressed", "true")
    expect(hall.lecturer.locator(".classroom-quiz .answered")).to_have_text("2 of 2 answered")
    assert hall.phones[0].locator(".classroom-results").count() == 0
    phone = hall.phones[1]
    phone.reload()
    expect(option(phone, 1)).to_have_attribute("aria-pressed", "true")
    option(phone, 0).click()  # changed before it closes
    expect(option(phone, 0)).to_have_attribute("aria-pressed", "true")
    hall.press("Reveal")
    shares = hall.lecturer.locator(".classroom-quiz .share")
    expect(shares).to_have_text(["2 · 100 %", "0 · 0 %", "0 · 0 %"])
    hall.press("Ask again")
    for phone in hall.phones:
        expect(option(phone, 0)).to_have_attribute("aria-pressed", "false")  # the second round
        option(phone, 2).click()
        expect(option(phone, 2)).to_have_attribute("aria-pressed", "true")
    hall.press("Reveal")
    for page in (hall.lecturer, *hall.phones):
        expect(page.locator(".classroom-quiz li.right .share").last).to_have_text(
            "2 · 100 % round 2"
        )
        expect(page.locator(".classroom-quiz .truth")).to_contain_text("The engine says")
    sizes = hall.lecturer.locator(".classroom-quiz :is(h2, .option, .share, small)").evaluate_all(
        "(all) => all.map((one) => parseFloat(getComputedStyle(one).fontSize) / innerHeight)"
    )
    assert min(sizes) >= 0.03, "too small for the last row"
    hall.press("Put away")
    expect(hall.phones[0].locator(".classroom-quiz")).to_be_hidden()


def test_an_answer_under_which_the_line_is_cut_is_sent_once_it_is_back(hall: Hall) -> None:
    phone = hall.phones[1]
    lines: list[WebSocketRoute] = []

    def cut(line: WebSocketRoute) -> None:
        lines.append(line)
        server = line.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            if len(lines) == 1 and "answer" in str(message):
                line.close()
            else:
                server.send(message)

        line.on_message(pass_on)

    phone.route_web_socket(re.compile("/line"), cut)
    phone.reload()
    expect(hall.lecturer.locator(".classroom-bar .here")).to_have_text("2 here")
    hall.press("Ask the class")
    hall.lecturer.locator(".classroom-dialog .asked").first.click()
    option(phone, 1).click()
    expect(option(phone, 1)).to_have_attribute("aria-pressed", "true")
    expect(hall.lecturer.locator(".classroom-quiz .answered")).to_have_text("1 of 2 answered")
    assert len(lines) == 2
    hall.press("Close")
    hall.press("Put away")


def test_what_a_lecturer_types_is_text_on_every_page(hall: Hall) -> None:
    hall.press("Ask the class")
    dialog = hall.lecturer.locator(".classroom-dialog")
    evil = "<img src=x onerror='window.owned=1'>"
    dialog.locator("textarea").nth(0).fill(evil)
    dialog.locator("textarea").nth(1).fill(f"{evil}\n<script>window.owned=1</script>")
    dialog.get_by_role("button", name="Ask", exact=True).click()
    for phone in hall.phones:
        expect(phone.locator(".classroom-quiz h2")).to_have_text(evil)
        option(phone, 1).click()
    hall.press("Reveal")
    for page in (hall.lecturer, *hall.phones):
        expect(page.locator(".classroom-results .option").first).to_contain_text(evil)
        assert page.evaluate("window.owned") is None
        assert page.locator("[class*=classroom-] img").count() == 0
    hall.press("Put away")


def test_an_arrow_is_dragged_to_where_the_step_goes(hall: Hall) -> None:
    hall.press("Ask the class")
    dialog = hall.lecturer.locator(".classroom-dialog")
    dialog.locator("textarea").first.fill("Where does the next step end?")
    dialog.locator("select").first.select_option("point")
    dialog.get_by_role("button", name="Ask", exact=True).click()
    first, second = hall.phones[:2]
    sheet = first.locator(".classroom-arrows.drag")
    sheet.scroll_into_view_if_needed()
    kinds = f"{REPORT}.answer.traces.map((trace) => trace.kind)"
    assert "path" not in first.evaluate(kinds), "the path would show it"
    box = sheet.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    first.mouse.move(x, y)
    first.mouse.down()
    first.mouse.move(x + 20, y - 20)
    first.mouse.up()
    tip = second.locator(".classroom-tip")
    tip.focus()
    tip.press("ArrowUp")
    tip.press("Enter")
    expect(hall.lecturer.locator(".classroom-quiz .answered")).to_have_text("2 of 2 answered")
    hall.press("Reveal")
    for page in (hall.lecturer, first):
        expect(page.locator(".classroom-arrows circle.theirs")).to_have_count(2)
        expect(page.locator(".classroom-arrows path.right")).to_have_count(1)
    first.wait_for_function(f"{kinds}.includes('path')")
    hall.press("Put away")


def test_a_phone_that_lost_its_network_is_in_the_present_state_when_it_is_back(hall: Hall) -> None:
    phone = hall.phones[1]
    phone.context.set_offline(True)
    expect(phone.locator(".classroom-bar .status")).to_contain_text("no line")
    hall.rate("0.019")
    phone.context.set_offline(False)
    hall.follow(0.019)
    expect(phone.locator(".classroom-bar .status")).to_have_text("following")


def test_the_lecturers_reload_and_next_lesson_keep_the_class(hall: Hall) -> None:
    code = hall.lecturer.locator(".classroom-bar .code").inner_text()
    hall.lecturer.reload()
    expect(hall.lecturer.locator(".classroom-bar .code")).to_have_text(code)
    expect(hall.lecturer.locator(".classroom-bar .here")).to_have_text("2 here")
    assert hall.lecturer.locator(".classroom-cover").count() == 0
    hall.lecturer.locator('nav.lessons a[rel="next"]').click()
    hall.lecturer.wait_for_function(
        f"document.querySelector('.natgrad')?.natgrad && {REPORT}.answer"
    )
    title = hall.lecturer.locator("h1").inner_text()
    for phone in hall.phones:
        expect(phone.locator("h1")).to_have_text(title)


@pytest.mark.parametrize("width", [390, 360])
def test_a_phone_is_no_wider_than_its_screen_and_axe_finds_nothing(hall: Hall, width: int) -> None:
    phone = hall.phones[0]
    phone.set_viewport_size({"width": width, "height": 780})
    assert phone.evaluate("document.documentElement.scrollWidth") <= width
    words = phone.locator(".classroom-bar .status").evaluate(
        "(box) => { const all = document.createRange(); all.selectNodeContents(box);"
        " return all.getBoundingClientRect().right; }"
    )
    button = phone.locator(".classroom-bar button").bounding_box()
    assert button
    assert words <= button["x"], "the button lies over the words"
    if width == 360:
        found = Axe().run(phone, context=".classroom-bar", options=AXE)
        assert found.violations_count == 0, found.generate_report()


def test_the_projectors_type_is_large_enough_and_axe_finds_nothing(hall: Hall) -> None:
    hall.press("Show the code")
    for selector in (".classroom-cover .code", ".classroom-cover .address", ".classroom-cover p"):
        size = hall.lecturer.locator(selector).first.evaluate(
            "(element) => parseFloat(getComputedStyle(element).fontSize) / innerHeight"
        )
        assert size >= 0.03, selector
    found = Axe().run(hall.lecturer, context="[class*=classroom-]", options=AXE)
    assert found.violations_count == 0, found.generate_report()
    hall.press("Begin")


def test_the_class_ends_for_all_and_its_counts_are_saved(hall: Hall) -> None:
    hall.press("End the class")
    hall.press("End it")
    dialog = hall.lecturer.locator(".classroom-dialog")
    with hall.lecturer.expect_download() as saved:
        dialog.get_by_role("button", name="CSV").click()
    text = saved.value.path().read_bytes().decode()
    assert text.count("\r\n") > 6
    assert "for none,2,yes" in text
    link = dialog.locator("a").first.get_attribute("href")
    assert link is not None
    assert "talk=" in link
    for phone in hall.phones:
        expect(phone.locator(".classroom-bar .status")).to_have_text("The class has ended.")
    phone = hall.phones[0]
    phone.goto(phone.url)
    expect(phone.get_by_role("alert")).to_contain_text("has ended")
