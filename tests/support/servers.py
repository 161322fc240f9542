"""A server in its own process, and a page as a client speaks for it: by hand, over real sockets."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import requests
import websocket

from natgrad_lecture.server.request_filter import PROTOCOL, frame_of, parts_of
from tests.support import warm_starts

ROOT = Path(__file__).resolve().parents[2]


AHEAD = True
"""Whether a server makes ahead what nobody has asked for: the home page, and the first picture of
each lesson. Tests do without, whose servers are many and end soon (tests/conftest.py), and which
start as forks of a process that has imported what they need."""

NOT_AHEAD = """
from natgrad_lecture.server import fork_client, server
server.AHEAD, fork_client.MODULE = 3600, "tests.support.cold_forks"
"""

MAIN = "import sys; from natgrad_lecture.__main__ import main; sys.exit(main())"


def children(parent: int) -> list[int]:
    """The processes that this one started, in whichever thread, and that still are."""
    found: list[int] = []
    for thread in Path(f"/proc/{parent}/task").glob("*"):
        with contextlib.suppress(OSError):  # It ended while we looked.
            found += map(int, (thread / "children").read_text().split())
    return found + warm_starts.forked_for(parent)


def kernels_of(server: int) -> list[int]:
    """The kernels of a server: the children of the processes from which it forks them."""
    return [kernel for below in children(server) for kernel in children(below)]


def kill_all(pids: list[int]) -> None:
    """Kill these, or what is left of them: one may have ended since it was listed."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def zombies(pids: list[int]) -> list[int]:
    """Of these, those that ended and were not taken leave of."""
    found = []
    for pid in pids:
        with contextlib.suppress(OSError):
            if "State:\tZ" in Path(f"/proc/{pid}/status").read_text():
                found.append(pid)
    return found


def lean(folder: Path) -> dict[str, str]:
    """What the environment of JupyterLab or a hub needs in order to start sooner: they take along a
    grammar of addresses, which is built at each import, and go without it where it is missing.
    """
    (folder / "lean").mkdir()
    (folder / "lean" / "rfc3987_syntax.py").write_text("raise ImportError\n")
    return {"PYTHONPATH": os.pathsep.join((str(folder / "lean"), str(ROOT), str(ROOT / "app")))}


def free_port() -> int:
    """A port that was free just now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def wait_until(true: Callable[[], object], seconds: float = 90, pause: float = 0.05) -> None:
    """Wait for a condition; look again after each pause."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(pause)


_LINES: dict[str, list[websocket.WebSocket]] = {}
"""The open websockets to each address: a test that fails or forgets leaves none behind, whose end
another test, in the same process, would be warned of."""

_LISTENERS: dict[websocket.WebSocket, threading.Thread] = {}
"""Who listens on a line."""


def _cut(line: websocket.WebSocket) -> None:
    """Cut a line, without a word.

    A thread that listens is waited for: it would read what comes for the next connection, which has
    the number of the one that is closed.
    """
    if listener := _LISTENERS.pop(line, None):
        with contextlib.suppress(OSError):  # the other side may have ended it
            if line.sock:
                line.sock.shutdown(socket.SHUT_RDWR)
        listener.join(20)
        assert not listener.is_alive()
    line.shutdown()


