"""Measure the page on which a network learns, while a slider moves: ``make bench``.

A 2-16-16-2 network on 500 points, trained by the exact natural gradient: steps per second and the
delay of the slider. The slider belongs to a rule that does not run, so that training continues, and
each move is answered with a whole picture. Printed beside the engine alone in one process.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Awaitable

from playwright.async_api import Browser, async_playwright

from benchmarks.frontend import (
    FLAGS,
    OURS,
    PAGE,
    Drag,
    drag_measured,
    load,
    middle,
    ours,
    row,
    visit,
)
from tests.support.chromium import chromium

SLIDER = "input[type=range][data-field=nesterov]"
STATE = "net?v=1&data=spirals&rules=natural&steps=1000&damping=0.1"


def alone(steps: int = 120) -> float:
    """Return the steps per second of the same run without a page, the best of three."""
    from natgrad_core.nets import NetProblem, mlp, plane, rules, train
    from natgrad_core.nets.runtime.threads_and_malloc import settle

    settle()
    problem = NetProblem.of(mlp((2, 16, 16, 2)), plane("spirals", 500, 0.1, 0))
    found = []
    for _ in range(3):
        began = time.perf_counter()
        for _frame in train(problem, rules.natural(1.0, 0.1), steps=steps):
            pass
        found.append(steps / (time.perf_counter() - began))
    return max(found)


async def dragged(browser: Browser, url: str, seconds: float) -> tuple[float, float, Drag]:
    """Return the steps per second without and with a drag, and the delay of the drag."""
    async with visit(browser, url, OURS, "natgrad:first-picture") as (page, _):
        await page.wait_for_function(f"{PAGE}.answer.steps > 20", timeout=60_000)

        async def rate(act: Awaitable[object]) -> float:
            count, began = await page.evaluate(f"[{PAGE}.answer.steps, performance.now()]")
            await act
            more, ended = await page.evaluate(f"[{PAGE}.answer.steps, performance.now()]")
            return 1000 * (more - count) / (ended - began)

        free = await rate(asyncio.create_task(asyncio.sleep(2)))
        x, y, width = await middle(page, SLIDER)
        place = (x + 0.5 * width, y)
        moving = asyncio.create_task(drag_measured(page, place, 0.2 * width, seconds))
        return free, await rate(moving), await moving


async def bench(drags: int, seconds: float) -> None:
    """Measure and print."""
    engine = alone()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        async with ours(1) as url:
            place = url.replace("coordinates", STATE)
            found = [await dragged(browser, place, seconds) for _ in range(drags)]
        await browser.close()
    free = max(it[0] for it in found)
    busy = max(it[1] for it in found)
    lag = min((it[2] for it in found), key=lambda it: it.p95)
    print(f"{'exact natural steps, 2-16-16-2, N=500':34}", flush=True)
    row("steps a second, engine alone", engine, "", None, 0, "", False)
    row("steps a second, on the page", free, "", None, 0, "≥ 60", free >= 60)
    row("steps a second, a slider moving", busy, "", None, 0, "≥ 60", busy >= 60)
    row("slider: event to picture, p50", lag.p50, "ms", None, 0, "", False)
    row("slider: event to picture, p95", lag.p95, "ms", None, 0, "< 100 ms", lag.p95 < 100)
    row("slider: pictures a second", lag.rate, "", None, 0, "", False)
    print(f"# {drags} drags of {seconds:g} s, the best; {load()}")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--drags", type=int, default=2, help="drags of the slider")
    parser.add_argument("--seconds", type=float, default=4, help="how long a drag lasts")
    options = parser.parse_args()
    asyncio.run(bench(options.drags, options.seconds))


if __name__ == "__main__":
    main()
