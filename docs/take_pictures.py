"""Take the pictures of README and of the table of lessons from the real page: ``make pictures``.

One picture of each lesson, and two animations: the first lesson while A is dragged, and the maps of
the robustness map while the start is.
"""

from __future__ import annotations

import io
import math
from pathlib import Path

from PIL import Image
from playwright.sync_api import FloatRect, Page, ViewportSize, sync_playwright

from natgrad_lecture.lessons import lessons
from tests.support.chromium import FLAGS, chromium, start_server

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "pictures"
ROOT = "document.querySelector('.natgrad').natgrad"
WIDE = ViewportSize(width=1280, height=800)
FRAMES, TURN, MOMENT = 30, 55.0, 90
"""Frames of an animation, the angle by which A turns (degrees), the time per frame (ms)."""

AROUND = 45.0
"""The radius of the circle on which the start is dragged, in pixels."""


def shot(page: Page, width: int) -> Image.Image:
    """Return a screenshot of the page, scaled to a width."""
    return scaled(page.screenshot(), width)


def scaled(screenshot: bytes, width: int) -> Image.Image:
    """Return a screenshot scaled to a width."""
    picture = Image.open(io.BytesIO(screenshot)).convert("RGB")
    height = round(picture.height * width / picture.width)
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def opened(page: Page, url: str, name: str) -> Page:
    """Open a lesson and wait until its picture is complete."""
    page.goto(f"{url}{name}")
    page.wait_for_function(f"{ROOT} !== undefined")
    page.evaluate(f"{ROOT}.settled()")
    return page


def place(page: Page, handle: str) -> tuple[float, float]:
    """Return the position of a handle on the screen."""
    box = page.locator(f"[data-handle='{handle}']").bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def moving(page: Page) -> list[Image.Image]:
    """Return the frames while the first column of A is turned forth and back."""
    spec = {h["id"]: h for h in page.evaluate(f"{ROOT}.answer.handles")}
    (x, y), (start, _) = place(page, "a1"), place(page, "start")
    scale = (x - start) / (spec["a1"]["at"][0] - spec["start"]["at"][0])
    length = scale * (spec["a1"]["at"][0] - spec["a1"]["from"][0])
    page.mouse.move(x, y)
    page.mouse.down()
    frames = []
    for i in range(FRAMES):
        angle = math.radians(TURN) * math.sin(math.pi * i / (FRAMES - 1))
        across, down = length * (math.cos(angle) - 1), length * math.sin(angle)
        page.mouse.move(x + across, y + down, steps=3)
        page.evaluate(f"{ROOT}.settled()")
        frames.append(shot(page, 760))
    page.mouse.up()
    return frames


def dragged_maps(page: Page) -> list[Image.Image]:
    """Return the frames of the planes while the start goes once around."""
    page.locator(".planes").scroll_into_view_if_needed()
    box = page.locator(".planes").bounding_box()
    assert box
    room = 16  # for the last mark of an axis
    clip = FloatRect(x=box["x"], y=box["y"], width=box["width"] + room, height=box["height"])
    x, y = place(page, "start")
    page.mouse.move(x, y)
    page.mouse.down()
    frames = []
    for i in range(FRAMES):
        turn = 2 * math.pi * i / FRAMES
        page.mouse.move(x + AROUND * math.sin(turn), y + AROUND * (1 - math.cos(turn)), steps=3)
        page.evaluate(f"{ROOT}.settled()")
        frames.append(scaled(page.screenshot(clip=clip), 620))
    page.mouse.up()
    return frames


def save_moving(name: str, frames: list[Image.Image]) -> None:
    """Write frames as one picture that moves."""
    first, *rest = frames
    first.save(
        FOLDER / name,
        save_all=True,
        append_images=rest,
        duration=MOMENT,
        loop=0,
        quality=45,
        method=4,
    )


def main() -> None:
    """Take all pictures."""
    FOLDER.mkdir(exist_ok=True)
    server = start_server()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
            page = browser.new_context(viewport=WIDE, bypass_csp=True).new_page()
            page.set_default_timeout(60_000)
            for name in lessons:
                opened(page, server.url, name)
                shot(page, 800).save(FOLDER / f"{name}.webp", quality=80, method=6)
            save_moving("moving.webp", moving(opened(page, server.url, "coordinates")))
            save_moving("maps.webp", dragged_maps(opened(page, server.url, "robustness")))
            browser.close()
    finally:
        server.stop()
    for path in sorted(FOLDER.glob("*.webp")):
        print(f"{path.stat().st_size / 1000:7.0f} kB  {path.relative_to(FOLDER.parents[1])}")


if __name__ == "__main__":
    main()
