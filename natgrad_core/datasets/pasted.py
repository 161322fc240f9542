"""Data as people paste them: a table from a spreadsheet, a CSV file, a column of numbers, JSON.

The text is read, never executed. What is left out is said, by row and column; what cannot be read
is refused with its row and what is allowed.
"""

from __future__ import annotations

import ast
import csv
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from natgrad_core.types import Array

MOST_ROWS = 100_000
MOST_CHARACTERS = 10_000_000

MISSING = frozenset((
    "", "na", "n/a", "n.a.", "nan", "null", "none", "-", "–", "—", ".", "?", "missing", "<na>",
    "nat", "#n/a", "#na", "#value!", "#div/0!", "#num!", "#ref!", "#name?", "#null!",
))  # fmt: skip
"""How tables write that a value is missing, in small letters."""

TRUTH = {"yes": 1.0, "no": 0.0, "true": 1.0, "false": 0.0, "y": 1.0, "n": 0.0}
"""Words that are one or zero."""

FEW = 0.5
"""A column of which a larger share is not a number is text."""

_SEPARATORS = {"\t": "tabs", ";": "semicolons", "|": "bars", ",": "commas", " ": "blanks"}
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.IGNORECASE)
_UNIT = re.compile(r"(?<=\d)\s*(%|°[CF]?|[A-Za-zµμ€$£/²³]{1,8})$")


class UnreadableData(ValueError):
    """Data that cannot be read: the message says where and what is allowed."""


@dataclass(frozen=True)
class Table:
    """Columns of numbers of one length.

    Args:
        columns: The columns ``[rows]`` by name.
        how: How the text was read, in words.
        notes: What was left out or renamed, a sentence each.
    """

    columns: Mapping[str, Array]
    how: str
    notes: tuple[str, ...] = field(default=())

    @property
    def rows(self) -> int:
        """How many rows."""
        return next(iter(self.columns.values())).size


@dataclass(frozen=True)
class Cells:
    """What stands in a table, before it is read as numbers.

    Args:
        names: The names of the columns, as they are given.
        rows: The cells ``[rows][columns]``.
        how: What separates the columns, in words.
        decimal_comma: Whether commas are decimal marks.
        first_row: The row of the text that holds the first of ``rows``.
    """

    names: list[str]
    rows: Sequence[tuple[str, ...]]
    how: str
    decimal_comma: bool = False
    first_row: int = 1

    def described(self, columns: int, rows: int) -> str:
        """How the text was read, in words: so many columns and rows, with what between them.

        Args:
            columns: How many columns.
            rows: How many rows.

        Returns:
            The words, "3 columns, 20 rows, with tabs".
        """
        marks = " and ".join(filter(None, (self.how, "decimal commas" * self.decimal_comma)))
        shape = f"{_count(columns, 'column')}, {_count(rows, 'row')}"
        return shape + (f", with {marks}" if marks else "")


def read_table(text: str) -> Table:
    """Read numbers from a text, in whatever of the usual forms they come.

    A table with tabs, semicolons, commas, bars or blanks between the columns, with or without a
    header, or with a row for each variable; decimal points or commas; thousands separators; quotes;
    units; missing values; a column of numbers; ``x: 1 2 3; y: 4 5 6``; JSON; lists of Python and R,
    and what they, NumPy, torch and Markdown print.

    Args:
        text: The text.

    Returns:
        The columns by name. A row with a missing value is left out, and so is a column of text.

    Raises:
        UnreadableData: If there is no number, too much, or a part that cannot be told.
    """
    cells = read_cells(text)
    notes: list[str] = []
    called = names_of(cells, notes)
    columns = number_columns(cells, called, notes)
    keep = known_rows(columns, cells, called, notes)
    return Table(
        {name: np.array([values[i] for i in keep], float) for name, values in columns.items()},
        cells.described(len(columns), len(keep)),
        tuple(notes),
    )


