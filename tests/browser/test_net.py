"""What a reader does where nets learn and race, and what the page shows, held to the engine."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from natgrad_core.nets import NetProblem, mlp, plane, rules
from natgrad_core.nets.training import train
from tests.browser.acts import ROOT, settle
from tests.browser.conftest import Server, phone_of, touch

HERE = "document.querySelector('.natgrad')?.natgrad"
SMALL = "net?v=1&width=4&steps=30"


@pytest.fixture
def net(opened: Callable[..., Page]) -> Page:
    page = opened(SMALL)
    page.wait_for_function(f"{HERE}?.answer.steps === 30")
    settle(page)
    return page


@pytest.fixture
def loaded(opened: Callable[..., Page]) -> Page:
    """The net on the same page, loaded again, where nothing was trained yet."""
    return opened(SMALL, again=True)


def losses(page: Page, name: str) -> Any:
    """The losses that the hover of a run's curve would read out."""
    script = f"""(style) => {{
        const found = {ROOT}.answer.traces.find(t => t.plane === "loss" && t.style === style);
        return Array.from({ROOT}.array(found.read[0][1])); }}"""
    return np.array(page.evaluate(script, name))


def test_the_page_trains_by_itself_what_the_engine_trains(net: Page) -> None:
    problem = NetProblem.of(mlp((2, 4, 4, 2)), plane("moons", 500, 0.1, 0))
    for name, rule in (("natural", rules.natural(1.0, 0.03)), ("adam", rules.adam(0.1))):
        expected = [frame.loss for frame in train(problem, rule, steps=30)]
        np.testing.assert_allclose(losses(net, name), expected, rtol=1e-3)
    assert net.evaluate(f"{ROOT}.answer.more") is None
    cells = f"{ROOT}.array({ROOT}.answer.traces.find(t => t.kind === 'heat').cells).slice().join()"
    before = net.evaluate(cells)
    net.get_by_role("button", name="one step back").click()
    net.wait_for_function(f"{ROOT}.answer.shows === 29")
    assert net.evaluate(cells) != before, "the regions are those of the step shown"


def test_training_stops_at_once_goes_by_single_steps_and_goes_on(loaded: Page) -> None:
    steps = loaded.locator("input.number[data-field=steps]")
    steps.fill("1000")
    steps.press("Enter")
    button = loaded.locator(".progress button")
    button.click()
    expect(button).to_have_text("go on")
    settle(loaded)
    stopped = loaded.evaluate(f"{ROOT}.answer.steps")
    assert stopped < 1000
    loaded.get_by_role("button", name="one step forward").click()
    loaded.wait_for_function(f"{ROOT}.answer.steps === {stopped + 1}")
    settle(loaded)
    assert loaded.evaluate(f"{ROOT}.k") == stopped + 1
    button.click()
    loaded.wait_for_function(f"{ROOT}.answer.steps > {stopped + 1}")
    steps.fill("30")  # a thousand would go on under the next test, and a stop would hold there
    steps.press("Enter")
    loaded.wait_for_function(f"{ROOT}.answer.state.steps === 30")
    settle(loaded)


def test_points_are_painted_and_the_spectrum_is_charted_with_its_numbers(net: Page) -> None:
    net.locator("select[data-field=data]").select_option("painted")
    net.wait_for_function(f"{ROOT}.answer.state.data === 'painted'")
    frame = net.locator(".plane[data-plane^=regions] .frame").first
    box = frame.bounding_box()
    assert box
    net.mouse.move(box["x"] + 60, box["y"] + 60)
    net.mouse.down()
    net.mouse.move(box["x"] + 110, box["y"] + 60, steps=5)
    net.mouse.up()
    net.wait_for_function(f"{ROOT}.answer.state.points.length >= 5")
    net.locator("input[type=radio][data-field=show][value=fisher]").check()
    chart = net.locator(".chart[data-chart=spectrum]")
    chart.scroll_into_view_if_needed()
    expect(chart).to_have_attribute("data-drawn", "yes", timeout=60_000)
    drawn = chart.locator(".plot").evaluate("plot => plot.data.map(trace => trace.name)")
    chart.get_by_text("the numbers").click()
    rows = chart.locator("tbody th").all_inner_texts()
    assert drawn == rows
    assert rows[0] == "F"


