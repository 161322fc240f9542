"""Docstrings of the library say what a function takes, returns and raises."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import natgrad_core
from natgrad_core.linalg import operators
from natgrad_core.nets import damping, likelihood, metrics, refresh, step_size
from natgrad_core.nets.layers import factored
from natgrad_core.nets.layers import linear_and_conv as layers

PROTOCOLS = (
    damping.Damping,
    factored.Factored,
    layers.Layer,
    layers.Parametric,
    likelihood.Likelihood,
    metrics.Holding,
    metrics.Operator,
    operators.Operator,
    refresh.Refresh,
    step_size.Size,
)
"""A method that one of these describes need not describe its arguments again."""

INNER = ("natgrad_core.tracing", "natgrad_core.expressions")
"""Rooms whose functions are called by their own modules alone: ``run`` and ``own`` stand before
them, and say what they take.
"""


def functions(module: Any) -> Iterator[tuple[str, Callable[..., Any], list[str]]]:
    """Yield a module's public functions and methods, each with the docstrings that count for it."""
    for name, item in vars(module).items():
        if name.startswith("_") or getattr(item, "__module__", "") != module.__name__:
            continue
        if inspect.isfunction(item):
            yield name, item, [inspect.getdoc(item) or ""]
        elif inspect.isclass(item):
            for key, member in vars(item).items():
                inner = function_of(member)
                if key.startswith("_") or getattr(inner, "__name__", "") != key:
                    continue  # the default of a field is no method
                if inspect.isfunction(inner):
                    above = [*item.__mro__, *(each for each in PROTOCOLS if keeps(item, each))]
                    same = [getattr(base, key, None) for base in above]
                    yield f"{name}.{key}", inner, [each.__doc__ or "" for each in same if each]


def function_of(member: Any) -> Any:
    """Return the function of a class method; a property is none: it takes nothing."""
    return getattr(member, "__func__", member)


def keeps(item: type, protocol: type) -> bool:
    """Return whether a class has all methods of a protocol."""
    own = [key for key, member in vars(protocol).items() if inspect.isfunction(member)]
    return all(hasattr(item, key) for key in own if not key.startswith("_"))


def unsaid(function: Callable[..., Any], texts: list[str]) -> Iterator[str]:
    """Yield what these docstrings leave unsaid: an argument, the result, an exception."""
    said = "\n".join(textwrap.dedent(text) for text in texts)
    signature = inspect.signature(function)
    for name in signature.parameters:
        if name not in ("self", "cls") and not re.search(rf"^ +{name}: ", said, re.M):
            yield f"argument {name}"
    if signature.return_annotation not in ("None", "bool", "NoReturn") and "Returns:" not in said:
        yield "result"
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            error = ast.unparse(node.exc.func)
            if error[0].isupper() and not re.search(rf"^ +{error}: ", said, re.M):
                yield error


def lacking() -> dict[str, list[str]]:
    """Return by module what its public functions leave unsaid."""
    found: dict[str, list[str]] = {}
    for each in pkgutil.walk_packages(natgrad_core.__path__, "natgrad_core."):
        if any(part.startswith("_") for part in each.name.split(".")):
            continue
        for name, function, texts in functions(importlib.import_module(each.name)):
            for what in unsaid(function, texts):
                found.setdefault(each.name, []).append(f"{name}: {what}")
    return found


def test_public_functions_say_what_they_take_return_and_raise() -> None:
    found = {name: what for name, what in lacking().items() if not name.startswith(INNER)}
    assert found == {}
