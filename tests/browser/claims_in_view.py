"""Press every claim of every lesson, on three screens, and look whether what it shows is seen.

``python -m tests.browser.claims_in_view`` prints a table of lessons and screens, and each fault.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from natgrad_core.types import Array
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.page_data import page_data
from tests.browser.acts import settle
from tests.support.chromium import FLAGS, chromium, start_server
from tests.support.in_view import in_view

SCREENS: dict[str, dict[str, Any]] = {
    "1280×720": {"viewport": {"width": 1280, "height": 720}},
    "390×844": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "has_touch": True,
        "is_mobile": True,
    },
    "200 %": {"viewport": {"width": 640, "height": 360}, "device_scale_factor": 2},
}
"""Zoomed to 200 %, a window of 1280×720 has half as many CSS pixels each way, each four of its own.
"""

LONG = 4.0
"""How long a path or an arrow, or how wide an ellipse, is at least, in CSS pixels."""

WHOLE = 0.95
"""The part of a plane, and of a line of the strip, that is on the screen."""

COLORED = 6
"""Pixels in the full color of a style that is lit, at least."""

FOUND = """(name) => {
  const claim = document.querySelector(`[data-claim="${name}"]`);
  for (let place = claim.closest("li").previousElementSibling; !claim.checkVisibility(); )
    if (place.matches(".hidden-answer")) place.querySelector("button").click();
    else place = place.previousElementSibling;
  const top = document.querySelector(".natgrad .sticky");
  const sticks = getComputedStyle(top).position === "sticky";
  if (sticks) scrollBy(0, claim.getBoundingClientRect().top - top.offsetHeight - 8);
  else claim.scrollIntoView({ block: "nearest" });
  const { left, top: high } = claim.getBoundingClientRect();
  return claim.contains(document.elementFromPoint(left + 12, high + 12)) && [left + 12, high + 12];
}"""
"""Where a reader presses a sentence, once it is shown and scrolled to."""

LOOK = """([name, shows, styles]) => {
  const root = document.querySelector(".natgrad"), page = root.natgrad, { answer } = page;
  // The part of an element that is on the screen and in all that scrolls around it.
  const part = (element) => {
    if (!element?.checkVisibility()) return 0;
    const full = element.getBoundingClientRect();
    let [x0, y0, x1, y1] = [0, 0, innerWidth, innerHeight];
    for (let up = element.parentElement; up; up = up.parentElement) {
      const { overflowX, overflowY } = getComputedStyle(up), box = up.getBoundingClientRect();
      if (/visible/.test(overflowX + overflowY)) continue;
      [x0, y0] = [Math.max(x0, box.left), Math.max(y0, box.top)];
      [x1, y1] = [Math.min(x1, box.right), Math.min(y1, box.bottom)];
    }
    [x0, y0] = [Math.max(x0, full.left), Math.max(y0, full.top)];
    [x1, y1] = [Math.min(x1, full.right), Math.min(y1, full.bottom)];
    const area = Math.max(0, x1 - x0) * Math.max(0, y1 - y0);
    return area / (full.width * full.height || 1);
  };
  // The part of an element's height over which nothing lies.
  const read = (element) => {
    const { left, top, height } = element.getBoundingClientRect();
    const rows = Array.from({ length: 20 }, (_, i) => top + (height * (i + 0.5)) / 20);
    const free = rows.filter((y) => element.contains(document.elementFromPoint(left + 12, y)));
    return free.length / rows.length;
  };
  const dark = root.dataset.theme === "dark";
  const probe = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const bytes = (css) => {
    probe.fillStyle = css;
    probe.fillRect(0, 0, 1, 1);
    return probe.getImageData(0, 0, 1, 1).data;
  };
  const colors = Object.fromEntries(styles.map(([style, light, night]) =>
    [style, bytes(dark ? night : light)]));
  const paper = bytes(getComputedStyle(root).getPropertyValue("--paper"));
  // Pixels that have more of a style's color than what steps back, which has 22 % of it.
  const colored = (frame) => {
    const counts = Object.fromEntries(styles.map(([style]) => [style, 0]));
    for (const canvas of frame.querySelectorAll("canvas")) {
      if (!canvas.width || !canvas.height) continue;
      const pen = canvas.getContext("2d");
      const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
      for (let i = 0; i < data.length; i += 4) {
        if (data[i + 3] < 90) continue;
        const alpha = data[i + 3] / 255;
        for (const style in colors) {
          let [along, all, off] = [0, 0, 0];
          const seen = [0, 1, 2].map((c) => alpha * (data[i + c] - paper[c]));
          const full = [0, 1, 2].map((c) => colors[style][c] - paper[c]);
          for (const c of [0, 1, 2]) (along += seen[c] * full[c]), (all += full[c] ** 2);
          const part = along / all;
          for (const c of [0, 1, 2]) off += (seen[c] - part * full[c]) ** 2;
          if (part > 0.3 && part < 1.2 && off < 1600) counts[style]++;
        }
      }
    }
    return counts;
  };
  const frames = [...root.querySelectorAll(":is(.plane, .model):not([hidden]) .frame")];
  const held = ({ points, shapes, counts }) => [points, shapes, counts].filter(Boolean);
  const numbers = (trace) =>
    Object.fromEntries(held(trace).map((name) => [name, Array.from(page.array(name) ?? [])]));
  const traces = answer.traces.filter(({ style }) => shows.includes(style));
  const claim = root.querySelector(`[data-claim="${name}"]`);
  const say = root.querySelector(".sticky .say");
  const readings = [...root.querySelectorAll(".meter, .formula")].map((element) =>
    [element.dataset.formula ? `formula.${element.dataset.formula}` : "meter",
      part(element.querySelector(".rows, .typeset")), element.classList.contains("lit")]);
  // Titles of planes over which the name of an axis is written.
  const written = [...root.querySelectorAll(".plane:not([hidden])")].filter((figure) => {
    const [title, axis] = [figure.querySelector("figcaption"), figure.querySelector(".axis.y")];
    const [box, name] = [title.getBoundingClientRect(), axis.getBoundingClientRect()];
    const text = document.createRange();
    text.selectNodeContents(title);
    return [...text.getClientRects()].some(({ left, right, top, bottom }) => {
      const [from, to] = [Math.max(left, box.left, name.left), Math.min(right, box.right)];
      const high = Math.min(bottom, name.bottom) - Math.max(top, name.top);
      return Math.min(to, name.right) - from > 1 && high > 2;
    });
  });
  return {
    k: page.k,
    written: written.map(({ dataset }) => dataset.plane),
    claim: [part(claim), read(claim)],
    say: [part(say), say.textContent === claim.textContent],
    readings,
    traces,
    arrays: Object.assign({}, ...traces.map(numbers)),
    planes: answer.planes.map(({ name, view }) => [name, view]),
    frames: frames.map((frame) => ({
      plane: frame.closest("figure").dataset.plane,
      part: part(frame),
      width: frame.getBoundingClientRect().width,
      colored: colored(frame),
    })),
  };
}"""
"""What is on the screen after a claim was pressed."""


def opened(page: Page, url: str, lesson: Lesson) -> None:
    """Open a lesson and wait for its first picture."""
    page.goto(url + lesson.name)
    page.wait_for_function("document.querySelector('.natgrad')?.natgrad", timeout=120_000)
    settle(page)


def pressed(page: Page, lesson: Lesson, name: str) -> list[str]:
    """Press a claim as a reader does; what of it is not seen then, each with the reason."""
    place = page.evaluate(FOUND, name)
    if not place:
        return ["it cannot be pressed: something lies over it"]
    page.mouse.click(*place)
    settle(page)
    found = faults(page, lesson, name)
    growing = page.locator(".progress:visible button", has_text="stop")
    while found and growing.count():  # it trains, or grows finer
        page.wait_for_timeout(200)
        settle(page)
        found = faults(page, lesson, name)
    return found


def faults(page: Page, lesson: Lesson, name: str) -> list[str]:
    """What of the claim that was pressed is not seen, or not lit, on the screen as it is."""
    shows, every = lesson.claims[name].shows, page_data(lesson)["styles"]
    styles = [
        [style, every[style]["light"], every[style]["dark"]] for style in shows if style in every
    ]
    look = page.evaluate(LOOK, [name, shows, styles])
    found = [f"an axis is named over the title of {plane}" for plane in look["written"]]
    if look["claim"][1] < 0.5:
        found.append("the sentence is covered or scrolled away")
    if look["say"][0] < 0.3 or not look["say"][1]:
        found.append("the sentence does not stand over the picture")
    readings = {id: (part, lit) for id, part, lit in look["readings"]}
    named = [what.removeprefix("plane.") for what in shows if what.startswith("plane.")]
    if named:
        look["frames"] = [frame for frame in look["frames"] if frame["plane"] in named]
    for what in shows:
        if what.startswith("plane."):
            continue  # the styles are looked for there
        if what not in readings:
            found += _unseen(look, what)
        elif readings[what][0] < WHOLE:
            found.append(f"{what}: {readings[what][0]:.0%} of it on the screen")
        elif not readings[what][1]:
            found.append(f"{what}: not lit")
    return found


def _unseen(look: dict[str, Any], style: str) -> Iterator[str]:
    """Why nothing of a style is seen; nothing if it is."""
    arrays: dict[str, Array] = {
        name: np.array(flat, float) for name, flat in look["arrays"].items()
    }
    views, said = dict(look["planes"]), []
    for frame in look["frames"]:
        traces = [t for t in look["traces"] if (t["plane"], t["style"]) == (frame["plane"], style)]
        least = LONG / max(frame["width"], 1)
        if not traces:
            continue
        # Lines of the ground and what is faint are thin; a map has colors of its own.
        ground = any(t["kind"] in ("lines", "bands", "heat") or t.get("faint") for t in traces)
        if not ground and not any(
            in_view(t, arrays, views[t["plane"]], int(look["k"]), least) for t in traces
        ):
            said.append(f"{style}: degenerate, or beyond the plane {frame['plane']}")
        elif frame["part"] < WHOLE:
            said.append(f"{style}: {frame['part']:.0%} of {frame['plane']} on the screen")
        elif not ground and frame["colored"][style] < COLORED:
            said.append(f"{style}: {frame['colored'][style]} lit pixels in {frame['plane']}")
        else:
            return
    yield from said[:1] or [f"{style}: not drawn"]


@contextmanager
def screen(browser: Browser, name: str) -> Iterator[Page]:
    """A page on one of the screens."""
    context = browser.new_context(**SCREENS[name], bypass_csp=True, reduced_motion="reduce")
    context.set_default_navigation_timeout(120_000)
    context.set_default_timeout(4_000)
    yield context.new_page()
    context.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Press them all, and print the table; how many faults there are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lessons", nargs="*", help="only these")
    parser.add_argument("--screen", choices=SCREENS, action="append", help="only this")
    chosen = parser.parse_args(arguments)
    total, server = 0, start_server()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS])
            print(f"{'lesson':18}{'screen':12}{'claims':>7}{'in view':>9}  faults")
            for name in chosen.lessons or list(lessons):
                lesson = lessons[name]
                for size in chosen.screen or SCREENS:
                    with screen(browser, size) as page:
                        opened(page, server.url, lesson)
                        wrong = {id: pressed(page, lesson, id) for id in lesson.claims}
                    wrong = {id: found for id, found in wrong.items() if found}
                    total += len(wrong)
                    good = len(lesson.claims) - len(wrong)
                    print(
                        f"{name:18}{size:12}{len(lesson.claims):7}{good:9}  {len(wrong)}",
                        flush=True,
                    )
                    for id, found in wrong.items():
                        print(f"    {id}: {'; '.join(found)}", flush=True)
    finally:
        server.stop()
    return total


if __name__ == "__main__":
    raise SystemExit(min(1, main()))
