"""Registries: read-only, they list what they hold; and what importing the engine loads."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from natgrad_core import Problem, charts, metrics, problems, rules
from natgrad_core.core.registry import Registry
from natgrad_core.errors import UnknownName

ROOT = Path(__file__).resolve().parents[2]
REGISTRIES = {"problem": problems, "chart": charts, "metric": metrics, "rule": rules}


@pytest.mark.parametrize("kind", REGISTRIES)
def test_a_name_that_does_not_exist_lists_those_that_do(kind: str) -> None:
    registry = REGISTRIES[kind]
    near = next(iter(registry))
    with pytest.raises(UnknownName) as caught:
        registry[near + "x"]
    said = str(caught.value)
    assert f"did you mean {near!r}?" in said
    assert all(name in said for name in registry)
    assert kind in said


@pytest.mark.parametrize("kind", REGISTRIES)
def test_a_registry_is_read_only_and_sorted(kind: str) -> None:
    registry = REGISTRIES[kind]
    assert isinstance(registry, Mapping)
    assert not isinstance(registry, MutableMapping)
    assert list(registry) == sorted(registry)
    assert len(registry) == len(list(registry)) > 5


def test_two_items_cannot_have_one_name() -> None:
    registry: Registry[int] = Registry("thing", "natgrad_core.rules")
    registry.register("one")(1)
    with pytest.raises(ValueError, match="two items want to be the thing 'one'"):
        registry.register("one")(2)


@pytest.mark.parametrize("kind", REGISTRIES)
def test_an_item_is_called_as_its_file_is_and_every_file_is_an_item(kind: str) -> None:
    files = (ROOT / "natgrad_core" / f"{kind}s").glob("[!_]*.py")
    assert list(REGISTRIES[kind]) == sorted(path.stem.replace("_", "-") for path in files)


def test_what_an_item_makes_is_called_as_the_item_is() -> None:
    for name, rule in rules.items():
        assert rule().name == name
    kinds: list[tuple[str, Any]] = [*problems.items(), *charts.items()]
    for name, kind in kinds:
        assert kind.name == name


STYLE = {"color": "teal", "symbol": "star"}


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        (STYLE, "the rule 'new': missing 1 required .*'invariance'"),
        ({**STYLE, "invariance": "some"}, "invariance='some' .*one of linear, pulled-back, none"),
        ({"color": "teel", "symbol": "star", "invariance": "none"}, "color='teel' .*orange, blue"),
        ({"color": "teal", "symbol": "*", "invariance": "none"}, "symbol='\\*' .*circle"),
        ({**STYLE, "invariance": "none", "needs": "luck"}, "needs='luck' .*loss, model"),
        ({**STYLE, "invariance": "none", "hue": "x"}, "unexpected keyword argument 'hue'"),
        (
            {"color": "green", "symbol": "diamond", "invariance": "none"},
            "the rule 'new': 'natural' has the color 'green' with the symbol 'diamond' already",
        ),
    ],
)
def test_what_an_item_declares_is_checked_when_it_is_registered(
    declared: dict[str, str], said: str
) -> None:
    assert len(rules)  # filled, so that what is taken is known
    with pytest.raises(ValueError, match=said):
        rules.register("new", **declared)(lambda: None)
    assert "new" not in rules


@pytest.mark.parametrize(
    ("domain", "outside"), [("x > 0", None), ("all real parameters", (1.0, 1.0))]
)
def test_a_problem_declares_a_point_outside_just_if_its_domain_has_an_edge(
    domain: str, outside: tuple[float, ...] | None
) -> None:
    kind = type("New", (Problem,), {"domain": domain, "outside": outside})
    with pytest.raises(ValueError, match="a bounded domain declares a point outside it"):
        problems.register("new")(kind)


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


SLOW_ITEM = """
import time
from natgrad_core.core.registry import Registry
from {package} import things
time.sleep(0.2)
things.register("{name}")(object())
"""


def test_whoever_looks_while_a_registry_fills_sees_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "slow_things"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from natgrad_core.core.registry import Registry\n"
        "things = Registry('thing', 'slow_things')\n"
    )
    for name in ("one", "two"):
        text = SLOW_ITEM.format(package="slow_things", name=name)
        (package / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    things = importlib.import_module("slow_things").things
    with ThreadPoolExecutor(4) as pool:
        seen = [each.result() for each in [pool.submit(list, things) for _ in range(4)]]
    assert seen == [["one", "two"]] * 4


def test_a_registry_whose_import_failed_tries_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "broken_things"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from natgrad_core.core.registry import Registry\n"
        "things = Registry('thing', 'broken_things')\n"
    )
    (package / "one.py").write_text("raise RuntimeError('not today')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    things = importlib.import_module("broken_things").things
    for _ in range(2):
        with pytest.raises(RuntimeError, match="not today"):
            len(things)
