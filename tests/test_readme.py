"""The README's snippets print what it says they print, and its commands exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text()
SNIPPETS = re.findall(r"```python\n(.*?)```\n\nprints\n\n```\n(.*?)```", TEXT, re.S)


def test_there_are_snippets_that_print() -> None:
    assert len(SNIPPETS) == TEXT.count("```python")
    assert SNIPPETS


@pytest.mark.parametrize(("code", "printed"), SNIPPETS)
def test_a_snippet_prints_what_the_readme_says(code: str, printed: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    numbers = re.compile(r"\d\.\de-1\d")  # rounding error differs from machine to machine
    assert numbers.sub("rounding", done.stdout) == numbers.sub("rounding", printed)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"make ([\w-]+)", TEXT))))
def test_a_command_of_the_readme_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M)


@pytest.mark.parametrize("path", re.findall(r"!?\[[^\]]*\]\((?!http)([\w./-]+)\)", TEXT))
def test_what_the_readme_links_to_is_there(path: str) -> None:
    assert (ROOT / path).is_file()
