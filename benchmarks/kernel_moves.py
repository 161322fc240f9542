"""Measure what a move of each slider costs the kernel, lesson by lesson, beside the first lesson.

CPU time of the thread that answers, without a page. Compare only figures of one run; to compare two
versions, run it in each of them by turns.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections.abc import Iterator
from typing import Any

from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.page_data import page_data
from natgrad_lecture.session import Live

FIRST = "coordinates"

WARM = 6
"""Moves before the first that counts: what they need is compiled aside meanwhile."""

PAUSE = 0.1
"""Seconds between two moves."""


def sliders(name: str) -> Iterator[tuple[str, float, float]]:
    """Yield each slider's field, and the least and the greatest value of its rail."""
    for group in page_data(lessons[name])["controls"]:
        for control in group["controls"]:
            found: dict[str, Any] = {**control}
            if found.get("min") is not None and found.get("max") is not None:
                yield found["field"], found["min"], found["max"]


def cost(name: str, field: str, low: float, high: float, moves: int) -> float | None:
    """Return the median milliseconds of a move; None where the slider cannot be moved so."""
    live, times = Live(lessons[name]), list[float]()
    answer, _ = live.respond({"ask": 0, "state": {}, "set": {}, "have": []})
    while more := answer.get("more"):  # a picture that grows: a move costs most when it is whole
        answer, _ = live.respond({"ask": 0, "state": answer["state"], "have": [], "fine": more})
    gc.collect()
    gc.freeze()  # as in the process that kernels are forked from
    whole = isinstance(lessons[name].values(lessons[name].first).get(field), int)
    for i in range(WARM + moves):
        share = 0.3 + 0.4 * i / (WARM + moves)
        value = low + (high - low) * share
        ask = {"ask": i + 1, "state": answer["state"], "have": []}
        began = time.thread_time()
        answer, _ = live.respond({**ask, "set": {field: round(value) if whole else value}})
        if i >= WARM:
            times.append(1000 * (time.thread_time() - began))
        if answer.get("errors"):
            return None
        time.sleep(PAUSE)
    return statistics.median(times)


def main() -> None:
    """Print a line for each slider of each lesson."""
    parser = argparse.ArgumentParser(description=__doc__)
    quick = [name for name in lessons if not lessons[name].slow]
    parser.add_argument("--only", nargs="*", default=quick, help="these lessons")
    parser.add_argument("--moves", type=int, default=9, help="of each slider")
    given = parser.parse_args()
    beside = max(cost(FIRST, *slider, given.moves) or 0 for slider in sliders(FIRST))
    print(f"{FIRST}: {beside:.1f} ms for a move of its slowest slider")
    for name in given.only:
        for field, low, high in sliders(name):
            found = cost(name, field, low, high, given.moves)
            if found is not None:
                print(f"{name:20} {field:40} {found:8.1f} ms {found / beside:6.2f}×", flush=True)


if __name__ == "__main__":
    main()
