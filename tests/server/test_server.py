"""The server over real HTTP: what it sends, what it refuses, and that it leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import pytest
import requests
from voila.execute import VoilaExecutor

from natgrad_lecture.lesson_names import RENAMED
from natgrad_lecture.lessons import lessons
from natgrad_lecture.server.kernel_provisioner import AWAITED, Starts
from natgrad_lecture.server.page_handlers import PULSE, Started, script_json
from natgrad_lecture.server.server import LessonServer
from natgrad_lecture.text.languages import ENGLISH, home_languages
from natgrad_lecture.text.page_words import page_words
from tests.server.conftest import DRAWN
from tests.support.event_loops import run_apart
from tests.support.servers import Page, Server, running, start, wait_until


@pytest.fixture(scope="module")
def page(server: Server) -> requests.Response:
    return requests.get(f"{server.url}coordinates", timeout=60)


def test_the_root_leads_to_the_first_lesson_and_keeps_the_link_s_state(server: Server) -> None:
    answer = requests.get(f"{server.url}?v=1&rate=0.3", allow_redirects=False, timeout=60)
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/coordinates?v=1&rate=0.3"


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_a_link_by_a_lesson_s_older_name_still_opens_its_state(
    server: Server, old: str, new: str
) -> None:
    answer = requests.get(f"{server.url}{old}?v=1&rate=0.3", allow_redirects=False, timeout=60)
    assert answer.status_code == 301
    assert answer.headers["Location"] == f"/{new}?v=1&rate=0.3"


@pytest.mark.slow
@pytest.mark.covering
def test_the_home_page_leads_to_every_lesson_with_a_picture_of_it(server: Server) -> None:
    page = requests.get(f"{server.url}home", timeout=60)
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    for name, lesson in lessons.items():
        card = page.text[page.text.index(f'<a href="{name}"><img') :].partition("</a>")[0]
        assert lesson.title in card
        found = re.search(r'src="/?([^"]+)"', card)
        assert found
        if name not in DRAWN:
            continue
        picture = requests.get(server.url + found[1], timeout=60)
        assert picture.headers["Content-Type"].startswith("image/svg")
        assert 'd="M' in picture.text  # a path, and not an empty one


@pytest.mark.parametrize("page", ["home", "glossary"])
def test_a_page_is_in_the_links_language_else_in_the_browsers(server: Server, page: str) -> None:
    for query, accepted, language in (
        ("", "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("", "fr,en;q=0.5", "en"),
        ("?lang=en", "zh-CN", "en"),
        ("?lang=zh", "en-US", "zh"),
        ("?lang=../etc", "", "en"),
    ):
        headers = {"Accept-Language": accepted}
        answer = requests.get(f"{server.url}{page}{query}", headers=headers, timeout=60)
        assert f'<html lang="{language}">' in answer.text, (query, accepted)
        assert "Accept-Language" in answer.headers["Vary"]


def test_the_page_carries_its_first_picture(page: requests.Response) -> None:
    found = re.search(
        r'<script type="application/json" id="natgrad-data">(.*?)</script>', page.text
    )
    assert found, page.text[-2000:]
    data = json.loads(found[1])
    assert {"kernel", "comm", "base", "lesson", "first", "arrays"} <= set(data)
    assert data["first"]["planes"]
    assert data["arrays"]


def test_the_head_is_sent_before_the_kernel_is_there(server: Server) -> None:
    with requests.get(f"{server.url}coordinates", stream=True, timeout=60) as answer:
        parts = answer.iter_content(None)
        head, rest = next(parts), b"".join(parts)
    assert b"modulepreload" in head
    assert b"natgrad-data" not in head
    assert b"natgrad-data" in rest


def test_the_page_is_compressed_and_not_kept(page: requests.Response) -> None:
    assert page.headers["Content-Encoding"] == "gzip"
    assert page.headers["Cache-Control"] == "no-cache"


def test_no_other_host_is_named_in_the_page_or_its_modules(
    server: Server, page: requests.Response
) -> None:
    own = page.text.replace(server.url, "/")  # the address of the picture of a shared link
    texts = {"page": re.sub(r"https?://www\.w3\.org/[\w/]+", "", own)}
    for path in set(re.findall(r'(?:href|src)="(/natgrad/[^"]+)"', page.text)):
        source = requests.get(server.url.rstrip("/") + path, timeout=60).text
        texts[path] = re.sub(
            r"^\s*//.*$|https?://www\.w3\.org/[\w/]+", "", source, flags=re.MULTILINE
        )
    assert len(texts) == 2, sorted(texts)
    for name, text in texts.items():
        assert not re.findall(r"""["'(=](?:https?:|wss?:)?//[\w.-]+\.\w+""", text), name


