"""Shared by the benchmarks of neural networks: time, memory, Markdown tables, targets."""

from __future__ import annotations

import ctypes
import math
import multiprocessing
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path


def say(text: str = "") -> None:
    """Print at once, also into a pipe."""
    print(text, flush=True)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table in Markdown."""
    say("| " + " | ".join(head) + " |")
    say("|" + " --- |" * len(head))
    for row in rows:
        say("| " + " | ".join(row) + " |")
    say()


LONG = 2.0
"""CPU seconds beyond which a call is timed only once, because warming up is a small part of it."""


def clock(act: Callable[[], object], budget: float = 2.0, least: int = 3) -> float:
    """Return the least CPU seconds of several calls."""
    began = time.process_time()
    act()
    first = time.process_time() - began
    if first > LONG:
        return first
    best, began, calls = math.inf, time.perf_counter(), 0
    while calls < least or (time.perf_counter() - began < budget and calls < 200):
        at = time.process_time()
        act()
        best, calls = min(best, time.process_time() - at), calls + 1
    return best


def memory(act: Callable[[], object]) -> float:
    """Return the MiB that one call adds to the peak resident set, in a child process (Linux)."""

    def resident(key: str) -> float:
        line = next(x for x in Path("/proc/self/status").read_text().splitlines() if key in x)
        return int(line.split()[1]) / 1024

    def child(pipe: Connection) -> None:
        ctypes.CDLL(None).malloc_trim(
            0
        )  # return freed memory, which the call could otherwise reuse unseen
        Path("/proc/self/clear_refs").write_text("5")
        before = resident("VmRSS")
        act()
        pipe.send(resident("VmHWM") - before)

    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=child, args=(theirs,))
    process.start()
    process.join()
    return max(ours.recv(), 0.0) if ours.poll() else math.nan


@dataclass(frozen=True)
class Target:
    """A target: our value, a baseline's value, and their ratio or our own value."""

    what: str
    ours: str
    baseline: str
    reached: float
    wanted: float
    most: bool = False
    """Whether ``wanted`` is an upper bound instead of a lower one."""

    @property
    def met(self) -> bool:
        """Whether the target is met; NaN is not."""
        return self.reached <= self.wanted if self.most else self.reached >= self.wanted


TARGETS: list[Target] = []


def aim(
    what: str, ours: str, baseline: str, reached: float, wanted: float, most: bool = False
) -> None:
    """Record a value for the table at the end."""
    TARGETS.append(Target(what, ours, baseline, reached, wanted, most))


def tell_targets() -> None:
    """Print all targets of this run in one table."""
    if not TARGETS:
        return
    say("## Targets\n")
    table(
        ["target", "ours", "baseline", "reached", "wanted", "met"],
        [
            [
                t.what,
                t.ours,
                t.baseline,
                f"{t.reached:.2f}",
                f"{'at most' if t.most else 'at least'} {t.wanted:g}",
                "yes" if t.met else "NO",
            ]
            for t in TARGETS
        ],
    )
