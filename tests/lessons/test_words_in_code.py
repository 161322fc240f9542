"""What a reader reads stands in a lesson's text, where a translation covers it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from natgrad_lecture.lessons import lessons
from natgrad_lecture.text.lesson_text import read

LESSONS = Path(__file__).resolve().parents[2] / "app/natgrad_lecture/lessons"
DRAWN = ("state.py", "model.py", "figure.py", "controls.py", "typed_problem.py")
"""How files end whose strings a reader may read; claims, scripts and derivations say nothing."""

AT_MOST = 0
"""Sentences and labels of three words or more that Python still says. It only falls."""

WORD = re.compile(r"[^\W\d_]{2,}")
MATHEMATICS = re.compile(r"logp[dm]f|\*\*|[=‖∇]|^\w+: \d")
"""A typed example or a formula is the same in every language."""

PROGRAMMER = ("KeyError", "TypeError", "ValueError", "AssertionError", "RuntimeError")


def said(text: str, ids: set[str]) -> Iterator[tuple[int, str]]:
    """Yield the strings of three words or more of a source that are not ids, with their lines.

    Holes of an f-string are no words. What is raised for a programmer, compared or a key is not
    for a reader, and neither is a docstring.
    """
    tree = ast.parse(text)
    above = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = node.value
        elif isinstance(node, ast.JoinedStr):
            parts = [part.value for part in node.values if isinstance(part, ast.Constant)]
            words = " ".join(map(str, parts))
        else:
            continue
        over = above.get(node)
        if isinstance(over, ast.Expr | ast.JoinedStr | ast.Compare | ast.FormattedValue):
            continue
        if isinstance(over, ast.Dict) and node in over.keys:
            continue
        if isinstance(over, ast.Call) and ast.unparse(over.func) in PROGRAMMER:
            continue
        long = sum(WORD.search(word) is not None for word in words.split()) >= 3
        if long and words not in ids and not MATHEMATICS.search(words):
            yield node.lineno, words


def in_code(folder: Path) -> list[str]:
    """Return what the Python of a lesson's folder says to a reader, each with its place."""
    text = read(folder / "text.md")
    ids = {*text.legend, *(part for path in text.labels for part in path)}
    return [
        f"{folder.name}/{path.name}:{line}: {words}"
        for path in sorted(folder.glob("*.py"))
        if path.name.endswith(DRAWN)
        for line, words in said(path.read_text("utf-8"), ids)
    ]


def test_what_a_reader_reads_stands_in_the_text_of_the_lesson() -> None:
    found = [each for lesson in lessons.values() for each in in_code(lesson.folder)]
    assert len(found) <= AT_MOST, "\n".join(["move these to ::: phrases of text.md:", *found])


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ('sheet.add("p", "curve", "x", "the loss on the way")', 1),
        ('raise BadInput("a", f"no such {x} can be drawn")', 1),
        ('raise ValueError("a lesson needs a text")', 0),
        ('say("the-loss-on-the-way")', 0),
        ('def f():\n    """What this function does."""', 0),
        ('f"{a} and {b}"', 0),
        ('OWN = "normal_logpdf(density, m, s)"', 0),
    ],
)
def test_a_sentence_in_python_is_seen(source: str, count: int) -> None:
    assert len(list(said(source, set()))) == count


def test_words_of_a_class_are_read_when_they_are_said() -> None:
    folder = lessons["fisher"].folder
    from natgrad_lecture.text.lesson_text import phrases

    later = phrases(str(folder / "state.py")).later("way-to-show-it")
    assert f"{later}" == "way to show it"
    with pytest.raises(KeyError, match="no words 'nothing'"):
        str(phrases(str(folder / "state.py")).later("nothing"))
