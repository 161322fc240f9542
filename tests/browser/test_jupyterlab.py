"""A notebook in JupyterLab: the same lesson, with its state two ways.

JupyterLab takes seconds to start, to open a notebook and to start a kernel. So one of each serves
all tests here, in their order.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, TimeoutError, expect

from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.page_data import page_data
from natgrad_lecture.session import Live
from natgrad_lecture.static_files import script, style
from natgrad_lecture.text.lesson_text import ENGLISH
from natgrad_lecture.widget import plain
from tests.browser.acts import ROOT, paths, settle
from tests.browser.test_coordinates import assert_the_page_shows_what_the_engine_says
from tests.support.servers import ROOT as REPOSITORY
from tests.support.servers import lean

# Its start alone takes a while, and the machine may be busy.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

NAME = "coordinates.ipynb"

CELLS = (
    "coordinates.state = {**coordinates.state, 'rate': 0.05, 'rules': ('natural',), 'k': 7}",
    "run = coordinates.path['natural']['theta']\n"
    "print('printed', len(run.theta), float(run.loss[-1]))",
    "print('step', coordinates.state['k'])",
)
"""What is added to the lesson's notebook: these set the page's state, and read it after the
reader's own act."""


def with_more_cells(notebook: str) -> str:
    """The notebook as a file, with ``CELLS`` below its own."""
    whole = json.loads(notebook)
    (cell,) = whole["cells"]
    whole["cells"] += [{**cell, "id": f"c{i}", "source": text} for i, text in enumerate(CELLS)]
    return json.dumps(whole)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """JupyterLab on a notebook of the project (a copy), and its address."""
    tmp_path = tmp_path_factory.mktemp("lab")
    (tmp_path / "notebooks").mkdir()
    lesson = (REPOSITORY / "notebooks" / NAME).read_text()
    (tmp_path / "notebooks" / NAME).write_text(with_more_cells(lesson))
    options = [
        "--no-browser",
        "--allow-root",
        "--port=0",
        "--ServerApp.port_retries=50",
        "--IdentityProvider.token=",
        f"--ServerApp.root_dir={tmp_path / 'notebooks'}",
        "--LabApp.news_url=",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.expose_app_in_browser=True",
    ]
    log = tmp_path / "lab.log"  # a file: a pipe that nobody empties would stop the server
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter", "lab", *options],
            stderr=out,
            env={**os.environ, **lean(tmp_path), "JUPYTER_CONFIG_DIR": str(tmp_path)},
        )
    address = re.compile(r"http://(?:localhost|127\.0\.0\.1):(\d+)/lab")
    try:
        while not (found := address.search(log.read_text())):
            assert process.poll() is None, f"JupyterLab did not start:\n{log.read_text()}"
            time.sleep(0.1)
        yield f"http://127.0.0.1:{found[1]}"
    finally:
        process.kill()  # or it would wait for its kernels: they end when it has
        process.wait()


def run(cell: Locator) -> None:
    """Run a cell. JupyterLab loses what is run while it still loads, even once its kernel is idle,
    without a word, or asks for the kernel that the notebook names: so, as a person would, we choose
    that one, and run the cell again until it says that it runs, or did.
    """
    prompt = cell.locator(".jp-InputPrompt")
    choose = cell.page.locator(
        "dialog:has-text('Select Kernel') button", has_text=re.compile("^Select$")
    )
    expect(prompt).to_have_text("[ ]:", timeout=120_000)
    for _ in range(30):
        if choose.is_visible():
            choose.click()
        with contextlib.suppress(TimeoutError):
            cell.click(timeout=10_000)
            cell.press("Control+Enter")
        with contextlib.suppress(AssertionError):
            expect(prompt).not_to_have_text("[ ]:", timeout=4_000)
            return
    raise AssertionError("the cell never ran")


def show(page: Page, cell: Locator) -> None:
    """Run the cell that displays the lesson, and wait until it is drawn."""
    run(cell)
    page.wait_for_function("document.querySelector('.natgrad')?.natgrad", timeout=300_000)


def test_a_lesson_is_drawn_once_its_cell_is_on_the_page(page: Page) -> None:
    """A busy JupyterLab asks for the picture first: there it has no colors and no size."""
    lesson = lessons["coordinates"]
    first, arrays = Live(lesson).respond({"ask": 0, "state": {}, "set": {}, "have": []})
    traits = {"lesson": page_data(lesson, ENGLISH), "first": plain(first)}
    page.goto("about:blank")
    page.add_style_tag(content=style())
    page.evaluate(
        """async ([code, traits, bytes]) => {
          const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
          const { default: widget } = await import(url);
          traits.arrays = new DataView(new Uint8Array(bytes).buffer);
          const model = { get: (name) => traits[name], on() {}, off() {}, send() {} };
          const el = document.createElement("div");
          const drawn = widget.render({ model, el });
          await new Promise((done) => setTimeout(done, 100));
          document.body.append(el);
          await drawn;
        }""",
        [script("lesson_view.js"), traits, list(arrays)],
    )
    widths = page.evaluate(
        """[...document.querySelectorAll('.natgrad figure:not([hidden]) canvas.still')].map(
            (canvas) => canvas.getBoundingClientRect().width)"""
    )
    assert len(widths) == len(first["planes"])
    assert min(widths) > 100, widths


