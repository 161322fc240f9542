"""Firefox draws a lesson, and ends its kernel however the page is left: it closes pages in its way.

It is driven by its own protocol, Marionette: lines of JSON, each with its length before it. The
test runs where Firefox is installed.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.servers import Server, free_port, running, wait_until

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        FIREFOX is None, reason="Firefox is not installed: on Debian, apt-get install firefox-esr"
    ),
]


class Firefox:
    """A Firefox without a window, and what it is asked to do."""

    def __init__(self, profile: Path) -> None:
        port = free_port()
        (profile / "user.js").write_text(f'user_pref("marionette.port", {port});\n')
        assert FIREFOX
        command = [FIREFOX, "--headless", "--marionette", "--no-remote", "--profile", str(profile)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
        )
        self.line = self._dial(port)
        self.asked = 0
        self.hear()
        self.do("WebDriver:NewSession", capabilities={})

    def _dial(self, port: int) -> Any:
        found: list[socket.socket] = []

        def there() -> bool:
            try:
                found.append(socket.create_connection(("127.0.0.1", port), 60))
            except OSError:
                assert self.process.poll() is None, "Firefox has ended"
                return False
            return True

        wait_until(there, 60, 0.2)
        with found[0] as line:
            line.settimeout(60)
            return line.makefile("rwb")

    def hear(self) -> Any:
        """The next message."""
        size = b""
        while (sign := self.line.read(1)) != b":":
            size += sign
        return json.loads(self.line.read(int(size)))

    def do(self, command: str, **how: Any) -> Any:
        """Give a command, and return what comes of it."""
        self.asked += 1
        text = json.dumps([0, self.asked, command, how]).encode()
        self.line.write(b"%d:%s" % (len(text), text))
        self.line.flush()
        _, _, error, result = self.hear()
        assert error is None, error
        return result

    def run(self, script: str) -> Any:
        """What a script in the page returns."""
        return self.do("WebDriver:ExecuteScript", script=script, args=[])["value"]

    def open(self, url: str) -> None:
        """Open a lesson, and wait until it is drawn and its line is open."""
        self.do("WebDriver:Navigate", url=url)
        wait_until(lambda: self.run("return Boolean(document.querySelector('.natgrad canvas'))"))


@pytest.fixture
def firefox(tmp_path: Path) -> Iterator[Firefox]:
    driven = Firefox(tmp_path)
    yield driven
    driven.process.kill()
    driven.process.wait()
    driven.line.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running("--gone=4") as server:
        yield server


def ended(server: Server) -> list[float]:
    """How many kernels were ended by a word of their page, and how many because it was gone."""
    return [server.metric(f'kernels_ended_total{{reason="{why}"}}') for why in ("left", "gone")]


def test_firefox_ends_the_kernel_of_a_page_that_is_left(server: Server, firefox: Firefox) -> None:
    def close_tab() -> None:
        other = firefox.do("WebDriver:NewWindow", type="tab")["handle"]
        firefox.do("WebDriver:CloseWindow")
        firefox.do("WebDriver:SwitchToWindow", handle=other)

    methods: dict[str, Callable[[], object]] = {
        "away": lambda: firefox.do("WebDriver:Navigate", url=f"{server.url}home"),
        "tab": close_tab,
        "quit": lambda: firefox.do("Marionette:Quit", flags=["eAttemptQuit"]),
    }
    for way, leave in methods.items():
        firefox.open(f"{server.url}coordinates?v=1&rate=0.045")
        wait_until(lambda: server.metric("lines") == 1, 30)
        assert "rate=0.045" in firefox.run("return location.href")
        before = ended(server)
        leave()
        wait_until(lambda before=before: sum(ended(server)) == sum(before) + 1, 30)
        assert server.metric("kernels") == 0
        if way == "away":  # a tab or a Firefox that is closed may send no beacon
            assert ended(server)[0] == before[0] + 1
