"""States of a lesson that a test draws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.scope import Scope


def drawn_states(
    lesson: Lesson, ground: Mapping[str, Any], scope: Scope, n: int
) -> Iterator[tuple[dict[str, Any], Any]]:
    """The changes of a lesson's default that a scope draws, each with the state they make."""
    state: list[Any] = []

    def possible(changes: Mapping[str, Any]) -> bool:
        """Whether the changes make a state of the lesson: what a scope draws may not."""
        try:
            state[:] = [lesson.state_after(changes)]
        except ValueError:
            return False
        return True

    for changes in scope.states(ground, possible, n):
        yield changes, state[0]
