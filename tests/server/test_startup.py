"""The server starts well or says in a sentence what to do, and tells the truth about its health."""

from __future__ import annotations

import gc
import html
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
import requests
import yaml

from natgrad_lecture import machine_limits
from natgrad_lecture.lesson_names import lesson_names
from natgrad_lecture.machine_limits import cores, memory_left, processes_left
from natgrad_lecture.server import server as served
from natgrad_lecture.server import startup_checks, waiting_line
from natgrad_lecture.server.fork_client import ForkClient
from natgrad_lecture.server.kernel_provisioner import Forked
from natgrad_lecture.server.link_preview import preview
from natgrad_lecture.server.security_headers import HEADERS, Guarded
from natgrad_lecture.server.server import LessonServer
from natgrad_lecture.server.startup_checks import (
    check_machine,
    check_options,
    checked_base_url,
    checked_names,
    path_pattern,
    plain_host,
)
from natgrad_lecture.server.waiting_line import room
from tests.support.event_loops import run_apart
from tests.support.servers import ROOT, Page, Server, children, launch, running, wait_until

GOOD: dict[str, Any] = {
    "port": 0,
    "pool": 2,
    "readers": 0,
    "gone": 30.0,
    "idle": 900.0,
    "embed": ("https://a.example",),
}


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("port", -1, "--port=-1 is not a port; take one from 1 to 65535"),
        ("port", 70000, "--port=70000"),
        ("pool", -3, r"--pool=-3 is not possible; take 0 \(none wait\) or more"),
        ("readers", -1, "--readers=-1"),
        ("followers", 0, "--followers=0 is not possible; take 1 or more"),
        ("gone", float("nan"), "--gone=nan is not a time"),
        ("idle", 0.0, "--idle=0 is not a time"),
        ("embed", ("https://a.example/path",), "--embed='https://a.example/path' is not an origin"),
        ("embed", ("a.example",), "--embed="),
        ("embed", ("https://a.example\nX: y",), "--embed="),
    ],
)
def test_an_option_that_cannot_be_is_refused_in_a_sentence(
    option: str, value: Any, said: str
) -> None:
    check_options(**GOOD)
    with pytest.raises(SystemExit, match=said):
        check_options(**{**GOOD, option: value})


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Lecture.Uni.EDU", "lecture.uni.edu"),
        ("übung.uni.de", "xn--bung-zra.uni.de"),
        ("localhost.", "localhost"),
        ("[2001:DB8::7]", "2001:db8::7"),
        ("a_b.example", "a_b.example"),
    ],
)
def test_a_name_has_one_form(name: str, plain: str) -> None:
    assert plain_host(name) == plain
    assert checked_names([name], "127.0.0.1")[0] == plain


