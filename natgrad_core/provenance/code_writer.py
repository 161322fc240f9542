"""Write values as the Python that makes them again: a lesson's runs become a script.

A value is written by the call that made it (``natgrad_core.core.provenance``), and a plain value
(a number, a tuple, a dict) by itself.
"""

from __future__ import annotations

import importlib
import inspect
import math
import textwrap
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from itertools import pairwise
from typing import Any, cast

import numpy as np

from natgrad_core.core.provenance import Call, call_of, maker_of


class Unwritable(TypeError):
    """A thing was not made by a call that a script could repeat."""


class Writer:
    """Writes values as Python expressions, and collects the imports that they need."""

    def __init__(self, without: Collection[str] = ()) -> None:
        """Begin with nothing written.

        Args:
            without: Names of arguments that change no number, and are left out.
        """
        self._imports: dict[str, set[str]] = {}
        self._named: dict[str, str] = {}
        self._numpy = False
        self._without = frozenset(without)

    def add_import(self, module: str, *names: str) -> None:
        """Import some names of a module in the script.

        Args:
            module: The module.
            names: The names.
        """
        self._imports.setdefault(module, set()).update(names)

    def name(self, value: Any, name: str) -> None:
        """Write a variable from now on in place of a value.

        Args:
            value: The value.
            name: The variable.
        """
        self._named.setdefault(self._expression(value, self._bare), name)

    def known(self, value: Any) -> bool:
        """Return whether a variable has a value.

        Args:
            value: The value.

        Returns:
            Whether ``name`` was called with it.
        """
        return self._bare(value) in self._named

    def write(self, value: Any) -> str:
        """Return the expression that has a value; numbers to the last bit.

        Args:
            value: The value.

        Returns:
            The expression.

        Raises:
            Unwritable: If the value was not made by a call that a script could repeat.
        """
        name = self._named.get(self._bare(value))
        return name or self._expression(value, self.write)

    def _bare(self, value: Any) -> str:
        """The expression without variables: it tells one value from another."""
        return self._expression(value, self._bare)

    def _expression(self, value: Any, write: Callable[[Any], str]) -> str:
        call = call_of(value)
        if call is not None:
            return self._call(call, write)
        if isinstance(value, np.ndarray | np.generic):
            return write(value.tolist())
        if isinstance(value, float) and not math.isfinite(value):
            return f'float("{value}")'
        if isinstance(value, dict):
            pairs = cast("dict[Any, Any]", value)
            inside = ", ".join(f"{write(k)}: {write(v)}" for k, v in pairs.items())
            return f"{{{inside}}}"
        if isinstance(value, tuple | list):
            parts = [write(part) for part in cast("Sequence[Any]", value)]
            inside = ", ".join(parts)
            return f"({inside},)" if len(parts) == 1 else f"({inside})"
        if is_dataclass(value) and not isinstance(value, type):
            return self._dataclass(value, write)
        if isinstance(value, str):
            import json  # only scripts need it, and `import natgrad_core` is to be quick

            return json.dumps(value, ensure_ascii=False)
        if value is None or isinstance(value, bool | int | float):
            return repr(value)
        raise Unwritable(
            f"{type(value).__name__} {value!r} was made by no call that a script could repeat"
        )

    def _call(self, call: Call, write: Callable[[Any], str]) -> str:
        usual = defaults_of(call)
        named = [
            f"{name}={write(value)}"
            for name, value in call.named.items()
            if name not in self._without and not (name in usual and _same(value, usual[name]))
        ]
        if call.expression.startswith("."):  # a method of the first thing given
            of, *rest = map(write, call.given)
            return f"{of}{call.expression}({', '.join([*rest, *named])})"
        self._import(call)
        return f"{call.expression}({', '.join([*map(write, call.given), *named])})"

    def _dataclass(self, value: Any, write: Callable[[Any], str]) -> str:
        """The class, called with those fields that differ from their defaults."""
        cls: type = value.__class__
        self.add_import(cls.__module__, cls.__name__)
        arguments = [
            f"{f.name}={write(getattr(value, f.name))}"
            for f in fields(value)
            if f.init and not _same(getattr(value, f.name), f.default)
        ]
        return f"{cls.__name__}({', '.join(arguments)})"

    def _import(self, call: Call) -> None:
        """Import what is called: from the package itself, where that offers it."""
        name = call.expression.partition("[")[0].partition(".")[0]
        package = call.module.partition(".")[0]
        offered = getattr(importlib.import_module(package), "__all__", ())
        self.add_import(package if name in offered else call.module, name)

    def numpy(self) -> None:
        """Import NumPy as ``np`` in the script."""
        self._numpy = True

    def imports(self) -> str:
        """Return the import lines, sorted.

        Returns:
            The lines, as one text.
        """
        lines: list[str] = []
        for module, names in sorted(self._imports.items()):
            line = f"from {module} import {', '.join(sorted(names))}"
            if len(line) > WIDTH:
                parts = "".join(f"    {name},\n" for name in sorted(names))
                line = f"from {module} import (\n{parts})"
            lines.append(line)
        return "\n".join(["import numpy as np\n", *lines] if self._numpy else lines)


