"""What holds of every lesson's page: no barrier, any screen, light, dark and paper, touch."""

from __future__ import annotations

import base64
import csv
import io
import itertools
import json
import re
import struct
from collections.abc import Iterator
from functools import cache
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect

from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from tests.browser.acts import ROOT, settle, type_in
from tests.browser.axe import BY_STYLE, SCROLLED, barriers
from tests.browser.claims_in_view import SCREENS as CLAIMS_ON
from tests.browser.claims_in_view import pressed
from tests.browser.conftest import Server, Watch, stroke, touch
from tests.browser.test_export import SVG
from tests.conftest import TRAINED
from tests.support import features
from tests.support.coverings import EVERY, few
from tests.support.visits import THEMES, Visit, visits_of

SCREENS = {
    "phone": (390, 844),
    "old projector": (1024, 768),
    "laptop": (1440, 900),
    "projector": (1920, 1080),
    "4K": (3840, 2160),
}

BEFORE_AN_AUDIENCE = ("old projector", "projector", "4K")
"""Of these, what a lecturer shows the page on."""


SEEN = (features.controls, features.planes, features.handles, features.parts)
"""What may look wrong, on some screen or in some mode or theme."""


def visit(context: BrowserContext, server: Server, name: str) -> Page:
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(f"{server.url}{name}")
    page.wait_for_function("document.querySelector('.natgrad')?.natgrad")
    # A picture that grows is stopped, and so is each later one: nothing comes under a test's hands.
    page.locator(".progress").evaluate_all("all => all.map(e => e.hidden || e.lastChild.click())")
    settle(page)
    return page


@pytest.fixture(scope="module", params=lessons.values(), ids=list(lessons))
def taught(request: pytest.FixtureRequest) -> Lesson:
    """Each lesson in turn."""
    return request.param


