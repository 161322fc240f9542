"""One file adds an item: each template of CONTRIBUTING is added, and nothing else is edited.

Then everything that concerns the added items is run: of all suites that iterate the registries,
each test of an added item and each quick test that looks through a registry, the styles, the
generated documents and the reference.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = re.findall(
    r"^## An? (\w+): `([\w/.]+)`\n.*?```python\n(.*?)```",
    (ROOT / "CONTRIBUTING.md").read_text("utf-8"),
    re.S | re.M,
)
WHOLE = ("tests/docs/test_generated.py", "tests/packaging/test_import_layers.py")
"""What reads the registries through the programs that it tests."""
SUITES = ("tests/engine", "tests/lecture", "tests/lessons", *WHOLE)
COPIED, LESSON = "policy", "dropped_in"
"""The folder of a lesson is copied under another name."""

NAMES = {
    **{kind: Path(path).stem.replace("_", "-") for kind, path, _ in TEMPLATES},
    "lesson": LESSON.replace("_", "-"),
}


def python(house: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=house,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": f"{house}{os.pathsep}{house / 'app'}"},
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the repository with all templates added, and nothing else edited."""
    house = tmp_path_factory.mktemp("house")
    for room in ("natgrad_core", "app", "benchmarks", "docs", "notebooks", "tests"):
        # Compiled files come along: to compile them again would take longer than all the tests.
        leave = shutil.ignore_patterns("build", "node_modules")
        shutil.copytree(ROOT / room, house / room, ignore=leave)
    for name in ("pyproject.toml", "CONTRIBUTING.md", "README.md", "constraints.txt"):
        shutil.copy(ROOT / name, house)
    for _, path, code in TEMPLATES:
        (house / path).write_text(code, "utf-8")
    lessons, pictures = house / "app/natgrad_lecture/lessons", house / "docs/pictures"
    shutil.copytree(lessons / COPIED, lessons / LESSON)
    for path in (lessons / LESSON).glob("*.py"):
        text = path.read_text("utf-8")
        path.write_text(text.replace(f"lessons.{COPIED}", f"lessons.{LESSON}"), "utf-8")
    # `make pictures` and `make generate` are commands, no edits; the first needs a browser.
    shutil.copy(pictures / f"{COPIED}.webp", pictures / f"{NAMES['lesson']}.webp")
    python(house, "-m", "docs.generate")
    (house / "concerned.py").write_text(
        CONCERNED.format(names=tuple(NAMES.values()), whole=WHOLE), "utf-8"
    )
    return house


def test_there_is_a_template_of_each_kind_of_under_fifty_lines() -> None:
    assert {kind for kind, _, _ in TEMPLATES} == {"problem", "chart", "metric", "rule"}
    for kind, _, code in TEMPLATES:
        lines = [line for line in code.splitlines() if line.strip() and "import" not in line]
        assert len(lines) < 50, kind


@pytest.mark.slow
@pytest.mark.timeout(1200)  # a whole run of tests, and the machine may be busy
def test_all_that_concerns_an_added_item_holds(house: Path) -> None:
    said = python(house, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "concerned", *SUITES)
    passed = re.search(r"(\d+) passed", said)
    assert passed
    assert int(passed[1]) > 400, said


CONCERNED = '''
"""Keeps each test of an added item, and the quick ones that look through a registry."""

import ast
import importlib
import inspect
from functools import cache

from natgrad_core.core.registry import Registry

NAMES = {names}
WHOLE = {whole}


def loaded(node):
    "Yield the names that code uses; of rules['natural'], one item, not that of the registry."
    if isinstance(node, ast.Name | ast.arg):
        yield node.id if isinstance(node, ast.Name) else node.arg
    elif not (isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)):
        for part in ast.iter_child_nodes(node):
            yield from loaded(part)


@cache
def looking(module):
    "Return the names of a module whose code, or what that uses, looks through a registry."
    if not getattr(module, "__file__", None):  # a folder
        return set()
    found = set(name for name, value in vars(module).items() if isinstance(value, Registry))
    uses = []
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.ImportFrom) and node.module.startswith("tests."):
            there = looking(importlib.import_module(node.module))
            found |= set(part.asname or part.name for part in node.names if part.name in there)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            uses.append(((node.name,), set(loaded(node))))
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            to = node.targets if isinstance(node, ast.Assign) else [node.target]
            uses.append(([n.id for t in to for n in ast.walk(t) if isinstance(n, ast.Name)],
                         set(loaded(node.value)) if node.value else set()))
    while more := set(n for names, used in uses if used & found for n in names) - found:
        found |= more
    return found


def concerned(item):
    if any(name in item.nodeid for name in NAMES) or item.nodeid.startswith(WHOLE):
        return True
    quick = "[" not in item.nodeid and not item.get_closest_marker("slow")
    return quick and item.originalname in looking(item.module)


def pytest_collection_modifyitems(config, items):
    kept = list(filter(concerned, items))
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept
'''
"""A plugin of pytest."""


@pytest.mark.slow
def test_what_was_added_is_in_its_registry_in_the_menus_and_in_the_reference(
    house: Path,
) -> None:
    said = python(house, "-c", SEEN.format(names=NAMES))
    pages, menus = json.loads(said)
    for kind, name in NAMES.items():
        assert name in pages[kind], kind
        if kind != "lesson":
            assert f"'{name}'" in menus, kind


SEEN = """
import json, sys
sys.path.insert(0, "docs")
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.page_data import page_data
from build_pages import REGISTRIES

pages = {{}}
for kind, name in {names}.items():
    items, page = REGISTRIES[kind + "s"]
    assert name in items, name
    pages[kind] = page(name)
print(json.dumps([pages, str(page_data(lessons["playground"])["controls"])]))
"""
"""Prints the pages of the added items, and the playground's menus."""
