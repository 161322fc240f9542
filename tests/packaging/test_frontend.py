"""The front end: its bundles match its sources, and only those who change it need Node."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FRONTEND = ROOT / "app/frontend"
TOOLS = ("esbuild", "eslint", "prettier", "typescript")

needs_tools = pytest.mark.skipif(
    not (shutil.which("node") and (FRONTEND / "node_modules/esbuild").is_dir()),
    reason="needs Node and the front end's tools, which `make frontend` installs",
)


@needs_tools
def test_the_bundles_are_built_from_the_present_sources() -> None:
    done = subprocess.run(
        ["node", "build.mjs", "--check"], cwd=FRONTEND, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_tools_are_pinned_and_nothing_of_them_is_in_the_page() -> None:
    package = json.loads((FRONTEND / "package.json").read_text())
    lock = json.loads((FRONTEND / "package-lock.json").read_text())
    assert "dependencies" not in package
    assert set(TOOLS) <= set(package["devDependencies"])
    for name, version in package["devDependencies"].items():
        assert lock["packages"][f"node_modules/{name}"]["version"] == version
    for name, entry in lock["packages"].items():
        assert not name or entry["integrity"], name
        assert "resolved" not in entry, "a lock file names no registry"
