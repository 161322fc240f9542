"""Write what is derived: tables of the documents, notebooks (from the registries), the types.

    python -m docs.generate     # what `make generate` does

A Markdown file marks the places with comments; what stands between them is replaced:

    <!-- generated: lessons -->
    <!-- end -->

``BLOCKS`` names what there is. A test fails where a file differs from what is written now.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from docs import registry_types, typescript
from natgrad_core import charts, metrics, problems, rules
from natgrad_lecture import style_tokens
from natgrad_lecture.lesson_names import lesson_names, notebook
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson

ROOT = Path(__file__).resolve().parents[1]
PICTURES = "docs/pictures"
COLUMNS = 3
"""Lessons in a row of their table."""

_BLOCK = re.compile(r"(<!-- generated: ([\w-]+) -->\n).*?(<!-- end -->)", re.S)


def lesson_table(root: Path) -> str:
    """Return the table of lessons: picture, title and takeaway of each, in the lecture's order."""
    row = sorted(lessons.values(), key=lambda lesson: (lesson.order, lesson.name))
    cells = [_lesson_cell(root, lesson) for lesson in row]
    cells += [""] * (-len(cells) % COLUMNS)
    rows = [" | ".join(cells[i : i + COLUMNS]) for i in range(0, len(cells), COLUMNS)]
    return _table([""] * COLUMNS, rows)


def _lesson_cell(root: Path, lesson: Lesson) -> str:
    """A lesson's cell; the picture is left out until ``make pictures`` has taken it."""
    taken = (root / PICTURES / f"{lesson.name}.webp").exists()
    shown = f"![{lesson.title}](pictures/{lesson.name}.webp)<br>" if taken else ""
    return _cell(f"{shown}**{lesson.title}.** {lesson.takeaway}")


def problem_table(root: Path) -> str:
    """Return the table of problems: name, what it is, parameters, where it is defined."""
    rows = [
        " | ".join(map(_cell, (f"`{name}`", kind.title, ", ".join(kind.symbols), kind.domain)))
        for name, kind in problems.items()
    ]
    return _table(["problem", "what it is", "parameters", "domain"], rows)


def maker_table(kind: str, makers: Mapping[str, Callable[..., Any]]) -> Callable[[Path], str]:
    """Return what writes the table of charts, metrics or rules: name, and what it says it is."""

    def table(root: Path) -> str:
        rows = [f"`{name}` | {_cell(_summary(maker))}" for name, maker in makers.items()]
        return _table([kind, "what it is"], rows)

    return table


BLOCKS: Mapping[str, Callable[[Path], str]] = {
    "lessons": lesson_table,
    "problems": problem_table,
    "charts": maker_table("chart", charts),
    "metrics": maker_table("metric", metrics),
    "rules": maker_table("rule", rules),
}
"""What may stand in a marked place, by name."""


def filled(text: str, root: Path = ROOT) -> str:
    """Return a Markdown text with every marked place replaced.

    Raises:
        ValueError: a place asks for a block that does not exist, or has no end.
    """

    def write(found: re.Match[str]) -> str:
        head, name, end = found.groups()
        if name not in BLOCKS:
            raise ValueError(f"no generated block {name!r}; there are {', '.join(BLOCKS)}")
        return f"{head}{BLOCKS[name](root)}{end}"

    if len(_BLOCK.findall(text)) != len(re.findall(r"^<!-- generated: ", text, re.M)):
        raise ValueError("a generated block has no <!-- end -->, or its name is not one word")
    return _BLOCK.sub(write, text)


def generated(root: Path = ROOT) -> Iterator[tuple[Path, str]]:
    """Yield each generated file with what should stand in it."""
    documents = [
        root / "README.md",
        root / "CONTRIBUTING.md",
        *sorted((root / "docs").rglob("*.md")),
    ]
    for path in documents:
        if path.relative_to(root).parts[:2] != ("docs", "build"):
            text = path.read_text("utf-8")
            if _BLOCK.search(text) or "<!-- generated: " in text:
                yield path, filled(text, root)
    for name in lesson_names():
        yield root / "notebooks" / f"{name}.ipynb", notebook(name)
    yield root / typescript.PATH, typescript.declarations()
    yield root / registry_types.PATH, registry_types.declarations()
    yield root / "app/frontend/styles/tokens.css", style_tokens.page_css()
    yield root / "app/natgrad_lecture/templates/tokens.css", style_tokens.root_css()


def stale(root: Path = ROOT) -> dict[Path, str]:
    """Return what should stand in the generated files that differ from it."""
    return {
        path: text
        for path, text in generated(root)
        if not path.exists() or path.read_text("utf-8") != text
    }


def main() -> None:
    """Write every generated file that is not current, and say which."""
    for path, text in stale().items():
        path.write_text(text, "utf-8")
        print(f"written: {path.relative_to(ROOT)}")


def _table(head: list[str], rows: list[str]) -> str:
    line = " | ".join(head)
    return "\n".join([f"| {line} |", "|" + "---|" * len(head), *(f"| {row} |" for row in rows), ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _summary(maker: Callable[..., Any]) -> str:
    """The first paragraph of a docstring, in one line."""
    return " ".join((inspect.getdoc(maker) or "").partition("\n\n")[0].split())


if __name__ == "__main__":
    main()
