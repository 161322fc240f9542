"""What a link to a lesson says of itself where it is shared: its title, and its first sentence.

Read from the lesson's text as it stands; the engine is not needed for it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.lesson_names import folder_of
from natgrad_lecture.text.languages import ENGLISH


class Preview(NamedTuple):
    """A page's title and description, in plain text."""

    title: str
    description: str


@bounded_cache
def preview(lesson: str, language: str = ENGLISH) -> Preview:
    """Return what a link to the lesson of this name shows, in one of the lesson's languages; its
    name alone where it has no text.
    """
    file = folder_of(lesson) / ("text.md" if language == ENGLISH else f"text.{language}.md")
    title, takeaway = lesson.replace("-", " ").replace("_", " ").capitalize(), ""
    if file.is_file():
        blocks = re.split(r"\n\s*\n", file.read_text("utf-8").strip())
        if blocks[0].startswith("# "):
            title = _plain(blocks[0].removeprefix("# "))
            takeaway = "" if blocks[1:2] == [] or blocks[1].startswith("#") else _plain(blocks[1])
    return Preview(title, takeaway)


def _plain(text: str) -> str:
    """Markdown as plain text: links as what they say, formulas and emphasis without their marks."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return " ".join(re.sub(r"[*_$\\{}]", "", text).split())
