"""What `make` asks pip for, with a pip that only writes down what it is asked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TORCH = next(
    line for line in (ROOT / "constraints.txt").read_text().split() if line.startswith("torch==")
)
PIP = """#!/bin/sh
echo "pip $*" >> {log}
case "$*" in
  *{missing}*) exit 1 ;;
  *--target*) mkdir -p {venv}/uv/bin && cp {venv}/bin/uv {venv}/uv/bin/uv ;;
esac
"""
UV = """#!/bin/sh
echo "uv $*" >> {log}
case "$*" in *{missing}*) exit 1 ;; esac
"""


def asked(tmp_path: Path, missing: str) -> tuple[list[str], str]:
    """What is asked for, where nothing that names ``missing`` is to be had; and what is said."""
    venv, log = tmp_path / "venv", tmp_path / "log"
    (venv / "bin").mkdir(parents=True)
    (venv / ".python").touch()
    for name, text in (("python", PIP), ("uv", UV)):
        script = venv / "bin" / name
        script.write_text(text.format(log=log, venv=venv, missing=missing))
        script.chmod(0o755)
    done = subprocess.run(
        ["make", f"{venv}/.run", f"VENV={venv}"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not (venv / "uv").exists(), "what only the set-up needs is gone after it"
    lines = [line for line in log.read_text().splitlines() if "compileall" not in line]
    return lines, done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere pip takes the CPU's build anyway")
@pytest.mark.parametrize(
    ("missing", "by"),
    [("nothing", ["pip"]), ("+cpu", ["pip", "pip", "uv"]), ("cpu", ["pip", "pip", "uv"])],
)
def test_make_takes_torch_for_the_cpu_wherever_it_can_be_had(
    tmp_path: Path, missing: str, by: list[str]
) -> None:
    (*torch, last), said = asked(tmp_path, missing)
    assert [line.split()[0] for line in torch] == by
    assert f"{TORCH}+cpu" in torch[0]
    if "uv" in by:
        assert "--torch-backend=cpu" in torch[-1]
        assert torch[-1].endswith(TORCH)
    assert last.endswith("-c constraints.txt -e .[lecture,nets]"), "what pip takes is the last word"
    assert ("could not be installed" in said) == (missing == "cpu")
