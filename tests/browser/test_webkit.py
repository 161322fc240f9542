"""WebKit draws a lesson, lets a handle be dragged, and ends its kernel when the page is left.

It is driven by its own WebDriver, in a window that nobody sees (Xvfb). The test runs where both are
installed (Debian: webkit2gtk-driver, xvfb).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.servers import Server, free_port, running, wait_until

DRIVER, DISPLAY = shutil.which("WebKitWebDriver"), shutil.which("Xvfb")
BROWSER = next(iter(sorted(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"))), None)
MISSING = [
    name
    for name, there in (("WebKitWebDriver", DRIVER), ("Xvfb", DISPLAY), ("MiniBrowser", BROWSER))
    if there is None
]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
]

ROOT = "document.querySelector('.natgrad').natgrad"
HANDLE = "[data-handle='start']"
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""The name of an element's id on the wire (W3C, WebDriver, section 12)."""


class WebKit:
    """A WebKit, and what it is asked to do (https://www.w3.org/TR/webdriver2/)."""

    def __init__(self, home: Path) -> None:
        assert DRIVER
        assert DISPLAY
        self.processes: list[subprocess.Popen[Any]] = []
        seen, port = home / "display", free_port()
        with seen.open("wb") as said:
            screen = [DISPLAY, "-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
            self._start(screen, stdout=said)
        wait_until(lambda: seen.read_text().endswith("\n"), 60)
        env = {**os.environ, "DISPLAY": f":{seen.read_text().strip()}", "HOME": str(home)}
        self._start([DRIVER, f"--port={port}"], stdout=subprocess.DEVNULL, env=env)
        self.url = f"http://127.0.0.1:{port}"
        wait_until(self._there, 60, 0.2)
        options = {"binary": str(BROWSER), "args": ["--automation"]}
        wished = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
        session = self.do("POST", "/session", capabilities=wished)["sessionId"]
        self.url += f"/session/{session}"

    def _start(self, command: list[str], **how: Any) -> None:
        self.processes.append(subprocess.Popen(command, stderr=subprocess.DEVNULL, **how))

    def _there(self) -> bool:
        try:
            return requests.get(f"{self.url}/status", timeout=5).ok
        except requests.ConnectionError:
            return False

    def do(self, method: str, path: str, **how: Any) -> Any:
        """Give a command, and return what comes of it."""
        answer = requests.request(method, self.url + path, json=how, timeout=90)
        value = answer.json()["value"]
        assert answer.ok, value
        return value

    def run(self, script: str) -> Any:
        """What a script in the page returns."""
        return self.do("POST", "/execute/sync", script=f"return {script}", args=[])

    def open(self, url: str) -> None:
        """Open a lesson, and wait until it is drawn."""
        self.do("POST", "/url", url=url)
        wait_until(lambda: self.run("Boolean(document.querySelector('.natgrad .handle'))"))

    def drag(self, selector: str, by: tuple[int, int]) -> None:
        """Drag an element by so many pixels, as a mouse does."""
        found = self.do("POST", "/element", using="css selector", value=selector)
        move = {"type": "pointerMove", "duration": 50}
        acts = [
            {**move, "x": 0, "y": 0, "origin": {ELEMENT: found[ELEMENT]}},
            {"type": "pointerDown", "button": 0},
            *({**move, "x": by[0] // 4, "y": by[1] // 4, "origin": "pointer"} for _ in range(4)),
            {"type": "pointerUp", "button": 0},
        ]
        mouse = {"type": "pointer", "id": "mouse", "actions": acts}
        self.do("POST", "/actions", actions=[mouse])

    def end(self) -> None:
        """End the browser, its driver and its display."""
        with_it = [process for process in reversed(self.processes) if process.poll() is None]
        try:
            self.do("DELETE", "")
        finally:
            for process in with_it:
                process.terminate()
                process.wait()


@pytest.fixture
def webkit(tmp_path: Path) -> Iterator[WebKit]:
    driven = WebKit(tmp_path)
    yield driven
    driven.end()


@pytest.fixture
def server() -> Iterator[Server]:
    with running("--gone=4") as server:
        yield server


def test_webkit_draws_drags_and_ends_the_kernel_of_a_page_that_is_left(
    server: Server, webkit: WebKit
) -> None:
    webkit.open(f"{server.url}coordinates?v=1&rate=0.045")
    wait_until(lambda: server.metric("lines") == 1, 30)
    assert webkit.run(f"{ROOT}.state.rate") == 0.045
    before = webkit.run(f"{ROOT}.state.start")
    webkit.drag(HANDLE, (40, -40))
    wait_until(lambda: webkit.run(f"{ROOT}.state.start") != before, 30)
    wait_until(lambda: "start=" in webkit.run("location.href"), 30)
    webkit.do("POST", "/url", url=f"{server.url}home")
    wait_until(lambda: server.metric("kernels") == 0, 60)
    ended = [server.metric(f'kernels_ended_total{{reason="{why}"}}') for why in ("left", "gone")]
    assert ended == [1, 0], "by a word of the page itself"
