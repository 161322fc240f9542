"""What `make` asks of pip, with a fake pip that only records its arguments."""

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
    """Return the recorded calls and the output, if no package that contains ``missing`` exists."""
    venv, log = tmp_path / "venv", tmp_path / "log"
    (venv / "bin").mkdir(parents=True)
    (venv / ".python").touch()
    for name, text in (("python", PIP), ("uv", UV)):
        script = venv / "bin" / name
        script.write_text(text.format(log=log, venv=venv, missing=missing))
        script.chmod(0o755)
    done = subprocess.run(
        ["make", f"{venv}/.run", f"VENV={venv}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not (venv / "uv").exists(), "uv is removed after the set-up"
    lines = [line for line in log.read_text().splitlines() if "compileall" not in line]
    return lines, done.stdout


@pytest.mark.skipif(
    sys.platform != "linux", reason="only on Linux does pip's default build need CUDA"
)
@pytest.mark.parametrize(
    ("missing", "by"),
    [("nothing", ["pip"]), ("+cpu", ["pip", "pip", "uv"]), ("cpu", ["pip", "pip", "uv"])],
)
def test_make_installs_torch_without_cuda_where_it_can(
    tmp_path: Path, missing: str, by: list[str]
) -> None:
    (*torch, last), said = asked(tmp_path, missing)
    assert [line.split()[0] for line in torch] == by
    assert f"{TORCH}+cpu" in torch[0]
    if "uv" in by:
        assert "--torch-backend=cpu" in torch[-1]
        assert torch[-1].endswith(TORCH)
    assert last.endswith("-c constraints.txt -e .[lecture,nets]"), (
        "the last call installs the extras"
    )
    assert ("could not be installed" in said) == (missing == "cpu")