def read_cells(text: str) -> Cells:
    """Read the cells of a table from a text, in the forms of ``read_table``.

    Args:
        text: The text.

    Returns:
        The cells, with the names of their columns.

    Raises:
        UnreadableData: If there are no cells, too many, or a part that cannot be told.
    """
    if len(text) > MOST_CHARACTERS:
        raise UnreadableData(f"at most {MOST_CHARACTERS:,} characters are read; take a part")
    lines = _lines(_without_code(text.lstrip("\ufeff").translate(_SAME)))
    if not lines:
        raise UnreadableData("there are no data; paste a table, or write x: 1 2 3; y: 4 5 6")
    if lines[0].lstrip()[0] in "[{(":
        cells = _literal("\n".join(lines).strip())
    elif re.match(r"\s*[^\W\d]\w*\s*[:=]", lines[0]) and "\t" not in lines[0]:
        cells = _named_columns(lines)
    else:
        try:
            cells = _delimited(lines)
        except csv.Error:
            raise UnreadableData(
                "a quote is opened and never closed; close it, or leave it out"
            ) from None
    if not cells.rows:
        raise UnreadableData("there are names and no numbers below them")
    if len(cells.rows) > MOST_ROWS:
        raise UnreadableData(f"at most {MOST_ROWS:,} rows are read; there are {len(cells.rows):,}")
    return cells


_SAME = {
    **{0xFF01 + i: 0x21 + i for i in range(94)},  # full-width signs, letters, digits
    **dict.fromkeys(map(ord, "\u00a0\u202f\u3000"), " "),
    ord("−"): "-",
    ord("\r"): "\n",
}
"""Characters that stand for another one."""

_CALL = re.compile(
    r"\b(?:[A-Za-z_]\w*\.)*(?:array|asarray|tensor|Tensor|c|list|tuple|Series|DataFrame|matrix)\s*\("
)
_OPTION = re.compile(r",\s*(?:dtype|device|index|copy|requires_grad|grad_fn)\s*=[^,)]*")
_RULE = re.compile(r"[\s|+:=-]*[-=]{3,}[\s|+:=-]*")
_PRINTED = re.compile(r"^[ \t]*\[\d+\][ \t]", re.MULTILINE)


def _without_code(text: str) -> str:
    """The text without what only programs need: np.array(…), c(…), x <- …, [1] before a line."""
    if all(map(_PRINTED.match, filter(str.strip, text.split("\n")))):
        return f"[{', '.join(_PRINTED.sub('', text).split())}]"
    called = _CALL.sub("(", text)
    if called == text and not re.match(r"\s*[^\W\d]\w*\s*(?:[:=]|<-)", text):
        return text
    depth, kept = 0, list[str]()
    for char in _OPTION.sub("", called):
        depth += (char in "([{") - (char in ")]}")
        kept.append(" " if char == "\n" and depth > 0 else char)
    return re.sub(r"(?m)^(\s*[^\W\d]\w*\s*)<-", r"\1=", "".join(kept))


def _lines(text: str) -> list[str]:
    """The lines that hold something: no comments, and no rules or frames around a table."""
    errors = tuple(word for word in MISSING if word.startswith("#"))
    lines = [
        line
        for line in text.split("\n")
        if line.strip() and (not line.startswith("#") or line.lower().startswith(errors))
    ]
    unruled = [line for line in lines if not _RULE.fullmatch(line)]
    framed = all(re.fullmatch(r"\s*\|.*\|\s*", line) for line in unruled)
    return [line.strip()[1:-1] for line in unruled] if framed else unruled


def _named_columns(lines: list[str]) -> Cells:
    """``x: 1 2 3; y: 4 5 6``, in one line or several."""
    found: dict[str, list[str]] = {}
    for part in filter(str.strip, re.split(r"[;\n]", "\n".join(lines))):
        name, mark, values = re.split(r"([:=])", part, maxsplit=1) if re.search("[:=]", part) else (
            part, "", ""
        )  # fmt: skip
        if not mark:
            raise UnreadableData(
                f"{part.strip()[:40]!r} names no column; write columns as x: 1 2 3; y: 4 5 6"
            )
        name = name.strip()
        if name in found:
            raise UnreadableData(f"two columns are called {name!r}; give each its own name")
        groups = values.strip().strip("[]()").split()
        unsure = next((g for g in groups if re.fullmatch(r"[-+]?\d+,\d+", g)), None)
        if unsure and len(groups) > 1:
            raise UnreadableData(
                f"{unsure[:20]!r} may be one number or two; write {unsure[:20].replace(',', '.')}, "
                "or blanks after commas"
            )
        found[name] = [w for w in re.split(r"[,\s]+", values.strip().strip("[]()")) if w]
    lengths = {name: len(values) for name, values in found.items()}
    if len(set(lengths.values())) > 1:
        each = ", ".join(f"{name} {n}" for name, n in lengths.items())
        raise UnreadableData(f"the columns must have as many values each; there are {each}")
    return Cells(list(found), list(zip(*found.values(), strict=True)), "named columns")