@pytest.fixture(scope="module")
def notebook(lab: str, browser: Browser) -> Iterator[Page]:
    """The notebook, with its lesson drawn."""
    visitor = browser.new_context(viewport={"width": 1600, "height": 1000})
    page = visitor.new_page()
    page.set_default_timeout(120_000)
    page.goto(f"{lab}/lab/tree/{NAME}?reset")  # with no other notebook open
    show(page, page.locator(".jp-Notebook .jp-CodeCell").first)
    yield page
    visitor.close()


def test_the_notebook_runs_in_jupyterlab(notebook: Page) -> None:
    page = notebook
    assert_the_page_shows_what_the_engine_says(page)
    slider = page.locator("input[type=range][data-field='shear']")
    slider.focus()
    slider.press("ArrowLeft")
    page.wait_for_function(f"{ROOT}.values.shear < 0.8")
    page.wait_for_function("!document.querySelector('[data-part=undo]').disabled")
    slider.press("Control+z")
    page.wait_for_function(f"{ROOT}.values.shear === 0.8")
    slider.press("Control+Shift+Z")
    page.wait_for_function(f"{ROOT}.values.shear < 0.8")
    assert_the_page_shows_what_the_engine_says(page)
    expect(page.locator(".jp-RenderedText[data-mime-type*='error']")).to_have_count(0)
    still = page.locator(".natgrad-still")
    expect(still).to_have_count(1)
    expect(still).to_be_hidden()
    seen = still.locator("img").get_attribute("src")
    slider = page.locator("input[type=range][data-field='steps']")
    slider.focus()
    slider.press("ArrowLeft")
    expect(still.locator("img")).not_to_have_attribute("src", seen or "")


def test_a_notebook_drives_the_page_and_reads_it(notebook: Page) -> None:
    page = notebook
    cells = page.locator(".jp-Notebook .jp-CodeCell")
    run(cells.nth(1))
    page.wait_for_function(f"{ROOT}.values.rate === 0.05 && {ROOT}.k === 7")
    assert_the_page_shows_what_the_engine_says(page)
    assert {rule for _, rule, _ in paths(page)} == {"natural"}
    slider = page.locator("input[type=range][data-field='steps']")
    slider.focus()
    slider.press("ArrowLeft")
    steps = settle(page)["state"]["steps"]
    assert steps < 200
    run(cells.nth(2))
    printed = cells.nth(2).locator(".jp-OutputArea-output").filter(has_text="printed")
    expect(printed).to_contain_text(f" {steps + 1} ")
    loss = float(printed.inner_text().split()[-1])
    assert loss == pytest.approx(page.evaluate(f"{ROOT}.array('loss.natural.solid').at(-1)"))
    forward = page.locator(".transport button[aria-label='one step forward']")
    forward.click()
    forward.click()
    assert page.evaluate(f"{ROOT}.k") == 9
    page.wait_for_timeout(1000)  # it is told once the reader rests there
    run(cells.nth(3))
    step = cells.nth(3).locator(".jp-OutputArea-output").filter(has_text="step")
    expect(step).to_have_text(re.compile(r"step 9"))


def open_again(page: Page) -> None:
    """Save the notebook, close it, and open it in the JupyterLab that is there, whose own start
    takes seconds.
    """
    page.evaluate(
        """async (path) => { const { commands, shell } = jupyterapp;
        await commands.execute('docmanager:open', { path }); // what is saved and closed is current
        await commands.execute('docmanager:save');
        for (const each of [...shell.widgets('main')]) each.close(); }""",
        NAME,
    )
    expect(page.locator(".jp-Notebook")).to_have_count(0)
    page.evaluate("path => void jupyterapp.commands.execute('docmanager:open', { path })", NAME)


def test_opened_again_it_is_live_while_its_kernel_lives_and_else_shows_its_last_picture(
    lab: str, notebook: Page
) -> None:
    page = notebook
    values, k = settle(page)["values"], page.evaluate(f"{ROOT}.k")
    open_again(page)  # the page shows what the kernel holds, not the first picture
    again = f"{ROOT.removesuffix('.natgrad')}?.natgrad"
    page.wait_for_function(f"{again}?.k === {k}", timeout=120_000)
    assert {**settle(page)["values"], "k": k} == {**values, "k": k}
    still = page.locator(".natgrad-still")
    expect(still).to_be_hidden()
    seen = still.locator("img").get_attribute("src") or ""
    cookies = {one.get("name"): one.get("value") for one in page.context.cookies()}
    known = {"X-XSRFToken": str(cookies["_xsrf"])}
    asked = page.context.request
    for kernel in asked.get(f"{lab}/api/kernels").json():
        assert asked.delete(f"{lab}/api/kernels/{kernel['id']}", headers=known).status == 204
    open_again(page)
    expect(still).to_be_visible(timeout=120_000)
    expect(still).to_contain_text("This picture is not live: run this cell")
    expect(still.locator("img")).to_have_attribute("src", seen)
