"""The kernels that wait for a visitor: how many they are, and when they are started."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from natgrad_lecture.server.kernel_provisioner import FORKS
from natgrad_lecture.server.voila_compat import (
    cancel_pools,
    fill_pool,
    limit_pool,
    pooled,
    purge_pools,
)

REFILL = 1.0 if FORKS else 4.0
"""Seconds after the last page was made at which kernels are started for visitors to come."""


class KernelPool:
    """At most ``size`` kernels that wait with one notebook.

    None is started while a page is made, nor in the ``REFILL`` seconds after: a visitor's first
    second belongs to the visitor. Who finds none gets a kernel of their own.
    """

    def __init__(
        self, manager: Callable[[], Any], notebook: str, size: int, free: Callable[[], int]
    ) -> None:
        """Keep kernels.

        Args:
            manager: Returns Voila's manager of kernels.
            notebook: The file with which they wait.
            size: How many they may be.
            free: Returns how many more visitors may come in.
        """
        self._manager, self._free = manager, free
        self.notebook, self.size = notebook, size
        self.making = 0
        """How many pages are being made."""
        self._later: asyncio.TimerHandle | None = None
        self._ended = False

    def waiting(self) -> set[str]:
        """The kernels that wait."""
        return pooled(self._manager())

    def purge(self, lives: Callable[[str], bool]) -> None:
        """Forget kernels that died while they waited, and starts that failed: no visitor may be
        sent to one.
        """
        purge_pools(self._manager(), lives)

    @contextlib.contextmanager
    def closed(self) -> Iterator[None]:
        """While a page is made: no kernel is started for the next visitor until the page has been
        there for a while.
        """
        self.making += 1
        self._cancel()
        self._limit(0)
        try:
            yield
        finally:
            self.making -= 1
            if not self.making and not self._ended:
                self._later = asyncio.get_running_loop().call_later(REFILL, self._fill)

    def fill(self) -> None:
        """Let as many kernels wait as visitors may come in, unless one has just come."""
        if not self.making and not self._later and not self._ended:
            self._fill()

    def end(self) -> None:
        """Start no kernel any more, and forget those that wait."""
        self._ended = True
        self._cancel()
        cancel_pools(self._manager())

    def _fill(self) -> None:
        self._later = None
        wanted = min(self.size, self._free())
        self._limit(wanted)
        if wanted:
            fill_pool(self._manager(), self.notebook)

    def _limit(self, size: int) -> None:
        if self.size:
            limit_pool(self._manager(), self.notebook, size)

    def _cancel(self) -> None:
        if self._later:
            self._later.cancel()
        self._later = None
