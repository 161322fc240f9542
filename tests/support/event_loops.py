"""A loop for a test that awaits."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def run_apart(story: Coroutine[None, None, T]) -> T:
    """What ``story`` returns, run in a thread of its own: the browser that other tests keep open
    has a loop running in this one.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, story).result()
