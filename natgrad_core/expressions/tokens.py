r"""The tokens of a typed text, each with its position.

Signs that mean the same are one sign here: the minus signs and dashes of text processors, × and ·,
full-width letters, digits and brackets, non-breaking and zero-width spaces, superscripts (x² is
x^(2)), letters of the mathematical alphabets (by Unicode's normal form NFKC, names included), and
the commands of LaTeX (``\frac{a}{b}``, ``\cdot``, ``\sigma``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

LONGEST = 4000
"""Characters that a text may have."""


class ExpressionError(ValueError):
    """An expression that cannot be read: what is wrong, where, and what is allowed.

    ``column`` counts from 0 in what was typed; the message shows the text with a caret under it.
    """

    def __init__(self, text: str, column: int, message: str) -> None:
        shown = re.sub(r"\s", " ", text[:LONGEST])
        self.column = max(0, min(column, len(shown)))
        self.reason = message
        super().__init__(f"{message}\n  {shown}\n  {' ' * self.column}^")

    def __reduce__(self) -> tuple[type[ExpressionError], tuple[str, int, str]]:
        return type(self), (str(self).split("\n")[1][2:], self.column, self.reason)


class Token(NamedTuple):
    """``kind`` is number, name, text, sign, line (its end) or end; ``at`` its place as typed."""

    kind: str
    text: str
    at: int
    joined: bool
    """Whether it follows the token before without a space."""


_SAME = {
    **dict.fromkeys("−–—‒―‐‑﹣－", "-"),
    **dict.fromkeys("×·⋅∙•∗＊✕✖⨯ꞏ・", "*"),
    **dict.fromkeys("÷∕⁄", "/"),
    **dict.fromkeys("“”„‟«»", '"'),
    **dict.fromkeys("‘’‚‛′", "'"),
    **dict.fromkeys("∣｜❘", "|"),
    **dict.fromkeys("≔", "="),
    **dict.fromkeys("∼～", "~"),
    "≤": "<=", "≥": ">=", "⩽": "<=", "⩾": ">=", "≠": "!=",
    "∧": " and ", "∨": " or ", "¬": " not ",
    "√": " sqrt ", "∑": " sum ", "∞": " inf ", "ᵢ": "_i", "ⱼ": "_j", "ₙ": "_n", "ₜ": "_t",
    "ₖ": "_k", "←": "<-", "、": ",", "。": ".",
}  # fmt: skip
_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿˣ", "0123456789+-nx", strict=True))

_COMMANDS = {
    "cdot": "*", "times": "*", "left": "", "right": "", "quad": "", "div": "/", "le": "<=",
    "leq": "<=", "ge": ">=", "geq": ">=", "ne": "!=", "neq": "!=", "sim": "~", "mid": "|",
    "operatorname": "", "mathrm": "", "text": "", "infty": "inf", "varphi": "phi",
    "varepsilon": "epsilon", "vartheta": "theta", "sum": "sum", "vert": "|",
}  # fmt: skip
"""LaTeX that is not called by its own name."""

_SIGNS = (
    r"\*\*|\.\*|\./|\.\^|==|!=|<=|>=|<-|\+=|&&|\|\||[-+*/^()\[\]{},;:?!~=<>|&@.]"
)  # fmt: skip
_TOKEN = re.compile(
    r"(?P<space>[ ]+)|(?P<note>(?:\#|//|%).*)|(?P<line>\n)"
    r"|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
    r"|(?P<name>[^\W\d](?:\w|_\{\w+\})*)"
    r"|(?P<command>\\(?:[A-Za-z]+|.))"
    r"|(?P<text>\"[^\"\n]*\"|'[^'\n]*')"
    rf"|(?P<sign>{_SIGNS})"
)


def plain(name: str) -> str:
    """A name in the one form that all its spellings share: µ, μ and 𝜇 are one letter."""
    return unicodedata.normalize("NFKC", name).replace("_{", "_").replace("}", "")


@lru_cache(maxsize=2048)
def _sign(char: str) -> str:
    """What one character means, in the characters of the grammar."""
    if char.isascii() and (char.isprintable() or char == "\n"):
        return char
    if char in _SAME:
        return _SAME[char]
    category = unicodedata.category(char)
    if char in "\u2028\u2029\x85\v\f\r":
        return "\n"
    if category.startswith("Z") or char.isspace():
        return " "
    if category == "Cf":
        return ""
    normal = unicodedata.normalize("NFKC", char)
    if "⁄" in normal:  # a fraction, ½
        top, bottom = normal.split("⁄")
        return f"({top}/{bottom or 1})"
    if category == "Nd":  # the digits of any script
        return str(unicodedata.decimal(char))
    return normal if normal.isprintable() else char


def _flattened(text: str) -> tuple[str, list[int]]:
    """The text in the signs of the grammar, and where each of its characters came from."""
    parts: list[str] = []
    places: list[int] = []
    raised = False
    for at, char in enumerate([*text, ""]):
        if char in _RAISED and char:
            meant = _RAISED[char] if raised else "^(" + _RAISED[char]
            raised = True
        else:
            meant = (")" if raised else "") + (_sign(char) if char else "")
            raised = False
        parts.append(meant)
        places.extend([at] * len(meant))
    return "".join(parts), [*places, len(text)]


def tokens(text: str) -> list[Token]:
    """``text`` as tokens, the last of kind end; ExpressionError at a character without meaning."""
    if len(text) > LONGEST:
        said = f"the expression has {len(text)} characters; at most {LONGEST}"
        raise ExpressionError(text, LONGEST, said)
    flat, places = _flattened(text.replace("\r\n", " \n"))
    return list(_scanned(text, flat, places))


def _scanned(text: str, flat: str, places: list[int]) -> Iterator[Token]:
    at, joined = 0, False
    while at < len(flat):
        found = _TOKEN.match(flat, at)
        if found is None:
            raise ExpressionError(text, places[at], f"{flat[at]!r} has no meaning here")
        kind, word = str(found.lastgroup), found.group()
        here, at = places[at], found.end()
        if kind in ("space", "note"):
            joined = False
            continue
        if kind == "command":
            meant = _COMMANDS.get(word[1:], word[1:] if word[1:].isalpha() else "")
            if not meant:
                continue
            kind, word = ("name" if meant.isalpha() else "sign"), meant
        if kind == "name":
            word = plain(word)
        if word in (".*", "./", ".^"):
            word = word[1]
        yield Token(kind, "^" if word == "**" else word, here, joined)
        joined = True
    yield Token("end", "", len(text), False)
