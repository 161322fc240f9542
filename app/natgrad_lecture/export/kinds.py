"""The kinds of export that a page offers of a lesson in a state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from natgrad_lecture.export.bibtex import cite
from natgrad_lecture.export.python_script import script
from natgrad_lecture.export.saved_page import saved
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.session import Export
from natgrad_lecture.text.lesson_text import ENGLISH


def _script(lesson: Lesson, state: Any, link: str, language: str) -> str:
    return script(lesson, lesson.model(state), link, language)


def _sources(lesson: Lesson, state: Any, _link: str, _language: str) -> str:
    return cite(lesson, lesson.model(state))


def _page(lesson: Lesson, state: Any, link: str, language: str) -> bytes:
    spoken = language if language in lesson.languages else ENGLISH
    return saved(lesson, state, link, spoken)


EXPORTS: Mapping[str, Export] = {"python": _script, "cite": _sources, "html": _page}
"""How each kind is made."""
