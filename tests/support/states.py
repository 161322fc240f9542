"""States of a lesson that a test draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from natgrad_lecture.lessons.base import Lesson


def possible_in(lesson: Lesson) -> Callable[[Any], bool]:
    """Whether changes of a lesson's default are a state of it: what a scope draws may not be."""

    def possible(changes: Any) -> bool:
        try:
            lesson.state_after(changes)
        except ValueError:
            return False
        return True

    return possible