@pytest.fixture(scope="module")
def page(taught: Lesson, browser: Browser, server: Server) -> Iterator[Page]:
    """Its page, opened once for all tests here."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, bypass_csp=True, reduced_motion="reduce"
    )
    seen = Watch()
    context.on("page", seen.follow)
    # A window that fills the screen cannot be given other sizes, as those before an audience are.
    context.add_init_script("Element.prototype.requestFullscreen = () => Promise.reject()")
    yield visit(context, server, taught.name)
    context.close()
    assert (seen.outside, seen.errors) == ([], [])


def begin_again(page: Page) -> None:
    """Go back to the state that the page opened in."""
    page.keyboard.press("0")
    settle(page)


@pytest.fixture
def phone(page: Page) -> Iterator[tuple[Page, CDPSession]]:
    """The page as a phone has it, and what sends it touches."""
    page.set_viewport_size({"width": 390, "height": 844})
    client = page.context.new_cdp_session(page)
    screen = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    client.send("Emulation.setDeviceMetricsOverride", screen)
    client.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 5})
    page.wait_for_function("matchMedia('(pointer: coarse)').matches")
    settle(page)
    yield page, client
    client.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
    client.send("Emulation.clearDeviceMetricsOverride")


def as_before(page: Page, **media: Any) -> None:
    """Set the medium back, and wait until the page has heard of it and is drawn in its colors.

    A page hears of a medium at its next frame, which on a busy machine may be the next test's.
    """
    page.emulate_media(**media)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    settle(page)


PALE = """(within) => {
  const texts = [...document.querySelectorAll(within)].filter((e) => e.checkVisibility());
  const styles = ["color: #999", "background: #555", "opacity: 0.4"];
  styles.forEach((style, i) => (texts[i].style = style));
}"""
"""Gives texts a color, a background or an opacity with which they can hardly be read."""


def test_axe_looks_at_each_style_of_text_though_others_were_good(
    browser: Browser, server: Server
) -> None:
    with browser.new_context(bypass_csp=True) as context:
        page = visit(context, server, "coordinates")
        some = ".words p"
        assert barriers(page, "color-contrast", within=some) == []
        page.evaluate(PALE, some)
        found = "\n".join(barriers(page, "color-contrast", within=some))
        assert [style in found for style in ("color: ", "background: ", "opacity: ")] == [True] * 3


NAMES = """() => {
  const named = ["aria-label", "aria-valuetext", "aria-description", "title", "alt", "placeholder"];
  const said = "option, legend, summary, h1, h2, h3, .say, .caption, [role=status], [aria-live]";
  const found = [];
  for (const e of document.querySelectorAll(".natgrad *")) {
    found.push(...named.map((name) => e.getAttribute(name)));
    if (e.matches(said) && !e.querySelector("math")) found.push(e.textContent);
  }
  return [...new Set(found.filter(Boolean))];
}"""
"""What is read aloud as a name, a value or a word about the page."""

LATEX = re.compile(r"\\|\$|[\^_]\{|\b(alpha|lambda|theta|nabla|mathrm|frac|top|delta|sigma)\b")


@pytest.mark.covering(*SEEN)
def test_every_name_is_in_words(page: Page) -> None:
    page.locator(".menu > button").click()
    page.locator("[data-action=steps]").click()  # a part that the page fetches now
    expect(page.locator("dialog.talk")).to_be_visible()
    names = page.evaluate(NAMES)
    page.keyboard.press("Escape")
    assert [name for name in names if LATEX.search(name)] == []


@pytest.mark.covering(features.growth, features.parts)
def test_the_live_description_says_what_is_seen_and_follows(page: Page, taught: Lesson) -> None:
    live = page.locator("[aria-live=polite].unseen")
    for n, preset in enumerate(taught.presets[:2], 1):
        page.keyboard.press(str(n))
        settle(page)
        said = page.evaluate(f"{ROOT}.answer.description")
        assert len(said) > 10, preset.name
        line = page.evaluate(f"{ROOT}.answer.description_of?.replace('formula.', '')")
        numbers = f"[data-formula={line}]" if line else ".meter:not([hidden]) > *"
        if page.locator(f"{numbers}.unanswered").count():  # the numbers would answer a question
            drawn = page.evaluate(f"{ROOT}.answer.planes[0].title")
            expect(live).to_contain_text(drawn)
            expect(live).to_contain_text("answer a question" if line else "answers a question")
            assert said not in (live.text_content() or "")
        else:
            expect(live).to_have_text(said)
    begin_again(page)


STOPS = """() => {
    const seen = new Set([document.body]);
    window.stops = [];
    const note = (e) => {
        const rings = [e, e.nextElementSibling, e.querySelector('.dot')].filter(Boolean).map(
            x => getComputedStyle(x)).filter(s => (s.outlineStyle !== 'none' && s.outlineWidth !==
            '0px') || (e.matches('.handle') && s.boxShadow !== 'none'));
        stops.push([e.outerHTML.slice(0, 90), rings.length, seen.has(e)]);
        seen.add(e);
    };
    document.addEventListener('focusin', ({ target }) => note(target));
    document.addEventListener('focusout', ({ relatedTarget }) => relatedTarget ?? note(
        document.body));
}"""
"""Notes of what has the focus what it is, how many rings show that, and whether it had it before;
past the last stop the document itself has it."""

TO_A_CLAIM = """() => {
    const root = document.querySelector('.natgrad'), skip = root.querySelector('.skip');
    const stops = [...root.querySelectorAll('a[href], button, input, select, summary, '
        + '[tabindex="0"]')].filter(e => e.checkVisibility() && !e.disabled);
    skip.click();
    const from = stops.indexOf(document.activeElement);
    const claim = stops.findIndex((e, i) => i >= from && e.matches('[data-claim]'));
    return from < 0 || claim < 0 ? Infinity : stops.indexOf(skip) + 1 + claim - from;
}"""
"""Presses of Tab from the top of the page to the first claim, over the button that skips to it."""


@pytest.mark.covering(features.kinds_of_controls, features.handles, features.parts)
def test_every_control_can_be_reached_by_tab_and_shows_its_focus(page: Page) -> None:
    page.evaluate("scrollTo(0, 0)")
    wanted = page.evaluate(
        """() => { const groups = new Set(); // of radios, of which one can be reached
        const one = ({ name, checked }) => !groups.has(name) && (checked || !document.querySelector(
            `[name="${name}"]:checked`)) && groups.add(name);
        return [...document.querySelectorAll('.natgrad :is(a[href], button, input, select, summary,'
            + '[tabindex="0"], [role=slider])')].filter(e => e.checkVisibility() && !e.disabled &&
            (e.type !== 'radio' || one(e))).length }"""
    )
    # Tab goes on from where the focus was last: let that be the top of the page.
    page.evaluate(
        """() => { const { body } = document;
        body.tabIndex = -1; body.focus(); body.removeAttribute('tabindex'); }"""
    )
    page.evaluate(STOPS)
    pressed, stops = 0, []
    while pressed < 2 * wanted and not any(again for _, _, again in stops):
        for _ in range(max(1, wanted - pressed)):
            page.keyboard.press("Tab")
            pressed += 1
        stops = page.evaluate("stops")
    reached = [said for said, _, again in stops if not again]
    unseen = [said for said, rings, again in stops if not rings and not again]
    assert unseen == []
    assert len(reached) >= wanted  # a chart is drawn once it is in view, and may bring a link
    assert page.evaluate(TO_A_CLAIM) <= 10


LOOK = """() => {
    const root = document.querySelector('.natgrad'), box = e => e.getBoundingClientRect();
    const shown = [...root.querySelectorAll('.plane .frame')].filter(e => e.checkVisibility());
    const ticks = [...root.querySelectorAll('.ticks span')].filter(e => e.checkVisibility());
    return {
        across: Math.max(document.documentElement.scrollWidth - innerWidth,
                         root.scrollWidth - root.clientWidth),
        planes: shown.map(e => [box(e).width, box(e).height, box(e).left, box(e).right]),
        type: Math.min(...ticks.map(e => parseFloat(getComputedStyle(e).fontSize))),
        lines: [...root.querySelectorAll('.words .prose > p')].filter(
            e => e.checkVisibility() && e.textContent.length > 120 && !e.querySelector('math')
            ).map(e => {
                const pen = document.createElement('canvas').getContext('2d');
                pen.font = getComputedStyle(e).font;
                const letter = pen.measureText(e.textContent).width / e.textContent.length;
                return box(e).width / letter;
            }),
        narrow: [...root.querySelectorAll('input.number')].filter(e => e.checkVisibility()).filter(
            e => {
                const written = e.value;
                e.value = '-88.888';  // as wide as what is ever written
                const cut = e.scrollWidth > e.clientWidth;
                e.value = written;
                return cut;
            }).map(e => e.dataset.field),
        caption: root.querySelector('.caption')?.checkVisibility() ?
            box(root.querySelector('.caption')).bottom + root.scrollTop : 0,
        clipped: [...root.querySelectorAll('.planes')].filter(
            row => getComputedStyle(row).overflowX !== 'visible').flatMap(row => {
                const end = box(row).left + row.scrollWidth - row.scrollLeft;
                const of = parts => [...row.querySelectorAll(parts)].filter(
                    e => e.checkVisibility());
                return [...of('.frame, .ticks.x span').filter(e => box(e).right > end),
                        ...of('.axis').filter(e => box(e).top < box(row).top)
                       ].map(e => e.className);
            }),
        cut: [...root.querySelectorAll('.plane figcaption, .frame .axis')].filter(
            e => e.checkVisibility() && getComputedStyle(e).overflowX !== 'visible' &&
            e.scrollWidth > e.clientWidth).map(e => e.textContent),
        over: [...root.querySelectorAll('.meter .line')].filter(e => e.checkVisibility()).filter(
            line => {
                const [number, word] = ['.figure span', '.word span'].map(
                    part => line.querySelector(part));
                const written = number.textContent, range = document.createRange();
                number.textContent = '9.9×10³⁰⁷';  // as wide as what a run that climbs has
                const [its, next] = [number, word].map(e => {
                    range.selectNodeContents(e);
                    return box(range);
                });
                number.textContent = written;
                return its.right > next.left;
            }).map(line => line.textContent),
        // All that is under one of these is drawn again with each picture.
        veiled: [...root.querySelectorAll('canvas')].flatMap(e => {
            const over = [];
            for (; e; e = e.parentElement) over.push([e.className, getComputedStyle(e)]);
            return over;
        }).filter(([, s]) => s.maskImage !== 'none' || s.filter !== 'none' || s.opacity !== '1' ||
            s.backdropFilter !== 'none' || s.clipPath !== 'none' || s.mixBlendMode !== 'normal' ||
            (s.overflow !== 'visible' && parseFloat(s.borderRadius))).map(([name]) => name),
    } }"""


DRAWN = """() => [...document.querySelectorAll('.frame')].filter(e => e.checkVisibility()).every(
    e => Math.abs(e.querySelector('.living').width - e.getBoundingClientRect().width *
        Math.min(devicePixelRatio, 2)) <= 2)"""


def assert_square_and_legible(page: Page, screen: str, presenting: bool) -> None:
    width, height = SCREENS[screen]
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_function(DRAWN)
    settle(page)
    found = page.evaluate(LOOK)
    assert found["across"] <= 0, f"sideways scroll: {screen}"
    assert found["planes"]
    share = 0.28 if len(found["planes"]) < 4 else 0.2  # so that four stand in a row
    for i, (wide, high, left, right) in enumerate(found["planes"]):
        assert wide == pytest.approx(high, abs=0.5)
        # On a phone the second plane is a swipe away: the row of planes scrolls, not the page.
        if i == 0 or presenting or screen != "phone":
            assert left >= 0
            assert right <= width
        assert wide >= (290 if screen == "phone" else share * min(width, height)), screen
    assert found["narrow"] == [], screen
    assert found["veiled"] == [], screen
    assert found["clipped"] == [], screen
    assert found["over"] == [], screen
    assert found["caption"] <= height, f"an audience does not see the caption: {screen}"
    if not presenting:  # letters in a line of the text
        assert all((40 if screen == "phone" else 45) < n < 76 for n in found["lines"]), screen
    assert found["type"] >= max(11, (height / 70 if presenting else height / 120)), screen


def in_theme(page: Page, theme: Any) -> None:
    page.emulate_media(color_scheme=theme)
    expect(page.locator(".natgrad")).to_have_attribute("data-theme", theme)
    settle(page)


def present(page: Page, presenting: bool) -> None:
    """Let the page be as before an audience, or as for a reader."""
    caption = page.locator(".caption")
    if caption.is_visible() != presenting:
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("p")
        expect(caption).to_be_visible(visible=presenting)


@cache
def whole() -> list[Lesson]:
    """Lessons that have all of this together."""
    return few(tuple(lessons.values()), SEEN)


def visits_to(lesson: Lesson, every: bool = EVERY) -> list[Visit]:
    """How its page is seen."""
    # These come first, so that they are seen before each kind of audience.
    order = sorted(lessons.values(), key=lambda one: one not in whole()).index(lesson)
    return visits_of(order, [*SCREENS], BEFORE_AN_AUDIENCE, every)


@pytest.mark.covering(*SEEN)
def test_on_any_screen_the_planes_are_square_nothing_is_cut_off_and_axe_finds_no_barrier(
    page: Page, taught: Lesson
) -> None:
    found = []
    theme = ""
    for visit in visits_to(taught):
        if visit.theme != theme:
            in_theme(page, theme := visit.theme)
        present(page, visit.presenting)
        assert_square_and_legible(page, visit.screen, visit.presenting)
        if visit.barriers:
            # Before an audience the document is the same except for the caption; its layout and
            # its colors change.
            every = taught.name == "coordinates" or not visit.presenting
            rules = () if every else BY_STYLE
            found += [(visit, barrier) for barrier in barriers(page, *rules)]
        elif visit.screen == "phone":  # where rows and tables are wider than the screen
            found += [(visit, barrier) for barrier in barriers(page, SCROLLED)]
    present(page, False)
    zoomed = []
    for size in ((320, 640), (640, 360)):  # four times as large (WCAG 1.4.10); a laptop's twice
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.wait_for_function(DRAWN)
        settle(page)
        zoomed.append(page.evaluate(LOOK))
    page.set_viewport_size({"width": 1440, "height": 900})
    as_before(page, color_scheme="light")
    assert found == []
    for seen in zoomed:
        assert seen["across"] <= 0
        assert (seen["clipped"], seen["over"]) == ([], [])
    assert zoomed[-1]["cut"] == []


def test_the_visits_bring_together_each_two_of_lesson_screen_mode_and_theme() -> None:
    def visits(every: bool) -> list[tuple[Any, ...]]:
        return [(one.name, *visit[:3]) for one in whole() for visit in visits_to(one, every)]

    some, all_ = visits(False), visits(True)
    assert set(some) < set(all_)
    assert len(some) == len(SCREENS) * len(whole())
    for one, other in itertools.combinations(range(4), 2):
        pairs = [{(visit[one], visit[other]) for visit in them} for them in (some, all_)]
        assert pairs[0] == pairs[1]
    for lesson in whole():  # and axe looks in both modes, and in both themes
        looks = [visit for visit in visits_to(lesson, False) if visit.barriers]
        assert {look.presenting for look in looks} == {False, True}
        assert {look.theme for look in looks} == {*THEMES}


def where_claims_are_shown(lesson: Lesson) -> features.Features:
    """The planes and handles of a lesson, unless it trains: there a claim takes seconds, and
    ``python -m tests.browser.claims_in_view`` presses it.
    """
    if lesson.name in TRAINED:
        return frozenset()
    return features.planes(lesson) | features.handles(lesson)


@pytest.mark.covering.with_args(where_claims_are_shown)
def test_a_claim_that_is_pressed_is_in_view_with_what_shows_it(page: Page, taught: Lesson) -> None:
    """The claim that shows most, on a screen that changes from lesson to lesson; of all claims on
    all screens ``python -m tests.browser.claims_in_view`` prints a table.
    """
    if taught.name in TRAINED:
        pytest.skip("a claim of a lesson that trains takes seconds: the command presses it")
    claim = max(taught.claims, key=lambda id: len(taught.claims[id].shows))
    viewports = [screen["viewport"] for screen in CLAIMS_ON.values()]
    page.set_viewport_size(viewports[taught.order % len(viewports)])
    page.wait_for_function(DRAWN)
    settle(page)
    found = pressed(page, taught, claim)
    page.set_viewport_size({"width": 1440, "height": 900})
    begin_again(page)
    assert found == []


@pytest.mark.covering(features.kinds_of_controls, features.planes, features.charts)
def test_in_print_there_is_the_picture_and_the_text_and_nothing_that_needs_a_hand(
    page: Page,
) -> None:
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator(".natgrad")).to_have_attribute("data-theme", "light")
    for gone in (".controls", ".transport", ".tools", ".presets", "nav.lessons"):
        expect(page.locator(gone)).to_be_hidden()
    for kept in (".plane:visible >> nth=0", ".words", "h1"):
        expect(page.locator(kept)).to_be_visible()
    as_before(page, media="screen", color_scheme="light")


PICTURES_A_STEP = f"""() => new Promise((done) => {{
  const seen = {{}};
  const canvases = [...document.querySelectorAll("canvas.living")].filter((c) => c.width);
  const look = () => {{
    (seen[{ROOT}.k] ??= new Set()).add(canvases.map((c) => c.toDataURL()).join());
    if ({ROOT}.playing && Object.keys(seen).length < 4) return requestAnimationFrame(look);
    done(Object.values(seen).map((pictures) => pictures.size));
  }};
  requestAnimationFrame(look);
}})"""
"""How many pictures there are of each of the next steps while the page plays."""


def pictures_a_step(page: Page, speed: str) -> list[int]:
    page.locator("input.scrub").evaluate(
        "e => { e.value = 0; e.dispatchEvent(new Event('input')) }"
    )
    page.get_by_label("speed", exact=True).select_option(speed)
    settle(page)  # the picture is that of step 0
    page.evaluate("document.activeElement.blur()")  # Space presses a button that has the focus
    page.keyboard.press(" ")
    found = page.evaluate(PICTURES_A_STEP)
    assert len(found) > 1, "it plays"
    if page.evaluate(f"{ROOT}.playing"):
        page.keyboard.press(" ")
    page.get_by_label("speed", exact=True).select_option("1")
    return found


@pytest.mark.covering(features.kinds_of_traces, features.kinds_of_controls, features.planes)
def test_a_reader_who_wants_less_motion_sees_whole_steps(page: Page, taught: Lesson) -> None:
    steps, shows = page.evaluate(f"[{ROOT}.answer.steps, {ROOT}.answer.shows ?? null]")
    if steps > 3 and shows is None:  # else each step has a picture of its own, which grows
        assert {*pictures_a_step(page, "1")} == {1}  # six steps a second, a quarter of the usual
    if taught.name == "coordinates":
        page.emulate_media(reduced_motion="no-preference")
        assert max(pictures_a_step(page, "0.25")) > 1, "who looks would see what moves"
        as_before(page, reduced_motion="reduce")
    moving = page.evaluate(
        """() => [...document.querySelectorAll('.natgrad *')].filter(e => { const s =
        getComputedStyle(e); return s.animationName !== 'none' || parseFloat(s.transitionDuration)
        > 0 }).map(e => e.className)"""
    )
    assert moving == []


@pytest.mark.covering.with_args(features.handles)
def test_a_finger_drags_each_handle_and_the_page_stays_but_rolls_under_one_on_a_plane(
    phone: tuple[Page, CDPSession],
) -> None:
    page, client = phone
    names = page.evaluate(f"{ROOT}.answer.handles.map(h => h.id)")
    for name in names:  # a net has none: its weights are not points of a plane
        handle = page.locator(f"[data-handle='{name}']")
        handle.evaluate("e => e.scrollIntoView({block: 'center', inline: 'center'})")
        settle(page)  # the row of planes comes to rest at one of them
        box = handle.bounding_box()
        assert box
        assert min(box["width"], box["height"]) > 43.9, "wide enough for a finger"
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        before = page.evaluate("[scrollX, scrollY]"), handle.get_attribute("aria-valuetext")
        way = -1 if x > 195 else 1
        touch(client, "touchStart", (x, y))
        for i in range(1, 5):
            touch(client, "touchMove", (x + 10 * way * i, y - 6 * i))
        expect(handle, name).not_to_have_attribute("aria-valuetext", before[1] or "")
        touch(client, "touchEnd")
        settle(page)
        assert page.evaluate("[scrollX, scrollY]") == before[0], name
    page.evaluate("scrollTo(0, 0)")
    box = page.locator(".plane .frame:visible").first.bounding_box()
    assert box
    x, y = box["x"] + 12, min(700, box["y"] + box["height"] - 12)
    stroke(client, *((x, y - 20 * i) for i in range(11)))
    page.wait_for_function("scrollY > 100")


@pytest.mark.covering(features.controls, features.charts)
def test_what_a_finger_presses_is_large_enough(phone: tuple[Page, CDPSession]) -> None:
    """What is pressed often is 40 pixels high, and nothing but a word of a sentence under 24."""
    page, _ = phone
    fold = page.locator("button.fold")
    fold.click()
    low = page.evaluate(
        """[...document.querySelectorAll('.natgrad :is(.number, .chip, .check, .fold)')].filter(
        (e) => e.checkVisibility() && e.getBoundingClientRect().height < 39.9).map(
        (e) => `${e.className} ${e.textContent} ${e.getBoundingClientRect().height}`)"""
    )
    small = page.evaluate(
        """[...document.querySelectorAll('.natgrad :is(button, a[href], select, input)')].filter(
        (e) => e.checkVisibility() && !e.matches('.term, .unseen, .skip')).map(
        (e) => [e.outerHTML.slice(0, 90), (e.closest('label') ?? e).getBoundingClientRect()]
        ).filter(([, { width, height }]) => Math.min(width, height) < 23.9)"""
    )
    fold.click()
    assert low == []
    assert small == []


HIDING = """() => {
    const parts = [...document.querySelectorAll('dialog.hide input')].map((box) => {
        const [, of] = box.value.match(/^handle\\.(.*)$/) ?? [];
        const place = of ? `[data-handle="${of}"]`
            : `[data-part="${box.value}"], [data-control="${box.value}"]`;
        return { box, place, all: [...document.querySelectorAll(place)] };
    });
    const depth = ({ all, place }) => Math.max(0, ...all.map((e) => parts.filter((other) =>
        other.place !== place && e.parentElement.closest(other.place)).length));
    const levels = Object.values(Object.groupBy(parts, depth));
    const shown = ({ all }) => all.filter((e) => e.checkVisibility()).length;
    return levels.flatMap((level) => {
        const click = () => level.forEach(({ box }) => box.click());
        const look = () => level.map(shown);
        const before = look();
        click();
        const hidden = look();
        click();
        const after = look();
        return level.map(({ box, all }, i) => [box.value, all.length, before[i], hidden[i],
            after[i]]);
    });
}"""
"""Of each part, by its box in the editor: how often it is there; seen before, hidden, and after.
Those are hidden together that are equally deep in others: whether one is hidden takes the style of
the whole page, which is computed again after each click."""


@pytest.mark.covering(features.kinds_of_controls, features.handles, features.parts)
def test_every_part_control_and_handle_can_be_hidden_and_comes_back(
    page: Page, taught: Lesson
) -> None:
    page.locator(".menu > button").click()
    page.locator("[data-action=hide]").click()
    found = page.evaluate(HIDING)
    page.keyboard.press("Escape")
    names = {name for name, *_ in found}
    handles = page.evaluate(f"{ROOT}.answer.handles.map(h => 'handle.' + h.id)")
    fields = {
        control["field"] for group in taught.control_groups() for control in group["controls"]
    }
    assert names >= {*fields, *handles, "words", "meter", "charts", "menu"}
    for name, there, before, hidden, after in found:
        assert hidden == 0, name
        assert after == before, name
        assert there or name not in fields, name
    assert page.evaluate("new URLSearchParams(location.search).get('hide')") is None


def in_a_link(data: bytes, kind: str) -> str:
    """A file as an address that a page can fetch."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def downloaded(page: Page, kind: str) -> bytes:
    """What an action of the menu saves."""
    page.locator(".menu > button").click()
    with page.expect_download() as found:
        page.locator(f"[data-action={kind}]").click()
    return found.value.path().read_bytes()


