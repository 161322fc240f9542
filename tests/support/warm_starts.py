"""The servers of tests start as forks of one process that has imported what they need.

To import what a server needs takes two seconds of a processor, and so does what its kernels are
forked from. The tests start some fifty servers, so each process that runs tests starts one that
waits with all of it imported: ``python -m tests.support.warm_starts SOCKET``. Who connects to its
socket says what shall run, and hands over where it writes; a fork of the process becomes that.
``tests/packaging/test_wheel.py`` starts the real command.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO

from natgrad_lecture.server import fork_server

PATH = ""
"""Where the process listens: set in each server that starts from it."""

ROOT = Path(__file__).resolve().parents[2]


class Forked:
    """A process that was forked for us: what of ``subprocess.Popen`` the tests use."""

    def __init__(self, line: socket.socket, pid: int, stdout: IO[str] | None) -> None:
        self.line = line
        self.pid = pid
        self.stdout = stdout
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return its exit status, or None while it runs."""
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended."""
        code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return code

    def _look(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self.line], [], [], timeout)[0]:
            said = self.line.recv(4096)
            self.returncode = json.loads(said)["ended"] if said else -signal.SIGKILL
            self.line.close()
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, None]:
        """Return what it still writes, until it has ended."""
        text: list[str] = []
        if self.stdout and not self.stdout.closed:
            stdout = self.stdout
            reader = threading.Thread(target=lambda: text.append(stdout.read()), daemon=True)
            reader.start()
            reader.join(timeout)
            if reader.is_alive():
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            stdout.close()
        self.wait(timeout)
        return "".join(text), None

    def send_signal(self, signum: int) -> None:
        """Send it a signal, if it still runs."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signum)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


def begin(
    program: str,
    arguments: Sequence[str],
    env: Mapping[str, str],
    fds: Sequence[int],
    stdout: IO[str] | None = None,
) -> Forked:
    """Let a fork of the process at ``PATH`` run a program.

    Args:
        program: Its source.
        arguments: What it finds in ``sys.argv[1:]``.
        env: Its environment.
        fds: Its standard output and standard error, and what it keeps besides, whose numbers there
            follow the arguments.
        stdout: The end of its output that we read.
    """
    line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    line.connect(PATH)
    asked = {"program": program, "arguments": [*arguments], "env": {**env}}
    socket.send_fds(line, [json.dumps(asked).encode()], [*fds])
    return Forked(line, json.loads(line.recv(4096))["pid"], stdout)


def run(
    program: str,
    arguments: Sequence[str],
    env: Mapping[str, str] | None = None,
    stderr: IO[str] | None = None,
) -> Forked:
    """Let a fork run a program; what it writes is at ``stdout``.

    Its errors are there too, unless ``stderr`` is where they go; ``env`` is added to our
    environment.
    """
    start()
    known = f"from tests.support import warm_starts\nwarm_starts.PATH = {PATH!r}"
    read, write = os.pipe()
    fds = (write, stderr.fileno() if stderr else write)
    try:
        given = {**os.environ, **(env or {})}
        return begin(f"{known}\n{program}", arguments, given, fds, os.fdopen(read))
    finally:
        os.close(write)


FORK_SERVER = """
import sys
from natgrad_lecture.server import fork_server

fork_server.IDLE = 3600
fork_server.main(int(sys.argv[-1]), "--nets" in sys.argv)
"""
"""What kernels are forked from, in a server of a test (see tests/support/cold_forks.py)."""


def start_fork_server(channel: socket.socket, nets: bool, env: dict[str, str]) -> Forked:
    """Stand in for the function of this name in a server that was forked itself."""
    return begin(FORK_SERVER, ["--nets"] * nets, env, (1, 2, channel.fileno()))


FIRST = """
from natgrad_lecture.server import fork_client
fork_client.start_fork_server = warm_starts.start_fork_server
"""
"""What a server that was forked does first."""


def forked_for(parent: int) -> list[int]:
    """The processes that were forked for this one, and that still are."""
    if not PATH:
        return []
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as line:
        line.connect(PATH)
        line.send(json.dumps({"forked_for": parent}).encode())
        return json.loads(line.recv(65536))


