"""What the documents say is so: snippets print it, and commands, options and files exist."""

from __future__ import annotations

import importlib
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from natgrad_core import __version__
from natgrad_lecture.__main__ import parser

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
DOCUMENTS = {
    str(path.relative_to(ROOT)): path.read_text("utf-8")
    for path in (
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *sorted((ROOT / "docs").glob("*.md")),
        *sorted((ROOT / "docs/how-to").glob("*.md")),
    )
}

FOLDERS = ("natgrad_core", "app", "benchmarks", "deploy", "docs", "notebooks", "tests")


def everywhere(find: Callable[[str], Any]) -> list[Any]:
    """Each thing that is found in a document, as a parameter of a test."""
    return [
        pytest.param(name, each, id=f"{name}: {each}"[:80])
        for name, text in DOCUMENTS.items()
        for each in sorted(set(find(text)))
    ]


def spans(text: str) -> list[str]:
    """What stands between backticks, outside of blocks."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.S))


def commands(text: str) -> list[str]:
    return [x for x in spans(text) if re.match(r"(python -m natgrad_lecture|natgrad) [^.]", x)]


ELSEWHERE = ("docs/how-to/lesson.md", "docs/how-to/several-processes.md")
"""Documents whose blocks are files or programs that a test of their own runs."""


def snippets() -> dict[str, tuple[str, str]]:
    """The programs of the how-tos, and of other documents those that say what they print."""
    found: dict[str, tuple[str, str]] = {}
    for name, text in DOCUMENTS.items():
        blocks = re.findall(r"```python\n(.*?)```(?:\n\nprints\n\n```\n(.*?)```)?", text, re.S)
        for i, (code, said) in enumerate(blocks):
            if (said or name.startswith("docs/how-to/")) and name not in ELSEWHERE:
                found[f"{name}: {i + 1}"] = (code, said)
    return found


SNIPPETS = snippets()
RUN = """
import contextlib, io, json, sys, traceback
found = []
for code in json.load(sys.stdin):
    out, wrong = io.StringIO(), ""
    try:
        with contextlib.redirect_stdout(out):
            exec(compile(code, "program", "exec"), {"__name__": "__main__"})
    except BaseException:
        wrong = traceback.format_exc()
    found.append((out.getvalue(), wrong))
