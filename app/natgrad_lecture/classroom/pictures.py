"""The lecturer's picture as followers get it: the kernel's own answer, less what is not theirs.

Outlines (arrays that the page keeps under a trace's ``cache``) come from the kernel once. The class
keeps those of the picture that is shown, so that whoever comes late gets them, too; a follower who
has them from the picture before does not get them again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from natgrad_lecture.classroom.messages import Message
from natgrad_lecture.protocol import Answer

KEPT = 64
"""Outlines that a class keeps, those used last."""

PRIVATE = (
    "view", "errors", "dropped", "more", "progress", "word", "lesson", "fault", "mark", "took"
)  # fmt: skip
"""What is said to the lecturer alone."""

SPOILERS = frozenset({"path", "points", "arrows", "ellipse-at", "curve"})
"""Kinds of traces that could show where a step goes, while the class is asked for that."""

Translate = Callable[[str, dict[str, Any]], dict[str, Any]]
"""Says words in a language."""

Array = tuple[str, list[int], bytes]
"""Its numbers, its shape, its bytes."""


class Outlines:
    """What the kernel sent once and will not send again, by the key of its trace."""

    def __init__(self) -> None:
        self._held: dict[str, dict[str, Array]] = {}

    def keys(self) -> set[str]:
        """The keys under which there is something."""
        return set(self._held)

    def keep(self, key: str, arrays: dict[str, Array]) -> None:
        """Keep the arrays of a trace; without any, only note that it is in use."""
        held = self._held.pop(key, {})
        if found := arrays or held:
            self._held[key] = found
        while len(self._held) > KEPT:
            del self._held[next(iter(self._held))]

    def get(self, key: str) -> dict[str, Array]:
        """The arrays under a key; none if the kernel never sent them here."""
        return self._held.get(key, {})


class Picture:
    """One picture: its words, its own arrays, and its outlines."""

    def __init__(
        self,
        answer: Mapping[str, Any],
        data: bytes,
        outlines: Outlines,
        translate: Translate = lambda language, words: words,
    ) -> None:
        """Take a kernel's answer apart.

        Args:
            answer: An ``Answer`` of protocol.py, as JSON has it.
            data: Its arrays.
            outlines: Those of earlier pictures; this one's are added.
            translate: Says its words in a language.
        """
        self._translate = translate
        self.words = {name: part for name, part in answer.items() if name not in PRIVATE}
        self.words["answer"], self.words["errors"] = None, {}
        arrays = dict(_arrays(answer["buffers"], data))
        self.cached: dict[str, dict[str, Array]] = {}
        for trace in answer["traces"]:
            if key := trace.get("cache"):
                names = {part for part in trace.values() if isinstance(part, str)} & arrays.keys()
                outlines.keep(key, {name: arrays.pop(name) for name in names})
                self.cached[key] = outlines.get(key)
        self.own = arrays
        self.keys = frozenset(self.cached)
        self._built: dict[tuple[frozenset[str], frozenset[str], str], Message] = {}

    def message(
        self,
        has: frozenset[str] = frozenset(),
        hide: frozenset[str] = frozenset(),
        language: str = "en",
    ) -> Message:
        """The picture for those who have the outlines ``has``; made once for all of them.

        Args:
            has: Keys of outlines that need not be sent.
            hide: Kinds of traces to leave out.
            language: In which to say its words.
        """
        has = has & self.keys
        key = has, hide, language
        if key not in self._built:
            self._built[key] = self._make(*key)
        return self._built[key]

    def _make(self, has: frozenset[str], hide: frozenset[str], language: str) -> Message:
        words, wanted = dict(self._translate(language, self.words)), dict(self.own)
        for key in self.keys - has:
            wanted |= self.cached[key]
        if hide:
            words["traces"] = [it for it in words["traces"] if it["kind"] not in hide]
            words["meter"], words["charts"], words["numbers"] = [], [], {}
            named = {name for trace in words["traces"] for name in _names(trace)}
            wanted = {name: array for name, array in wanted.items() if name in named}
        words["buffers"], data = _packed(wanted.items())
        # A picture that passes is taken for what the kernel's types say it is, and not read again.
        return Message({"picture": cast("Answer", words)}, data)


def _arrays(places: Mapping[str, Any], data: bytes) -> Iterable[tuple[str, Array]]:
    for name, (kind, shape, start) in places.items():
        count = 1
        for length in shape:
            count *= length
        yield name, (kind, shape, data[start : start + count * int(kind[1:])])


def _names(trace: Any) -> Iterable[str]:
    """Every text in a trace: those that name arrays are among them."""
    if isinstance(trace, str):
        yield trace
    elif isinstance(trace, dict | list):
        for part in trace.values() if isinstance(trace, dict) else trace:
            yield from _names(part)


def _packed(arrays: Iterable[tuple[str, Array]]) -> tuple[dict[str, Any], bytes]:
    """Arrays in one buffer, each at a multiple of eight bytes, and where each is."""
    places: dict[str, Any] = {}
    chunks: list[bytes] = []
    size = 0
    for name, (kind, shape, raw) in arrays:
        places[name] = [kind, shape, size]
        chunks += [raw, b"\0" * (-len(raw) % 8)]
        size += len(raw) + -len(raw) % 8
    return places, b"".join(chunks)
