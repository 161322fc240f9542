"""Measure the CPU time that a picture of a drag costs each process.

On a machine whose cores are all busy a drag is as fast as its pictures are cheap. CPU time varies
less with the machine's load than latency does. Compare only figures of one session: a busy machine
makes fewer pictures, and the frames between them are counted with them.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import statistics
from collections import Counter

import psutil
from playwright.async_api import Browser, async_playwright

from benchmarks.drag_trace import place
from benchmarks.frontend import FLAGS, OURS, PAGE, drag, load, ours, visit
from tests.support.chromium import chromium


def part_of(command: list[str]) -> str:
    """Return which part of the whole a process of this command line is; empty if none."""
    line = " ".join(command)
    if "--remote-debugging-port" in line or "--type=" in line:
        kind = re.search(r"--type=([\w-]+)", line)
        return f"browser: {kind[1] if kind else 'main'}"
    return "server and kernels" if "natgrad_lecture" in line else ""


def spent() -> Counter[str]:
    """Return the CPU time of each part so far, in ms."""
    found: Counter[str] = Counter()
    for process in psutil.Process().children(recursive=True):
        try:
            part, times = part_of(process.cmdline()), process.cpu_times()
        except psutil.Error:
            continue  # It has ended.
        if part:
            found[part] += int(1000 * (times.user + times.system))
    return found


async def dragged(browser: Browser, url: str, seconds: float) -> dict[str, float]:
    """Drag the first lesson's slider; return the pictures a second, and ms of CPU a picture."""
    async with visit(browser, url, OURS, "natgrad:first-picture") as (page, _):
        await asyncio.sleep(5)  # until the pool has refilled
        handle, reach = await place(page)
        asks = await page.evaluate(f"{PAGE}.stats.asks")
        before = spent()
        await drag(page, handle, reach, seconds)
        after = spent()
        drawn = await page.evaluate(f"{PAGE}.stats.drawn")
    count = sum(int(ask) > asks for ask in drawn)
    costs = {part: (after[part] - before[part]) / count for part in after}
    return {"pictures a second": count / seconds} | costs


async def bench(drags: int, seconds: float) -> None:
    """Measure and print the median of each part."""
    async with async_playwright() as playwright, ours(2) as url:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        rows = [await dragged(browser, url, seconds) for _ in range(drags)]
        await browser.close()
    for part in rows[0]:
        value = statistics.median(row.get(part, 0.0) for row in rows)
        if value < 0.05:
            continue  # a process that started others and does nothing more
        print(f"{part:32}{value:8.1f}{'' if part == 'pictures a second' else ' ms a picture'}")
    print(f"# medians of {drags} drags of {seconds:.0f} s; {load()}")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--drags", type=int, default=3, help="how many drags")
    parser.add_argument("--seconds", type=float, default=5, help="how long each lasts")
    options = parser.parse_args()
    asyncio.run(bench(options.drags, options.seconds))


if __name__ == "__main__":
    main()
