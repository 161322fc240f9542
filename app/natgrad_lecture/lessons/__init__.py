"""The lessons: one file each, on the shelf ``lessons``; ``open_lesson`` makes one live."""

from __future__ import annotations

from natgrad_core.core.registry import Registry
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.session import Live
from natgrad_lecture.widget import Lesson as Widget

lessons: Registry[Lesson] = Registry("lesson", __name__)


def open_lesson(name: str) -> Widget:
    """The lesson ``name`` as a widget with an engine of its own."""
    lesson = lessons[name]
    live = Live(lesson)
    widget = Widget(lesson.static(), live.respond)
    live.watch(widget)
    return widget
