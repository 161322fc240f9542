"""A reader's own problem, from what was typed: the expression, the parameters' names, the data."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from natgrad_core.datasets import columns, tables
from natgrad_core.expressions.expression_problem import ExpressionError
from natgrad_lecture.state.fields import BadInput
from natgrad_lecture.state.items import OWN, ProblemKey, problem_named
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


def key(mine: Mine, window: tuple[float, float, float]) -> ProblemKey:
    """The problem that was typed, seen in the window (center, half its width), or BadInput."""
    data = _data(mine)
    names = tuple(filter(None, re.split(r"[,\s]+", mine.names)))
    if len(names) != 2:
        raise BadInput(
            "names", say("the-plane-shows-two-parameters-got", names=", ".join(names) or "none")
        )
    x, y, half = window
    options = (
        ("text", mine.text),
        ("data", data),
        ("parameters", names),
        ("start", (x + half / 4, y + half / 4)),
        ("view", ((x - half, x + half), (y - half, y + half))),
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


def _data(mine: Mine) -> tuple[tuple[str, tuple[float, ...]], ...]:
    if mine.source == NO_DATA:
        return ()
    if mine.source != TYPED:
        return tuple((n, tuple(c.tolist())) for n, c in columns(mine.source).items())
    return _typed(mine.typed)


def _numbers(text: str, allowed: str) -> tuple[float, ...]:
    """The numbers of a column, with blanks or commas between them; decimal commas are refused."""
    groups = text.split()
    unsure = next((g for g in groups if re.fullmatch(r"[-−+]?\d+,\d+", g)), None)
    if unsure and len(groups) > 1:
        point = unsure.replace(",", ".")
        raise BadInput(
            "typed",
            say("may-be-one-number-or-two", unsure=f"{unsure[:20]!r}", point=point[:20]),
        )
    found = []
    for word in filter(None, re.split(r"[,\s]+", text)):
        try:
            found.append(float(word.replace("−", "-")))
        except ValueError:
            raise BadInput(
                "typed", say("is-not-a-number", word=f"{word[:20]!r}", allowed=allowed)
            ) from None
    return tuple(found)


def _typed(text: str) -> tuple[tuple[str, tuple[float, ...]], ...]:
    """``x: 1 2 3; y: 4 5 6`` as columns by name."""
    allowed = say("write-columns-as-x-1-2")
    found: dict[str, tuple[float, ...]] = {}
    for part in filter(str.strip, re.split(r"[;\n]", text)):
        name, colon, numbers = part.partition(":")
        if not colon:
            raise BadInput(
                "typed", say("names-no-column", part=f"{part.strip()[:40]!r}", allowed=allowed)
            )
        name = name.strip()
        if name in found:
            raise BadInput("typed", say("two-columns-are-called-give-each", which=f"{name!r}"))
        found[name] = _numbers(numbers, allowed)
    if not found:
        raise BadInput("typed", say("there-are-no-data-or-take", allowed=allowed))
    if max(map(len, found.values())) > MOST_ROWS:
        raise BadInput("typed", say("at-most-rows-are-drawn-live", most_rows=MOST_ROWS))
    return tuple(found.items())
