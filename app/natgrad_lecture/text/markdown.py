"""Words written in Markdown: read once, rendered as HTML with its formulas typeset as MathML.

markdown-it-py reads them, with ``$…$`` for mathematics, ``[a sentence](#claim-id)`` for a claim,
``[a sentence]{.definition}`` for a definition and ``::: question {#id}`` … ``:::`` for a block.
This module knows what these words are in HTML; what a lesson makes of them is in ``lesson_text``.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.attrs import attrs_plugin
from mdit_py_plugins.container import container_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin

from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.text.typeset import formula

BLOCKS = (
    "introduction", "derivation", "question", "exercise", "summary", "presets", "formulas",
    "controls", "legend", "phrases", "digests",
)  # fmt: skip
"""The names after ``:::`` that a lesson's text may have."""

_HELD = {
    tag: re.compile(
        rf"(?P<before>[(\[（《“‘]*)(?P<em><em>)?(?P<whole><{tag}\b.*?</{tag}>)(?(em)</em>)"
        r"(?P<after>[.,;:!?)\]。，、；：？！）》”’]*)",
        re.DOTALL,
    )
    for tag in ("math", "button")
}
"""A formula or a button with the brackets and stops that touch it."""

_CLOSED = re.compile(r"(?<=[，。、；：？！）])((?:</\w+>)*) ")
"""A space after a stop that brings its own, as Chinese ones do: a line ended there."""

_MARK = {"em_open": "*", "em_close": "*", "strong_open": "**", "strong_close": "**"}


@dataclass(frozen=True)
class Inline:
    """A run of words: text, formulas, emphasis."""

    tokens: tuple[Token, ...]

    @cached_property
    def source(self) -> str:
        """The words as they are written: ``$…$`` for a formula, ``*…*`` for emphasis."""
        return "".join(map(_written, self.tokens)).strip()

    @cached_property
    def formulas(self) -> tuple[str, ...]:
        """The LaTeX of its formulas, in order."""
        return tuple(_latex(t) for t in self.tokens if t.type == "math_inline")

    @cached_property
    def html(self) -> str:
        """The words as HTML, with their formulas typeset."""
        return closed(held("".join(_rendered(self.tokens)), "math"))


def closed(text: str) -> str:
    """HTML without the space that a line's end leaves after a Chinese stop."""
    return _CLOSED.sub(r"\1", text)


def held(text: str, tag: str) -> str:
    """HTML in which no line breaks between a ``math`` or a ``button`` and a bracket or stop.

    Elsewhere a browser knows that a stop does not begin a line, but not beside such an element.
    """

    def together(found: re.Match[str]) -> str:
        touched = found["before"] or found["after"]
        return f'<span class="held">{found[0]}</span>' if touched else found[0]

    return _HELD[tag].sub(together, text)


def _latex(token: Token) -> str:
    return token.content.replace("\n", " ")


def _written(token: Token) -> str:
    if token.type == "math_inline":
        return f"${_latex(token)}$"
    if token.type in ("softbreak", "hardbreak"):
        return " "
    return _MARK.get(token.type, token.content)


def _rendered(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "math_inline":
            yield formula(_latex(token))
        elif token.type in ("text", "text_special"):
            yield html.escape(token.content, quote=False)
        elif token.type in ("softbreak", "hardbreak"):
            yield " "
        elif token.type in _MARK:
            tag = "em" if token.type.startswith("em") else "strong"
            yield f"<{'/' * token.type.endswith('close')}{tag}>"
        else:
            raise ValueError(f"a text may hold words, $…$ and *…*, not {_kind(token)}")


def _kind(token: Token) -> str:
    return f"{token.type.replace('_', ' ')} ({token.content[:40]!r})"


@cache
def reader() -> MarkdownIt:
    """The parser, made when first asked for: to import it is slow."""
    read = MarkdownIt("commonmark", {"html": False})
    read.use(dollarmath_plugin, allow_digits=True).use(attrs_plugin, spans=True)
    for name in BLOCKS:
        read.use(container_plugin, name)
    return read


def inline(tokens: Sequence[Token]) -> Inline:
    """A run of words of these tokens; ValueError for a ``$`` that has lost its partner."""
    for token in tokens:
        if token.type == "text" and "$" in token.content:
            raise ValueError(f"a $ without its partner in {token.content!r}; a plain one is \\$")
    return Inline(tuple(tokens))


@bounded_cache
def words(text: str) -> Inline:
    """One run of words, read from its source."""
    (token,) = reader().parseInline(text)
    return inline(token.children or [])


def prose(text: str) -> str:
    """One sentence as HTML, with its ``$…$`` typeset and its ``*…*`` emphasized."""
    return words(text).html