def _literal(text: str) -> Cells:
    """JSON, or a list, tuple or dict as Python writes them."""
    value = _parsed(text)
    if isinstance(value, dict):
        columns = _columns_by_name(cast("dict[Any, Any]", value))
        if not all(isinstance(c, list | tuple) for c in columns.values()):
            raise UnreadableData('each name needs a list of numbers: {"x": [1, 2], "y": [3, 4]}')
        lengths = {len(c) for c in columns.values()}
        if len(lengths) != 1:
            raise UnreadableData("the lists must have one length")
        rows = list(zip(*columns.values(), strict=True))
        return Cells([str(n) for n in columns], _cells(rows), "lists by name")
    items = list(cast("Sequence[Any]", value)) if isinstance(value, list | tuple) else [value]
    if items and all(isinstance(item, dict) for item in items):
        names = list(dict.fromkeys(name for item in items for name in item))
        rows = [tuple(item.get(name) for name in names) for item in items]
        return Cells([str(n) for n in names], _cells(rows), "a list of records")
    if items and all(isinstance(item, list | tuple) for item in items):
        rows = [tuple(item) for item in items]
    else:
        rows = [(item,) for item in items]
    return _table(_cells(rows), "a list", False)


def _parsed(text: str) -> Any:
    """What JSON, lines of JSON, a list of Python or a printed array of NumPy state."""
    spaced = re.sub(r"(?<=[\d.\]])\s+(?=[-+\d.\[])", ", ", text)
    for read in (
        lambda: json.loads(text),
        lambda: [json.loads(line) for line in text.split("\n")],
        lambda: ast.literal_eval(re.sub(r"\b(?:nan|NA|null)\b", "None", text)),
        lambda: ast.literal_eval(spaced),
        lambda: ast.literal_eval(re.sub(r"([{,]\s*)([A-Za-z_]\w*)\s*:", r'\1"\2":', text)),
    ):
        try:
            return read()
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            continue
    raise UnreadableData(
        "this begins like a list and does not end like one; write [1, 2, 3] or "
        '{"x": [1, 2], "y": [3, 4]}'
    )


def _columns_by_name(found: dict[Any, Any]) -> dict[Any, Any]:
    """Lists by name, also from within {"data": …} and from what pandas writes."""
    inner = found.get("data")
    if isinstance(inner, dict) and len(found) == 1:
        return _columns_by_name(cast("dict[Any, Any]", inner))
    names = cast("Sequence[Any]", found.get("columns"))
    if isinstance(inner, list) and isinstance(names, list):
        rows = cast("list[Any]", inner)
        if all(isinstance(row, list) and len(cast("Any", row)) == len(names) for row in rows):
            return dict(zip(names, zip(*rows, strict=True), strict=True))
    if found and all(isinstance(column, dict) for column in found.values()):
        return {name: list(column.values()) for name, column in found.items()}
    return found


def _cells(rows: Iterable[Sequence[Any]]) -> list[tuple[str, ...]]:
    return [tuple("" if cell is None else str(cell) for cell in row) for row in rows]


_GROUPED = re.compile(r"[-+]?\d{1,3}(\.\d{3}){2,},\d+")
"""A number with several points for thousands, which can only be one."""

_UNSURE = re.compile(r"[-+]?(\d+|\d{1,3}([ ']\d{3})+),\d+")
"""A number with a decimal comma, or with a thousands comma, or two numbers."""


def _refuse_unsure(lines: list[str]) -> None:
    """Refuse numbers that may be two each: nothing else in the text tells."""
    cells = [c for line in lines for c in (line.split() if " " in line.strip() else [line])]
    for each in ([line.strip() for line in lines], cells):
        if all(map(_UNSURE.fullmatch, each)):
            one = re.sub(r"[ ']", "", each[0]).replace(",", ".")
            raise UnreadableData(
                f"{each[0][:20]!r} may be one number or two; write {one[:20]} for one, or put a "
                "tab or a semicolon between two"
            )


def _delimited(lines: list[str]) -> Cells:
    _refuse_unsure(lines)
    separator = _separator(lines)
    if separator == "\n":
        rows = [(line.strip(),) for line in lines]
    elif separator == " ":
        rows = [tuple(line.split()) for line in lines]
    else:
        rows = [tuple(c.strip() for c in row) for row in csv.reader(lines, delimiter=separator)]
        if len(rows[0]) > 1 and not any(row[-1] for row in rows):
            rows = [row[:-1] for row in rows]  # each line ends with a separator
    how = _SEPARATORS.get(separator, "") if len(rows[0]) > 1 else ""
    if len(rows) == 1 and len(rows[0]) > 1 and all(map(_is_number, rows[0])):
        rows = [(cell,) for cell in rows[0]]  # one line of numbers is a column
    return _table(rows, how, _has_decimal_commas(rows))


