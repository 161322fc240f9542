"""Imports run downward: every module of the house has a place in one table, and none looks up.

Every import counts, those inside functions and under ``TYPE_CHECKING`` included: what two modules
need of each other is one thought, wherever the import stands.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

ROWS = (
    # natgrad_core: the mathematics
    "natgrad_core.types natgrad_core.errors",
    "natgrad_core.tracing",
    "natgrad_core.linalg natgrad_core.datasets",
    "natgrad_core.core",
    "natgrad_core.charts natgrad_core.metrics natgrad_core.families",
    "natgrad_core.geometry",
    "natgrad_core.problems natgrad_core.rules natgrad_core.expressions",
    "natgrad_core.analysis natgrad_core.provenance natgrad_core.notebook"
    " natgrad_core.typed_registries",
    "natgrad_core",
    # natgrad_core.nets: torch
    "natgrad_core.nets.runtime natgrad_core.nets.layers natgrad_core.nets.datasets"
    " natgrad_core.nets.settings",
    "natgrad_core.nets.likelihood",
    "natgrad_core.nets.model natgrad_core.nets.torch_losses",
    "natgrad_core.nets.model_calls",
    "natgrad_core.nets.any_module",
    "natgrad_core.nets.dense_fisher",
    "natgrad_core.nets.problem",
    "natgrad_core.nets.fisher natgrad_core.nets.rule natgrad_core.nets.called_batch",
    "natgrad_core.nets.metrics natgrad_core.nets.baselines natgrad_core.nets.damping"
    " natgrad_core.nets.step_size natgrad_core.nets.training",
    "natgrad_core.nets.fresh_batches natgrad_core.nets.gradient_noise"
    " natgrad_core.nets.small_steps"
    " natgrad_core.nets.held_damping"
    " natgrad_core.nets.preconditioners natgrad_core.nets.refresh",
    "natgrad_core.nets.rules natgrad_core.nets.approximations",
    "natgrad_core.nets.reparametrization natgrad_core.nets.torch_optimizers"
    " natgrad_core.nets.step_comparison"
    " natgrad_core.nets.grid_search",
    "natgrad_core.nets.normalization natgrad_core.nets.implied_metrics",
    "natgrad_core.nets",
    # natgrad_lecture: the lecture
    "natgrad_lecture.result_weight natgrad_lecture.machine_limits",
    "natgrad_lecture.bounded_cache",
    "natgrad_lecture.extras natgrad_lecture.held_arrays natgrad_lecture.lesson_names"
    " natgrad_lecture.static_files"
    " natgrad_lecture.protocol natgrad_lecture.state natgrad_lecture.style_tokens"
    " natgrad_lecture.text"
    " natgrad_lecture.time_limit",
    "natgrad_lecture.paired_runs",
    "natgrad_lecture.engine_cache",
    "natgrad_lecture.drawing",
    "natgrad_lecture.controls natgrad_lecture.training natgrad_lecture.runs_as_python",
    "natgrad_lecture.lessons",
    "natgrad_lecture.lecture_map natgrad_lecture.nearest natgrad_lecture.talk",
    "natgrad_lecture.session natgrad_lecture.widget natgrad_lecture.classroom",
    "natgrad_lecture.export",
    "natgrad_lecture",
    "natgrad_lecture.server",
    "natgrad_lecture.__main__",
    # what measures, documents and tests them
    "tests.support",
    "tests.conftest docs benchmarks",
    "tests.fuzz tests.mutation",
    "tests.browser tests.deploy tests.docs tests.engine tests.lecture tests.lessons tests.nets"
    " tests.notebooks tests.packaging tests.server",
)
"""Rooms, lowest row first. A room imports from lower rows alone, and from itself.

