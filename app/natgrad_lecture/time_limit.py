"""A limit on the processor time of one answer: a page hears nothing else while it is computed.

The limit interrupts what runs, wherever it is, so no lesson has to look at a clock. What was
interrupted is refused in words, like any other input that cannot be shown.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Generator
from typing import Any

LONGEST = 12.0
"""Seconds of processor time that the picture of a state may take."""


class TookTooLong(BaseException):
    """The time limit was reached. Not an ``Exception``: no handler in between may take it for one
    of its own.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"computing this takes more than {seconds:.3g} s: take less of it, "
            "such as fewer steps, fewer rows or a shorter formula"
        )


@contextlib.contextmanager
def time_limit(seconds: float = LONGEST) -> Generator[None]:
    """Raise ``TookTooLong`` in what is computed within, once it took this long.

    The time is this thread's processor time, so that a busy machine refuses nothing. Inside
    another limit, outside the main thread, and where the system has no such timer (Windows), it
    does nothing.

    Args:
        seconds: The limit.

    Raises:
        TookTooLong: In the code within.
    """
    timer = getattr(signal, "setitimer", None)
    main = threading.current_thread() is threading.main_thread()
    if timer is None or not main or signal.getitimer(signal.ITIMER_PROF)[0] > 0:
        yield
        return
    until = time.thread_time() + seconds

    def look(_signum: int, _frame: Any) -> None:
        left = until - time.thread_time()  # other threads' time counts for the timer, not for us
        if left > 0:
            timer(signal.ITIMER_PROF, max(left, 0.01))
        else:
            raise TookTooLong(seconds)

    before = signal.signal(signal.SIGPROF, look)
    timer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        timer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
