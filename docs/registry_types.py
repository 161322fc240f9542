"""The registries as a type checker sees them: what each name gives, written from the items.

``rules["natural"]`` is then a function of ``rate`` and ``damping``, ``problems["gamma"]`` a class
that takes data, and a name that is not there has no use. ``make generate`` writes
``natgrad_core/typed_registries.py``, which is imported by nothing but a type checker.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from natgrad_core import charts, metrics, problems, rules

PATH = "natgrad_core/typed_registries.py"
REGISTRIES: Mapping[str, Mapping[str, Callable[..., Any]]] = {
    "charts": charts,
    "metrics": metrics,
    "problems": problems,
    "rules": rules,
}
BASES = {
    "charts": "Callable[..., Chart]",
    "metrics": "Callable[..., Metric]",
    "problems": "type[Problem]",
    "rules": "Callable[..., Rule]",
}
"""What a registry gives for a name that is not known before the program runs."""

HEAD = '''"""What the registries give for each name, for type checkers; ``make generate`` writes it.

Nothing imports this module at run time.
"""

# Nobody edits this file, so each overload stands on one line, however long.
# ruff: noqa: E501
# fmt: off
# A name that is written out and not there shall differ from one that the program computes.
# pyright: reportOverlappingOverload=false, reportNoOverloadImplementation=false

from __future__ import annotations

'''


class _Imports:
    """Names and the modules that they come from."""

    def __init__(self) -> None:
        self.found: set[tuple[str, str]] = {
            ("collections.abc", "Callable"),
            ("natgrad_core.core.chart", "Chart"),
            ("natgrad_core.core.metric", "Metric"),
            ("natgrad_core.core.problem", "Problem"),
            ("natgrad_core.core.registry", "Registry"),
            ("natgrad_core.core.rule", "Rule"),
            ("typing", "Literal"),
            ("typing", "LiteralString"),
            ("typing", "Protocol"),
            ("typing", "TypeAlias"),
            ("typing", "overload"),
        }

    def of(self, annotation: str, module: str) -> str:
        """Take over what an annotation in a module names, and return the annotation."""
        tree = ast.parse(annotation, mode="eval").body
        if isinstance(tree, ast.Subscript) and ast.unparse(tree.value) == "Annotated":
            assert isinstance(tree.slice, ast.Tuple)
            tree = tree.slice.elts[0]  # the bounds of a control mean nothing to a type checker
        names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        self.found |= {_origin(name, module) for name in names - set(dir(builtins))}
        return ast.unparse(tree)

    def lines(self) -> Iterator[str]:
        """The import statements, sorted as ruff does."""
        ours = {each for each in self.found if each[0].startswith("natgrad_core")}
        standard = {each for each in self.found if each[0].split(".")[0] in sys.stdlib_module_names}
        for group in map(sorted, (standard, self.found - ours - standard, ours)):
            for module in dict.fromkeys(each[0] for each in group):
                of_it = [each for each in group if each[0] == module]
                names = sorted((n for _, n in of_it), key=lambda n: (not n[0].isupper(), n))
                one = f"from {module} import {', '.join(names)}"
                if len(one) <= 100:
                    yield one
                else:
                    yield f"from {module} import ("
                    yield from (f"    {name}," for name in names)
                    yield ")"
            yield ""


def _origin(name: str, module: str) -> tuple[str, str]:
    """The module that defines a name of a module, and the name."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and name in {a.asname or a.name for a in node.names}:
            source = str(node.module)
            return _origin(name, source) if source.startswith("natgrad_core.") else (source, name)
    return module, name


def _class_name(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))


def _signature(maker: Callable[..., Any], imports: _Imports) -> str:
    """The arguments and the result of a function, with defaults left out."""
    given = ["self"]
    signature = inspect.signature(maker)
    starred = False
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            given.append("*")
            starred = True
        mark = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
        starred = starred or mark == "*"
        default = "" if parameter.default is parameter.empty else " = ..."
        kind = imports.of(str(parameter.annotation), maker.__module__)
        given.append(f"{mark}{parameter.name}: {kind}{default}")
    result = imports.of(str(signature.return_annotation), maker.__module__)
    one = f"    def __call__({', '.join(given)}) -> {result}: ..."
    if len(one) <= 100:
        return one
    lines = "".join(f"        {each},\n" for each in given)
    return f"    def __call__(\n{lines}    ) -> {result}: ..."


def _overload(name: str, result: str) -> str:
    return f"    @overload\n    def __getitem__(self, name: {name}) -> {result}: ...\n"


def declarations() -> str:
    """Return the text of the module."""
    imports = _Imports()
    protocols: list[str] = []
    classes: list[str] = []
    aliases: list[str] = []
    for registry, items in REGISTRIES.items():
        overloads: list[str] = []
        for name, maker in items.items():
            if isinstance(maker, type):
                imports.found.add((maker.__module__, maker.__name__))
                result = f"type[{maker.__name__}]"
            else:
                result = f"_{_class_name(name)}{registry.capitalize()[:-1]}"
                protocols.append(f"class {result}(Protocol):\n{_signature(maker, imports)}\n")
            overloads.append(_overload(f'Literal["{name}"]', result))
        kind = registry.capitalize()
        names = "".join(f'    "{name}",\n' for name in items)
        aliases.append(f"{kind[:-1]}Name: TypeAlias = Literal[\n{names}]\n")
        classes.append(
            f"class {kind}(Registry[{BASES[registry]}]):\n"
            f'    """The registry ``{registry}``, by what each of its names gives."""\n\n'
            + "".join(overloads)
            + _overload(f"{kind[:-1]}Name", BASES[registry])
            + _overload("LiteralString", "NoSuchName")
            + _overload("str", BASES[registry])
        )
    none = (
        "class NoSuchName:\n"
        '    """What a registry gives for a name written out that it does not have: nothing."""\n'
    )
    variables = "".join(f"{name}: {name.capitalize()}\n" for name in REGISTRIES)
    body = "\n\n".join(("".join(aliases), none, *protocols, *classes, variables))
    return HEAD + "\n".join(imports.lines()) + "\n" + body