A room is a folder with all that is in it, or a file; what is named below another room is a room of
its own.
"""

KNOWN: frozenset[tuple[str, str]] = frozenset()
"""Imports (by whom, of whom) that still look up. The list only shrinks: what no longer looks up is
taken from it, or the test fails."""

CIRCLING: frozenset[tuple[str, str]] = frozenset()
"""Imports that still close a circle; the same holds of them."""

TOGETHER = (
    {
        "natgrad_core.core.problem",
        "natgrad_core.core.evaluation",
        "natgrad_core.core.charted",
        "natgrad_core.core.restricted",
    },
)
"""Modules that define one thing together, in several files for length alone: a problem makes its
evaluations, its charted forms and its slices, and each of them knows its problem."""

LIBRARIES = {
    "torch": ("natgrad_core.nets", "benchmarks", "tests"),
    "scipy": ("natgrad_core", "tests"),
    "plotly": ("benchmarks", "docs", "tests"),
    "anywidget": ("natgrad_lecture.widget", "tests"),
    "ipywidgets": ("benchmarks", "tests"),
    "IPython": ("natgrad_lecture.server", "natgrad_lecture.widget", "tests"),
    "voila": ("natgrad_lecture.server", "tests"),
    "jupyter_server": ("natgrad_lecture.server", "tests"),
    "tornado": ("natgrad_lecture.server", "benchmarks", "tests"),
}
"""Libraries that only these rooms may import."""


def house() -> dict[str, str]:
    """The source of every module of the repository, by its dotted name."""
    found: dict[str, str] = {}
    for folder in ("natgrad_core", "app/natgrad_lecture", "docs", "benchmarks", "tests"):
        above = (ROOT / folder).parent
        for path in (ROOT / folder).rglob("*.py"):
            parts = path.relative_to(above).with_suffix("").parts
            if parts[:2] != ("docs", "build"):
                found[".".join(parts).removesuffix(".__init__")] = path.read_text("utf-8")
    return found


@cache
def rows() -> dict[str, int]:
    """The row of each room."""
    return {name: row for row, names in enumerate(ROWS) for name in names.split()}


def room_of(module: str) -> str | None:
    """The room that a module is in: the longest name in the table that it begins with."""
    names = rows()
    while module and module not in names:
        module = module.rpartition(".")[0]
    return module or None


@cache
def asked(source: str) -> tuple[str, ...]:
    """What a source imports, wherever in it: modules, and names of modules as ``module.name``."""
    return tuple(_asked(source))


def statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements, and those inside them. Expressions are left out: none is an import."""
    for node in body:
        yield node
        for name in ("body", "orelse", "finalbody"):
            yield from statements(getattr(node, name, ()))
        for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
            yield from statements(part.body)


