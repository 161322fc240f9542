"""Formulas as HTML, offline: LaTeX becomes MathML, which every browser draws by itself.

``@name@`` in a formula is a place for a live number, which the page fills from the engine's answer;
``@name:matrix@`` is one for a 2×2 matrix of them, ``@name:vector@`` for two in a column.
``@name:=@`` is a sign that an answer may change; else it is the one that is written.
"""

from __future__ import annotations

import re

from latex2mathml.converter import convert

from natgrad_lecture.bounded_cache import bounded_cache

_LIVE = re.compile(r"@([\w.-]+)@")
_SIGN = re.compile(r"@([\w.-]+):([=≈])@")
_SEVERAL = re.compile(r"@([\w.-]+):(matrix|vector)@")

_TOP = "<mo>&#x022A4;</mo>"
"""The sign of a transpose is no operator, about which there would be spaces."""

_NAME = r"<mi>(?:log|exp|sin|cos|det|max|min)</mi>"
_ALONE = "".join(f"(?<!<{tag}>)" for tag in ("msup", "msub", "msubsup", "munder", "munderover"))
"""Not the base of a power or an index: such an element has a fixed number of parts."""

_AFTER_NAME = re.compile(rf"({_ALONE}{_NAME})(?=<(?!mo|/))")
_BEFORE_NAME = re.compile(rf"(</m(?:i|n|sub|sup|subsup)>)(?={_NAME})")
_THIN = r'\1<mspace width="0.17em"/>'
"""LaTeX has a thin space about the name of a function; the converter leaves it out."""


@bounded_cache
def formula(latex: str) -> str:
    """LaTeX as a MathML element; ``@name@`` in it becomes an element that the page fills."""
    whole = _SEVERAL.sub(lambda found: _LIVE_FORMS[found[2]](found[1]), latex)
    signed = _SIGN.sub(lambda found: rf"\text{{{found[0]}}}", whole)
    marked = _LIVE.sub(lambda found: rf"\text{{@{found[1]}@}}", signed)
    mathml = _BEFORE_NAME.sub(_THIN, _AFTER_NAME.sub(_THIN, convert(marked)))
    mathml = mathml.replace(_TOP, _TOP.replace("mo>", "mi>"))
    mathml = re.sub(
        rf"<mtext>{_SIGN.pattern}</mtext>", r'<mo data-live="\1" data-or="\2">\2</mo>', mathml
    )
    return re.sub(r"<mtext>@([\w.-]+)@</mtext>", r'<mn data-live="\1">–</mn>', mathml)


def live_matrix(name: str) -> str:
    """LaTeX of a 2×2 matrix of live numbers, ``@name.0.0@`` and so on."""
    rows = (f"@{name}.{i}.0@ & @{name}.{i}.1@" for i in (0, 1))
    return r"\begin{pmatrix}" + r" \\ ".join(rows) + r"\end{pmatrix}"


def live_vector(name: str) -> str:
    """LaTeX of a vector of two live numbers, ``@name.0@`` and ``@name.1@``."""
    return rf"\begin{{pmatrix}}@{name}.0@ \\ @{name}.1@\end{{pmatrix}}"


_LIVE_FORMS = {"matrix": live_matrix, "vector": live_vector}
