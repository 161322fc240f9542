"""One visitor's failure is one visitor's: the others notice nothing, and the server goes on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest
import requests

from natgrad_lecture.server.fork_client import ForkClient, ForkError
from natgrad_lecture.server.kernel_provisioner import FORKS
from natgrad_lecture.server.monitoring import Watch
from natgrad_lecture.server.websocket import SERVICE_RESTART
from tests.support.event_loops import run_apart
from tests.support.servers import (
    ROOT,
    Page,
    Server,
    children,
    kill_all,
    running,
    start,
    wait_until,
)

resource = pytest.importorskip("resource", reason="limits of processes are a matter of Unix")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FORKS, reason="here kernels are started, not forked"),
]

NO_FORK = """
import errno, os, sys
from natgrad_lecture.server import fork_server

def fork(forks=[], fork=os.fork):
    forks.append(0)
    if len(forks) == 1:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
    return fork()

os.fork = fork
fork_server.ForkServer.prepare = lambda self: self.say(ready=os.getpid())
fork_server.ForkServer._become_a_kernel = lambda self, *how: None
fork_server.main(int(sys.argv[1]), False)
"""


def test_a_fork_that_fails_is_said_and_the_next_one_is_made() -> None:
    async def story() -> None:
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-c", NO_FORK, str(theirs.fileno())]
        process = subprocess.Popen(command, pass_fds=[theirs.fileno()], cwd=ROOT)
        theirs.close()
        client = ForkClient()
        client.process = process
        reader, client._writer = await asyncio.open_unix_connection(sock=ours)
        client._ready = asyncio.get_running_loop().create_future()
        client._listening = asyncio.create_task(client._listen(reader, client._ready))
        try:
            with pytest.raises(ForkError, match="Resource temporarily unavailable"):
                await client.fork([], {}, "/")
            child = await client.fork([], {}, "/")
            await asyncio.wait_for(child.ended.wait(), 30)
            assert process.poll() is None, "the process that forks lives on"
        finally:
            await client.close()

    run_apart(story())


def test_a_log_that_cannot_be_written_keeps_no_kernel_from_its_end() -> None:
    with Path("/dev/full").open("w") as full, running("--log", "--gone=1", stderr=full) as server:
        leaving, cut = Page(server.url).open(), Page(server.url).open()
        assert leaving.goodbye() == 204
        cut.hang_up()
        wait_until(lambda: not server.kernels(), 30)
        wait_until(lambda: server.metric("kernels") == 0, 30)


def test_what_is_logged_of_a_page_that_failed_says_what_and_where(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail() -> None:
        raise PermissionError("the home cannot be written")

    with pytest.raises(PermissionError) as error:
        fail()
    Watch(log=True).fault("coordinates", error.value)
    said = json.loads(capsys.readouterr().err)
    assert said["say"] == "the home cannot be written"
    assert said["where"][0].startswith("test_one_visitor.py:")


@pytest.mark.parametrize("killed", ["kernels", "what forks them"])
def test_a_kernel_that_died_while_it_waited_is_handed_to_nobody(killed: str) -> None:
    with running(pool=2) as server:
        wait_until(lambda: server.metric("pool") == 2)
        waiting = server.kernels()
        dead = waiting if killed == "kernels" else children(server.process.pid)
        kill_all(dead)
        wait_until(lambda: not set(waiting) & set(server.kernels()))
        time.sleep(0.2)  # so long the server may take to hear of it
        for _ in range(3):
            page = Page(server.url).open()
            assert page.ask(rate=0.03)["state"]["rate"] == 0.03
            page.goodbye()


ENDS_AT_OLD_FRAMES = """
import os, jupyter_server.services.kernels.connection.channels as channels
channels.deserialize_binary_message = lambda message: os._exit(3)
"""
"""Jupyter's older framing takes half a minute, and gigabytes, over one of our frames: the server of
a test ends if it comes so far."""


def test_a_kernel_that_answers_no_handshake_is_ended_and_its_page_told() -> None:
    first = f"import natgrad_lecture.server.websocket as w; w.HANDSHAKE = 8\n{ENDS_AT_OLD_FRAMES}"
    with running(first=first) as server:
        page, other = Page(server.url), Page(server.url).open()
        before = set(server.kernels())
        page.open()
        (kernel,) = set(server.kernels()) - before
        page.hang_up()
        os.kill(kernel, signal.SIGSTOP)
        files = psutil.Process(server.process.pid).num_fds()
        for _ in range(20):
            page.connect()
        page.send({"ask": 1, "state": page.state, "set": {"rate": 0.03}, "have": []})
        assert page.close_code() == SERVICE_RESTART
        wait_until(lambda: kernel not in server.kernels(), 20)
        wait_until(lambda: psutil.Process(server.process.pid).num_fds() <= files, 20)
        assert other.ask(rate=0.03)["state"]["rate"] == 0.03


def test_a_kernel_that_owes_an_answer_for_too_long_is_ended_and_its_page_told() -> None:
    first = f"import natgrad_lecture.server.server as s; s.SILENT = 1\n{ENDS_AT_OLD_FRAMES}"
    with running("--gone=4", first=first) as server:
        page = Page(server.url).open()
        page.ask(rate=0.02)  # its line is open
        (kernel,) = server.kernels()
        os.kill(kernel, signal.SIGSTOP)
        page.send({"ask": 2, "state": page.state, "set": {"rate": 0.03}, "have": []})
        assert page.close_code() == SERVICE_RESTART
        wait_until(lambda: kernel not in server.kernels(), 20)


def test_a_page_whose_kernel_dies_while_it_is_made_is_answered_in_words(server: Server) -> None:
    Page(server.url).open().goodbye()  # what forks is there
    before = set(server.kernels())

    def new_kernels() -> list[int]:
        return [kernel for kernel in server.kernels() if kernel not in before]

    with requests.get(f"{server.url}coordinates", stream=True, timeout=60) as answer:
        wait_until(new_kernels, pause=0.001)
        kill_all(new_kernels())
        text = b"".join(answer.iter_content(None)).decode()
    assert "could not start" in text
    assert "Error" not in text
    assert "voila_heartbeat" not in text


def test_at_the_limit_of_files_the_server_refuses_and_those_inside_go_on() -> None:
    limits = {resource.RLIMIT_NOFILE: 200}
    with running(limits=limits) as server, contextlib.ExitStack() as lines:
        inside = Page(server.url).open()
        place = server.url.split("/")[2].split(":")
        held = [
            lines.enter_context(socket.create_connection((place[0], int(place[1])), 5))
            for _ in range(250)
        ]
        # Not each of the last: a file that the server closes meanwhile lets a later one in.
        wait_until(lambda: len(select.select(held, [], [], 0)[0]) >= 50)
        for each in select.select(held, [], [], 0)[0]:
            assert each.recv(100).startswith(b"HTTP/1.1 503"), "refused at once"
        assert inside.ask(rate=0.03)["state"]["rate"] == 0.03
        busy = psutil.Process(server.process.pid).cpu_percent(0.5)
        assert busy < 50, "it does not spin"
        lines.close()
        wait_until(lambda: requests.get(f"{server.url}healthz", timeout=5).status_code == 200, 10)
        assert Page(server.url).open().goodbye() == 204
        assert server.metric('refused_total{reason="connection: files"}') >= 50


def test_connections_that_come_at_once_wait_while_the_server_is_busy() -> None:
    with running() as server, contextlib.ExitStack() as lines:
        host, port = server.url.split("/")[2].split(":")
        os.kill(server.process.pid, signal.SIGSTOP)
        held = [
            lines.enter_context(socket.create_connection((host, int(port)), 20)) for _ in range(400)
        ]
        for each in held:
            each.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        os.kill(server.process.pid, signal.SIGCONT)
        assert all(each.recv(100).startswith(b"HTTP/1.1 200") for each in held)


def test_a_connection_that_says_nothing_is_dropped() -> None:
    first = "import natgrad_lecture.server.connections as c; c.IDLE_CONNECTION = 1.0"
    with running(first=first) as server:
        host, port = server.url.split("/")[2].split(":")
        with socket.create_connection((host, int(port)), 10) as half:
            half.sendall(b"GET /healthz HTTP/1.1\r\nHost: loc")
            assert half.recv(100) == b""


def test_told_to_stop_amid_handshakes_that_do_not_end_the_server_ends_in_five_seconds() -> None:
    server = start()
    pages = [Page(server.url).open() for _ in range(3)]
    for kernel in server.kernels():
        os.kill(kernel, signal.SIGSTOP)
    for page in pages:
        page.hang_up()
        page.connect()
    began = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    server.process.communicate(timeout=30)
    assert time.monotonic() - began < 5
    assert server.process.returncode == 0


@pytest.mark.parametrize("signum", [signal.SIGHUP, signal.SIGKILL], ids=["SIGHUP", "SIGKILL"])
def test_nothing_that_the_server_started_stays_behind_after_any_end(
    signum: int, tmp_path: Path
) -> None:
    env = {"TMPDIR": str(tmp_path)}
    server = start(pool=1, env=env)
    wait_until(lambda: server.metric("pool") == 1)
    other = start(env=env)
    assert len(list(tmp_path.iterdir())) == 2
    server.process.send_signal(signum)
    server.process.communicate(timeout=30)
    other.stop()
    if signum == signal.SIGKILL:
        (left,) = tmp_path.iterdir()
        with running(env=env):
            assert not left.exists(), "the next one sweeps"
    wait_until(lambda: not list(tmp_path.iterdir()), 10)


def test_no_kernel_listens_on_a_port(server: Server) -> None:
    Page(server.url).open()
    kernels = server.kernels()
    assert kernels
    for kernel in kernels:
        with contextlib.suppress(psutil.NoSuchProcess):  # one of an earlier reader may have ended
            ports = psutil.Process(kernel).net_connections(kind="inet")
            assert not ports, ports
    assert Path(tempfile.gettempdir()).exists()
