"""The counts of a class as a file: by question and round, and of nobody by name."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

from natgrad_lecture.protocol import ClassQuiz, ClassResult

HEAD = ("question", "lesson", "text", "kind", "round", "answered", "answer", "count", "right")


def as_json(quizzes: Sequence[ClassQuiz]) -> str:
    """Return the counts as JSON."""
    rows = [{name: each.get(name) for name in _KEPT} for each in quizzes]
    return json.dumps({"questions": rows}, ensure_ascii=False, indent=1) + "\n"


_KEPT = ("id", "lesson", "question", "results", "truth")


def as_csv(quizzes: Sequence[ClassQuiz]) -> str:
    """Return the counts as a table (RFC 4180): a row for each answer that could be given.

    A text that a spreadsheet would take for a formula is written with an apostrophe before it.
    """
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\r\n")
    table.writerow(HEAD)
    for each in quizzes:
        asked = each["question"]
        for number, result in enumerate(each.get("results", ()), 1):
            head = (
                each["id"],
                each["lesson"],
                asked["text"] or asked.get("name", ""),
                asked["kind"],
                number,
                result["answered"],
            )
            right = each.get("truth", {}).get("right")
            for answer, count, good in _rows(asked.get("options"), result, right):
                table.writerow([_guarded(cell) for cell in (*head, answer, count, good)])
    return file.getvalue()


def _rows(
    options: list[str] | None, result: ClassResult, right: Any
) -> Iterable[tuple[Any, int, str]]:
    counts, edges = result.get("counts", []), result.get("edges")
    if edges:
        for i, count in enumerate(counts):
            yield f"{edges[i]:g} to {edges[i + 1]:g}", count, ""
    elif counts:
        for i, count in enumerate(counts):
            yield options[i] if options else f"option {i + 1}", count, "yes" if i == right else ""
    for x, y in result.get("points", ()):
        yield f"{x:g} {y:g}", 1, ""


def _guarded(cell: Any) -> Any:
    if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{cell}"
    return cell
