"""What this process may use of its machine: its processors, memory, processes and files.

A container, a service manager or a user's limits allow less than the machine has. Who counts the
machine lets in more readers than there is room for, and all of them suffer.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
UNLIMITED = 2**60
"""Version 1 of cgroups writes a number like this where there is no limit."""


def _folders(controller: str) -> Iterator[Path]:
    """The control groups that this process is in, its own first, then those around it."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, names, path = line.split(":", 2)
            if names and controller not in names.split(","):
                continue
            base = CGROUPS / controller if names else CGROUPS
            here = base / path.lstrip("/")
            yield from (folder for folder in (here, *here.parents) if folder.is_relative_to(base))


def _number(folder: Path, *names: str) -> int | None:
    """The number in the first of these files that is there; None without a limit."""
    for name in names:
        with contextlib.suppress(OSError, ValueError):
            found = int((folder / name).read_text().split()[0])
            return found if found < UNLIMITED else None
    return None


def _kept_aside(folder: Path) -> int:
    """Bytes of files that a group read and that the system gives up when memory is needed."""
    with contextlib.suppress(OSError, ValueError):
        said = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        return int(said.get("total_inactive_file", said.get("inactive_file", 0)))
    return 0


def _left(controller: str, limits: tuple[str, ...], used: tuple[str, ...]) -> Iterator[int]:
    """What each limit of this controller leaves."""
    for folder in _folders(controller):
        most = _number(folder, *limits)
        if most is not None:
            free = most - (_number(folder, *used) or 0) + _kept_aside(folder)
            yield max(0, min(most, free))


def memory_left() -> int:
    """Bytes that can still be had: of the machine, and of every group that bounds us."""
    import psutil

    files = ("memory.max", "memory.limit_in_bytes"), ("memory.current", "memory.usage_in_bytes")
    return min(psutil.virtual_memory().available, *_left("memory", *files), UNLIMITED)


def cores() -> int:
    """Processors that this process may use, one at least."""
    try:
        count = float(len(os.sched_getaffinity(0)))
    except AttributeError:  # macOS, Windows
        count = float(os.cpu_count() or 1)
    for folder in _folders("cpu"):
        with contextlib.suppress(OSError, ValueError):
            quota, period = map(int, (folder / "cpu.max").read_text().split())
            count = min(count, quota / period)
        quota, period = (_number(folder, f"cpu.cfs_{name}_us") for name in ("quota", "period"))
        if quota and period and quota > 0:
            count = min(count, quota / period)
    return max(1, round(count))


def processes_left() -> int:
    """Processes and threads that can still be started; a large number where nothing bounds them."""
    left = [UNLIMITED, *_left("pids", ("pids.max",), ("pids.current",))]
    with contextlib.suppress(ImportError, AttributeError):
        import resource

        soft, _ = resource.getrlimit(resource.RLIMIT_NPROC)
        if soft != resource.RLIM_INFINITY and os.getuid() != 0:  # root is not bound by it
            left.append(max(0, soft - _tasks_of_mine()))
    return min(left)


def _tasks_of_mine() -> int:
    """Threads of this user, which the limit of processes counts."""
    import psutil

    mine, count = os.getuid(), 0
    for process in psutil.process_iter(["uids", "num_threads"]):
        uids = process.info["uids"]
        if uids is not None and uids.real == mine:
            count += process.info["num_threads"] or 1
    return count