def test_a_file_of_the_readers_own_is_learned_and_a_slip_beside_it_stays_to_be_mended(
    net: Page,
) -> None:
    net.locator("select[data-field=data]").select_option("own")
    rows = "\n".join(f"{i % 7},{i * i % 11},{'uvw'[i % 3]}" for i in range(30))
    with net.expect_file_chooser() as chooser:
        net.locator(".control label.file", has_text="open").click()
    text = f"a,b,kind\n{rows}\nNA,1,u".encode()
    chooser.value.set_files([{"name": "mine.csv", "mimeType": "text/csv", "buffer": text}])
    net.wait_for_function(f"{ROOT}.answer.numbers.N === 30")
    box = net.locator(".control.text", has=net.locator("textarea[data-field=table]"))
    expect(box).to_contain_text("Label: 'kind', with 3 classes: 'u', 'v', 'w'.")
    expect(box).to_contain_text("Left out: row 32 (a is 'NA').")
    settle(net)
    assert net.evaluate(f"{ROOT}.answer.planes[0].labels") == ["z₁: a · z₂: b", "z₂"]
    label = net.locator("textarea[data-field=label]")
    label.fill("kin")
    label.press("Enter")
    expect(net.locator(".wrong", has_text="no column is called 'kin'")).to_be_visible()
    expect(label).to_have_value("kin")
    assert net.evaluate(f"{ROOT}.answer.numbers.N") == 30, "the picture is still that of the table"
    label.fill("kind")
    label.press("Enter")
    expect(net.locator(".wrong", has_text="no column")).to_have_count(0)
    net.get_by_role("button", name="paint", exact=True).click()
    net.wait_for_function(f"{ROOT}.answer.state.data === 'painted'")
    assert "table=" not in net.evaluate(f"{ROOT}.answer.query")
    net.locator("select[data-field=data]").select_option("own")
    net.wait_for_function(f"{ROOT}.answer.state.data === 'own'")
    expect(net.locator("textarea[data-field=table]")).to_have_value(re.compile("NA,1,u$"))


def test_points_are_painted_by_keys(net: Page) -> None:
    net.locator("select[data-field=data]").select_option("painted")
    net.wait_for_function(f"{ROOT}.answer.state.data === 'painted'")
    settle(net)
    points = f"{ROOT}.answer.state.points"
    count = net.evaluate(f"{points}.length")
    frame = net.locator(".plane[data-plane^=regions] .frame").first
    frame.focus()
    for key in (*["ArrowRight"] * 4, *["ArrowUp"] * 2, "Enter"):
        net.keyboard.press(key)
    net.wait_for_function(f"{points}.length === {count + 1}")
    x0, x1, y0, y1 = net.evaluate(f"{ROOT}.answer.planes[0].view")
    at = net.evaluate(f"{points}.at(-1)")
    expected = [x0 + 0.7 * (x1 - x0), y0 + 0.6 * (y1 - y0)]
    assert at[:2] == pytest.approx(expected, abs=0.01 * (x1 - x0))
    assert not net.evaluate(f"{ROOT}.playing")
    expect(frame.locator(".cross span")).to_be_visible()
    net.keyboard.press("Tab")
    expect(frame.locator(".cross span")).to_be_hidden()


def test_a_finger_that_scrolls_over_a_plane_paints_nothing_and_a_tap_one_point(
    browser: Browser, server: Server
) -> None:
    phone = phone_of(browser)
    page = phone.new_page()
    page.goto(f"{server.url}net?v=1&width=4&steps=5")
    page.wait_for_function(f"{HERE}?.answer.steps === 5")
    page.locator("button.fold").click()
    page.locator("select[data-field=data]").select_option("painted")
    page.wait_for_function(f"{ROOT}.answer.state.data === 'painted'")
    settle(page)
    frame = page.locator(".plane[data-plane^=regions] .frame").first
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    points = f"{ROOT}.answer.state.points"
    count, top = page.evaluate(f"[{points}.length, scrollY]")
    finger = phone.new_cdp_session(page)
    for i in range(11):
        touch(finger, "touchMove" if i else "touchStart", (x, y - 15 * i))
    page.wait_for_timeout(300)  # taken up in motion, it would leave the page rolling,
    touch(finger, "touchEnd")  # and a tap on a page that rolls only stops it
    page.wait_for_function(f"scrollY > {top + 50}")
    settle(page)
    assert page.evaluate(f"{points}.length") == count
    box = frame.bounding_box()
    assert box
    page.touchscreen.tap(box["x"] + 200, box["y"] + 200)
    page.wait_for_function(f"{points}.length === {count + 1}")
    phone.close()


def test_a_race_keeps_its_runs_for_comparison(page: Page, server: Server) -> None:
    page.set_default_timeout(90_000)
    page.goto(f"{server.url}race?v=1&task=iris&rules=kfac,adam&width=8&seconds=0.05&adam=0.06")
    page.wait_for_function(f"{HERE} && {ROOT}.answer.more === undefined")
    page.get_by_role("button", name="keep these for comparison").click()
    page.wait_for_function(f"{ROOT}.answer.state.kept.length === 2")
    box = page.locator("input.number[data-field=adam]")
    box.fill("0.2")
    box.press("Enter")
    page.wait_for_function(f"{ROOT}.answer.state.adam === 0.2")
    settle(page)
    rows = page.locator(".chart[data-chart=times] tbody th").all_inner_texts()
    assert rows == ["K-FAC", "Adam", "Adam 0.06, 0.9, 0.999, width 8 (kept)"]
