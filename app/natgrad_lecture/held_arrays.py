"""What a page still has of an earlier answer need not be sent to it again.

While a reader drags, much of a picture stays as it is: the runs in θ while A is dragged, the maps
while the start is. Every answer has a mark; the page says which mark its picture has, and of the
next answer it gets the arrays that have changed. For the others the answer names the mark.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from math import prod
from typing import Any

RECENT = 8
"""Answers that are remembered: a page has at most four asks on their way."""


class HeldArrays:
    """The arrays of the last answers, by their hashes."""

    def __init__(self) -> None:
        self._answers: dict[str, dict[str, int]] = {}

    def reduced(
        self, answer: Mapping[str, Any], data: bytes, kept: object
    ) -> tuple[Mapping[str, Any], bytes]:
        """Return an answer without the arrays that its page has, and with a mark of its own.

        Args:
            answer: An ``Answer`` of protocol.py; any other reply is returned as it is.
            data: Its arrays, each at a multiple of eight bytes.
            kept: The mark of the answer that the page shows. If it is not one of the last ones,
                nothing is left out.
        """
        places = answer.get("buffers")
        if places is None:
            return answer, data
        there = self._answers.get(kept, {}) if isinstance(kept, str) else {}
        hashes: dict[str, int] = {}
        held: list[str] = []
        sent: dict[str, Any] = {}
        chunks: list[bytes] = []
        size = 0
        for name, (kind, shape, start) in places.items():
            length = prod(shape) * int(kind[1:])
            chunk = data[start : start + length + -length % 8]
            hashes[name] = hash((kind, *shape, chunk))
            if there.get(name) == hashes[name]:
                held.append(name)
            else:
                sent[name] = (kind, shape, size)
                chunks.append(chunk)
                size += len(chunk)
        mark = uuid.uuid4().hex[:12]
        self._answers[mark] = hashes
        while len(self._answers) > RECENT:
            del self._answers[next(iter(self._answers))]
        reduced = {**answer, "mark": mark, "buffers": sent}
        if held:
            reduced["held"] = {"mark": kept, "names": held}
        return reduced, b"".join(chunks) if held else data