UNKNOWN = (
    *("oklch", "color-mix", "var(", "class=", " href=", "foreignObject"),
    *("NaN", "undefined", "Infinity"),
)
"""What a drawing program does not know, and what nobody should see."""


@pytest.mark.covering(features.kinds_of_traces, features.planes, features.charts)
def test_the_picture_can_be_taken_for_print(page: Page, taught: Lesson) -> None:
    png = downloaded(page, "png")
    assert struct.unpack(">I", png[16:20]) == (2126,)  # 180 mm at 300 to the inch
    size, colors = page.evaluate(
        """async (data) => {
        const image = await createImageBitmap(await (await fetch(data)).blob());
        const [width, height] = [image.width >> 1, image.height >> 1]; // every other pixel will do
        const ctx = new OffscreenCanvas(width, height).getContext("2d");
        ctx.imageSmoothingEnabled = false;
        ctx.drawImage(image, 0, 0, width, height);
        const counts = new Map();
        for (const color of new Uint32Array(ctx.getImageData(0, 0, width, height).data.buffer))
            counts.set(color, (counts.get(color) ?? 0) + 1);
        return [width * height, [...counts.values()]];
        }""",
        in_a_link(png, "image/png"),
    )
    assert len(colors) > 50
    assert max(colors) < 0.97 * size, "more than a caption on paper"
    text = downloaded(page, "svg").decode()
    assert not [word for word in UNKNOWN if word in text]
    root = ElementTree.fromstring(text)
    words = " ".join(e.text or "" for e in root.iter(f"{SVG}text"))
    answer = settle(page)
    shown = page.evaluate(
        "[...document.querySelectorAll('.plane')].filter(e => !e.hidden).map(e => e.dataset.plane)"
    )
    for plane in answer["planes"]:
        if plane["name"] in shown:
            assert plane["title"] in words
    assert f"/{taught.name}" in words, "the link"
    kinds = {t["kind"] for t in answer["traces"] if t["plane"] in shown}
    assert ("heat" in kinds) == any(True for _ in root.iter(f"{SVG}image"))
    runs = [t for t in answer["traces"] if t["kind"] == "path" and t["plane"] in shown]
    assert sum(1 for _ in root.iter(f"{SVG}path")) >= len(runs)


