"""A page's kernel answers an ask and says nothing beside it, forked or started by itself."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ipykernel.thread import SHELL_CHANNEL_THREAD_NAME
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from natgrad_lecture.server import kernel_provisioner as kernels
from tests.support.servers import Page, Server

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
        assert "comm_msg" not in kinds
        assert [m["content"]["text"] for m in heard if m["msg_type"] == "stream"] == ["printed\n"]
        while (reply := client.get_shell_msg(timeout=300))["parent_header"]["msg_id"] != last:
            pass
        threads = reply["content"]["user_expressions"]["names"]["data"]["text/plain"]
        assert "MainThread" in threads
        assert SHELL_CHANNEL_THREAD_NAME not in threads
    finally:
        client.stop_channels()


def test_a_forked_kernel_says_its_answer_alone(server: Server) -> None:
    page = Page(server.url).open()
    (file,) = Path(tempfile.gettempdir()).glob(f"natgrad_*/kernel-{page.kernel}.json")
    client = BlockingKernelClient(connection_file=str(file))
    client.load_connection_file()
    assert_only_the_answer_is_said(client, lambda: page.ask(rate=0.03))
    assert page.goodbye() == 204


@pytest.mark.slow
def test_so_does_one_that_is_started_where_nothing_can_be_forked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kernels, "FORKS", False)
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
            ask = {"ask": 1, "state": {}, "set": {"rate": 0.03}, "have": []}
            content = {"comm_id": comm, "data": {"method": "custom", "content": ask}}
            client.shell_channel.send(client.session.msg("comm_msg", content))
            while (reply := client.get_shell_msg(timeout=300))["msg_type"] != "comm_msg":
                pass
            return reply["content"]["data"]["content"]

        assert_only_the_answer_is_said(client, ask)
    finally:
        manager.shutdown_kernel(now=True)
