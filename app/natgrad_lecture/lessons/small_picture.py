"""A lesson's picture in small: in the lecture's list, in place of a page, and beside a link."""

from __future__ import annotations

import time
from typing import Any

from natgrad_lecture.drawing import preview_image as image
from natgrad_lecture.drawing import thumbnail as vector
from natgrad_lecture.drawing.palette import styles
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.protocol import Picture
from natgrad_lecture.state.state import State
from natgrad_lecture.text.lesson_text import ENGLISH

_GROWN = 1.0
"""Seconds that a small picture of one which grows may take."""


def thumbnail(lesson: Lesson) -> str:
    """The first picture in small, as an SVG. Of a ``slow`` lesson this loads torch."""
    return vector.thumbnail(*_small(lesson, lesson.state_after({**lesson.opening, **lesson.small})))


def still(lesson: Lesson, state: State) -> str:
    """A state's picture, small, with both its planes, as an SVG.

    Raises:
        Exception: Whatever the lesson's model or figure fails with in this state.
    """
    return vector.still(*_small(lesson, state))


def preview_image(lesson: Lesson, state: State) -> bytes:
    """A state's picture for a link's preview, as a PNG. Of a ``slow`` lesson this loads torch.

    Raises:
        Exception: Whatever the lesson's model or figure fails with in this state.
    """
    return image.preview_image(*_small(lesson, state))


def _small(lesson: Lesson, state: State) -> tuple[Picture, Sheet, dict[str, Any]]:
    """What a small picture is made of: an answer, grown for a while, and the styles."""
    sheet, model = Sheet(), lesson.model(state)
    answer = lesson.picture(model, sheet)
    end = time.perf_counter() + _GROWN
    while "more" in answer and time.perf_counter() < end:
        sheet = Sheet(fine=answer["more"])
        answer = lesson.picture(model, sheet)
    own = lesson.own_styles(lesson.text(), lesson.say(ENGLISH))
    return answer, sheet, {**styles(lesson.rules), **own}
