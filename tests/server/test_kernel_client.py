"""A page's client is ready as soon as its kernel is, and never before."""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty
from typing import Any

import pytest
import zmq
from jupyter_client.manager import AsyncKernelManager

from natgrad_lecture.server.kernel_client import LATEST, SOONEST, PageClient
from natgrad_lecture.server.server import LessonServer
from tests.support.event_loops import run_apart


class Channel:
    """A channel on which ``arrives`` says what comes; where nothing does, it says so at once."""

    def __init__(self, arrives: Callable[[], bool]) -> None:
        self.arrives = arrives

    async def get_msg(self, timeout: float) -> dict[str, Any]:
        assert timeout > 0
        if not self.arrives():
            raise Empty
        return {"msg_type": "kernel_info_reply"}


class Greeting(PageClient):
    """A client whose kernel answers from the ``shell``-th greeting on, whose words to all arrive
    from the ``iopub``-th on, and which ends with the ``end``-th.
    """

    def __init__(self, shell: int = 1, iopub: int = 1, end: int = 99) -> None:
        super().__init__()
        self.greetings, self.waits, self.end = 0, 0, end
        self._shell_channel = Channel(lambda: self.greetings >= shell)
        self._iopub_channel = Channel(lambda: self._speaks(iopub))

    def _speaks(self, since: int) -> bool:
        self.waits += 1
        return self.greetings >= since

    def kernel_info(self) -> str:
        self.greetings += 1
        return "a greeting"

    async def is_alive(self) -> bool:
        return self.greetings < self.end


def test_a_kernel_that_answers_is_not_waited_on_until_it_is_silent() -> None:
    client = Greeting()
    run_apart(client.wait_for_ready(timeout=60))
    assert (client.greetings, client.waits) == (1, 1)


@pytest.mark.parametrize(("shell", "iopub"), [(3, 1), (1, 3), (2, 3)])
def test_a_kernel_is_greeted_until_both_channels_carry_its_words(shell: int, iopub: int) -> None:
    client = Greeting(shell, iopub)
    run_apart(client.wait_for_ready(timeout=60))
    assert client.greetings == 3


def test_a_kernel_that_ends_before_it_answers_is_said_to_have_ended() -> None:
    client = Greeting(shell=99, end=2)
    with pytest.raises(RuntimeError, match="ended before it answered"):
        run_apart(client.wait_for_ready(timeout=60))
    assert client.greetings == 2


def test_the_servers_kernels_are_spoken_to_through_it_and_found_soon() -> None:
    server = LessonServer(port=8000, pool=0, open_browser=False)
    server.initialize(argv=[])
    server.init_settings()
    assert AsyncKernelManager(config=server.config).client_factory is PageClient
    with server.kernel_manager.context.socket(zmq.DEALER) as line:
        assert line.getsockopt(zmq.RECONNECT_IVL) == SOONEST < LATEST
        assert line.getsockopt(zmq.RECONNECT_IVL_MAX) == LATEST
