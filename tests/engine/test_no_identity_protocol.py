"""Nothing in the house relies on which object holds a value, or writes into another object."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(
    path
    for folder in (ROOT / "natgrad_core", ROOT / "app" / "natgrad_lecture")
    for path in folder.rglob("*.py")
)
WALKS = {
    "natgrad_core/expressions/grammar.py",
    "natgrad_core/expressions/tree.py",
    "app/natgrad_lecture/bounded_cache.py",
    "app/natgrad_lecture/result_weight.py",
}
"""Walks over a graph that visit each node once: their result does not depend on who is who."""
HOLDS = {"natgrad_core/nets/torch_optimizers.py", "natgrad_core/tracing/tape.py"}
"""Which parameter an optimizer of torch updates is a matter of identity, as in torch itself.

So is which of two computed constants a traced line uses: were they compared by value, rounding
would decide which lines a step has. The tape holds each, so that no identity is used twice.
"""
READ = {
    "app/natgrad_lecture/__main__.py",
    "natgrad_core/core/numbers.py",
    "natgrad_core/nets/any_module.py",
    "app/natgrad_lecture/result_weight.py",
}
"""``vars`` only reads: argparse's options, what an object, a class, a module or a tensor has."""


def protocols(source: str) -> Iterator[str]:
    """Where a source asks for an identity, or reaches into another object's storage."""
    for node in ast.walk(ast.parse(source)):
        where = f"line {getattr(node, 'lineno', 0)}"
        stored = isinstance(node, ast.Attribute) and node.attr == "__dict__"
        if stored and ast.unparse(node) != "self.__dict__":
            yield f"{where}: __dict__"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "id":
                yield f"{where}: id()"
            if node.func.id == "vars" and ast.unparse(node) != "vars(self)":
                yield f"{where}: vars()"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("seen = {id(v): v}", "id()"),
        ("vars(run)['loss'] = 1", "vars()"),
        ("twin.__dict__['root'] = 1", "__dict__"),
    ],
)
def test_each_protocol_is_seen(source: str, found: str) -> None:
    assert [found in each for each in protocols(source)] == [True]


def test_no_source_relies_on_identity_or_writes_into_another_object() -> None:
    assert len(FILES) > 200
    found = {
        f"{path.relative_to(ROOT)}, {each}"
        for path in FILES
        for each in protocols(path.read_text("utf-8"))
    }
    allowed = {
        each
        for each in found
        if (each.endswith("id()") and each.partition(",")[0] in WALKS | HOLDS)
        or (each.endswith("vars()") and each.partition(",")[0] in READ)
    }
    assert not found - allowed, "\n".join(sorted(found - allowed))
