"""The page on the architecture shows the layers that the import test enforces."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def enforced() -> dict[str, list[set[str]]]:
    """Rows of rooms by package, lowest first, as ``tests/packaging/test_import_layers.py`` has."""
    source = (ROOT / "tests/packaging/test_import_layers.py").read_text("utf-8")
    assigned = next(
        node.value
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "ROWS"
    )
    found: dict[str, list[set[str]]] = {"natgrad_core": [], "natgrad_lecture": []}
    for row in ast.literal_eval(assigned):
        for package, rows in found.items():
            names = [
                name.split(".", 1)[1] for name in row.split() if name.startswith(package + ".")
            ]
            outer = {name for name in names if "." not in name and not name.startswith("__")}
            if outer:
                rows.append(outer)
    return found


def shown() -> dict[str, list[set[str]]]:
    """The same, as the page shows them."""
    text = (ROOT / "docs/architecture.md").read_text("utf-8")
    block = re.search(r"Lowest row first:\n\n```text\n(.*?)```", text, re.S)
    assert block
    found: dict[str, list[set[str]]] = {}
    rows: list[set[str]] = []
    for line in filter(None, block[1].splitlines()):
        if not line.startswith(" "):
            rows = found[line] = []
        else:
            rows.append(set(re.sub(r"\(.*?\)", "", line).replace("·", " ").split()))
    return found


def test_the_page_shows_the_layers_that_the_test_enforces() -> None:
    assert shown() == enforced()


def test_every_file_and_folder_that_the_page_names_is_there() -> None:
    text = (ROOT / "docs/architecture.md").read_text("utf-8")
    text = re.sub(r"```.*?```", "", text, flags=re.S)
    named = {name for name in re.findall(r"`([\w./]+)`", text) if "/" in name}
    places = (ROOT, ROOT / "natgrad_core", ROOT / "app/natgrad_lecture")
    assert len(named) > 15
    assert {name for name in named if not any((at / name).exists() for at in places)} == set()
