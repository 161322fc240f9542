"""A page's kernel answers an ask and says nothing beside it, forked or started by itself."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ipykernel.thread import SHELL_CHANNEL_THREAD_NAME
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from natgrad_lecture.server import kernel_provisioner as kernels
from natgrad_lecture.server.ask_socket import HEAD, path_of
from natgrad_lecture.server.request_filter import answer_in, content
from tests.support.servers import Page, Server, running, wait_until

OPEN = "from natgrad_lecture import lesson\nseen = lesson('coordinates')"
COMM = {"comm": "seen.comm.comm_id"}
THREADS = {"names": "[t.name for t in __import__('threading').enumerate()]"}


def assert_only_the_answer_is_said(
    client: BlockingKernelClient, ask: Callable[[], dict[str, Any]]
) -> None:
    """Listen beside the page while it asks and hears, and ask for the threads."""
    client.start_channels()
    try:
        client.wait_for_ready(timeout=300)
        assert ask()["values"]["rate"] == 0.03
        last = client.execute(
            "print('printed')", user_expressions=THREADS
        )  # heard after all the ask led to
        heard: list[Any] = []
        while not heard or (
            heard[-1]["parent_header"].get("msg_id"),
            heard[-1]["content"].get("execution_state"),
        ) != (last, "idle"):
            heard.append(client.get_iopub_msg(timeout=300))
        kinds = [m["parent_header"].get("msg_type") for m in heard]
        assert "execute_request" in kinds  # what is said to all is heard here
        assert "comm_msg" not in {*kinds, *(m["msg_type"] for m in heard)}
        assert [m["content"]["text"] for m in heard if m["msg_type"] == "stream"] == ["printed\n"]
        while (reply := client.get_shell_msg(timeout=300))["parent_header"]["msg_id"] != last:
            pass
        threads = reply["content"]["user_expressions"]["names"]["data"]["text/plain"]
        assert "MainThread" in threads
        assert SHELL_CHANNEL_THREAD_NAME not in threads
    finally:
        client.stop_channels()


def files_of(page: Page) -> list[Path]:
    """The files of a page's kernel: how to reach it, and its sockets."""
    return sorted(Path(tempfile.gettempdir()).glob(f"natgrad_*/kernel-{page.kernel}*"))


def test_a_forked_kernel_says_its_answer_alone(server: Server) -> None:
    page = Page(server.url).open()
    (file,) = (each for each in files_of(page) if each.suffix == ".json")
    client = BlockingKernelClient(connection_file=str(file))
    client.load_connection_file()
    assert_only_the_answer_is_said(client, lambda: page.ask(rate=0.03))
    assert page.goodbye() == 204


@pytest.mark.slow
def test_so_does_one_that_is_started_where_nothing_can_be_forked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(kernels, "FORKS", False)
    monkeypatch.chdir(tmp_path)  # where its sockets are
    manager = KernelManager(
        kernel_name=kernels.PLANE, kernel_spec_manager=kernels.Specs(), transport="ipc"
    )
    manager.start_kernel()
    try:
        first = manager.client()
        first.start_channels()
        first.wait_for_ready(timeout=300)
        opened = first.execute_interactive(OPEN, user_expressions=COMM, timeout=300)
        comm = opened["content"]["user_expressions"]["comm"]["data"]["text/plain"].strip("'")
        first.stop_channels()
        client = manager.client()

        def ask() -> dict[str, Any]:
            said = content({"ask": 1, "state": {}, "set": {"rate": 0.03}, "have": []}, comm)
            with socket.socket(socket.AF_UNIX) as line, line.makefile("rb") as answers:
                line.settimeout(300)
                line.connect(str(path_of("ipc", client.ip)))
                line.sendall(len(said).to_bytes(HEAD, "little") + said)
                answer = answers.read(int.from_bytes(answers.read(HEAD), "little"))
            return answer_in(answer)[0]

        assert_only_the_answer_is_said(client, ask)
    finally:
        manager.shutdown_kernel(now=True)


def test_a_kernel_that_has_ended_leaves_no_file(server: Server) -> None:
    page = Page(server.url).open()
    names = [file.name for file in files_of(page)]
    assert f"kernel-{page.kernel}-ipc-asks" in names
    page.goodbye()
    wait_until(lambda: not files_of(page))


@pytest.mark.slow
def test_where_no_socket_can_have_a_name_a_page_hears_answers_and_nothing_else(
    tmp_path: Path,
) -> None:
    """Its asks come on Jupyter's channels, and what is said there beside the answers stays here."""
    long = tmp_path / ("x" * 100)
    long.mkdir()
    with running(env={"TMPDIR": str(long)}) as server:
        page = Page(server.url).open()
        for n in range(8):
            page.send({"ask": n, "state": {}, "set": {"rate": 0.01 + n / 1000}, "have": []})
        assert [page.hear()["answer"] for _ in range(8)] == list(range(8))
        assert not list(long.glob("*/*asks"))
        page.goodbye()