def tables(text: str) -> dict[str, list[dict[str, str]]]:
    """The tables of a file of CSV, by the planes' titles; the axes' columns are "x" and "y"."""
    found: dict[str, list[dict[str, str]]] = {}
    for block in text.split("\r\n\r\n")[1:]:
        (_, title), head, *rows = csv.reader(io.StringIO(block, newline=""))
        columns = [*head[:4], "x", "y", *head[6:]]
        found[title] = [dict(zip(columns, row, strict=True)) for row in rows]
    return found


def axis_numbers(plane: dict[str, Any], points: np.ndarray) -> np.ndarray:
    """Positions on a plane as numbers of its axes: a graph's are in the unit square."""
    if "scales" not in plane:
        return points
    columns = zip(points.T, plane["scales"], strict=True)
    with np.errstate(all="ignore"):
        return np.stack(
            [
                low * (high / low) ** at if log else low + (high - low) * at
                for at, (low, high, log) in columns
            ],
            -1,
        )


@pytest.mark.covering(features.kinds_of_traces, features.planes, features.charts)
def test_the_numbers_can_be_taken(page: Page) -> None:
    found = json.loads(downloaded(page, "json"))
    raw = downloaded(page, "csv")
    assert raw.startswith(b"\xef\xbb\xbf"), "a spreadsheet takes it for UTF-8"
    taken = tables(raw.decode())
    answer = settle(page)
    assert [t["kind"] for t in found["traces"]] == [t["kind"] for t in answer["traces"]]
    for key in ("description", "values"):
        assert found[key] == answer[key]
    drawn = page.evaluate(
        f"""() => {ROOT}.answer.traces.filter(t => ['path', 'curve', 'points', 'data']
        .includes(t.kind))
        .map(t => [t.plane, Array.from({ROOT}.array(t.points) ?? [])])"""
    )
    for plane in answer["planes"]:
        parts = [p for name, p in drawn if name == plane["name"]]
        positions = np.concatenate([np.array(p, float) for p in parts] or [np.zeros(0)])
        expected = positions.reshape(-1, 2)
        if not plane.get("model"):  # whose data are numbers of its axes
            expected = axis_numbers(plane, expected)
        expected[~np.isfinite(expected)] = np.nan
        rows = [[row[end] or "nan" for end in "xy"] for row in taken.get(plane["title"], [])]
        points = np.array(rows, float).reshape(-1, 2)
        scales = plane.get("scales", [(0, 0, False)] * 2)
        far = [0 if log else 2e-7 * (abs(low) + abs(high)) for low, high, log in scales]
        for axis in range(2):
            np.testing.assert_allclose(
                points[:, axis], expected[:, axis], rtol=1e-5, atol=far[axis]
            )
    assert taken or "heat" in {t["kind"] for t in answer["traces"]} or answer.get("charts")


