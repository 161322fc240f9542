"""A real JupyterHub: two users, each with a server of their own, and both in the server of their
class. Nobody reaches another user's server.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
import websocket
from playwright.sync_api import Browser, expect
from playwright.sync_api import Page as BrowserPage

from natgrad_lecture.server.jupyterhub import options
from tests.support.class_lines import Lecture, hang_up
from tests.support.coverings import EVERY
from tests.support.servers import (
    MAIN,
    NOT_AHEAD,
    ROOT,
    Page,
    free_port,
    lean,
    wait_until,
    zombies,
)

HERE = ROOT / "build" / "proxy" / "node_modules" / ".bin" / "configurable-http-proxy"
PROXY = str(HERE) if HERE.exists() else shutil.which("configurable-http-proxy")
needs_proxy = pytest.mark.skipif(
    PROXY is None, reason="configurable-http-proxy is missing; `make test` installs it with npm"
)


CONFIGURATION = """
load_subconfig({deployed!r})

def quick(command):
    python, *how, what = command
    assert how == ["-m", "natgrad_lecture"], how
    return [python, "-c", {program!r}, what]

c.Spawner.cmd = quick(c.Spawner.cmd)
for service in c.JupyterHub.services:
    service["command"] = quick(service["command"])
"""
"""That of deploy/, whose servers make nothing ahead that nobody asks for."""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a hub with the configuration of deploy/, on loopback."""
    assert PROXY
    room = tmp_path_factory.mktemp("hub")
    url = f"http://127.0.0.1:{free_port()}/"
    environment = {
        **os.environ,
        **lean(room),
        "NATGRAD_AUTHENTICATOR": "dummy",
        "NATGRAD_SPAWNER": "simple",
        "NATGRAD_HUB_URL": url,
        "NATGRAD_HUB_PORT": str(free_port()),
        "NATGRAD_PROXY_API": f"http://127.0.0.1:{free_port()}",
        "NATGRAD_PROXY": PROXY,
        "NATGRAD_CLASSES": "ws26",
        "NATGRAD_CLASS_PORT": str(free_port()),
        "NATGRAD_CLASS_POOL": "0",
        "HOME": str(room),
    }
    deployed = str(ROOT / "deploy/jupyterhub_config.py")
    program = f"{NOT_AHEAD}\n{MAIN}"
    (room / "config.py").write_text(CONFIGURATION.format(deployed=deployed, program=program))
    command = [sys.executable, "-m", "jupyterhub", "-f", str(room / "config.py")]
    process = _started(command, room, environment)
    try:
        # The hub exits if a class's server needs more than ten seconds: retry on a busy machine.
        while not _answers(f"{url}hub/login"):
            if process.poll() is not None:
                said = (room / "log").read_text()
                assert "Cannot connect to ws26" in said, said[-3000:]
                time.sleep(5)  # The class's server ends a second after its hub.
                process = _started(command, room, environment)
            time.sleep(1)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


def _started(
    command: list[str], room: Path, environment: dict[str, str]
) -> subprocess.Popen[bytes]:
    with (room / "log").open("w") as log:
        return subprocess.Popen(command, cwd=room, env=environment, stdout=log, stderr=log)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code == 200
    except requests.RequestException:
        return False


def logged_in(hub: str, name: str) -> requests.Session:
    """Return an HTTP session in which this user has logged in."""
    http = requests.Session()
    form = http.get(f"{hub}hub/login", timeout=30).text
    found = re.search(r'name="_xsrf" value="([^"]+)"', form)
    assert found
    data = {"username": name, "password": "x", "_xsrf": found[1]}
    answer = http.post(f"{hub}hub/login", data=data, timeout=60, allow_redirects=False)
    assert answer.status_code == 302, answer.text[-500:]
    return http


def own_page(hub: str, name: str) -> tuple[requests.Session, Page]:
    """Start a user's own server, and open a lesson on it with its websocket."""
    http = logged_in(hub, name)
    http.get(f"{hub}hub/spawn", timeout=60)
    url = f"{hub}user/{name}/"
    wait_until(lambda: _lesson_of(http, url), 200, pause=1)
    page = Page(url).fetch(http)
    # At once: a kernel without a connection ends after a minute.
    return http, page.connect(Cookie=cookie_of(http, url))


def _lesson_of(http: requests.Session, url: str) -> bool:
    return "natgrad-root" in http.get(f"{url}coordinates", timeout=60).text


def cookie_of(http: requests.Session, url: str) -> str:
    """Return the cookies that a browser sends to this address."""
    request = requests.Request("GET", url)
    return str(http.prepare_request(request).headers.get("Cookie", ""))


@needs_proxy
@pytest.mark.timeout(600)
def test_a_class_reads_in_one_server_that_the_hub_guards(hub: str) -> None:
    url = f"{hub}services/ws26/"
    stranger = requests.get(f"{url}coordinates", timeout=60)
    assert "hub/login" in stranger.url
    pages = []
    for name in ("cy", "dee"):
        http = logged_in(hub, name)
        wait_until(partial(_lesson_of, http, url), 200, pause=1)
        page = Page(url).fetch(http)
        assert page.data["base"] == "/services/ws26/"
        pages.append(page.connect(Cookie=cookie_of(http, url)))
        http.close()
    for page, rate in zip(pages, (0.02, 0.03), strict=True):
        assert page.ask(rate=rate)["state"]["rate"] == rate
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        pages[0].dial()
    student = logged_in(hub, "eve")
    wait_until(partial(_lesson_of, student, url), 200, pause=1)
    lecture = Lecture(pages[0], http=student, cookie=cookie_of(student, url))
    try:
        lead = lecture.lead()
        assert "hub/login" in requests.get(f"{lecture.url}/{lecture.code}", timeout=60).url
        phone = lecture.follow()
        assert pages[0].ask(rate=0.04)["state"]["rate"] == 0.04
        assert phone.until("picture", lambda shown: shown["state"]["rate"] == 0.04)
        assert lead.until("count", 1) == 1
    finally:
        hang_up()
        student.close()
    for page in pages:
        page.hang_up()


