"""What a reader does in the lesson KL and coordinates, and what it shows, held to the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from natgrad_core import charts, problems
from natgrad_core.analysis.data_transforms import VARIABLES, Drawn, Variable
from natgrad_core.types import Array
from tests.browser.acts import ROOT, click_claim, drag, settle, to_the_end, type_in, word

NORMAL = problems["normal"]()
KNOTS = np.linspace(-3.0, 3.0, 7)


@pytest.fixture
def lesson(opened: Callable[[str], Page]) -> Page:
    return opened("kl?v=1&f=drawn")


def drawn(page: Page, plane: str, kind: str, style: str) -> Array:
    """The first such trace's points, in the numbers of the plane's axes."""
    script = f"""([plane, kind, style]) => {{
        const {{traces, planes}} = {ROOT}.answer;
        const found = traces.find(t => t.plane === plane && t.kind === kind && t.style === style);
        return [Array.from({ROOT}.array(found.points)),
                planes.find(p => p.name === plane).scales ?? [[0, 1], [0, 1]]]; }}"""
    flat, scales = page.evaluate(script, [plane, kind, style])
    low, high = np.array([[s[0] for s in scales], [s[1] for s in scales]], float)
    return low + (high - low) * np.reshape(flat, (-1, 2))


def variable(state: dict[str, Any]) -> Variable:
    return Drawn(KNOTS, state["curve"]) if state["f"] == "drawn" else VARIABLES[state["f"]]


def assert_the_page_shows_what_the_engine_says(page: Page) -> dict[str, Any]:
    answer = settle(page)
    state, said = answer["state"], answer["numbers"]
    kl = float(NORMAL.kl(state["p"], state["q"]))
    assert said["before.kl"] == pytest.approx(kl, rel=1e-8)
    x, p = drawn(page, "left", "curve", "p").T
    np.testing.assert_allclose(p, np.exp(NORMAL.log_prob(x, state["p"])), atol=1e-4)
    if state["change"] == "parameters":
        assert said["after.kl"] == pytest.approx(kl, rel=1e-8)
        chart = charts[state["chart"]]()
        ends = [chart.inverse(state[name]) for name in ("p", "q")]
        assert said["after.apart"] == pytest.approx(np.linalg.norm(ends[0] - ends[1]), rel=1e-6)
        level = drawn(page, "middle", "curve", "kl")
        np.testing.assert_allclose(
            NORMAL.kl(np.broadcast_to(state["p"], level.shape), level), kl, rtol=1e-4
        )
        np.testing.assert_allclose(
            drawn(page, "right", "curve", "kl"), chart.inverse(level), atol=1e-4
        )
        return state
    change = variable(state)
    if change.one_to_one:
        assert said["after.kl"] == pytest.approx(kl, rel=1e-6)
        x, y = drawn(page, "middle", "path", "change").T
        np.testing.assert_allclose(y, change.forward(x), atol=1e-4)
    y, p = drawn(page, "right", "curve", "p").T
    x = change.branches(y)
    logs = NORMAL.log_prob(x, state["p"]) - np.log(np.abs(change.slope(x)))
    np.testing.assert_allclose(p, np.exp(logs).sum(0), atol=1e-3)
    return state


def test_the_curve_and_the_peaks_are_dragged_and_kl_stays(lesson: Page) -> None:
    before = assert_the_page_shows_what_the_engine_says(lesson)
    drag(lesson, "knot.4", (0, 40))
    after = assert_the_page_shows_what_the_engine_says(lesson)
    assert after["curve"][4] < before["curve"][4]
    assert after["curve"][3] == before["curve"][3]
    drag(lesson, "peak.q", (20, -30))
    moved = assert_the_page_shows_what_the_engine_says(lesson)
    assert moved["q"][0] > after["q"][0]
    assert moved["q"][1] < after["q"][1], "a taller peak is a narrower one"
    assert [word(lesson, row) for row in ("kl", "hellinger", "l2", "apart")] == [
        "stays",
        "stays",
        "changes",
        "changes",
    ]


def test_a_curve_that_would_fall_is_refused_beside_its_handle(lesson: Page) -> None:
    before = settle(lesson)["state"]["curve"]
    handle = lesson.locator("[data-handle='knot.5']")
    handle.focus()
    answer = settle(lesson)
    for _ in range(8):  # Farther on, the knot would leave its window, which is another error.
        handle.press("Control+ArrowDown")
        answer = settle(lesson)
        if answer["errors"]:
            break
    assert "must rise" in str(answer["errors"])
    assert answer["state"]["curve"][:5] == before[:5]
    assert (np.diff(answer["state"]["curve"]) > 0).all()
    type_in(lesson, "p.1", "9")
    box = lesson.locator("input.number[data-field='p.1']")
    expect(box).to_have_attribute("aria-invalid", "true")
    type_in(lesson, "p.1", "0.5")
    assert assert_the_page_shows_what_the_engine_says(lesson)["p"][1] == 0.5


def test_it_plays_to_the_end_and_the_two_sums_agree(lesson: Page) -> None:
    click_claim(lesson, "parts")
    state = assert_the_page_shows_what_the_engine_says(lesson)
    to_the_end(lesson)
    names = lesson.evaluate(f"{ROOT}.answer.numbers['@']")
    table = lesson.evaluate(f"Array.from({ROOT}.array('live'))")
    rows = dict(zip(names, np.reshape(table, (-1, len(names))).T, strict=True))
    np.testing.assert_allclose(rows["sum"], rows["sumy"], atol=1e-5)
    assert rows["sumy"][-1] == pytest.approx(float(NORMAL.kl(state["p"], state["q"])), abs=1e-3)
    shown = lesson.locator("[data-live='sumy']").text_content() or ""
    assert float(shown.replace("−", "-")) == pytest.approx(rows["sumy"][-1], rel=0.01)


def test_a_reader_predicts_and_folds_and_then_changes_the_parameters(lesson: Page) -> None:
    box = lesson.locator("[data-predict='area']")
    live = lesson.locator("[aria-live=polite].unseen")
    lesson.wait_for_timeout(500)  # after which a screen reader hears of the state
    expect(live).to_contain_text("The meter answers a question.")
    expect(live).not_to_contain_text(str(settle(lesson)["description"]))
    box.get_by_role("button", name="grows").click()
    expect(box).to_have_attribute("data-verdict", "wrong")
    expect(live).to_have_text(settle(lesson)["description"])
    box.get_by_role("button", name="stays").click()
    expect(box).to_have_attribute("data-verdict", "right")
    click_claim(lesson, "fold")
    assert_the_page_shows_what_the_engine_says(lesson)
    assert word(lesson, "kl") == "changes"
    click_claim(lesson, "circles")
    assert assert_the_page_shows_what_the_engine_says(lesson)["chart"] == "variance"
    assert [word(lesson, row) for row in ("kl", "l2", "apart")] == ["stays", "stays", "changes"]
    expect(lesson.locator("[data-group='data']")).to_be_hidden()
    drag(lesson, "q.chart", (15, -20))
    assert_the_page_shows_what_the_engine_says(lesson)
