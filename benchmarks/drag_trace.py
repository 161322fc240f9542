"""Follow each ask of a drag through its links, from the browser's event to the canvas.

Prints the p50 and p95 of each link. The figures of a column do not add up to the last row, because
the slow moments of different links need not coincide. Two more drags are those of readers far away.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, Page, async_playwright

from benchmarks.frontend import (
    FLAGS,
    OURS,
    PAGE,
    ROOT,
    SLIDER,
    Drag,
    drag,
    drag_measured,
    load,
    middle,
    ours,
    visit,
)
from tests.support.chromium import chromium
from tests.support.long_line import long_line

AWAY = {0.02: 40, 0.1: 10}
"""Seconds to a server that is far away, each way, and the pictures a second that are aimed at."""

HOOKS = ROOT / "benchmarks" / "drag_trace_hooks"
"""The folder whose module notes the times in the server and in a kernel."""

# In the page, beside what every benchmark watches; all as wall clock times in ms. `moves`: [event,
# handled]; `asks`: when each was sent; `answers`: [received, taken in]; `frames`: when a frame's
# callbacks began; `clears`: when a canvas was cleared, with which its drawing begins.
TRACE = """
window.trace = { moves: [], asks: [], answers: [], frames: [], clears: [] };
const wall = (time = performance.now()) => performance.timeOrigin + time;
on(RAW, (e) => bench.down && trace.moves.push([wall(e.timeStamp), wall()]));
const noted = WebSocket.prototype.send;
const known = new WeakSet();
WebSocket.prototype.send = function (data) {
  trace.asks.push(wall());
  noted.call(this, data);
  if (known.has(this)) return;
  known.add(this);
  // Later than the page's own listener, so that the answer is taken in, and mostly drawn.
  this.addEventListener("message", (e) => trace.answers.push([wall(e.timeStamp), wall()]));
};
const next = window.requestAnimationFrame;
window.requestAnimationFrame = (draw) =>
  next((time) => {
    trace.frames.push(wall());
    draw(time);
  });
