"""A saved page, opened from the disk with the network cut: it plays, scrubs, hovers, answers."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from unittest import mock
from urllib.parse import quote

import numpy as np
import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from natgrad_lecture.export import saved_page
from natgrad_lecture.export.saved_page import saved
from natgrad_lecture.export.static_site import export
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from tests.browser.acts import ROOT, paths, settle
from tests.browser.axe import BY_STYLE, barriers
from tests.browser.conftest import Watch
from tests.conftest import TRAINED
from tests.support import features
from tests.support.servers import wait_until

LESSON, LISTED = lessons["coordinates"], lessons["steepest-descent"]
CHARTED = lessons["net"]
OTHERS = sorted(
    (lesson for lesson in lessons.values() if lesson is not CHARTED),
    key=lambda lesson: lesson.name != "approximations",  # of those that train it is saved soonest
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An exported folder of one small lesson, and a page taken from another: with fewer places of
    its controls than a reader's, for these tests open it often.
    """
    path = tmp_path_factory.mktemp("usb stick")
    export(path, [LISTED.name], room=100_000)
    with mock.patch.object(saved_page, "ROOM", 2_500_000):
        page = saved(LESSON, LESSON.default, "https://example.org/coordinates", seconds=90.0)
    (path / "mine.html").write_bytes(page)
    return path


@pytest.fixture(scope="module")
def offline(browser: Browser) -> Iterator[Page]:
    """A visitor without a network; requests for anything but files fail the tests."""
    visitor = browser.new_context(
        viewport={"width": 1280, "height": 800},
        offline=True,
        permissions=["clipboard-read", "clipboard-write"],
    )
    watch = Watch()
    page = visitor.new_page()
    page.on("pageerror", lambda error: watch.errors.append(str(error)))
    page.on("request", lambda request: watch.outside.append(request.url))
    yield page
    assert not watch.errors
    assert all(url.startswith(("file:", "data:", "blob:")) for url in watch.outside)
    visitor.close()


@pytest.fixture
def page(offline: Page, folder: Path) -> Page:
    """The page that a reader took away, just opened."""
    return opened(offline, folder / "mine.html")


def opened(page: Page, path: Path, query: str = "") -> Page:
    """Open a file, with its lesson drawn."""
    page.goto("about:blank")
    page.goto(path.as_uri() + query)
    page.locator(".natgrad .frame").first.wait_for()
    settle(page)
    return page


WITH_ITS_ARRAYS = (
    "page => page.answer.traces.filter(t => t.points).every(t => page.array(t.points))"
)
"""Whether a page has all arrays that its picture names."""


def what_it_draws(lesson: Lesson) -> features.Features:
    """The kinds of traces and planes of a lesson; one of those that train stands for them all."""
    if lesson.name in TRAINED:
        return frozenset({("trains",)})
    return features.kinds_of_traces(lesson) | features.planes(lesson)


@pytest.mark.covering.with_args(what_it_draws)
@pytest.mark.parametrize("lesson", OTHERS, ids=[lesson.name for lesson in OTHERS])
def test_every_lesson_s_page_draws_and_plays_with_no_server(
    offline: Page, tmp_path: Path, lesson: Lesson
) -> None:
    """Made in no time: its first state at least, whole where the picture does not grow."""
    path = tmp_path / f"{lesson.name}.html"
    link = f"https://example.org/{lesson.name}"
    path.write_bytes(saved(lesson, lesson.default, link, seconds=0.2))
    opened(offline, path)
    answer = settle(offline)
    wanted = json.loads(json.dumps(lesson.default.plain()))
    assert answer["state"] == wanted | {"answers": answer["state"]["answers"]}
    assert offline.evaluate(f"({WITH_ITS_ARRAYS})({ROOT})")
    for chart in answer.get("charts", []):
        expect(offline.locator(f"[data-chart='{chart['name']}'] table")).to_be_visible()
    steps = answer["steps"]
    scrub = offline.locator("input.scrub")
    if steps and scrub.is_visible():
        scrub.fill("0")
        settle(offline)
        offline.locator("button.play").click()
        offline.wait_for_function(f"() => {ROOT}.k > 0")


def test_a_chart_is_drawn_with_no_server(offline: Page, tmp_path: Path) -> None:
    path = tmp_path / "net.html"
    path.write_bytes(saved(CHARTED, CHARTED.state_after({"show": "fisher"}), "", seconds=1.0))
    (chart,) = settle(opened(offline, path))["charts"]
    assert offline.evaluate(f"({WITH_ITS_ARRAYS})({ROOT})")
    assert chart["figure"]
    drawn = offline.locator(f"[data-chart='{chart['name']}']")
    drawn.scroll_into_view_if_needed()
    expect(drawn.locator(".main-svg").first).to_be_visible()


