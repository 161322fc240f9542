"""Kernels that wait for a visitor are started when no visitor is served, and not at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from natgrad_lecture.server import fork_client, kernel_pool
from natgrad_lecture.server.kernel_pool import KernelPool
from tests.support.event_loops import run_apart

SOON = 0.05
"""Seconds that the tests let pass in place of the pool's own."""


class Manager:
    """A manager that counts how often its pool is filled, as Voila's."""

    def __init__(self) -> None:
        self._pools: dict[str, list[Any]] = {}
        self.kernel_pools_config = {"a.ipynb": {"pool_size": 3}}
        self.filled: list[float | None] = []

    def fill_if_needed(self, delay: float | None = None, notebook_name: str | None = None) -> None:
        assert notebook_name == "a.ipynb"
        self.filled.append(delay)

    @property
    def size(self) -> int:
        """How many kernels may wait."""
        return self.kernel_pools_config["a.ipynb"]["pool_size"]


Story = Callable[[KernelPool, Manager], Awaitable[None]]


@pytest.fixture
def tell(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Run a story of a pool of three, of which ``free`` visitors may come in."""
    monkeypatch.setattr(kernel_pool, "REFILL", SOON)

    def run_story(story: Story, free: int = 9) -> None:
        async def whole() -> None:
            manager = Manager()
            pool = KernelPool(lambda: manager, "a.ipynb", 3, lambda: free)
            await story(pool, manager)
            pool.end()

        run_apart(whole())

    return run_story


def test_kernels_are_started_a_while_after_the_last_page_was_made(
    tell: Callable[[Story], None],
) -> None:
    async def story(pool: KernelPool, manager: Manager) -> None:
        with pool.closed():
            assert (pool.making, manager.size) == (1, 0)
            with pool.closed():
                assert pool.making == 2
            await asyncio.sleep(3 * SOON)
            pool.fill()  # the server does, every few seconds
            assert not manager.filled, "another page is still being made"
        pool.fill()
        assert not manager.filled, "a visitor has just come"
        assert manager.size == 0
        await asyncio.sleep(3 * SOON)
        assert (pool.making, manager.filled, manager.size) == (0, [0], 3)
        pool.fill()
        assert manager.filled == [0, 0], "again, should one have died"

    tell(story)


def test_a_visitor_who_comes_meanwhile_is_served_first(tell: Callable[[Story], None]) -> None:
    async def story(pool: KernelPool, manager: Manager) -> None:
        for _ in range(4):
            with pool.closed():
                await asyncio.sleep(0.8 * SOON)
            assert not manager.filled
        await asyncio.sleep(3 * SOON)
        assert manager.filled == [0]

    tell(story)


def test_no_more_kernels_wait_than_visitors_may_come_in(tell: Callable[..., None]) -> None:
    async def story(pool: KernelPool, manager: Manager) -> None:
        pool.fill()
        assert (manager.size, manager.filled) == (2, [0])

    async def full(pool: KernelPool, manager: Manager) -> None:
        pool.fill()
        assert (manager.size, manager.filled) == (0, [])

    tell(story, free=2)
    tell(full, free=0)


@pytest.mark.parametrize("during", [True, False], ids=["while one is made", "soon after"])
def test_at_the_end_none_is_started_any_more(tell: Callable[[Story], None], during: bool) -> None:
    async def story(pool: KernelPool, manager: Manager) -> None:
        with pool.closed():
            if during:
                pool.end()
        pool.end()
        pool.fill()
        await asyncio.sleep(3 * SOON)
        assert not manager.filled

    tell(story)


def test_what_forks_kernels_does_not_start_again_after_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def start(*_: Any) -> Any:
        raise AssertionError("it was started")

    monkeypatch.setattr(fork_client, "start_fork_server", start)

    async def story() -> None:
        client = fork_client.ForkClient()
        await client.close()
        with pytest.raises(fork_client.ForkError, match="the server ends"):
            await client.fork([], {}, ".")

    run_apart(story())
