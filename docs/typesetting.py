"""Typeset the site: LaTeX as MathML, as in the lessons, and docstrings as plain text."""

from __future__ import annotations

import re
from itertools import groupby
from typing import Any

from docutils import nodes

from natgrad_lecture.text.typeset import formula

_CODE = re.compile(r"(``.*?``)", re.DOTALL)


def inline(self: Any, node: Any) -> None:
    """Write a formula within a line."""
    self.body.append(formula(node.astext()))
    raise nodes.SkipNode


def display(self: Any, node: Any) -> None:
    """Write a formula on a line of its own."""
    self.body.append(f'<div class="formula">{formula(node.astext())}</div>')
    raise nodes.SkipNode


def _indented(line: str) -> bool | None:
    """Return whether a line is indented; None for an empty line, which separates blocks."""
    return line.startswith("  ") if line.strip() else None


def as_plain_text(
    app: Any, what: str, name: str, of: object, options: object, lines: list[str]
) -> None:
    """Escape docstrings: plain text with ``code``; indented blocks are formulas or programs.

    They use no other markup of reStructuredText: |H| is an absolute value, and a* an optimum.
    """
    out: list[str] = []
    for block, part in groupby(lines, key=_indented):
        if block:
            out += ["", "::", "", *(f"    {line}" for line in part), ""]
        else:
            pieces = _CODE.split("\n".join(part))
            pieces[::2] = [re.sub(r"([|*`_\\])", r"\\\1", piece) for piece in pieces[::2]]
            pieces[1::2] = [f"{' '.join(piece.split())}\\ " for piece in pieces[1::2]]
            out += "".join(pieces).split("\n")
    lines[:] = out
