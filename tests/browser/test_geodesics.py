"""The lesson on geodesics: what a reader does, and what the page shows, beside the engine."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from natgrad_core import charts, problems, rules, run
from natgrad_core.geometry.geodesics import distance, e_geodesic, fisher_rao, m_geodesic
from natgrad_core.problems._kl_to_target import Divergence
from tests.browser.acts import ROOT, click_claim, drag, paths, settle, to_the_end, type_in


@pytest.fixture
def lesson(opened: Callable[[str], Page]) -> Page:
    return opened("geodesics")


def assert_the_page_shows_what_the_engine_says(page: Page) -> None:
    """Return geodesics and runs of the state on the screen, in (μ, σ); the runs use a chart."""
    answer = settle(page)
    state, normal = answer["state"], problems["normal"]()
    script = f"""() => {ROOT}.answer.traces.filter(t => t.kind === 'curve' && t.plane === 'theta')
        .map(t => [t.style, Array.from({ROOT}.array(t.points))])"""
    drawn = {style: np.reshape(flat, (-1, 2)) for style, flat in page.evaluate(script)}
    for style, geodesic_path in (("m", m_geodesic), ("e", e_geodesic), ("rao", fisher_rao)):
        # The points are drawn at even distances: each lies on the engine's curve, from end to end.
        fine = geodesic_path(normal, state["a"], state["b"], 4001)
        far = np.linalg.norm(drawn[style][:, None] - fine, axis=-1).min(axis=1)
        assert far.max() < 2e-3
        np.testing.assert_allclose(drawn[style][[0, -1]], fine[[0, -1]], atol=1e-5)
    said = answer["numbers"]["length.rao"]
    assert said == pytest.approx(distance(normal, state["a"], state["b"]), rel=1e-6)
    chart = {
        "expectation": charts["expectation"](),
        "natural": charts["natural"](),
        "log-scale": charts["log-scale"](),
    }[state["chart"]]
    for key, reverse in ((("natural", "solid"), False), (("reverse", "dashed"), True)):
        loss = Divergence(normal, state["b"], reverse).through(chart)
        steps = len(paths(page)["theta", *key]) - 1
        with np.errstate(all="ignore"):
            path = run(loss, rules["natural"](state["rate"]), chart.inverse(state["a"]), steps)
            in_theta = path.in_theta
        for plane, points in (("theta", in_theta), ("x", path.theta)):
            np.testing.assert_allclose(paths(page)[plane, *key], points, rtol=1e-5, atol=1e-5)


def test_the_ends_can_be_dragged_in_both_planes_and_typed(lesson: Page) -> None:
    assert_the_page_shows_what_the_engine_says(lesson)
    before = settle(lesson)["state"]
    drag(lesson, "a", (20, -30))
    drag(lesson, "b.x", (15, -25))
    after = settle(lesson)["state"]
    assert after["a"] != before["a"]
    assert after["b"] != before["b"]
    assert_the_page_shows_what_the_engine_says(lesson)
    type_in(lesson, "b.1", "-1")
    box = lesson.locator("input.number[data-field='b.1']")
    expect(box).to_have_attribute("aria-invalid", "true")
    message = lesson.locator(f"#{box.get_attribute('aria-describedby')}")
    expect(message).to_contain_text("take σ from")
    type_in(lesson, "b.1", "0.8")
    assert_the_page_shows_what_the_engine_says(lesson)


def test_the_legend_tells_the_two_runs_of_one_color_apart(lesson: Page) -> None:
    """The one that is dashed ends in an open symbol, there as on the plane."""
    for style, fill in (
        ("natural", "var(--style-natural, var(--text))"),
        ("reverse", "var(--paper)"),
    ):
        mark = lesson.locator(f".legend [data-style={style}] path").last
        expect(mark).to_have_attribute("fill", fill)


def test_a_sentence_opens_the_chart_in_which_its_geodesic_is_straight(lesson: Page) -> None:
    click_claim(lesson, "backward")
    assert settle(lesson)["state"]["chart"] == "natural"
    assert_the_page_shows_what_the_engine_says(lesson)
    click_claim(lesson, "stray")
    assert_the_page_shows_what_the_engine_says(lesson)
    assert lesson.evaluate(f"{ROOT}.k") == 10


def test_a_prediction_is_answered_and_the_steps_play_to_the_end(lesson: Page) -> None:
    box = lesson.locator("[data-predict='spread']")
    box.get_by_role("button", name="the e-geodesic").click()
    expect(box).to_have_attribute("data-verdict", "right")
    to_the_end(lesson)
