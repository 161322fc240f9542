"""Results kept for the states in which they were computed, bounded by the memory that they take.

A reader moves to and fro between states, so what was computed for one is kept. How much memory that
takes depends on the state: a long run or a trained net is as large as thousands of small results.
So all caches of this process share one budget in bytes, and what was not used for the longest time
goes first. What is made again within milliseconds goes before the budget is full: a hundred readers
have a kernel each, and a drag makes a hundred such results a second.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import threading
from collections.abc import Callable, Generator
from typing import Any, Generic, ParamSpec, TypeVar

from natgrad_lecture.result_weight import weight

BUDGET = 64 * 2**20
"""Bytes that all that is kept may take."""

TRIMMED = 7 / 8
"""The share of the budget that stays full when results are let go, so that this is seldom."""

ANSWERS = 4
"""How many of the last answers keep what they used: a page has at most four asks on their way."""

RECENT = 60
"""Answers after which a result of a ``recent_cache`` goes, if none of them used it: with a slider
moved to and fro, those of a second or two.
"""

EVERY = 12
"""Answers after which such results are looked for."""

MANY = 64
"""Results of one answer that wait to be weighed; a picture that is dragged has a dozen."""

P = ParamSpec("P")
T = TypeVar("T")


class _Entry:
    """A kept result, when it was used last, how often, and in which answer."""

    __slots__ = ("answer", "key", "used", "uses", "value", "weight")

    def __init__(self, key: tuple[Any, ...], value: Any) -> None:
        self.key, self.value = key, value
        self.weight = self.uses = self.used = self.answer = 0


class Results:
    """All that the caches of this process keep, within a budget in bytes.

    A look-up takes no lock: it reads one dictionary, which Python does in one piece.
    """

    def __init__(self, budget: int = BUDGET) -> None:
        self.budget = budget
        self.weight = 0
        self.entries: dict[tuple[Any, ...], _Entry] = {}
        self._values: set[int] = set()
        self._grown: dict[_Entry, None] = {}
        self._clock = itertools.count(1)
        self._answers = 0
        self._answering = False
        self.begin_in_child()

    def begin_in_child(self) -> None:
        """Begin with a lock that is free: in a forked child no thread gives the parent's back. What
        the parent kept takes no memory here until it is touched, so it stays.
        """
        self._lock = threading.RLock()
        self._inherited = self._answers

    @contextlib.contextmanager
    def answering(self) -> Generator[None]:
        """Keep what is used within, whatever it weighs, until a few more answers were made.

        A picture that needs more than the budget could not be finished otherwise: each part of it
        would drive out another. So it is weighed later: by ``settle``, or before the next answer.
        """
        self.settle()
        self._answers += 1
        if self._answers % EVERY == 0:
            self._forget_old()
        self._answering = True
        try:
            yield
        finally:
            self._answering = False

    def use(self, entry: _Entry) -> None:
        """Note that a result is used. Some grow with their use (a run goes on), so each is weighed
        after its first, fourth, eighth, sixteenth use, and so on: not after the second, for what a
        dragged slider makes is used twice, in its own answer and as the state that the next answer
        begins with. All uses in one answer are one use; outside of answers the next result that
        comes has them weighed.
        """
        entry.used = next(self._clock)
        answer = self._answers if self._answering else 0
        if answer and answer == entry.answer:
            return
        entry.answer = answer
        entry.uses += 1
        if entry.uses & (entry.uses - 1) == 0 and entry.uses != 2:
            self._grown[entry] = None

    def settle(self) -> None:
        """Weigh what was used. Whoever has sent an answer calls this while its page draws it."""
        with self._lock:
            self._weigh_grown()
            if self.weight > self.budget:
                self._trim()

    def _weigh_grown(self) -> None:
        grown, self._grown = self._grown, {}
        for each in grown:
            if self.entries.get(each.key) is each:
                self._weigh(each)

    def add(self, key: tuple[Any, ...], value: Any) -> None:
        """Keep a result. One that is larger than the budget is let go with the next."""
        with self._lock:
            if not self._answering or len(self._grown) >= MANY:
                self._weigh_grown()
            if other := self.entries.get(key):  # made by another thread meanwhile
                self._drop(other)
            entry = self.entries[key] = _Entry(key, value)
            self._values.add(id(value))
            self.use(entry)
            if self.weight > self.budget:
                self._trim()

    def _weigh(self, entry: _Entry) -> None:
        """Count what an entry takes now; what leaves no room for others goes at once."""
        self.weight -= entry.weight
        entry.weight = weight((entry.key, entry.value), self._values)
        self.weight += entry.weight
        if entry.weight > self.budget and not self._recent(entry):
            self._drop(entry)

    def _recent(self, entry: _Entry) -> bool:
        """Whether one of the last answers used it."""
        return entry.answer > max(0, self._answers - ANSWERS)

    def _trim(self) -> None:
        """Let go of what was not used for the longest time."""
        # Counted again, for a limit on an answer's time may have interrupted a count.
        self.weight = sum(entry.weight for entry in self.entries.values())
        for entry in sorted(self.entries.values(), key=lambda each: each.used):
            if self.weight <= TRIMMED * self.budget:
                break
            if not self._recent(entry):
                self._drop(entry)

    def _forget_old(self) -> None:
        """Let go of what is made again quickly and was not used lately."""
        oldest = self._answers - RECENT
        with self._lock:
            for entry in list(self.entries.values()):
                if self._inherited < entry.answer < oldest and entry.key[0].recent:
                    self._drop(entry)

    def _drop(self, entry: _Entry) -> None:
        del self.entries[entry.key]
        self.weight -= entry.weight
        self._values.discard(id(entry.value))

    def clear(self, cache: object) -> None:
        """Forget all that one cache keeps."""
        with self._lock:
            for entry in list(self.entries.values()):
                if entry.key[0] is cache:
                    self._drop(entry)


RESULTS = Results()
"""What this process keeps."""

if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=RESULTS.begin_in_child)


class BoundedCache(Generic[P, T]):
    """A function that keeps its results, as ``functools.lru_cache`` does, but within a budget in
    bytes that it shares with all others. Arguments must be hashable.
    """

    of_the_program = True

    def __init__(
        self, function: Callable[P, T], kept: Results = RESULTS, *, recent: bool = False
    ) -> None:
        """Keep results.

        Args:
            function: What makes them.
            kept: Where they are kept.
            recent: Whether only those are kept that one of the last ``RECENT`` answers used.
        """
        functools.update_wrapper(self, function)
        self.__qualname__ = function.__qualname__
        self._function, self._kept, self.recent = function, kept, recent

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the function's result for these arguments, computed if it is not kept."""
        key = (self, args, *sorted(kwargs.items())) if kwargs else (self, args)
        entry = self._kept.entries.get(key)
        if entry is None:
            value = self._function(*args, **kwargs)
            self._kept.add(key, value)
            return value
        self._kept.use(entry)
        return entry.value

    def cache_clear(self) -> None:
        """Forget all that is kept of this function."""
        self._kept.clear(self)

    def __reduce__(self) -> str:
        return self.__qualname__


def bounded_cache(function: Callable[P, T]) -> BoundedCache[P, T]:
    """Decorate a function whose results are kept: all such functions share ``BUDGET``."""
    return BoundedCache(function)


def recent_cache(function: Callable[P, T]) -> BoundedCache[P, T]:
    """Decorate a function whose results are made again within milliseconds, one or more for each
    place of a slider: those are kept that one of the last ``RECENT`` answers used.
    """
    return BoundedCache(function, recent=True)
