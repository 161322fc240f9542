"""Words and formulas as HTML, offline: LaTeX becomes MathML, which every browser draws by itself.

In prose ``$…$`` is mathematics and ``*…*`` emphasis. In a formula ``@name@`` is a place for a live
number, which the page fills from the engine's answer.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache

from latex2mathml.converter import convert

_STOP = re.compile("[.,;:!?)。，；：？！）]+")
_LIVE = re.compile(r"@([\w.]+)@")


@lru_cache(maxsize=512)
def formula(latex: str) -> str:
    """LaTeX as a MathML element; ``@name@`` in it becomes an element that the page fills."""
    marked = _LIVE.sub(lambda found: rf"\text{{@{found[1]}@}}", latex)
    mathml = convert(marked)
    return re.sub(r"<mtext>@([\w.]+)@</mtext>", r'<mn data-live="\1">–</mn>', mathml)


def prose(text: str) -> str:
    """One sentence as HTML, with its ``$…$`` typeset and its ``*…*`` emphasized."""
    parts = text.split("$")
    if len(parts) % 2 == 0:
        raise ValueError(f"a $ without its partner in {text!r}")
    out = []
    for i, part in enumerate(parts):
        if i % 2:
            found = _STOP.match(parts[i + 1])
            stop = found[0] if found else ""
            parts[i + 1] = parts[i + 1][len(stop) :]
            typeset = formula(part)
            # A full stop does not begin a line; a browser would let it after an element.
            out.append(f'<span class="held">{typeset}{stop}</span>' if stop else typeset)
        else:
            out.append(re.sub(r"\*([^*]+)\*", r"<em>\1</em>", html.escape(part, quote=False)))
    return "".join(out)


def live_matrix(name: str) -> str:
    """LaTeX of a 2×2 matrix of live numbers, ``@name.0.0@`` and so on."""
    rows = (f"@{name}.{i}.0@ & @{name}.{i}.1@" for i in (0, 1))
    return r"\begin{pmatrix}" + r" \\ ".join(rows) + r"\end{pmatrix}"


def live_vector(name: str) -> str:
    """LaTeX of a vector of two live numbers, ``@name.0@`` and ``@name.1@``."""
    return rf"\begin{{pmatrix}}@{name}.0@ \\ @{name}.1@\end{{pmatrix}}"
