"""The front end: its bundles match its sources, and only those who change it need Node."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FRONTEND = ROOT / "app/frontend"
TOOLS = ("esbuild", "eslint", "prettier", "typescript")

MOST = 50_000
"""Bytes of a live page's own script, compressed."""

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


def test_a_live_page_loads_little() -> None:
    """What makes files comes when it is wanted, Plotly when there is a chart."""
    static = ROOT / "app/natgrad_lecture/static"
    live = gzip.compress((static / "live_page.js").read_bytes(), mtime=0)
    assert len(live) < MOST, f"live_page.js has {len(live)} bytes, compressed"
    languages = [path.name for path in (FRONTEND / "src/i18n").glob("??.js") if path.stem != "en"]
    for later in ("makers.js", "model_picture.js", "offline.js", "plotly_charts.js", *languages):
        assert f'import("./{later}")'.encode() in (static / "live_page.js").read_bytes()
        assert (static / later).is_file()
    for alone in ("lesson_view.js", "saved_page.js"):  # no server stands beside these
        assert b'import("' not in (static / alone).read_bytes()


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
