"""Registries: read-only shelves that list what they hold, and layers that import downward only."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Mapping, MutableMapping
from graphlib import TopologicalSorter
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


def imports(path: Path) -> set[str]:
    """The modules that a file imports when it is loaded (not inside functions)."""
    found: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def starts(modules: set[str], *roots: str) -> set[str]:
    return {m for m in modules if m.split(".")[0] in roots or m in roots}


CORE = sorted((ROOT / "natgrad_core").rglob("*.py"))
APP = sorted((ROOT / "app" / "natgrad_lecture").rglob("*.py"))


@pytest.mark.parametrize("path", CORE, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_mathematics_knows_no_widget_no_plot_and_no_dashboard(path: Path) -> None:
    seen = imports(path)
    assert not starts(
        seen, "natgrad_lecture", "tests", "plotly", "ipywidgets", "anywidget", "voila"
    )
    assert not starts(seen, "IPython")
    if "nets" not in path.relative_to(ROOT).parts:
        assert not starts(seen, "torch")
        assert not {m for m in seen if m.startswith("natgrad_core.nets")}


@pytest.mark.parametrize("path", APP, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_dashboards_import_downward_only(path: Path) -> None:
    seen = imports(path)
    room = path.relative_to(ROOT / "app" / "natgrad_lecture").parts[0].removesuffix(".py")
    below = {
        "state": set(),
        "engine_cache": {"state"},
        "drawing": {"state", "engine_cache"},
        "text": set(),
        "static_files": set(),
        "controls": {"state", "drawing"},
    }
    if room in below:
        rooms = {m.split(".")[1] for m in seen if m.startswith("natgrad_lecture.")}
        assert rooms <= below[room] | {room}
    if room == "drawing":
        assert not starts(seen, "ipywidgets", "anywidget", "IPython")
    assert not starts(seen, "tests", "torch")


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
        "import sys; from natgrad_lecture.lessons import lessons, open_lesson;"
        "open_lesson('coordinates');"
        "print([m for m in ('torch', 'plotly') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_no_module_of_nets_imports_in_a_circle() -> None:
    """Not even inside a function, or for types alone: what needs each other is one thought."""
    files = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
             for path in (ROOT / "natgrad_core" / "nets").glob("*.py")}  # fmt: skip
    needs: dict[str, set[str]] = {}
    for name, path in files.items():
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        asked = {a.name for node in nodes if isinstance(node, ast.Import) for a in node.names}
        for node in nodes:
            if isinstance(node, ast.ImportFrom) and node.module:
                one_by_one = {f"{node.module}.{a.name}" for a in node.names}
                asked |= {full if full in files else node.module for full in one_by_one}
        needs[name] = {each for each in asked if each in files and each != name}
    TopologicalSorter(needs).prepare()  # CycleError names the circle
