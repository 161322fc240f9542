"""The picture of a state, or of the nearest state that has one: whatever fails, a page gets words.

A lesson's model or figure may fail in a state that nobody foresaw. The reader then sees the last
good picture, and one sentence beside what caused it; a link opens the nearest state that can be
drawn. The log gets the trace, and the link that leads back to the failure.
"""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol

from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.protocol import Picture
from natgrad_lecture.state.fields import BadInput
from natgrad_lecture.state.state import State
from natgrad_lecture.time_limit import LONGEST, TookTooLong, time_limit

UNFORESEEN = "the picture of this could not be computed"
"""What a reader is told of a failure that nobody foresaw; the log says more."""

NO_PICTURE = "No picture could be computed here. Reset, or reload the page, to go on."
NOT_EXPORTED = "This could not be made of what is shown. Change something, and try again."

SHORT = 3.0
"""Seconds for each state that is tried in the place of one that failed."""

SEARCH = 10.0
"""Seconds after which the search for a near state ends with the lesson's default."""

log = logging.getLogger("natgrad")


class Drawable(Protocol):
    """What a lesson is to this module: a model of a state, and a figure of the model."""

    @property
    def name(self) -> str:
        """The lesson's name."""
        ...

    @property
    def default(self) -> State:
        """The state that it opens with."""
        ...

    @property
    def model(self) -> Callable[[Any], Any]:
        """State -> what the engine says of it."""
        ...

    @property
    def picture(self) -> Callable[[Any, Sheet], Picture]:
        """What the engine says -> the picture."""
        ...


@dataclass(frozen=True)
class Drawn:
    """A state's picture, and why it is not the one that was asked for (empty if it is)."""

    state: State
    model: Any
    picture: Picture
    sheet: Sheet
    reason: str = ""


class NoPicture(Exception):
    """No state could be drawn, not even the lesson's default."""


def why(error: BaseException) -> str:
    """What a reader is told of an error: no exception's name, and no text meant for programmers."""
    if isinstance(error, BadInput | TookTooLong):
        return str(error)
    if isinstance(error, MemoryError):
        return "computing this takes more memory than there is: take less of it"
    return UNFORESEEN


def sentence(reason: str) -> str:
    """The reason as a sentence that stands beside a control."""
    return f"The last good picture stays: {reason}."


def drawn(
    lesson: Drawable, wished: Any, known: Any, sheet: Callable[[int], Sheet], fine: int = 0
) -> Drawn:
    """Return the picture of the state ``wished``, or of the nearest state that has one.

    Args:
        lesson: Whose picture.
        wished: The state that was asked for.
        known: The state before the change: what the page shows now, or ``wished`` itself.
        sheet: Makes an empty sheet of this fineness for each attempt.
        fine: How fine a picture that grows is asked for. Where it cannot grow any more, what it
            was at first is the nearest picture, and it says so by asking for no ``more``.

    Returns:
        The picture, the state that it shows, and the reason where this is not ``wished``.

    Raises:
        NoPicture: If nothing can be drawn.
    """
    reason = ""
    until = time.thread_time() + SEARCH
    tried: list[tuple[State, int]] = []
    near = ((state, 0) for state in _near(wished, known, lesson.default))
    for state, grown in itertools.chain([(wished, fine)], near):
        late = reason and time.thread_time() > until and state != lesson.default
        if late or (state, grown) in tried:
            continue
        tried.append((state, grown))
        page = sheet(grown)
        try:
            with time_limit(SHORT if reason else LONGEST):
                model = lesson.model(state)
                picture = lesson.picture(model, page)
        except (Exception, TookTooLong) as error:
            if not reason:
                report(lesson, state, error)
            reason = reason or why(error)
        else:
            if fine and state == wished and not grown:  # it would fail again
                picture.pop("more", None)
                picture.pop("progress", None)
            return Drawn(state, model, picture, page, reason)
    raise NoPicture(reason)


def report(lesson: Drawable, state: Any, error: BaseException) -> None:
    """Log a failure with its trace, and the link that leads back to it."""
    link = f"{lesson.name}?{state.query(lesson.default)}"
    # A refusal in words is not a fault of the program: its trace is not needed.
    refused = isinstance(error, BadInput | TookTooLong)
    log.error("no picture of %s: %s", link, error, exc_info=None if refused else error)


def changed(before: Any, after: Any) -> list[str]:
    """The names of the fields in which two states of a lesson differ."""
    return [f.name for f in fields(before) if getattr(before, f.name) != getattr(after, f.name)]


def short(state: Any, name: str) -> str:
    """A field's name as a link writes it."""
    return next(f.metadata["short"] for f in fields(state) if f.name == name)


def _near(wished: Any, known: Any, default: Any) -> Iterator[Any]:
    """The states to try, the nearest first: one field less, then all that can be kept."""
    yield wished
    yield known
    names = changed(default, known)
    for name in reversed(names):
        yield from _good(known, default, [name])
    for count in range(2, len(names)):
        yield from _good(known, default, names[-count:])
    yield default


def _good(state: Any, default: Any, names: list[str]) -> Iterator[Any]:
    """The state with these fields as in the default, if they go together."""
    less = replace(state, **{name: getattr(default, name) for name in names})
    try:
        yield less.whole()
    except Exception:
        return
