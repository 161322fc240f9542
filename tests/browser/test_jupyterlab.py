"""The same notebook in JupyterLab: the same lesson, with its state two ways."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import ROOT as REPOSITORY
from tests.browser.test_coordinates import ROOT, assert_the_stage_shows_what_the_engine_says

pytestmark = pytest.mark.slow


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[str]:
    """JupyterLab on the project's notebooks (a copy), and its address."""
    shutil.copytree(REPOSITORY / "notebooks", tmp_path / "notebooks")
    options = [
        "--no-browser", "--allow-root", "--port=0", "--ServerApp.port_retries=50",
        "--IdentityProvider.token=", f"--ServerApp.root_dir={tmp_path / 'notebooks'}",
        "--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    log = tmp_path / "lab.log"  # a file: a pipe that nobody empties would stop the server
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter", "lab", *options],
            stderr=out,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), "JUPYTER_CONFIG_DIR": str(tmp_path)},
        )
    address = re.compile(r"http://(?:localhost|127\.0\.0\.1):(\d+)/lab")
    while not (found := address.search(log.read_text())):
        assert process.poll() is None, f"JupyterLab did not start:\n{log.read_text()}"
        time.sleep(0.1)
    yield f"http://127.0.0.1:{found[1]}"
    process.send_signal(signal.SIGTERM)
    process.wait(30)


def test_the_notebook_runs_in_jupyterlab(lab: str, browser: Browser) -> None:
    visitor = browser.new_context(viewport={"width": 1600, "height": 1000})
    page = visitor.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{lab}/lab/tree/coordinates.ipynb")
    page.locator(".jp-Notebook .jp-CodeCell").first.click()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    page.wait_for_function("document.querySelector('.natgrad')?.natgrad")
    assert_the_stage_shows_what_the_engine_says(page)
    slider = page.locator("input[type=range][data-field='shear']")
    slider.focus()
    slider.press("ArrowLeft")
    page.wait_for_function(f"{ROOT}.values.shear < 0.8")
    page.wait_for_function("!document.querySelector('[data-part=undo]').disabled")
    slider.press("Control+z")
    page.wait_for_function(f"{ROOT}.values.shear === 0.8")
    slider.press("Control+Shift+Z")
    page.wait_for_function(f"{ROOT}.values.shear < 0.8")
    assert_the_stage_shows_what_the_engine_says(page)
    expect(page.locator(".jp-RenderedText[data-mime-type*='error']")).to_have_count(0)
    visitor.close()
