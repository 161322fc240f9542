"""Measure a class whose readers arrive within ten seconds; a tenth drags at once: ``make load``.

Further parts: readers who wait in line for a full server, the memory of one user's server (for the
limits of JupyterHub), stock Voila with the same lesson (benchmarks/stock_voila.py), and instead of
all that a class that follows (benchmarks/followers.py).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import websocket_connect

from benchmarks.followers import measure
from benchmarks.readers import ARRIVE, OurReader, Readings, fetch, pss, quantile, visit
from tests.support.servers import Page, children, running, start, wait_until

AIM = {"p95": 0.5, "pss": 40.0}


class StockReader:
    """A reader of the same lesson under stock Voila: two FigureWidgets and a slider."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked = 0

    async def open(self) -> None:
        """Fetch the page, and ask for its widgets' states, as the stock front end does."""
        page = await fetch(f"{self.url}voila/render/stock.ipynb")
        found = re.search(r'"kernelId":\s*"([\w-]+)"', page)
        assert found, "no kernel in the page"
        url = f"{self.url}api/kernels/{found[1]}/channels?session_id={id(self)}"
        request = HTTPRequest(url.replace("http", "ws", 1), request_timeout=60)
        self.line = await websocket_connect(request, max_message_size=2**28)
        info = await self.say("comm_info_request", {"target_name": "jupyter.widget"}, "comm_info")
        self.slider = ""
        for comm in info["comms"]:
            content = {"comm_id": comm, "data": {"method": "request_state"}}
            state = (await self.say("comm_msg", content, "comm_msg"))["data"].get("state", {})
            if state.get("_model_name") == "FloatSliderModel" and state.get("max") == 0.1:
                self.slider = comm
        assert self.slider, "no slider"

    async def connect(self) -> None:
        """It is open."""

    async def say(self, kind: str, content: dict[str, Any], until: str) -> dict[str, Any]:
        """Send a message; return the reply of this kind."""
        self.asked += 1
        me = f"{id(self)}-{self.asked}"
        header = {"msg_id": me, "msg_type": kind, "session": "s", "username": "", "version": "5.3"}
        message = {
            "header": header,
            "parent_header": {},
            "metadata": {},
            "content": content,
            "buffers": [],
            "channel": "shell",
        }
        await self.line.write_message(json.dumps(message))
        while True:
            heard = await self.line.read_message()
            assert heard is not None, "the line was cut"
            if isinstance(heard, bytes):  # with buffers: the first part is the message
                count = int.from_bytes(heard[:4], "big")
                at = [int.from_bytes(heard[4 * i : 4 * i + 4], "big") for i in range(1, count + 1)]
                heard = heard[at[0] : at[1] if count > 1 else None].decode()
            reply = json.loads(heard)
            if reply["parent_header"].get("msg_id") != me:
                continue
            if until == "idle":
                if reply["content"].get("execution_state") == "idle":
                    return reply["content"]
            elif reply["header"]["msg_type"].startswith(until):
                return reply["content"]

    async def ask(self, rate: float) -> None:
        """Move the slider, and wait until the kernel has drawn."""
        data = {"method": "update", "state": {"value": rate}, "buffer_paths": []}
        await self.say("comm_msg", {"comm_id": self.slider, "data": data}, "idle")


def show(name: str, count: int, readings: Readings) -> None:
    """Print a line of the table."""
    row = [f"{1000 * quantile(readings.first, q):7.0f}" for q in (0.5, 0.95)]
    row += [f"{1000 * quantile(readings.answers, q):6.0f}" for q in (0.5, 0.95, 0.99)]
    weight = statistics.mean(readings.memory) if readings.memory else float("nan")
    print(
        f"| {name} | {count} | {' / '.join(row[:2])} | {' / '.join(row[2:])} "
        f"| {len(readings.answers)} | {weight:.0f} + {readings.shared:.0f} "
        f"| {len(readings.failures)} |",
        flush=True,
    )
    for failure in sorted(set(readings.failures)):
        print(f"    failed: {failure} ({readings.failures.count(failure)} times)")


def ours(count: int, seconds: float, pool: int, line: int = 0) -> Readings:
    """Measure ``count`` readers of our server, which is then full."""
    server = start(0, pool, f"--readers={count}")
    wait_until(lambda: server.metric("pool") == min(pool, count), 300, pause=1)
    try:
        return asyncio.run(visit(OurReader, server.url, count, seconds, server.process.pid, line))
    finally:
        server.stop()


