"""What the home page says, in ``home.md``: a section for each part of the lecture.

    ## A part of the lecture {#its-id}

    What its lessons are about.

    - [A correction, which repeats a claim.](#claim-lesson.claim)

It is read as a lesson's text is. A translation is ``home.zh.md``, with the same ids.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from natgrad_lecture.text.languages import ENGLISH, home_languages
from natgrad_lecture.text.lesson_text import LessonText, read

HERE = Path(__file__).parent


class Address(Protocol):
    """Where a page is, seen from the home page and the glossary."""

    def __call__(self, name: str, query: str = "", language: str = "") -> str:
        """The address of a lesson, of "home" or "glossary", with what a link to it asks for.

        ``language`` is another than the page's own.
        """
        ...


def home_text(language: str = ENGLISH) -> LessonText:
    """What the home page says in one of its languages."""
    return read(HERE / ("home.md" if language == ENGLISH else f"home.{language}.md"))


def other_languages(language: str, name: str, address: Address) -> list[dict[str, str]]:
    """The other languages of a page, what each is called in itself, and where it is."""
    return [
        {
            "code": other,
            "name": home_text(other).phrases["language"],
            "address": address(name, language=other),
        }
        for other in home_languages()
        if other != language
    ]
