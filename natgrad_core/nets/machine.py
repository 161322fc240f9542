"""Small nets are bound by memory, not by arithmetic: two settings that a page and a benchmark want.

One BLAS thread: on tensors this small two threads gain little, and beside another process they
wait for each other and cost up to 20 times. And freed memory kept: glibc gives every buffer of more
than 128 KiB back to the kernel when it is freed, and the next step faults it in again, page by
page, which on digits is half of a gradient's time and more of K-FAC's. Both are the whole process's
business, so no import does this: the program says ``settle()`` once.

And a page cannot wait as long as a step may take: ``patience`` is how long it can.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

import torch

MMAP_THRESHOLD, TRIM_THRESHOLD = -3, -1
"""glibc's M_MMAP_THRESHOLD and M_TRIM_THRESHOLD (malloc.h)."""


def settle(threads: int = 1, keep: int = 512 * 2**20) -> bool:
    """Use ``threads`` for torch, keep up to ``keep`` freed bytes; say if the latter worked."""
    torch.set_num_threads(threads)
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (
        AttributeError,
        OSError,
        TypeError,
    ):  # not glibc: macOS and Windows keep it by themselves
        return False
    return bool(mallopt(MMAP_THRESHOLD, keep)) and bool(mallopt(TRIM_THRESHOLD, keep))


class TooSlowError(ArithmeticError):
    """A step takes longer than whoever asked for it can wait."""


_until: ContextVar[tuple[float, float] | None] = ContextVar("_until", default=None)


@contextmanager
def patience(seconds: float) -> Generator[None]:
    """Within it, conjugate gradients that go on after ``seconds`` of this thread's processor time
    raise TooSlowError. How many products they take is not known before: on a net thrown out of
    bounds by a small λ, it may be tens of thousands.
    """
    token = _until.set((time.thread_time() + seconds, seconds))
    try:
        yield
    finally:
        _until.reset(token)


def must_go_on() -> None:
    """Raise TooSlowError if somebody waits, and has waited long enough."""
    until = _until.get()
    if until and time.thread_time() > until[0]:
        raise TooSlowError(
            f"one step takes more than {until[1]:g} s of computing; raise λ, or take a smaller net"
        )