print(json.dumps(found))
"""
"""Runs programs one after another, each with names of its own: torch is imported once."""


@pytest.fixture(scope="module")
def ran() -> dict[str, tuple[str, str]]:
    """What each program printed, and its traceback."""
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        input=json.dumps([code for code, _ in SNIPPETS.values()]),
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(zip(SNIPPETS, map(tuple, json.loads(done.stdout)), strict=True))


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_program_of_a_document_runs_and_prints_what_it_says(
    name: str, ran: dict[str, tuple[str, str]]
) -> None:
    out, wrong = ran[name]
    said = SNIPPETS[name][1]
    assert not wrong, wrong
    assert out.strip() not in ("", "False")
    numbers = re.compile(r"\d\.\de-1\d")  # rounding error differs from machine to machine
    assert not said or numbers.sub("rounding", out) == numbers.sub("rounding", said)


@pytest.mark.parametrize(
    ("name", "target"),
    everywhere(lambda text: re.findall(r"^make ([\w-]+)", "\n".join(spans(text)), re.M)),
)
def test_a_make_target_that_a_document_names_exists(name: str, target: str) -> None:
    assert re.search(rf"^{target}:", MAKEFILE, re.M)


@pytest.mark.parametrize(
    ("name", "path"),
    everywhere(lambda text: re.findall(r"!?\[[^\]]*\]\((?!http)([\w./-]+)\)", text)),
)
def test_what_a_document_links_to_is_there(name: str, path: str) -> None:
    built = (
        "lessons",
        "problems",
        "charts",
        "metrics",
        "rules",
        "api",
    )  # tests/docs/test_reference
    if name.startswith("docs/") and path.removeprefix("../").partition("/")[0] in built:
        return
    if name.startswith("docs/how-to/") and path == "../CONTRIBUTING.md":  # copied into the site
        path = "../../CONTRIBUTING.md"
    assert ((ROOT / name).parent / path).is_file()


@pytest.mark.parametrize(("name", "command"), everywhere(commands))
def test_a_command_line_of_a_document_is_one(name: str, command: str) -> None:
    words = shlex.split(command.removeprefix("python -m natgrad_lecture").removeprefix("natgrad"))
    parser().parse_args(words)


def test_there_are_commands_of_each_kind() -> None:
    found = [command for text in DOCUMENTS.values() for command in commands(text)]
    assert {command.split()[1] for command in found} == {"serve", "present", "export"}
    assert set(parser().parse_args(["hub"]).__dict__) == {"command"}


@pytest.mark.parametrize(
    ("name", "option"), everywhere(lambda text: [x for x in spans(text) if x.startswith("--")])
)
def test_an_option_that_a_document_names_is_the_server_s(name: str, option: str) -> None:
    words = shlex.split(option)
    value = [] if "=" in words[-1] or words[-1] in ("--log", "--class") else ["1"]
    parser().parse_args(["serve", *words, *value])


@pytest.mark.parametrize(
    ("name", "module"),
    everywhere(lambda text: re.findall(r"python -m ((?:tests|benchmarks|docs)[\w.]*\w)", text)),
)
def test_a_module_that_a_document_runs_is_there(name: str, module: str) -> None:
    assert callable(importlib.import_module(module).main)


@pytest.mark.parametrize(
    ("name", "module"),
    everywhere(lambda text: re.findall(r"`(natgrad_(?:core|lecture)[\w.]*)`", text)),
)
def test_a_module_or_a_name_that_a_document_mentions_is_there(name: str, module: str) -> None:
    try:
        found = find_spec(module)
    except ModuleNotFoundError:
        found = None
    if found is None:
        place, _, attribute = module.rpartition(".")
        assert hasattr(importlib.import_module(place), attribute)


@pytest.mark.parametrize(
    ("name", "path"),
    everywhere(
        lambda text: [x for x in spans(text) if re.fullmatch(rf"({'|'.join(FOLDERS)})/[\w./-]*", x)]
    ),
)
def test_a_file_or_folder_that_a_document_mentions_is_there(name: str, path: str) -> None:
    template = re.findall(r"^(?:## An? \w+: )?`([\w/.]+)`$", DOCUMENTS[name], re.M)  # to be written
    assert path in template or path.startswith("docs/build/") or (ROOT / path).exists()


def test_what_the_changelog_says_to_import_now_can_be_imported() -> None:
    rows = re.findall(
        r"^ +\| `[\w.]+` \| `([\w.]+)` \|$", (ROOT / "CHANGELOG.md").read_text(), re.M
    )
    assert rows
    for name in rows:
        test_a_module_or_a_name_that_a_document_mentions_is_there("CHANGELOG.md", name)


@pytest.mark.parametrize(
    "module", sorted(set(re.findall(r"-m ((?:tests|benchmarks|docs)[\w.]*)", MAKEFILE)))
)
def test_a_module_that_the_makefile_runs_is_there(module: str) -> None:
    found = find_spec(module)
    assert found, module
    if found.submodule_search_locations:
        assert find_spec(f"{module}.__main__"), module


def test_the_how_to_install_has_every_extra_and_no_document_another() -> None:
    stated = set(PROJECT["optional-dependencies"])
    for name, text in DOCUMENTS.items():
        named = re.findall(r"(?:natgrad|\.)\[([\w,]+)\]", text)
        extras = {extra for each in named for extra in each.split(",")}
        assert extras <= stated, name
        if name == "docs/how-to/install.md":
            assert extras == stated


def test_the_extra_that_is_said_to_bring_jupyterlab_does() -> None:
    text = DOCUMENTS["docs/how-to/install.md"]
    (extra,) = re.findall(r"JupyterLab, which `natgrad\[(\w+)\]` brings", text)
    brings = {
        name
        for name, needs in PROJECT["optional-dependencies"].items()
        if any(need.startswith("jupyterlab>") for need in needs)
    }
    assert brings == {extra}


def test_every_target_of_the_makefile_has_a_line_of_help_and_one_in_contributing() -> None:
    (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.M)
    helped = set(re.findall(r"^#   make ([\w-]+)", MAKEFILE, re.M))
    parts = {"help", "browser", "proxies", "style", "types", "frontend-lint"}  # of others
    assert helped == set(phony.split()) - parts
    table = set(re.findall(r"^\| `make ([\w-]+)` \|", DOCUMENTS["CONTRIBUTING.md"], re.M))
    assert table == helped


def test_the_map_of_the_house_leaves_out_no_folder() -> None:
    """CONTRIBUTING's table of folders: a row each, and what it says is there is there."""
    tables = (
        DOCUMENTS["CONTRIBUTING.md"].partition("## A map of the house")[2].partition("\n## ")[0]
    )
    listed = re.findall(r"^\| `([\w./-]+)/` \|", tables, re.M)
    assert listed
    files = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).split()
    there = {
        str(parent) for name in files if (ROOT / name).exists() for parent in Path(name).parents
    }
    assert set(listed) <= there
    for floor in ("natgrad_core", "app/natgrad_lecture", "app/frontend/src", "tests"):
        rooms = {each for each in there if str(Path(each).parent) == floor}
        assert rooms, floor
        missing = sorted(rooms - set(listed))
        assert not missing, f"CONTRIBUTING's map of the house lacks {', '.join(missing)}"


def test_the_readme_fits_on_a_screen() -> None:
    """What it is, one moving picture, two commands, where to go next."""
    text = DOCUMENTS["README.md"]
    assert len(text.splitlines()) <= 45
    assert text.count("![") == 1
    assert len(text.split()) < 350


def test_one_version_is_said_in_three_places() -> None:
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == __version__
    changes = re.findall(r"^## \[(\S+)\]", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert changes[:2] == ["Unreleased", __version__]
