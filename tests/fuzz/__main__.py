"""``make fuzz``: a hundred thousand hostile asks, shared among the lessons."""

from __future__ import annotations

import argparse
import time

from natgrad_lecture.lessons import lessons
from tests.fuzz.examine import fuzz, fuzz_states
from tests.fuzz.visits import visit

ACTS = 25
"""What a reader does in a visit."""


def main() -> None:
    """Try them all, and say how many were tried."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("cases", type=int, nargs="?", default=100_000, help="how many (100000)")
    parser.add_argument("--lesson", choices=sorted(lessons), help="one lesson only")
    options = parser.parse_args()
    names = [options.lesson] if options.lesson else sorted(lessons)
    each = -(-options.cases // len(names))
    tried = 0
    for name in names:
        began = time.perf_counter()
        asked = fuzz(lessons[name], -(-each * 2 // 5))
        built = asked.cases + fuzz_states(lessons[name], -(-each // 2))
        if not lessons[name].slow:
            visits = max(1, each // 1000)
            visit(lessons[name], visits, ACTS)
            built += visits * ACTS
        tried += built
        print(f"{name}: {built} cases in {time.perf_counter() - began:.0f} s", flush=True)
        print(f"    the longest answer took {asked.seconds:.2f} s of computing: {asked.ask}")
    if tried < options.cases:
        raise SystemExit(f"only {tried} cases were tried, not {options.cases}")
    print(f"{tried} cases: no exception, no state lost")


if __name__ == "__main__":
    main()
