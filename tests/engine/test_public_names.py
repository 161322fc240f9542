"""What ``natgrad_core`` offers by its own name, and what that costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import natgrad_core

ROOT = Path(__file__).resolve().parents[2]
TREE = ast.parse((ROOT / "natgrad_core/__init__.py").read_text("utf-8"))


def assigned(name: str) -> object:
    """The value of a constant of the package's source."""
    values = [
        node.value
        for node in TREE.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name
    ]
    return ast.literal_eval(values[0])


@pytest.mark.parametrize("name", natgrad_core.__all__)
def test_every_public_name_is_there_and_listed(name: str) -> None:
    assert getattr(natgrad_core, name) is not None
    assert name in dir(natgrad_core)


def test_a_name_that_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'natgrad_core' has no attribute 'geodesics'"):
        natgrad_core.geodesics  # noqa: B018


def test_a_type_checker_sees_the_names_that_are_imported_late() -> None:
    """The imports for types are those that ``__getattr__`` makes."""
    typed = {
        alias.asname or alias.name: (node.module, alias.name)
        for block in TREE.body
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in block.body
        if isinstance(node, ast.ImportFrom) and node.module != "natgrad_core.typed_registries"
        for alias in node.names
    }
    assert typed == assigned("_LAZY")
    assert set(typed) <= set(natgrad_core.__all__)


def test_importing_the_library_imports_nothing_late() -> None:
    late = {module for module, _ in dict(assigned("_LAZY")).values()}  # type: ignore[call-overload]
    code = f"import sys, natgrad_core; print([m for m in {sorted(late)} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_a_geodesic_a_flow_a_sweep_and_a_typed_problem_are_one_import_away() -> None:
    from natgrad_core import distance, flow, geodesic, own, problems, rules, sweep

    normal = problems["normal"]()
    path = geodesic(normal, (0.0, 1.0), (1.0, 1.0))
    assert path.shape == (101, 2)
    assert distance(normal, (0.0, 1.0), (1.0, 1.0)) > 0
    assert flow(normal, normal.start, 0.1).ok
    assert own("(a - 1)^2 + b^2", loss=True).loss((1.0, 0.0)) == 0
    assert sweep(normal, rules["gradient"], [0.01, 0.02], steps=3).loss.shape[0] == 2
