"""The how-to on lessons asks little of a newcomer; ``test_extending.py`` writes its files into a
copy, where they are a lesson that passes all that concerns a lesson.
"""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/how-to/lesson.md").read_text("utf-8")
FILES = dict(re.findall(r"^`(app/[\w/.]+)`\n\n```\w+\n(.*?)^```$", TEXT, re.S | re.M))


FORMS = {
    "title and takeaway": r"^# .+\n\n\w",
    "section": r"^## .+\{#[\w-]+\}$",
    "claim": r"\]\(#claim-[\w-]+\)",
    "question": r"^::: question \{#[\w-]+\}$",
    "presets": r"^::: presets$",
    "controls": r"^::: controls$",
}
"""How a text writes what a first lesson has; any other ``:::`` or ``]{.`` counts by itself."""


def concepts() -> list[str]:
    """Return all that the walk asks a newcomer to know: files, our own names, forms, the model."""
    (text,) = (text for path, text in FILES.items() if path.endswith(".md"))
    (code,) = (text for path, text in FILES.items() if path.endswith(".py"))
    tree = ast.parse(code)
    ours = [
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and "natgrad" in str(node.module)
        for alias in node.names
    ]
    asked = {
        f"model.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "model"
    }
    forms = [name for name, form in FORMS.items() if re.search(form, text, re.M)]
    blocks = set(re.findall(r"^::: (\w+)", text, re.M)) - {*forms}
    spans = set(re.findall(r"\]\{\.(\w+)\}", text))
    changes = ["changes of a state"]
    return [*map(os.path.basename, FILES), *ours, *forms, *blocks, *spans, *asked, *changes]


def test_a_first_lesson_takes_at_most_fifteen_concepts() -> None:
    found = concepts()
    print(*found, sep="\n")
    assert len(found) <= 15, found
    assert all(each.split(" ")[0] in TEXT for each in found), "the page has all of them"


def test_a_first_lesson_is_two_files() -> None:
    assert [Path(path).name for path in FILES] == ["text.md", "__init__.py"]
    (code,) = (text for path, text in FILES.items() if path.endswith(".py"))
    assert len([line for line in code.split("\n") if line.strip()]) < 40