def test_a_saved_page_speaks_the_language_it_was_saved_in(offline: Page, tmp_path: Path) -> None:
    lesson, say = lessons["steepest-descent"], lessons["steepest-descent"].say("zh")
    path = tmp_path / "zh.html"
    path.write_bytes(saved(lesson, lesson.default, "", "zh", seconds=1.0))
    opened(offline, path)
    expect(offline.locator("html")).to_have_attribute("lang", "zh")
    expect(offline.locator("h1")).to_have_text(say(lesson.title))
    expect(offline).to_have_title(f"{say(lesson.title)} – 自然梯度")
    expect(offline.locator("aside.saved")).to_contain_text("保存下来的页面")
    assert re.search("[一-鿿]", settle(offline)["description"]), "the answers speak it too"
    offline.locator(".presets button").nth(1).click()
    settle(offline)
    expect(offline.locator(".say").first).to_have_text(say(lesson.presets[1].say))


def assert_it_shows(page: Page, changes: dict[str, Any]) -> None:
    """The paths on the screen are those that the engine has for this state."""
    seen, drawn = LESSON.after(changes), paths(page)
    for name, pair in seen.paired_runs.items():
        for key, points in (
            (("theta", name, "solid"), pair.in_theta.theta),
            (("x", name, "dashed"), pair.in_x.theta),
        ):
            assert np.array_equal(drawn[key], points.astype(np.float32), equal_nan=True), key


def test_presets_show_what_the_engine_says(page: Page) -> None:
    assert_it_shows(page, {})
    for preset in LESSON.presets[1:4]:
        page.get_by_role("button", name=preset.name, exact=True).click()
        settle(page)
        assert_it_shows(page, dict(preset.set))
        expect(page.locator(".say > span").first).to_have_text(preset.say)


def test_it_plays_scrubs_and_hovers(page: Page) -> None:
    page.locator("input.scrub").fill("40")
    settle(page)
    assert page.evaluate(f"{ROOT}.k") == 40
    page.locator("button.play").click()
    page.wait_for_function(f"() => {ROOT}.k > 41")
    page.locator("button.play").click()
    points = paths(page)["theta", "gradient", "solid"]
    x0, x1, _, y1 = settle(page)["planes"][0]["view"]
    box = page.locator(".plane .frame").first.bounding_box()
    assert box
    at = (points[3] - [x0, y1]) * [1, -1] * box["width"] / (x1 - x0)
    page.mouse.move(box["x"] + at[0], box["y"] + at[1])
    expect(page.locator(".planes .hover").first).to_contain_text("step")


def test_a_slider_snaps_to_a_place_of_the_engines(page: Page) -> None:
    slider = page.locator("input[type=range][data-field='shear']")
    expect(slider).not_to_have_attribute("data-idle", "")
    slider.focus()
    slider.press("ArrowRight")
    shear = settle(page)["values"]["shear"]
    assert shear > 0.8
    assert_it_shows(page, {"shear": shear})
    slider.press("ArrowRight")
    assert settle(page)["values"]["shear"] > shear  # a step at least, however coarse the places


def test_what_needs_the_engine_says_so_and_loses_nothing(page: Page) -> None:
    before = paths(page)
    expect(page.get_by_text("A saved page")).to_be_visible()
    expect(page.get_by_role("link", name="Open the live lesson")).to_have_attribute(
        "href", "https://example.org/coordinates"
    )
    entry = page.locator("input.number[data-field='matrix.0.1']")
    expect(entry).to_have_attribute("data-idle", "")
    entry.fill("0.37")
    entry.press("Enter")
    expect(page.get_by_text("This needs the live engine.").first).to_be_visible()
    after = paths(page)
    assert all(np.array_equal(after[key], before[key], equal_nan=True) for key in before)
    page.get_by_role("button", name=LESSON.presets[1].name, exact=True).click()
    settle(page)
    assert_it_shows(page, dict(LESSON.presets[1].set))


def test_a_question_is_answered(page: Page) -> None:
    asked = LESSON.questions["turned"]
    box = page.locator("[data-predict=turned]")
    box.locator(".option").nth(LESSON.truth("turned")).click()
    expect(box.locator(".verdict")).to_contain_text("A rotation keeps lengths")
    settle(page)
    assert_it_shows(page, dict(asked.set))


def test_a_link_into_the_file_opens_its_state(offline: Page, folder: Path) -> None:
    query = LESSON.state_after(LESSON.presets[3].set).query(LESSON.default)
    page = opened(offline, folder / "mine.html", f"?{query}&k=33")
    assert_it_shows(page, dict(LESSON.presets[3].set))
    assert page.evaluate(f"{ROOT}.k") == 33
    page = opened(offline, folder / "mine.html", "?v=1&rate=0.0171")
    assert_it_shows(page, {})
    expect(page.get_by_text("the state of the link is not in this saved page")).to_be_visible()


