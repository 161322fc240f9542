"""Registries: read-only, they list what they hold; and what importing the engine loads."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path

import pytest

from natgrad_core import charts, metrics, problems, rules
from natgrad_core.core.registry import Registry
from natgrad_core.errors import UnknownName

ROOT = Path(__file__).resolve().parents[2]
SHELVES = {"problem": problems, "chart": charts, "metric": metrics, "rule": rules}


@pytest.mark.parametrize("kind", SHELVES)
def test_a_name_that_does_not_exist_lists_those_that_do(kind: str) -> None:
    shelf = SHELVES[kind]
    near = next(iter(shelf))
    with pytest.raises(UnknownName) as caught:
        shelf[near + "x"]
    said = str(caught.value)
    assert f"did you mean {near!r}?" in said
    assert all(name in said for name in shelf)
    assert kind in said


@pytest.mark.parametrize("kind", SHELVES)
def test_a_shelf_is_read_only_and_sorted(kind: str) -> None:
    shelf = SHELVES[kind]
    assert isinstance(shelf, Mapping)
    assert not isinstance(shelf, MutableMapping)
    assert list(shelf) == sorted(shelf)
    assert len(shelf) == len(list(shelf)) > 5


def test_two_items_cannot_have_one_name() -> None:
    shelf: Registry[int] = Registry("thing", "natgrad_core.rules")
    shelf.register("one")(1)
    with pytest.raises(ValueError, match="two items want to be the thing 'one'"):
        shelf.register("one")(2)


def test_every_file_of_a_shelf_puts_something_on_it() -> None:
    for package, shelf in (("rules", rules), ("metrics", metrics), ("charts", charts)):
        files = {p.stem for p in (ROOT / "natgrad_core" / package).glob("[!_]*.py")}
        assert {name.replace("-", "_") for name in shelf} == files


def test_importing_the_engine_loads_nothing_heavy() -> None:
    code = (
        "import sys, natgrad_core; from natgrad_core import run, rules, problems, charts;"
        "run(problems['normal'](), rules['natural'](), problems['normal']().start, 3);"
        "print([m for m in ('torch', 'plotly', 'ipywidgets', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_a_lesson_of_the_plane_never_loads_torch() -> None:
    code = (
        "import sys; from natgrad_lecture import lesson; lesson('coordinates');"
        "print([m for m in ('torch', 'plotly') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
