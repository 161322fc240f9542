"""Readers come and go for an hour; the server's memory must not grow: ``make soak``."""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.support.servers import Page, Server, children, running, wait_until, zombies

GROWTH = 1.1
"""Largest allowed ratio of memory in the last fifth of the time to the second fifth (the first
warms up).
"""


@dataclass
class Report:
    """The measurements."""

    visits: int = 0
    asks: int = 0
    failures: list[str] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    files_before: int = 0
    files_after: int = 0
    left: int = 0
    zombies: list[int] = field(default_factory=list)

    def weight(self, fifth: int) -> float:
        """Return the median memory in a fifth of the time, in MB."""
        size = len(self.memory) / 5
        return statistics.median(self.memory[int(fifth * size) : int((fifth + 1) * size)])

    @property
    def flat(self) -> bool:
        """Whether memory did not grow."""
        return self.weight(4) <= GROWTH * self.weight(1)


def _files(server: Server) -> int:
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))  # noqa: PTH208


def _weight(server: Server) -> float:
    """Return the resident memory of the server and of what it forks from, in MB.

    Resident, not proportional: a page shared with a kernel would count for more when that ends.
    """
    pids = [server.process.pid, *children(server.process.pid)]
    return sum(psutil.Process(pid).memory_info().rss for pid in pids) / 1e6


def _settle(server: Server) -> None:
    """Wait until memory stands still: what is loaded in the first idle moment is no growth."""
    weights: list[float] = []

    def still() -> bool:
        weights.append(_weight(server))
        return len(weights) > 3 and weights[-1] < weights[-4] + 1

    wait_until(still, 60, 0.4)


def _visit(server: Server, until: float, report: Report, seed: int, pause: float) -> None:
    """Open a page, drag and leave, repeatedly: with or without the message that ends the kernel."""
    rng = random.Random(seed)
    while time.monotonic() < until:
        page = Page(server.url)
        try:
            page.open()
            for _ in range(rng.randint(1, 20)):
                page.ask(rate=rng.uniform(0.01, 0.05), damping=rng.uniform(0, 1))
                report.asks += 1
                time.sleep(rng.expovariate(1 / pause) if pause else 0)
            if rng.random() < 0.7:
                page.goodbye()
            report.visits += 1
        except Exception as error:
            report.failures.append(f"{type(error).__name__}: {error}"[:200])
        finally:
            page.hang_up()


def soak(
    seconds: float, readers: int, pause: float = 0.0, say: bool = False, gone: int = 10
) -> Report:
    """Let ``readers`` come and go at a time, with ``pause`` seconds on average between requests."""
    report = Report()
    with running(f"--gone={gone}", "--readers=1000", pool=1) as server:
        Page(server.url).open().goodbye()
        wait_until(lambda: len(server.kernels()) == 1)  # the warm one
        _settle(server)
        report.files_before = _files(server)
        until = time.monotonic() + seconds
        work = [
            threading.Thread(target=_visit, args=(server, until, report, seed, pause))
            for seed in range(readers)
        ]
        for each in work:
            each.start()
        while time.monotonic() < until:
            time.sleep(min(seconds / 20, 60))
            report.memory.append(_weight(server))
            if say:
                kernels = len(server.kernels())
                print(
                    f"{report.visits} visits, {report.memory[-1]:.0f} MB, {kernels} kernels",
                    flush=True,
                )
        for each in work:
            each.join()
        wait_until(lambda: len(server.kernels()) <= 1, 60, 0.5)
        report.left = len(server.kernels()) - 1
        wait_until(lambda: _files(server) <= report.files_before + 8, 20, 0.5)
        report.files_after = _files(server)
        below = children(server.process.pid)
        report.zombies = zombies(below + [k for z in below for k in children(z)])
        folders = list(Path("/tmp").glob("natgrad_*/kernel-*"))
        if say:
            print(f"{len(folders)} connection files in the temporary folders")
    return report


def main() -> None:
    """Run, and print whether memory grew."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--readers", type=int, default=5, help="at a time (5)")
    parser.add_argument("--pause", type=float, default=0.3, help="seconds between two asks (0.3)")
    options = parser.parse_args()
    report = soak(options.seconds, options.readers, options.pause, say=True)
    print(f"{report.visits} visits, {report.asks} asks, {len(report.failures)} failures")
    early, late = report.weight(1), report.weight(4)
    print(f"memory of the server and what it forks from: {early:.0f} MB, then {late:.0f} MB")
    print(
        f"open files: {report.files_before}, then {report.files_after}; zombies: {report.zombies}"
    )
    well = report.flat and not report.failures and not report.zombies
    print("flat" if report.flat else "NOT flat")
    sys.exit(not well)


if __name__ == "__main__":
    main()
