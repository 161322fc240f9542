"""The server's side of the processes that kernels are forked from."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
from typing import Any

MODULE = "natgrad_lecture.server.fork_server"
"""What the process runs that kernels are forked from."""


def start_fork_server(
    channel: socket.socket, nets: bool, env: dict[str, str]
) -> subprocess.Popen[bytes]:
    """Start the process that kernels are forked from; ``channel`` is its end of the line to us."""
    return subprocess.Popen(
        [sys.executable, "-m", MODULE, str(channel.fileno()), *(["--nets"] if nets else [])],
        pass_fds=[channel.fileno()],
        env=env,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


class ForkError(RuntimeError):
    """A kernel could not be forked; those that live are not touched."""


class Child:
    """A forked kernel, as the server sees it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.code: int | None = None
        self.ended = asyncio.Event()

    def end(self, code: int) -> None:
        """Note that it has ended."""
        self.code = code
        self.ended.set()

    def signal(self, signum: int) -> None:
        """Send a signal to the kernel and all that it started."""
        if self.code is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signum)


class ForkClient:
    """The server's side of a fork server, which starts on first use and again after it died."""

    def __init__(self, nets: bool = False) -> None:
        self.nets = nets
        self.process: subprocess.Popen[bytes] | None = None
        self.children: dict[int, Child] = {}
        self.net_lessons: set[str] = set()
        self._asked: dict[str, asyncio.Future[Child]] = {}
        self._keys = itertools.count()
        self._starting = asyncio.Lock()
        self._writer: asyncio.StreamWriter | None = None
        self._listening: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[None] | None = None
        self._closed = False

    async def open(self, env: dict[str, str]) -> None:
        """Start the process if it does not run; return once kernels can be forked.

        Raises:
            ForkError: It was closed.
        """
        async with self._starting:
            if self._closed:
                raise ForkError("no kernel can be forked: the server ends")
            if self.process is None or self.process.poll() is not None or self._writer is None:
                await self._spawn(env)
        assert self._ready
        await asyncio.shield(self._ready)

    async def _spawn(self, env: dict[str, str]) -> None:
        ours, theirs = socket.socketpair()
        self.process = start_fork_server(theirs, self.nets, env)
        theirs.close()
        reader, self._writer = await asyncio.open_unix_connection(sock=ours)
        self._ready = asyncio.get_running_loop().create_future()
        self._listening = asyncio.create_task(self._listen(reader, self._ready))

    async def _listen(self, reader: asyncio.StreamReader, ready: asyncio.Future[None]) -> None:
        with contextlib.suppress(OSError):
            async for line in reader:
                self._hear(json.loads(line), ready)
        self._writer = None
        lost = RuntimeError("the process that kernels are forked from has ended")
        for waiting in (ready, *self._asked.values()):
            if not waiting.done():
                waiting.set_exception(lost)
                waiting.exception()  # Perhaps nobody waits for it.
        self._asked.clear()
        for child in self.children.values():
            child.end(-signal.SIGKILL)
        self.children.clear()

    def _hear(self, said: dict[str, Any], ready: asyncio.Future[None]) -> None:
        if "ready" in said:
            ready.set_result(None)
        elif "lesson" in said:
            (self.net_lessons.add if said["nets"] else self.net_lessons.discard)(said["lesson"])
        elif "started" in said:
            child = self.children[said["pid"]] = Child(said["pid"])
            asked = self._asked.pop(said["started"])
            if asked.done():  # Nobody waits for it any more.
                child.signal(signal.SIGKILL)
            else:
                asked.set_result(child)
        elif "failed" in said:
            asked = self._asked.pop(said["failed"])
            if not asked.done():
                asked.set_exception(ForkError(f"no kernel could be forked: {said['error']}"))
                asked.exception()  # Perhaps nobody waits for it.
        elif child := self.children.pop(said["ended"], None):
            child.end(said["code"])

    async def fork(self, argv: list[str], env: dict[str, str], cwd: str) -> Child:
        """Start a kernel with these arguments."""
        await self.open(env)
        key = str(next(self._keys))
        asked = self._asked[key] = asyncio.get_running_loop().create_future()
        line = json.dumps({"key": key, "argv": argv, "env": env, "cwd": cwd})
        assert self._writer
        self._writer.write(line.encode() + b"\n")
        await self._writer.drain()
        return await asked

    async def alive(self) -> bool:
        """Whether kernels can be forked, or nobody has asked for one yet."""
        return self.process is None or (self.process.poll() is None and self._writer is not None)

    async def close(self) -> None:
        """End the process and every kernel of it, for good."""
        self._closed = True
        if self._writer is not None:
            self._writer.close()
        if self._listening is not None:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._listening, 5)
        if self.process is not None:
            self.process.kill()
            self.process.wait()
