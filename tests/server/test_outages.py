"""What breaks is mended: a reader's state comes back, the others notice nothing, and no process is
left behind. The page's own part in this is tested in tests/browser/test_link.py.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest
import requests

from benchmarks.soak import soak
from natgrad_lecture.server.sessions import Readers
from natgrad_lecture.server.waiting_line import WaitingLine
from natgrad_lecture.server.websocket import ASLEEP
from tests.support.class_lines import Lecture, hang_up
from tests.support.servers import (
    Page,
    Server,
    children,
    listening,
    running,
    wait_until,
    zombies,
)

resource = pytest.importorskip("resource", reason="limits of processes are a matter of Unix")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def frail() -> Iterator[Server]:
    """A server of our own, which forgets quickly."""
    with running("--gone=4") as server:
        yield server
        below = children(server.process.pid)
        assert not zombies(below + [k for z in below for k in children(z)])


def kernel_of(server: Server, page: Page) -> int:
    """Open the page's line; returns the process of its kernel."""
    before = set(server.kernels())
    page.open()
    (mine,) = set(server.kernels()) - before
    return mine


def returned(page: Page) -> Page:
    """The page as it comes back: with its state, to another kernel."""
    back = Page(page.url).fetch().connect()
    back.state = page.state
    return back


def test_a_killed_kernel_leaves_no_zombie_and_takes_no_state_along(frail: Server) -> None:
    page, other = Page(frail.url), Page(frail.url).open()
    kernel = kernel_of(frail, page)
    page.ask(rate=0.031)
    os.kill(kernel, signal.SIGKILL)
    wait_until(lambda: kernel not in frail.kernels())
    back = returned(page)
    assert back.ask(steps=100)["state"]["rate"] == 0.031
    assert other.ask(rate=0.05)["state"]["rate"] == 0.05
    for each in (page, back, other):
        each.goodbye()


def test_a_cut_line_is_opened_again_to_the_same_kernel(frail: Server) -> None:
    page = Page(frail.url)
    kernel = kernel_of(frail, page)
    page.ask(rate=0.032)
    page.hang_up()
    page.connect()
    assert page.ask(steps=100)["state"]["rate"] == 0.032
    assert kernel in frail.kernels()
    page.goodbye()


def test_a_kernel_whose_page_is_gone_ends(frail: Server) -> None:
    page, never = Page(frail.url), Page(frail.url)
    kernels = {kernel_of(frail, page), kernel_of(frail, never)}
    page.hang_up()  # without a word
    never.hang_up()
    wait_until(lambda: not kernels & set(frail.kernels()))
    assert (
        requests.get(f"{frail.url}api/kernels/{page.kernel}/channels", timeout=60).status_code
        == 404
    )
    assert frail.metric("readers") == 0


def test_a_line_that_answers_no_ping_is_dropped_and_its_place_becomes_free() -> None:
    """A device that sleeps closes nothing: its end is open, and nobody is behind it."""
    first = "import natgrad_lecture.server.server as s; s.PING = 0.5"
    with running("--gone=0.5", first=first) as server:
        asleep, awake = Page(server.url).open(), Page(server.url).open()
        assert awake.socket
        answers = listening(awake.socket)
        lecture = Lecture(awake)
        lecture.lead()
        lecture.follow()
        listening(lecture.follow().socket)
        assert server.metric("followers") == 2
        wait_until(lambda: server.metric("readers") == server.metric("followers") == 1)
        time.sleep(2.0)  # longer than a line may be silent
        awake.send({"ask": 7, "state": awake.state, "set": {"rate": 0.04}, "have": []})
        wait_until(lambda: any(b'"answer":7' in answer for answer in answers), 20)
        assert server.metric("lines") == server.metric("followers") == 1
        left = requests.get(f"{server.url}api/kernels/{asleep.kernel}/channels", timeout=60)
        assert left.status_code == 404
        hang_up()


def test_a_kernel_that_stands_still_for_a_while_holds_up_nobody_else(frail: Server) -> None:
    slow, quick = Page(frail.url), Page(frail.url).open()
    kernel = kernel_of(frail, slow)
    os.kill(kernel, signal.SIGSTOP)
    slow.send({"ask": 1, "state": slow.state, "set": {"rate": 0.033}, "have": []})
    assert quick.ask(rate=0.05)["state"]["rate"] == 0.05
    os.kill(kernel, signal.SIGCONT)
    assert slow.hear()["state"]["rate"] == 0.033
    for each in (slow, quick):
        each.goodbye()


def test_a_stopped_kernel_can_be_left(frail: Server) -> None:
    page = Page(frail.url)
    kernel = kernel_of(frail, page)
    os.kill(kernel, signal.SIGSTOP)
    assert page.goodbye() == 204
    wait_until(lambda: kernel not in frail.kernels())


