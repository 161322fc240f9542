"""The process that kernels are forked from: it has imported what a page needs, and waits.

A child begins with all of that in memory, shared page by page with every other until one writes to
it: it starts in a fraction of a second and costs little of its own. ``gc.freeze`` keeps the garbage
collector's hands off the shared pages. Nothing here starts a thread, because a fork copies only the
one that calls it; a lesson that needs torch is refused here, and left to a second such process,
which loads it and warms those lessons.

We talk in lines of JSON over one socket, whose end is ours: when the server goes, for whatever
reason, so do the children and this process.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import random
import re
import select
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SLOW_IMPORTS = ("torch",)
"""What only the net lessons need."""

ONE_THREAD: dict[str, str] = {
    f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL")
}
"""Many kernels share few cores, and a process with threads must not fork."""

NEEDED = (
    "ipykernel.zmqshell",
    "natgrad_lecture.server.page_kernel",
    "ipykernel.debugger",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "tornado.platform.asyncio",
    "tornado.queues",
    "zmq.utils.garbage",
    "natgrad_lecture.lessons",
    "natgrad_lecture.export.kinds",
    "natgrad_lecture.widget",
)
"""What a kernel imports between its start and its first answer."""


IDLE, BUSY = 0.2, 2.0
"""Seconds without a request after which a lesson is warmed that nobody has asked for yet; and
after a kernel was started, whose reader waits for a page.
"""


class NeedsTorch(BaseException):
    """A lesson asked for what only the other process loads. No ``except Exception`` may hide it."""


class _Refuse:
    """An import hook that refuses SLOW_IMPORTS."""

    def find_spec(self, name: str, *_: object) -> None:
        if name in SLOW_IMPORTS:
            raise NeedsTorch(name)


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    hook = _Refuse()
    sys.meta_path.insert(0, hook)
    try:
        yield
    finally:
        sys.meta_path.remove(hook)


def warm(name: str, nets: bool) -> bool:
    """Compute a lesson's first picture, so that no child has to; True if it is one of the nets'.

    The steps that its runs trace are compiled too.
    """
    from natgrad_core.tracing.replay import ahead
    from natgrad_lecture.lessons import lessons
    from natgrad_lecture.lessons.page_data import page_data
    from natgrad_lecture.session import Live

    try:
        with contextlib.nullcontext() if nets else _refusing(), ahead():
            lesson = lessons[name]
            page_data(lesson)
            Live(lesson).respond({"ask": 0, "state": {}, "set": {}, "have": []})
    except NeedsTorch:
        return True
    except Exception:
        return False  # Its page will say what is wrong with it.
    return False


def freeze() -> None:
    """Leave what there is to the children as it is."""
    gc.collect()
    gc.freeze()


class ForkServer:
    """Forks a kernel for each line that asks for one, and says when a kernel has ended."""

    def __init__(self, channel: socket.socket, nets: bool) -> None:
        self.channel = channel
        self.nets = nets
        self.children: set[int] = set()
        self.cold: list[str] = []
        self.wake, wake = socket.socketpair()
        for end in (self.wake, wake):
            end.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        self._wake = wake
        self.buffer = b""

    def prepare(self) -> None:
        """Import what kernels need, and warm the first lesson; the others while nobody asks."""
        # The debugger takes a second to load, and nobody debugs a page.
        sys.modules["debugpy"] = None  # pyright: ignore[reportArgumentType]
        for name in NEEDED:
            importlib.import_module(name)
        if self.nets:
            for name in SLOW_IMPORTS:
                with contextlib.suppress(ImportError):
                    importlib.import_module(name)
        from natgrad_lecture.lessons import lessons

        ours = (name for name in lessons if lessons[name].slow or not self.nets)
        self.cold = sorted(ours, key=lambda name: lessons[name].order)
        if not self.nets:  # a reader waits for the other process
            self.warm_next()
        freeze()
        self.say(ready=os.getpid())

    def warm_next(self) -> None:
        """Warm one lesson, and say whether it is the nets'."""
        name = self.cold.pop(0)
        self.say(lesson=name, nets=warm(name, self.nets))

    def say(self, **words: Any) -> None:
        """Send one line."""
        self.channel.sendall(json.dumps(words).encode() + b"\n")

    def run(self) -> None:
        """Serve until the server is gone."""
        pause = IDLE
        while True:
            timeout = pause if self.cold else None
            ready, _, _ = select.select([self.channel, self.wake], [], [], timeout)
            if self.wake in ready:
                with contextlib.suppress(BlockingIOError):
                    self.wake.recv(4096)
                self.reap()
            if self.channel in ready:
                heard = self.channel.recv(65536)
                if not heard:
                    break
                *lines, self.buffer = (self.buffer + heard).split(b"\n")
                for line in lines:
                    self.start(**json.loads(line))
                pause = BUSY
            elif not ready:
                self.warm_next()
                freeze()
                pause = IDLE
        for pid in self.children:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)

    def reap(self) -> None:
        """Take leave of the children that ended."""
        while self.children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            self.children.discard(pid)
            self.say(ended=pid, code=os.waitstatus_to_exitcode(status))

    def start(self, key: str, argv: list[str], env: dict[str, str], cwd: str) -> None:
        """Fork one kernel."""
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:  # no process or no memory left: one visitor's trouble
            self.say(failed=key, error=f"{error.strerror} (errno {error.errno})")
            return
        if pid == 0:
            try:
                self._become_a_kernel(parent, argv, env, cwd)
            except BaseException as error:
                print(f"a kernel ended: {type(error).__name__}: {error}", file=sys.__stderr__)
            finally:
                os._exit(1)
        with contextlib.suppress(OSError):  # It was faster, and has ended.
            os.setpgid(pid, pid)  # Here too: a signal to its group is to find it from now on.
        self.children.add(pid)
        self.say(started=key, pid=pid)

    def _become_a_kernel(self, parent: int, argv: list[str], env: dict[str, str], cwd: str) -> None:
        os.setpgid(0, 0)
        die_with(parent)
        signal.set_wakeup_fd(-1)
        for signum in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(signum, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for end in (self.channel, self.wake, self._wake):
            end.close()
        os.environ.clear()
        os.environ.update({**env, **ONE_THREAD})
        os.chdir(cwd)
        _reseed()
        bound_memory()
        _name_it(b"natgrad-kernel")
        _die_first()
        from natgrad_lecture.server.page_kernel import PageKernelApp

        app = PageKernelApp.instance(parent_handle=parent)
        app.initialize(argv)
        app.start()
        sys.stdout.flush()
        os._exit(0)


def _reseed() -> None:
    """No two kernels draw the same numbers."""
    random.seed()
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()
    if torch := sys.modules.get("torch"):
        torch.seed()


MEMORY = 3 * 2**30
"""Bytes of its own that a kernel may come to have; what asks for more is refused in words."""


def bound_memory() -> None:
    """Let a kernel grow by ``MEMORY`` and no further: it may not take the others' away."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        text = Path("/proc/self/status").read_text()
        now = 1024 * int(re.findall(r"^VmData:\s+(\d+) kB", text, re.MULTILINE)[0])
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (now + MEMORY, hard))


def die_with(parent: int) -> None:
    """Be killed when the parent ends, and not live on should it have ended before this."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        os._exit(1)


def _name_it(name: bytes) -> None:
    """Let ``ps`` and ``top`` tell a kernel from the process it was forked from (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(15, name, 0, 0, 0)  # PR_SET_NAME


def _die_first() -> None:
    """Should memory run out, a kernel is to go, whose page gets another, and not the server."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
        file.write("500")


def main(channel: int, nets: bool) -> None:
    """Be the process that forks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's.
    os.environ.update(ONE_THREAD)
    fork_server = ForkServer(socket.socket(fileno=channel), nets)
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        fork_server.prepare()
        fork_server.run()


if __name__ == "__main__":
    main(int(sys.argv[1]), "--nets" in sys.argv)
