"""What the engine answers, said in another language.

A lesson's own words stand in its ``text.md`` and, say, ``text.zh.md``, under the same ids;
``common.md`` and ``common.zh.md`` beside this module hold what every lesson shares: titles of
problems, messages about a control. What is composed while the page runs ("climbed: the loss went
from 2 to 3") is English; it is found by its text with holes, "climbed: the loss went from {} to
{}", and said in the other language, its parts translated in turn. Texts joined by "; " are said
one after the other, because the word order of a language may close a text after its last hole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.text.languages import home_languages
from natgrad_lecture.text.lesson_text import path_of, read

HERE = Path(__file__).parent

_QUOTED = re.compile(r"'[^']*'(, '[^']*')*")

JOINT = "; "
"""Between the texts of a description."""

_PLAIN = frozenset({bool, float, int, str, type(None)})
"""What holds no words of its own: most parts of an answer, which are numbers."""

Say = Callable[[str], str]
"""Words in English -> the reader's."""

SPOKEN = frozenset(
    {
        "title",
        "label",
        "labels",
        "help",
        "word",
        "say",
        "heading",
        "description",
        "tag",
        "meter",
        "takeaway",
        "sentence",
    }
)
"""Keys of an answer or a control under which stands what a reader reads."""

MESSAGES = frozenset({"dash_labels", "notes", "errors", "hints", "idle", "dropped"})
"""Keys under which every text is one that a reader reads."""


def same(text: str) -> str:
    """English."""
    return text


_Holed = tuple[str, re.Pattern[str], str]
"""The longest part of a text with holes, which is looked for first, for that takes a twentieth of
the time; the whole of it; and what it is in another language."""


class Words:
    """The words of one language; called with an English text it gives the translation.

    A text that it has not stays as it is; ``missing`` collects those. What stands in quotation
    marks was written by the reader or in a link, and stays as it is, too.
    """

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language = language
        self.texts = dict(texts)
        self.missing: set[str] = set()

    def __call__(self, text: str) -> str:
        """The text in this language; of several lines, each line."""
        if "\n" in text:
            return self._lines(text.split("\n"))
        if (said := self._said(text, self._holes)) is not None:
            return said
        joined = text.split(JOINT)
        for n in range(len(joined) - 1, 0, -1):
            if (said := self._said(JOINT.join(joined[:n]), self._holes)) is not None:
                both = self.texts.get("{}; {}", "{}; {}")
                return both.format(said, self(JOINT.join(joined[n:])))
        if (said := self._said(text, self._long_holes)) is not None:
            return said
        listed = text.split(", ")
        if len(listed) > 1 and all(part in self.texts for part in listed):
            return ", ".join(map(self, listed))
        if re.search(r"[A-Za-z]{3}|[a-z]{2}", text) and not _QUOTED.fullmatch(text):
            self.missing.add(text)
        return text

    def _lines(self, lines: list[str]) -> str:
        """Every line in this language; a line with a caret below it was typed, and stays."""
        typed = {i for i, below in enumerate(lines[1:]) if below.strip() == "^"}
        return "\n".join(line if i in typed else self(line) for i, line in enumerate(lines))

    def _said(self, text: str, holed: Iterable[_Holed]) -> str | None:
        """The translation of one text or of one with holes; None if there is none."""
        if text in self.texts:
            return self.texts[text]
        for longest, pattern, parts in holed:
            if longest in text and (found := pattern.fullmatch(text)):
                return parts.format(*map(self, found.groups()))
        return None

    @cached_property
    def _holes(self) -> list[_Holed]:
        """Texts with holes that hold one text each."""
        return self._patterns(f"((?:(?!{JOINT}).)+?)")

    @cached_property
    def _long_holes(self) -> list[_Holed]:
        """Texts with holes that may hold joined texts."""
        return self._patterns("(.+?)")

    def _patterns(self, hole: str) -> list[_Holed]:
        """Texts with holes, the longest first: the more it says, the better it fits."""
        holed = sorted((t for t in self.texts if "{}" in t), key=len, reverse=True)
        return [
            (
                max(t.split("{}"), key=len),
                re.compile(hole.join(map(re.escape, t.split("{}"))), re.DOTALL),
                self.texts[t],
            )
            for t in holed
        ]


def spoken(value: Any, say: Say) -> Any:
    """A nest of lists and dicts, its words under ``SPOKEN`` and ``MESSAGES`` translated."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Mapping):
        if value.keys() == {"head", "rows"}:  # a table: its first column names the rows
            rows = [[say(first), *rest] for first, *rest in value["rows"]]
            return {"head": [say(name) for name in value["head"]], "rows": rows}
        return {key: _under(key, part, say) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [part if type(part) in _PLAIN else spoken(part, say) for part in value]
    return value


def _marks(value: Any, say: Say) -> Any:
    """The marks of axes: the few whose texts are words, and not numbers."""
    if isinstance(value, str):
        return say(value) if re.search("[a-z]{2}", value) else value
    return [_marks(part, say) for part in value] if isinstance(value, list | tuple) else value


def _under(key: str, value: Any, say: Say) -> Any:
    if key == "ticks":
        return _marks(value, say)
    if key == "title" and isinstance(value, Mapping):  # of an axis of a chart, as Plotly has it
        return {**value, "text": say(value["text"])}
    if key == "figure" and isinstance(value, Mapping):
        curves = [{**curve, "name": say(curve["name"])} for curve in value["data"]]
        return {**value, "data": curves, "layout": spoken(value["layout"], say)}
    if key in MESSAGES and isinstance(value, Mapping):
        return {name: say(text) if isinstance(text, str) else text for name, text in value.items()}
    if key in MESSAGES or key in SPOKEN:
        if isinstance(value, str):
            return say(value) if value else value
        if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
            return [say(part) for part in value]
    return spoken(value, say)


@bounded_cache
def words(language: str, folder: Path) -> Words:
    """What is said in a language of a lesson's folder: what all share, and its own."""
    common = pairs(HERE / "common.md", HERE / f"common.{language}.md")
    return Words(language, common | pairs(path_of(folder), path_of(folder, language)))


def shared_words(language: str) -> Say:
    """How what all lessons share is said in a language; as it is where nothing is in it."""
    if language not in home_languages()[1:]:
        return same
    return Words(language, pairs(HERE / "common.md", HERE / f"common.{language}.md"))


def pairs(english: Path, other: Path) -> dict[str, str]:
    """Each text in English and, by the same id, in the other language."""
    said = read(other).units
    return {
        re.sub(r"\{\w*\}", "{}", text): re.sub(r"\{\w*\}", "{}", said[id])
        for id, text in read(english).units.items()
        if text and id in said
    }