def test_when_the_process_that_forks_is_killed_another_takes_its_place(frail: Server) -> None:
    page = Page(frail.url).open()
    page.ask(rate=0.034)
    (fork_server,) = children(frail.process.pid)
    os.kill(fork_server, signal.SIGKILL)
    wait_until(lambda: not frail.kernels())
    health = f"{frail.url}healthz"
    assert requests.get(health, timeout=60).status_code == 503, "nobody has asked for a kernel"
    back = returned(page)
    assert back.ask(steps=100)["state"]["rate"] == 0.034
    assert fork_server not in children(frail.process.pid)
    assert requests.get(health, timeout=60).status_code == 200
    page.hang_up()
    back.goodbye()


def test_a_full_disk_keeps_new_visitors_out_and_lets_those_inside_go_on(frail: Server) -> None:
    inside = Page(frail.url).open()
    server = frail.process.pid
    soft, hard = resource.prlimit(server, resource.RLIMIT_FSIZE)
    resource.prlimit(server, resource.RLIMIT_FSIZE, (0, hard))  # every write to a file fails
    text = requests.get(f"{frail.url}coordinates", timeout=60).text
    assert "could not start" in text
    assert "Traceback" not in text
    assert inside.ask(rate=0.035)["state"]["rate"] == 0.035
    resource.prlimit(server, resource.RLIMIT_FSIZE, (soft, hard))
    Page(frail.url).open().goodbye()
    inside.goodbye()


def test_an_idle_page_s_kernel_is_let_go_and_its_state_comes_back() -> None:
    with running("--idle=1") as server:
        page = Page(server.url)
        kernel = kernel_of(server, page)
        page.ask(rate=0.036)
        assert page.close_code() == ASLEEP
        wait_until(lambda: kernel not in server.kernels())
        back = returned(page)
        assert back.ask(steps=100)["state"]["rate"] == 0.036
        page.hang_up()
        back.hang_up()


def test_a_clock_that_is_set_ends_no_kernel_and_loses_no_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    readers, line = Readers(gone=60, idle=60), WaitingLine(60)
    readers.admit("k", "c")
    readers.open_line("k")
    ticket, place = line.ask(None, 0)
    assert place == 1
    now = time.time()
    for jump in (-1e9, 1e9):
        monkeypatch.setattr(time, "time", lambda jump=jump: now + jump)
        assert readers.unneeded(["k", "pooled"], ["pooled"]) == []
        assert line.ask(ticket, 0) == (ticket, 1)


def test_a_page_that_hangs_on_to_a_kernel_being_ended_keeps_no_other_from_its_end() -> None:
    readers = Readers(gone=-1, idle=60)  # at once
    for kernel in ("leaving", "gone"):
        readers.admit(kernel, "c")
    readers.handed |= readers.passes.keys()
    readers.open_line("leaving")
    readers.forget("leaving")  # its page said goodbye; kernel and line still are
    assert readers.unneeded(["leaving", "gone"], []) == [("gone", "gone")]


def test_a_kernel_is_not_ended_as_gone_while_its_page_is_made() -> None:
    readers = Readers(gone=-1, idle=60)  # at once
    token = readers.admit("built", "c")
    assert readers.unneeded(["built", "not yet admitted"], []) == []
    readers.hand_over(f'{{"pass":"{token}"}}')
    assert readers.unneeded(["built", "not yet admitted"], []) == [("built", "gone")]


def test_the_time_in_which_a_page_is_made_is_not_taken_from_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    readers = Readers(gone=10)
    token = readers.admit("built", "c")
    assert readers.unneeded(["built"], []) == []
    now = 30.0  # it took so long
    readers.hand_over(f'{{"pass":"{token}"}}')
    assert readers.unneeded(["built"], []) == []
    now = 41.0
    assert readers.unneeded(["built"], []) == [("built", "gone")]


def test_a_server_told_to_stop_while_it_ends_kernels_ends() -> None:
    with running("--gone=1", pool=1) as server:
        pages = [Page(server.url) for _ in range(4)]
        for page in pages:
            page.open()
        for page in pages:
            page.hang_up()
        ended = 2  # of four, and one waits in the pool: the sweep is in the middle of it
        wait_until(lambda: len(server.kernels()) <= len(pages) + 1 - ended, pause=0.001)


def test_readers_who_come_and_go_leave_nothing_behind() -> None:
    """Memory is for ``make soak`` to judge: in seconds it only shows what was loaded first."""
    report = soak(seconds=3, readers=2, pause=0.1, gone=3)
    assert report.failures == []
    assert report.visits > 1
    assert report.left == 0, "kernels that nobody needs"
    assert not report.zombies
    assert report.files_after <= report.files_before + 8
