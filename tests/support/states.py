"""States of a lesson that a test draws."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.scope import USUAL, Scope

STATES = int(os.environ.get("CLAIM_STATES", "25"))
"""States drawn of each scope; ``make claims`` draws more."""

MORE = STATES > USUAL
"""Whether ``make claims`` runs: then controls, too, are moved from more states, to more values."""

TRAINED = 6
"""Of nets to be trained usually so many, though a scope has more: ``make claims`` trains these and
more."""


def how_many(scope: Scope) -> int:
    """How many states of a scope the tests draw."""
    n = scope.count(STATES)
    return n if MORE or scope.trained is None else min(n, TRAINED)


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