def one_user() -> tuple[float, float, float]:
    """Return the memory of a server for one user, in MB: with two pages without networks, with a
    page of a network beside them, and with only that page.
    """

    def weight() -> float:
        below = children(server.process.pid)
        return sum(map(pss, [server.process.pid, *below, *(k for z in below for k in children(z))]))

    with running(pool=1) as server:
        plane = [Page(server.url).open() for _ in range(2)]
        for page in plane:
            page.ask(rate=0.03)
        two = weight()
        net = Page(server.url, "net").open()
        net.ask(rate=0.3)
        three = weight()
        for page in plane:
            page.goodbye()
        wait_until(lambda: server.metric("readers") == 1)
        return two, three, weight()


def stock(count: int, seconds: float) -> Readings:
    """Measure ``count`` readers of stock Voila."""
    folder = Path(tempfile.mkdtemp())
    code = "from benchmarks.stock_voila import lesson\nlesson()"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cell = nbformat.v4.new_code_cell(code)
    book = nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": kernel})
    nbformat.write(book, folder / "stock.ipynb")
    root = str(Path(__file__).resolve().parents[1])
    log = (folder / "log").open("w")
    command = [sys.executable, "-m", "voila", str(folder), "--no-browser", "--port=8877"]
    process = subprocess.Popen(
        command, stdout=log, stderr=log, env={**os.environ, "PYTHONPATH": root}
    )
    try:
        url = _address(folder / "log")
        return asyncio.run(visit(StockReader, url, count, seconds, process.pid))
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
        log.close()
        shutil.rmtree(folder)


def _address(log: Path) -> str:
    for _ in range(600):
        if found := re.search(r"https?://[\w.]+:(\d+)/", log.read_text()):
            return f"http://127.0.0.1:{found[1]}/"
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def main() -> None:
    """Run and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.many_readers", description=__doc__)
    parser.add_argument("--readers", type=int, nargs="*", default=[10, 50, 100])
    parser.add_argument("--line", type=int, default=50, help="readers of a full house (50)")
    parser.add_argument("--stock", type=int, nargs="*", default=[10], help="readers of stock Voila")
    parser.add_argument("--seconds", type=float, default=120, help="how long they stay (120)")
    parser.add_argument("--pool", type=int, default=100, help="kernels that wait (100)")
    parser.add_argument("--follow", type=int, nargs="*", help="only classes of so many followers")
    parser.add_argument("--alone", type=int, default=0, help="readers on their own beside them (0)")
    options = parser.parse_args()
    random.seed(7)

    if options.follow is not None:
        met = measure(options.follow or [100, 1000], options.alone, AIM["p95"])
        print(f"The aim of a class: {'met' if met else 'NOT met'}")
        sys.exit(not met)
    AsyncHTTPClient.configure(None, max_clients=10_000)
    cores = os.cpu_count()
    print(f"{cores} cores; all arrive within {ARRIVE:g} s; a tenth drags at once")
    print("| | readers | first picture p50 / p95 ms | drag p50 / p95 / p99 ms | drags |", end="")
    print(" PSS a reader + shared MB | failures |\n|---|---|---|---|---|---|---|", flush=True)
    met = True
    for count in options.readers:
        readings = ours(count, options.seconds, options.pool)
        show("the lessons", count, readings)
        met &= not readings.failures and quantile(readings.answers, 0.95) < AIM["p95"]
        met &= statistics.mean(readings.memory) < AIM["pss"]
    if options.line:
        readings = ours(options.line, options.seconds, options.pool, options.line)
        show("the lessons, full, as many in line", options.line, readings)
        met &= not readings.failures
    for count in options.stock:
        show("stock Voila", count, stock(count, options.seconds))
    two, three, net = one_user()
    print(
        f"one user's server: {two:.0f} MB with two pages on the plane, {three:.0f} MB with a net's"
        f" page beside them, {net:.0f} MB with that alone"
    )
    aim = f"none lost, p95 under {1000 * AIM['p95']:.0f} ms, under {AIM['pss']:.0f} MB a reader"
    print(f"The aim ({aim}): {'met' if met else 'NOT met'}")
    sys.exit(not met)


if __name__ == "__main__":
    main()