@dataclass
class Server:
    """A server in its own process, and what it printed so far."""

    process: subprocess.Popen[str] | warm_starts.Forked
    url: str
    said: str
    token: str = ""
    """With which its numbers are asked for, if it has a name."""

    def kernels(self) -> list[int]:
        """Its kernels that still run."""
        return kernels_of(self.process.pid)

    def stop(self) -> str:
        """End it; returns what it printed since. One that will not end is killed, and it raises."""
        self.process.terminate()
        try:
            return self.process.communicate(timeout=60)[0]
        finally:
            self.process.kill()
            for line in _LINES.pop(self.url, []):
                _cut(line)

    def metric(self, name: str) -> float:
        """One of its numbers."""
        known = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        text = requests.get(f"{self.url}metrics", headers=known, timeout=60).text
        found = re.search(rf"^natgrad_{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0


def launch(
    *options: str,
    first: str = "",
    limits: Mapping[int, int] | None = None,
    env: Mapping[str, str] | None = None,
    stderr: IO[str] | None = None,
    within: Sequence[str] = (),
    fresh: bool = False,
    command: Sequence[str] = ("serve",),
) -> subprocess.Popen[str] | warm_starts.Forked:
    """Run ``natgrad serve``, or another ``command``, with these options.

    Before it starts, the statement ``first`` is run in it, and what ``limits`` says is set (see
    ``resource``); ``env`` is added to its environment, ``stderr`` is where its errors go, and
    ``within`` is the beginning of a command that becomes the server. One that is ``fresh`` has
    imported nothing before it has its environment.
    """
    options = (*command, "--no-browser", *options)
    for kind, most in (limits or {}).items():
        first = f"import resource; resource.setrlimit({kind}, ({most}, {most}))\n{first}"
    if AHEAD or within or fresh or sys.platform != "linux":
        first = first if AHEAD else f"{NOT_AHEAD}\n{first}"
        return subprocess.Popen(
            [*within, sys.executable, "-c", f"{first}\n{MAIN}", *options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=stderr or subprocess.STDOUT,
            text=True,
            env={**os.environ, **(env or {})},
        )
    program = f"{NOT_AHEAD}\n{warm_starts.FIRST}\n{first}\n{MAIN}"
    return warm_starts.run(program, options, env, stderr)


def start(port: int | None = 0, pool: int = 0, *more: str, **how: Any) -> Server:
    """Start a server, and wait until it says where it is; ``how`` is launch's."""
    options = [*([] if port is None else [f"--port={port}"]), f"--pool={pool}", *more]
    process = launch(*options, **how)
    token = how.get("env", {}).get("NATGRAD_METRICS_TOKEN", "")
    said = ""
    assert process.stdout
    for line in process.stdout:
        said += line
        if found := re.search(r"http://(?:[\w.-]+|\[[\da-f:]+\]):\d+/\S*", line):
            return Server(process, found[0], said, token)
    raise AssertionError(f"the server did not start:\n{said}")


@contextlib.contextmanager
def running(*more: str, pool: int = 0, **how: Any) -> Iterator[Server]:
    """A server for a while; ``how`` is launch's."""
    server = start(0, pool, *more, **how)
    try:
        yield server
    finally:
        server.stop()


@dataclass
class Page:
    """A lesson's page, opened by hand: its data, its websocket, and the asks it makes."""

    url: str
    lesson: str = "coordinates"
    data: dict[str, Any] = field(default_factory=dict)
    socket: websocket.WebSocket | None = None
    sockets: list[websocket.WebSocket] = field(default_factory=list)
    asks: int = 0
    state: dict[str, Any] = field(default_factory=dict)

    def open(self, http: Any = requests) -> Page:
        """Fetch the page, and open its line."""
        self.fetch(http)
        return self.connect()

    def fetch(self, http: Any = requests) -> Page:
        """Fetch the page."""
        answer = http.get(f"{self.url}{self.lesson}", timeout=60)
        assert answer.status_code == 200, answer.status_code
        found = re.search(r'id="natgrad-data">(.*?)</script>', answer.text)
        assert found, answer.text[-500:]
        self.data = json.loads(found[1])
        self.state = self.data["first"]["state"]
        b64decode(self.data["arrays"])
        return self

    @property
    def kernel(self) -> str:
        """The kernel's id."""
        return self.data["kernel"]

    def connect(self, **how: Any) -> Page:
        """Open the websocket as the page does, or as ``how`` says."""
        self.socket = self.dial(**how)
        self.sockets.append(self.socket)
        return self

    def hang_up(self) -> None:
        """Cut every line, without a word."""
        kept = _LINES.get(self.url, [])
        for each in self.sockets:
            _cut(each)
            if each in kept:
                kept.remove(each)
        self.sockets.clear()

    def dial(
        self,
        kernel: str = "",
        token: str | None = None,
        protocols: list[str] | None = None,
        host: str | None = None,
        sslopt: dict[str, Any] | None = None,
        **headers: str,
    ) -> websocket.WebSocket:
        """Open a websocket; every part of how may be wrong."""
        kernel = kernel or self.kernel
        url = f"{self.url}api/kernels/{kernel}/channels?session_id={time.monotonic_ns()}"
        token = self.data["pass"] if token is None else token
        line = websocket.create_connection(
            url.replace("http", "ws", 1),
            subprotocols=protocols or [PROTOCOL, f"natgrad.{token}"],
            header=[f"{name}: {value}" for name, value in headers.items()],
            origin="/".join(self.url.split("/")[:3]),
            suppress_origin="Origin" in headers,
            host=host,
            sslopt=sslopt,
            timeout=60,
        )
        _LINES.setdefault(self.url, []).append(line)
        return line

    def frame(self, content: Any, kind: str = "comm_msg", channel: str = "shell") -> bytes:
        """A frame of the protocol."""
        header = {"msg_id": "m", "msg_type": kind, "session": "s", "username": "", "version": "5.3"}
        parts = [json.dumps(part).encode() for part in (header, {}, {}, content)]
        return frame_of([channel.encode(), *parts])

    def send(self, ask: dict[str, Any]) -> None:
        """Send an ask."""
        assert self.socket
        data = {"method": "custom", "content": ask}
        self.socket.send_binary(self.frame({"comm_id": self.data["comm"], "data": data}))

    def hear(self) -> dict[str, Any]:
        """The next answer."""
        assert self.socket
        opcode, frame = self.socket.recv_data()
        assert opcode == websocket.ABNF.OPCODE_BINARY, (opcode, frame)
        return json.loads(parts_of(frame)[4])["data"]["content"]

    def ask(self, **changes: Any) -> dict[str, Any]:
        """Change something, and wait for the answer."""
        self.asks += 1
        self.send({"ask": self.asks, "state": self.state, "set": changes, "have": []})
        while (answer := self.hear())["answer"] != self.asks:
            pass
        self.state = answer.get("state", self.state)
        return answer

    def close_code(self) -> int:
        """The code with which the server hangs up."""
        assert self.socket
        while True:
            opcode, frame = self.socket.recv_data()
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                return int.from_bytes(frame[:2], "big")

    def goodbye(self, token: str | None = None, origin: str | None = None) -> int:
        """Say goodbye as a page does that goes away."""
        token = self.data["pass"] if token is None else token
        origin = self.url.rstrip("/") if origin is None else origin
        headers = {"Origin": origin} if origin else {}
        url = f"{self.url}voila/api/shutdown/{self.kernel}"
        status = requests.post(url, data=token, headers=headers, timeout=60).status_code
        if status == 204:
            self.hang_up()
        return status


def listening(line: websocket.WebSocket) -> list[bytes]:
    """What is heard on a line from now on; who hears answers pings, too."""
    heard: list[bytes] = []

    def hear() -> None:
        with contextlib.suppress(OSError, websocket.WebSocketException):
            while True:
                heard.append(line.recv_data()[1])

    _LISTENERS[line] = listener = threading.Thread(target=hear, daemon=True)
    listener.start()
    return heard
