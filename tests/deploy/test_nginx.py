"""Behind nginx with TLS, under a path, pages, websockets and access checks work as without it."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import websocket

from natgrad_lecture.classroom.room import ENDED
from tests.support.class_lines import Lecture, hang_up
from tests.support.servers import ROOT, Page, Server, free_port, listening, running, wait_until

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin")
pytestmark = [
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed; `make test` does it as root"),
]


IDLE = 2
"""Seconds of silence after which the proxy of these tests ends a line; others do after 60."""


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, requests.Session]]:
    """Return the address of a lecture behind nginx, and a session that trusts its certificate."""
    often = f"import natgrad_lecture.server.server as s; s.PING = {IDLE} / 4"
    with (
        running("--base-url=/natgrad/", "--log", first=often) as server,
        behind_nginx(tmp_path_factory.mktemp("nginx"), server, idle=f"{IDLE}s") as found,
    ):
        yield found


@contextlib.contextmanager
def behind_nginx(
    room: Path, *servers: Server, idle: str = ""
) -> Iterator[tuple[str, requests.Session]]:
    """nginx before one server process or two: the configuration of deploy/ with other ports.

    With ``idle`` it ends a reader's line on which the server says nothing for so long.
    """
    port = free_port()
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-keyout",
            str(room / "key"),
            "-out",
            str(room / "cert"),
            "-days",
            "2",
        ],
        check=True,
        capture_output=True,
    )
    ours = (ROOT / "deploy" / "nginx.conf").read_text()
    if idle:
        (place,) = re.findall(r"location /natgrad/ \{.*?\n    \}\n", ours, re.S)
        lines = place.replace("location /natgrad/", "location /natgrad/api/kernels/")
        ours = ours.replace(place, place + lines.replace("timeout 1h", f"timeout {idle}"))
        assert f"timeout {idle}" in ours
    places = [server.url.split("/")[2] for server in servers]
    if len(servers) > 1:
        ours = ours.replace("http://127.0.0.1:8866", "http://natgrad")
        ours = (ROOT / "deploy" / "nginx_processes.conf").read_text() + ours
    for now, then in (
        ("443 ssl", f"127.0.0.1:{port} ssl"),
        ("/etc/ssl/certs/lecture.pem", str(room / "cert")),
        ("/etc/ssl/private/lecture.key", str(room / "key")),
        *zip(("127.0.0.1:8866", "127.0.0.1:8867"), places, strict=False),
    ):
        assert ours.count(now) >= 1
        ours = re.sub(rf"(?<![\\w.]){re.escape(now)}", then, ours)
    paths = "".join(
        f"{kind}_temp_path {room}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (room / "nginx.conf").write_text(
        f"pid {room}/pid; error_log {room}/error.log; daemon off;\n"
        f"events {{}}\nhttp {{ access_log off;\n{paths}{ours} }}\n"
    )
    assert NGINX
    nginx = subprocess.Popen([NGINX, "-c", str(room / "nginx.conf"), "-p", str(room)])
    try:
        address = f"https://localhost:{port}/natgrad/"
        with requests.Session() as http:
            http.trust_env = False
            http.verify = str(room / "cert")
            wait_until(lambda: _answers(address, http, nginx, room))
            yield address, http
    finally:
        nginx.terminate()
        nginx.wait(20)


def _answers(
    address: str, http: requests.Session, nginx: subprocess.Popen[bytes], room: Path
) -> bool:
    assert nginx.poll() is None, (room / "error.log").read_text()
    try:
        return http.get(f"{address}healthz", timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


def test_a_lesson_is_read_and_dragged_through_the_proxy(
    front: tuple[str, requests.Session],
) -> None:
    url, http = front
    first = http.get(url, timeout=60, allow_redirects=False)
    assert first.headers["Location"].startswith("/natgrad/coordinates")
    page = Page(url).fetch(http)
    assert page.data["base"] == "/natgrad/"
    text = http.get(f"{url}coordinates", timeout=60).text
    module = re.findall(r'src="(/natgrad/[^"]+/live_page\.js)"', text)[0]
    asked = http.get(url.replace("/natgrad/", module), timeout=10)
    assert asked.headers["Content-Type"].startswith("text/javascript")
    page.connect(sslopt={"ca_certs": http.verify})
    for n in range(20):
        assert page.ask(rate=0.01 + n / 1000)["state"]["rate"] == 0.01 + n / 1000
    page.hang_up()


def test_a_reader_who_does_nothing_keeps_their_line_through_a_proxy_that_ends_idle_ones(
    front: tuple[str, requests.Session],
) -> None:
    url, http = front
    page = Page(url).fetch(http).connect(sslopt={"ca_certs": http.verify})
    assert page.socket
    heard = listening(page.socket)
    time.sleep(1.5 * IDLE)
    page.send({"ask": 7, "state": page.state, "set": {"rate": 0.04}, "have": []})
    wait_until(lambda: any(b'"answer":7' in answer for answer in heard), 20)
    page.hang_up()


def test_a_class_follows_through_the_proxy(front: tuple[str, requests.Session]) -> None:
    url, http = front
    how = {"sslopt": {"ca_certs": http.verify}}
    page = Page(url).fetch(http).connect(**how)
    lecture = Lecture(page, http=http, how=how)
    try:
        lead = lecture.lead()
        place = lead.heard[0]["place"]
        assert place["address"] == f"{url}class/{lecture.code}"
        phone = lecture.follow()
        page.ask(rate=0.021)
        assert phone.until("picture")["state"]["rate"] == 0.021
        lead.say(ask={"kind": "number", "text": "?"})
        quiz = phone.until("quiz", bool)
        phone.say(answer=2.5, round=[quiz["id"], 1])
        assert phone.until("mine") == 2.5
        fresh = {"Cookie": "none=0"}
        cookie = http.get(place["address"], headers=fresh, timeout=60).headers["Set-Cookie"]
        assert "Secure" in cookie
        assert f"Path=/natgrad/class/{lecture.code}" in cookie
    finally:
        hang_up()
        page.hang_up()


def test_of_two_processes_a_class_lives_in_the_one_that_its_code_chooses(tmp_path: Path) -> None:
    with (
        running("--base-url=/natgrad/") as one,
        running("--base-url=/natgrad/") as other,
        behind_nginx(tmp_path, one, other) as (url, http),
    ):
        how = {"sslopt": {"ca_certs": http.verify}}
        page = Page(url).fetch(http).connect(**how)

        def chosen(lecture: Lecture) -> str:
            return http.get(f"{lecture.url}/{lecture.code}/process", timeout=60).text

        tried = [Lecture(page, http=http, how=how) for _ in range(40)]
        first = tried.pop().lead()
        process = first.heard[0]["place"]["process"]
        first.say(end=True)
        assert first.closed() == ENDED
        fits = next(it for it in tried if chosen(it) == process)
        misses = next(it for it in tried if chosen(it) != process)
        try:
            lead = misses.lead()
            lost = http.get(f"{misses.url}/{misses.code}", timeout=60)
            assert lost.status_code == 404, "its phones are sent to the other process"
            lead.say(end=True)
            assert lead.closed() == ENDED
            fits.lead()
            phone = fits.follow()
            page.ask(rate=0.023)
            assert phone.until("picture")["state"]["rate"] == 0.023
        finally:
            hang_up()
            page.hang_up()


def test_a_link_of_twenty_kilobytes_is_opened_through_the_proxy(
    front: tuple[str, requests.Session],
) -> None:
    url, http = front
    link = f"v=1&typed={'%E4%B8%AD' * 2200}"
    assert len(link) > 8000
    first = http.get(f"{url}?{link}", timeout=60, allow_redirects=False)
    assert first.status_code == 302
    assert first.headers["Location"].endswith(link)
    assert http.head(f"{url}playground?{link}", timeout=60).status_code == 200


def test_the_access_check_holds_behind_the_proxy_too(front: tuple[str, requests.Session]) -> None:
    url, http = front
    assert http.get(f"{url}metrics", timeout=10).status_code == 404, "it came through a proxy"
    assert http.get(url, headers={"Host": "evil.example"}, timeout=10).status_code == 403
    page, trust = Page(url).fetch(http), {"ca_certs": http.verify}
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        page.dial(token="0" * 32, sslopt=trust)
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        page.dial(Origin="https://evil.example", sslopt=trust)
