"""What runs on every change: .ci/run, the hosted workflow and the hooks before a commit."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()
WORKFLOW: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]
HOOKS: list[dict[str, Any]] = [
    hook
    for repository in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    for hook in repository["hooks"]
]
CI = (ROOT / ".ci/run").read_text()
STEPS = [
    *(step["run"] for job in WORKFLOW.values() for step in job["steps"] if "run" in step),
    *(hook["entry"] for hook in HOOKS if hook["language"] == "system"),
    *re.findall(r"^make [a-z -]+", CI, re.M),
]


def targets(command: str) -> list[str]:
    """The targets of a call of make."""
    program, *words = shlex.split(command)
    return [word for word in words if "=" not in word] if program == "make" else []


@pytest.mark.parametrize("command", STEPS)
def test_a_step_calls_a_target_of_the_makefile_or_a_tool_of_the_lint_extra(command: str) -> None:
    program = Path(shlex.split(command)[0]).name
    assert program in ("make", "ruff")
    for target in targets(command):
        assert re.search(rf"^{target}:", MAKEFILE, re.M), target


def test_lint_and_all_tests_run_on_every_change_in_each_place() -> None:
    lint = next(line for line in MAKEFILE.splitlines() if line.startswith("lint:"))
    parts = set(lint.partition(":")[2].split())
    assert {target for command in STEPS for target in targets(command)} == {"test", "lint"} | parts
    by_ci = {target for command in STEPS if command in CI for target in targets(command)}
    assert by_ci == {"test"} | parts


def test_the_workflow_starts_with_the_oldest_python_and_claims_no_other() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    versions = WORKFLOW["test"]["strategy"]["matrix"]["python"]
    assert f">={versions[0]}" == project["requires-python"]
    claimed = [
        found[1]
        for each in project["classifiers"]
        if (found := re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", each))
    ]
    assert f"matrix.python != '{versions[0]}'" in WORKFLOW["test"]["continue-on-error"]
    assert claimed == [versions[0]]


def test_a_subject_of_more_than_72_characters_is_stopped() -> None:
    (hook,) = (hook for hook in HOOKS if hook["id"] == "subject")
    assert hook["stages"] == ["commit-msg"]
    assert hook["args"] == ["--multiline"]
    too_long = re.compile(hook["entry"], re.MULTILINE)
    assert too_long.search("x" * 73 + "\n\nwhy\n")
    assert not too_long.search("x" * 72 + "\n\n" + "y" * 90 + "\n")


MAKE = """#!/bin/sh
echo "make $*"
case " $* " in *" {failing} "*) exit 1 ;; esac
"""


@pytest.mark.parametrize("failing", ["nothing", "style", "frontend-lint", "types", "test"])
def test_ci_fails_where_a_part_fails_and_says_so(tmp_path: Path, failing: str) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/run", tmp_path / ".ci/run")
    make = tmp_path / "bin/make"
    make.parent.mkdir()
    make.write_text(MAKE.format(failing=failing))
    make.chmod(0o755)
    done = subprocess.run(
        ["bash", tmp_path / ".ci/run"],
        env={"PATH": f"{make.parent}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0) == (failing == "nothing"), done.stdout + done.stderr
    assert ("make test" in done.stdout) == (failing not in ("style", "frontend-lint"))
    assert ("make types" in done.stdout) == (failing not in ("style", "frontend-lint"))
