"""The types of the protocol as TypeScript: what ``make generate`` writes for the page.

Every ``TypedDict`` and every type alias of ``natgrad_lecture.protocol`` becomes an exported type of
the same name; the strings below them become comments.
"""

from __future__ import annotations

import ast
import inspect
import types
from typing import (
    Any,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from natgrad_lecture import protocol

PATH = "app/frontend/src/protocol.d.ts"

_HEAD = """// Written by `make generate` from app/natgrad_lecture/protocol.py; do not edit.
"""

_PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}


def declarations() -> str:
    """Return the text of ``protocol.d.ts``."""
    source = ast.parse(inspect.getsource(protocol))
    says = dict(_comments(source.body))
    aliases = {
        target.id: getattr(protocol, target.id)
        for node in source.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and not is_typeddict(getattr(protocol, target.id))
    }
    parts = [_HEAD]
    for node in source.body:
        name = _name(node)
        kind = getattr(protocol, name, None)
        if isinstance(node, ast.ClassDef) and not name.startswith("_"):
            parts.append(_interface(node, kind, aliases))
        elif name in aliases:
            others = {key: value for key, value in aliases.items() if key != name}
            parts.append(
                _comment(says.get(name, "")) + f"export type {name} = {_type(kind, others)};\n"
            )
    return "\n".join(parts)


def _interface(node: ast.ClassDef, kind: Any, aliases: dict[str, Any]) -> str:
    says: dict[str, str] = {}
    for base in reversed(_line(kind)):
        says |= dict(_comments(base.body))
    fields = []
    for name, hint in get_type_hints(kind, include_extras=True).items():
        optional = name not in kind.__required_keys__
        bare = get_args(hint)[0] if get_origin(hint) is NotRequired else hint
        comment = _comment(says.get(name, ""), "  ")
        fields.append(f"{comment}  {name}{'?' * optional}: {_type(bare, aliases)};\n")
    head = _comment(ast.get_docstring(node) or "")
    return f"{head}export interface {node.name} {{\n{''.join(fields)}}}\n"


def _line(kind: Any) -> list[ast.ClassDef]:
    """The class statements of a type and of those that it extends, its own first."""
    found = []
    for base in (kind, *getattr(kind, "__orig_bases__", ())):
        if getattr(base, "__module__", "") != protocol.__name__ or not is_typeddict(base):
            continue
        try:
            (node,) = ast.parse(inspect.getsource(base)).body
        except (OSError, TypeError):
            continue
        if isinstance(node, ast.ClassDef):
            found.append(node)
    return found


def _name(node: ast.stmt) -> str:
    if isinstance(node, ast.ClassDef):
        return node.name
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id
    return ""


def _comments(body: list[ast.stmt]) -> list[tuple[str, str]]:
    """The names of a body with the string below each."""
    found = []
    for node, after in zip(body, [*body[1:], None], strict=True):
        if (
            isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
            and isinstance(after.value.value, str)
            and _name(node)
        ):
            found.append((_name(node), inspect.cleandoc(after.value.value)))
    return found


def _comment(text: str, indent: str = "") -> str:
    lines = [line.strip() for line in text.splitlines()]
    return (
        f"{indent}/** {f'{chr(10)}{indent} * '.join(lines)} */\n".replace("* \n", "*\n")
        if lines
        else ""
    )


def _type(kind: Any, aliases: dict[str, Any]) -> str:
    for name, alias in aliases.items():
        if kind == alias:
            return name
    if kind is Any:
        return "any"
    if kind in _PLAIN:
        return _PLAIN[kind]
    if is_typeddict(kind):
        return kind.__name__
    origin, args = get_origin(kind), get_args(kind)
    if origin is Literal:
        return " | ".join(f'"{value}"' for value in args)
    if origin in (Union, types.UnionType):
        return " | ".join(dict.fromkeys(_type(each, aliases) for each in args))
    if origin is list:
        item = _type(args[0], aliases)
        return f"({item})[]" if " | " in item else f"{item}[]"
    if origin is tuple:
        return f"[{', '.join(_type(each, aliases) for each in args)}]"
    if origin is dict:
        return f"Record<string, {_type(args[1], aliases)}>"
    raise TypeError(f"the protocol uses a type that has no TypeScript yet: {kind}")
