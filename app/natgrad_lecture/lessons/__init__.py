"""The lessons: one file each, on the shelf ``lessons``; ``open_lesson`` makes one live."""

from __future__ import annotations

from app.lessons.lesson import Lesson
from app.lessons.live import Live
from app.stage.widget import Lesson as Widget
from natgrad_core.registry import Registry

lessons: Registry[Lesson] = Registry("lesson", __name__)


def open_lesson(name: str) -> Widget:
    """The lesson ``name`` as a widget with an engine of its own."""
    lesson = lessons[name]
    live = Live(lesson)
    widget = Widget(lesson.static(), live.respond)
    live.watch(widget)
    return widget