FRAMES = """async ([film, ...pictures]) => {
  const data = await (await fetch(film)).arrayBuffer();
  const decoder = new ImageDecoder({ data, type: "image/gif" });
  await decoder.tracks.ready;
  await decoder.completed;
  const { frameCount } = decoder.tracks.selectedTrack;
  const { image } = await decoder.decode({ frameIndex: frameCount - 1 });
  const [width, height] = [image.displayWidth, image.displayHeight].map((v) => Math.round(v / 4));
  const colors = async (picture) => {
    const context = new OffscreenCanvas(width, height).getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, 0, 0, width, height);
    return context.getImageData(0, 0, width, height).data;
  };
  const ended = await colors(image);
  const stills = [];
  for (const picture of pictures) {
    stills.push(await colors(await createImageBitmap(await (await fetch(picture)).blob())));
  }
  const off = (a, b) => (i) => Math.abs(a[i] - b[i]);
  const all = [...ended.keys()];
  const last = stills[0];
  return {
    frameCount,
    papers: [ended, last].map((picture) => [...picture.slice(0, 3)]),
    apart: all.filter((i) => off(ended, last)(i) > 32).length / all.length,
    others: stills.slice(1).map((other) => {
      const differ = all.filter((i) => off(last, other)(i) > 32);
      const far = (still) => differ.map(off(ended, still)).reduce((sum, v) => sum + v, 0);
      return { differ: differ.length, far: far(last) / far(other) };
    }),
  };
}"""
"""Of a GIF: how many frames, its paper's color and the first picture's, how much of the last frame
is of another color than that picture, and beside each other picture, where the two differ, how much
farther it is from the first. A run may be a few dots on a map of a hundred colors, so only what
differs can tell one step from another. Each is made small before, for the edge of a letter is no
difference."""


