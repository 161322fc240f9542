"""What a reader does in the lesson Robustness map, held to the engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from natgrad_core import charts, problems, rules, run
from natgrad_core.analysis.grid_sweep import rotated
from natgrad_core.types import Array
from tests.browser.test_coordinates import ROOT, drag, paths, settle
from tests.support.chromium import Server

pytestmark = pytest.mark.browser


@pytest.fixture
def robustness(page: Page, server: Server) -> Page:
    page.goto(server.url.rstrip("/") + "/robustness")
    page.wait_for_function("document.querySelector('.natgrad')?.natgrad")
    return page


def whole(page: Page) -> Array:
    """Wait until the map is as fine as it gets; its numbers, [up, rates]."""
    page.wait_for_function(
        f"{ROOT}.answer.more === undefined && {ROOT}.answer.traces", timeout=60_000
    )
    settle(page)
    script = f"""() => {{ const t = {ROOT}.answer.traces.find(t => t.kind === 'heat');
        return [t.size, Array.from({ROOT}.array(t.cells), v => Number.isNaN(v) ? null : v)] }}"""
    size, flat = page.evaluate(script)
    return np.array(flat, float).reshape(size)


def alone(state: dict[str, Any], rate: float, angle: float) -> Any:
    """One cell, run by itself."""
    problem = problems[state["problem"]]()
    chart = charts["linear"](rotated(angle, (state["stretch"], 1.0)))
    (name,) = state["rules"]
    damped = {"damping": state["damping"], "kind": state["kind"]} if name == "natural" else {}
    start = chart.inverse(state["start"] or (-1.2, 1.0))
    return run(problem.through(chart), rules[name](rate, **damped), start, state["steps"])


def assert_the_map_is_the_engines(page: Page) -> Array:
    cells = whole(page)
    state = settle(page)["state"]
    lowest = 0.0  # of the quadratic
    for i in range(3, 65, 12):
        for j in range(3, 65, 12):
            path = alone(state, float(np.geomspace(1e-3, 10, 65)[j]), i * 180 / 64)
            begin, end = path.loss[[0, -1]] - lowest
            if np.isnan(cells[i, j]):
                assert not end < begin
            else:
                assert (end <= 0.01 * begin) == (cells[i, j] < 0.9)
    return cells


def test_the_map_fills_by_itself_and_a_click_opens_the_run_of_its_cell(robustness: Page) -> None:
    assert_the_map_is_the_engines(robustness)
    frame = robustness.locator("[data-plane='map'] .frame").bounding_box()
    assert frame
    robustness.mouse.click(frame["x"] + 0.2 * frame["width"], frame["y"] + 0.25 * frame["height"])
    state = settle(robustness)["state"]
    # The map is small beside two others, and a click is on a whole pixel.
    assert state["rate"] == pytest.approx(1e-3 * 1e4**0.2, rel=0.05)
    assert state["angle"] == pytest.approx(135, abs=1.5)
    path = alone(state, state["rate"], state["angle"])
    drawn = paths(robustness)["theta", "gradient", "dashed"]
    np.testing.assert_allclose(drawn, path.in_theta, rtol=1e-5, atol=1e-5)
    assert settle(robustness).get("more") is None, "the map did not have to be made again"


def test_a_reader_predicts_whose_map_changes_and_the_natural_one_is_one_row(
    robustness: Page,
) -> None:
    box = robustness.locator("[data-predict='turn']")
    box.get_by_role("button", name="gradient descent's alone").click()
    expect(box).to_have_attribute("data-verdict", "right")
    cells = assert_the_map_is_the_engines(robustness)
    assert np.array_equal(np.isnan(cells), np.isnan(cells[:1]) & np.ones((65, 1), bool))
    robustness.locator("[data-claim='damped']").click()
    settle(robustness)
    cells = assert_the_map_is_the_engines(robustness)
    assert not np.array_equal(np.isnan(cells), np.isnan(cells[:1]) & np.ones((65, 1), bool))


def test_the_maps_follow_a_drag_of_the_start(robustness: Page) -> None:
    before = whole(robustness)
    drag(robustness, "start", (40, 30))
    answer = settle(robustness)
    assert answer["state"]["start"] is not None
    assert answer.get("more") is None, "the maps came with the answer"
    assert not np.array_equal(assert_the_map_is_the_engines(robustness), before, equal_nan=True)
    names = robustness.evaluate(f"{ROOT}.answer.planes.map(p => p.name)")
    assert names == ["map", "map-newton", "map-natural", "theta"]


def test_a_rule_without_damping_refuses_a_map_of_dampings(robustness: Page) -> None:
    robustness.locator("input[data-field='up'][value='damping']").check()
    answer = settle(robustness)
    assert "no damping" in answer["errors"]["up"]
    assert answer["state"]["up"] == "angle"
    robustness.locator("[data-claim='larger']").click()
    answer = settle(robustness)
    assert (answer["state"]["up"], answer["state"]["rules"]) == ("damping", ["natural"])
    whole(robustness)
    robustness.get_by_label("speed", exact=True).select_option("4")
    robustness.get_by_role("button", name="play", exact=True).click()
    robustness.wait_for_function(f"{ROOT}.k === {answer['steps']}", timeout=60_000)


def test_the_run_on_the_map_is_dragged_and_moved_by_keys_to_where_it_is_put(
    robustness: Page,
) -> None:
    """It flew to the map's corner: a drag told numbers of the axes, which were read as shares."""
    before = settle(robustness)["state"]
    handle = robustness.locator("[data-handle='cell']")
    handle.press("ArrowRight")
    after = settle(robustness)["state"]
    assert after["rate"] == pytest.approx(before["rate"] * 1e4**0.02, rel=0.02)
    assert after["angle"] == pytest.approx(before["angle"], abs=1)
    drag(robustness, "cell", (40, -25))
    moved = settle(robustness)["state"]
    assert moved["rate"] > 1.5 * after["rate"]
    assert after["angle"] < moved["angle"] < after["angle"] + 40
