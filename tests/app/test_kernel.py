"""A page's kernel, started as where nothing can be forked."""

from __future__ import annotations

from typing import Any

import pytest
from jupyter_client.manager import KernelManager

from app.serve import kernels

OPEN = "from app import lesson\nseen = lesson('coordinates')"
COMM = {"comm": "seen.comm.comm_id"}


@pytest.mark.slow
def test_a_kernel_answers_an_ask_and_says_nothing_beside_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kernels, "FORKS", False)
    manager = KernelManager(
        kernel_name=kernels.PLANE, kernel_spec_manager=kernels.Specs(), transport="ipc"
    )
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=300)
        opened = client.execute_interactive(OPEN, user_expressions=COMM, timeout=300)
        comm = opened["content"]["user_expressions"]["comm"]["data"]["text/plain"]
        ask = {"ask": 1, "state": {}, "set": {"rate": 0.03}, "have": []}
        content = {"comm_id": comm.strip("'"), "data": {"method": "custom", "content": ask}}
        sent = client.session.msg("comm_msg", content)
        client.shell_channel.send(sent)
        next_one = client.execute("")  # heard of after all that the ask led to
        heard: list[Any] = []
        while not heard or heard[-1]["parent_header"].get("msg_id") != next_one:
            heard.append(client.get_iopub_msg(timeout=300))
        of_the_ask = [m for m in heard if m["parent_header"].get("msg_id") == sent["msg_id"]]
        (answer,) = of_the_ask
        assert answer["content"]["data"]["content"]["values"]["rate"] == 0.03
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
