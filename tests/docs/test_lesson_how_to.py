"""The how-to on lessons: its files, written into a copy and nothing else, are a lesson that passes
all that concerns a lesson.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/how-to/lesson.md").read_text("utf-8")
FILES = dict(re.findall(r"^`(app/[\w/.]+)`\n\n```\w+\n(.*?)^```$", TEXT, re.S | re.M))
NAME = "heavy-ball"
SUITES = ("tests/lessons", "tests/lecture")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the files of the how-to."""
    house = tmp_path_factory.mktemp("house")
    for room in ("natgrad_core", "app", "docs", "tests"):
        # Compiled files come along: to compile them again would take longer than all the tests.
        leave = shutil.ignore_patterns("build", "node_modules")
        shutil.copytree(ROOT / room, house / room, ignore=leave)
    shutil.copy(ROOT / "pyproject.toml", house)
    for path, text in FILES.items():
        (house / path).parent.mkdir(exist_ok=True)
        (house / path).write_text(text, "utf-8")
    return house


def run(house: Path, *arguments: str) -> str:
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


@pytest.mark.slow
@pytest.mark.timeout(600)  # a run of tests, and the machine may be busy
def test_the_lesson_of_the_how_to_passes_all_that_concerns_a_lesson(house: Path) -> None:
    said = run(house, "-m", "pytest", "-q", "-p", "no:cacheprovider", *SUITES, "-k", NAME)
    passed = re.search(r"(\d+) passed", said)
    assert passed
    assert int(passed[1]) >= 20, said


@pytest.mark.slow
def test_momentum_s_beta_is_turned_on_the_page_and_in_a_link(house: Path) -> None:
    run(house, "-c", OPTION)


OPTION = """
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.page_data import page_data
from natgrad_lecture.session import Live

lesson = lessons["heavy-ball"]
(group,) = page_data(lesson)["controls"]
beta = group["controls"][0]
assert beta["label"] == "β, how much is remembered", beta
live = Live(lesson)
answer, _ = live.respond({"ask": 1, "set": {beta["field"]: 0.5}})
assert answer["values"][beta["field"]] == 0.5, answer["values"]
assert answer["query"] == "v=1&set=rule.momentum.beta:0.5", answer["query"]
slow, _ = Live(lesson).respond({"ask": 1, "query": answer["query"]})
assert slow["description"] == answer["description"] != Live(lesson).respond({})[0]["description"]
refused, _ = live.respond({"ask": 2, "set": {beta["field"]: 1.5}})
assert "β" in refused["errors"][beta["field"]], refused["errors"]
"""
