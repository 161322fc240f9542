"""The process that kernels are forked from takes each along, in whatever instant it ends."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from natgrad_lecture.lessons import lessons
from natgrad_lecture.server.fork_client import start_fork_server
from natgrad_lecture.server.kernel_provisioner import FORKS, OPTIONS, Specs
from tests.support.servers import ROOT, wait_until

pytestmark = pytest.mark.skipif(not FORKS, reason="here kernels are started, not forked")


def runs(pid: int) -> bool:
    """Whether the process is there, and no zombie that nobody takes leave of."""
    with contextlib.suppress(OSError):
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    return False


LATE = """
import os, sys, time
from natgrad_lecture.server import fork_server

def late(self, *how, become=fork_server.ForkServer._become_a_kernel):
    time.sleep(1)
    become(self, *how)

fork_server.ForkServer._become_a_kernel = late
fork_server.ForkServer.prepare = lambda self: self.say(ready=os.getpid())
fork_server.main(int(sys.argv[1]), False)
"""
"""A busy machine lets a child run a second after its fork."""


@pytest.mark.parametrize("killed", [True, False])
def test_a_kernel_that_was_just_forked_ends_too(tmp_path: Path, killed: bool) -> None:
    ours, theirs = socket.socketpair()
    env = {**os.environ, **Specs().env}
    fork_server = subprocess.Popen(
        [sys.executable, "-c", LATE, str(theirs.fileno())],
        pass_fds=[theirs.fileno()],
        cwd=ROOT,
        env=env,
        start_new_session=True,
    )
    theirs.close()
    with ours, ours.makefile("r") as said:
        argv = ["-f", str(tmp_path / "kernel.json"), *OPTIONS]
        line = json.dumps({"key": "0", "argv": argv, "env": env, "cwd": str(ROOT)})
        ours.sendall(line.encode() + b"\n")
        kernel = next(word["pid"] for word in map(json.loads, said) if "started" in word)
        if killed:
            fork_server.kill()
        else:
            ours.shutdown(socket.SHUT_RDWR)
        fork_server.wait(60)
    try:
        wait_until(lambda: not runs(kernel), 10)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(kernel, signal.SIGKILL)


GREEDY = """
import numpy as np
from natgrad_lecture.server import fork_server
fork_server.MEMORY = 2**28
fork_server.bound_memory()
few = np.ones(2**22)
try:
    np.ones(2**27)
except MemoryError:
    print("refused", few.sum() == 2**22)
"""


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux counts all of a process's memory against this limit"
)
def test_a_kernel_that_asks_for_too_much_memory_is_refused_it_and_lives_on() -> None:
    done = subprocess.run(
        [sys.executable, "-c", GREEDY], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "refused True\n"


@pytest.mark.nets
def test_torch_s_process_has_made_each_of_its_lessons_and_no_thread_that_a_fork_would_lack() -> (
    None
):
    slow = {name for name, lesson in lessons.items() if lesson.slow}
    ours, theirs = socket.socketpair()
    client = start_fork_server(theirs, True, {**os.environ, **Specs().env})
    theirs.close()
    ours.settimeout(60)
    try:
        with ours, ours.makefile("r") as said:
            words = map(json.loads, said)
            assert next(words) == {"ready": client.pid}
            assert {next(words)["lesson"] for _ in slow} == slow
            assert len(list(Path(f"/proc/{client.pid}/task").iterdir())) == 1
    finally:
        client.kill()
        client.wait(60)
