"""The lecturer's mode: steps by key, clicker, button and swipe; a talk kept and replayed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.talk_steps import talk_steps
from natgrad_lecture.talk import read_talk
from tests.browser.acts import ROOT, drag, settle
from tests.browser.conftest import Server, Watch, stroke
from tests.support.servers import start

LESSON = lessons["coordinates"]
PRESETS = [preset for step in talk_steps(LESSON) for preset in LESSON.presets if preset.id == step]
"""In the order of the talk: the first five answer no question."""


@pytest.fixture(scope="module")
def hall(browser: Browser, server: Server) -> Iterator[Page]:
    """One lecturer, before a projector with a touch screen."""
    visitor = browser.new_context(
        bypass_csp=True,
        has_touch=True,
        permissions=["clipboard-read", "clipboard-write"],
    )
    visitor.set_default_timeout(60_000)
    seen = Watch()
    visitor.on("page", seen.follow)
    page = visitor.new_page()
    yield page
    visitor.close()
    assert (seen.outside, seen.errors) == ([], [])


def opened(page: Page, url: str, width: int = 1280, height: int = 720) -> Page:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(url)
    page.wait_for_function("document.querySelector('.natgrad')?.natgrad")
    settle(page)
    return page


def on_step(page: Page, number: int, line: str, total: int = len(talk_steps(LESSON))) -> None:
    """The caption says step ``number``, and the page has it in its address."""
    expect(page.locator(".caption .count")).to_have_text(f"{number} / {total}")
    expect(page.locator(".caption .line")).to_have_text(line)
    expect(page).to_have_url(re.compile(f"present={number}$"))
    settle(page)


def test_steps_go_by_clicker_by_arrows_and_by_buttons_and_show_their_states(
    hall: Page, server: Server
) -> None:
    page = opened(hall, f"{server.url}coordinates")
    page.keyboard.press("p")
    page.wait_for_function("document.fullscreenElement?.matches('.natgrad')")
    on_step(page, 1, PRESETS[0].say)
    page.keyboard.press("PageDown")
    on_step(page, 2, PRESETS[1].say)
    assert page.evaluate(f"{ROOT}.state.damping") == 10
    page.keyboard.press("ArrowRight")
    on_step(page, 3, PRESETS[2].say)
    page.locator("[data-handle=start]").focus()
    before = page.evaluate(f"{ROOT}.values['start.0']")
    page.keyboard.press("ArrowRight")  # now it is the handle's
    page.wait_for_function(f"before => {ROOT}.values['start.0'] > before", arg=before)
    for begin_again in ("key", "button"):
        settle(page)
        shown = page.evaluate(f"{ROOT}.values")
        assert shown["start.0"] > before
        if begin_again == "key":
            page.keyboard.press("0")
        else:
            page.get_by_role("button", name="reset").click()
        page.wait_for_function(f"before => {ROOT}.values['start.0'] === before", arg=before)
        on_step(page, 3, PRESETS[2].say)
        assert page.evaluate(f"{ROOT}.state.damping") == PRESETS[2].set.get("damping", 0)
        page.locator("[data-handle=start]").focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_function(f"before => {ROOT}.values['start.0'] > before", arg=before)
    on_step(page, 3, PRESETS[2].say)
    page.keyboard.press("PageDown")  # a clicker comes first
    on_step(page, 4, PRESETS[3].say)
    assert page.evaluate(f"{ROOT}.state.start") is None
    page.get_by_role("button", name="previous step").click()
    on_step(page, 3, PRESETS[2].say)
    page.go_back()
    on_step(page, 4, PRESETS[3].say)
    assert page.evaluate(f"{ROOT}.state.problem") == "logistic-regression"
    page.keyboard.press("PageUp")
    on_step(page, 3, PRESETS[2].say)
    page.keyboard.press("ArrowLeft")
    on_step(page, 2, PRESETS[1].say)
    page.keyboard.press("ArrowUp")
    on_step(page, 1, PRESETS[0].say)
    page.keyboard.press("PageDown")
    page.get_by_role("button", name="previous step").press("Enter")  # there is none before now
    on_step(page, 1, PRESETS[0].say)
    expect(page.locator(".caption button:focus")).to_have_count(1)
    page.evaluate("document.activeElement.blur()")
    for number in (2, 3, 4):
        page.keyboard.press("ArrowDown")
        on_step(page, number, PRESETS[number - 1].say)
    page.keyboard.press("f")
    page.wait_for_function("!document.fullscreenElement")
    expect(page.locator(".presenting")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("present"))
    left = page.evaluate(f"{ROOT}.state.problem")
    assert left == "logistic-regression", "leaving changes nothing"


def test_a_question_its_answer_and_the_lines_of_a_derivation_are_steps(
    hall: Page, server: Server
) -> None:
    at = 1 + talk_steps(LESSON).index("question.product")
    page = opened(hall, f"{server.url}coordinates?v=1&present={at}")
    line = page.locator(".caption .line")
    asked = LESSON.text().questions["product"]
    expect(line.locator(".choice")).to_have_count(len(asked.options))
    plain = page.locator("[data-formula=plain]")
    hidden = re.compile("unanswered")
    expect(plain).to_have_class(hidden)
    before = page.evaluate(f"{ROOT}.state")
    page.keyboard.press("PageDown")
    expect(line).to_contain_text("The matrix that is applied last")
    expect(plain).not_to_have_class(hidden)  # the answer is told: nothing hides it now
    settle(page)
    now = page.evaluate(f"{ROOT}.state")
    assert now["answers"] == ["product:"]
    assert now["stage"] != before["stage"], "the picture shows the answer only now"
    while page.locator(".caption .reason").count() == 0:
        page.keyboard.press("PageDown")
        settle(page)
    for n in (1, 2):
        expect(line.locator(".reason")).to_be_visible()
        settle(page)
        assert page.evaluate(f"{ROOT}.state.derive") == f"product:{n}"
        page.keyboard.press("PageDown")
    left, right = line.locator(".sides mtable").all_text_contents()
    assert left == right
    assert re.search(r"\d", left)
    page.keyboard.press("p")


def test_a_swipe_on_the_caption_goes_on_and_back(hall: Page, server: Server) -> None:
    page = opened(hall, f"{server.url}coordinates?v=1&present=2")
    on_step(page, 2, PRESETS[1].say)
    box = page.locator(".caption .line").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    client = page.context.new_cdp_session(page)

    def swipe(by: float) -> None:
        stroke(client, *((x + by * i / 5, y) for i in range(6)))

    swipe(-150)
    on_step(page, 3, PRESETS[2].say)
    swipe(150)
    on_step(page, 2, PRESETS[1].say)
    swipe(10)
    on_step(page, 2, PRESETS[1].say)


def test_a_step_is_played_from_its_start_and_nothing_moves_by_itself(
    hall: Page, server: Server
) -> None:
    page = opened(hall, f"{server.url}coordinates?v=1&present=5")
    on_step(page, 5, PRESETS[4].say)
    assert not page.evaluate(f"{ROOT}.playing")
    page.get_by_label("speed", exact=True).select_option("4")
    page.get_by_role("button", name="play from the start").click()
    page.wait_for_function(f"{ROOT}.playing")
    page.wait_for_function(f"!{ROOT}.playing && {ROOT}.k === {ROOT}.state.steps", timeout=60_000)
    on_step(page, 5, PRESETS[4].say)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("r")
    page.wait_for_function(f"{ROOT}.playing && {ROOT}.k < {ROOT}.state.steps")
    page.keyboard.press(" ")
    page.keyboard.press("Escape")  # the browser has no full screen to take it for
    expect(page.locator(".presenting")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("present"))


def test_a_notice_and_a_pin_before_an_audience_move_nothing(hall: Page, server: Server) -> None:
    places = """() => [...document.querySelectorAll('.frame, .meter, .caption')].map(e => {
        const { x, y, width, height } = e.getBoundingClientRect();
        return [x, y, width, height].map(Math.round).join(); })"""
    page = opened(hall, f"{server.url}coordinates?v=1&present=2", 1920, 1080)
    expected = page.evaluate(places)
    page = opened(hall, f"{server.url}coordinates?v=1&present=2&hide=wings", 1920, 1080)
    notice = page.locator(".notice")
    expect(notice).to_be_in_viewport()
    assert page.evaluate(places) == expected
    notice.get_by_role("button", name="close").click()
    expect(notice).to_be_hidden()
    page.locator(".menu > button").click()
    page.locator("[data-action=pin]").click()
    table = page.locator(".pinned")
    expect(table).to_be_visible()
    frames = places.replace(", .caption", "")  # which gives way by the scroll bar's width
    page.evaluate("document.querySelector('.presenting').scrollTo(0, 0)")
    assert page.evaluate(frames) == expected[:-1]
    table.scroll_into_view_if_needed()
    expect(table).to_be_in_viewport(ratio=0.95)
    table.get_by_role("button", name="Unpin").click()


def test_type_and_lines_are_large_and_controls_come_when_wanted(hall: Page, server: Server) -> None:
    page = opened(hall, f"{server.url}coordinates", 1920, 1080)
    size = "() => parseFloat(getComputedStyle(document.querySelector('.sheet')).fontSize)"
    painted = """() => { const c = document.querySelector('.planes .living');
        const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let n = 0;
        for (let i = 3; i < d.length; i += 4) n += d[i] > 200; return n / (c.width * c.height) }"""
    page.keyboard.press(str(1 + LESSON.presets.index(PRESETS[0])))
    settle(page)
    before = page.evaluate(size), page.evaluate(painted)
    page.keyboard.press("p")
    on_step(page, 1, PRESETS[0].say)
    page.wait_for_function("document.fullscreenElement")
    settle(page)
    assert page.evaluate(size) > 1.4 * before[0]
    assert page.evaluate(painted) > 1.2 * before[1], "thicker, of a picture that is no smaller"
    caption = page.locator(".caption .line").evaluate(
        "e => parseFloat(getComputedStyle(e).fontSize)"
    )
    assert caption >= 36
    for hidden in (".words", ".presets", ".controls"):
        expect(page.locator(hidden)).to_be_hidden()
    page.keyboard.press("c")
    page.locator("input[type=range][data-field=damping]").press("ArrowRight")
    page.wait_for_function(f"{ROOT}.state.damping > 0")
    page.keyboard.press("c")
    expect(page.locator(".controls")).to_be_hidden()
    drag(page, "a1", (30, 30))
    page.wait_for_function(f"{ROOT}.state.matrix[1][0] !== 0")
    page.keyboard.press("p")
    expect(page.locator(".presenting")).to_have_count(0)


def test_the_laser_dot_follows_the_pointer(hall: Page, server: Server) -> None:
    page = opened(hall, f"{server.url}coordinates")
    dot = page.locator(".dot-of-light")
    expect(dot).to_be_hidden()
    page.keyboard.press("d")
    page.mouse.move(400, 300)
    box = dot.bounding_box()
    assert box
    assert (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) == pytest.approx(
        (400, 300), abs=1
    )
    drag(page, "a2", (30, 0))
    page.wait_for_function(f"{ROOT}.state.matrix[0][1] > 0.8")
    page.keyboard.press("d")
    expect(dot).to_be_hidden()


def test_steps_are_rearranged_and_kept_as_a_link_and_as_a_file_and_replayed(
    hall: Page, server: Server, tmp_path: Path, browser: Browser
) -> None:
    page = opened(hall, f"{server.url}coordinates?v=1&rate=0.03")
    page.locator(".menu > button").click()
    page.get_by_role("menuitem", name="steps of a talk").click()
    window = page.get_by_role("dialog", name="steps of a talk")
    window.get_by_label("step 1 down").click()
    for _ in range(len(talk_steps(LESSON)) - 2):
        window.get_by_label("take step 3 out").click()
    window.get_by_label("line of step 2").fill("Mine ~ 100 %!")
    window.get_by_label("line of step 2").press("Tab")
    window.get_by_role("combobox").select_option("claim.hessian")
    window.get_by_role("button", name="add", exact=True).click()
    window.get_by_role("combobox").select_option("")
    window.get_by_role("button", name="add", exact=True).click()
    window.get_by_label("line of step 4").fill("A rate of 0.03.")
    window.get_by_label("line of step 4").press("Tab")
    window.get_by_role("button", name="copy the link").click()
    expect(window.get_by_role("status")).to_have_text("copied")
    link = page.evaluate("navigator.clipboard.readText()")
    with page.expect_download() as download:
        window.get_by_role("button", name="save as a file").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    saved = json.loads(file.read_text())
    assert saved["steps"] == [
        {"show": PRESETS[1].id},
        {"show": PRESETS[0].id, "say": "Mine ~ 100 %!"},
        {"show": "claim.hessian"},
        {"state": "v=1&rate=0.03", "say": "A rate of 0.03."},
    ]

    window.get_by_role("button", name="the lesson's own steps").click()
    expect(window.locator("li")).to_have_count(len(talk_steps(LESSON)))
    with page.expect_file_chooser() as chooser:
        window.get_by_role("button", name="open a file").click()
    chooser.value.set_files(file)
    expect(window.locator("li")).to_have_count(4)
    expect(window.get_by_label("line of step 2")).to_have_value("Mine ~ 100 %!")

    lecture = start(0, 1, command=("present", str(file)))
    other = browser.new_context(viewport={"width": 1280, "height": 800}, bypass_csp=True)
    try:
        replayed = read_talk(file.read_text())[0].link
        assert lecture.url.endswith(replayed)
        steps = link.partition("talk=")[2]
        assert replayed.partition("talk=")[2].partition("&")[0] == steps, "the link says the same"
        there = opened(other.new_page(), lecture.url)
        on_step(there, 1, PRESETS[1].say, 4)
        there.keyboard.press("PageDown")
        on_step(there, 2, "Mine ~ 100 %!", 4)
        there.keyboard.press("PageDown")
        expect(there.locator(".caption math").first).to_be_visible()
        there.wait_for_function(f"{ROOT}.k === 20")
        there.keyboard.press("PageDown")
        on_step(there, 4, "A rate of 0.03.", 4)
        assert there.evaluate(f"{ROOT}.state.rate") == 0.03
        there.keyboard.press("PageDown")
        on_step(there, 4, "A rate of 0.03.", 4)
    finally:
        other.close()
        lecture.stop()


def test_a_file_that_is_no_talk_is_refused_in_words_and_nothing_is_lost(
    hall: Page, server: Server, tmp_path: Path
) -> None:
    page = opened(hall, f"{server.url}coordinates?v=1&talk={PRESETS[3].id}~nothing")
    expect(page.locator(".notice")).to_contain_text("nothing is not known here")
    page.locator(".menu > button").click()
    page.get_by_role("menuitem", name="steps of a talk").click()
    window = page.get_by_role("dialog", name="steps of a talk")
    for text, said in (("{", "no steps"), ('{"lesson": "newton", "steps": []}', "newton")):
        bad = tmp_path / "bad.json"
        bad.write_text(text)
        with page.expect_file_chooser() as chooser:
            window.get_by_role("button", name="open a file").click()
        chooser.value.set_files(bad)
        expect(window.get_by_role("status")).to_contain_text(said)
        expect(window.locator("li")).to_have_count(1)
    page.keyboard.press("Escape")
