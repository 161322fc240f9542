"""Examples with labels as people paste them: a table in which one column names the class."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from natgrad_core.datasets.pasted import (
    MISSING,
    Cells,
    Table,
    UnreadableData,
    known_rows,
    names_of,
    number_columns,
    number_in,
    read_cells,
)
from natgrad_core.types import Array

MOST_CLASSES = 10
"""A column with more different entries is no label."""

USUAL = ("label", "class", "target", "species", "category", "group", "y")
"""How columns of labels are mostly called, in small letters."""


class NoLabelError(UnreadableData):
    """A column is not there, or does not tell classes apart: the message says what is."""


@dataclass(frozen=True)
class LabeledTable(Table):
    """Columns of numbers and the class of each row.

    Args:
        columns: The columns ``[rows]`` by name, without the label's.
        how: How the text was read, in words.
        notes: What was left out or renamed, a sentence each.
        label: The name of the column that holds the labels.
        labels: The class of each row, by its place in ``classes``.
        classes: The names of the classes: numbers by size, words by the alphabet.
    """

    label: str = ""
    labels: tuple[int, ...] = ()
    classes: tuple[str, ...] = ()

    @property
    def x(self) -> Array:
        """The numbers, ``[rows, columns]``."""
        return np.stack(list(self.columns.values()), -1)


def read_labeled(text: str, label: str = "") -> LabeledTable:
    """Read a table in which one column is a label: words, or whole numbers.

    Args:
        text: The table, in the forms of ``read_table``.
        label: The label's column. Without one it is the last column of words that repeat, else one
            that has a usual name (class, label, species, …), else the last that can be one.

    Returns:
        The other columns of numbers, and the classes. A row with a missing value is left out, and
        so is another column of text.

    Raises:
        UnreadableData: If the text cannot be read.
        NoLabelError: If there is no such column, or it is no label.
    """
    cells = read_cells(text)
    notes: list[str] = []
    called = names_of(cells, notes)
    at, classes = _label(cells, called, label)
    columns = number_columns(cells, called, notes, but=at)
    entries = [row[at].strip() for row in cells.rows]
    known: list[float | None] = [classes.get(entry, math.nan) for entry in entries]
    keep = known_rows({**columns, called[at]: known}, cells, called, notes)
    there = sorted({classes[entries[i]] for i in keep})
    names = {rank: _plain(entry, cells) for entry, rank in classes.items()}
    if len(there) < 2:
        raise _one_class(called[at], names[there[0]])
    return LabeledTable(
        {name: np.array([values[i] for i in keep], float) for name, values in columns.items()},
        cells.described(1 + len(columns), len(keep)),
        tuple(notes),
        called[at],
        tuple(there.index(classes[entries[i]]) for i in keep),
        tuple(names[rank] for rank in there),
    )


def _label(cells: Cells, called: Sequence[str], label: str) -> tuple[int, dict[str, int]]:
    """The place of the label's column, and its classes."""
    if label.strip():
        place = _named(cells, called, label.strip())
        return place, _classes(place, cells, called)
    refused: list[NoLabelError] = []
    for place in _likely(cells):
        try:
            return place, _classes(place, cells, called)
        except NoLabelError as error:
            refused.append(error)
    raise refused[0]


def _named(cells: Cells, called: Sequence[str], label: str) -> int:
    """The place of the column that is called so, in the text or by us."""
    given = [name.strip().strip("\"'") for name in cells.names]
    for names in (given, list(called), [name.lower() for name in given]):
        for each in (label, label.lower()):
            if each in names:
                return names.index(each)
    raise NoLabelError(f"no column is called {label[:30]!r}; there are {_listed(called)}")


def _likely(cells: Cells) -> Iterator[int]:
    """The places of columns that may be the label, the likeliest first."""
    columns = list(enumerate(zip(*cells.rows, strict=True)))[::-1]
    for place, column in columns:
        words = {entry.strip() for entry in column if not _missing(entry)}
        text = not all(number_in(word, cells.decimal_comma) is not None for word in words)
        if text and len(words) < len(column):
            yield place
    yield from (i for i, _ in columns if cells.names[i].strip().strip("\"'").lower() in USUAL)
    yield from (i for i, _ in columns)


def _classes(place: int, cells: Cells, called: Sequence[str]) -> dict[str, int]:
    """The place of each entry of a column among the classes; what is missing has none."""
    name = called[place]
    found = {row[place].strip() for row in cells.rows if not _missing(row[place])}
    values = {entry: number_in(entry, cells.decimal_comma) for entry in found}
    others = _listed(each for each in called if each != name)
    if found and all(value is not None for value in values.values()):
        numbers = {entry: value for entry, value in values.items() if value is not None}
        part = next((entry for entry, value in numbers.items() if not _whole(value)), None)
        if part is not None:
            raise NoLabelError(
                f"{name!r} holds {part[:20]!r}, and a label is a word or a whole number; name "
                f"another column: {others}"
            )
        order = sorted(set(numbers.values()))
        classes = {entry: order.index(value) for entry, value in numbers.items()}
    else:
        words = sorted(found, key=lambda word: (word.casefold(), word))
        classes = {word: i for i, word in enumerate(words)}
    if (count := len(set(classes.values()))) > MOST_CLASSES:
        raise NoLabelError(
            f"{name!r} has {count:,} different entries, and at most {MOST_CLASSES} classes are "
            f"told apart; name another column: {others}"
        )
    if count < 2:
        raise _one_class(name, next(iter(found), ""))
    return classes


def _one_class(name: str, entry: str) -> NoLabelError:
    return NoLabelError(f"{name!r} has one class only, {entry!r}; a label has two or more")


def _plain(entry: str, cells: Cells) -> str:
    """A class's name: a whole number without a decimal part, a word as it stands."""
    value = number_in(entry, cells.decimal_comma)
    return entry if value is None else f"{value:.0f}"


def _whole(value: float) -> bool:
    return value % 1 == 0 and abs(value) < 2**53  # above it floats skip whole numbers


def _missing(entry: str) -> bool:
    return entry.strip().lower() in MISSING


def _listed(names: Iterable[str]) -> str:
    """The first names, in quotation marks."""
    found = list(names)
    more = ", '…'" if len(found) > 12 else ""
    return ", ".join(f"{name!r}" for name in found[:12]) + more
