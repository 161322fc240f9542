"""How often something may be done: a bucket that leaks."""

from __future__ import annotations

import time
from collections.abc import Callable

KEPT = 4096
"""Names that are remembered; the fullest buckets are forgotten first."""


class Bucket:
    """``burst`` times at once, and then ``rate`` times a second."""

    __slots__ = ("_at", "_clock", "_left", "burst", "rate")

    def __init__(
        self, burst: float, rate: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.burst, self.rate, self._clock = burst, rate, clock
        self._left, self._at = burst, clock()

    def left(self) -> float:
        """How many times are left now."""
        now = self._clock()
        self._left = min(self.burst, self._left + (now - self._at) * self.rate)
        self._at = now
        return self._left

    def take(self) -> bool:
        """Take one; False if none is left."""
        if self.left() < 1:
            return False
        self._left -= 1
        return True


class Buckets:
    """A bucket for each name, an address for instance."""

    def __init__(
        self, burst: float, rate: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._how = burst, rate, clock
        self._held: dict[str, Bucket] = {}

    def of(self, name: str) -> Bucket:
        """Return a name's bucket."""
        if len(self._held) >= KEPT:
            row = sorted(self._held.items(), key=lambda pair: pair[1].left())
            self._held = dict(row[: KEPT // 2])
        return self._held.setdefault(name, Bucket(*self._how))
