"""``python -m tests.mutation``: plant each fault in a copy, run its laws, say whether they fail."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.mutation.mutants import FAULTS, Fault

ROOT = Path(__file__).resolve().parents[2]
TIME_LIMIT = 10.0
"""How many times longer than its laws took unharmed a copy may take before it is stopped."""


class Verdict(NamedTuple):
    """What a copy's laws said."""

    word: str
    """``hold``, ``fail``, ``crash`` (a signal ended the process, as a write outside a buffer does),
    ``no end``, or ``broken`` (nothing could be tried)."""
    seconds: float


def try_laws(folder: Path, laws: tuple[str, ...], time_limit: float | None = None) -> Verdict:
    """Run these laws in this copy."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-p", "no:cacheprovider"]
    files = [f"tests/engine/test_{law}.py" for law in laws]
    env = {**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}
    began = time.perf_counter()
    try:
        done = subprocess.run(
            [*command, *files], cwd=folder, env=env, capture_output=True, timeout=time_limit
        )
    except subprocess.TimeoutExpired:
        return Verdict("no end", time.perf_counter() - began)
    word = {0: "hold", 1: "fail"}.get(done.returncode, "crash" if done.returncode < 0 else "broken")
    return Verdict(word, time.perf_counter() - began)


def copy(into: Path) -> None:
    """What the laws need, copied."""
    for name in ("natgrad_core", "tests", "app"):
        shutil.copytree(ROOT / name, into / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", into)


def plant(fault: Fault, folder: Path) -> None:
    """Make this copy wrong in one place."""
    path = folder / "natgrad_core" / fault.file
    text = path.read_text()
    if text.count(fault.old) != 1:
        raise SystemExit(f"{fault.file}: {fault.old!r} does not stand there exactly once")
    path.write_text(text.replace(fault.old, fault.new))


def in_a_copy(laws: tuple[str, ...], fault: Fault | None, time_limit: float | None) -> Verdict:
    """What the laws say of a fresh copy, with this fault or with none."""
    with tempfile.TemporaryDirectory(prefix="fault_") as name:
        copy(Path(name))
        if fault:
            plant(fault, Path(name))
        return try_laws(Path(name), laws, time_limit)


def main() -> int:
    """Run them all, or those whose file holds ``--only``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", default="", help="faults in files with this in their name")
    options = parser.parse_args()
    chosen = [fault for fault in FAULTS if options.only in fault.file]
    laws = sorted({law for fault in chosen for law in fault.laws})
    seconds: dict[str, float] = {}
    with ThreadPoolExecutor(options.jobs) as pool:
        # A copy with no fault must pass, or every fault would seem caught.
        alone = pool.map(lambda law: in_a_copy((law,), None, None), laws)
        for law, verdict in zip(laws, alone, strict=True):
            seconds[law] = verdict.seconds
            print(f"{verdict.word:7}  no fault, {law}.py ({verdict.seconds:.0f} s)", flush=True)
            if verdict.word != "hold":
                raise SystemExit("The laws fail with no fault planted: nothing can be said of one")

        def found(fault: Fault) -> Verdict:
            return in_a_copy(
                fault.laws, fault, TIME_LIMIT * sum(seconds[law] for law in fault.laws)
            )

        words: Counter[str] = Counter()
        for fault, verdict in zip(chosen, pool.map(found, chosen), strict=True):
            word = "ESCAPED" if verdict.word == "hold" else verdict.word
            words[word] += 1
            print(f"{word:7}  {fault.file}: {fault.new!r} ({verdict.seconds:.0f} s)", flush=True)
    caught = words["fail"] + words["crash"] + words["no end"]
    print(
        f"{caught} of {len(chosen)} faults caught: a law failed at {words['fail']}, "
        f"the process crashed at {words['crash']}, never came to an end at {words['no end']}"
    )
    return 0 if caught == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
