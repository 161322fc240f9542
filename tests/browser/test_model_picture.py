"""The model beside the parameter plane: it is the engine's, and it moves with the point."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from natgrad_core import problems, rules, run
from natgrad_core.types import Array
from tests.browser.acts import ROOT, settle
from tests.browser.conftest import SET, Server

STEP = 12
LINK = f"coordinates?k={STEP}"
COLORS = {"gradient": "#c2410c", "newton": "#0b468a", "natural": "#00735a"}

HEIGHTS = """(color) => {
    const canvas = document.querySelector('.model .living'), { width, height } = canvas;
    const wanted = [1, 3, 5].map(i => parseInt(color.slice(i, i + 2), 16));
    const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
    const found = [];
    for (let x = 0; x < width; x++) {
        const rows = [];
        for (let y = 0; y < height; y++) {
            const at = 4 * (y * width + x);
            if (data[at + 3] > 250 && wanted.every((c, i) => Math.abs(data[at + i] - c) < 6))
                rows.push(y);
        }
        found.push(rows.length ? rows.reduce((a, b) => a + b) / rows.length : null);
    }
    return [width, height, found]; }"""
"""Of a color, the mean height of its pixels in each column, in pixels from the top."""

DRAWN = """() => {
    const { width, height } = document.querySelector('.model .living');
    const pen = document.querySelector('.model .living').getContext('2d');
    return pen.getImageData(0, 0, width, height).data.some(Boolean); }"""
"""What draws a model is fetched when the first is to be drawn."""

LOOK = "document.querySelector('.model .living').toDataURL()"


@pytest.fixture
def page(opened: Callable[..., Page]) -> Page:
    """One page for all tests here, as it opens."""
    page = opened(LINK)
    page.set_viewport_size({"width": 1280, "height": 800})
    settle(page)
    page.wait_for_function(DRAWN)
    return page


def at_link(page: Page, server: Server, link: str = LINK) -> dict[str, Any]:
    """Open a link; its answer, once its model is drawn."""
    page.goto(server.url + link)
    page.wait_for_function("document.querySelector('.natgrad')?.natgrad")
    answer = settle(page)
    page.wait_for_function(DRAWN)
    return answer


def drawn(page: Page, color: str, plane: dict[str, Any]) -> tuple[Array, Array]:
    """Outcomes and the densities drawn there, wherever a curve can be read."""
    width, height, rows = page.evaluate(HEIGHTS, color)
    (x0, x1, _), (y0, y1, _) = plane["scales"]
    columns = np.array([i for i, row in enumerate(rows) if row is not None])
    seen = np.array([row for row in rows if row is not None])
    return (
        x0 + (x1 - x0) * (columns + 0.5) / width,
        y1 - (y1 - y0) * (seen + 0.5) / height,
    )


def test_each_curve_is_the_engines_density_at_the_step_shown(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    answer = settle(page)
    state, problem = answer["state"], problems["normal"]()
    (plane,) = (p for p in answer["planes"] if p.get("model"))
    start = state["start"] or problem.start
    for name in state["rules"]:
        point = run(problem, rules[name](state["rate"]), start, STEP).theta[-1]
        y, found = drawn(page, COLORS[name], plane)
        wanted = np.exp(problem.log_prob(y, point))
        assert len(y) > 200, name
        close = np.abs(found - wanted) < 0.02 * plane["scales"][1][1]
        assert close.mean() > 0.9, name  # elsewhere another curve lies over it


def test_it_moves_while_the_point_is_dragged_and_while_the_run_is_played(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    settle(page)
    seen = [page.evaluate(LOOK)]
    handle = page.locator("[data-handle='start']").bounding_box()
    assert handle
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for i in range(1, 4):
        page.mouse.move(x + 20 * i, y - 15 * i)
        settle(page)
        seen.append(page.evaluate(LOOK))
    page.mouse.up()
    assert len(set(seen)) == 4, "at each move, with the hand still on the point"
    number = settle(page)["answer"]
    scrub = page.locator(".scrub input, input.scrub").first
    scrub.focus()
    before = page.evaluate(LOOK)
    scrub.press("ArrowRight")
    page.wait_for_function(f"{LOOK} !== {before!r}")
    assert settle(page)["answer"] == number, "no step is asked for"


@pytest.mark.covering(screen=lambda screen: {screen[-1]})
@pytest.mark.parametrize(
    "screen",
    [(1280, 720, True), (1920, 1080, True), (390, 844, False), (820, 1180, False)],
    ids=str,
)
def test_it_is_in_view_with_the_plane_and_the_text(
    page: Page, screen: tuple[int, int, bool]
) -> None:
    width, height, over_the_text = screen
    page.set_viewport_size({"width": width, "height": height})
    settle(page)
    assert page.locator(".words > .beside").count() == over_the_text
    model, words = page.locator(".model .frame"), page.locator(".words")
    for heading in ("One rule, run twice", "Limits and corrections"):
        words.get_by_role("heading", name=heading).scroll_into_view_if_needed()
        expect(model).to_be_in_viewport(ratio=0.95)
        expect(page.locator(".plane .frame").first).to_be_in_viewport(ratio=0.95)
        expect(words.get_by_role("heading", name=heading)).to_be_in_viewport()
    box = model.bounding_box()
    assert box
    assert box["width"] / box["height"] == pytest.approx(3.4, rel=0.02)


def test_before_an_audience_it_stands_beside_the_planes(page: Page, server: Server) -> None:
    at_link(page, server, f"{LINK}&present=1")
    expect(page.locator(".presenting")).to_have_count(1)
    for width, height in ((1920, 1080), (1024, 768)):
        page.set_viewport_size({"width": width, "height": height})
        expect(page.locator(".model .frame")).to_be_in_viewport(ratio=0.95)
        expect(page.locator(".caption .line")).to_be_in_viewport(ratio=0.9)
    page.keyboard.press("p")


def svg_words(page: Page) -> str:
    page.locator(".menu > button").click()
    with page.expect_download() as found:
        page.locator("[data-action=svg]").click()
    text = found.value.path().read_text()
    return " ".join(re.findall(r">([^<]+)</text>", text))


def test_what_cannot_be_seen_says_why(page: Page) -> None:
    """The words stand on the canvas; the file of the same picture holds them as text."""
    page.evaluate(SET, {"rate": 0.5, "rules": ["gradient"], "k": 200})
    assert "gradient descent: ended, it diverged or left the domain" in svg_words(page)
    page.evaluate(SET, {"rate": 0.02, "rules": ["natural"], "start": [5.4, 0.001], "k": 0})
    assert "natural: outside, or too narrow to draw" in svg_words(page)
    page.evaluate(SET, {"start": None, "k": STEP})
    words = svg_words(page)
    assert "ended" not in words
    assert "outside" not in words
    assert "density of the Earth (water = 1)" in words


def test_it_is_described_in_the_readers_language(page: Page, server: Server) -> None:
    frame = page.locator(".model .frame")
    expect(frame).to_have_attribute("role", "img")
    expect(frame).to_have_attribute("aria-label", re.compile("histogram of the data"))
    at_link(page, server, f"{LINK}&lang=zh")
    expect(frame).to_have_attribute("aria-label", re.compile("直方图"))
    expect(page.locator(".model .axis.x")).to_have_text("地球密度（水 = 1）")


def test_what_draws_a_model_is_fetched_again_if_it_did_not_come(
    context: BrowserContext, server: Server
) -> None:
    page = context.new_page()
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.route("**/model_picture.js*", lambda route: route.abort())
    page.goto(server.url + LINK)
    page.wait_for_function(f"{ROOT.removesuffix('.natgrad')}?.natgrad")
    settle(page)
    assert any("model_picture.js" in url for url in failed)
    assert not page.evaluate(DRAWN)
    page.unroute("**/model_picture.js*")
    page.evaluate(SET, {"rate": 0.03})
    page.wait_for_function(DRAWN)
