"""One file adds an item: each template of CONTRIBUTING is added, a copy of a lesson, and the lesson
of the how-to, and nothing else is edited.

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
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = re.findall(
    r"^## An? (\w+): `([\w/.]+)`\n.*?```python\n(.*?)```",
    (ROOT / "CONTRIBUTING.md").read_text("utf-8"),
    re.S | re.M,
)
WHOLE = ("tests/docs/test_generated.py", "tests/packaging/test_import_layers.py")
"""What reads the registries through the programs that it tests."""
APART = ("test_every_lesson_but_one_that_is_just_begun_has_its_list",)
"""What holds of one new lesson at a time, and the copy has two."""
SUITES = ("tests/engine", "tests/lecture", "tests/lessons", *WHOLE)
COPIED, LESSON = "policy", "dropped_in"
"""The folder of a lesson is copied under another name."""
HOW_TO = (ROOT / "docs/how-to/lesson.md").read_text("utf-8")
WRITTEN = dict(re.findall(r"^`(app/[\w/.]+)`\n\n```\w+\n(.*?)^```$", HOW_TO, re.S | re.M))
"""The files of the how-to's lesson."""

NAMES = {
    **{kind: Path(path).stem.replace("_", "-") for kind, path, _ in TEMPLATES},
    "lesson": LESSON.replace("_", "-"),
}
NEW = "heavy-ball"
"""The how-to's lesson."""


class Found(NamedTuple):
    """What a process found in the copy."""

    pages: dict[str, str]
    """The reference's pages of the added items."""
    menus: str
    """What the playground's menus hold."""
    wrong: str
    """What was wrong with the how-to's lesson when its control was turned."""
    passed: dict[str, int]
    """How many tests that concern an item passed."""
    said: str
    """What the process printed."""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """Copy the repository, add all items, edit nothing else, and look at it in one process."""
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
    for path, text in WRITTEN.items():
        (house / path).parent.mkdir(exist_ok=True)
        (house / path).write_text(text, "utf-8")
    # `make pictures` and `make generate` are commands, no edits; the first needs a browser.
    for name in (NAMES["lesson"], NEW):
        shutil.copy(pictures / f"{COPIED}.webp", pictures / f"{name}.webp")
    names = (*NAMES.values(), NEW)
    (house / "concerned.py").write_text(
        CONCERNED.format(names=names, whole=WHOLE, apart=APART), "utf-8"
    )
    done = subprocess.run(
        [sys.executable, "-c", LOOK.format(names=NAMES, new=NEW), *SUITES],
        cwd=house,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": f"{house}{os.pathsep}{house / 'app'}"},
    )
    said = done.stdout[-3000:] + done.stderr[-3000:]
    assert (house / "found.json").exists(), said
    return Found(**json.loads((house / "found.json").read_text("utf-8")), said=said)


LOOK = """
import json, os, sys, traceback
import pytest
from docs import generate

generate.main()
sys.path.insert(0, "docs")
from build_pages import REGISTRIES
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.page_data import page_data
from natgrad_lecture.session import Live


def pages():
    for kind, name in {names}.items():
        items, page = REGISTRIES[kind + "s"]
        yield kind, page(name) if name in items else ""


def turn_beta():
    "On the page, and in a link."
    lesson = lessons["{new}"]
    (group,) = page_data(lesson)["controls"]
    beta = group["controls"][0]
    assert beta["label"] == "β, how much is remembered", beta
    live = Live(lesson)
    answer, _ = live.respond({{"ask": 1, "set": {{beta["field"]: 0.5}}}})
    assert answer["values"][beta["field"]] == 0.5, answer["values"]
    assert answer["query"] == "v=1&set=rule.momentum.beta:0.5", answer["query"]
    slow, _ = Live(lesson).respond({{"ask": 1, "query": answer["query"]}})
    first, _ = Live(lesson).respond({{}})
    assert slow["description"] == answer["description"] != first["description"]
    refused, _ = live.respond({{"ask": 2, "set": {{beta["field"]: 1.5}}}})
    assert "β" in refused["errors"][beta["field"]], refused["errors"]


class Passed:
    "Counts the tests that passed, in all and of each added item."
    count = dict.fromkeys(["", "{new}", *{names}.values()], 0)

    def pytest_runtest_logreport(self, report):
        if report.when == "call" and report.passed:
            for name in self.count:
                self.count[name] += name in report.nodeid


wrong = ""
try:
    turn_beta()
except Exception:
    wrong = traceback.format_exc()
menus = str(page_data(lessons["playground"])["controls"])
seen = dict(pages=dict(pages()), menus=menus, wrong=wrong)
code = pytest.main(["-q", "-p", "no:cacheprovider", "-p", "concerned", *sys.argv[1:]], [Passed()])
seen["passed"] = Passed.count if code == 0 else {{}}
with open("found.json", "w") as file:
    json.dump(seen, file)
"""
"""Generates what `make generate` does, looks at what was added, and tests it."""


def test_there_is_a_template_of_each_kind_of_under_fifty_lines() -> None:
    assert {kind for kind, _, _ in TEMPLATES} == {"problem", "chart", "metric", "rule"}
    for kind, _, code in TEMPLATES:
        lines = [line for line in code.splitlines() if line.strip() and "import" not in line]
        assert len(lines) < 50, kind


@pytest.mark.slow
@pytest.mark.timeout(1200)  # a whole run of tests, and the machine may be busy
def test_all_that_concerns_an_added_item_holds(found: Found) -> None:
    assert found.passed, found.said
    assert found.passed[""] > 440, found.said
    assert found.passed[NEW] >= 20, found.said
    assert all(found.passed.values()), found.passed


CONCERNED = '''
"""Keeps each test of an added item, and the quick ones that look through a registry."""

import ast
import importlib
import inspect
from functools import cache

from natgrad_core.core.registry import Registry

NAMES = {names}
WHOLE = {whole}
APART = {apart}


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
    if item.originalname in APART:
        return False
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
    found: Found,
) -> None:
    for kind, name in NAMES.items():
        assert name in found.pages[kind], kind
        if kind != "lesson":
            assert f"'{name}'" in found.menus, kind


@pytest.mark.slow
def test_momentum_s_beta_is_turned_on_the_page_of_the_how_to_and_in_a_link(found: Found) -> None:
    assert not found.wrong, found.wrong