def test_undo_goes_back(page: Page) -> None:
    preset = LESSON.presets[1]
    page.get_by_role("button", name=preset.name, exact=True).click()
    undo = page.locator("button.tool[aria-label*=ndo]")
    expect(undo).to_be_enabled()
    undo.click()
    page.wait_for_function(f"() => {ROOT}.answer.query === ''")
    settle(page)
    assert_it_shows(page, {})


def test_the_script_can_be_copied_without_the_engine(page: Page) -> None:
    preset = LESSON.presets[3]
    page.get_by_role("button", name=preset.name, exact=True).click()
    settle(page)
    page.evaluate("navigator.clipboard.writeText('')")
    page.locator(".menu > button").click()
    page.locator("[data-action=python]").click()
    source = page.evaluate(
        """async () => { for (;;) {
            const text = await navigator.clipboard.readText();
            if (text) return text;
            await new Promise(requestAnimationFrame);
        } }"""
    )
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(source, "<the script>", "exec"), names)
    expected = LESSON.after(preset.set).paths["natural"]["x"]
    assert np.array_equal(names["paths"]["natural"]["x"].theta, expected.theta)
    assert "mine.html" in source


def test_a_class_is_offered_in_gray_and_says_why_not(page: Page) -> None:
    page.locator(".menu > button").click()
    entry = page.locator("[data-action=class]")
    expect(entry).to_have_attribute("aria-disabled", "true")
    entry.click(force=True)
    expect(page.locator(".menu .said")).to_have_text(
        "A class needs the live lesson: this page was saved."
    )


def test_the_exported_list_leads_to_a_lesson_and_back(offline: Page, folder: Path) -> None:
    offline.goto((folder / "index.html").as_uri())
    offline.get_by_role("link", name=LISTED.title).last.click()
    offline.locator(".natgrad .handle").first.wait_for()
    assert settle(offline)["planes"]
    offline.locator("nav.lessons a[href='index.html']").click()
    expect(offline.get_by_role("heading", name="The natural gradient")).to_be_visible()


class Silent(SimpleHTTPRequestHandler):
    """Any web host; it says nothing of what it is asked."""

    def log_message(self, *_said: Any, **_more: Any) -> None:
        """Say nothing."""


def test_below_a_path_of_a_host_every_link_that_a_page_makes_leads_somewhere(
    browser: Browser, folder: Path
) -> None:
    handler = partial(Silent, directory=folder.parent)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as host:
        Thread(target=host.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{host.server_port}/{quote(folder.name)}/"
        visitor = browser.new_context()
        page = visitor.new_page()
        for name in ("index.html", "glossary.html", f"{LISTED.name}.html"):
            page.goto(base + name)
            page.locator("h1").first.wait_for()
            links = page.evaluate("[...document.links].map(({ href }) => href)")
            inside = [link for link in links if not link.startswith("https://")]
            assert inside, name
            for link in inside:
                assert requests.get(link, timeout=60).status_code == 200, (name, link)
        page.locator(".menu > button").click()
        page.locator("[data-action=glossary]").click()
        expect(page).to_have_url(re.compile(rf"^{re.escape(base)}glossary\.html"))
        visitor.close()
        host.shutdown()


def test_the_list_is_light_or_dark_as_chosen(offline: Page, folder: Path) -> None:
    offline.goto((folder / "index.html").as_uri())
    paper = "getComputedStyle(document.body).backgroundColor"
    light = offline.evaluate(paper)
    for _ in range(2):  # from the system's choice to light, and on to dark
        offline.locator("button.theme").click()
    dark = offline.evaluate(paper)
    assert dark != light

    def remembered() -> bool:
        offline.reload()
        return offline.evaluate(paper) == dark

    wait_until(remembered)  # the browser stores it in a process apart, some time later
    offline.locator("button.theme").click()


def test_saved_pages_hold_no_barrier_and_fit_a_phone(browser: Browser, folder: Path) -> None:
    with browser.new_context(offline=True, bypass_csp=True) as visitor:
        page = visitor.new_page()
        # The rest of a lesson's page has the live one's colors.
        for name, own in (("mine.html", "aside.saved"), ("index.html", "html")):
            page.emulate_media(color_scheme="light")
            page.goto((folder / name).as_uri())
            page.locator("h1").first.wait_for()
            assert barriers(page) == [], (name, "light")
            page.emulate_media(color_scheme="dark")
            page.wait_for_function(PAINTED_DARK)
            assert barriers(page, *BY_STYLE, within=own) == [], (name, "dark")
            page.set_viewport_size({"width": 390, "height": 844})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
            page.set_viewport_size({"width": 1280, "height": 800})


PAINTED_DARK = """() => {
    const dark = (e) => /^rgb\\(\\d?\\d, /.test(getComputedStyle(e).backgroundColor);
    return [document.body, document.querySelector(".natgrad")].some((e) => e && dark(e));
}"""
"""Whether a page has heard that the reader likes it dark."""