def test_the_page_loads_one_module_and_nothing_else(
    server: Server, page: requests.Response
) -> None:
    loads = re.findall(r'<(?:script|link|img)\b[^>]*(?:src|href)="(?!data:)([^"]+)"', page.text)
    assert len(loads) == 2, "once to load it early, once to run it"
    assert len(set(loads)) == 1, loads
    source = requests.get(server.url.rstrip("/") + loads[0], timeout=60).text
    assert not re.search(r"^(?:import|export)\b", source, re.MULTILINE)
    later = re.findall(r"\bimport\((?:new URL\()?\"([^\"]+)\"", source)  # when a reader asks for it
    wanted = {"classroom.js", "makers.js", "model_picture.js", "offline.js", "plotly_charts.js"}
    wanted |= {f"{language}.js" for language in home_languages() if language != ENGLISH}
    assert {name.removeprefix("./") for name in later} == wanted
    assert source.count("import(") == len(later)
    assert "@import" not in page.text


@pytest.mark.slow
def test_a_kernel_that_takes_its_time_is_waited_for_in_silence(tmp_path: Path) -> None:
    """At each pulse Voila has the page call a function of its own front end."""
    cell = nbformat.v4.new_code_cell(f"import time; time.sleep({PULSE + 1})")
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": kernel})
    nbformat.write(notebook, tmp_path / "slow.ipynb")
    slow = start(0, 0, f"--notebooks={tmp_path}")
    try:
        text = requests.get(f"{slow.url}slow", timeout=60).text
    finally:
        slow.process.terminate()
        slow.process.communicate(timeout=60)
    assert "displayed no lesson" in text
    assert "<script>" not in text


def test_the_page_may_load_nothing_from_elsewhere(page: requests.Response) -> None:
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "connect-src 'self'" in policy


def test_assets_may_be_kept_for_ever_under_a_name_that_follows_their_contents(
    server: Server,
) -> None:
    now = requests.get(f"{server.url}coordinates", timeout=60).text
    path = re.findall(r'src="(/natgrad/[^"]+/live_page\.js)"', now)[0]
    fresh = requests.get(server.url.rstrip("/") + path, timeout=60)
    assert fresh.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert fresh.headers["Content-Encoding"] == "gzip"
    assert fresh.headers["Content-Type"].startswith("text/javascript")
    stale = requests.get(f"{server.url}natgrad/0000/live_page.js", timeout=60)
    assert stale.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "nothing",
        "coordinates.ipynb",
        "voila/static/voila.js",
        "voila/files/coordinates.ipynb",
        "natgrad/0/widget.py",
        "natgrad/0/..%2f..%2fserve%2fserver.py",
        "api/kernels",
    ],
)
def test_what_no_page_needs_is_not_served(server: Server, path: str) -> None:
    answer = requests.get(server.url + path, timeout=60)
    assert answer.status_code == 404
    assert "Traceback" not in answer.text


def test_an_unknown_page_says_so_in_words(server: Server) -> None:
    assert "There is no such page" in requests.get(f"{server.url}nothing", timeout=60).text


