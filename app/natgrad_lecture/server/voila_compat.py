"""The parts of Voila that are private, or not said to stay: what we read and change of them.

Voila 0.5 keeps the kernels that wait for visitors in ``VoilaKernelManager._pools``: for each
notebook a list of tasks, whose result names the kernel. A new minor version may change that;
``pyproject.toml`` asks for the versions below, and ``tests/server/test_voila_compat.py`` tries what
is used here. Whoever raises a bound starts by running that test.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

VERSIONS = ">=0.5.11,<0.6"
"""Versions of Voila that this was written for, as in ``pyproject.toml``."""


def pooled(manager: Any) -> set[str]:
    """Return the kernels that wait for a visitor; those still starting are not among them."""
    tasks = [task for pool in _pools(manager).values() for task in pool if task.done()]
    good = [task for task in tasks if not task.cancelled() and task.exception() is None]
    return {task.result()["kernel_id"] for task in good}


def purge_pools(manager: Any, lives: Callable[[str], bool]) -> None:
    """Forget the kernels that died while they waited, and the starts that failed."""

    def good(task: Any) -> bool:
        if not task.done():
            return True
        if task.cancelled() or task.exception() is not None:
            return False
        page = task.result()["task"]  # which fills the page as far as it can
        failed = page.done() and (page.cancelled() or page.exception() is not None)
        return not failed and lives(task.result()["kernel_id"])

    for pool in _pools(manager).values():
        pool[:] = filter(good, pool)


def limit_pool(manager: Any, notebook: str, size: int) -> None:
    """Let at most ``size`` kernels wait with ``notebook`` from now on; none is ended by that."""
    manager.kernel_pools_config[notebook]["pool_size"] = size


def fill_pool(manager: Any, notebook: str) -> None:
    """Start the kernels that still may wait with ``notebook``, without Voila's delay."""
    manager.fill_if_needed(delay=0, notebook_name=notebook)


def cancel_pools(manager: Any) -> None:
    """Cancel all starts of kernels that would wait, and forget those that do."""
    for pool in _pools(manager).values():
        for task in pool:
            task.cancel()
        pool.clear()
    # A cancelled task holds a coroutine that it never came to.
    warnings.filterwarnings("ignore", message=r"coroutine '.*_initialize' was never awaited")


def _pools(manager: Any) -> dict[str, list[Any]]:
    """Voila's pools by notebook; a manager without Voila's pre-heating has none."""
    return getattr(manager, "_pools", {})
