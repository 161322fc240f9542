"""A reader's own problem, from what was typed: the expression, the parameters' names, the data."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np

from natgrad_core.datasets import columns, tables
from natgrad_core.datasets.pasted import Table, UnreadableData, read_table
from natgrad_core.expressions.expression_problem import ExpressionError
from natgrad_core.types import Array
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.lessons.playground.held_parameters import estimates, parsed
from natgrad_lecture.state.fields import BadInput
from natgrad_lecture.state.items import OWN, problem_named
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

NO_DATA, TYPED = "none", "typed"
SOURCES = (NO_DATA, TYPED, *tables())
"""Where the data come from: nowhere (the text is a loss), the reader's typing, a shipped table."""

MOST_ROWS = 200
"""Of typed data: what a drag can be answered with at once."""

LONGEST = 4000
_AROUND = 10


class Mine(NamedTuple):
    """What was typed."""

    text: str
    names: str
    source: str
    typed: str


FIRST = Mine(
    "normal_logpdf(velocity, 500*(a + b*distance), 250)", "a b", "hubble", "x: 1 2 3 4; y: 1 3 2 5"
)


Window = tuple[float, ...]
"""What the plane shows: the centers of both axes, then their half-widths."""

OwnKey = tuple[str, tuple[tuple[str, Any], ...]]
"""The key of a problem of one's own."""

START = 0.5
"""Where a parameter that is not on the plane starts, until the fit says better."""


@bounded_cache
def key(mine: Mine, window: Window, loss: bool = False) -> OwnKey:
    """The problem that was typed as the plane shows it, or BadInput.

    The plane has the first two parameters that are given no value; of the others those without
    one are held at the best fit.
    """
    whole = whole_key(mine, window, loss)
    options = dict(whole[1])
    held = dict(options["held"])
    free = [name for name in options["parameters"] if name not in held]
    held |= estimates(whole, free[2:], dict.fromkeys(free, START))
    x, y, half_x, half_y = window
    options |= {
        "held": tuple(held.items()),
        "view": ((x - half_x, x + half_x), (y - half_y, y + half_y)),
    }
    return OWN, tuple(options.items())


def whole_key(mine: Mine, window: Window, loss: bool = False) -> OwnKey:
    """The problem that was typed, with only those parameters held that are given a value."""
    found = _whole_key(mine, window, loss)
    if isinstance(found, _Refused):
        raise BadInput(*found)
    return found


class _Refused(NamedTuple):
    """Why what was typed is no problem: it stays so while the reader moves other controls."""

    field: str
    reason: str


@bounded_cache
def _whole_key(mine: Mine, window: Window, loss: bool) -> OwnKey | _Refused:
    try:
        return _read_whole(mine, window, loss)
    except BadInput as error:
        return _Refused(error.field, str(error))


def _read_whole(mine: Mine, window: Window, loss: bool) -> OwnKey:
    data = _data(mine)
    names, held = parsed("names", mine.names)
    free = [name for name in names if name not in held]
    if len(free) < 2:
        got = ", ".join(free) or "none"
        raise BadInput("names", say("the-plane-shows-two-parameters-got", names=got))
    x, y, half_x, half_y = window
    start = dict.fromkeys(names, START) | held
    start |= {free[0]: x + half_x / 4, free[1]: y + half_y / 4}
    options = (
        ("text", mine.text),
        ("data", data),
        ("parameters", names),
        ("start", tuple(start[name] for name in names)),
        ("held", tuple(held.items())),
        ("loss", loss),
    )
    try:
        with np.errstate(all="ignore"):
            problem_named((OWN, options))
    except ExpressionError as error:
        raise BadInput("text", placed(error, mine.text)) from None
    except ValueError as error:
        raise BadInput("typed" if "data must" in str(error) else "names", str(error)) from None
    return OWN, options


def placed(error: ExpressionError, text: str) -> str:
    """What is wrong and where: the message, the text around the place, and a caret under it."""
    flat = text.replace("\n", " ").replace("\t", " ")
    low, high = max(0, error.column - _AROUND), error.column + _AROUND
    before, after = "…" * (low > 0), "…" * (high < len(flat))
    caret = " " * (error.column - low + len(before)) + "^"
    said = f"At character {error.column + 1}: {error.reason}"
    return f"{said}\n{before}{flat[low:high]}{after}\n{caret}"


@bounded_cache
def _data(mine: Mine) -> tuple[tuple[str, tuple[float, ...]], ...]:
    if mine.source == NO_DATA:
        return ()
    if mine.source != TYPED:
        return tuple((n, tuple(c.tolist())) for n, c in columns(mine.source).items())
    return _typed(mine.typed)


@bounded_cache
def table_of(text: str) -> Table:
    """What was typed or pasted, as columns; BadInput where it cannot be read."""
    try:
        return read_table(text)
    except UnreadableData as error:
        raise BadInput("typed", str(error)) from None


def _typed(text: str) -> tuple[tuple[str, tuple[float, ...]], ...]:
    """The columns by name; of many rows a sample, which can be drawn while a hand drags."""
    return tuple((name, tuple(values.tolist())) for name, values in _sample(table_of(text)))


def _sample(table: Table, most: int = MOST_ROWS) -> list[tuple[str, Array]]:
    rows = np.arange(table.rows)
    if table.rows > most:
        rows = np.sort(np.random.default_rng(0).choice(table.rows, most, replace=False))
    return [(name, values[rows]) for name, values in table.columns.items()]


def note(text: str) -> str:
    """How the data were read, and what was left out, in sentences."""
    table = table_of(text)
    kept = re.match(r"# (\S+ of .*)", text)
    parts = [f"{', '.join(map(repr, table.columns))}: {table.how}", *table.notes]
    if table.rows > MOST_ROWS:
        parts.append(say("a-sample-is-drawn", most=MOST_ROWS))
    if kept:
        parts.append(kept[1])
    return "\n".join(
        f"{part[0].upper()}{part[1:]}." if i else f"{part}." for i, part in enumerate(parts)
    )


def shortened(text: str) -> str:
    """A text too long for a link as a sample of its rows, written as ``x: 1 2 3; y: 4 5 6``."""
    if len(text) <= LONGEST:
        return text
    table = table_of(text)
    before = re.match(r"# of (\d+) rows\n", text)  # of a text that was too long to be sent
    rows = int(before[1]) if before else table.rows
    most = MOST_ROWS
    while True:
        sample = _sample(table, most)
        parts = (f"{name}: {' '.join(f'{v:.6g}' for v in values)}" for name, values in sample)
        said = say("rows-kept", kept=f"{len(sample[0][1]):,}", rows=f"{rows:,}")
        short = f"# {said}\n{'; '.join(parts)}"
        if len(short) <= LONGEST:
            return short
        most = min(most, table.rows) * 3 // 4
        if not most:
            raise BadInput("typed", say("too-many-columns"))
