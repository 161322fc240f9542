"""Readers at work while everything around them fails: ``make chaos``, which prints a table.

Each fault is made while the readers drag. A fault is survived if every reader goes on afterwards
with the state that it had, perhaps with another kernel; what is lost in between is counted.
After the last one no kernel may be left over, and the server's memory is what it was.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.readers import pss
from tests.support.servers import Page, Server, children, start, wait_until

BACK = 240.0
"""Seconds within which every reader has to be back after a fault. A kernel that stands still is
given ``SILENT`` seconds (natgrad_lecture/server/server.py) before the server ends it."""


@dataclass
class Reader:
    """A reader who drags, and comes back as the page does when the line is lost."""

    url: str
    seed: int
    answers: int = 0
    lost: int = 0
    """Times that the line or the kernel was lost."""

    refused: int = 0
    """Times that a page was not to be had at once."""

    wrong: list[str] = field(default_factory=list)
    """What must not be: a state that was lost."""

    last: float = 0.0

    def run(self, until: threading.Event) -> None:
        """Drag until told to stop."""
        rng = random.Random(self.seed)
        page: Page | None = None
        steps = 20 + self.seed  # which no fault may lose
        while not until.is_set():
            try:
                if page is None:
                    page = self._come(steps)
                page.ask(rate=rng.uniform(0.01, 0.05))
                if page.state["steps"] != steps:
                    self.wrong.append(f"steps {page.state['steps']}, not {steps}")
                self.answers += 1
                self.last = time.monotonic()
                time.sleep(0.05)
            except Exception:  # whatever it is, the reader comes back
                if page is not None:
                    self.lost += 1
                    with contextlib.suppress(Exception):
                        page.hang_up()
                else:
                    self.refused += 1
                page = None
                time.sleep(0.5)
        if page is not None:
            with contextlib.suppress(Exception):
                page.goodbye()

    def _come(self, steps: int) -> Page:
        page = Page(self.url).fetch().connect()
        page.ask(steps=steps)
        return page


def kill_kernels(server: Server) -> None:
    """Half of the kernels are killed."""
    for kernel in server.kernels()[::2]:
        os.kill(kernel, signal.SIGKILL)


def kill_forks(server: Server) -> None:
    """The process that kernels are forked from is killed, and every kernel with it."""
    for pid in children(server.process.pid):
        os.kill(pid, signal.SIGKILL)


def stop_kernels(server: Server) -> None:
    """Half of the kernels stand still."""
    for kernel in server.kernels()[::2]:
        os.kill(kernel, signal.SIGSTOP)


def stop_forks(server: Server) -> None:
    """What forks stands still for five seconds."""
    stopped = children(server.process.pid)
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(5)
    for pid in stopped:
        os.kill(pid, signal.SIGCONT)


def slow_clients(server: Server) -> None:
    """Three hundred connections send half a request and wait."""
    host, port = server.url.split("/")[2].split(":")
    held = []
    for _ in range(300):
        with contextlib.suppress(OSError):
            one = socket.create_connection((host, int(port)), 2)
            one.sendall(b"GET / HTTP/1.1\r\nHost: ")
            held.append(one)
    time.sleep(3)
    for one in held:
        one.close()


def cut_sockets(server: Server) -> None:
    """Every connection of the server is cut (needs ``ss -K``, and root)."""
    port = server.url.split(":")[2].rstrip("/")
    subprocess.run(["ss", "-K", "sport", "=", f":{port}"], capture_output=True, check=False)


SET_CLOCK = """
import time

def later(clock, unit):
    def now():
        with open({path!r}) as said:
            return clock() + int(said.read() or 0) * unit
    return now

