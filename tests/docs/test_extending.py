"""One file adds an item: each template of CONTRIBUTING is added, and appears everywhere."""

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
LAWS = ("tests/engine", "tests/lessons")
NAMES = {kind: Path(path).stem.replace("_", "-") for kind, path, _ in TEMPLATES}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the repository with all templates added, and nothing else changed."""
    house = tmp_path_factory.mktemp("house")
    for room in ("natgrad_core", "app", "docs", "notebooks", "tests"):
        leave = shutil.ignore_patterns("build")
        shutil.copytree(ROOT / room, house / room, ignore=leave)
    for name in ("pyproject.toml", "CONTRIBUTING.md"):
        shutil.copy(ROOT / name, house)
    for _, path, code in TEMPLATES:
        (house / path).write_text(code, "utf-8")
    return house


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


def test_there_is_a_template_for_each_registry_of_under_fifty_lines() -> None:
    assert set(NAMES) == {"problem", "chart", "metric", "rule", "lesson"}
    for kind, _, code in TEMPLATES:
        lines = [line for line in code.splitlines() if line.strip() and "import" not in line]
        assert len(lines) < 50, kind


@pytest.mark.slow
@pytest.mark.timeout(1200)  # a whole run of tests, and the machine may be busy
def test_the_laws_hold_of_what_was_added(house: Path) -> None:
    own = {"problem", "lesson"}
    chosen = " or ".join(
        name if kind in own else f"({name} and normal)" for kind, name in NAMES.items()
    )
    said = python(house, "-m", "pytest", "-q", "-p", "no:cacheprovider", *LAWS, "-k", chosen)
    passed = re.search(r"(\d+) passed", said)
    assert passed
    assert int(passed[1]) > 40, said


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
from build_pages import REGISTRIES

pages = {{}}
for kind, name in {names}.items():
    items, page = REGISTRIES[kind + "s"]
    assert name in items, name
    pages[kind] = page(name)
print(json.dumps([pages, str(lessons["playground"].static()["controls"])]))
"""
"""Prints the pages of the added items, and the playground's menus."""
