"""A lesson in another language: a catalog a lesson, of what it says in English and how to say it.

The lessons are written in English, and stay the one place for their words. A catalog is a gettext
file, ``zh/coordinates.po``, which any translator's tool opens; ``zh/common.po`` holds what every
lesson shares. What is composed while the page runs ("climbed: the loss went from 2 to 3") is
matched by a text with holes, "climbed: the loss went from {} to {}", whose parts are translated in
turn.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ENGLISH = "en"

Say = Callable[[str], str]
"""Words in English -> the reader's."""

SPOKEN = frozenset(
    {"title", "label", "labels", "help", "word", "say", "heading", "description", "tag", "meter",
     "takeaway", "sentence"}
)  # fmt: skip
"""Keys of an answer or a control under which stands what a reader reads."""

TOLD = frozenset({"ways", "notes", "errors", "dropped"})
"""Keys under which every text is one that a reader reads."""


def same(text: str) -> str:
    """English."""
    return text


class Words:
    """The catalog of one lesson in one language; called with a text it gives the translation.

    A text that the catalog has not stays as it is; ``missing`` collects those.
    """

    def __init__(self, language: str, *names: str) -> None:
        self.language = language
        self.texts: dict[str, str] = {}
        self.missing: set[str] = set()
        for name in names:
            self.texts |= _read(HERE / language / f"{name}.po")

    def __call__(self, text: str) -> str:
        """The text in this language."""
        if text in self.texts:
            return self.texts[text]
        for pattern, parts in self._holes:
            if found := pattern.fullmatch(text):
                return parts.format(*map(self, found.groups()))
        if re.search(r"[A-Za-z]{3}", text):
            self.missing.add(text)
        return text

    @cached_property
    def _holes(self) -> list[tuple[re.Pattern[str], str]]:
        """Texts with holes, the longest first: the more it says, the better it fits."""
        holed = sorted((t for t in self.texts if "{}" in t), key=len, reverse=True)
        return [
            (re.compile("(.+?)".join(map(re.escape, t.split("{}"))), re.DOTALL), self.texts[t])
            for t in holed
        ]


def spoken(value: Any, say: Say) -> Any:
    """A nest of lists and dicts with its words translated: those under ``SPOKEN`` and ``TOLD``."""
    if isinstance(value, Mapping):
        return {key: _under(key, part, say) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [spoken(part, say) for part in value]
    return value


def _under(key: str, value: Any, say: Say) -> Any:
    if key in TOLD and isinstance(value, Mapping):
        return {name: say(text) if isinstance(text, str) else text for name, text in value.items()}
    if key in TOLD or key in SPOKEN:
        if isinstance(value, str):
            return say(value) if value else value
        if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
            return [say(part) for part in value]
    return spoken(value, say)


@lru_cache(maxsize=64)
def words(language: str, lesson: str) -> Words:
    """The catalog of a lesson in a language that it has."""
    return Words(language, "common", lesson)


@lru_cache(maxsize=64)
def languages(lesson: str) -> tuple[str, ...]:
    """The languages that a lesson can be read in, English first."""
    return (ENGLISH, *sorted(path.parent.name for path in HERE.glob(f"*/{lesson}.po")))


@lru_cache(maxsize=64)
def _read(path: Path) -> dict[str, str]:
    from babel.messages.pofile import read_po  # only who reads another language waits for it

    with path.open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file) if m.id}
