"""The time limit of one step: a page cannot respond while a step is computed.

The number of products that conjugate gradients take is not known in advance: on a net that diverges
under a small λ it may be tens of thousands.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar


class TooSlowError(ArithmeticError):
    """A step takes longer than whoever asked for it can wait."""


_limit: ContextVar[tuple[float, float] | None] = ContextVar("_limit", default=None)
"""Until when, by this thread's processor time, and how many seconds that was."""


@contextmanager
def time_limit(seconds: float) -> Generator[None]:
    """Within it, products that go on for too long raise TooSlowError.

    Args:
        seconds: Of this thread's processor time.

    Returns:
        A context manager.
    """
    token = _limit.set((time.thread_time() + seconds, seconds))
    try:
        yield
    finally:
        _limit.reset(token)


def check_time_limit() -> None:
    """Check the time of the ``time_limit`` around this call, if there is one.

    Raises:
        TooSlowError: If it has gone on long enough.
    """
    limit = _limit.get()
    if limit and time.thread_time() > limit[0]:
        raise TooSlowError(
            f"one step takes more than {limit[1]:g} s of computing; raise λ, or take a smaller net"
        )