@pytest.mark.parametrize("name", ["https://a.example", "a.example:8866", "a.example/x", "", "a b"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(SystemExit, match=r"--name=.* is not a host's name"):
        checked_names([name], "127.0.0.1")


def test_to_let_others_in_a_name_must_be_said_and_an_address_is_one() -> None:
    for host in ("0.0.0.0", "::"):
        with pytest.raises(SystemExit, match=r"--name=lecture\.example\.org"):
            checked_names([], host)
        assert checked_names(["*"], host) == ("*",)
    assert checked_names([], "192.0.2.7") == ("192.0.2.7",)


@pytest.mark.parametrize(
    "url",
    ["/", "", "natgrad", "/c++/", "/a b/", "/nät/", "/(x)/", "/[a/", "//a//b/", "/%41/", "/a.b*/"],
)
def test_a_base_url_of_any_signs_matches_itself_encoded_or_not(url: str) -> None:
    base = checked_base_url(url)
    assert base.startswith("/")
    assert base.endswith("/")
    assert requests.Request("GET", f"http://a{base}").prepare().url
    for asked in {base, quote(unquote(base))}:
        assert re.fullmatch(path_pattern(base), asked), (base, asked)
    assert not re.fullmatch(path_pattern(base), f"{base}x/")


def test_the_limits_are_those_of_this_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A container's: version 2 of control groups, the limit on a group around ours."""
    whole, many = memory_left(), processes_left()
    ours = tmp_path / "outer" / "inner"
    ours.mkdir(parents=True)
    (ours.parent / "memory.max").write_text(f"{2**30}\n")
    (ours.parent / "memory.current").write_text(f"{2**29 + 2**28}\n")
    (ours.parent / "memory.stat").write_text(f"anon 5\ninactive_file {2**28}\n")
    (ours / "memory.max").write_text("max\n")
    (ours / "cpu.max").write_text("100000 100000\n")
    (ours / "pids.max").write_text("50\n")
    (ours / "pids.current").write_text("10\n")
    monkeypatch.setattr(machine_limits, "CGROUPS", tmp_path)
    text = Path.read_text
    monkeypatch.setattr(
        Path,
        "read_text",
        lambda self, *how: (
            "0::/outer/inner\n" if str(self) == "/proc/self/cgroup" else text(self, *how)
        ),
    )
    assert memory_left() == min(2**29, whole) or whole < 2**29, "files that were read count not"
    assert cores() == 1
    assert processes_left() == 40 < many
    assert room() == 2, "of 40 tasks a server takes 20, and a reader 10"


def test_only_two_come_in_while_memory_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    def free(left: int, limit: int, inside: int, megabytes: int = waiting_line.MEGABYTES) -> int:
        monkeypatch.setattr(waiting_line, "memory_left", lambda: left * 2**20)
        return waiting_line.room_now(limit, inside, megabytes)

    needed = waiting_line.MEGABYTES
    assert free(100 * needed, 40, 10) == 30
    assert free(5 * needed, 40, 10) == 5
    assert free(needed - 1, 40, 10) == 0
    nets = waiting_line.MEGABYTES_OF_NETS
    assert free(5 * needed, 40, 10, nets) == 5 * needed // nets < 5, "nets take more"
    assert [free(0, 40, inside) for inside in range(4)] == [2, 1, 0, 0]
    assert free(100 * needed, 4, 5) == 0


def test_a_visitor_of_a_lesson_with_nets_waits_for_more_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unstarted = LessonServer(port=8000, open_browser=False, readers=50)
    unstarted.initialize(argv=[])
    monkeypatch.setattr(LessonServer, "inside", 0)
    forks = ForkClient()
    forks.net_lessons.add("net")
    monkeypatch.setattr(Forked, "fork_clients", {False: forks})
    left = 20 * waiting_line.MEGABYTES
    monkeypatch.setattr(waiting_line, "memory_left", lambda: left * 2**20)
    assert unstarted.free("coordinates") == 20
    assert unstarted.free("net") == left // waiting_line.MEGABYTES_OF_NETS < 20
    shown = unstarted.render("wait.html", "en", place=1, inside=1, again=3, script="", ticket="")
    assert "1 reader is in" in shown


def test_what_was_made_ahead_holds_up_no_answer_while_garbage_is_collected() -> None:
    unstarted = LessonServer(port=8000, open_browser=False)
    gc.unfreeze()
    try:
        unstarted._make_homes()
        assert len(gc.get_objects()) < 0.05 * gc.get_freeze_count()
    finally:
        gc.unfreeze()


@pytest.mark.parametrize("missing", ["nothing", "memory", "torch", "a lesson"])
def test_torch_is_loaded_before_anybody_asks_where_it_is_of_use(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    asked: list[dict[str, str]] = []

    class Client:
        async def open(self, env: dict[str, str]) -> None:
            asked.append(env)

    def find(name: str) -> object:
        return None if name == missing else name

    left = served.ROOM_FOR_TORCH + (-1 if missing == "memory" else 1)
    here = ["coordinates"] if missing == "a lesson" else ["coordinates", "net"]
    monkeypatch.setattr(served, "AHEAD", 0)
    monkeypatch.setattr(served, "FORKS", True)
    monkeypatch.setattr(served, "memory_left", lambda: left)
    monkeypatch.setattr(served.importlib.util, "find_spec", find)
    monkeypatch.setattr(LessonServer, "lessons", lambda self: here)
    monkeypatch.setattr(LessonServer, "_make_homes", lambda self: None)
    monkeypatch.setattr(Forked, "fork_clients", {True: Client()}, raising=False)
    run_apart(LessonServer(port=8000, open_browser=False)._make_ahead())
    assert [env["NATGRAD_PAGE"] for env in asked] == ["1"] * (missing == "nothing")


def refusal(*options: str, **how: Any) -> str:
    """What a server says that does not start; ``how`` is ``launch``'s."""
    ended = launch(*options, **how)
    try:
        said, _ = ended.communicate(timeout=60)
    finally:
        ended.kill()
    assert ended.returncode == 1, said
    assert "Traceback" not in said
    assert said.count("\n") == 1, said
    return said


@pytest.mark.slow
def test_a_port_that_was_asked_for_and_is_taken_is_an_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"port {port} is taken; name another" in refusal(f"--port={port}")


@pytest.mark.slow
def test_an_address_that_is_not_ours_is_said_to_be_that() -> None:
    assert "cannot listen on 192.0.2.1 port" in refusal("--host=192.0.2.1")


@pytest.mark.slow
def test_too_few_files_are_said() -> None:
    resource = pytest.importorskip("resource")
    said = refusal(limits={resource.RLIMIT_NOFILE: 64})
    assert "64 open files are too few; allow 128 or more (ulimit -n)" in said


def test_too_few_processes_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    check_machine()
    monkeypatch.setattr(startup_checks, "processes_left", lambda: 7)
    with pytest.raises(SystemExit, match="only 7 more processes and threads may be started; allow"):
        check_machine()


@pytest.mark.slow
def read_only(*writable: str) -> list[str]:
    """The beginning of a command that runs without root's rights and with every file system
    read-only, except temporary ones at ``writable``: as ``user``, ``read_only`` and ``tmpfs`` of a
    container have it.
    """
    apart = ["unshare", "--mount", *([] if os.getuid() == 0 else ["--map-root-user"])]
    steps = ["mount -o remount,ro,bind /"]
    steps += [f"mount -t tmpfs -o size=64m none {place}" for place in writable]
    steps += ['exec unshare --user --map-user=1000 --map-group=1000 "$@"']
    found = [*apart, "sh", "-c", " && ".join(steps), "sh"]
    holds = (
        f'! touch {ROOT}/written 2>/dev/null && [ "$(id -u)" = 1000 ] && [ -e {sys.executable} ]'
    )
    there = shutil.which("unshare") and subprocess.run([*found, "sh", "-c", holds], check=False)
    if not there or there.returncode:
        pytest.skip(
            "no namespaces can be made here, to take away root's rights and writing, or they hide "
            "the checkout: it lies in a folder that becomes a temporary file system"
        )
    return found


def where_compose_writes() -> list[str]:
    """The temporary file systems that the container of deploy/compose.yaml has."""
    composed = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text("utf-8"))
    return composed["services"]["lessons"]["tmpfs"]


ONE_THUMBNAIL = """
from natgrad_lecture.server import preview_images
from natgrad_lecture.server.thumbnails import Drawing
preview_images.SECONDS = 300
drawing = Drawing.__init__
Drawing.__init__ = lambda self, names, fault: drawing(self, ["coordinates"], fault)
"""
"""What a server does first that draws the thumbnail of one lesson (all take a processor seconds)
and is patient with a link's picture."""


@pytest.mark.slow
def test_a_user_who_can_write_the_temporary_folder_alone_can_serve_lessons() -> None:
    """Nor can it write its home, or where it keeps its data."""
    nowhere = {"HOME": "/proc/nowhere", "XDG_DATA_HOME": "/proc/nowhere"}
    how = {"within": read_only(*where_compose_writes()), "env": nowhere}
    with running("--log", pool=1, first=ONE_THUMBNAIL, **how) as server:
        page = Page(server.url).open()
        assert page.ask(rate=0.03)["state"]["rate"] == 0.03
        for path in ("readyz", "home", "home/coordinates.svg", "preview/coordinates.png", "class"):
            assert requests.get(server.url + path, timeout=300).status_code == 200, path
        assert page.goodbye() == 204
        assert "fault" not in server.stop()


@pytest.mark.slow
def test_where_nothing_can_be_written_the_server_says_which_folders_it_tried() -> None:
    said = refusal(within=read_only(), env={"TMPDIR": "/var/tmp/natgrad"})
    assert "no folder for temporary files can be written; set TMPDIR" in said
    assert "/tmp" in said


def test_a_notebook_that_lacks_and_cannot_be_written_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    there = tmp_path / "file"
    there.touch()
    monkeypatch.setattr(served, "notebooks_folder", lambda: there / "notebooks")
    with pytest.raises(SystemExit, match=rf"{there}/notebooks lacks a lesson.*--notebooks"):
        LessonServer(port=8000, open_browser=False)


def test_an_address_is_printed_as_a_browser_takes_it() -> None:
    def printed(host: str, *names: str) -> str:
        return LessonServer(host=host, names=names, port=8000, open_browser=False).address

    assert printed("127.0.0.1") == "http://127.0.0.1:8000/"
    assert printed("::1") == "http://[::1]:8000/"
    assert printed("0.0.0.0", "lecture.example.org") == "http://lecture.example.org:8000/"
    assert printed("::", "2001:db8::7") == "http://[2001:db8::7]:8000/"
    assert printed("0.0.0.0", "*") == f"http://{socket.gethostname()}:8000/"


@pytest.mark.slow
def test_where_there_is_ipv6_alone_all_works() -> None:
    try:
        with socket.socket(socket.AF_INET6) as there:
            there.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6")
    with running("--host=::1") as server:
        assert server.url.startswith("http://[::1]:")
        page = Page(server.url).open()
        assert page.ask(rate=0.03)["state"]["rate"] == 0.03
        assert page.goodbye() == 204


@pytest.mark.slow
def test_ready_is_false_while_no_page_can_be_made_though_the_server_lives() -> None:
    first = "import natgrad_lecture.server.server as s; s.CANARY_HOLDS = 0; s.CANARY_WITHIN = 6"
    with running(first=first) as server:
        Page(server.url).open().goodbye()  # what forks is there
        wait_until(lambda: not server.kernels())
        assert requests.get(f"{server.url}readyz", timeout=60).status_code == 200
        assert not server.kernels(), "the one that was tried has ended"
        (forks,) = children(server.process.pid)
        os.kill(forks, signal.SIGSTOP)
        answer = requests.get(f"{server.url}readyz", timeout=60)
        assert answer.status_code == 503
        assert answer.json() == {"status": "no kernel can be started"}
        assert requests.get(f"{server.url}healthz", timeout=60).status_code == 200
        os.kill(forks, signal.SIGCONT)
        assert requests.get(f"{server.url}readyz", timeout=60).status_code == 200


@pytest.mark.slow
def test_a_link_says_what_it_leads_to_where_it_is_shared(server: Server) -> None:
    page = html.unescape(requests.get(f"{server.url}newton", timeout=60).text)
    for name, value in (("title", "Newton"), ("description", preview("newton").description)):
        assert f'<meta property="og:{name}" content="{value}' in page


def test_every_lesson_s_link_has_a_title_and_a_sentence() -> None:
    for name in lesson_names():
        title, description = preview(name)
        assert title
        assert len(description) > 20, name
        assert not re.search(r"[$*\\{}]|\]\(", title + description), name
    assert preview("nothing-of-ours") == ("Nothing of ours", "")


ID = "0-0-0-0-0"
PLACES = {
    f"/api/kernels/{ID}/channels": 404,
    f"/voila/api/shutdown/{ID}": 405,
    "/healthz": 200,
    "/readyz": 200,
    "/robots.txt": 200,
    "/metrics": 200,
    "/natgrad/0/live_page.js": 200,
    "/": 302,
    "/offline_worker.js": 200,
    "/offline/coordinates": 200,
    "/home": 200,
    "/glossary": 200,
    "/home/coordinates.svg": 200,
    "/preview/coordinates.png": 200,
    "/class": 200,
    "/class/lead": 400,
    "/class/lesson/coordinates": 200,
    "/class/ABCDEF/line": 400,
    "/class/ABCDEF/process": 200,
    "/class/ABCDEF": 404,
    "/coordinates": 200,
    "/nothing/at/all": 404,
}
"""An address of each place in the routing table, and how it answers HEAD."""

DRAWN = ("/coordinates", "/home/coordinates.svg", "/preview/coordinates.png")
"""Those whose GET costs a kernel or a drawing, of which HEAD needs none."""


def routes(base: str = "/") -> list[tuple[str, type]]:
    """The patterns of a server's routing table and what answers them."""
    unstarted = LessonServer(base_url=base, port=8000, open_browser=False)
    unstarted.initialize(argv=[])
    return [(pattern, handler) for pattern, handler, *_ in unstarted.init_handlers()]


def test_every_place_of_the_server_answers_head_and_options_in_one_way() -> None:
    table = routes()
    first = {path: next(p for p, _ in table if re.fullmatch(p, path)) for path in PLACES}
    assert {p for p, _ in table} - set(first.values()) == set(), "give it an address in PLACES"
    for pattern, handler in [*table, *routes("/natgrad/")]:
        assert issubclass(handler, Guarded), pattern
        for method in ("head", "options", "set_default_headers"):
            assert getattr(handler, method) is getattr(Guarded, method), (pattern, method)


@pytest.mark.slow
def test_every_page_answers_head_and_options_without_a_kernel(server: Server) -> None:
    kernels = set(server.kernels())
    for path, status in PLACES.items():
        address = server.url.rstrip("/") + path
        head = requests.head(address, timeout=60)
        assert (head.status_code, head.content) == (status, b""), path
        asked = requests.options(address, timeout=60)
        posted = "POST, OPTIONS" if status == 405 else "GET, HEAD, OPTIONS"
        if path != "/nothing/at/all":
            assert (asked.status_code, asked.headers["Allow"]) == (204, posted), path
        if status == 405:
            assert head.headers["Allow"] == posted
        elif path not in DRAWN:
            got = requests.get(address, allow_redirects=False, timeout=60)
            assert got.status_code == status, path
            assert got.headers.get("Content-Type") == head.headers.get("Content-Type"), path
    kinds = [requests.head(server.url + path[1:], timeout=60).headers for path in DRAWN]
    assert [said["Content-Type"].split(";")[0] for said in kinds] == [
        "text/html",
        "image/svg+xml",
        "image/png",
    ]
    assert set(server.kernels()) <= kernels


@pytest.mark.slow
def test_no_answer_sets_an_identifier_and_all_have_the_headers(server: Server) -> None:
    asset = re.findall(
        r'src="(/natgrad/[^"]+)"', requests.get(f"{server.url}home", timeout=60).text
    )
    for path in ("nothing", "coordinates", "natgrad/0/none.js", asset[0].lstrip("/"), "robots.txt"):
        answer = requests.get(server.url + path, timeout=60)
        assert "Set-Cookie" not in answer.headers, path
        assert HEADERS.items() <= answer.headers.items(), path
        assert "Server" not in answer.headers
    posted = requests.post(f"{server.url}coordinates", timeout=60)
    assert "Set-Cookie" not in posted.headers


@pytest.mark.slow
def test_a_page_is_made_for_a_reader_and_not_for_a_picture_or_a_crawler(server: Server) -> None:
    def asked(**headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.get(f"{server.url}coordinates", headers=named, timeout=60).status_code

    kernels = set(server.kernels())
    assert asked(Sec_Fetch_Dest="image", Sec_Fetch_Site="cross-site") == 403
    assert asked(Sec_Fetch_Dest="empty", Sec_Fetch_Site="cross-site") == 403
    assert asked(Sec_Fetch_Dest="document", Sec_Purpose="prefetch;prerender") == 403
    assert set(server.kernels()) <= kernels
    assert asked(Sec_Fetch_Dest="document", Sec_Fetch_Site="cross-site") == 200
    worker = {"Sec_Fetch_Dest": "empty", "Sec_Fetch_Site": "cross-site"}
    assert asked(**worker, Sec_Fetch_Mode="navigate") == 200
    assert asked(Sec_Fetch_Dest="empty", Sec_Fetch_Site="same-origin") == 200
    said = requests.get(f"{server.url}robots.txt", timeout=60).text
    assert said.endswith("\n\nUser-agent: *\nAllow: /home\nDisallow: /\n")


@pytest.mark.slow
def test_a_page_that_opens_no_line_holds_its_place_for_seconds_only() -> None:
    first = "import natgrad_lecture.server.sessions as s; s.UNOPENED = 2.0"
    with running("--readers=1", "--gone=600", first=first) as server:
        Page(server.url).fetch()
        visitor = requests.Session()  # who is first in the line
        assert visitor.get(f"{server.url}coordinates", timeout=60).status_code == 503
        wait_until(lambda: server.metric("readers") == 0, 30)
        page = Page(server.url).open(visitor)
        page.hang_up()
        with pytest.raises(AssertionError):
            wait_until(lambda: server.metric("readers") == 0, 5)


@pytest.mark.slow
def test_one_address_fills_half_the_house_with_pages_that_it_does_not_open() -> None:
    with running("--readers=8") as server:
        for _ in range(4):
            Page(server.url).fetch()
        assert requests.get(f"{server.url}coordinates", timeout=60).status_code == 503
        elsewhere = {"X-Forwarded-For": "192.0.2.9"}
        answer = requests.get(f"{server.url}coordinates", headers=elsewhere, timeout=60)
        assert answer.status_code == 200


@pytest.mark.slow
def test_pages_hang_under_any_base_url() -> None:
    """One with each kind of sign: what a pattern reads, what is encoded, what both do."""
    with running("--base-url=/c++/nät/(x)/") as server:
        page = Page(server.url).open()
        assert page.ask(rate=0.03)["state"]["rate"] == 0.03
        bare = requests.get(server.url.rstrip("/"), allow_redirects=False, timeout=60)
        assert bare.status_code in (301, 302)
        assert page.goodbye() == 204


@pytest.mark.slow
def test_who_calls_by_another_name_is_told_what_to_do() -> None:
    token = {"NATGRAD_METRICS_TOKEN": "sesame"}
    with running("--name=Lecture.Uni.EDU", env=token) as server:
        # A proxy on this machine asks as we do.
        assert requests.get(f"{server.url}metrics", timeout=60).status_code == 404
        place = server.url
        for host in ("lecture.uni.edu", "LECTURE.uni.edu.", "LOCALHOST", "localhost."):
            answer = requests.get(f"{place}healthz", headers={"Host": host}, timeout=60)
            assert answer.status_code == 200
            home = requests.get(f"{place}home", headers={"Host": host}, timeout=60)
            assert home.status_code == 200, host
        foreign = requests.get(f"{place}home", headers={"Host": "evil.example"}, timeout=60)
        assert foreign.status_code == 403
        assert "--name" in foreign.text
        assert server.metric('refused_total{reason="host"}') == 1
