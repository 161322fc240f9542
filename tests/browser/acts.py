"""What a reader does on a page, and what the page says of itself: for the tests of all pages."""

from __future__ import annotations

from typing import Any

import numpy as np
from playwright.sync_api import Page

from natgrad_core.types import Array

ROOT = "document.querySelector('.natgrad').natgrad"
"""The object by which a page can be asked."""


def settle(page: Page) -> dict[str, Any]:
    """Wait until nothing is asked and everything is drawn; the answer on the screen."""
    page.evaluate(
        f"""Promise.race([{ROOT}.settled(), new Promise((_, late) =>
        setTimeout(() => late(new Error("not settled after five minutes")), 300000))])"""
    )
    return page.evaluate(f"{ROOT}.answer")


def paths(page: Page) -> dict[tuple[str, str, str], Array]:
    """Every path on the screen by (plane, rule, dash), from the arrays that the front end draws."""
    script = f"""() => {ROOT}.answer.traces.filter(t => t.kind === 'path').map(t =>
        [t.plane, t.rule, t.dash, Array.from({ROOT}.array(t.points))])"""
    return {
        (plane, rule, dash): np.array(flat, float).reshape(-1, 2)
        for plane, rule, dash, flat in page.evaluate(script)
    }


def word(page: Page, rule: str) -> str:
    return page.locator(f".meter [data-rule='{rule}']").get_attribute("data-word") or ""


def click_claim(page: Page, name: str) -> None:
    """Click a sentence; the one that answers an open question is first shown, as a reader would."""
    claim = page.locator(f"[data-claim='{name}']")
    if not claim.is_visible():
        place = page.locator(f":is(li, p).hidden-answer:has(~ .answers [data-claim='{name}'])")
        place.last.get_by_role("button").click()
    claim.click()


def drag(page: Page, handle: str, by: tuple[int, int], moves: int = 6) -> None:
    box = page.locator(f"[data-handle='{handle}']").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for i in range(1, moves + 1):
        page.mouse.move(x + by[0] * i / moves, y + by[1] * i / moves)
    page.mouse.up()


def type_in(page: Page, field: str, text: str) -> None:
    box = page.locator(f"input.number[data-field='{field}']")
    box.fill(text)
    box.press("Enter")


def to_the_end(page: Page) -> None:
    """Show the last step. That each is shown while a run plays is for tests of all lessons."""
    page.locator("input.scrub").press("End")
    page.wait_for_function(f"{ROOT}.k === {ROOT}.answer.steps")
    settle(page)