def _asked(source: str) -> Iterator[str]:
    for node in statements(ast.parse(source).body):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name their module in full"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """For each module those of ``sources`` that it imports."""
    found: dict[str, set[str]] = {}
    for name, source in sources.items():
        found[name] = set()
        for module in asked(source):
            while module and module not in sources:
                module = module.rpartition(".")[0]
            if module and module != name:
                found[name].add(module)
    return found


def homeless(sources: Mapping[str, str]) -> list[str]:
    """The folders and files that lie in no room of the table.

    A module directly below a package is in no room by the package's name alone, unless the whole
    package is a room with nothing named below it.
    """
    names = rows()
    parents = {name.rpartition(".")[0] for name in names}
    found: list[str] = []
    for module in sources:
        room = room_of(module)
        if room is None or (room in parents and module != room):
            found.append(module)
    return found


def upward(sources: Mapping[str, str]) -> set[tuple[str, str]]:
    """The imports of a room that is not in a lower row, by whom and of whom."""
    row = rows()
    found: set[tuple[str, str]] = set()
    for module, others in imports(sources).items():
        for other in others:
            mine, its = room_of(module), room_of(other)
            if mine and its and mine != its and row[its] >= row[mine]:
                found.add((module, other))
    return found


def circle(sources: Mapping[str, str], leave_out: Collection[tuple[str, str]] = ()) -> list[str]:
    """The modules of a circle, if there is one that is not closed by what is left out."""
    graph = imports(sources)
    for module, other in leave_out:
        graph[module].discard(other)
    for group in TOGETHER:
        for module in group & set(graph):
            graph[module] -= group
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


SOURCES = house()


def test_every_module_is_in_a_room_of_the_table() -> None:
    found = homeless(SOURCES)
    assert found == []


def test_every_room_of_the_table_is_there() -> None:
    there = {room_of(module) for module in SOURCES}
    assert set(rows()) <= there


def test_imports_run_downward() -> None:
    found = upward(SOURCES)
    assert found - KNOWN == set(), "these look up"
    assert KNOWN - found == set(), "these no longer look up: take them from the list"


def test_no_modules_import_in_a_circle() -> None:
    found = circle(SOURCES, CIRCLING)
    assert found == []
    for edge in CIRCLING:
        still = circle(SOURCES, CIRCLING - {edge})
        assert still, f"{edge} no longer closes a circle: take it from the list"


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_is_imported_only_where_it_may_be(library: str) -> None:
    rooms = LIBRARIES[library]
    users = [m for m, s in SOURCES.items() if any(a.split(".")[0] == library for a in asked(s))]
    assert [m for m in users if not any(m == r or m.startswith(f"{r}.") for r in rooms)] == []


LOW, HIGH = "natgrad_core.linalg.new", "natgrad_core.core.new"


@pytest.mark.parametrize(
    "source",
    [
        f"import {HIGH}",
        f"from {HIGH} import thing",
        f"from {HIGH.rpartition('.')[0]} import new",
        f"def f():\n    from {HIGH} import thing",
        f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from {HIGH} import thing",
        f"if a:\n    pass\nelif b:\n    import {HIGH}",
        f"try:\n    pass\nexcept OSError:\n    import {HIGH}",
        f"try:\n    pass\nfinally:\n    import {HIGH}",
        f"match a:\n    case 1:\n        import {HIGH}",
    ],
)
def test_an_upward_import_is_seen_wherever_it_stands(source: str) -> None:
    assert upward({LOW: source, HIGH: ""}) == {(LOW, HIGH)}
    assert not upward({LOW: "", HIGH: f"import {LOW}"})


def test_a_circle_inside_a_room_is_seen() -> None:
    a, b = "natgrad_core.core.a", "natgrad_core.core.b"
    assert circle({a: f"import {b}", b: f"def f():\n    import {a}"})
    assert not circle({a: f"import {b}", b: ""})


@pytest.mark.parametrize("module", ["natgrad_core.attic", "natgrad_core.nets.attic.a", "tests.new"])
def test_a_new_room_that_the_table_does_not_name_is_seen(module: str) -> None:
    assert homeless({module: ""}) == [module]


FLOW = ("state", "model", "figure")
"""How the modules of a lesson end, in the order in which its data goes."""


def against_the_flow(sources: Mapping[str, str]) -> set[tuple[str, str]]:
    """Return the imports by which a lesson's state asks its model, or its model a figure."""
    place = {
        name: FLOW.index(end)
        for name in sources
        if ".lessons." in name and (end := name.rpartition(".")[2].rpartition("_")[2]) in FLOW
    }
    return {
        (name, other)
        for name, others in imports(sources).items()
        for other in others
        if name.rpartition(".")[0] == other.rpartition(".")[0]
        and place.get(name, 0) < place.get(other, 0)
        and name in place
    }


def test_in_a_lesson_the_data_goes_one_way() -> None:
    assert against_the_flow(SOURCES) == set()


def test_a_model_is_defined_in_a_model_and_not_where_it_is_drawn() -> None:
    found = [
        name
        for name, source in SOURCES.items()
        if ".lessons." in name and "\nclass Model" in source and not name.endswith("model")
    ]
    assert found == []


def test_a_figure_in_a_state_is_seen() -> None:
    state, figure = (f"natgrad_lecture.lessons.new.{end}" for end in ("state", "level_figure"))
    assert against_the_flow({state: f"from {figure} import VIEW", figure: ""}) == {(state, figure)}
    assert not against_the_flow({figure: f"from {state} import VIEW", state: ""})
