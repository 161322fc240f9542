"""Every notebook says which lesson, and nothing else, and runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import nbformat
import pytest
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from natgrad_lecture.lesson_names import lesson_names
from natgrad_lecture.lessons import lessons
from natgrad_lecture.server.paths import complete
from natgrad_lecture.widget import PAGE_MIME
from tests.support import features

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def test_the_server_writes_a_notebook_for_each_lesson_that_lacks_one(tmp_path: Path) -> None:
    assert lesson_names() == list(lessons), "a lesson's name is its folder's"
    written = complete(tmp_path)
    assert [path.stem for path in written] == list(lessons)
    kept = written[0].read_text()
    written[1].unlink()
    written[0].write_text("its reader's own")
    assert complete(tmp_path) == [written[1]]
    assert written[0].read_text() != kept


@pytest.fixture(scope="module")
def kernel() -> Iterator[AsyncKernelManager]:
    """One for all notebooks, which leave nothing in it that another would name."""
    manager = AsyncKernelManager()
    yield manager
    run_sync(manager.shutdown_kernel)(now=True)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_three_lines(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    lines = [line for cell in code for line in cell.source.splitlines() if line.strip()]
    assert len(lines) == 3
    assert lines[1].endswith(f' = lesson("{path.stem}")')
    assert all(not cell.outputs for cell in code), "outputs are not kept in the repository"


@pytest.mark.covering(path=lambda path: features.kinds_of_controls(lessons[path.stem]))
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_displays_its_lesson(path: Path, kernel: AsyncKernelManager) -> None:
    notebook = nbformat.read(path, as_version=4)
    root = str(FOLDER.parent)
    place = {"metadata": {"path": root}}
    NotebookClient(notebook, kernel, timeout=60, resources=place).execute()
    page = notebook.cells[-1].outputs[-1]["data"][PAGE_MIME]
    assert page["lesson"]["name"] == path.stem
    assert page["first"]["traces"]
    assert_opened_without_a_kernel_it_shows_a_picture(notebook)


@cache
def exporter() -> HTMLExporter:
    """One for all notebooks: it compiles its templates once."""
    return HTMLExporter()


def assert_opened_without_a_kernel_it_shows_a_picture(notebook: nbformat.NotebookNode) -> None:
    """As a page, by nbconvert; viewers on the web do the same."""
    html, _ = exporter().from_notebook_node(notebook)
    (image,) = re.findall(r'<img [^>]*alt="[^"]+: a picture of the lesson"[^>]*>', html)
    (picture,) = re.findall(r'src="data:image/svg\+xml,([^"]*)"', image)
    drawn = ElementTree.fromstring(unquote(picture))
    assert drawn.findall(".//{http://www.w3.org/2000/svg}path")
    assert "run this cell to change" in html
