"""What the server says about itself: that it lives, how it fares, what happened. It counts
readers, and records neither their identity nor what they do.
"""

from __future__ import annotations

import contextlib
import json
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class Watch:
    """The counts, and the log of events: one JSON object a line, on the standard error stream."""

    def __init__(self, log: bool = False) -> None:
        self.log = log
        self.registry = CollectorRegistry()
        of = self.registry
        self._answers = Histogram(
            "natgrad_answer_seconds", "From an ask to its answer", registry=of, buckets=SECONDS
        )
        self._pages = Histogram(
            "natgrad_page_seconds", "From a request to the page's end", registry=of, buckets=SECONDS
        )
        self._refused = Counter("natgrad_refused", "Messages refused", ["reason"], registry=of)
        self._ended = Counter("natgrad_kernels_ended", "Kernels ended", ["reason"], registry=of)
        self._faults = Counter("natgrad_faults", "Pages that could not be made", registry=of)

    def gauge(self, name: str, say: str, read: Callable[[], float]) -> None:
        """Show a number that is read when it is asked for."""
        Gauge(f"natgrad_{name}", say, registry=self.registry).set_function(read)

    def answered(self, seconds: float) -> None:
        """An ask was answered."""
        self._answers.observe(seconds)

    def page(self, lesson: str, seconds: float) -> None:
        """A page was sent."""
        self._pages.observe(seconds)
        self.event("page", lesson=lesson, seconds=round(seconds, 3))

    def refused(self, reason: str) -> None:
        """A message was refused."""
        self._refused.labels(reason).inc()
        self.event("refused", reason=reason)

    def ended(self, reason: str) -> None:
        """A kernel was ended."""
        self._ended.labels(reason).inc()
        self.event("kernel ended", reason=reason)

    def fault(self, lesson: str, error: BaseException) -> None:
        """A page could not be made."""
        self._faults.inc()
        last = traceback.extract_tb(error.__traceback__)[-1:]
        where = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in last]
        said = str(error)[:500]
        self.event("fault", lesson=lesson, error=type(error).__name__, say=said, where=where)

    def event(self, event: str, **facts: object) -> None:
        """Log what happened, if a log is wanted."""
        if not self.log:
            return
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        # A full disk, or a reader of the log that has ended, stops nothing else.
        with contextlib.suppress(OSError, ValueError):
            print(json.dumps({"time": now, "event": event, **facts}), file=sys.stderr, flush=True)