time.time, time.time_ns = later(time.time, 1), later(time.time_ns, 10**9)
"""
"""Stands before the time of day in every process of the server, as sitecustomize; monotonic
clocks go on, as they do when somebody sets a computer's clock.
"""


def clocks(folder: Path) -> tuple[dict[str, str], Callable[[Server], None]]:
    """A clock for the server, and the fault that sets it: a day on, then two days back."""
    said = folder / "clock"
    said.write_text("0")
    (folder / "sitecustomize.py").write_text(SET_CLOCK.format(path=str(said)))

    def jump(_server: Server) -> None:
        for seconds in ("86400", "-86400"):
            said.write_text(seconds)
            time.sleep(5)

    return {"PYTHONPATH": str(folder)}, jump


@contextlib.contextmanager
def small_disk() -> Iterator[Path]:
    """A folder on a disk of its own of 16 MB where that is allowed, else a plain one."""
    with tempfile.TemporaryDirectory(prefix="chaos_") as name:
        mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "none", name]
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
        try:
            yield Path(name)
        finally:
            if mounted:
                subprocess.run(["umount", "-l", name], check=False)


def full_disk(folder: Path) -> Callable[[Server], None]:
    """The disk of the temporary folder is full for five seconds."""

    def fill(_server: Server) -> None:
        if not os.path.ismount(folder):
            return
        ballast = folder / "ballast"
        with contextlib.suppress(OSError), ballast.open("wb") as file:
            while True:
                file.write(b"\0" * 2**20)
        time.sleep(5)
        ballast.unlink()

    return fill


def chaos(count: int, calm: float) -> bool:
    """Make each fault once among so many readers, ``calm`` seconds apart; True if all went well."""
    with small_disk() as folder, contextlib.ExitStack() as ends:
        clock, jump = clocks(Path(ends.enter_context(tempfile.TemporaryDirectory())))
        env = {"TMPDIR": str(folder), **clock}
        server = start(0, 2, f"--readers={2 * count}", "--gone=5", env=env)
        port = int(server.url.split(":")[2].rstrip("/"))
        readers = [Reader(server.url, seed) for seed in range(count)]
        stop = threading.Event()
        ends.callback(lambda: server.process.kill())
        ends.callback(stop.set)
        threads = [threading.Thread(target=one.run, args=(stop,), daemon=True) for one in readers]
        for thread in threads:
            thread.start()
        wait_until(lambda: all(one.answers for one in readers), BACK)
        time.sleep(calm)
        before = pss(server.process.pid)
        faults: list[tuple[str, Callable[[Server], None]]] = [
            ("kernels killed", kill_kernels),
            ("kernels stand still", stop_kernels),
            ("fork server killed", kill_forks),
            ("fork server stands still", stop_forks),
            ("slow clients", slow_clients),
            ("sockets cut", cut_sockets),
            ("disk full", full_disk(folder)),
            ("clock set", jump),
        ]
        print(f"{count} readers")
        print("| fault | lines lost | refusals | all back after s | states lost |")
        print("|---|---|---|---|---|", flush=True)
        well = True
        for name, fault in faults:
            well &= _try(name, lambda fault=fault: fault(server), readers)
            time.sleep(calm)

        def again() -> None:
            nonlocal server
            server.process.kill()
            server.process.communicate()
            server = start(port, 2, f"--readers={2 * count}", "--gone=5", env=env)

        well &= _try("server killed", again, readers)
        time.sleep(calm)
        stop.set()
        for thread in threads:
            thread.join(60)
        try:
            wait_until(lambda: len(server.kernels()) <= 2, 60, 0.5)
            left = 0
        except AssertionError:
            left = len(server.kernels()) - 2
        after = pss(server.process.pid)
        began = time.monotonic()
        server.stop()
        ended = time.monotonic() - began
        files = [path.name for path in folder.glob("natgrad_*")]
        print(f"kernels left over: {left}; folders left: {files}; ended in {ended:.1f} s")
        answers = sum(one.answers for one in readers)
        print(f"the server's memory: {before:.0f} MB, then {after:.0f} MB; {answers} answers")
        return well and not left and not files and after < 1.5 * before


def _try(name: str, fault: Callable[[], None], readers: list[Reader]) -> bool:
    """Make a fault, wait until all readers are back, and print a line of the table."""
    lost, refused = (sum(getattr(one, key) for one in readers) for key in ("lost", "refused"))
    fault()
    built = time.monotonic()
    back = True
    try:
        wait_until(lambda: all(one.last > built for one in readers), BACK, 0.1)
    except AssertionError:
        back = False
    took = time.monotonic() - built
    wrong = [line for one in readers for line in one.wrong]
    lost = sum(one.lost for one in readers) - lost
    refused = sum(one.refused for one in readers) - refused
    said = f"{took:.1f}" if back else "NOT all"
    print(f"| {name} | {lost} | {refused} | {said} | {len(wrong)} |", flush=True)
    return back and not wrong


def main() -> None:
    """Run, and say whether every fault was survived."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("--readers", type=int, default=30, help="at a time (30)")
    parser.add_argument("--calm", type=float, default=5.0, help="seconds between two faults (5)")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was begun is ended
    well = chaos(options.readers, options.calm)
    print("every fault was survived" if well else "NOT every fault was survived")
    sys.exit(not well)


if __name__ == "__main__":
    main()
