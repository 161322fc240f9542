"""The kernels: forked from a process that has imported what they need, where that is possible."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import deque
from contextvars import ContextVar
from functools import cached_property
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, ClassVar, cast

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from natgrad_lecture.machine_limits import cores
from natgrad_lecture.server.ask_socket import path_of
from natgrad_lecture.server.fork_client import Child, ForkClient
from natgrad_lecture.server.fork_server import ONE_THREAD
from natgrad_lecture.server.paths import APP

FORKS = sys.platform == "linux"
"""Elsewhere a fork is missing (Windows), or unsafe once a system library was used (macOS)."""

PLANE, NETS = "python3", "python3-nets"
"""The kernels' names: those of the plane, and those that find torch loaded."""

OPTIONS = (
    "--log-level=ERROR",
    "--IPKernelApp.capture_fd_output=False",
    "--HistoryManager.enabled=False",
    "--InteractiveShell.cache_size=0",
    "--IPCompleter.use_jedi=False",
    "--InteractiveShellApp.exec_PYTHONSTARTUP=False",
    "--BaseIPythonApplication.auto_create=False",
)
"""A page has no use for history, completion and profiles."""


class Specs(KernelSpecManager):
    """The only kernels there are: this Python, twice."""

    names: ClassVar[tuple[str, ...]] = (PLANE, NETS)

    @cached_property
    def env(self) -> dict[str, str]:
        """What a kernel finds in its environment beside the server's own."""
        # Frozen modules and no debugger: both only delay the start.
        env = {"PYDEVD_DISABLE_FILE_VALIDATION": "1", "NATGRAD_PAGE": "1", **ONE_THREAD}
        root = APP.parents[1]
        if (root / "pyproject.toml").is_file():  # A checkout works without being installed.
            paths = (str(root), str(APP.parent), os.environ.get("PYTHONPATH"))
            env["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        return env

    def find_kernel_specs(self) -> dict[str, str]:
        """Return the names."""
        return dict.fromkeys(self.names, str(APP))

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the kernel of this name."""
        if kernel_name not in self.names:
            raise NoSuchKernel(kernel_name)
        argv = [
            sys.executable,
            "-m",
            "natgrad_lecture.server.page_kernel",
            "-f",
            "{connection_file}",
            *OPTIONS,
        ]
        metadata = {}
        if FORKS:
            how = {"provisioner_name": Forked.name, "config": {"nets": kernel_name == NETS}}
            metadata = {"kernel_provisioner": how}
        return KernelSpec(
            argv=argv, display_name="Python", language="python", env=self.env, metadata=metadata
        )

    def get_all_specs(self) -> dict[str, Any]:
        """Return the kernels, as Voila asks for them."""
        specs = {name: self.get_kernel_spec(name) for name in self.names}
        return {n: {"resource_dir": str(APP), "spec": s.to_dict()} for n, s in specs.items()}


AWAITED: ContextVar[bool] = ContextVar("awaited", default=False)
"""Whether a reader waits for the kernel that is started here."""


class Starts:
    """Few kernels start at a time: first those that a reader waits for, then those of the pool, and
    among either first come, first served.

    All of a class at once would have the cores for itself for as long, and then every page would
    come as late as the last one. Without an order, the first page after a start of the server
    would come as late as the last kernel of the pool.
    """

    def __init__(self, most: int = 0, longest: float = 10.0) -> None:
        """At most ``most`` at a time (0: two for each core); one counts no more after
        ``longest`` seconds.
        """
        self.longest = longest
        self._free = most or 2 * cores()
        self._awaited: deque[asyncio.Future[None]] = deque()
        self._pooled: deque[asyncio.Future[None]] = deque()
        self._going: dict[str, asyncio.TimerHandle] = {}

    async def begin(self, kernel: str) -> None:
        """Return once it is this kernel's turn."""
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        (self._awaited if AWAITED.get() else self._pooled).append(turn)
        self._next()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # its turn had come
                self._free += 1
                self._next()
            raise
        self._going[kernel] = loop.call_later(self.longest, self.done, kernel)

    def done(self, kernel: str) -> None:
        """Its page is made, or it has ended."""
        if timer := self._going.pop(kernel, None):
            timer.cancel()
            self._free += 1
            self._next()

    def _next(self) -> None:
        """Let begin who may."""
        while self._free and (row := self._awaited or self._pooled):
            turn = row.popleft()
            if not turn.done():  # who gave up is passed over
                self._free -= 1
                turn.set_result(None)


class Forked(LocalProvisioner):
    """A kernel provisioner that forks rather than launches."""

    name: ClassVar[str] = "natgrad-forked"
    fork_clients: ClassVar[dict[bool, ForkClient]] = {}
    """By whether torch is loaded; set by the server."""

    starts: ClassVar[Starts]
    """Set by the server."""

    child: Child | None = None

    def __init__(self, nets: bool = False, **kwargs: Any) -> None:
        """Take a kernel's specification, and which process to fork it from."""
        super().__init__(**kwargs)
        self.fork_client = self.fork_clients[nets]

    @property
    def has_process(self) -> bool:
        """Whether there is a kernel to speak of."""
        return self.child is not None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Fork the kernel."""
        argv = cmd[cmd.index("-f") :]
        cwd = str(kwargs.get("cwd") or Path.cwd())
        await self.starts.begin(str(self.kernel_id))
        try:
            self.child = await self.fork_client.fork(argv, dict(kwargs["env"]), cwd)
        except BaseException:
            self.starts.done(str(self.kernel_id))
            raise
        self.pid = self.pgid = cast(Any, self.child.pid)
        self.cwd = cast(Any, cwd)
        return self.connection_info

    async def poll(self) -> int | None:
        """Return None while the kernel runs, else how it ended."""
        return self.child.code if self.child else 0

    async def wait(self) -> int | None:
        """Wait for the kernel's end."""
        if self.child is None:
            return 0
        await self.child.ended.wait()
        self.starts.done(str(self.kernel_id))
        code, self.child = self.child.code, None
        return code

    async def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel."""
        if self.child:
            self.child.signal(signum)

    async def cleanup(self, restart: bool = False) -> None:
        """Remove what Jupyter does not know of a kernel that has ended."""
        await super().cleanup(restart)
        info = self.connection_info
        if path := path_of(str(info.get("transport")), str(info.get("ip"))):
            path.unlink(missing_ok=True)

    async def kill(self, restart: bool = False) -> None:
        """End the kernel at once."""
        await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:
        """Ask the kernel to end."""
        await self.send_signal(signal.SIGTERM)


def offer_forks() -> None:
    """Make ``Forked`` known by its name; no package's metadata has to say so."""
    entry = EntryPoint(Forked.name, f"{__name__}:Forked", KernelProvisionerFactory.GROUP_NAME)
    KernelProvisionerFactory.instance().provisioners[Forked.name] = entry