@pytest.mark.parametrize("language", home_languages()[1:])
@pytest.mark.parametrize("asks", ["link", "browser"])
def test_what_the_server_says_itself_is_in_the_reader_s_language(
    server: Server, language: str, asks: str
) -> None:
    link = f"?lang={language}" if asks == "link" else ""
    wished = {"Accept-Language": "de, en" if link else f"de, {language}-XX;q=0.9, en;q=0.5"}
    nothing = requests.get(f"{server.url}nothing{link}", headers=wished, timeout=60)
    assert page_words(language)["no-page"] in nothing.text
    assert nothing.encoding == "utf-8"
    lesson = requests.get(f"{server.url}coordinates{link}", headers=wished, timeout=60).text
    title, say = lessons["coordinates"].text(language).title, page_words(language)
    for each in (nothing.text, lesson):
        assert f'<html lang="{language}">' in each
        assert f" – {say['site']}</title>" in each
    assert f'<meta property="og:title" content="{title}">' in lesson
    assert say["starting"] in lesson
    assert page_words()["starting"] not in lesson
    foreign = requests.get(f"{server.url}{link}", headers={**wished, "Host": "x.y"}, timeout=60)
    assert foreign.status_code == 403
    assert say["reason-name"] in foreign.text


def test_another_name_for_this_machine_is_refused(server: Server) -> None:
    headers = {"Host": "evil.example"}
    assert requests.get(f"{server.url}", headers=headers, timeout=60).status_code == 403


def test_a_page_ends_its_own_kernel_and_another_site_s_page_cannot(server: Server) -> None:
    before = set(server.kernels())
    page = Page(server.url).fetch()
    (mine,) = set(server.kernels()) - before
    for origin in ("", "http://evil.example"):
        assert page.goodbye(origin=origin) == 403
    assert page.goodbye(token="0" * 32) == 403
    assert mine in server.kernels()
    assert page.goodbye() == 204
    wait_until(lambda: mine not in server.kernels())
    assert page.goodbye() == 204, "twice is no harm"


def test_a_plane_s_kernel_speaks_through_files_holds_no_torch_and_its_answers_are_counted(
    server: Server,
) -> None:
    before = set(server.kernels())
    page = Page(server.url).open()
    (mine,) = set(server.kernels()) - before
    (file,) = Path(tempfile.gettempdir()).glob(f"natgrad_*/kernel-{page.kernel}.json")
    assert json.loads(file.read_text())["transport"] == "ipc"
    assert "libtorch" not in Path(f"/proc/{mine}/maps").read_text()
    count = server.metric("answer_seconds_count")
    page.ask(rate=0.05)
    assert server.metric("answer_seconds_count") == count + 1
    assert page.goodbye() == 204


@pytest.mark.slow
def test_where_nobody_asked_for_a_port_a_taken_one_gives_way_to_the_next_free_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = start(None, first=f"import natgrad_lecture.server.server as s; s.PORT = {port}")
    server.process.send_signal(signal.SIGINT)
    server.process.communicate(timeout=60)
    assert f"Port {port} is taken" in server.said
    assert int(server.url.split(":")[-1].rstrip("/")) in range(port + 1, port + 51)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("signum", "early"),
    [(signal.SIGINT, True), (signal.SIGTERM, False)],
    ids=["Ctrl-C at once", "SIGTERM later"],
)
def test_the_server_ends_quietly_and_leaves_no_kernel(signum: int, early: bool) -> None:
    server = start(pool=2)
    if early:
        time.sleep(0.3)
    else:
        requests.get(f"{server.url}coordinates", timeout=60)
        wait_until(lambda: len(server.kernels()) >= 2)
    kernels = server.kernels()
    server.process.send_signal(signum)
    rest = server.process.communicate(timeout=60)[0]
    assert server.process.returncode == 0
    assert rest == ""
    assert server.said.count("\n") == 1, "one line with the address, and nothing else"
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in kernels), 10)


@pytest.mark.slow
def test_a_kernel_s_server_that_was_killed_takes_its_kernels_along() -> None:
    server = start(pool=1)
    wait_until(lambda: server.metric("pool") == 1)
    (kernel,) = server.kernels()
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.communicate(timeout=60)
    wait_until(lambda: not Path(f"/proc/{kernel}").exists())


