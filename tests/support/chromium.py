"""Chromium of the system, and a real server of the lessons: for tests, benchmarks and pictures."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.support.warm_starts import Forked

ROOT = Path(__file__).resolve().parents[2]

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SHELL = "chromium-headless-shell"
"""Chromium without the browser around its pages. It opens them sooner, so the tests prefer it;
figures and pictures are of the whole browser."""
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class Server:
    """A running server of the lessons."""

    process: subprocess.Popen[str] | Forked
    url: str
    port: int

    def stop(self, signum: int = signal.SIGINT) -> str:
        """End it as Ctrl-C does, and return what it printed meanwhile."""
        if self.process.poll() is None:
            self.process.send_signal(signum)
        elif self.process.stdout and self.process.stdout.closed:
            return ""  # It was stopped before.
        try:
            return self.process.communicate(timeout=60)[0]
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


def start_server(port: int = 0, *arguments: str) -> Server:
    """Start ``python -m natgrad_lecture serve`` and wait until it says where it is."""
    command = (sys.executable, "-m", "natgrad_lecture", "serve", "--no-browser")
    process = subprocess.Popen(
        [*command, f"--port={port}", "--pool=1", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = ""
    assert process.stdout
    for line in process.stdout:
        said += line
        if found := re.search(r"http://127\.0\.0\.1:(\d+)/\S*", line):
            return Server(process, found[0], int(found[1]))
    raise AssertionError(f"the server did not start:\n{said}")


def chromium(*first: str) -> str:
    """Where the system's Chromium is: what CHROMIUM says, else the first that there is."""
    names = (os.environ.get("CHROMIUM", ""), *first, *NAMES, SHELL)
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        raise FileNotFoundError("no Chromium on the path: `make browser` installs one, or says how")
    return path