@pytest.mark.covering.with_args(features.growth)
def test_the_gif_has_a_frame_for_every_step_and_ends_as_the_picture_of_the_last(
    page: Page, taught: Lesson
) -> None:
    begin_again(page)
    if page.locator("input.number[data-field=steps]").count() and not taught.slow:
        type_in(page, "steps", "8")  # of many it takes some, as of those of "kl"
    steps = settle(page)["steps"]
    if not steps:
        page.locator(".menu > button").click()
        page.locator("[data-action=gif]").click()
        said = "this picture has no steps, so nothing moves"
        expect(page.locator(".menu .said")).to_have_text(said)
        return
    built = [in_a_link(downloaded(page, "gif"), "image/gif")]
    for k in (steps, steps // 2):  # what ends earlier is nearer to the second
        page.locator("input.scrub").fill(str(k))
        page.wait_for_function(f"{ROOT}.k === {k}")
        built.append(in_a_link(downloaded(page, "png"), "image/png"))
    found = page.evaluate(FRAMES, built)
    assert min(steps, 30) + 1 <= found["frameCount"] <= steps + 1
    assert np.ptp(found["papers"], 0).max() <= 1, "the paper's color is no other"
    assert found["apart"] < 0.03
    for other in found["others"]:
        assert other["differ"] > 20
        assert other["far"] < 0.7


def test_the_home_page_and_a_missing_page_hold_no_barrier(browser: Browser, server: Server) -> None:
    with browser.new_context(bypass_csp=True) as context:
        context.set_default_timeout(60_000)
        page = context.new_page()
        for path in ("home", "nothing"):
            theme: Any
            for theme in THEMES:
                page.emulate_media(color_scheme=theme)
                page.goto(server.url + path)
                rules = BY_STYLE if theme == "dark" else ()
                assert barriers(page, *rules) == [], (path, theme)


def test_windows_and_the_menu_hold_no_barrier_and_stay_on_a_phone(
    browser: Browser, server: Server
) -> None:
    context = browser.new_context(
        viewport={"width": 1440, "height": 900},
        bypass_csp=True,
        color_scheme="dark",
        reduced_motion="reduce",
    )
    page = visit(context, server, "coordinates")

    def stays(place: str) -> bool:
        box = page.locator(place).last.bounding_box()
        return box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 390

    page.locator(".menu > button").click()
    assert barriers(page, within=".menu") == []
    for item in ("steps of a talk", "hide parts", "keys"):
        page.set_viewport_size({"width": 390, "height": 844})
        assert stays(".menu [role=menu]"), "the menu"
        page.get_by_role("menuitem", name=item).click()
        expect(page.get_by_role("dialog", name=item)).to_be_visible()
        assert stays("dialog[open]"), item
        page.set_viewport_size({"width": 1440, "height": 900})
        assert barriers(page, within="dialog[open]") == [], item
        page.keyboard.press("Escape")
        page.locator(".menu > button").click()
    page.keyboard.press("Escape")
    page.goto(f"{server.url}coordinates?v=0&rate=fast")
    expect(page.locator(".notice")).to_be_visible()
    page.locator(".menu > button").click()
    page.get_by_role("menuitem", name="pin").first.click()
    expect(page.locator(".pinned")).to_be_visible()
    assert barriers(page, within=".notice, .pinned") == []
    page.goto(f"{server.url}home")
    for width, height in SCREENS.values():
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    context.close()
