"""A plane in which nothing has changed is neither sent nor drawn again."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.acts import ROOT, settle, type_in
from tests.support.chromium import Server

COUNT = """() => {
  window.cleared = {};
  const clear = CanvasRenderingContext2D.prototype.clearRect;
  CanvasRenderingContext2D.prototype.clearRect = function (...box) {
    const plane = this.canvas.closest("[data-plane]")?.dataset.plane;
    if (plane) cleared[plane] = (cleared[plane] ?? 0) + 1;
    return clear.apply(this, box);
  };
}"""


def test_the_maps_stay_while_the_rate_of_the_run_beside_them_changes(
    page: Page, server: Server
) -> None:
    page.goto(server.url.rstrip("/") + "/robustness")
    page.wait_for_function("document.querySelector('.natgrad')?.natgrad")
    type_in(page, "rate", "0.02")
    before = settle(page)
    page.evaluate(COUNT)
    type_in(page, "rate", "0.05")
    answer = settle(page)
    sent = answer["buffers"].keys()
    assert before["buffers"].keys() <= sent | set(answer["held"]["names"])
    changed = {
        trace["plane"]
        for trace in answer["traces"]
        if any(isinstance(part, str) and part in sent for part in trace.values())
    }
    maps = {plane["name"] for plane in answer["planes"]} - changed
    assert len(maps) >= 3
    assert changed
    assert set(page.evaluate("cleared")) == changed, "of the others no canvas is drawn on"
    kept = page.evaluate(
        f"{ROOT}.answer.traces.every((trace) => !trace.cells || {ROOT}.array(trace.cells))"
    )
    assert kept, "the maps are there all the same"
    page.evaluate("cleared = {}")
    type_in(page, "damping", "0.3")
    assert maps & {
        trace["plane"]
        for trace in settle(page)["traces"]
        if trace["plane"] in page.evaluate("cleared")
    }, "where the map changes it is drawn"
