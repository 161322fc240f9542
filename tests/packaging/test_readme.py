"""The README's snippets print what it says they print, and its commands exist."""

from __future__ import annotations

import importlib
import re
import shlex
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from natgrad_core import __version__
from natgrad_lecture.__main__ import parser

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "README.md").read_text()
SPANS = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", TEXT, flags=re.S))
COMMANDS = [span for span in SPANS if re.match(r"(python -m natgrad_lecture|natgrad) ", span)]
MODULES = sorted(set(re.findall(r"python -m ((?:tests|benchmarks)[\w.]*\w)", TEXT)))
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


def test_there_are_commands_of_each_kind() -> None:
    assert {"python", "natgrad"} == {command.split()[0] for command in COMMANDS}
    assert MODULES


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_line_of_the_readme_is_one(command: str) -> None:
    words = shlex.split(command.removeprefix("python -m natgrad_lecture").removeprefix("natgrad"))
    parser().parse_args(words)


@pytest.mark.parametrize("option", sorted({span for span in SPANS if span.startswith("--")}))
def test_an_option_that_the_readme_names_is_the_server_s(option: str) -> None:
    value = [] if "=" in option or option == "--log" else ["1"]
    parser().parse_args(["serve", option, *value])


@pytest.mark.parametrize("module", MODULES)
def test_a_module_that_the_readme_runs_is_there(module: str) -> None:
    assert callable(importlib.import_module(module).main)


@pytest.mark.parametrize(
    "module",
    sorted(set(re.findall(r"-m ((?:tests|benchmarks)[\w.]*)", (ROOT / "Makefile").read_text()))),
)
def test_a_module_that_the_makefile_runs_is_there(module: str) -> None:
    found = find_spec(module)
    assert found, module
    if found.submodule_search_locations:
        assert find_spec(f"{module}.__main__"), module


def test_the_extras_that_the_readme_names_are_stated() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = {
        name for names in re.findall(r"natgrad\[([\w,]+)\]", TEXT) for name in names.split(",")
    }
    assert named
    assert named <= set(project["optional-dependencies"])


def test_the_extra_that_is_said_to_bring_jupyterlab_does() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (extra,) = re.findall(r"JupyterLab, which `natgrad\[(\w+)\]` brings", TEXT)
    brings = {
        name for name, needs in project["optional-dependencies"].items()
        if any(need.startswith("jupyterlab>") for need in needs)
    }  # fmt: skip
    assert brings == {extra}


def test_the_map_of_the_house_leaves_out_no_room() -> None:
    listed = TEXT.partition("## The house\n\n```\n")[2].partition("```")[0]
    for floor in ("app/natgrad_lecture", "tests"):
        said = re.search(rf"^{floor.split('/')[0]}/(.*?)(?=^\w|\Z)", listed, re.S | re.M)
        assert said
        rooms = [each.parent.name for each in (ROOT / floor).glob("*/*") if each.is_file()]
        missing = {room for room in rooms if room != "__pycache__"} - set(
            re.findall(r"\w+", said[1])
        )
        assert not missing, floor


def test_one_version_is_said_in_three_places() -> None:
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == __version__
    changes = re.findall(r"^## \[(\S+)\]", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert changes[:2] == ["Unreleased", __version__]