const cleared = CanvasRenderingContext2D.prototype.clearRect;
CanvasRenderingContext2D.prototype.clearRect = function (...place) {
  trace.clears.push(wall());
  cleared.apply(this, place);
};
"""

LINKS = (
    ("browser event", "event", "handled"),
    ("queue", "handled", "sent"),
    ("websocket, there", "sent", "server in"),
    ("server to kernel", "server in", "kernel in"),
    ("engine", "", "engine"),
    ("figure", "", "figure"),
    ("encode", "", "encode"),
    ("kernel to server", "kernel out", "server out"),
    ("websocket, back", "server out", "received"),
    ("decode", "received", "taken"),
    ("wait for a frame", "taken", "frame"),
    ("canvas", "frame", "drawn"),
    ("event to canvas", "event", "drawn"),
)
"""The links of the chain: a name, where it begins and ends; or a name and a length."""


def noted(folder: Path) -> dict[int, dict[str, float]]:
    """Return what the server and the kernel noted of each ask: times in ms, and lengths in ms."""
    found: dict[int, dict[str, float]] = defaultdict(dict)
    for file in folder.glob("*.jsonl"):
        for line in file.read_text().splitlines():
            ask, link, value = json.loads(line)
            found[ask][link] = 1000 * value
    for times in found.values():
        if {"kernel in", "kernel out", "answer", "engine"} <= times.keys():
            times["figure"] = times["answer"] - times["engine"]
            times["encode"] = times["kernel out"] - times["kernel in"] - times["answer"]
    return found


async def traced(
    browser: Browser, url: str, folder: Path, seconds: float
) -> tuple[list[dict[str, float]], int]:
    """Drag the first lesson's slider; return the times of each move whose answer was drawn, and how
    many moves there were.
    """
    async with visit(browser, url, TRACE, "natgrad:first-picture") as (page, _):
        await asyncio.sleep(5)
        handle, reach = await place(page)
        before = await page.evaluate(f"{PAGE}.stats.asks")
        for file in folder.glob("*.jsonl"):
            file.unlink()
        await page.evaluate("Object.values(trace).forEach((list) => (list.length = 0))")
        await drag(page, handle, reach, seconds)
        seen = await page.evaluate("trace")
        origin = await page.evaluate("performance.timeOrigin")
        drawn = await page.evaluate(f"{PAGE}.stats.drawn")
    there = noted(folder)
    rows = []
    for i, (sent, (received, taken)) in enumerate(zip(seen["asks"], seen["answers"], strict=False)):
        ask = before + 1 + i
        shown = origin + drawn.get(str(ask), float("nan"))
        # The moves of which this ask is the answer.
        since = seen["asks"][i - 1] if i else 0.0
        moves = [move for move in seen["moves"] if since - 0.2 < move[1] <= sent + 0.2]
        begun = drawing(seen, received, taken, shown)
        if not begun or "encode" not in there[ask] or "server out" not in there[ask]:
            continue
        ends = {"sent": sent, "received": received, "drawn": shown} | begun
        for event, handled in moves:
            rows.append({**there[ask], **ends, "event": event, "handled": handled})
    return rows, len(seen["moves"])


def drawing(seen: dict[str, Any], received: float, taken: float, shown: float) -> dict[str, float]:
    """Return when an answer was decoded and when its drawing began; nothing if it was not drawn.

    Mostly it is drawn as it comes, before the message's listeners have ended; else in a frame.
    """
    if shown <= taken:
        begun = next((when for when in seen["clears"] if received <= when <= shown), shown)
        return {"taken": begun, "frame": begun}
    frames = [when for when in seen["frames"] if taken <= when <= shown]
    return {"taken": taken, "frame": frames[-1]} if frames else {}


def table(rows: list[dict[str, float]]) -> list[tuple[str, float, float]]:
    """Return name, p50 and p95 of each link, in ms."""
    found = []
    for name, begin, end in LINKS:
        waits = sorted(row[end] - (row[begin] if begin else 0.0) for row in rows)
        found.append((name, statistics.median(waits), waits[int(0.95 * (len(waits) - 1))]))
    return found


async def place(page: Page) -> tuple[tuple[float, float], float]:
    """Return where the first lesson's slider can be taken, and how far it is dragged."""
    x, y, width = await middle(page, SLIDER)
    at = float(await page.locator(SLIDER).first.input_value())
    return (x + 8 + at * (width - 16), y), 0.3 * width


async def far_away(browser: Browser, url: str, away: float, seconds: float) -> Drag:
    """Drag the first lesson's slider on a line that takes so long each way."""
    near = urlsplit(url)
    assert near.port
    with long_line(near.port, away) as port:
        there = near._replace(netloc=f"127.0.0.1:{port}").geturl()
        async with visit(browser, there, OURS, "natgrad:first-picture") as (page, _):
            await asyncio.sleep(5)
            handle, reach = await place(page)
            await drag_measured(page, handle, reach, 3)  # it learns how long the line is
            handle, reach = await place(page)
            return await drag_measured(page, handle, reach, seconds)


async def bench(seconds: float) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        env = {"NATGRAD_TRACE": name, "PYTHONPATH": f"{HOOKS}:{ROOT}"}
        async with async_playwright() as playwright, ours(2, env) as url:
            browser = await playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
            rows, moves = await traced(browser, url, Path(name), seconds)
            drags = {away: await far_away(browser, url, away, seconds) for away in AWAY}
            await browser.close()
    print(f"{'link of a drag':20}{'p50':>8}{'p95':>8}")
    for link, p50, p95 in table(rows):
        print(f"{link:20}{p50:6.1f} ms{p95:5.1f} ms")
    for away, it in drags.items():
        print(
            f"{1000 * away:.0f} ms away each way: {it.rate:.1f} pictures a second "
            f"(target: {AWAY[away]}), event to canvas {it.p50:.0f} and {it.p95:.0f} ms "
            "(p50 and p95)"
        )
    at_once = sum(row["taken"] == row["frame"] for row in rows)
    print(
        f"# {len(rows)} of {moves} moves of the mouse, {at_once} of them drawn as the answer came; "
        f"{load()}"
    )


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6, help="how long the drag lasts")
    asyncio.run(bench(parser.parse_args().seconds))


if __name__ == "__main__":
    main()