def _separator(lines: list[str]) -> str:
    """The separator that cuts the lines into most columns, as many in nearly every line."""
    sample = lines[:200]
    for candidate in _SEPARATORS:  # the order is that of preference
        if candidate == " ":
            break
        counts = [len(row) for row in csv.reader(sample, delimiter=candidate)]
        columns, often = Counter(counts).most_common(1)[0]
        below = sample[1:] or sample
        single = candidate == "," and (
            all(map(_GROUPED.fullmatch, map(str.strip, below)))
            or all(_bare(line) != line.strip() and _is_number(line) for line in below)
            or (len(counts) > 1 and counts[0] == 1 and all(map(_UNSURE.fullmatch, below)))
        )
        if columns > 1 and often >= 0.5 * len(sample) and not single:
            return candidate
    measured = all(
        (_bare(line) != line.strip() or _GROUPED.fullmatch(line.strip())) and _is_number(line)
        for line in (sample if _is_number(sample[0]) else sample[1:] or sample)
    )
    return "\n" if measured else " "


def _has_decimal_commas(rows: list[tuple[str, ...]]) -> bool:
    """Whether commas are decimal marks: no cell needs them for thousands, and one needs them so."""
    cells = [_bare(cell) for row in rows[:2000] for cell in row if "," in cell]
    decimal = [c for c in cells if re.fullmatch(r"[-+]?(\d+|\d{1,3}([. ']\d{3})+),\d+(e.*)?", c)]
    thousands = [c for c in cells if re.fullmatch(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?", c)]
    return len(decimal) > len(thousands) or bool(
        decimal and any(c not in thousands for c in decimal)
    )


def _bare(cell: str) -> str:
    """A cell without quotes, currency and unit."""
    cell = cell.strip().strip("\"'").strip().lstrip("$€£").strip()
    return _UNIT.sub("", cell) if not re.fullmatch(_NUMBER, cell) else cell


def number_in(cell: str, decimal_comma: bool) -> float | None:
    """The number in a cell; NaN where it says that there is none, None where it is text.

    Args:
        cell: The cell.
        decimal_comma: Whether its comma is a decimal mark.

    Returns:
        The number, NaN, or None.
    """
    if not decimal_comma and _NUMBER.fullmatch(cell):
        return float(cell)
    if cell.strip().lower() in MISSING:
        return float("nan")
    bare = _bare(cell)
    if decimal_comma:
        bare = re.sub(r"(?<=\d)[. '](?=\d{3}\b)", "", bare).replace(",", ".")
    elif re.fullmatch(r"[-+]?\d{1,3}([, ']\d{3})+(\.\d+)?", bare):
        bare = re.sub(r"[, ']", "", bare)
    return float(bare) if _NUMBER.fullmatch(bare) else None


def _is_number(cell: str) -> bool:
    return any(number_in(cell, comma) is not None for comma in (False, True))


def _table(rows: list[tuple[str, ...]], how: str, decimal_comma: bool) -> Cells:
    """Rows of cells, the first of which may be a header."""
    if not any(rows):
        raise UnreadableData("there are no data; paste a table, or write x: 1 2 3; y: 4 5 6")
    width = Counter(map(len, rows)).most_common(1)[0][0]
    first = rows[0]
    if len(rows) == 1 and not any(number_in(cell, decimal_comma) is not None for cell in first):
        raise UnreadableData(f"no column holds numbers; the only row is {', '.join(first)[:60]!r}")
    turned = _turned(rows, decimal_comma)
    if turned is not None:
        return _table(turned, "a row for each variable", decimal_comma)
    header = len(rows) > 1 and (
        (len(first) == width - 1 and not any(map(_is_number, first)))
        or any(
            _heads(cell, [row[i] for row in rows[1:101] if i < len(row)], decimal_comma)
            for i, cell in enumerate(first)
        )
    )
    if header and len(first) == width - 1:
        first = ("row", *first)  # R writes no name over the names of rows
    body = rows[1:] if header else rows
    names = list(first) if header else _usual(width)
    wrong = next((i for i, row in enumerate(body) if len(row) != len(names)), None)
    if wrong is not None:
        raise UnreadableData(
            f"row {wrong + 1 + header} has {_count(len(body[wrong]), 'value')}, and the first has "
            f"{len(names)}; give every row as many (an empty one for a missing value)"
        )
    return Cells(names, body, how, decimal_comma, first_row=1 + header)


def _heads(cell: str, below: list[str], decimal_comma: bool) -> bool:
    """Whether a cell is the name of a column: it is text, and most of what is below is not."""

    def holds(word: str) -> bool:
        return number_in(word, decimal_comma) is not None or _date_order([word]) is not None

    if not any(char.isalpha() for char in cell) or holds(cell):
        return False
    if all(map(_is_truth, below)):
        return not _is_truth(cell)
    return sum(holds(word) or _is_truth(word) for word in below) > FEW * len(below)


def _turned(rows: list[tuple[str, ...]], decimal_comma: bool) -> list[tuple[str, ...]] | None:
    """The columns of a table that has a row for each variable: its name and more numbers than rows.

    None if it is no such table.
    """
    if len(rows[0]) - 1 <= max(len(rows), 2) or len({len(row) for row in rows}) > 1:
        return None
    names = [row[0] for row in rows]
    words = all(name[:1].isalpha() and not _is_truth(name) for name in names)
    numbers = all(number_in(cell, decimal_comma) is not None for row in rows for cell in row[1:])
    return (
        list(zip(*rows, strict=True))
        if words and numbers and len(set(names)) == len(rows)
        else None
    )


def _usual(width: int) -> list[str]:
    """The names of columns without a header: y, or x and y, or x1, x2, … and y."""
    if width == 1:
        return ["y"]
    return ["x", "y"] if width == 2 else [*(f"x{i + 1}" for i in range(width - 1)), "y"]


def number_columns(
    cells: Cells, called: Sequence[str], notes: list[str], but: int | None = None
) -> dict[str, list[float | None]]:
    """The columns of numbers by name, None or NaN where there is none; text is left out.

    Args:
        cells: The cells.
        called: The columns' names.
        notes: What is left out is added to them.
        but: A column that is not to be read.

    Returns:
        The columns by name, each as long as there are rows.

    Raises:
        UnreadableData: If no column holds numbers.
    """
    columns: dict[str, list[float | None]] = {}
    named = zip(called, cells.names, zip(*cells.rows, strict=True), strict=True)
    for place, (name, given, column) in enumerate(named):
        if place == but:
            continue
        values = _column(name, column, cells.decimal_comma, notes)
        bad = [i for i, v in enumerate(values) if v is None]
        if len(bad) > FEW * len(values):
            example = column[bad[0]][:20]
            notes.append(f"the column {given!r} is text ({example!r}) and was left out")
            continue
        if all(cell.strip().lower() in MISSING for cell in column):
            notes.append(f"the column {given!r} is empty and was left out")
            continue
        columns[name] = values
    if not columns:
        raise UnreadableData(
            f"no column holds numbers; the first row is {', '.join(cells.rows[0])[:60]!r}"
        )
    return columns


def known_rows(
    columns: Mapping[str, Sequence[float | None]],
    cells: Cells,
    called: Sequence[str],
    notes: list[str],
) -> list[int]:
    """The rows that lack no value.

    Args:
        columns: The columns by name; None, NaN and infinity are no values.
        cells: The cells that they are read from.
        called: The names of all columns of the cells.
        notes: Which rows are left out, and why, is added to them.

    Returns:
        Their places among the rows of the cells.

    Raises:
        UnreadableData: If every row lacks a value.
    """
    every = range(len(cells.rows))
    keep = [i for i in every if all(_known(values[i]) for values in columns.values())]
    if not keep:
        raise UnreadableData("every row lacks a value; fill them in, or leave that column out")
    if len(keep) < len(every):
        notes.append(_left_out(columns, cells.rows, set(keep), called, cells.first_row))
    return keep


def _column(
    name: str, cells: Sequence[str], decimal_comma: bool, notes: list[str]
) -> list[float | None]:
    """The numbers of a column; of words that are one or zero, and of dates, too."""
    given = [c.strip().lower() for c in cells if c.strip().lower() not in MISSING]
    if given and all(map(_is_truth, given)):
        words = sorted(set(given), key=lambda word: TRUTH[word])
        notes.append(f"in {name}, {' and '.join(f'{w} is {TRUTH[w]:g}' for w in words)}")
        return [TRUTH.get(c.strip().lower(), float("nan")) for c in cells]
    order = _date_order(given)
    if order:
        try:
            days = {word: _day(word, order) for word in given}
        except ValueError:
            return [None for _ in cells]
        first = days[given[0]]
        notes.append(f"{name} is in days since {first}")
        days_of = {
            word: float((day - first) / np.timedelta64(1, "D")) for word, day in days.items()
        }
        return [days_of.get(c.strip().lower(), float("nan")) for c in cells]
    if order == "":
        notes.append(f"{name} may be day/month or month/day; write dates as 2024-01-31")
    _tell_unit(name, cells, notes)
    return [number_in(cell, decimal_comma) for cell in cells]


def _tell_unit(name: str, cells: Sequence[str], notes: list[str]) -> None:
    """Say which unit a column has; refuse a second one, because 5 kg and 5 g are not one number."""
    found: dict[str, int] = {}
    for i, cell in enumerate(cells):
        if cell[-1:].isdigit() and cell[0] not in "$€£":
            continue  # most cells, and there may be many
        word = cell.strip().strip("\"'").strip()
        if word.lower() in MISSING or _NUMBER.fullmatch(word):
            continue
        mark = word[0] if word[:1] in tuple("$€£") else ""
        unit = _UNIT.search(word.lstrip("$€£"))
        both = mark + (unit[1] if unit else "")
        if both and _NUMBER.match(_bare(cell).lstrip("+-")):
            found.setdefault(both, i)
    if len(found) > 1:
        (one, i), (other, j) = list(found.items())[:2]
        raise UnreadableData(
            f"the column {name!r} has two units: {cells[i].strip()[:20]!r} is in {one} and "
            f"{cells[j].strip()[:20]!r} in {other}; give all its numbers in one"
        )
    notes.extend(f"in {name}, the unit {unit} was left out" for unit in found)


def _date_order(words: Sequence[str]) -> str | None:
    """How dates are written, "ymd", "dmy" or "mdy"; "" if unclear, None if these are no dates."""
    if words and all(map(_DATE.fullmatch, words)):
        return "ymd"
    found = [_DAY.fullmatch(word) for word in words]
    if not found or not all(found):
        return None
    parts = [(int(each[1]), int(each[3])) for each in found if each]
    if any(each[2] == "." for each in found if each) or any(first > 12 for first, _ in parts):
        return "dmy"
    return "mdy" if any(second > 12 for _, second in parts) else ""


def _day(word: str, order: str) -> np.datetime64:
    """The day that a word says; ValueError if there is no such day."""
    if order == "ymd":
        return np.datetime64(word[:10])
    first, second, year = re.split(r"[./-]", word)
    day, month = (first, second) if order == "dmy" else (second, first)
    return np.datetime64(f"{year}-{int(month):02}-{int(day):02}")


_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([ t]\d{2}:\d{2}(:\d{2}(\.\d+)?)?z?)?")
_DAY = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2\d{4}")


def _is_truth(cell: str) -> bool:
    return cell.strip().lower() in TRUTH


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _left_out(
    columns: Mapping[str, Sequence[float | None]],
    rows: Sequence[tuple[str, ...]],
    keep: set[int],
    called: Sequence[str],
    first_row: int,
) -> str:
    lost = [i for i in range(len(rows)) if i not in keep]
    reasons: list[str] = []
    for i in lost[:3]:
        name = next(n for n, values in columns.items() if not _known(values[i]))
        cell = rows[i][list(called).index(name)].strip()
        what = f"is {cell[:20]!r}" if cell else "is empty"
        reasons.append(f"row {i + first_row} ({name} {what})")
    more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
    return f"left out: {', '.join(reasons)}{more}"


def names_of(cells: Cells, notes: list[str]) -> list[str]:
    """The columns' names as an expression can use them: letters, digits and underscores.

    Args:
        cells: The cells.
        notes: What is renamed is added to them.

    Returns:
        A name a column, each another one.
    """
    found: list[str] = []
    for i, given in enumerate(cells.names):
        plain = re.sub(r"[\(\[].*?[\)\]]", "", given.strip().strip("\"'")).strip()
        name = re.sub(r"\W+", "_", plain).strip("_") or f"column{i + 1}"
        if name[0].isdigit():
            name = f"c{name}"
        base, n = name, 2
        while name in found:
            name, n = f"{base}_{n}", n + 1
        if name != given.strip():
            notes.append(f"the column {given.strip()[:30]!r} is called {name}")
        found.append(name)
    return found