@needs_proxy
@pytest.mark.timeout(600)
@pytest.mark.covering
def test_a_user_reads_in_a_server_of_their_own_and_nobody_else_does(hub: str) -> None:
    """Each user's server is started as the first one's; `make visits` has two start."""
    names = ("ada", "ben") if EVERY else ("ada",)
    read = [own_page(hub, name) for name in names]
    for (_, page), name, rate in zip(read, names, (0.02, 0.03), strict=False):
        assert page.ask(rate=rate)["state"]["rate"] == rate
        assert page.data["base"] == f"/user/{name}/"
    ada, hers = read[0]
    ben = read[1][0] if EVERY else logged_in(hub, "ben")

    # Without the hub's login nobody reads, not even with a valid token for another user's server.
    for http in (requests.Session(), ben):
        answer = http.get(f"{hers.url}coordinates", timeout=60)
        assert "natgrad-data" not in answer.text
    for cookie in ("", cookie_of(ben, hers.url)):
        with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
            hers.dial(Cookie=cookie)
    for _, page in read:
        page.hang_up()
    for http in (ada, ben):
        http.close()


def log_in(tab: BrowserPage, name: str) -> None:
    tab.get_by_label("Username").fill(name)
    tab.get_by_label("Password").fill("x")
    tab.locator("input[type=submit]").click()


@needs_proxy
@pytest.mark.timeout(600)
def test_who_is_logged_out_is_told_so_and_finds_their_state_after_the_login(
    hub: str, browser: Browser
) -> None:
    lines: list[Any] = []
    context = browser.new_context(bypass_csp=True)
    context.set_default_timeout(200_000)  # the hub starts the server
    page = context.new_page()
    page.route_web_socket(
        re.compile("channels"), lambda line: lines.append(line.connect_to_server() and line)
    )
    page.goto(f"{hub}services/ws26/coordinates?v=1&rate=0.031")
    log_in(page, "fay")
    page.wait_for_function("document.querySelector('.natgrad')?.natgrad")
    page.evaluate("document.querySelector('.natgrad').natgrad.settled()")
    box = page.locator("input[data-field=steps]:not([type=range])").first
    box.fill("77")
    box.press("Enter")
    page.wait_for_url(re.compile("steps=77"))

    other = context.new_page()
    other.goto(f"{hub}hub/logout")
    other.close()
    lines[-1].close(code=1012)
    banner = page.locator(".banner")
    expect(banner).to_contain_text("You are logged out", timeout=60_000)
    banner.get_by_role("button", name="Log in again").click()
    log_in(page, "fay")
    page.wait_for_function("document.querySelector('.natgrad')?.natgrad")
    state = page.evaluate("document.querySelector('.natgrad').natgrad.state")
    assert (state["rate"], state["steps"]) == (0.031, 77)
    context.close()


def test_the_hub_says_where_to_listen_and_nobody_else_does() -> None:
    said = options(
        {
            "JUPYTERHUB_SERVICE_URL": "http://127.0.0.1:5555/user/ada/",
            "JUPYTERHUB_SERVICE_PREFIX": "/user/ada/",
        }
    )
    assert (said["host"], said["port"], said["base_url"]) == ("127.0.0.1", 5555, "/user/ada/")
    assert said["hub"]
    with pytest.raises(SystemExit, match="for JupyterHub to start"):
        options({})


HUB = {"JUPYTERHUB_SERVICE_URL": "http://127.0.0.1:5555/x/", "JUPYTERHUB_SERVICE_PREFIX": "/x/"}


@pytest.mark.parametrize(
    ("said", "name", "value"),
    [
        ({"NATGRAD_READERS": " 7 "}, "readers", 7),
        ({"NATGRAD_READERS": ""}, "readers", 0),
        ({"NATGRAD_LOG": "0"}, "log", False),
        ({"NATGRAD_LOG": "False"}, "log", False),
        ({"NATGRAD_LOG": "1"}, "log", True),
        ({}, "log", False),
    ],
)
def test_the_environment_is_read_as_it_is_meant(
    said: dict[str, str], name: str, value: object
) -> None:
    assert options({**HUB, **said})[name] == value


@pytest.mark.parametrize("name", ["NATGRAD_READERS", "NATGRAD_POOL"])
def test_an_environment_that_says_no_number_is_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(SystemExit, match=f"natgrad: {name}='many' is not a number"):
        options({**HUB, name: "many"})


def test_a_class_s_server_ends_when_its_hub_has() -> None:
    server = (
        "import time\nfrom natgrad_lecture.server.jupyterhub import end_with_the_hub\n"
        "end_with_the_hub(0.05)\nprint('up', flush=True)\ntime.sleep(600)"
    )
    hub = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', sys.argv[1]], stdout=subprocess.PIPE,"
        " stderr=subprocess.DEVNULL)\n"
        "child.stdout.readline()\nprint(child.pid)"
    )
    printed = subprocess.run(
        [sys.executable, "-c", hub, server], cwd=ROOT, capture_output=True, text=True, check=True
    )
    pid = int(printed.stdout)
    wait_until(lambda: not Path(f"/proc/{pid}").exists() or zombies([pid]))
