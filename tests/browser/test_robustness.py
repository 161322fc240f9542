"""What a reader does in the lesson Robustness map, held to the engine."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from natgrad_core import charts, problems, rules, run
from natgrad_core.analysis.grid_sweep import rotated
from natgrad_core.types import Array
from tests.browser.acts import ROOT, click_claim, drag, paths, settle, to_the_end
from tests.browser.test_every_lesson import downloaded

pytestmark = pytest.mark.browser


@pytest.fixture
def robustness(opened: Callable[..., Page]) -> Page:
    return opened("robustness")


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


def test_the_natural_map_is_one_row_and_a_reader_predicts_what_damping_does_to_it(
    robustness: Page,
) -> None:
    click_claim(robustness, "straight")
    settle(robustness)
    cells = assert_the_map_is_the_engines(robustness)
    assert np.array_equal(np.isnan(cells), np.isnan(cells[:1]) & np.ones((65, 1), bool))
    box = robustness.locator("[data-predict='damp']")
    box.get_by_role("button", name="it bends").click()
    expect(box).to_have_attribute("data-verdict", "right")
    settle(robustness)
    cells = assert_the_map_is_the_engines(robustness)
    assert not np.array_equal(np.isnan(cells), np.isnan(cells[:1]) & np.ones((65, 1), bool))


def at(page: Page, plane: str, across: float, up: float) -> tuple[float, float]:
    """A place of a plane, in parts of its width and its height, on the page."""
    frame = page.locator(f"[data-plane='{plane}'] .frame").bounding_box()
    assert frame
    return frame["x"] + across * frame["width"], frame["y"] + (1 - up) * frame["height"]


def pixels(page: Page, plane: str) -> str:
    """What is drawn on a plane's living layer."""
    page.evaluate("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")
    return page.evaluate(f"document.querySelector('[data-plane={plane}] .living').toDataURL()")


def steps_to_arrive(state: dict[str, Any], rule: str, rate: float, angle: float) -> int:
    path = alone({**state, "rules": [rule]}, rate, angle)
    return int(np.argmax(path.loss <= 0.01 * path.loss[0]))


@pytest.mark.parametrize(("plane", "rule"), [("map", "gradient"), ("map-newton", "newton")])
def test_a_pointer_reads_the_cell_below_it_and_its_run_is_drawn_at_once(
    robustness: Page, plane: str, rule: str
) -> None:
    whole(robustness)
    state = settle(robustness)["state"]
    before = pixels(robustness, "theta")
    robustness.mouse.move(*at(robustness, plane, 0.35, 0.6))
    hover = robustness.locator(f"[data-plane='{plane}'] .hover")
    expect(hover.locator("b")).to_have_text(re.compile(r"steps to arrive: \d+"))
    rate, angle = map(float, re.findall(r"[\d.]+", hover.locator("span").inner_text()))
    assert rate == pytest.approx(1e-3 * 1e4**0.35, rel=0.1)
    assert angle == pytest.approx(108, abs=3)
    said = int(hover.locator("b").inner_text().rpartition(" ")[2])
    # The cell's own rate is one of 65 on the axis, of which the read-out shows three digits.
    exact = np.geomspace(1e-3, 10, 65)
    near = float(exact[np.abs(exact - rate).argmin()])
    assert said == steps_to_arrive(state, rule, near, angle)
    robustness.wait_for_function(
        "before => document.querySelector('[data-plane=theta] .living').toDataURL() !== before",
        arg=before,
    )
    assert settle(robustness)["state"] == state, "looking changes nothing"
    robustness.mouse.move(2, 2)
    expect(hover).to_be_hidden()
    assert pixels(robustness, "theta") == before, "the run went with the pointer"


def test_keys_read_a_map_cell_by_cell_and_enter_opens_the_run(robustness: Page) -> None:
    whole(robustness)
    frame = robustness.locator("[data-plane='map'] .frame")
    expect(frame).to_have_attribute("aria-label", re.compile("read the map by arrow keys"))
    frame.focus()
    frame.press("Shift+ArrowLeft")
    frame.press("ArrowUp")
    hover = robustness.locator("[data-plane='map'] .hover")
    expect(hover).to_have_attribute("aria-live", "polite")
    assert settle(robustness)["state"]["rate"] == 0.01
    frame.press("Enter")
    robustness.wait_for_function(f"{ROOT}.answer.state.rate !== 0.01")
    state = settle(robustness)["state"]
    assert state["rate"] == pytest.approx(1e-3 * 1e4 ** (22 / 64), rel=1e-3)
    assert state["angle"] == pytest.approx(180 * 33 / 64, abs=0.01)


def test_a_scale_says_what_the_colors_mean_and_goes_into_the_drawing(robustness: Page) -> None:
    scale = robustness.locator(".legend .scale")
    expect(scale).to_have_count(1)
    expect(scale.locator(".ramp span")).to_have_text(["1", "3", "10", "30", "100"])
    expect(scale.locator(".patch")).to_have_text(
        ["not by step 100", "loss not lowered, or diverges"]
    )
    ramp = scale.locator(".ramp").bounding_box()
    assert ramp
    assert ramp["width"] > 100
    words = downloaded(robustness, "svg").decode()
    for text in ("steps to arrive", "not by step 100", "loss not lowered, or diverges", ">30<"):
        assert text in words


def test_four_planes_stand_two_by_two_beside_what_is_read(robustness: Page) -> None:
    robustness.set_viewport_size({"width": 1280, "height": 720})
    settle(robustness)
    boxes = [box.bounding_box() for box in robustness.locator(".plane .frame").all()]
    sides = [box["width"] for box in boxes if box]
    assert min(sides) > 205
    tops = sorted({round(box["y"]) for box in boxes if box})
    assert len(tops) == 2
    assert tops[1] + sides[0] < 720 - 60, "the player is seen, too"
    for part in ("[data-part='legend']", ".meter", "[data-formula='edge']"):
        inner = robustness.locator(part).first.bounding_box()
        assert inner, part
        assert inner["y"] + inner["height"] <= 720, part
        assert inner["x"] > max(box["x"] + box["width"] for box in boxes if box), part
    patch = robustness.locator(".legend .patch").last.bounding_box()
    meter = robustness.locator(".meter").bounding_box()
    assert patch
    assert meter
    assert patch["y"] + patch["height"] <= meter["y"], "the legend has its room"


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
    click_claim(robustness, "larger")
    answer = settle(robustness)
    assert (answer["state"]["up"], answer["state"]["rules"]) == ("damping", ["natural"])
    whole(robustness)
    to_the_end(robustness)


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
