"""The store: the one mutable thing. It holds the state; controls set it, the front end follows it.

Some controls are not fields of the state but views of one: a single entry of A, a column that is
dragged, the rotation of which A is made. The state knows which fields they stand for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from natgrad_lecture.state.fields import BadInput
from natgrad_lecture.state.state import State


@dataclass
class Store:
    """The state of one reader."""

    default: State
    state: Any
    """A State of the lesson's own kind."""
    first: Any = None
    """What the lesson opens with, if not the default."""

    def load(self, plain: Mapping[str, Any]) -> None:
        """Take over a whole state that a page or a notebook holds; BadInput if it is none."""
        if plain:
            self.state = self.default.with_(**plain).whole()

    def set(self, changes: Mapping[str, Any]) -> dict[str, str]:
        """Make the changes in order; returns what was refused, by control, in words.

        A refused change leaves the last good state as it was; those after it still count.
        """
        errors: dict[str, str] = {}
        for name, value in changes.items():
            changed: Mapping[str, Any] = {}
            try:
                changed = self.state.changes(name, value)
                self.state = self.state.with_(**changed).whole()
            except BadInput as error:
                field = error.field.partition(".")[0]
                errors[name if field in changed else error.field] = str(error)
            except Exception:  # whatever was sent: it is refused, and nothing else happens
                errors[name] = f"there is no control {name[:40]!r} that could be {str(value)[:60]}"
        return errors

    def reset(self) -> None:
        """Back to what the lesson opens with."""
        self.state = self.first or self.default
