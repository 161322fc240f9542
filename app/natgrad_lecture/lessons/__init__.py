"""The lessons: a folder each, in the registry ``lessons``."""

from __future__ import annotations

from natgrad_core.core.registry import Registry
from natgrad_lecture.lessons.base import Lesson

lessons: Registry[Lesson] = Registry("lesson", __name__, name_of=lambda lesson: lesson.name)
