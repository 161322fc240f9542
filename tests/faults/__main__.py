"""``python -m tests.faults``: plant each fault in a copy, run its laws, say whether they fail."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.faults.faults import FAULTS, Fault

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 600  # s: laws that never come back have noticed something too


def laws_fail(folder: Path, laws: tuple[str, ...]) -> bool:
    """Whether the laws fail in this copy."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-p", "no:cacheprovider"]
    files = [f"tests/laws/test_{law}.py" for law in laws]
    env = {**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            [*command, *files], cwd=folder, env=env, capture_output=True, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def copy(into: Path) -> None:
    """What the laws need, copied."""
    for name in ("natgrad_core", "tests", "app"):
        shutil.copytree(ROOT / name, into / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", into)


def caught(fault: Fault) -> bool:
    """Plant one fault in a fresh copy, and see whether its laws fail."""
    with tempfile.TemporaryDirectory(prefix="fault_") as name:
        folder = Path(name)
        copy(folder)
        path = folder / "natgrad_core" / fault.file
        text = path.read_text()
        if text.count(fault.old) != 1:
            raise SystemExit(f"{fault.file}: {fault.old!r} does not stand there exactly once")
        path.write_text(text.replace(fault.old, fault.new))
        return laws_fail(folder, fault.laws)


def main() -> int:
    """Run them all, or those whose file holds ``--only``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", default="", help="faults in files with this in their name")
    options = parser.parse_args()
    chosen = [fault for fault in FAULTS if options.only in fault.file]
    escaped = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for fault, found in zip(chosen, pool.map(caught, chosen), strict=True):
            escaped += not found
            print(f"{'caught ' if found else 'ESCAPED'}  {fault.file}: {fault.new!r}", flush=True)
    print(f"{len(chosen) - escaped} of {len(chosen)} faults caught")
    return 1 if escaped else 0


if __name__ == "__main__":
    sys.exit(main())