@pytest.mark.slow
def test_kernels_wait_with_the_lesson_asked_for_and_no_more_than_may_come_in() -> None:
    with running("--readers=3", "--gone=1", "--warm=newton", pool=5) as server:
        wait_until(lambda: server.metric("pool") == 3)
        waiting = set(server.kernels())
        pages = [Page(server.url, "newton").open() for _ in range(2)]
        wait_until(lambda: server.metric("pool") == 1)
        assert set(server.kernels()) == waiting, "who comes takes one that waits"
        for page in pages:
            page.goodbye()
        wait_until(lambda: server.metric("pool") == 3)


def test_a_lesson_to_wait_with_that_is_none_is_said() -> None:
    with pytest.raises(
        SystemExit, match="no lesson 'nothing' to wait with; there are coordinates, "
    ):
        LessonServer(port=8000, open_browser=False, warm="nothing")


def test_what_a_busy_server_is_late_to_hear_is_waited_for() -> None:
    """The time limit is the server's: a class that arrives exceeds Voila's own four seconds."""
    server = LessonServer(port=8000, open_browser=False)
    runs = VoilaExecutor(nbformat.v4.new_notebook(), config=server.config)
    assert min(runs.iopub_timeout, runs.startup_timeout) > 60


def test_few_kernels_start_at_a_time_and_the_first_to_come_goes_first() -> None:
    async def story() -> None:
        starts, order = Starts(most=2, longest=0.2), []

        async def begin(kernel: str) -> None:
            await starts.begin(kernel)
            order.append(kernel)

        tasks = [asyncio.create_task(begin(kernel)) for kernel in "abcde"]
        await asyncio.sleep(0.05)
        assert order == ["a", "b"]
        starts.done("b")
        starts.done("b")  # its page is made, and later it ends
        await asyncio.sleep(0.05)
        assert order == ["a", "b", "c"]
        await asyncio.gather(*tasks)  # what takes too long holds up nobody for ever
        assert order == [*"abcde"]

    run_apart(story())


def test_a_kernel_that_a_reader_waits_for_starts_before_those_of_the_pool() -> None:
    async def story() -> None:
        starts, order = Starts(most=1), []

        async def begin(kernel: str, awaited: bool) -> None:
            AWAITED.set(awaited)
            await starts.begin(kernel)
            order.append(kernel)

        kernels = {"pool 1": 0, "pool 2": 0, "pool 3": 0, "gone": 1, "reader 1": 1, "reader 2": 1}
        tasks = {name: asyncio.create_task(begin(name, bool(kernels[name]))) for name in kernels}
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        tasks["gone"].cancel()  # while it waits
        starts.done("pool 1")
        tasks["reader 1"].cancel()  # as its turn comes
        await asyncio.sleep(0)
        for kernel in ("reader 2", "pool 2", "pool 3"):
            await asyncio.wait_for(tasks[kernel], 1)
            starts.done(kernel)
        assert order == ["pool 1", "reader 2", "pool 2", "pool 3"]

    run_apart(story())


def test_a_page_waits_for_the_kernels_that_it_starts_and_for_no_other() -> None:
    class Manager:
        async def start_kernel(self) -> str:
            return f"awaited: {AWAITED.get()}"

    async def story() -> None:
        assert await Started(Manager()).start_kernel() == "awaited: True"
        assert not AWAITED.get()

    run_apart(story())


def test_json_cannot_end_its_script_element() -> None:
    nasty = {"a": "</script><!--<b>&\u2028\u2029", "b": [1.5, None, "θ"]}
    text = script_json(nasty)
    assert not re.search("[<>&\u2028\u2029]", text)
    assert json.loads(text) == nasty


@pytest.mark.slow
def test_a_start_builds_no_grammar() -> None:
    """Nor loads what a kernel computes with: the server hands pages on, and computes nothing."""
    printed = subprocess.run(
        [sys.executable, "-c", "import sys, natgrad_lecture.server.server; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(printed.stdout.split())
    assert "jsonschema" in loaded
    assert not loaded & {"lark", "rfc3987_syntax.syntax_helpers", "torch", "plotly", "ipykernel"}