@cache
def start() -> None:
    """Start the process whose forks our servers become; it ends when we do."""
    global PATH
    folder = tempfile.TemporaryDirectory(prefix="natgrad-warm-")
    path = f"{folder.name}/socket"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.warm_starts", path],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"
    PATH = path
    _KEPT.extend((process, folder))


_KEPT: list[object] = []
"""The pipe whose end tells the process that we have gone, and the folder of its socket."""


class WarmProcess:
    """What waits in the process, and forks."""

    def __init__(self, path: str) -> None:
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(path)
        self.listener.listen(64)
        self.wake, self._wake = socket.socketpair()
        self.lines: dict[int, socket.socket] = {}
        self.parents: dict[int, int] = {}
        for end in (self.wake, self._wake):
            end.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)

    def run(self) -> None:
        """Fork until the tests are gone; then end what is left."""
        while True:
            ready, _, _ = select.select([self.listener, self.wake, sys.stdin], [], [])
            if sys.stdin in ready:
                break
            if self.wake in ready:
                self.reap()
            if self.listener in ready:
                self.hear(self.listener.accept()[0])
        for pid in self.lines:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def reap(self) -> None:
        """Say of each child that has ended how it did."""
        with contextlib.suppress(BlockingIOError):
            self.wake.recv(4096)
        while self.lines:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            del self.parents[pid]
            with self.lines.pop(pid) as line, contextlib.suppress(OSError):
                line.send(json.dumps({"ended": os.waitstatus_to_exitcode(status)}).encode())

    def hear(self, line: socket.socket) -> None:
        """Do what somebody asks."""
        said, fds, _, _ = socket.recv_fds(line, 1 << 20, 16)
        asked = json.loads(said)
        if "forked_for" in asked:
            found = [pid for pid, of in self.parents.items() if of == asked["forked_for"]]
            line.send(json.dumps(found).encode())
            line.close()
            return
        peer = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        pid = os.fork()
        if pid == 0:
            line.close()
            self.become(fds, **asked)  # and it does not come back
        for fd in fds:
            os.close(fd)
        self.lines[pid], self.parents[pid] = line, struct.unpack("3i", peer)[0]
        line.send(json.dumps({"pid": pid}).encode())

    def become(
        self, fds: list[int], program: str, arguments: list[str], env: dict[str, str]
    ) -> None:
        """Run a program as a fresh interpreter would, and end."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for each in (self.listener, self.wake, self._wake, *self.lines.values()):
                each.close()
            os.setsid()
            os.environ.clear()
            os.environ.update(env)
            tempfile.tempdir = None  # it is where the environment says
            out, error, *kept = fds
            for fd, number in ((os.open(os.devnull, os.O_RDONLY), 0), (out, 1), (error, 2)):
                os.dup2(fd, number)
                os.close(fd)
            sys.stdout = sys.__stdout__ = os.fdopen(1, "w", closefd=False)
            sys.stderr = sys.__stderr__ = os.fdopen(2, "w", buffering=1, closefd=False)
            sys.argv = ["-c", *arguments, *map(str, kept)]
            exec(compile(program, "<a program of a test>", "exec"), {"__name__": "__main__"})
            code = 0
        except SystemExit as end:
            if isinstance(end.code, str):
                print(end.code, file=sys.stderr)
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            traceback.print_exc()
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
            os._exit(code)


def main(path: str) -> None:
    """Import what servers need, warm what their kernels are forked from, and wait."""
    sys.modules["debugpy"] = None  # pyright: ignore[reportArgumentType]  # as a fork server does
    for name in ("natgrad_lecture.server.server", *fork_server.NEEDED):
        importlib.import_module(name)
    assert threading.active_count() == 1, "a fork copies the thread alone that calls it"
    warm = WarmProcess(path)
    fork_server.warm("coordinates", nets=False)
    fork_server.freeze()
    print("ready", flush=True)
    warm.run()


if __name__ == "__main__":
    main(sys.argv[1])
