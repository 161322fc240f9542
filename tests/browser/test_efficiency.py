"""What a reader does in the lesson Race to efficiency, held to the engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from natgrad_core.analysis.online_mean import expected, marks, ratio
from tests.browser.acts import ROOT, settle, to_the_end, type_in
from tests.browser.conftest import Watch
from tests.support.chromium import Server

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """The lesson, opened once: its 20,000 runs take seconds."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, bypass_csp=True)
    context.set_default_timeout(60_000)
    seen = Watch()
    context.on("page", seen.follow)
    opened = context.new_page()
    opened.goto(server.url.rstrip("/") + "/efficiency")
    opened.wait_for_function("document.querySelector('.natgrad')?.natgrad")
    yield opened
    context.close()
    assert (seen.outside, seen.errors) == ([], [])


@pytest.fixture
def efficiency(page: Page) -> Page:
    """The lesson as it opens."""
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("0")
    settle(page)
    return page


def whole(page: Page) -> dict[str, Any]:
    page.wait_for_function(f"{ROOT}.answer.more === undefined", timeout=60_000)
    return settle(page)


def assert_the_runs_are_what_the_recursion_says(page: Page) -> dict[str, Any]:
    """The measured curves on the screen against the exact ones, within the error of the runs."""
    answer = whole(page)
    state = answer["state"]
    c, s = np.cos(np.pi / 6), np.sin(np.pi / 6)
    turn = np.array([[c, -s], [s, c]])
    fisher = turn @ np.diag([state["s1"] ** -2, state["s2"] ** -2]) @ turn.T
    script = f"""() => {ROOT}.answer.traces.filter(t => t.plane === 'graph' && t.kind === 'path')
        .map(t => [t.style, Array.from({ROOT}.array(t.read[1][1]))])"""
    measured = dict(page.evaluate(script))
    runs = int(answer["planes"][0]["title"].split()[-2])
    gains = {"natural": np.linalg.inv(fisher), "gradient": state["c"] * np.eye(2)}
    for name, gain in gains.items():
        exact = ratio(fisher, expected(fisher, gain, state["start"], marks(1000)))
        np.testing.assert_allclose(measured[name], exact, rtol=8 / np.sqrt(runs))
    return answer


def test_the_race_fills_by_itself_and_a_reader_predicts_a_small_c(efficiency: Page) -> None:
    assert_the_runs_are_what_the_recursion_says(efficiency)
    box = efficiency.locator("[data-predict='small']")
    box.get_by_role("button", name="it tends to a number above the bound").click()
    expect(box).to_have_attribute("data-verdict", "wrong")
    box.get_by_role("button", name="it grows without limit").click()
    expect(box).to_have_attribute("data-verdict", "right")
    assert assert_the_runs_are_what_the_recursion_says(efficiency)["state"]["c"] == 0.3
    assert efficiency.evaluate(f"{ROOT}.answer.numbers.l1") is None, "there is no limit"


def test_all_runs_follow_another_rate_another_spread_and_another_start(efficiency: Page) -> None:
    whole(efficiency)
    for field, value in (("c", "2.2"), ("s1", "1.1"), ("start.0", "3")):
        type_in(efficiency, field, value)
        answer = settle(efficiency)
        assert answer.get("more") is None, "no run is made again"
        assert "20000 runs" in answer["planes"][0]["title"]
    assert_the_runs_are_what_the_recursion_says(efficiency)


def test_the_cloud_is_as_wide_as_its_ellipse_at_the_step_shown(efficiency: Page) -> None:
    whole(efficiency)
    script = f"""() => {{ const of = (style, kind) => {ROOT}.answer.traces.find(
        t => t.plane === 'errors' && t.style === style && t.kind === kind);
        const cloud = of('gradient', 'points');
        return [cloud.per, Array.from({ROOT}.array(cloud.points)),
                Array.from({ROOT}.array(of('gradient', 'ellipse-at').shapes))] }}"""
    per, flat, shapes = efficiency.evaluate(script)
    cloud = np.reshape(flat, (-1, per, 2))
    for row, ellipse in zip(cloud, np.reshape(shapes, (-1, 3, 2)), strict=True):
        spread = ellipse[1:].T @ ellipse[1:] / 4
        inside = np.einsum("ni,ij,nj->n", row, np.linalg.inv(spread), row) < 4
        assert 0.72 < inside.mean() < 0.99, "two standard deviations hold 86 in a hundred"


def test_another_spread_another_race_and_bad_input_is_said(efficiency: Page) -> None:
    type_in(efficiency, "s1", "1")
    type_in(efficiency, "s2", "1")
    type_in(efficiency, "c", "1")
    answer = assert_the_runs_are_what_the_recursion_says(efficiency)
    assert answer["numbers"]["l1"] == pytest.approx(1)
    type_in(efficiency, "s2", "0")
    box = efficiency.locator("input.number[data-field='s2']")
    expect(box).to_have_attribute("aria-invalid", "true")
    assert whole(efficiency)["state"]["s2"] == 1
    expect(box).to_have_attribute("aria-invalid", "true")
    to_the_end(efficiency)
