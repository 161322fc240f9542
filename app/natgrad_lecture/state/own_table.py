"""A reader's own table of examples with labels, in a lesson on nets.

The table is part of the state, so that a link, a saved page and a notebook have it. Of one that is
too long for a link a sample of its rows is kept, and said. What cannot be read is refused: it stays
in its box with the reason below, and the picture stays that of the last table.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, ClassVar, Self

import numpy as np

from natgrad_core.datasets import columns
from natgrad_core.datasets.labeled import LabeledTable, NoLabelError, read_labeled
from natgrad_core.datasets.pasted import UnreadableData
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.state.fields import BadInput, control
from natgrad_lecture.state.state import State

OWN_TABLE = "own"
"""What the choice of data is called that takes the reader's table."""

LONGEST = 6000
"""Characters of a table: with them a link has at most about 8000, which every server takes."""

LONGEST_SENT = 100_000
"""Characters of a table before it is shortened; a page sends fewer."""

MOST_COLUMNS = 20
"""Columns of numbers: with more, the exact Fisher matrix is too large to follow a hand."""

LEAST_ROWS = 10


def text_of(name: str, most: int) -> Callable[[Any], str]:
    """What a field of text may be: one of at most so many characters."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or len(value) > most:
            raise BadInput(name, f"this must be a text of at most {most} characters")
        return value

    return check


@dataclass(frozen=True)
class OwnTable(State):
    """A state whose data may be the reader's: ``table`` and the name of its label's column.

    A preset leaves both as they are, and so does the choice of other data: nothing typed is lost.
    """

    chosen_by: ClassVar[str]
    """The field that says which data these are."""

    table: str = control("", "table", text_of("table", LONGEST), stays=True)
    label: str = control("", "label", text_of("label", 60), stays=True)

    @property
    def owned(self) -> bool:
        """Whether the reader's table is the data."""
        return getattr(self, self.chosen_by) == OWN_TABLE

    @property
    def own_key(self) -> tuple[str, str, str]:
        """What the reader's data are made of."""
        return OWN_TABLE, self.table, self.label

    @property
    def examples(self) -> LabeledTable:
        """The reader's examples; BadInput where there are none."""
        return examples_of(self.table, self.label)

    @property
    def hints(self) -> dict[str, str]:
        """Beside the table how it was read, and of what the sentences of the page do not speak."""
        return {"table": note(self.table, self.examples)} if self.owned else {}

    def whole(self) -> Self:
        """The state itself, if its table can be read."""
        if self.owned:
            _ = self.examples
        return self

    def linked(self) -> Self:
        """What a link holds: a table only where it is the data."""
        return self if self.owned else replace(self, table="", label="")

    def taken(self, text: Any) -> dict[str, Any]:
        """The fields that a new table sets: a sample of it, and the label, kept if it can be."""
        given = text_of("table", LONGEST_SENT)(text)
        label = self.label
        try:
            examples_of(given, label)
        except BadInput as error:
            if error.field != "label":
                raise
            label = ""
            examples_of(given, label)
        return {"table": shortened(given, label), "label": label}

    def table_or_example(self) -> str:
        """The reader's table, and before there is one a small example."""
        return self.table or example()


@bounded_cache
def examples_of(text: str, label: str) -> LabeledTable:
    """The examples in a text, standardized nowhere yet; BadInput where it cannot be used."""
    try:
        found = read_labeled(text, label)
    except NoLabelError as error:
        raise BadInput("label" if label else "table", str(error)) from None
    except UnreadableData as error:
        raise BadInput("table", str(error)) from None
    rows, wide = found.rows, len(found.columns)
    if rows < LEAST_ROWS:
        raise BadInput("table", f"a net needs at least {LEAST_ROWS} rows; there are {rows}")
    if wide > MOST_COLUMNS:
        said = f"at most {MOST_COLUMNS} columns of numbers; there are {wide}: leave some out"
        raise BadInput("table", said)
    return found


def note(text: str, found: LabeledTable) -> str:
    """How a table was read, line by line."""
    lines = [
        f"{found.how}.",
        f"Label: {found.label!r}, with {len(found.classes)} classes: {_listed(found.classes)}.",
        f"Inputs: {_listed(tuple(found.columns))}.",
        "Each is standardized: mean 0, standard deviation 1 over the training data.",
        *(f"{said[0].upper()}{said[1:]}." for said in (*_comments(text), *found.notes)),
        "What the text says of other data need not hold for yours.",
    ]
    return "\n".join(lines)


def _listed(names: Sequence[str], most: int = 12) -> str:
    return ", ".join(map(repr, names[:most])) + (", '…'" if len(names) > most else "")


def _comments(text: str) -> list[str]:
    """What ``shortened`` wrote above the rows that it kept."""
    return [line[2:] for line in text.split("\n") if line.startswith("# ")]


def shortened(text: str, label: str) -> str:
    """A text too long for a link as a table of some of its rows, chosen at random."""
    if len(text) <= LONGEST:
        return text
    found = examples_of(text, label)
    sent = re.match(r"# of (\d+) rows\n", text)  # of a text that was too long to be sent
    rows = int(sent[1]) if sent else found.rows
    order = np.random.default_rng(0).permutation(found.rows)
    most = found.rows
    while most >= LEAST_ROWS:
        kept = np.sort(order[:most])
        said = [f"{most:,} of {rows:,} rows, chosen at random", *found.notes]
        short = "".join(f"# {line}\n" for line in said) + _written(found, kept)
        if len(short) <= LONGEST:
            return short
        most = min(most - 1, most * LONGEST // len(short))
    raise BadInput("table", f"a row is too long: {LEAST_ROWS} of them have to fit a link")


def _written(found: LabeledTable, rows: np.ndarray) -> str:
    """These rows, numbers to four digits, the label last."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*found.columns, found.label])
    for row in rows:
        values = (f"{column[row]:.4g}" for column in found.columns.values())
        writer.writerow([*values, found.classes[found.labels[row]]])
    return out.getvalue().rstrip("\n")


@lru_cache(maxsize=1)
def example() -> str:
    """A table to begin with: every third iris of Fisher 1936, petals and species."""
    table = columns("nets/iris")
    names = ("petal_length", "petal_width")
    kinds = ("setosa", "versicolor", "virginica")  # as the head of the file says
    rows = zip(*(table[name][::3] for name in (*names, "species")), strict=True)
    lines = (f"{length:g},{width:g},{kinds[int(kind)]}" for length, width, kind in rows)
    return "\n".join([",".join((*names, "species")), *lines])