def defaults_of(call: Call) -> Mapping[str, Any]:
    """Return the defaults of what was called, without that of its first argument.

    A script that leaves these out is shorter; the first argument, often a rate, is what its reader
    looks for.

    Args:
        call: The call.

    Returns:
        The defaults by name; none of a method.
    """
    if call.expression.startswith("."):
        return {}
    _, *others = inspect.signature(maker_of(call)).parameters.values() or [None]
    return {each.name: each.default for each in others if each and each.default is not each.empty}


def _same(value: Any, default: Any) -> bool:
    plain = value is None or isinstance(value, bool | int | float | str)
    return plain and type(value) is type(default) and value == default


WIDTH = 88
"""Letters in a line of a script."""

_PAIRS = {"(": ")", "[": "]", "{": "}"}
_SHORT = 14
"""Letters of an item that stands beside others in a line."""


def laid_out(code: str) -> str:
    """Return code whose long lines are broken within brackets, an item a line.

    Args:
        code: Lines of Python, none of which ends within a string.

    Returns:
        The same code. A line whose brackets another line closes stays as it is.
    """
    return "\n".join(map(_laid_out, code.split("\n")))


def _laid_out(line: str) -> str:
    """A line, broken within the bracket that holds most of it if it is long."""
    groups = [] if len(line) <= WIDTH else _groups(line)
    if not groups:
        return line
    first, last = max(groups, key=lambda group: group[1] - group[0])
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    items = _items(line[first + 1 : last])
    if any(" for " in item for item in items) or (len(items) == 1 and not _groups(items[0])):
        return line
    if max(map(len, items)) <= _SHORT:
        inside = textwrap.fill(", ".join(items) + ",", WIDTH, initial_indent=indent,
                               subsequent_indent=indent, break_long_words=False)  # fmt: skip
    else:
        inside = "\n".join(_laid_out(f"{indent}{item},") for item in items)
    return f"{line[: first + 1]}\n{inside}\n{indent[4:]}{line[last:]}"


def _groups(code: str) -> list[tuple[int, int]]:
    """The first and the last place of each outermost bracket; none if they do not match."""
    found: list[tuple[int, int]] = []
    opened: list[tuple[str, int]] = []
    for i, letter in _outside_strings(code):
        if letter in _PAIRS:
            opened.append((_PAIRS[letter], i))
        elif letter in ")]}":
            if not opened or opened[-1][0] != letter:
                return []
            start = opened.pop()[1]
            if not opened:
                found.append((start, i))
    return [] if opened else found


def _items(inside: str) -> list[str]:
    """What stands between the commas of a bracket, each with the brackets in it."""
    groups = _groups(inside)
    cuts = [
        i
        for i, letter in _outside_strings(inside)
        if letter == "," and not any(a < i < b for a, b in groups)
    ]
    parts = [inside[a + 1 : b] for a, b in pairwise([-1, *cuts, len(inside)])]
    return [part.strip() for part in parts if part.strip()]


def _outside_strings(code: str) -> Iterator[tuple[int, str]]:
    """The letters that are in no string, with their places."""
    quote = ""
    for i, letter in enumerate(code):
        if quote:
            quote = "" if letter == quote and code[i - 1] != "\\" else quote
        elif letter in "\"'":
            quote = letter
        elif letter == "#":
            return
        else:
            yield i, letter
